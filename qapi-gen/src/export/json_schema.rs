//! JSON Schema, 2020-12.

use super::names::Names;
use super::shapes::{Case, cases, demands};
use crate::interface::{Interface, Member, Shape, TypeId, has};
use crate::model::Builtin;
use crate::names::Name;
use serde_json::{Map, Value, json};

pub(super) fn document(interface: &Interface, names: &Names, title: &str) -> String {
    let schemas = Schemas {
        interface,
        names,
        prefix: "#/$defs/",
    };
    let mut defs = schemas.types();
    schemas.messages(&mut defs);
    let any = ["Greeting", "Request", "Reply", "ErrorReply", "Event"];
    let document = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "anyOf": any.map(|name| schemas.reference(name)),
        "$defs": defs,
    });
    format!("{document:#}\n")
}

/// Writes schemas of types; OpenRPC has them, too.
pub(super) struct Schemas<'i> {
    pub(super) interface: &'i Interface,
    pub(super) names: &'i Names,
    /// What references to definitions start with.
    pub(super) prefix: &'i str,
}

impl Schemas<'_> {
    pub(super) fn reference(&self, name: &str) -> Value {
        json!({ "$ref": format!("{}{name}", self.prefix) })
    }

    /// The definitions of all types that have names.
    pub(super) fn types(&self) -> Map<String, Value> {
        let definition = |id: &TypeId| {
            let name = self.names.ty(*id)?;
            let mut definition = self.definition(*id);
            describe(&mut definition, &self.documentation(*id));
            Some((name.to_owned(), definition))
        };
        self.names.order.iter().filter_map(definition).collect()
    }

    /// What a type is, and what those of its members are whose schemas are references: remarks beside these are lost on
    /// some tools, or lead them astray.
    fn documentation(&self, id: TypeId) -> String {
        let mut text = self.interface.ty(id).doc.clone();
        for member in self
            .interface
            .object(id)
            .into_iter()
            .flat_map(|o| &o.members)
        {
            if self.names.ty(member.ty).is_some() && !member.doc.is_empty() {
                let gap = if text.is_empty() { "" } else { "\n\n" };
                text += &format!("{gap}{}: {}", member.name, member.doc);
            }
        }
        text
    }

    /// What may stand where a type is used.
    pub(super) fn ty(&self, id: TypeId) -> Value {
        if let Some(name) = self.names.ty(id) {
            return self.reference(name);
        }
        self.definition(id)
    }

    fn definition(&self, id: TypeId) -> Value {
        match self.interface.shape(id) {
            Shape::Builtin(builtin) => self.builtin(*builtin),
            Shape::Array(element) => json!({ "type": "array", "items": self.ty(*element) }),
            Shape::Enum(values) => {
                let names: Vec<&Name> = values.iter().map(|v| &v.name).collect();
                let names = names.iter().map(|name| name.as_str());
                json!({ "type": "string", "enum": names.collect::<Vec<_>>() })
            }
            Shape::Alternate(alternatives) => {
                let any: Vec<Value> = alternatives.iter().map(|a| self.ty(*a)).collect();
                json!({ "anyOf": any })
            }
            Shape::Object(_) => self.object(id, false),
        }
    }

    /// An object; `open` if it may have members that are not listed.
    pub(super) fn object(&self, id: TypeId, open: bool) -> Value {
        let mut cases: Vec<Value> = cases(self.interface, id)
            .iter()
            .map(|case| self.case(case, open))
            .collect();
        match cases.len() {
            1 => cases.remove(0),
            // A union without values is never sent.
            0 => json!({ "not": {} }),
            _ => json!({ "oneOf": cases }),
        }
    }

    fn case(&self, case: &Case, open: bool) -> Value {
        let mut properties = Map::new();
        let mut required = Vec::new();
        for member in &case.members {
            let value = match case.tags.get(member.name.as_str()) {
                Some(values) => match values.as_slice() {
                    [value] => json!({ "const": value.as_str() }),
                    values => {
                        let values: Vec<&str> = values.iter().map(|v| v.as_str()).collect();
                        json!({ "enum": values })
                    }
                },
                None => self.member(member),
            };
            properties.insert(member.name.to_string(), value);
            if !member.optional {
                required.push(member.name.as_str());
            }
        }
        let mut object = json!({ "type": "object", "properties": properties });
        if !required.is_empty() {
            object["required"] = json!(required);
        }
        if !open {
            object["additionalProperties"] = false.into();
        }
        object
    }

    fn member(&self, member: &Member) -> Value {
        let mut schema = self.ty(member.ty);
        annotate(&mut schema, &member.features);
        if schema.get("$ref").is_none() {
            describe(&mut schema, &member.doc);
        }
        schema
    }

    fn builtin(&self, builtin: Builtin) -> Value {
        let integer =
            |min: i64, max: u64| json!({ "type": "integer", "minimum": min, "maximum": max });
        let signed = |max: i64| integer(-max - 1, max as u64);
        match builtin {
            Builtin::Str => json!({ "type": "string" }),
            Builtin::Number => json!({ "type": "number" }),
            Builtin::Bool => json!({ "type": "boolean" }),
            Builtin::Null => json!({ "type": "null" }),
            Builtin::Any => json!({}),
            Builtin::Int8 => signed(i8::MAX.into()),
            Builtin::Int16 => signed(i16::MAX.into()),
            Builtin::Int32 => signed(i32::MAX.into()),
            Builtin::Int | Builtin::Int64 => signed(i64::MAX),
            Builtin::Uint8 => integer(0, u8::MAX.into()),
            Builtin::Uint16 => integer(0, u16::MAX.into()),
            Builtin::Uint32 => integer(0, u32::MAX.into()),
            Builtin::Uint64 | Builtin::Size => integer(0, u64::MAX),
        }
    }

    /// The messages of the protocol.
    fn messages(&self, defs: &mut Map<String, Value>) {
        let object = |properties: Value, required: &[&str]| {
            json!({
                "type": "object",
                "properties": properties,
                "required": required,
                "additionalProperties": false,
            })
        };
        let commands = &self.interface.commands;
        for (command, names) in commands
            .iter()
            .zip(self.names.requests.iter().zip(&self.names.replies))
        {
            let arguments = match command.open {
                true => self.object(command.arguments, true),
                false => self.ty(command.arguments),
            };
            let request = |key: &str| {
                let properties = json!({ key: { "const": command.name.as_str() }, "arguments": arguments, "id": {} });
                match demands(self.interface, command.arguments) {
                    true => object(properties, &[key, "arguments"]),
                    false => object(properties, &[key]),
                }
            };
            let mut schema = match command.allow_oob {
                true => json!({ "oneOf": [request("execute"), request("exec-oob")] }),
                false => request("execute"),
            };
            annotate(&mut schema, &command.features);
            describe(&mut schema, &command.doc);
            defs.insert(names.0.clone(), schema);
            let properties = json!({ "return": self.ty(command.returns), "id": {} });
            defs.insert(names.1.clone(), object(properties, &["return"]));
        }
        let timestamp = object(
            json!({ "seconds": { "type": "integer" }, "microseconds": { "type": "integer" } }),
            &["seconds", "microseconds"],
        );
        for (event, name) in self.interface.events.iter().zip(&self.names.events) {
            let properties = json!({
                "event": { "const": event.name.as_str() },
                "data": self.ty(event.data),
                "timestamp": timestamp,
            });
            let mut schema = match demands(self.interface, event.data) {
                true => object(properties, &["event", "data", "timestamp"]),
                false => object(properties, &["event", "timestamp"]),
            };
            annotate(&mut schema, &event.features);
            describe(&mut schema, &event.doc);
            defs.insert(name.clone(), schema);
        }
        let any = |names: &[String]| match names.is_empty() {
            true => json!({ "not": {} }),
            false => {
                let any: Vec<Value> = names.iter().map(|name| self.reference(name)).collect();
                json!({ "anyOf": any })
            }
        };
        let text = json!({ "type": "string" });
        let error = object(json!({ "class": text, "desc": text }), &["class", "desc"]);
        // A server says more of itself than what is needed to talk to it.
        let greeting = json!({
            "type": "object",
            "properties": { "capabilities": { "type": "array", "items": text }, "version": { "type": "object" } },
            "required": ["version", "capabilities"],
        });
        for (name, schema) in [
            ("Request", any(&self.names.requests)),
            ("Event", any(&self.names.events)),
            (
                "Reply",
                object(json!({ "return": {}, "id": {} }), &["return"]),
            ),
            (
                "ErrorReply",
                object(json!({ "error": error, "id": {} }), &["error"]),
            ),
            ("Greeting", object(json!({ "QMP": greeting }), &["QMP"])),
        ] {
            defs.insert(name.to_owned(), schema);
        }
    }
}

/// Says what something is.
pub(super) fn describe(schema: &mut Value, doc: &str) {
    if !doc.is_empty() {
        schema["description"] = doc.into();
    }
}

/// Marks what is deprecated, and says what else is special about it.
fn annotate(schema: &mut Value, features: &[Name]) {
    if has(features, "deprecated") {
        schema["deprecated"] = true.into();
    }
    let others: Vec<&str> = features
        .iter()
        .map(Name::as_str)
        .filter(|f| *f != "deprecated")
        .collect();
    if !others.is_empty() {
        schema["$comment"] = format!("features: {}", others.join(", ")).into();
    }
}
