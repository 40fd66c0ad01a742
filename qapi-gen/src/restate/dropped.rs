//! What clients could say to earlier releases and the last one dropped.

use super::definition::{self, Entries, expression};
use super::doc::Facts;
use super::pragma::Exceptions;
use super::words::Words;
use crate::layout::Value;
use crate::model::{Definition, Schema, Text, Type};
use crate::names::Name;
use crate::releases::compare::compare;
use crate::releases::found::OldPart;
use crate::releases::since::{described_since, owner_since, since};
use crate::releases::{PartKind, Releases, Version};
use std::collections::{BTreeMap, HashMap};

/// A definition or part, as the last release that had it has it.
#[derive(Clone, Copy)]
struct Last<'s, T> {
    release: usize,
    schema: &'s Schema,
    what: T,
}

/// States what earlier releases understand in requests and the last of `releases` does not, as a schema file that
/// [extends](crate::Frontend::extend) that of the last: definitions as they were, and the members, values and branches
/// that definitions of the last release had. Each stands as the last release that had it had it, and says which that was.
/// Parts and features have the words that there are for them.
///
/// # Errors
///
/// Something dropped cannot be stated beside what the last release has, since that has another type of the same name.
pub fn dropped(
    releases: &[(&str, &Schema)],
    words: &Words,
    header: &str,
) -> Result<String, String> {
    let Some((&(_, current), older)) = releases.split_last() else {
        return Err("no release is named".to_owned());
    };
    let names: Vec<String> = older
        .iter()
        .map(|(name, _)| {
            let version = Version::parse(name);
            version.map_or_else(|| (*name).to_owned(), |version| version.to_string())
        })
        .collect();
    let mut dropped = Dropped {
        current,
        words,
        names: &names,
        parts: BTreeMap::new(),
        definitions: Vec::new(),
        known: HashMap::new(),
    };
    for (release, &(_, schema)) in older.iter().enumerate().rev() {
        dropped.release(release, schema)?;
    }
    dropped.text(header)
}

struct Dropped<'a> {
    current: &'a Schema,
    words: &'a Words,
    /// Of the older releases.
    names: &'a [String],
    /// By definition of the current release.
    parts: BTreeMap<Name, BTreeMap<(PartKind, Name), Last<'a, OldPart>>>,
    definitions: Vec<Last<'a, Definition>>,
    /// The definitions among these.
    known: HashMap<Name, usize>,
}

impl<'a> Dropped<'a> {
    fn release(&mut self, release: usize, schema: &'a Schema) -> Result<(), String> {
        let last = |what| Last {
            release,
            schema,
            what,
        };
        for ((owner, kind, name), gone) in compare(self.current, schema).gone {
            let parts = self.parts.entry(owner.clone()).or_default();
            if !gone.sent || parts.contains_key(&(kind, name.clone())) {
                continue;
            }
            parts.insert((kind, name.clone()), last(gone.part));
            match gone.part {
                OldPart::Member(id, index) => {
                    self.need(release, schema, schema.object(id).members[index].ty)?;
                }
                OldPart::Branch(id, index) => {
                    let variants = schema.object(id).variants.as_ref();
                    let object = variants.map_or(schema.empty(), |v| v.branches[index].object);
                    self.need(release, schema, Type::Object(object))?;
                }
                OldPart::Value(..) => {}
                OldPart::Alternative => {
                    return Err(format!("{owner}: alternative {name} cannot be kept"));
                }
            }
        }
        self.parts.retain(|_, parts| !parts.is_empty());
        for &definition in schema.definitions() {
            if let Definition::Command(id) = definition
                && self.current.definition(&schema.command(id).name).is_none()
            {
                self.define(release, schema, definition)?;
            }
        }
        Ok(())
    }

    /// Sees to it that a type is there.
    fn need(&mut self, release: usize, schema: &'a Schema, ty: Type) -> Result<(), String> {
        match ty {
            Type::Builtin(_) => Ok(()),
            Type::Array(id) => self.need(release, schema, schema.array(id).element),
            Type::Enum(id) => self.define(release, schema, Definition::Enum(id)),
            Type::Alternate(id) => self.define(release, schema, Definition::Alternate(id)),
            Type::Object(id) => self.define(release, schema, Definition::Object(id)),
        }
    }

