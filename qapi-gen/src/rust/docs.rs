//! Documentation of generated items.

use super::condition::describe;
use super::plan::{Module, Plan};
use super::rustdoc::markdown;
use super::text::{Text, cat, literal};
use crate::model::*;
use crate::names::Name;

/// What documentation is written from.
pub(crate) struct Source<'a> {
    /// `enum`, `object`, `alternate`, `command` or `event`, as anchors of the manual call it.
    pub(crate) kind: &'static str,
    pub(crate) name: &'a Name,
    pub(crate) origin: &'a Origin,
    pub(crate) doc: Option<&'a Doc>,
    pub(crate) features: &'a Features,
    pub(crate) condition: Option<&'a Condition>,
}

impl Plan<'_> {
    /// Documents an item made from a definition. `note` is said last, before the source.
    pub(crate) fn document(&self, t: &mut Text, source: &Source, note: &str, module: Module) {
        let mut parts = Vec::new();
        if self.options.docs {
            let sections = source.doc.iter().flat_map(|doc| &doc.sections);
            let mut since = None;
            for section in sections.filter(|section| !section.text.text.trim().is_empty()) {
                let text = self.markdown(&section.text, module);
                match section.kind {
                    SectionKind::Plain => parts.push(text),
                    SectionKind::Returns => parts.push(cat(&["# Returns\n\n", &text])),
                    SectionKind::Errors => parts.push(cat(&["# Errors\n\n", &text])),
                    SectionKind::Todo => parts.push(cat(&["**To do:** ", &text])),
                    SectionKind::Since => since = Some(text),
                }
            }
            parts.extend(self.features(source.features, "# Features\n\n", module));
            parts.extend(condition(source.condition));
            parts.extend(since.map(|since| cat(&["Since: ", &since])));
        }
        if !note.is_empty() {
            parts.push(note.to_owned());
        }
        parts.push(self.origin(source));
        t.docs(&parts);
    }

    /// Documents a field, variant or setter made from part of a definition.
    pub(crate) fn document_part(
        &self,
        t: &mut Text,
        name: &str,
        doc: Option<&crate::model::Text>,
        features: &Features,
        when: Option<&Condition>,
        module: Module,
    ) {
        let mut parts = Vec::new();
        if self.options.docs {
            let text = doc.filter(|doc| !doc.text.trim().is_empty());
            parts.extend(text.map(|doc| self.markdown(doc, module)));
            parts.extend(self.features(features, "", module));
            parts.extend(condition(when));
        }
        if parts.is_empty() {
            parts.push(cat(&["`", name, "`"]));
        }
        t.docs(&parts);
    }

    fn markdown(&self, text: &crate::model::Text, module: Module) -> String {
        markdown(&text.text, &|name| self.link(name, module))
    }

    fn features(&self, features: &Features, heading: &str, module: Module) -> Option<String> {
        let items: Vec<String> = features
            .iter()
            .map(|feature| {
                let mut item = cat(&["- **", &feature.name, "**"]);
                if let Some(doc) = feature
                    .doc
                    .as_ref()
                    .filter(|doc| !doc.text.trim().is_empty())
                {
                    item.push_str(": ");
                    item.push_str(&self.markdown(doc, module).replace('\n', "\n  "));
                }
                item.lines()
                    .map(str::trim_end)
                    .collect::<Vec<_>>()
                    .join("\n")
            })
            .collect();
        (!items.is_empty()).then(|| cat(&[heading, &items.join("\n")]))
    }

    /// Name, file and line of the definition.
    fn origin(&self, source: &Source) -> String {
        let name = source.name;
        let (Some(span), Some(module)) = (source.origin.span, source.origin.module) else {
            return cat(&["`", name, "`, built into the schema language"]);
        };
        let file = &self.schema.modules()[module].name;
        let line = self.schema.sources().line(span);
        let name = match &self.options.reference {
            None => cat(&["`", name, "`"]),
            Some(reference) => {
                let stem = file.rsplit('/').next().unwrap_or(file);
                let stem = stem.strip_suffix(".json").unwrap_or(stem);
                cat(&[
                    "[`",
                    name,
                    "`](",
                    &reference.page,
                    "#",
                    source.kind,
                    "-",
                    &reference.namespace,
                    "-",
                    stem,
                    ".",
                    name,
                    ")",
                ])
            }
        };
        cat(&[&name, ", `", file, "` line ", &line.to_string()])
    }
}

fn condition(condition: Option<&Condition>) -> Option<String> {
    condition.map(|condition| cat(&["If: `", &describe(condition), "`"]))
}

/// The attribute of what has the feature `deprecated`.
pub(crate) fn deprecation(features: &Features) -> Option<String> {
    let feature = features.iter().find(|f| f.name == "deprecated")?;
    let note = feature.doc.as_ref().map_or("", |doc| doc.text.trim());
    if note.is_empty() {
        return Some("#[deprecated]".to_owned());
    }
    let words: Vec<&str> = note.split_whitespace().collect();
    Some(cat(&["#[deprecated = ", &literal(&words.join(" ")), "]"]))
}
