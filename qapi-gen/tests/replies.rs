//! What servers of other releases send has every member that the facts in `schema/` promise:
//! replies and events of real servers, and the least that the schemas of older releases allow.

use crate::common;
use qapi_gen::model::{JsonKind, Object, ObjectId, Schema, Type};
use qapi_gen::{Frontend, Releases};
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::fs;
use std::path::Path;

const INTERFACES: [(&str, &str); 3] = [
    ("qmp", "qapi/qapi-schema.json"),
    ("qga", "qga/qapi-schema.json"),
    ("qsd", "storage-daemon/qapi/qapi-schema.json"),
];

fn read(root: &Path) -> Schema {
    let schema = Frontend::new().legacy(true).read(root);
    schema.unwrap_or_else(|e| panic!("{}: {:?}", root.display(), e.diagnostics))
}

/// Our schema of an interface with its facts.
struct Expected {
    schema: Schema,
    facts: Releases,
}

impl Expected {
    fn of(interface: &str) -> Expected {
        let (name, root) = INTERFACES.iter().find(|(n, _)| *n == interface).unwrap();
        let facts = fs::read_to_string(common::data().join(format!("releases/{name}.txt")));
        Expected {
            schema: read(&common::data().join(root)),
            facts: Releases::parse(&facts.unwrap()).unwrap(),
        }
    }

    fn command(&self, name: &str, reply: &Value) {
        let mut commands = self.schema.commands();
        // A command that is gone has no type to decode into.
        if let Some(ty) = commands.find(|c| c.name == name).and_then(|c| c.returns) {
            self.value(ty, reply, name);
        }
    }

    fn event(&self, name: &str, data: Option<&Value>) {
        let mut events = self.schema.events();
        if let Some(ty) = events.find(|e| e.name == name).and_then(|e| e.data) {
            self.value(Type::Object(ty), data.unwrap_or(&json!({})), name);
        }
    }

    fn value(&self, ty: Type, value: &Value, path: &str) {
        match ty {
            Type::Object(id) => {
                let value = value.as_object();
                let value = value.unwrap_or_else(|| panic!("{path} is not an object"));
                self.object(id, value, path);
            }
            Type::Array(id) => {
                let items = value.as_array();
                let items = items.unwrap_or_else(|| panic!("{path} is not an array"));
                let element = self.schema.array(id).element;
                items
                    .iter()
                    .for_each(|item| self.value(element, item, &format!("{path}[]")));
            }
            Type::Alternate(id) => {
                let alternatives = &self.schema.alternate(id).alternatives;
                for alternative in alternatives.iter().filter(|a| takes(a.ty, value)) {
                    self.value(alternative.ty, value, path);
                }
            }
            Type::Enum(_) | Type::Builtin(_) => {}
        }
    }

    fn object(&self, id: ObjectId, value: &Map<String, Value>, path: &str) {
        let object = self.schema.object(id);
        for (owner, member) in self.schema.all_members(object) {
            let path = format!("{path}.{}", member.name);
            match value.get(member.name.as_str()) {
                Some(value) => self.value(member.ty, value, &path),
                None => assert!(
                    member.optional || !self.facts.member(&owner.name, &member.name).always,
                    "{path} is missing"
                ),
            }
        }
        if let Some(branch) = self.branch(object, value) {
            self.object(branch, value, path);
        }
    }

    fn branch(&self, object: &Object, value: &Map<String, Value>) -> Option<ObjectId> {
        let variants = object.variants.as_ref()?;
        let tag = match value.get(variants.tag.as_str()) {
            Some(tag) => tag.as_str()?,
            None => self.facts.untagged(&object.name)?.branch?,
        };
        let branch = variants.branches.iter().find(|b| b.value == tag)?;
        Some(branch.object)
    }
}

fn takes(ty: Type, value: &Value) -> bool {
    match ty {
        Type::Object(_) => value.is_object(),
        Type::Array(_) => value.is_array(),
        Type::Enum(_) => value.is_string(),
        Type::Alternate(_) => false,
        Type::Builtin(builtin) => match builtin.json_kind() {
            JsonKind::String => value.is_string(),
            JsonKind::Number | JsonKind::Int => value.is_number(),
            JsonKind::Boolean => value.is_boolean(),
            JsonKind::Null => value.is_null(),
            _ => true,
        },
    }
}

