//! What two interfaces have that somebody may say to use.

use crate::interface::{Interface, Shape, TypeId};
use crate::suggest::closest;
use std::collections::{BTreeMap, BTreeSet};

/// Commands, events and types, each with its parts.
pub(super) struct Known<'i> {
    all: BTreeMap<&'i str, BTreeSet<&'i str>>,
    /// The names of some types are hidden.
    introspected: bool,
}

impl<'i> Known<'i> {
    pub(super) fn of(sides: [&'i Interface; 2]) -> Known<'i> {
        let mut known = Known {
            all: BTreeMap::new(),
            introspected: sides.iter().any(|side| side.introspected),
        };
        for side in sides {
            for command in &side.commands {
                known.parts(side, &command.name, command.arguments);
            }
            for event in &side.events {
                known.parts(side, &event.name, event.data);
            }
            for (at, ty) in side.types.iter().enumerate() {
                if !ty.is_nameless() {
                    known.parts(side, &ty.name, TypeId(at));
                }
            }
        }
        known
    }

    fn parts(&mut self, side: &'i Interface, name: &'i str, id: TypeId) {
        let mut parts: Vec<&str> = Vec::new();
        match side.shape(id) {
            Shape::Builtin(_) | Shape::Array(_) => {}
            Shape::Enum(values) => parts.extend(values.iter().map(|v| v.name.as_str())),
            Shape::Alternate(alternatives) => {
                parts.extend(alternatives.iter().map(|a| side.kind(*a).as_str()));
            }
            Shape::Object(object) => {
                parts.extend(object.variants.iter().map(|v| v.case.as_str()));
                for member in &object.members {
                    parts.push(&member.name);
                    // Bases are flattened, but changes name them.
                    if let Some(owner) = &member.owner {
                        let base = self.all.entry(owner).or_default();
                        base.insert(&member.name);
                    }
                }
                let branches = object.variants.iter().filter_map(|v| side.object(v.ty));
                let members = branches.flat_map(|branch| &branch.members);
                parts.extend(members.map(|member| member.name.as_str()));
            }
        }
        self.all.entry(name).or_default().extend(parts);
    }

    /// What is wrong with a name, if it is none of these.
    pub(super) fn doubt(&self, name: &str) -> Option<String> {
        if self.all.contains_key(name) {
            return None;
        }
        // Names may have dots, as those of downstreams.
        let splits = name
            .match_indices('.')
            .map(|(at, _)| (&name[..at], &name[at + 1..]));
        let whole = splits
            .filter_map(|(whole, part)| Some((whole, part, self.all.get(whole)?)))
            .next_back();
        let (message, meant) = match whole {
            Some((_, part, parts)) if parts.contains(part) => return None,
            Some((whole, part, parts)) => {
                let meant = closest(part, &mut parts.iter().copied());
                let meant = meant.map(|part| format!("{whole}.{part}"));
                (format!("neither side has '{part}' in '{whole}'"), meant)
            }
            None if self.introspected && is_type_name(name) => return None,
            None => {
                let (start, part) = match name.split_once('.') {
                    Some((start, part)) => (start, format!(".{part}")),
                    None => (name, String::new()),
                };
                let meant = closest(start, &mut self.all.keys().copied());
                let meant = meant.map(|start| format!("{start}{part}"));
                let message = format!("neither side has a command, event or type '{start}'");
                (message, meant)
            }
        };
        let hint = meant.map_or_else(String::new, |name| format!("; did you mean '{name}'?"));
        Some(message + &hint)
    }
}

/// Whether it is in the case of types, as far as one can tell.
fn is_type_name(name: &str) -> bool {
    let name = name.split('.').next().unwrap_or_default();
    name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.contains(|c: char| c.is_ascii_lowercase())
}
