//! The schema's documentation as parts of an item's.

use crate::markdown::{code, escaped};
use crate::model::{Condition, Definition, Features, SectionKind, Text};
use crate::rst::markdown::labelled;
use crate::rust::docs::Source;
use crate::rust::plan::{Module, Plan};

impl Plan<'_> {
    /// What the schema says of a definition.
    pub(super) fn description(&self, source: &Source, module: Module) -> Vec<String> {
        let mut parts = Vec::new();
        if !self.options.docs {
            return parts;
        }
        let sections = source.doc.iter().flat_map(|doc| &doc.sections);
        let mut since = None;
        for section in sections.filter(|section| !section.text.text.trim().is_empty()) {
            let text = |label: &str| self.markdown(label, &section.text, module);
            match section.kind {
                SectionKind::Plain => parts.push(text("")),
                SectionKind::Returns => parts.push(format!("# Returns\n\n{}", text(""))),
                SectionKind::Errors => parts.push(format!("# Errors\n\n{}", text(""))),
                SectionKind::Todo => parts.push(text("**To do:**")),
                SectionKind::Since => since = Some(text("Since:")),
            }
        }
        parts.extend(self.features(source.features, "# Features\n\n", module));
        parts.extend(condition(source.condition));
        parts.extend(since);
        parts
    }

    /// What the schema says of a part of a definition.
    pub(super) fn part_description(
        &self,
        doc: Option<&Text>,
        features: &Features,
        when: Option<&Condition>,
        module: Module,
    ) -> Vec<String> {
        let mut parts = Vec::new();
        if !self.options.docs {
            return parts;
        }
        let text = doc.filter(|doc| !doc.text.trim().is_empty());
        parts.extend(text.map(|doc| self.markdown("", doc, module)));
        parts.extend(self.features(features, "", module));
        parts.extend(condition(when));
        parts
    }

    fn markdown(&self, label: &str, text: &Text, module: Module) -> String {
        labelled(label, &text.text, &|name| self.link(name, module))
    }

    fn features(&self, features: &Features, heading: &str, module: Module) -> Option<String> {
        let items: Vec<String> = features
            .iter()
            .map(|feature| {
                let mut item = format!("- **{}**", escaped(&feature.name));
                if let Some(doc) = feature
                    .doc
                    .as_ref()
                    .filter(|doc| !doc.text.trim().is_empty())
                {
                    let label = format!("{item}:");
                    item = self.markdown(&label, doc, module).replace('\n', "\n  ");
                }
                item.lines()
                    .map(str::trim_end)
                    .collect::<Vec<_>>()
                    .join("\n")
            })
            .collect();
        (!items.is_empty()).then(|| format!("{heading}{}", items.join("\n")))
    }

    /// How the documentation links to what the schema calls by this name; `None` if there is no
    /// such thing in the generated file.
    fn link(&self, name: &str, module: Module) -> Option<String> {
        let definition = self.schema.definition(name)?;
        let (prefix, item) = match definition {
            Definition::Enum(id) => ("", self.enum_item(id)),
            Definition::Object(id) => ("", self.object_item(id)),
            Definition::Alternate(id) => ("", self.alternate_item(id)),
            Definition::Command(id) => ("commands::", self.command_item(id)),
            Definition::Event(id) => ("events::", self.event_item(id)),
        };
        if item.ident.is_empty() || item.place.is_absent() {
            return None;
        }
        let up = if module == Module::Inner {
            "super::"
        } else {
            ""
        };
        Some(format!("{up}{prefix}{}", &*item.ident))
    }
}

fn condition(condition: Option<&Condition>) -> Option<String> {
    condition.map(|condition| format!("If: {}", code(&describe(condition))))
}

/// A condition as documentation shows it.
fn describe(condition: &Condition) -> String {
    let list = |name: &str, list: &[Condition]| {
        let inner: Vec<String> = list.iter().map(describe).collect();
        format!("{name}({})", inner.join(", "))
    };
    match condition {
        Condition::Symbol(name) => name.to_string(),
        Condition::Opaque(text) => text.to_string(),
        Condition::Not(inner) => format!("not({})", describe(inner)),
        Condition::All(inner) => list("all", inner),
        Condition::Any(inner) => list("any", inner),
    }
}
