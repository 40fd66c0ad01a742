//! What is generated, and what everything is called: all decisions, made before anything is written.

mod bases;
mod check;
mod cycles;
mod elsewhere;
mod files;
mod late;
mod name;
mod place;
mod received;
mod record;
mod ty;
mod variants;

pub(crate) use elsewhere::Differences;
pub(crate) use late::LastWith;
pub(crate) use record::{Demand, Field, Record, Rest, RestKind, Union};
pub(crate) use ty::Ty;
pub(crate) use variants::{Alternative, Branch};

use super::code::{self, Path};
use super::condition::Presence;
use super::error::Error;
use super::glob::Glob;
use super::names::Ident;
use super::options::Options;
use crate::model::*;
use bases::Bases;
use cycles::Cycles;
use files::Files;
use received::received;

/// Where a definition's Rust item is.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// Nowhere: not asked for, or its condition does not hold.
    Absent,
    /// In the generated file.
    Here(Presence),
    /// In this module, which has it under the same name; the generated file re-exports it.
    Elsewhere(Path),
}

impl Place {
    pub(crate) fn is_absent(&self) -> bool {
        matches!(self, Place::Absent)
    }
}

/// The Rust item of a definition.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) ident: Ident,
    pub(crate) place: Place,
}

impl Item {
    /// Whether the generated file defines it.
    pub(crate) fn is_here(&self) -> bool {
        matches!(self.place, Place::Here(_))
    }

    /// When it is there, if it is there at all.
    pub(crate) fn presence(&self) -> &Presence {
        match &self.place {
            Place::Here(presence) => presence,
            _ => &Presence::Always,
        }
    }

    /// Whether it is another crate's.
    pub(crate) fn is_elsewhere(&self) -> bool {
        matches!(self.place, Place::Elsewhere(_))
    }
}

/// In which module of the generated file code stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Module {
    /// The generated file itself.
    Root,
    /// `commands` or `events`.
    Inner,
}

/// Names and places of everything in the generated file.
pub(crate) struct Plan<'s> {
    pub(crate) schema: &'s Schema,
    pub(crate) options: &'s Options,
    /// The crate of the codec.
    pub(crate) types: Path,
    enums: Vec<Item>,
    objects: Vec<Item>,
    alternates: Vec<Item>,
    commands: Vec<Item>,
    events: Vec<Item>,
    /// By object: the enum of a union's branches.
    branches: Vec<Ident>,
    /// The enum of all events.
    pub(crate) event_enum: Ident,
    /// The service trait.
    pub(crate) service_trait: Ident,
    differences: Differences<'s>,
    files: Files<'s>,
    bases: Bases,
    cycles: Cycles,
    /// By object: whether a client receives it.
    received: Vec<bool>,
}

impl<'s> Plan<'s> {
    pub(crate) fn new(schema: &'s Schema, options: &'s Options) -> Result<Plan<'s>, Error> {
        let mut plan = Plan {
            schema,
            options,
            types: Path::new(&options.types_crate),
            enums: Vec::new(),
            objects: Vec::new(),
            alternates: Vec::new(),
            commands: Vec::new(),
            events: Vec::new(),
            branches: Vec::new(),
            event_enum: Ident::default(),
            service_trait: Ident::default(),
            differences: Differences::of(schema, options),
            files: Files::of(schema, options),
            bases: Bases::of(schema),
            cycles: Cycles::of(schema),
            received: received(schema),
        };
        code::check(options)?;
        plan.name();
        plan.check_patterns()?;
        plan.place();
        plan.check_required()?;
        plan.check_presence()?;
        Ok(plan)
    }

    /// When something with this condition is there.
    pub(crate) fn presence(&self, condition: Option<&Condition>) -> Presence {
        Presence::of(condition, &self.options.conditions)
    }

    pub(crate) fn enum_item(&self, id: EnumId) -> &Item {
        &self.enums[id.index()]
    }

    pub(crate) fn object_item(&self, id: ObjectId) -> &Item {
        &self.objects[id.index()]
    }

    pub(crate) fn alternate_item(&self, id: AlternateId) -> &Item {
        &self.alternates[id.index()]
    }

    pub(crate) fn command_item(&self, id: CommandId) -> &Item {
        &self.commands[id.index()]
    }

    pub(crate) fn event_item(&self, id: EventId) -> &Item {
        &self.events[id.index()]
    }

    /// The item of a definition.
    pub(crate) fn item(&self, definition: Definition) -> &Item {
        match definition {
            Definition::Enum(id) => self.enum_item(id),
            Definition::Object(id) => self.object_item(id),
            Definition::Alternate(id) => self.alternate_item(id),
            Definition::Command(id) => self.command_item(id),
            Definition::Event(id) => self.event_item(id),
        }
    }

    /// The types that other modules have, branches of unions included.
    pub(crate) fn types_elsewhere(&self) -> Vec<Item> {
        let types = self
            .enums
            .iter()
            .chain(&self.objects)
            .chain(&self.alternates);
        let mut items: Vec<Item> = types.cloned().collect();
        for (item, branch) in self.objects.iter().zip(&self.branches) {
            if !branch.is_empty() {
                items.push(Item {
                    ident: branch.clone(),
                    place: item.place.clone(),
                });
            }
        }
        items.retain(|item| item.is_elsewhere());
        items
    }

    /// The enum of a union's branches.
    pub(crate) fn branch_enum(&self, union: ObjectId) -> &Ident {
        &self.branches[union.index()]
    }

    /// Whether a client receives an object, so that it keeps members which the schema lacks.
    pub(crate) fn is_received(&self, object: ObjectId) -> bool {
        self.received[object.index()]
    }

    /// Whether a member of that type has to be boxed in that object.
    pub(crate) fn is_boxed(&self, object: ObjectId, member: Type) -> bool {
        matches!(member, Type::Object(id) if self.cycles.closes(object, id))
    }

    /// Whether a mandatory member of that type, in that object, can never be there, since it would hold such a member too.
    pub(crate) fn never_ends(&self, object: ObjectId, member: &Member) -> bool {
        !member.optional
            && matches!(member.ty, Type::Object(id) if self.cycles.never_ends(object, id))
    }

    /// The derives and attributes that the caller asked for, for an item by its schema name.
    pub(crate) fn extra_attributes(&self, name: &str) -> (Vec<&'s str>, Vec<&'s str>) {
        let matching = |list: &'s [(Glob, String)]| {
            list.iter()
                .filter(|(glob, _)| glob.matches(name))
                .map(|(_, text)| text.as_str())
                .collect()
        };
        (
            matching(&self.options.derives),
            matching(&self.options.attributes),
        )
    }

    /// The commands that are in the generated file, re-exported ones included.
    pub(crate) fn all_commands(&self) -> impl Iterator<Item = (&'s Command, &Item)> + Clone {
        let commands = self.schema.commands.iter().zip(&self.commands);
        commands.filter(|(_, item)| !item.place.is_absent())
    }

    /// The events that are in the generated file, re-exported ones included.
    pub(crate) fn all_events(&self) -> impl Iterator<Item = (&'s Event, &Item)> + Clone {
        let events = self.schema.events.iter().zip(&self.events);
        events.filter(|(_, item)| !item.place.is_absent())
    }

    /// The type that the arguments of a command or the data of an event name.
    pub(crate) fn named(&self, id: Option<ObjectId>) -> Option<ObjectId> {
        id.filter(|&id| !self.schema.object(id).is_implicit())
    }
}

fn patterns(globs: &Option<Vec<Glob>>) -> &[Glob] {
    globs.as_deref().unwrap_or_default()
}
