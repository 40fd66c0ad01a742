//! What a reference says, whatever it is written as: the definitions with their parts, in the order of the schema.

use super::facts::{Facts, says_more, stated_default};
use super::kind::Kind;
use super::uses::{Use, uses};
use crate::Releases;
use crate::model::*;
use crate::rst::{Block, Inline};
use crate::source::Span;
use std::collections::HashMap;

/// A definition that the schema names.
pub(super) struct Entry<'s> {
    pub(super) kind: Kind,
    pub(super) definition: Definition,
    pub(super) name: &'s str,
    pub(super) module: usize,
    pub(super) doc: Option<&'s Doc>,
    pub(super) features: &'s Features,
    pub(super) condition: Option<&'s Condition>,
    pub(super) facts: Facts,
    pub(super) span: Option<Span>,
    pub(super) parts: Vec<Part<'s>>,
    pub(super) branches: Vec<&'s Branch>,
    /// The member that selects the branch.
    pub(super) tag: Option<&'s str>,
    pub(super) uses: Vec<Use>,
}

/// A member, argument, value or alternative.
pub(super) struct Part<'s> {
    pub(super) name: &'s str,
    /// `None` for values.
    pub(super) ty: Option<Type>,
    pub(super) optional: bool,
    pub(super) doc: Option<&'s Text>,
    pub(super) features: &'s Features,
    pub(super) condition: Option<&'s Condition>,
    pub(super) facts: Facts,
    pub(super) default: Option<String>,
    /// The type that it comes from, if that is another one.
    pub(super) inherited: Option<Definition>,
}

/// A schema, ready to be written about.
pub(super) struct Book<'s> {
    pub(super) schema: &'s Schema,
    pub(super) title: String,
    pub(super) releases: Option<&'s Releases>,
    pub(super) entries: Vec<Entry<'s>>,
    numbers: HashMap<Definition, usize>,
    /// Whether to say where things are defined.
    pub(super) places: bool,
}

impl<'s> Book<'s> {
    pub(super) fn new(schema: &'s Schema, title: &str, releases: Option<&'s Releases>) -> Self {
        let mut book = Book {
            schema,
            title: title.to_owned(),
            releases: releases.filter(|r| !r.names().is_empty()),
            entries: Vec::new(),
            numbers: HashMap::new(),
            places: true,
        };
        let mut uses = uses(schema);
        for &definition in schema.definitions() {
            if let Some(mut entry) = book.entry(definition) {
                entry.uses = uses.remove(&definition).unwrap_or_default();
                book.numbers.insert(definition, book.entries.len());
                book.entries.push(entry);
            }
        }
        book
    }

