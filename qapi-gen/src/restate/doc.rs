//! Documentation comments that state releases, features and words of one's own, and nothing else.

use super::words::Words;
use crate::model::{
    Definition, Doc, Feature, Features, Object, ObjectId, ObjectKind, Schema, Text,
};
use crate::releases::compare::json_kind;
use crate::releases::since::{corrected, described_since, since};
use crate::releases::{Presence, Releases, Version};
use std::fmt::Write as _;

/// What documentation has to say of a definition.
pub(super) struct Facts<'s> {
    name: &'s str,
    words: &'s Words,
    /// Words about the definition as a whole.
    summary: Option<&'s str>,
    since: Option<Version>,
    /// The last release that had it, if that is not the one restated.
    until: Option<&'s str>,
    /// Everything that the language asks to be described here.
    described: Vec<Described<'s>>,
    /// Features of the definition and of what is described here.
    features: Vec<&'s Feature>,
}

/// What documentation has to say of a member, value or alternative.
struct Described<'s> {
    name: &'s str,
    words: Option<&'s str>,
    since: Option<Version>,
    until: Option<&'s str>,
}

impl Described<'_> {
    fn text(&self) -> Option<String> {
        let releases = match (self.since, self.until) {
            (None, None) => None,
            (Some(since), None) => Some(format!("(since {since})")),
            (Some(since), Some(until)) => Some(format!("(since {since}, until {until})")),
            (None, Some(until)) => Some(format!("(until {until})")),
        };
        match (self.words, releases) {
            (Some(words), Some(releases)) => Some(format!("{words} {releases}")),
            (words, releases) => releases.or_else(|| words.map(str::to_owned)),
        }
    }
}

