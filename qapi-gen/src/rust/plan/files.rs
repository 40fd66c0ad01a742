//! What is there under the predicates that files were given.

use crate::model::*;
use crate::rust::condition::Presence;
use crate::rust::options::Options;

/// Which types each predicate has. With a type it has all that the type needs, so that whichever of them hold, what is
/// there is whole.
#[derive(Default)]
pub(super) struct Files<'s> {
    /// Those of files without a predicate; `None` if no file has one.
    always: Option<Reachable>,
    under: Vec<(&'s str, Reachable)>,
}

impl<'s> Files<'s> {
    pub(super) fn of(schema: &Schema, options: &'s Options) -> Files<'s> {
        if options.file_cfgs.is_empty() {
            return Files::default();
        }
        let mut predicates: Vec<&str> = Vec::new();
        for (_, predicate) in &options.file_cfgs {
            if !predicates.contains(&predicate.as_str()) {
                predicates.push(predicate);
            }
        }
        let needed = |predicate: Option<&str>| {
            let all = schema.definitions().iter().copied();
            let mine = all.filter(|&it| {
                let file = schema.module_of(it);
                file.and_then(|file| options.file_cfg(schema, file)) == predicate
            });
            schema.reachable_types(mine.flat_map(|it| types_of(schema, it)))
        };
        Files {
            always: Some(needed(None)),
            under: predicates
                .into_iter()
                .map(|predicate| (predicate, needed(Some(predicate))))
                .collect(),
        }
    }

    /// When a type is there.
    pub(super) fn presence(&self, ty: Type) -> Presence {
        let Some(always) = &self.always else {
            return Presence::Always;
        };
        let needing = self.under.iter().filter(|(_, types)| types.contains(ty));
        let predicates: Vec<&str> = needing.map(|(predicate, _)| *predicate).collect();
        match predicates.as_slice() {
            _ if always.contains(ty) => Presence::Always,
            // Built in.
            [] => Presence::Always,
            [one] => Presence::If((*one).to_owned()),
            several => Presence::If(format!("any({})", several.join(", "))),
        }
    }
}

/// The type that a definition is, or those that it uses.
fn types_of(schema: &Schema, definition: Definition) -> Vec<Type> {
    match definition {
        Definition::Enum(id) => vec![Type::Enum(id)],
        Definition::Object(id) => vec![Type::Object(id)],
        Definition::Alternate(id) => vec![Type::Alternate(id)],
        Definition::Command(id) => schema.types_of(Root::Command(id)).collect(),
        Definition::Event(id) => schema.types_of(Root::Event(id)).collect(),
    }
}
