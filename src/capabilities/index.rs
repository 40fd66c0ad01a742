//! The index itself, and how it is made from a reply.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use qapi_types::{Mode, Reader};

use super::{Capabilities, JsonType, SchemaError};

/// No type: what an enumeration's value has.
const NONE: u32 = u32::MAX;

/// A run of consecutive entries of one of the index's lists.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Run {
    start: u32,
    end: u32,
}

impl Run {
    fn since<T>(start: usize, list: &[T]) -> Self {
        // The text that is indexed is shorter than 4 GiB, and each entry takes some of it.
        Self {
            start: start as u32,
            end: list.len() as u32,
        }
    }

    pub(super) fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// Each distinct name once, in one piece of memory.
#[derive(Debug, Default)]
pub(super) struct Names {
    text: String,
    ends: Vec<u32>,
}

impl Names {
    pub(super) fn get(&self, name: u32) -> &str {
        let end = self.ends[name as usize] as usize;
        let start = match name.checked_sub(1) {
            Some(before) => self.ends[before as usize] as usize,
            None => 0,
        };
        &self.text[start..end]
    }
}

/// A command, an event or a type.
#[derive(Debug)]
pub(super) struct Entity {
    pub(super) name: u32,
    pub(super) features: Run,
    pub(super) kind: Kind,
}

/// Numbers refer to entities, runs to slots.
#[derive(Debug)]
pub(super) enum Kind {
    Builtin(JsonType),
    Enum(Run),
    Array(u32),
    Object {
        members: Run,
        tag: Option<u32>,
        variants: Run,
    },
    Alternate(Run),
    Command {
        arguments: u32,
        reply: u32,
        oob: bool,
    },
    Event(u32),
    /// A meta-type of the future.
    Other,
}

/// A member of an object, a value of an enumeration, a variant of a union, or a branch of an alternate (without name).
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) name: u32,
    /// A name while the reply is read, an entity afterwards.
    pub(super) ty: u32,
    pub(super) features: Run,
    pub(super) optional: bool,
}

/// What an entry of the reply says, in whatever order its members came.
#[derive(Default)]
struct Entry<'a> {
    name: Option<u32>,
    meta: Option<Cow<'a, str>>,
    json_type: Option<JsonType>,
    element: Option<u32>,
    arguments: Option<u32>,
    reply: Option<u32>,
    tag: Option<u32>,
    oob: bool,
    features: Run,
    members: Option<Run>,
    variants: Run,
}

pub(super) fn build(reply: &[u8]) -> Result<Capabilities, SchemaError> {
    if u32::try_from(reply.len()).is_err() {
        return Err(SchemaError::TooLarge);
    }
    let mut reader = Reader::new(reply, Mode::Lenient)?;
    let mut builder = Builder::default();
    reader.begin_array()?;
    while reader.next_element()? {
        builder.entry(&mut reader)?;
    }
    reader.end()?;
    builder.finish()
}

#[derive(Default)]
struct Builder<'a> {
    known: HashMap<Cow<'a, str>, u32>,
    /// The names that older releases list under `values`.
    values: Vec<u32>,
    out: Capabilities,
}

impl<'a> Builder<'a> {
    fn name(&mut self, name: Cow<'a, str>) -> u32 {
        let names = &mut self.out.names;
        *self.known.entry(name).or_insert_with_key(|name| {
            names.text.push_str(name);
            names.ends.push(names.text.len() as u32);
            names.ends.len() as u32 - 1
        })
    }

    fn read_name(&mut self, r: &mut Reader<'a>) -> Result<Option<u32>, SchemaError> {
        let name = r.string()?;
        Ok(Some(self.name(name)))
    }

