//! OpenRPC, 1.3.

use super::json_schema::{Schemas, describe};
use super::names::Names;
use super::shapes::cases;
use crate::interface::{Interface, TypeId, has};
use serde_json::{Value, json};

pub(super) fn document(interface: &Interface, names: &Names, title: &str) -> String {
    let schemas = Schemas {
        interface,
        names,
        prefix: "#/components/schemas/",
    };
    let commands = interface.commands.iter().map(|command| {
        let mut method = json!({
            "name": command.name.as_str(),
            "paramStructure": "by-name",
            "params": params(&schemas, command.arguments),
            "result": { "name": "return", "schema": schemas.ty(command.returns) },
            "deprecated": has(&command.features, "deprecated"),
            "x-arguments": schemas.object(command.arguments, command.open),
            "x-features": command.features.iter().map(|f| f.as_str()).collect::<Vec<_>>(),
            "x-allow-oob": command.allow_oob,
        });
        describe(&mut method, &command.doc);
        method
    });
    let events = interface.events.iter().map(|event| {
        let mut method = json!({
            "name": event.name.as_str(),
            "tags": [{ "name": "event" }],
            "paramStructure": "by-name",
            "params": params(&schemas, event.data),
            "deprecated": has(&event.features, "deprecated"),
            "x-features": event.features.iter().map(|f| f.as_str()).collect::<Vec<_>>(),
        });
        describe(&mut method, &event.doc);
        method
    });
    let document = json!({
        "openrpc": "1.3.2",
        "info": { "title": title, "version": "0" },
        "methods": commands.chain(events).collect::<Vec<_>>(),
        "components": { "schemas": schemas.types() },
    });
    format!("{document:#}\n")
}

/// The members of an object one by one. Of a union's, those of branches are optional: `x-arguments` says which go together.
fn params(schemas: &Schemas, id: TypeId) -> Vec<Value> {
    let mut params: Vec<Value> = Vec::new();
    let own = schemas.interface.object(id).map_or(&[][..], |o| &o.members);
    let cases = cases(schemas.interface, id);
    let in_branches = cases.iter().flat_map(|case| &case.members).copied();
    for member in own.iter().chain(in_branches) {
        if params.iter().any(|p| p["name"] == member.name.as_str()) {
            continue;
        }
        let base = own.iter().any(|m| m.name == member.name);
        let mut param = json!({
            "name": member.name.as_str(),
            "required": base && !member.optional,
            "deprecated": has(&member.features, "deprecated"),
            "schema": schemas.ty(member.ty),
        });
        describe(&mut param, &member.doc);
        params.push(param);
    }
    // Those that are required come first, as the specification has it.
    params.sort_by_key(|param| param["required"] != true);
    params
}
