//! The exceptions from naming and documentation rules that a schema needs.

use super::doc::Facts;
use super::words::Words;
use crate::layout::Value;
use crate::model::{Definition, Object, ObjectKind, Schema, Type};
use crate::releases::Releases;
use std::collections::BTreeSet;

/// The names that naming and documentation rules must except for a schema to pass.
///
/// Schemas that share files share their exceptions: see [`merge`](Exceptions::merge).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exceptions {
    commands: BTreeSet<String>,
    returns: BTreeSet<String>,
    documentation: BTreeSet<String>,
    members: BTreeSet<String>,
}

impl Exceptions {
    /// The exceptions that a schema needs when it is restated with these words.
    pub fn of(schema: &Schema, words: &Words) -> Exceptions {
        let mut exceptions = Exceptions::default();
        for &definition in schema.definitions() {
            exceptions.add(schema, definition, words);
        }
        exceptions
    }

    pub(super) fn add(&mut self, schema: &Schema, definition: Definition, words: &Words) {
        let name = || schema.name(definition).to_string();
        match definition {
            Definition::Command(id) => {
                let returns = schema.command(id).returns;
                if schema.name(definition).contains('_') {
                    self.commands.insert(name());
                }
                if returns.is_some_and(|ty| !is_object(schema, ty)) {
                    self.returns.insert(name());
                }
            }
            Definition::Enum(id) => {
                if schema.enum_(id).values.iter().any(|v| unusual(&v.name)) {
                    self.members.insert(name());
                }
            }
            Definition::Object(id) => {
                let object = schema.object(id);
                if let Some(owner) = owner(schema, object)
                    && object.members.iter().any(|m| unusual(&m.name))
                {
                    self.members.insert(owner.to_owned());
                }
            }
            Definition::Alternate(_) | Definition::Event(_) => {}
        }
        if Facts::new(schema, &Releases::default(), definition, words).is_incomplete() {
            self.documentation.insert(name());
        }
    }

    /// Excepts a definition from having everything described.
    pub(super) fn undescribed(&mut self, name: &str) {
        self.documentation.insert(name.to_owned());
    }

    /// Adds the exceptions of another schema.
    pub fn merge(mut self, other: Exceptions) -> Exceptions {
        self.commands.extend(other.commands);
        self.returns.extend(other.returns);
        self.documentation.extend(other.documentation);
        self.members.extend(other.members);
        self
    }

    /// The pragma that states them, unless there are none.
    pub(super) fn pragma(&self) -> Option<Value> {
        let lists = [
            ("command-name-exceptions", &self.commands),
            ("command-returns-exceptions", &self.returns),
            ("documentation-exceptions", &self.documentation),
            ("member-name-exceptions", &self.members),
        ];
        let entries: Vec<(String, Value)> = lists
            .into_iter()
            .filter(|(_, names)| !names.is_empty())
            .map(|(key, names)| {
                let names = names.iter().map(|name| Value::str(name)).collect();
                (key.to_owned(), Value::Array(names))
            })
            .collect();
        (!entries.is_empty()).then(|| Value::object([("pragma", Value::Object(entries))]))
    }
}

/// The type under whose name an object's members are excepted; inline arguments have none.
fn owner<'s>(schema: &'s Schema, object: &'s Object) -> Option<&'s str> {
    match object.kind {
        ObjectKind::Struct | ObjectKind::Union => Some(&object.name),
        ObjectKind::Base(union) => Some(&schema.object(union).name),
        _ => None,
    }
}

fn is_object(schema: &Schema, ty: Type) -> bool {
    match ty {
        Type::Object(_) => true,
        Type::Array(id) => matches!(schema.array(id).element, Type::Object(_)),
        _ => false,
    }
}

/// Whether a member or value has a name that new ones may not have. A prefix `__RFQDN_` is no
/// part of the name proper.
fn unusual(name: &str) -> bool {
    let stem = match name.strip_prefix("__") {
        Some(rest) => rest.split_once('_').map_or("", |(_, stem)| stem),
        None => name,
    };
    stem.contains(|c: char| c == '_' || c.is_ascii_uppercase())
}