    fn entry(&mut self, r: &mut Reader<'a>) -> Result<(), SchemaError> {
        let mut entry = Entry::default();
        self.values.clear();
        r.begin_object()?;
        while let Some(key) = r.next_key()? {
            match &*key {
                "name" => entry.name = self.read_name(r)?,
                "meta-type" => entry.meta = Some(r.string()?),
                "json-type" => entry.json_type = Some(JsonType::named(&r.string()?)),
                "element-type" => entry.element = self.read_name(r)?,
                "arg-type" => entry.arguments = self.read_name(r)?,
                "ret-type" => entry.reply = self.read_name(r)?,
                "tag" => entry.tag = self.read_name(r)?,
                "allow-oob" => entry.oob = r.bool()?,
                "features" => entry.features = self.features(r)?,
                "members" => entry.members = Some(self.slots(r)?),
                "variants" => entry.variants = self.slots(r)?,
                "values" => self.read_values(r)?,
                _ => r.skip()?,
            }
        }
        self.add(entry)
    }

    fn features(&mut self, r: &mut Reader<'a>) -> Result<Run, SchemaError> {
        let start = self.out.features.len();
        r.begin_array()?;
        while r.next_element()? {
            let name = r.string()?;
            let name = self.name(name);
            self.out.features.push(name);
        }
        Ok(Run::since(start, &self.out.features))
    }

    fn read_values(&mut self, r: &mut Reader<'a>) -> Result<(), SchemaError> {
        r.begin_array()?;
        while r.next_element()? {
            let name = r.string()?;
            let name = self.name(name);
            self.values.push(name);
        }
        Ok(())
    }

    fn slots(&mut self, r: &mut Reader<'a>) -> Result<Run, SchemaError> {
        let start = self.out.slots.len();
        r.begin_array()?;
        while r.next_element()? {
            let mut slot = Slot {
                name: NONE,
                ty: NONE,
                features: Run::default(),
                optional: false,
            };
            r.begin_object()?;
            while let Some(key) = r.next_key()? {
                match &*key {
                    "name" | "case" => slot.name = self.read_name(r)?.unwrap_or(NONE),
                    "type" => slot.ty = self.read_name(r)?.unwrap_or(NONE),
                    "default" => {
                        slot.optional = true;
                        r.skip()?;
                    }
                    "features" => slot.features = self.features(r)?,
                    _ => r.skip()?,
                }
            }
            self.out.slots.push(slot);
        }
        Ok(Run::since(start, &self.out.slots))
    }

    fn add(&mut self, entry: Entry<'_>) -> Result<(), SchemaError> {
        let index = self.out.entities.len();
        let Some(name) = entry.name else {
            return Err(SchemaError::Incomplete {
                entry: format!("number {index}"),
                member: "name",
            });
        };
        let names = &self.out.names;
        let lacks = |member| SchemaError::Incomplete {
            entry: names.get(name).to_owned(),
            member,
        };
        let members = || entry.members.ok_or_else(|| lacks("members"));
        let meta = entry.meta.as_deref().ok_or_else(|| lacks("meta-type"))?;
        let (mut named, mut typed) = (false, false);
        let kind = match meta {
            "builtin" => Kind::Builtin(entry.json_type.ok_or_else(|| lacks("json-type"))?),
            "enum" => {
                named = true;
                Kind::Enum(match entry.members {
                    Some(members) => members,
                    // Before QEMU 6.2.
                    None => {
                        let start = self.out.slots.len();
                        let values = self.values.iter().map(|value| Slot {
                            name: *value,
                            ty: NONE,
                            features: Run::default(),
                            optional: false,
                        });
                        self.out.slots.extend(values);
                        Run::since(start, &self.out.slots)
                    }
                })
            }
            "array" => Kind::Array(entry.element.ok_or_else(|| lacks("element-type"))?),
            "object" => {
                (named, typed) = (true, true);
                Kind::Object {
                    members: members()?,
                    tag: entry.tag,
                    variants: entry.variants,
                }
            }
            "alternate" => {
                typed = true;
                Kind::Alternate(members()?)
            }
            "command" => Kind::Command {
                arguments: entry.arguments.ok_or_else(|| lacks("arg-type"))?,
                reply: entry.reply.ok_or_else(|| lacks("ret-type"))?,
                oob: entry.oob,
            },
            "event" => Kind::Event(entry.arguments.ok_or_else(|| lacks("arg-type"))?),
            _ => Kind::Other,
        };
        let members = entry.members.unwrap_or_default();
        for slot in members.range().chain(entry.variants.range()) {
            let slot = &self.out.slots[slot];
            if named && slot.name == NONE {
                return Err(lacks("name of a member"));
            }
            if typed && slot.ty == NONE {
                return Err(lacks("type of a member"));
            }
        }
        self.out.entities.push(Entity {
            name,
            features: entry.features,
            kind,
        });
        Ok(())
    }

