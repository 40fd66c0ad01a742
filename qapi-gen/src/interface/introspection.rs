//! The interface that a server describes in its answer to `query-qmp-schema`.

use super::*;
use serde_json::Value as Json;
use std::fmt;

/// Why a text is no introspection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotIntrospection(String);

impl fmt::Display for NotIntrospection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NotIntrospection {}

type Result<T> = std::result::Result<T, NotIntrospection>;

fn wrong<T>(message: impl Into<String>) -> Result<T> {
    Err(NotIntrospection(message.into()))
}

impl Interface {
    /// The interface that a server describes: JSON text with the array of `SchemaInfo` objects that it answers to
    /// `query-qmp-schema`, by itself or in the reply. Other messages before and after, as a log of a connection has them,
    /// are passed over, and so is what such a log has between them.
    ///
    /// # Errors
    ///
    /// What is wrong with it, and at which entry.
    pub fn from_introspection(text: &str) -> Result<Interface> {
        let values: std::result::Result<Vec<Json>, _> = serde_json::Deserializer::from_str(text)
            .into_iter()
            .collect();
        match values {
            Ok(values) if values.is_empty() => wrong("it is empty"),
            Ok(values) => match values.into_iter().filter_map(list_of).next_back() {
                Some(list) => Entries::of(&list)?.interface(),
                None => wrong(
                    "it is JSON, but has no array of SchemaInfo, as servers answer to query-qmp-schema",
                ),
            },
            Err(error) => {
                let mut any = false;
                let values = messages(text).inspect(|_| any = true);
                match values.filter_map(|(_, value)| list_of(value)).last() {
                    Some(list) => Entries::of(&list)?.interface(),
                    None if any && !text.trim_start().starts_with(['{', '[']) => {
                        wrong("it has messages, but none is an answer to query-qmp-schema")
                    }
                    None => wrong(format!("it is no JSON: {error}")),
                }
            }
        }
    }
}

/// How deep unions may be branches of unions, and in how many ways.
const MAX_BRANCHES: (usize, usize) = (16, 100_000);

/// The ways through the branches of a type, unless there are too many.
fn ways(
    interface: &Interface,
    id: TypeId,
    depth: usize,
    known: &mut HashMap<TypeId, usize>,
) -> Option<usize> {
    if let Some(ways) = known.get(&id) {
        return Some(*ways);
    }
    let mut sum: usize = 1;
    for variant in interface.object(id).map_or(&[][..], |o| &o.variants) {
        sum += ways(interface, variant.ty, depth.checked_sub(1)?, known)?;
        if sum > MAX_BRANCHES.1 {
            return None;
        }
    }
    known.insert(id, sum);
    Some(sum)
}

/// The array, if this is one or a reply with one.
fn list_of(value: Json) -> Option<Vec<Json>> {
    let list = match value {
        Json::Array(list) => list,
        Json::Object(mut reply) => match reply.remove("return")? {
            Json::Array(list) => list,
            _ => return None,
        },
        _ => return None,
    };
    let info = list.first()?.get("meta-type").is_some();
    info.then_some(list)
}

/// An entry, with what to call it in messages.
struct Entry<'j> {
    json: &'j Json,
    meta: &'j str,
    name: &'j str,
}

struct Entries<'j> {
    all: Vec<Entry<'j>>,
    /// The types among them.
    ids: HashMap<&'j str, TypeId>,
}