impl<'s> Facts<'s> {
    /// To be filled with parts.
    pub(super) fn named(name: &'s str, words: &'s Words) -> Facts<'s> {
        Facts {
            name,
            words,
            summary: None,
            since: None,
            until: None,
            described: Vec::new(),
            features: Vec::new(),
        }
    }

    /// Of a definition that the release restated does not have any more.
    pub(super) fn until(mut self, release: &'s str) -> Facts<'s> {
        self.until = Some(release);
        self
    }

    pub(super) fn new(
        schema: &'s Schema,
        releases: &Releases,
        definition: Definition,
        words: &'s Words,
    ) -> Facts<'s> {
        let name = schema.name(definition);
        let mut facts = Facts::named(name, words);
        match definition {
            // What describes implicit types stands at what they are part of.
            Definition::Object(id) if schema.object(id).is_implicit() => {}
            Definition::Enum(id) => {
                let e = schema.enum_(id);
                facts.definition(e.doc.as_ref(), &releases.type_(name), &e.features);
                for value in &e.values {
                    let presence = releases.value(name, &value.name);
                    facts.part(&value.name, value.doc.as_ref(), &presence, &value.features);
                }
            }
            Definition::Object(id) => {
                let o = schema.object(id);
                facts.definition(o.doc.as_ref(), &releases.type_(name), &o.features);
                facts.members(o, releases);
                let base = o.base.map(|id| schema.object(id));
                if let Some(base) = base.filter(|b| matches!(b.kind, ObjectKind::Base(_))) {
                    facts.members(base, releases);
                }
            }
            Definition::Alternate(id) => {
                let a = schema.alternate(id);
                facts.definition(a.doc.as_ref(), &releases.type_(name), &a.features);
                for alternative in &a.alternatives {
                    let kind = json_kind(alternative.ty).as_str();
                    facts.part(
                        &alternative.name,
                        alternative.doc.as_ref(),
                        &releases.alternative(name, kind),
                        Features::none(),
                    );
                }
            }
            Definition::Command(id) => {
                let c = schema.command(id);
                facts.definition(c.doc.as_ref(), &releases.command(name), &c.features);
                facts.inline(schema, c.arguments, releases);
            }
            Definition::Event(id) => {
                let e = schema.event(id);
                facts.definition(e.doc.as_ref(), &releases.event(name), &e.features);
                facts.inline(schema, e.data, releases);
            }
        }
        facts
    }

    fn definition(&mut self, doc: Option<&Doc>, presence: &Presence, features: &'s Features) {
        self.summary = self.words.definition(self.name);
        self.since = corrected(since(doc), presence);
        self.features.extend(features.iter());
    }

    fn inline(&mut self, schema: &'s Schema, data: Option<ObjectId>, releases: &Releases) {
        let object = data.map(|id| schema.object(id));
        if let Some(object) = object.filter(|o| matches!(o.kind, ObjectKind::Arguments(_))) {
            self.members(object, releases);
        }
    }

    fn members(&mut self, object: &'s Object, releases: &Releases) {
        for member in &object.members {
            let presence = releases.member(&object.name, &member.name).presence;
            self.part(
                &member.name,
                member.doc.as_ref(),
                &presence,
                &member.features,
            );
        }
    }

    /// What no release is named for appeared with the definition.
    fn part(
        &mut self,
        name: &'s str,
        doc: Option<&Text>,
        presence: &Presence,
        features: &'s Features,
    ) {
        let since = corrected(described_since(doc).or(self.since), presence);
        self.described(name, since, None, features);
    }

    pub(super) fn described(
        &mut self,
        name: &'s str,
        since: Option<Version>,
        until: Option<&'s str>,
        features: &'s Features,
    ) {
        self.described.push(Described {
            name,
            words: self.words.part(self.name, name),
            since,
            until,
        });
        for feature in features.iter() {
            if self.features.iter().all(|f| f.name != feature.name) {
                self.features.push(feature);
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.since.is_none()
            && self.until.is_none()
            && self.summary.is_none()
            && self.features.is_empty()
            && self.described.iter().all(|part| part.text().is_none())
    }

    /// Whether words are about something here: the definition, a part or a feature.
    pub(super) fn has(&self, subject: &str) -> bool {
        let Some(rest) = subject.strip_prefix(self.name) else {
            return false;
        };
        match rest.split_at_checked(1) {
            None => true,
            Some((".", part)) => self.described.iter().any(|known| known.name == part),
            Some((" ", feature)) => self.features.iter().any(|f| f.name == feature),
            Some(_) => false,
        }
    }

    /// Whether there is a comment that leaves out some of what the language wants described.
    pub(super) fn is_incomplete(&self) -> bool {
        !self.is_empty() && self.described.iter().any(|part| part.text().is_none())
    }

    /// The comment; empty if there is nothing to say.
    pub(super) fn comment(&self) -> String {
        let mut out = String::new();
        if self.is_empty() {
            return out;
        }
        let _ = writeln!(out, "##\n# @{}:\n#", self.name);
        if let Some(summary) = self.summary {
            fill(&mut out, "#", summary);
            out.push_str("#\n");
        }
        if let Some(until) = self.until {
            let _ = writeln!(out, "# Until {until}.\n#");
        }
        let mut described = false;
        for part in &self.described {
            if let Some(text) = part.text() {
                described = true;
                describe(&mut out, part.name, &text);
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
                let words = self.words.feature(self.name, &feature.name);
                let text = words.unwrap_or_else(|| meaning(&feature.name)).to_owned() + &since;
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

/// The width that the language allows documentation.
const WIDTH: usize = 70;

/// A description.
fn describe(out: &mut String, name: &str, text: &str) {
    let line = format!("# @{name}: {text}");
    if line.len() <= WIDTH {
        let _ = writeln!(out, "{line}");
    } else {
        let _ = writeln!(out, "# @{name}:");
        fill(out, "#    ", text);
    }
}

/// Text in lines that start with `margin`, with two spaces between sentences.
fn fill(out: &mut String, margin: &str, text: &str) {
    let mut line = margin.to_owned();
    for word in text.split_ascii_whitespace() {
        let sentence = line.ends_with('.') && !word.starts_with(|c: char| c.is_ascii_lowercase());
        if line.len() > margin.len() && line.len() + 2 + word.len() > WIDTH {
            let _ = writeln!(out, "{line}");
            line.truncate(margin.len());
        } else if sentence {
            line.push(' ');
        }
        line.push(' ');
        line.push_str(word);
    }
    let _ = writeln!(out, "{line}");
}

/// The language wants every feature described.
fn meaning(feature: &str) -> &'static str {
    match feature {
        "deprecated" => "going to be removed",
        "unstable" => "may change or go away in any release",
        _ => "can be probed for",
    }
}
