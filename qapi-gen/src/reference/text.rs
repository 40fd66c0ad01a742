//! Text for a terminal.

use super::book::{Book, Entry, Part, condition, plain};
use super::facts::Facts;
use super::signature::{self, type_text};
use super::uses::How;
use crate::model::*;
use crate::render::is_hostile;
use crate::rst::{self, Block, Bullet};

const WIDTH: usize = 79;

pub(super) fn document(book: &Book) -> String {
    let mut out = Writer {
        text: String::new(),
        margin: 0,
    };
    out.heading(&book.title, '*');
    let mut entries = book.entries.iter().peekable();
    for (at, module) in book.schema.modules().iter().enumerate() {
        let of_module = |entry: &&Entry| entry.module == at;
        if module.free_form.is_empty() && entries.peek().is_none_or(|e| !of_module(e)) {
            continue;
        }
        out.heading(&module.name, '=');
        for (_, text) in &module.free_form {
            out.prose(&text.text);
        }
        while let Some(entry) = entries.next_if(of_module) {
            out.entry(book, entry);
        }
    }
    out.text
}

struct Writer {
    text: String,
    /// The columns that are left empty.
    margin: usize,
}

impl Writer {
    fn line(&mut self, line: &str) {
        let line = line.trim_end();
        if !line.is_empty() {
            self.text.extend(std::iter::repeat_n(' ', self.margin));
            self.text
                .extend(line.chars().map(|c| if is_hostile(c) { ' ' } else { c }));
        }
        self.text.push('\n');
    }