impl<'j> Entries<'j> {
    fn of(list: &'j [Json]) -> Result<Entries<'j>> {
        let mut entries = Entries {
            all: Vec::new(),
            ids: HashMap::new(),
        };
        let mut roots = HashMap::new();
        let mut types = 0;
        for (at, json) in list.iter().enumerate() {
            let text = |key: &str| json.get(key).and_then(Json::as_str);
            let (Some(meta), Some(name)) = (text("meta-type"), text("name")) else {
                return wrong(format!("entry {at} has no 'meta-type' and 'name'"));
            };
            let known = match meta {
                "command" | "event" => roots.insert(name, ()).is_some(),
                "builtin" | "enum" | "array" | "object" | "alternate" => {
                    types += 1;
                    entries.ids.insert(name, TypeId(types - 1)).is_some()
                }
                _ => return wrong(format!("entry {at} has the unknown meta-type '{meta}'")),
            };
            let entry = Entry { json, meta, name };
            if known {
                return wrong(format!("{entry} is there twice"));
            }
            entries.all.push(entry);
        }
        Ok(entries)
    }

    fn interface(&self) -> Result<Interface> {
        let mut interface = Interface {
            commands: Vec::new(),
            events: Vec::new(),
            roots: Vec::new(),
            types: Vec::new(),
            introspected: true,
            told_as: self.form(),
        };
        for entry in &self.all {
            match entry.meta {
                "command" => {
                    interface
                        .roots
                        .push(Root::Command(interface.commands.len()));
                    interface.commands.push(self.command(entry)?);
                }
                "event" => {
                    interface.roots.push(Root::Event(interface.events.len()));
                    interface.events.push(self.event(entry)?);
                }
                _ => interface.types.push(TypeDef {
                    doc: String::new(),
                    condition: None,
                    name: entry.name.into(),
                    features: entry.features()?,
                    place: None,
                    shape: self.shape(entry)?,
                }),
            }
        }
        self.kinds(&interface)?;
        Ok(interface)
    }

    /// The newest release that tells in this form, if it is not today's.
    fn form(&self) -> Option<Release> {
        let any = |f: &dyn Fn(&Entry) -> bool| self.all.iter().any(f);
        if any(&|e| e.name.starts_with(':')) {
            Some((2, 5))
        } else if any(&|e| e.json.get("allow-oob") == Some(&Json::Bool(false))) {
            Some((2, 12))
        } else if any(&|e| e.meta == "enum" && e.json.get("members").is_none()) {
            Some((6, 1))
        } else {
            None
        }
    }

    /// What the language demands of references, and readers of an interface rely on.
    fn kinds(&self, interface: &Interface) -> Result<()> {
        let object = |id: TypeId| interface.object(id).is_some();
        let types = self
            .all
            .iter()
            .filter(|e| e.meta != "command" && e.meta != "event");
        let mut known = HashMap::new();
        for (entry, ty) in types.zip(&interface.types) {
            let ok = match &ty.shape {
                Shape::Array(element) => interface.kind(*element) != JsonKind::Array,
                Shape::Object(o) => {
                    let tag = o.tag.as_ref().map(|tag| {
                        let member = o.members.iter().find(|m| m.name == *tag);
                        let ty = member.map(|m| interface.shape(m.ty));
                        matches!(ty, Some(Shape::Enum(_)))
                    });
                    tag != Some(false) && o.variants.iter().all(|v| object(v.ty))
                }
                Shape::Alternate(alternatives) => {
                    let alternate = |id: TypeId| interface.kind(id) == JsonKind::Value;
                    !alternatives.iter().any(|a| alternate(*a))
                }
                _ => true,
            };
            if !ok {
                return wrong(format!("{entry} refers to a type of the wrong kind"));
            }
            if ways(interface, self.ids[entry.name], MAX_BRANCHES.0, &mut known).is_none() {
                return wrong(format!("{entry} has branches in branches without end"));
            }
        }
        for command in &interface.commands {
            if !object(command.arguments) {
                return wrong(format!(
                    "the 'arg-type' of command '{}' is no object",
                    command.name
                ));
            }
        }
        for event in &interface.events {
            if !object(event.data) {
                return wrong(format!(
                    "the 'arg-type' of event '{}' is no object",
                    event.name
                ));
            }
        }
        Ok(())
    }

    fn command(&self, entry: &Entry) -> Result<Command> {
        Ok(Command {
            doc: String::new(),
            name: entry.name.into(),
            arguments: self.reference(entry, entry.json, "arg-type")?,
            returns: self.reference(entry, entry.json, "ret-type")?,
            features: entry.features()?,
            condition: None,
            allow_oob: entry.json.get("allow-oob") == Some(&Json::Bool(true)),
            allow_preconfig: false,
            success_response: true,
            open: false,
            place: None,
        })
    }

    fn event(&self, entry: &Entry) -> Result<Event> {
        Ok(Event {
            doc: String::new(),
            name: entry.name.into(),
            data: self.reference(entry, entry.json, "arg-type")?,
            features: entry.features()?,
            condition: None,
            place: None,
        })
    }

    fn shape(&self, entry: &Entry) -> Result<Shape> {
        Ok(match entry.meta {
            "builtin" => match Builtin::from_name(entry.name) {
                Some(builtin) => Shape::Builtin(builtin),
                None => return wrong(format!("{entry} is unknown")),
            },
            "array" => Shape::Array(self.reference(entry, entry.json, "element-type")?),
            "enum" => Shape::Enum(entry.values()?),
            "alternate" => {
                let alternative = |json| self.reference(entry, json, "type");
                let members = entry.list("members")?.iter();
                Shape::Alternate(members.map(alternative).collect::<Result<_>>()?)
            }
            _ => Shape::Object(self.object(entry)?),
        })
    }

    fn object(&self, entry: &Entry) -> Result<Object> {
        let mut object = Object {
            tag: entry.json.get("tag").and_then(Json::as_str).map(Name::from),
            ..Object::default()
        };
        for json in entry.list("members")? {
            object.members.push(Member {
                doc: String::new(),
                name: entry.text(json, "name")?,
                ty: self.reference(entry, json, "type")?,
                owner: None,
                optional: json.get("default").is_some(),
                features: entry.features_of(json)?,
                condition: None,
                line: None,
            });
        }
        if object.tag.is_some() {
            for json in entry.list("variants")? {
                object.variants.push(Variant {
                    case: entry.text(json, "case")?,
                    ty: self.reference(entry, json, "type")?,
                    condition: None,
                });
            }
        }
        Ok(object)
    }

    fn reference(&self, entry: &Entry, json: &Json, key: &str) -> Result<TypeId> {
        let name = entry.text(json, key)?;
        match self.ids.get(name.as_str()) {
            Some(id) => Ok(*id),
            None => wrong(format!(
                "{entry} refers to type '{name}', which is not there"
            )),
        }
    }
}

impl fmt::Display for Entry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} '{}'", self.meta, self.name)
    }
}