#[test]
fn real_servers_send_what_is_promised() {
    let Some(folder) = common::corpus("transcripts") else {
        return;
    };
    let (mut replies, mut events) = (0, 0);
    for entry in fs::read_dir(folder.join("transcripts")).unwrap() {
        let path = entry.unwrap().path();
        let interface = match path.file_name().and_then(|n| n.to_str()).unwrap() {
            name if name.starts_with("qemu-") => "qmp",
            name if name.starts_with("qga-") => "qga",
            name if name.starts_with("qsd-") => "qsd",
            _ => continue,
        };
        let expected = Expected::of(interface);
        let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
        let mut asked: HashMap<String, String> = HashMap::new();
        for line in text.lines() {
            let Some((side, message)) = line.split_once(": ") else {
                continue;
            };
            let Ok(message) = serde_json::from_str::<Value>(message) else {
                continue;
            };
            let id = message.get("id").map(Value::to_string);
            let command = message.get("execute").or(message.get("exec-oob"));
            if side == "C" {
                if let (Some(id), Some(Value::String(command))) = (id, command) {
                    asked.insert(id, command.clone());
                }
            } else if side == "S" {
                let command = id.and_then(|id| asked.remove(&id));
                if let (Some(command), Some(reply)) = (command, message.get("return")) {
                    expected.command(&command, reply);
                    replies += 1;
                }
                if let Some(Value::String(event)) = message.get("event") {
                    expected.event(event, message.get("data"));
                    events += 1;
                }
            }
        }
    }
    assert!(
        replies > 500 && events > 100,
        "{replies} replies, {events} events"
    );
}

/// Makes the least that a release may send: no optional member, none with a condition.
struct Least<'s> {
    schema: &'s Schema,
    /// Which branch and alternative to take, where there are several.
    choice: usize,
}

/// Arrays nested deeper than this are empty.
const DEPTH: usize = 8;

/// More than any union has branches.
const CHOICES: usize = 64;

impl Least<'_> {
    fn value(&self, ty: Type, depth: usize) -> Value {
        let schema = self.schema;
        match ty {
            Type::Builtin(builtin) => match builtin.json_kind() {
                JsonKind::String => json!(""),
                JsonKind::Number | JsonKind::Int => json!(1),
                JsonKind::Boolean => json!(true),
                _ => Value::Null,
            },
            Type::Enum(id) => match schema.enum_(id).values.first() {
                Some(value) => json!(value.name.as_str()),
                None => Value::Null,
            },
            Type::Array(_) if depth > DEPTH => json!([]),
            Type::Array(id) => json!([self.value(schema.array(id).element, depth + 1)]),
            Type::Alternate(id) => {
                let alternatives = &schema.alternate(id).alternatives;
                self.value(alternatives[self.choice % alternatives.len()].ty, depth)
            }
            Type::Object(id) => Value::Object(self.object(id, depth)),
        }
    }

    fn object(&self, id: ObjectId, depth: usize) -> Map<String, Value> {
        let object = self.schema.object(id);
        let mut out = Map::new();
        for (_, member) in self.schema.all_members(object) {
            if !member.optional && member.condition.is_none() {
                let value = self.value(member.ty, depth + 1);
                out.insert(member.name.to_string(), value);
            }
        }
        if let Some(variants) = &object.variants {
            let branch = &variants.branches[self.choice % variants.branches.len()];
            out.insert(variants.tag.to_string(), json!(branch.value.as_str()));
            out.extend(self.object(branch.object, depth));
        }
        out
    }
}

#[test]
fn the_least_that_a_release_sends_is_what_is_promised() {
    let Some(folder) = common::corpus("schemas") else {
        return;
    };
    for (interface, root) in INTERFACES {
        let expected = Expected::of(interface);
        for release in common::releases() {
            let schema = read(&folder.join("schemas").join(release).join(root));
            for choice in 0..CHOICES {
                let least = Least {
                    schema: &schema,
                    choice,
                };
                for command in schema.commands() {
                    let reply = match command.returns {
                        Some(ty) => least.value(ty, 0),
                        None => json!({}),
                    };
                    expected.command(&command.name, &reply);
                }
                for event in schema.events() {
                    let data = event.data.map(|id| Value::Object(least.object(id, 0)));
                    expected.event(&event.name, data.as_ref());
                }
            }
        }
    }
}