    fn blank(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    fn indented(&mut self, by: usize, write: impl FnOnce(&mut Self)) {
        // However deep, some columns are left.
        let margin = self.margin;
        self.margin = (margin + by).min(WIDTH / 2);
        write(self);
        self.margin = margin;
    }

    fn heading(&mut self, title: &str, rule: char) {
        self.blank();
        self.line(title);
        self.line(&rule.to_string().repeat(title.chars().count().min(WIDTH)));
        self.blank();
    }

    /// Words, broken into lines; the second and later ones are indented by as many columns.
    fn words(&mut self, text: &str, hanging: usize) {
        let mut line = String::new();
        let mut columns = 0;
        let mut margin = 0;
        for word in text.split_whitespace() {
            let length = word.chars().count();
            if columns > 0 && self.margin + margin + columns + 1 + length > WIDTH {
                self.line(&format!("{:margin$}{line}", ""));
                line.clear();
                columns = 0;
                margin = hanging;
            }
            if columns > 0 {
                line.push(' ');
                columns += 1;
            }
            line.push_str(word);
            columns += length;
        }
        if columns > 0 {
            self.line(&format!("{:margin$}{line}", ""));
        }
    }

    fn prose(&mut self, text: &str) {
        self.blocks(&rst::read(text, &|_| None));
    }

    fn blocks(&mut self, blocks: &[Block]) {
        for block in blocks {
            self.blank();
            self.block(block);
        }
    }

    fn block(&mut self, block: &Block) {
        match block {
            Block::Paragraph(text) | Block::Caption(text) => self.words(&plain(text), 0),
            Block::Heading { text, .. } => self.heading(&plain(text), '-'),
            Block::Code { lines, .. } => {
                self.indented(4, |out| lines.iter().for_each(|line| out.line(line)))
            }
            Block::Example { title, body } => {
                let title = plain(title);
                let separator = if title.is_empty() { "" } else { ": " };
                self.words(&format!("Example{separator}{title}"), 0);
                self.blocks(body);
            }
            Block::Quote(body) => self.indented(4, |out| out.blocks(body)),
            Block::Admonition { title, body, .. } => {
                self.labelled(&format!("{}:", plain(title)), body)
            }
            Block::Tagged { tag, body } => self.labelled(&format!("{tag}:"), body),
            Block::Footnote { label, body } => self.labelled(&format!("[{}]", plain(label)), body),
            Block::Definition { term, body } => self.labelled(&plain(term), body),
            Block::List { items, loose } => {
                for (at, item) in items.iter().enumerate() {
                    if *loose && at > 0 {
                        self.blank();
                    }
                    let bullet = match item.bullet {
                        Bullet::Dot => "-".to_owned(),
                        Bullet::Number(number) => format!("{number}."),
                        Bullet::Letter(letter) => format!("{letter})"),
                    };
                    self.item(&bullet, &item.body);
                }
            }
            Block::Table { header, rows } => {
                for row in header.iter().chain(rows) {
                    let cells: Vec<String> = row.iter().map(|cell| plain(cell)).collect();
                    self.words(&cells.join(" | "), 4);
                }
            }
            Block::Rule => self.line("----"),
        }
    }

    fn labelled(&mut self, label: &str, body: &[Block]) {
        self.words(label, 2);
        self.indented(4, |out| out.blocks(body));
    }

    fn item(&mut self, bullet: &str, body: &[Block]) {
        let (first, rest) = match body.split_first() {
            Some((Block::Paragraph(text), rest)) => (plain(text), rest),
            _ => (String::new(), body),
        };
        let hanging = bullet.chars().count() + 1;
        self.words(&format!("{bullet} {first}"), hanging);
        self.indented(hanging, |out| out.blocks(rest));
    }

    fn entry(&mut self, book: &Book, entry: &Entry) {
        self.heading(&format!("{} {}", entry.kind.name(), entry.name), '-');
        for line in signature::line(book, entry).lines() {
            self.line(line);
        }
        let mut facts = facts(&entry.facts);
        facts.extend(special(entry.features));
        facts.extend(entry.condition.map(|it| format!("if {}", condition(it))));
        if !facts.is_empty() {
            self.blank();
            self.words(&facts.join(", "), 0);
        }
        self.sections(entry, SectionKind::Plain, Some(false), "");
        if !entry.parts.is_empty() {
            self.blank();
            self.line(&format!("{}:", entry.kind.heading()));
            for part in &entry.parts {
                self.indented(2, |out| out.part(book, part));
            }
        }
        self.branches(book, entry);
        self.sections(entry, SectionKind::Returns, None, "Returns:");
        self.sections(entry, SectionKind::Errors, None, "Errors:");
        if !entry.features.is_empty() {
            self.blank();
            self.line("Features:");
            self.indented(2, |out| {
                entry
                    .features
                    .iter()
                    .for_each(|feature| out.feature(feature))
            });
        }
        self.sections(entry, SectionKind::Plain, Some(true), "");
        self.sections(entry, SectionKind::Todo, None, "To do:");
        self.uses(book, entry);
    }

    fn sections(
        &mut self,
        entry: &Entry,
        kind: SectionKind,
        trailing: Option<bool>,
        heading: &str,
    ) {
        for text in entry.sections(kind, trailing) {
            self.blank();
            if heading.is_empty() {
                self.prose(&text.text);
            } else {
                self.line(heading);
                self.indented(2, |out| out.described(text));
            }
        }
    }

    /// A description that starts right below what it describes.
    fn described(&mut self, text: &Text) {
        let blocks = rst::read(&text.text, &|_| None);
        if let Some((first, rest)) = blocks.split_first() {
            self.block(first);
            self.blocks(rest);
        }
    }

    fn part(&mut self, book: &Book, part: &Part) {
        let mut head = part.name.to_owned();
        if let Some(ty) = part.ty {
            head = format!("{head}: {}", type_text(book.schema, ty));
        }
        let mut facts = facts(&part.facts);
        if part.optional {
            facts.insert(0, "optional".to_owned());
        }
        facts.extend(
            part.default
                .as_ref()
                .map(|default| format!("default {default}")),
        );
        facts.extend(special(part.features));
        facts.extend(part.condition.map(|it| format!("if {}", condition(it))));
        let owner = part.inherited.and_then(|owner| book.find(owner));
        facts.extend(owner.map(|owner| format!("of {}", owner.name)));
        if !facts.is_empty() {
            head = format!("{head} ({})", facts.join(", "));
        }
        self.words(&head, 4);
        self.indented(4, |out| {
            part.doc.into_iter().for_each(|doc| out.described(doc));
            part.features
                .iter()
                .for_each(|feature| out.feature(feature));
        });
    }

    fn feature(&mut self, feature: &Feature) {
        let when = feature
            .condition
            .as_ref()
            .map(|it| format!(" (if {})", condition(it)));
        self.words(&format!("{}{}", feature.name, when.unwrap_or_default()), 4);
        if let Some(doc) = &feature.doc {
            self.indented(4, |out| out.described(doc));
        }
    }

    fn branches(&mut self, book: &Book, entry: &Entry) {
        let Some(tag) = entry.tag else {
            return;
        };
        self.blank();
        self.line(&format!("Further members, by {tag}:"));
        for branch in &entry.branches {
            let members = match book.schema.object(branch.object).kind {
                ObjectKind::Empty => "none".to_owned(),
                _ => type_text(book.schema, Type::Object(branch.object)),
            };
            let when = branch
                .condition
                .as_ref()
                .map(|it| format!(" (if {})", condition(it)));
            let text = format!("{}: {members}{}", branch.value, when.unwrap_or_default());
            self.indented(2, |out| out.words(&text, 4));
        }
    }

    fn uses(&mut self, book: &Book, entry: &Entry) {
        let uses = entry.uses.iter().filter_map(|it| {
            let by = book.find(it.by)?;
            let how = match &it.how {
                How::Arguments => "arguments".to_owned(),
                How::Returns => "returns".to_owned(),
                How::Data => "data".to_owned(),
                How::Base => "base".to_owned(),
                How::Branch(value) => format!("branch {value}"),
                How::Part(name) => format!("{} {name}", by.kind.part()),
            };
            Some(format!("{} ({how})", by.name))
        });
        let uses: Vec<String> = uses.collect();
        if !uses.is_empty() {
            self.blank();
            self.words(&format!("Used by {}", uses.join(", ")), 4);
        }
    }
}

fn special(features: &Features) -> impl Iterator<Item = String> {
    let special = ["deprecated", "unstable"].into_iter();
    special.filter(|name| features.has(name)).map(str::to_owned)
}

fn facts(facts: &Facts) -> Vec<String> {
    let mut all = Vec::new();
    all.extend(facts.since.as_ref().map(|since| format!("since {since}")));
    all.extend(facts.until.as_ref().map(|until| format!("until {until}")));
    all.extend(
        facts
            .was
            .iter()
            .map(|(ty, releases)| format!("{ty} in {releases}")),
    );
    all
}