    /// Sees to it that a definition is there, and what it needs.
    fn define(
        &mut self,
        release: usize,
        schema: &'a Schema,
        definition: Definition,
    ) -> Result<(), String> {
        let name = schema.name(definition);
        if let Some(there) = self.current.definition(name) {
            return match std::mem::discriminant(&there) == std::mem::discriminant(&definition) {
                true => Ok(()),
                false => Err(format!("'{name}' is something else by now")),
            };
        }
        if self.known.contains_key(name) {
            return Ok(());
        }
        self.known.insert(name.clone(), release);
        let mut needed = Vec::new();
        match definition {
            Definition::Enum(_) | Definition::Event(_) => {}
            Definition::Alternate(id) => {
                needed.extend(schema.alternate(id).alternatives.iter().map(|a| a.ty));
            }
            Definition::Command(id) => {
                let command = schema.command(id);
                needed.extend(command.arguments.map(Type::Object));
                needed.extend(command.returns);
            }
            Definition::Object(id) => {
                let object = schema.object(id);
                needed.extend(object.base.map(Type::Object));
                needed.extend(object.members.iter().map(|member| member.ty));
                let branches = object.variants.iter().flat_map(|v| &v.branches);
                needed.extend(branches.map(|branch| Type::Object(branch.object)));
            }
        }
        for ty in needed {
            self.need(release, schema, ty)?;
        }
        self.definitions.push(Last {
            release,
            schema,
            what: definition,
        });
        Ok(())
    }

    fn text(&self, header: &str) -> Result<String, String> {
        let mut exceptions = Exceptions::default();
        let mut expressions = Vec::new();
        for last in &self.definitions {
            let Some(expression) = expression(last.schema, last.what) else {
                continue;
            };
            exceptions.add(last.schema, last.what, self.words);
            let name = last.schema.name(last.what);
            let facts = Facts::new(last.schema, &Releases::default(), last.what, self.words)
                .until(&self.names[last.release]);
            if facts.is_incomplete() {
                exceptions.undescribed(name);
            }
            expressions.push(facts.comment() + &expression.text() + "\n");
        }
        for (owner, parts) in &self.parts {
            let definition = self.current.definition(owner);
            let definition = definition.ok_or_else(|| format!("'{owner}' is not there"))?;
            let (comment, expression) = self.extension(owner, definition, parts);
            // Without a comment at the definition, that at the extension has to describe all.
            let own = Facts::new(self.current, &Releases::default(), definition, self.words);
            if own.is_empty() && !comment.is_empty() {
                exceptions.undescribed(owner);
            }
            expressions.push(comment + &expression.text() + "\n");
        }
        let comment: String = header
            .lines()
            .map(|line| format!("# {line}").trim_end().to_owned() + "\n")
            .collect();
        let pragma = exceptions.pragma().map(|pragma| pragma.text() + "\n");
        let all = [comment].into_iter().chain(pragma).chain(expressions);
        Ok(all.collect::<Vec<_>>().join("\n"))
    }

    /// What adds parts to a definition of the current release.
    fn extension(
        &self,
        owner: &str,
        definition: Definition,
        parts: &BTreeMap<(PartKind, Name), Last<'a, OldPart>>,
    ) -> (String, Value) {
        let (mut members, mut values, mut branches): (Entries, Vec<Value>, Entries) =
            <_>::default();
        let mut facts = Facts::named(owner, self.words);
        for ((_, name), last) in parts {
            let mut describe = |doc: Option<&Text>, own: Option<Version>, features| {
                let since = described_since(doc).or(own);
                facts.described(name, since, Some(&self.names[last.release]), features);
            };
            match last.what {
                OldPart::Member(id, index) => {
                    let object = last.schema.object(id);
                    let member = &object.members[index];
                    let own = owner_since(last.schema, object);
                    describe(member.doc.as_ref(), own, &member.features);
                    // Servers of today know nothing of it.
                    members.push(definition::member(last.schema, member, true));
                }
                OldPart::Value(id, index) => {
                    let enum_ = last.schema.enum_(id);
                    let value = &enum_.values[index];
                    describe(
                        value.doc.as_ref(),
                        since(enum_.doc.as_ref()),
                        &value.features,
                    );
                    values.push(definition::value(value));
                }
                OldPart::Branch(id, index) => {
                    let variants = last.schema.object(id).variants.iter();
                    let branch = variants.map(|v| &v.branches[index]);
                    branches.extend(branch.map(|b| definition::branch(last.schema, b)));
                }
                OldPart::Alternative => {}
            }
        }
        let name = Value::str(owner);
        let members = Value::Object(members);
        let expression = match definition {
            Definition::Enum(_) => Value::object([("enum", name), ("data", Value::Array(values))]),
            Definition::Object(id) => match &self.current.object(id).variants {
                None => Value::object([("struct", name), ("data", members)]),
                Some(variants) => Value::object([
                    ("union", name),
                    ("base", members),
                    ("discriminator", Value::str(&variants.tag)),
                    ("data", Value::Object(branches)),
                ]),
            },
            Definition::Event(_) => Value::object([("event", name), ("data", members)]),
            Definition::Command(_) | Definition::Alternate(_) => {
                Value::object([("command", name), ("data", members)])
            }
        };
        (facts.comment(), expression)
    }
}
