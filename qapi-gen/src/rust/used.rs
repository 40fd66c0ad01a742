//! The list of what is generated, for `qapi-gen diff --used-by`.

use super::plan::Plan;
use super::{Error, Options};
use crate::model::{Definition, ObjectKind, Root, Schema, Type};
use std::fmt::Write as _;

/// Commands, events and types, and their parts, one a line.
pub(crate) fn list(schema: &Schema, options: &Options) -> Result<String, Error> {
    let plan = Plan::new(schema, options)?;
    let commands = plan.all_commands().map(|(command, _)| command);
    let events = plan.all_events().map(|(event, _)| event);
    let roots = commands.clone().map(|command| Root::Command(command.id));
    let reached = schema.reachable(roots.chain(events.clone().map(|event| Root::Event(event.id))));
    let mut out = "# What generated code uses; for qapi-gen diff --used-by.\n".to_owned();
    for command in commands {
        _ = writeln!(out, "{}", command.name);
    }
    for event in events {
        _ = writeln!(out, "{}", event.name);
    }
    for &definition in schema.definitions() {
        let name = schema.name(definition);
        let mut parts = |name: &str, parts: &mut dyn Iterator<Item = &str>| {
            for part in parts {
                _ = writeln!(out, "{name}.{part}");
            }
        };
        match definition {
            Definition::Enum(id) if reached.contains(Type::Enum(id)) => {
                let values = &schema.enum_(id).values;
                parts(name, &mut values.iter().map(|value| value.name.as_str()));
            }
            Definition::Alternate(id) if reached.contains(Type::Alternate(id)) => {
                // On the wire they are told apart by their kinds.
                let alternatives = &schema.alternate(id).alternatives;
                parts(name, &mut alternatives.iter().map(|a| kind(a.ty)));
            }
            Definition::Object(id) if reached.contains(Type::Object(id)) => {
                let object = schema.object(id);
                let name = match object.kind {
                    ObjectKind::Struct | ObjectKind::Union => name,
                    ObjectKind::Arguments(Root::Command(id)) => &schema.command(id).name,
                    ObjectKind::Arguments(Root::Event(id)) => &schema.event(id).name,
                    ObjectKind::Base(union) => &schema.object(union).name,
                    ObjectKind::Wrapper | ObjectKind::Empty => continue,
                };
                parts(name, &mut object.members.iter().map(|m| m.name.as_str()));
                let branches = object.variants.iter().flat_map(|v| &v.branches);
                let branches = branches.filter(|branch| branch.explicit);
                parts(name, &mut branches.map(|branch| branch.value.as_str()));
            }
            _ => {}
        }
    }
    Ok(out)
}

fn kind(ty: Type) -> &'static str {
    use crate::model::JsonKind;
    match ty {
        Type::Builtin(builtin) => builtin.json_kind(),
        Type::Enum(_) => JsonKind::String,
        Type::Object(_) => JsonKind::Object,
        Type::Array(_) => JsonKind::Array,
        Type::Alternate(_) => JsonKind::Value,
    }
    .as_str()
}
