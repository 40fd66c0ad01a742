//! Documentation comments that state releases and features, and nothing else.

use crate::model::{
    Definition, Doc, Feature, Features, Object, ObjectId, ObjectKind, Schema, Text,
};
use crate::releases::Version;
use crate::releases::since::{described_since, since};
use std::fmt::Write as _;

/// What documentation has to say of a definition.
pub(super) struct Facts<'s> {
    name: &'s str,
    since: Option<Version>,
    /// Everything that the language asks to be described here.
    described: Vec<(&'s str, Option<Version>)>,
    /// Features of the definition and of what is described here.
    features: Vec<&'s Feature>,
}

impl<'s> Facts<'s> {
    pub(super) fn new(schema: &'s Schema, definition: Definition) -> Facts<'s> {
        let mut facts = Facts {
            name: schema.name(definition),
            since: None,
            described: Vec::new(),
            features: Vec::new(),
        };
        match definition {
            // What describes implicit types stands at what they are part of.
            Definition::Object(id) if schema.object(id).is_implicit() => {}
            Definition::Enum(id) => {
                let e = schema.enum_(id);
                facts.definition(e.doc.as_ref(), &e.features);
                for value in &e.values {
                    facts.part(&value.name, value.doc.as_ref(), &value.features);
                }
            }
            Definition::Object(id) => {
                let o = schema.object(id);
                facts.definition(o.doc.as_ref(), &o.features);
                facts.members(o);
                let base = o.base.map(|id| schema.object(id));
                if let Some(base) = base.filter(|b| matches!(b.kind, ObjectKind::Base(_))) {
                    facts.members(base);
                }
            }
            Definition::Alternate(id) => {
                let a = schema.alternate(id);
                facts.definition(a.doc.as_ref(), &a.features);
                for alternative in &a.alternatives {
                    facts.part(
                        &alternative.name,
                        alternative.doc.as_ref(),
                        Features::none(),
                    );
                }
            }
            Definition::Command(id) => {
                let c = schema.command(id);
                facts.definition(c.doc.as_ref(), &c.features);
                facts.inline(schema, c.arguments);
            }
            Definition::Event(id) => {
                let e = schema.event(id);
                facts.definition(e.doc.as_ref(), &e.features);
                facts.inline(schema, e.data);
            }
        }
        facts
    }

    fn definition(&mut self, doc: Option<&Doc>, features: &'s Features) {
        self.since = since(doc);
        self.features.extend(features.iter());
    }

    fn inline(&mut self, schema: &'s Schema, data: Option<ObjectId>) {
        let object = data.map(|id| schema.object(id));
        if let Some(object) = object.filter(|o| matches!(o.kind, ObjectKind::Arguments(_))) {
            self.members(object);
        }
    }

    fn members(&mut self, object: &'s Object) {
        for member in &object.members {
            self.part(&member.name, member.doc.as_ref(), &member.features);
        }
    }

    /// What no release is named for appeared with the definition.
    fn part(&mut self, name: &'s str, doc: Option<&Text>, features: &'s Features) {
        let since = described_since(doc).or(self.since);
        self.described.push((name, since));
        for feature in features.iter() {
            if self.features.iter().all(|f| f.name != feature.name) {
                self.features.push(feature);
            }
        }
    }

    fn is_empty(&self) -> bool {
        self.since.is_none()
            && self.features.is_empty()
            && self.described.iter().all(|(_, since)| since.is_none())
    }

    /// Whether there is a comment that leaves out some of what the language wants described.
    pub(super) fn is_incomplete(&self) -> bool {
        !self.is_empty() && self.described.iter().any(|(_, since)| since.is_none())
    }

    /// The comment; empty if there is nothing to say.
    pub(super) fn comment(&self) -> String {
        let mut out = String::new();
        if self.is_empty() {
            return out;
        }
        let _ = writeln!(out, "##\n# @{}:\n#", self.name);
        let mut described = false;
        for (name, since) in &self.described {
            if let Some(since) = since {
                described = true;
                describe(&mut out, name, &format!("(since {since})"));
            }
        }
        if described {
            out.push_str("#\n");
        }
        if !self.features.is_empty() {
            out.push_str("# Features:\n#\n");
            for feature in &self.features {
                let since = described_since(feature.doc.as_ref())
                    .map_or_else(String::new, |v| format!(" (since {v})"));
                let text = meaning(&feature.name).to_owned() + &since;
                describe(&mut out, &feature.name, &text);
            }
            out.push_str("#\n");
        }
        match self.since {
            Some(since) => {
                let _ = writeln!(out, "# Since: {since}\n##");
            }
            None => {
                out.truncate(out.len() - "#\n".len());
                out.push_str("##\n");
            }
        }
        out
    }
}

/// A description, within the width that the language allows documentation.
fn describe(out: &mut String, name: &str, text: &str) {
    const WIDTH: usize = 70;
    let line = format!("# @{name}: {text}");
    if line.len() <= WIDTH {
        out.push_str(&line);
    } else {
        let _ = write!(out, "# @{name}:\n#     {text}");
    }
    out.push('\n');
}

/// The language wants every feature described.
fn meaning(feature: &str) -> &'static str {
    match feature {
        "deprecated" => "going to be removed",
        "unstable" => "may change or go away in any release",
        _ => "can be probed for",
    }
}