    /// `None` for what only the language or another definition made.
    pub(super) fn find(&self, definition: Definition) -> Option<&Entry<'s>> {
        self.numbers.get(&definition).map(|&at| &self.entries[at])
    }

    /// What documentation calls by this name: a definition, or a part of one as `DEFINITION.PART`.
    pub(super) fn named(&self, name: &str) -> Option<(&Entry<'s>, Option<&str>)> {
        let find = |name| self.find(self.schema.definition(name)?);
        if let Some(entry) = find(name) {
            return Some((entry, None));
        }
        let (owner, part) = name.split_once('.')?;
        let entry = find(owner)?;
        let part = entry.parts.iter().find(|p| p.name == part)?;
        Some((entry, Some(part.name)))
    }

    fn entry(&self, definition: Definition) -> Option<Entry<'s>> {
        let schema = self.schema;
        let new = |kind,
                   name: &'s str,
                   origin: &Origin,
                   doc: &'s Option<Doc>,
                   features,
                   condition: &'s Option<Condition>| {
            Some(Entry {
                kind,
                definition,
                name,
                module: origin.module?,
                doc: doc.as_ref(),
                features,
                condition: condition.as_ref(),
                facts: Facts::of(kind, name, doc.as_ref(), self.releases),
                span: origin.span,
                parts: Vec::new(),
                branches: Vec::new(),
                tag: None,
                uses: Vec::new(),
            })
        };
        let mut entry = match definition {
            Definition::Command(id) => {
                let it = schema.command(id);
                new(
                    Kind::Command,
                    &it.name,
                    &it.origin,
                    &it.doc,
                    &it.features,
                    &it.condition,
                )
            }
            Definition::Event(id) => {
                let it = schema.event(id);
                new(
                    Kind::Event,
                    &it.name,
                    &it.origin,
                    &it.doc,
                    &it.features,
                    &it.condition,
                )
            }
            Definition::Enum(id) => {
                let it = schema.enum_(id);
                new(
                    Kind::Enum,
                    &it.name,
                    &it.origin,
                    &it.doc,
                    &it.features,
                    &it.condition,
                )
            }
            Definition::Alternate(id) => {
                let it = schema.alternate(id);
                new(
                    Kind::Alternate,
                    &it.name,
                    &it.origin,
                    &it.doc,
                    &it.features,
                    &it.condition,
                )
            }
            Definition::Object(id) => {
                let it = schema.object(id);
                let kind = match it.kind {
                    ObjectKind::Struct => Kind::Struct,
                    ObjectKind::Union => Kind::Union,
                    _ => return None,
                };
                new(
                    kind,
                    &it.name,
                    &it.origin,
                    &it.doc,
                    &it.features,
                    &it.condition,
                )
            }
        }?;
        match definition {
            Definition::Command(id) => self.members(schema.command(id).arguments, &mut entry),
            Definition::Event(id) => self.members(schema.event(id).data, &mut entry),
            Definition::Object(id) => self.members(Some(id), &mut entry),
            Definition::Enum(id) => {
                let values = schema.enum_(id).values.iter();
                entry.parts = values.map(|value| self.value(entry.name, value)).collect();
            }
            Definition::Alternate(id) => {
                let alternatives = schema.alternate(id).alternatives.iter();
                entry.parts = alternatives
                    .map(|a| self.alternative(entry.name, a))
                    .collect();
            }
        }
        Some(entry)
    }

    fn members(&self, object: Option<ObjectId>, entry: &mut Entry<'s>) {
        let Some(object) = object.map(|id| self.schema.object(id)) else {
            return;
        };
        for (owner, member) in self.schema.all_members(object) {
            // What is inline is the definition's own.
            let inherited = match owner.kind {
                ObjectKind::Base(union) => Definition::Object(union),
                ObjectKind::Arguments(_) => entry.definition,
                _ => Definition::Object(owner.id),
            };
            let facts = Facts::of_member(&owner.name, member, self.releases);
            entry.parts.push(Part {
                name: &member.name,
                ty: Some(member.ty),
                optional: member.optional,
                doc: member.doc.as_ref().filter(|doc| says_more(doc)),
                features: &member.features,
                condition: member.condition.as_ref(),
                facts,
                default: member
                    .doc
                    .as_ref()
                    .and_then(|doc| stated_default(&doc.text)),
                inherited: Some(inherited).filter(|it| *it != entry.definition),
            });
        }
        if let Some(variants) = &object.variants {
            entry.tag = Some(&variants.tag);
            entry.branches = variants.branches.iter().collect();
        }
    }

    fn value(&self, enum_: &str, value: &'s EnumValue) -> Part<'s> {
        Part {
            name: &value.name,
            ty: None,
            optional: false,
            doc: value.doc.as_ref().filter(|doc| says_more(doc)),
            features: &value.features,
            condition: value.condition.as_ref(),
            facts: Facts::of_value(enum_, value, self.releases),
            default: None,
            inherited: None,
        }
    }

    fn alternative(&self, alternate: &str, alternative: &'s Alternative) -> Part<'s> {
        let json = json_kind(self.schema, alternative.ty);
        Part {
            name: &alternative.name,
            ty: Some(alternative.ty),
            optional: false,
            doc: alternative.doc.as_ref().filter(|doc| says_more(doc)),
            features: Features::none(),
            condition: alternative.condition.as_ref(),
            facts: Facts::of_alternative(alternate, json, alternative.doc.as_ref(), self.releases),
            default: None,
            inherited: None,
        }
    }
}

impl Entry<'_> {
    pub(super) fn anchor(&self) -> String {
        format!("{}-{}", self.kind.anchor(), self.name)
    }

    /// The anchor of a part. Names have no colon.
    pub(super) fn part_anchor(&self, part: &str) -> String {
        format!("{}:{part}", self.anchor())
    }

    pub(super) fn feature_anchor(&self, feature: &str) -> String {
        format!("{}:feature:{feature}", self.anchor())
    }

    /// The sections before and after the list of parts that are about the whole.
    pub(super) fn sections(
        &self,
        kind: SectionKind,
        trailing: Option<bool>,
    ) -> impl Iterator<Item = &Text> {
        let sections = self.doc.iter().flat_map(|doc| &doc.sections);
        sections
            .filter(move |s| s.kind == kind && trailing.is_none_or(|t| s.trailing == t))
            .map(|s| &s.text)
            .filter(|text| !text.text.trim().is_empty())
    }
}

/// The kind of JSON value by which an alternate tells a type.
pub(super) fn json_kind(schema: &Schema, ty: Type) -> JsonKind {
    match ty {
        Type::Builtin(builtin) => builtin.json_kind(),
        Type::Enum(_) => JsonKind::String,
        Type::Object(_) => JsonKind::Object,
        Type::Array(_) => JsonKind::Array,
        Type::Alternate(id) => match schema.alternate(id).alternatives.first() {
            Some(only) => json_kind(schema, only.ty),
            None => JsonKind::Value,
        },
    }
}

/// A condition, as documentation shows it.
pub(super) fn condition(condition: &Condition) -> String {
    let list = |name: &str, operands: &[Condition]| {
        let operands: Vec<String> = operands.iter().map(self::condition).collect();
        format!("{name}({})", operands.join(", "))
    };
    match condition {
        Condition::Symbol(name) | Condition::Opaque(name) => name.to_string(),
        Condition::Not(inner) => format!("not({})", self::condition(inner)),
        Condition::All(operands) => list("all", operands),
        Condition::Any(operands) => list("any", operands),
    }
}

/// The words of a text, without markup.
pub(super) fn plain(text: &[Inline]) -> String {
    let words = text.iter().map(|part| match part {
        Inline::Text(text)
        | Inline::Code(text)
        | Inline::Name(text)
        | Inline::Strong(text)
        | Inline::Emphasis(text)
        | Inline::Item { title: text, .. } => text.as_str(),
        Inline::Link { title, url } => title.as_ref().unwrap_or(url),
    });
    words.collect::<String>().replace('\n', " ")
}

/// The first sentence of a text, of at most this many characters.
pub(super) fn summary(blocks: &[Block], limit: usize) -> String {
    let Some(Block::Paragraph(text)) = blocks.first() else {
        return String::new();
    };
    let text = plain(text);
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let sentence = text
        .split_once(". ")
        .map_or(text.as_str(), |(first, _)| first);
    let sentence = sentence.trim_end_matches(['.', ':']);
    match sentence.char_indices().nth(limit) {
        Some((end, _)) => format!("{}…", sentence[..end].trim_end()),
        None => sentence.to_owned(),
    }
}