impl Entry<'_> {
    fn text(&self, json: &Json, key: &str) -> Result<Name> {
        match json.get(key).and_then(Json::as_str) {
            Some(text) => Ok(text.into()),
            None => wrong(format!("{self} has no '{key}' where one is due")),
        }
    }

    fn list(&self, key: &str) -> Result<&[Json]> {
        match self.json.get(key).and_then(Json::as_array) {
            Some(list) => Ok(list),
            None => wrong(format!("{self} has no list '{key}'")),
        }
    }

    /// The values of an enum: `members` since QEMU 6.2, names alone before.
    fn values(&self) -> Result<Vec<Value>> {
        let value = |name: Name, features| Value {
            name,
            features,
            condition: None,
            line: None,
        };
        if self.json.get("members").is_some() {
            let members = self.list("members")?.iter();
            return members
                .map(|json| Ok(value(self.text(json, "name")?, self.features_of(json)?)))
                .collect();
        }
        let names = self.list("values")?.iter();
        names
            .map(|json| match json.as_str() {
                Some(name) => Ok(value(name.into(), Vec::new())),
                None => wrong(format!("{self} has a value that is no string")),
            })
            .collect()
    }

    fn features(&self) -> Result<Vec<Name>> {
        self.features_of(self.json)
    }

    fn features_of(&self, json: &Json) -> Result<Vec<Name>> {
        let Some(list) = json.get("features") else {
            return Ok(Vec::new());
        };
        let name = |json: &Json| json.as_str().map(Name::from);
        let names: Option<Vec<Name>> = list.as_array().and_then(|l| l.iter().map(name).collect());
        match names {
            Some(names) => Ok(names),
            None => wrong(format!("the 'features' of {self} are no list of strings")),
        }
    }
}
