//! Documentation of generated items.

#[cfg_attr(feature = "docs", path = "docs/described.rs")]
#[cfg_attr(not(feature = "docs"), path = "docs/undescribed.rs")]
mod description;

use super::options::Reference;
use super::plan::{Module, Plan};
use super::template::Piece;
use crate::markdown::code;
use crate::model::*;
use crate::names::Name;
use crate::print::Code;
use crate::render::is_hostile;
use proc_macro2::Literal;

/// Documentation: Markdown, as attributes of an item, one a line.
pub(crate) struct Docs(String);

impl Docs {
    fn new(paragraphs: &[String]) -> Docs {
        let mut docs = String::new();
        for (index, paragraph) in paragraphs.iter().enumerate() {
            let separator = if index > 0 { "\n\n" } else { "" };
            docs.push_str(separator);
            for (index, line) in paragraph.lines().enumerate() {
                let newline = if index > 0 { "\n" } else { "" };
                let space = if line.is_empty() { "" } else { " " };
                docs.extend([newline, space, line]);
            }
        }
        Docs(docs)
    }
}

impl Piece for Docs {
    fn put(&self, code: &mut Code) {
        for line in self.0.lines() {
            put_line(line, code);
        }
    }
}

/// Writes a line as an attribute, without escapes if it can be shown. `Literal::string` looks up each character in tables of Unicode
/// as well: for most texts that is half the cost of everything made from them.
fn put_line(line: &str, code: &mut Code) {
    let is_shown = |c| c == '\t' || !is_hostile(c);
    // Without a branch for each byte.
    let (mut is_plain, mut has_quotes) = (true, false);
    for byte in line.bytes() {
        is_plain &= matches!(byte, b' '..=b'~');
        has_quotes |= matches!(byte, b'"' | b'\\');
    }
    let mut end = String::from("\"");
    while has_quotes && line.contains(&end) {
        end.push('#');
    }
    let is_raw = is_plain || line.chars().all(is_shown);
    // Rust allows no more than 255 `#`.
    if is_raw && has_quotes && end.len() <= 256 {
        code.attribute(["#[doc = r", &end[1..], "\"", line, &end, "]"]);
    } else if is_raw && !has_quotes {
        code.attribute(["#[doc = \"", line, "\"]"]);
    } else {
        let literal = Literal::string(line).to_string();
        code.attribute(["#[doc = ", &literal, "]"]);
    }
}

/// What documentation is written from.
pub(crate) struct Source<'a> {
    /// `enum`, `object`, `alternate`, `command` or `event`, as anchors of the manual call it.
    pub(crate) kind: &'static str,
    pub(crate) name: &'a Name,
    pub(crate) origin: &'a Origin,
    #[cfg_attr(
        not(feature = "docs"),
        expect(dead_code, reason = "nothing is described")
    )]
    pub(crate) doc: Option<&'a Doc>,
    pub(crate) features: &'a Features,
    #[cfg_attr(
        not(feature = "docs"),
        expect(dead_code, reason = "nothing is described")
    )]
    pub(crate) condition: Option<&'a Condition>,
}

macro_rules! source_of {
    ($($kind:literal $definition:ident),*) => {
        $(impl<'a> From<&'a $definition> for Source<'a> {
            fn from(it: &'a $definition) -> Source<'a> {
                Source {
                    kind: $kind,
                    name: &it.name,
                    origin: &it.origin,
                    doc: it.doc.as_ref(),
                    features: &it.features,
                    condition: it.condition.as_ref(),
                }
            }
        })*
    };
}

source_of!("enum" Enum, "object" Object, "alternate" Alternate, "command" Command, "event" Event);

impl Plan<'_> {
    /// Documents an item made from a definition. `note` is said last, before the source.
    pub(crate) fn document(&self, source: &Source, note: &str, module: Module) -> Docs {
        let mut parts = self.description(source, module);
        if !note.is_empty() {
            parts.push(note.to_owned());
        }
        parts.push(self.origin(source));
        Docs::new(&parts)
    }

    /// Documents a field, variant or setter made from part of a definition.
    pub(crate) fn document_part(
        &self,
        name: &str,
        doc: Option<&Text>,
        features: &Features,
        when: Option<&Condition>,
        module: Module,
    ) -> Docs {
        let mut parts = self.part_description(doc, features, when, module);
        if parts.is_empty() {
            parts.push(code(name));
        }
        Docs::new(&parts)
    }

    /// Name and file of the definition: no line, which would change with every other definition.
    fn origin(&self, source: &Source) -> String {
        let (name, shown) = (source.name, code(source.name));
        let Some(module) = source.origin.module else {
            return format!("{shown}, built into the schema language");
        };
        let module = &self.schema.modules()[module];
        let file = on_one_line(&module.name);
        let from = format!("{shown}, {}", code(&file));
        // A release's manual does not describe what was added to the schema.
        let Some(reference) = self.options.reference.as_ref().filter(|_| !module.extends) else {
            return from;
        };
        let stem = file.rsplit('/').next().unwrap_or(&file);
        let stem = stem.strip_suffix(".json").unwrap_or(stem);
        let Reference { page, namespace } = reference;
        let anchor = format!("{}-{namespace}-{stem}.{name}", source.kind);
        // Old releases had names of any characters, and files have.
        let is_word = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
        if !anchor.chars().all(is_word) {
            return from;
        }
        format!(
            "[{shown} in QEMU's manual]({page}#{anchor}), {}",
            code(&file)
        )
    }
}

/// The attribute of what has the feature `deprecated`.
pub(crate) fn deprecation(features: &Features) -> Option<Code> {
    let feature = features.iter().find(|f| f.name == "deprecated")?;
    let note = feature.doc.as_ref().map_or("", |doc| doc.text.trim());
    if note.is_empty() {
        return Some(code!(#[deprecated]));
    }
    let note = note.split_whitespace().collect::<Vec<_>>().join(" ");
    Some(code!(note => #[deprecated = #note]))
}

/// Text that may contain anything, as a comment shows it.
pub(crate) fn on_one_line(text: &str) -> String {
    text.replace(is_hostile, " ")
}
