//! Documentation of generated items.

#[cfg_attr(feature = "docs", path = "docs/described.rs")]
#[cfg_attr(not(feature = "docs"), path = "docs/undescribed.rs")]
mod description;

use super::plan::{Module, Plan};
use super::text::{Text, literal, on_one_line};
use crate::compact::{CollectVec as _, cat, join};
use crate::model::*;
use crate::names::Name;

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

impl Plan<'_> {
    /// Documents an item made from a definition. `note` is said last, before the source.
    pub(crate) fn document(&self, t: &mut Text, source: &Source, note: &str, module: Module) {
        let mut parts = self.description(source, module);
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
        let mut parts = self.part_description(doc, features, when, module);
        if parts.is_empty() {
            parts.push(cat(&["`", name, "`"]));
        }
        t.docs(&parts);
    }

    /// Name, file and line of the definition.
    fn origin(&self, source: &Source) -> String {
        let name = source.name;
        let (Some(span), Some(module)) = (source.origin.span, source.origin.module) else {
            return cat(&["`", name, "`, built into the schema language"]);
        };
        let file = &on_one_line(&self.schema.modules()[module].name);
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

/// The attribute of what has the feature `deprecated`.
pub(crate) fn deprecation(features: &Features) -> Option<String> {
    let feature = features.iter().find(|f| f.name == "deprecated")?;
    let note = feature.doc.as_ref().map_or("", |doc| doc.text.trim());
    if note.is_empty() {
        return Some("#[deprecated]".to_owned());
    }
    let words: Vec<&str> = note.split_whitespace().collect_vec();
    Some(cat(&["#[deprecated = ", &literal(&join(&words, " ")), "]"]))
}
