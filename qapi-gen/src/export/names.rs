//! What types and messages are called in other languages.

use crate::interface::{Interface, Shape, TypeId};
use std::collections::{BTreeSet, HashMap};

/// Names for definitions. Each is unique.
pub(super) struct Names {
    types: HashMap<TypeId, String>,
    /// The types that have definitions, in order.
    pub(super) order: Vec<TypeId>,
    /// Of requests and replies, in the order of commands.
    pub(super) requests: Vec<String>,
    pub(super) replies: Vec<String>,
    /// Of events, in their order.
    pub(super) events: Vec<String>,
}

/// Names of messages of no command or event.
pub(super) const MESSAGES: [&str; 7] = [
    "Greeting",
    "Request",
    "Reply",
    "ErrorReply",
    "Event",
    "Commands",
    "Events",
];

impl Names {
    /// Names beside those of messages, and those that mean something else in the language.
    pub(super) fn of(interface: &Interface, reserved: &[&str]) -> Names {
        let taken = MESSAGES.iter().chain(reserved);
        let mut taken: BTreeSet<String> = taken.map(|name| (*name).to_owned()).collect();
        let mut types = HashMap::new();
        let mut order = Vec::new();
        // The names that a schema gives are kept.
        for named in [true, false] {
            for (at, ty) in interface.types.iter().enumerate() {
                let definite = match ty.shape {
                    Shape::Builtin(_) | Shape::Array(_) => false,
                    Shape::Enum(_) | Shape::Object(_) | Shape::Alternate(_) => true,
                };
                let arguments = ty.name.starts_with("q_obj_") && ty.name.ends_with("-arg");
                if !definite || arguments || ty.name == "q_empty" || ty.is_nameless() == named {
                    continue;
                }
                let name = match named {
                    true => ty.name.to_string(),
                    false => camel(ty.name.trim_start_matches("q_obj_")),
                };
                types.insert(TypeId(at), unique(name, &mut taken));
                order.push(TypeId(at));
            }
        }
        order.sort();
        let commands = interface.commands.iter().map(|c| camel(&c.name));
        let mut message = |name: String, suffix: &str| unique(name + suffix, &mut taken);
        let requests = commands
            .clone()
            .map(|name| message(name, "Request"))
            .collect();
        let replies = commands.map(|name| message(name, "Reply")).collect();
        let events = interface.events.iter().map(|e| camel(&e.name));
        let events = events.map(|name| message(name, "Event")).collect();
        Names {
            types,
            order,
            requests,
            replies,
            events,
        }
    }

    /// The name of a type that has a definition.
    pub(super) fn ty(&self, id: TypeId) -> Option<&str> {
        self.types.get(&id).map(String::as_str)
    }
}

fn unique(name: String, taken: &mut BTreeSet<String>) -> String {
    let mut unique = name.clone();
    let mut number = 2;
    while !taken.insert(unique.clone()) {
        unique = format!("{name}{number}");
        number += 1;
    }
    unique
}

/// Words written together, each with a capital: `query-block` and `BLOCK_JOB_READY` alike.
pub(super) fn camel(text: &str) -> String {
    let shouted = !text.contains(|c: char| c.is_ascii_lowercase());
    let mut out = String::new();
    for word in text.split(|c: char| !c.is_ascii_alphanumeric()) {
        let mut chars = word.chars();
        out.extend(chars.next().map(|c| c.to_ascii_uppercase()));
        match shouted {
            true => out.push_str(&chars.as_str().to_ascii_lowercase()),
            false => out.push_str(chars.as_str()),
        }
    }
    out
}
