//! One file of Markdown.

use super::book::{Book, Entry, Part, condition};
use super::facts::Facts;
use super::signature::{self, type_text};
use super::uses::How;
use crate::markdown::{code, escaped};
use crate::model::*;
use crate::rst::markdown::labelled;

pub(super) fn document(book: &Book) -> String {
    let writer = Writer { book };
    let mut out = format!("# {}\n", escaped(&one_line(&book.title)));
    let modules = book.schema.modules();
    let mut entries = book.entries.iter().peekable();
    for (at, module) in modules.iter().enumerate() {
        let of_module = |entry: &&Entry| entry.module == at;
        if module.free_form.is_empty() && entries.peek().is_none_or(|e| !of_module(e)) {
            continue;
        }
        push(&mut out, &format!("## {}", code(&one_line(&module.name))));
        for (_, text) in &module.free_form {
            // Headings go below that of the module.
            let text = writer.prose("", &text.text);
            let deeper =
                text.lines().map(
                    |line| match line.starts_with("# ") || line.starts_with("## ") {
                        true => format!("##{line}"),
                        false => line.to_owned(),
                    },
                );
            push(&mut out, &deeper.collect::<Vec<_>>().join("\n"));
        }
        while let Some(entry) = entries.next_if(of_module) {
            writer.entry(entry, &mut out);
        }
    }
    out
}

fn push(out: &mut String, paragraph: &str) {
    if !paragraph.is_empty() {
        out.push('\n');
        out.push_str(paragraph);
        out.push('\n');
    }
}

/// A file name or title may contain anything.
fn one_line(text: &str) -> String {
    text.replace(crate::render::is_hostile, " ")
}

struct Writer<'b> {
    book: &'b Book<'b>,
}