    /// Replaces the names of types by the types, now that all are known.
    fn finish(self) -> Result<Capabilities, SchemaError> {
        let mut out = self.out;
        let names = std::mem::take(&mut out.names);
        let mut entity_of = vec![NONE; names.ends.len()];
        for (index, entity) in out.entities.iter().enumerate() {
            let place = &mut entity_of[entity.name as usize];
            if *place != NONE {
                return Err(SchemaError::Duplicate {
                    name: names.get(entity.name).to_owned(),
                });
            }
            *place = index as u32;
        }
        let resolve = |user: u32, ty: &mut u32| match entity_of[*ty as usize] {
            NONE => Err(SchemaError::UnknownType {
                entry: names.get(user).to_owned(),
                name: names.get(*ty).to_owned(),
            }),
            entity => {
                *ty = entity;
                Ok(())
            }
        };
        for entity in &mut out.entities {
            let user = entity.name;
            let mut resolve_all = |run: Run| {
                let slots = &mut out.slots[run.range()];
                slots
                    .iter_mut()
                    .try_for_each(|slot| resolve(user, &mut slot.ty))
            };
            match &mut entity.kind {
                Kind::Array(ty) | Kind::Event(ty) => resolve(user, ty)?,
                Kind::Command {
                    arguments, reply, ..
                } => {
                    resolve(user, arguments)?;
                    resolve(user, reply)?;
                }
                Kind::Object {
                    members, variants, ..
                } => {
                    resolve_all(*members)?;
                    resolve_all(*variants)?;
                }
                Kind::Alternate(members) => resolve_all(*members)?,
                Kind::Builtin(_) | Kind::Enum(_) | Kind::Other => {}
            }
        }
        let mut by_name: Vec<u32> = (0..out.entities.len() as u32).collect();
        by_name.sort_unstable_by_key(|entity| names.get(out.entities[*entity as usize].name));
        out.names = names;
        out.by_name = by_name;
        out.names.text.shrink_to_fit();
        out.names.ends.shrink_to_fit();
        out.entities.shrink_to_fit();
        out.slots.shrink_to_fit();
        Ok(out)
    }
}

impl Capabilities {
    pub(super) fn find(&self, name: &str) -> Option<u32> {
        let name_of = |entity: &u32| self.names.get(self.entities[*entity as usize].name);
        let found = self
            .by_name
            .binary_search_by(|entity| name_of(entity).cmp(name));
        found.ok().map(|at| self.by_name[at])
    }

    pub(super) fn kind(&self, entity: u32) -> &Kind {
        &self.entities[entity as usize].kind
    }

    pub(super) fn run(&self, run: Run) -> &[Slot] {
        &self.slots[run.range()]
    }

    pub(super) fn feature_names(&self, run: Run) -> impl Iterator<Item = &str> {
        let features = self.features[run.range()].iter();
        features.map(|name| self.names.get(*name))
    }
}

impl JsonType {
    pub(super) fn named(name: &str) -> Self {
        match name {
            "string" => Self::String,
            "number" => Self::Number,
            "int" => Self::Int,
            "boolean" => Self::Boolean,
            "null" => Self::Null,
            "object" => Self::Object,
            "array" => Self::Array,
            _ => Self::Any,
        }
    }

    /// The name in introspection.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Number => "number",
            Self::Int => "int",
            Self::Boolean => "boolean",
            Self::Null => "null",
            Self::Object => "object",
            Self::Array => "array",
            Self::Any => "value",
        }
    }
}