impl Writer<'_> {
    fn prose(&self, label: &str, text: &str) -> String {
        labelled(label, text, &|name| {
            let (entry, _) = self.book.named(name)?;
            Some(format!("#{}", entry.anchor()))
        })
    }

    fn entry(&self, entry: &Entry, out: &mut String) {
        push(
            out,
            &format!(
                "### <a id=\"{}\"></a>{} {}",
                entry.anchor(),
                entry.kind.name(),
                code(entry.name)
            ),
        );
        let signature = signature::line(self.book, entry);
        if !signature.is_empty() {
            push(out, &format!("```text\n{signature}\n```"));
        }
        let mut facts = facts(&entry.facts);
        for feature in ["deprecated", "unstable"] {
            if entry.features.has(feature) {
                facts.push(format!("**{feature}**"));
            }
        }
        facts.extend(
            entry
                .condition
                .map(|it| format!("if {}", code(&condition(it)))),
        );
        push(out, &facts.join(", "));
        self.sections(entry, SectionKind::Plain, Some(false), "", out);
        self.parts(entry, out);
        self.branches(entry, out);
        self.sections(entry, SectionKind::Returns, None, "**Returns:**", out);
        self.sections(entry, SectionKind::Errors, None, "**Errors:**", out);
        if !entry.features.is_empty() {
            push(out, "**Features**");
            out.push('\n');
            entry
                .features
                .iter()
                .for_each(|feature| self.feature(feature, "", out));
        }
        self.sections(entry, SectionKind::Plain, Some(true), "", out);
        self.sections(entry, SectionKind::Todo, None, "**To do:**", out);
        self.uses(entry, out);
    }

    fn sections(
        &self,
        entry: &Entry,
        kind: SectionKind,
        trailing: Option<bool>,
        label: &str,
        out: &mut String,
    ) {
        for text in entry.sections(kind, trailing) {
            push(out, &self.prose(label, &text.text));
        }
    }

    fn parts(&self, entry: &Entry, out: &mut String) {
        if entry.parts.is_empty() {
            return;
        }
        push(out, &format!("**{}**", entry.kind.heading()));
        out.push('\n');
        for part in &entry.parts {
            self.part(part, out);
        }
    }

    fn part(&self, part: &Part, out: &mut String) {
        let mut facts = facts(&part.facts);
        if let Some(ty) = part.ty {
            facts.insert(0, self.ty(ty));
        }
        if part.optional {
            facts.insert(1.min(facts.len()), "optional".to_owned());
        }
        facts.extend(
            part.default
                .as_ref()
                .map(|default| format!("default {}", code(default))),
        );
        facts.extend(
            part.condition
                .map(|it| format!("if {}", code(&condition(it)))),
        );
        let owner = part.inherited.and_then(|owner| self.book.find(owner));
        facts.extend(owner.map(|owner| format!("of [{}](#{})", code(owner.name), owner.anchor())));
        let mut label = format!("- {}", code(part.name));
        if !facts.is_empty() {
            label = format!("{label} ({})", facts.join(", "));
        }
        self.item(&label, part.doc, "", out);
        part.features
            .iter()
            .for_each(|feature| self.feature(feature, "  ", out));
    }

    fn feature(&self, feature: &Feature, margin: &str, out: &mut String) {
        let mut label = format!("- **{}**", escaped(&feature.name));
        if let Some(when) = &feature.condition {
            label = format!("{label} (if {})", code(&condition(when)));
        }
        self.item(&label, feature.doc.as_ref(), margin, out);
    }

    /// An item of a list, with its text indented.
    fn item(&self, label: &str, doc: Option<&Text>, margin: &str, out: &mut String) {
        let text = doc
            .map(|doc| doc.text.as_str())
            .filter(|text| !text.trim().is_empty());
        let text = match text {
            Some(text) => self.prose(&format!("{label}:"), text),
            None => label.to_owned(),
        };
        for (at, line) in text.lines().enumerate() {
            let indent = if at == 0 || line.is_empty() { "" } else { "  " };
            let line = format!("{margin}{indent}{line}");
            out.push_str(line.trim_end());
            out.push('\n');
        }
    }

    fn branches(&self, entry: &Entry, out: &mut String) {
        let Some(tag) = entry.tag else {
            return;
        };
        push(out, &format!("**Further members, by** {}", code(tag)));
        out.push('\n');
        for branch in &entry.branches {
            let object = self.book.schema.object(branch.object);
            let members = match object.kind {
                ObjectKind::Empty => "none".to_owned(),
                _ => self.ty(Type::Object(branch.object)),
            };
            let when = branch
                .condition
                .as_ref()
                .map(|it| format!(", if {}", code(&condition(it))));
            out.push_str(&format!(
                "- {}: {members}{}\n",
                code(&branch.value),
                when.unwrap_or_default()
            ));
        }
    }

    fn ty(&self, ty: Type) -> String {
        let text = code(&type_text(self.book.schema, ty));
        let mut element = ty;
        while let Type::Array(id) = element {
            element = self.book.schema.array(id).element;
        }
        let definition = match element {
            Type::Builtin(_) | Type::Array(_) => None,
            Type::Enum(id) => Some(Definition::Enum(id)),
            Type::Object(id) => Some(Definition::Object(id)),
            Type::Alternate(id) => Some(Definition::Alternate(id)),
        };
        match definition.and_then(|definition| self.book.find(definition)) {
            Some(entry) => format!("[{text}](#{})", entry.anchor()),
            None => text,
        }
    }

    fn uses(&self, entry: &Entry, out: &mut String) {
        let uses = entry.uses.iter().filter_map(|it| {
            let by = self.book.find(it.by)?;
            let how = match &it.how {
                How::Arguments => "arguments".to_owned(),
                How::Returns => "returns".to_owned(),
                How::Data => "data".to_owned(),
                How::Base => "base".to_owned(),
                How::Branch(value) => format!("branch {}", code(value)),
                How::Part(name) => format!("{} {}", by.kind.part(), code(name)),
            };
            Some(format!("[{}](#{}) ({how})", code(by.name), by.anchor()))
        });
        let uses: Vec<String> = uses.collect();
        if !uses.is_empty() {
            push(out, &format!("Used by {}", uses.join(", ")));
        }
    }
}

fn facts(facts: &Facts) -> Vec<String> {
    let mut all = Vec::new();
    all.extend(
        facts
            .since
            .as_ref()
            .map(|since| format!("since {}", escaped(&one_line(since)))),
    );
    all.extend(facts.until.as_ref().map(|until| format!("until {until}")));
    all.extend(
        facts
            .was
            .iter()
            .map(|(ty, releases)| format!("{} in {releases}", code(ty))),
    );
    all
}
