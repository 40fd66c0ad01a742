//! The checked schema: what every backend reads.
//!
//! A [`Schema`] holds every definition of a schema that passed all checks. It is immutable, and
//! its parts refer to each other by ids ([`Type`], [`ObjectId`], …) that index into it:
//!
//! ```
//! # use qapi_gen::{Frontend, MemoryLoader, model::{Definition, Type}};
//! let text = "{ 'struct': 'Point', 'data': { 'x': 'int', '*y': 'int' } }
//!             { 'command': 'move', 'data': 'Point', 'returns': ['Point'] }";
//! let schema = Frontend::new()
//!     .loader(MemoryLoader::new([("main.json", text)]))
//!     .read("main.json")
//!     .unwrap();
//! let command = schema.commands().next().unwrap();
//! let point = schema.object(command.arguments.unwrap());
//! assert_eq!(point.name, "Point");
//! assert!(schema.all_members(point).nth(1).unwrap().1.optional);
//! let Some(Type::Array(id)) = command.returns else { panic!() };
//! assert_eq!(schema.type_name(schema.array(id).element), "Point");
//! ```
//!
//! # Order
//!
//! [`Schema::definitions`] gives definitions in *generation order*: module by module in the order
//! in which modules are first mentioned (the root first, then included files, depth first), within
//! a module in source order. An implicit type stands directly before the definition that made it.
//! Members, values, branches and features keep the order of the source.
//!
//! # Implicit types
//!
//! Inline `data` of a command or event, and the inline `base` of a union, make an [`Object`] of
//! their own, with [`ObjectKind::Arguments`] or [`ObjectKind::Base`]; their names start with `q_`.
//! A command or event whose `data` is absent or `{}` has no argument type.
//!
//! # Built-in definitions
//!
//! Two definitions come with the language: the empty object `q_empty` ([`Schema::empty`]), which
//! serves as the type of branches without members, and the enum `QType`. They belong to the module
//! `./builtin` and are not among [`Schema::definitions`].

mod builtin;
mod doc;
mod reach;
mod types;

pub use builtin::{Builtin, JsonKind};
pub use doc::{Doc, Section, SectionKind, Text};
pub use reach::{Reachable, Root};
pub use types::*;

use crate::names::{FastMap, Name};
use crate::source::{SourceMap, Span};

/// A schema that passed every check.
#[derive(Debug)]
pub struct Schema {
    pub(crate) sources: SourceMap,
    pub(crate) era: Era,
    pub(crate) modules: Vec<Module>,
    pub(crate) definitions: Vec<Definition>,
    pub(crate) enums: Vec<Enum>,
    pub(crate) objects: Vec<Object>,
    pub(crate) alternates: Vec<Alternate>,
    pub(crate) arrays: Vec<Array>,
    pub(crate) commands: Vec<Command>,
    pub(crate) events: Vec<Event>,
    pub(crate) features: Vec<Name>,
    pub(crate) by_name: FastMap<Name, Definition>,
}

/// By which release at the latest the forms found in a schema were in use.
///
/// Only schemas read as legacy input can be older than [`Era::Current`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Era {
    /// Documentation without the colon after the symbol: before 2.9.
    TextDocs,
    /// Pragmas of the generation before 6.0.
    Whitelists,
    /// Conditions as C expressions, simple unions: before 6.2.
    Expressions,
    /// Nothing but today's forms.
    Current,
}

/// A schema file, as a unit of generation.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Module {
    /// The path relative to the root file's directory.
    pub name: Name,
    /// Whether the file is none of the schema's own, but [extends](crate::Frontend::extend) it.
    pub extends: bool,
    /// The paths as written in the file's include expressions, in order.
    pub includes: Vec<Name>,
    /// The definitions, in order; a range of [`Schema::definitions`].
    pub definitions: std::ops::Range<usize>,
    /// Free-form documentation in this file, with the number of the module's definitions
    /// that precede it.
    pub free_form: Vec<(usize, Text)>,
}

/// A definition, by id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Definition {
    /// An enum.
    Enum(EnumId),
    /// A struct, union or implicit object type.
    Object(ObjectId),
    /// An alternate.
    Alternate(AlternateId),
    /// A command.
    Command(CommandId),
    /// An event.
    Event(EventId),
}

/// Id of the empty object; see [`Schema::empty`].
pub(crate) const EMPTY: ObjectId = ObjectId(0);
/// Id of the enum `QType`.
pub(crate) const QTYPE: EnumId = EnumId(0);

impl Schema {
    /// The files that were read.
    pub fn sources(&self) -> &SourceMap {
        &self.sources
    }

    /// How old the forms are that the schema uses.
    pub fn era(&self) -> Era {
        self.era
    }

    /// The modules, in generation order.
    pub fn modules(&self) -> &[Module] {
        &self.modules
    }

    /// The module in which a definition stands, by index into [`Schema::modules`].
    ///
    /// `None` for the built-in definitions.
    pub fn module_of(&self, definition: Definition) -> Option<usize> {
        match definition {
            Definition::Enum(id) => self.enum_(id).origin.module,
            Definition::Object(id) => self.object(id).origin.module,
            Definition::Alternate(id) => self.alternate(id).origin.module,
            Definition::Command(id) => self.command(id).origin.module,
            Definition::Event(id) => self.event(id).origin.module,
        }
    }

    /// Every definition of the schema, in generation order, implicit types included.
    pub fn definitions(&self) -> &[Definition] {
        &self.definitions
    }

    /// The definition of that name, as the schema spells it; built-in and implicit ones included.
    pub fn definition(&self, name: &str) -> Option<Definition> {
        self.by_name.get(name).copied()
    }

    /// The commands, in generation order.
    pub fn commands(&self) -> impl Iterator<Item = &Command> {
        self.definitions.iter().filter_map(|d| match d {
            Definition::Command(id) => Some(self.command(*id)),
            _ => None,
        })
    }

    /// The events, in generation order.
    pub fn events(&self) -> impl Iterator<Item = &Event> {
        self.definitions.iter().filter_map(|d| match d {
            Definition::Event(id) => Some(self.event(*id)),
            _ => None,
        })
    }

    /// An enum.
    pub fn enum_(&self, id: EnumId) -> &Enum {
        &self.enums[id.0 as usize]
    }

    /// A struct, union or implicit object type.
    pub fn object(&self, id: ObjectId) -> &Object {
        &self.objects[id.0 as usize]
    }

    /// An alternate.
    pub fn alternate(&self, id: AlternateId) -> &Alternate {
        &self.alternates[id.0 as usize]
    }

    /// An array type.
    pub fn array(&self, id: ArrayId) -> &Array {
        &self.arrays[id.0 as usize]
    }

    /// Every array type that the schema mentions, in the order of first mention.
    pub fn arrays(&self) -> impl ExactSizeIterator<Item = (ArrayId, &Array)> {
        self.arrays
            .iter()
            .enumerate()
            .map(|(i, a)| (ArrayId(i as u32), a))
    }

    /// A command.
    pub fn command(&self, id: CommandId) -> &Command {
        &self.commands[id.0 as usize]
    }

    /// An event.
    pub fn event(&self, id: EventId) -> &Event {
        &self.events[id.0 as usize]
    }

    /// The empty object type `q_empty`.
    pub fn empty(&self) -> ObjectId {
        EMPTY
    }

    /// A definition's name.
    pub fn name(&self, definition: Definition) -> &Name {
        match definition {
            Definition::Enum(id) => &self.enum_(id).name,
            Definition::Object(id) => &self.object(id).name,
            Definition::Alternate(id) => &self.alternate(id).name,
            Definition::Command(id) => &self.command(id).name,
            Definition::Event(id) => &self.event(id).name,
        }
    }

    /// A type as the schema writes it; an array as `[ELEMENT]`.
    pub fn type_name(&self, ty: Type) -> String {
        match ty {
            Type::Builtin(b) => b.name().to_owned(),
            Type::Enum(id) => self.enum_(id).name.to_string(),
            Type::Object(id) => self.object(id).name.to_string(),
            Type::Alternate(id) => self.alternate(id).name.to_string(),
            Type::Array(id) => format!("[{}]", self.type_name(self.array(id).element)),
        }
    }

    /// The condition under which a type exists: an array's is that of its element.
    pub fn type_condition(&self, ty: Type) -> Option<&Condition> {
        match ty {
            Type::Builtin(_) => None,
            Type::Enum(id) => self.enum_(id).condition.as_ref(),
            Type::Object(id) => self.object(id).condition.as_ref(),
            Type::Alternate(id) => self.alternate(id).condition.as_ref(),
            Type::Array(id) => self.type_condition(self.array(id).element),
        }
    }

    /// The base types of an object, outermost (the one without a base) first, then itself.
    pub fn lineage<'s>(&'s self, object: &'s Object) -> Vec<&'s Object> {
        let mut line = vec![object];
        let mut next = object.base;
        while let Some(id) = next {
            let base = self.object(id);
            line.push(base);
            next = base.base;
        }
        line.reverse();
        line
    }

    /// The members of an object as they appear on the wire, those of its bases first, each with
    /// the type that declares it. A union's branches add theirs: see [`Object::variants`].
    pub fn all_members<'s>(
        &'s self,
        object: &'s Object,
    ) -> impl Iterator<Item = (&'s Object, &'s Member)> {
        let mut all = Vec::new();
        for owner in self.lineage(object) {
            all.extend(owner.members.iter().map(|member| (owner, member)));
        }
        all.into_iter()
    }

    /// The member that selects the branch of a union.
    pub fn tag<'s>(&'s self, variants: &Variants) -> &'s Member {
        &self.object(variants.tag_owner).members[variants.tag_index]
    }

    /// The distinct feature names of the schema, in the order of first mention.
    pub fn features(&self) -> &[Name] {
        &self.features
    }

    /// The distinct symbols that conditions name, sorted.
    pub fn condition_symbols(&self) -> Vec<&str> {
        let mut all = Vec::new();
        self.each_condition(&mut |condition| condition.symbols(&mut all));
        let mut symbols: Vec<&str> = all.into_iter().map(|name| &**name).collect::<Vec<_>>();
        symbols.sort_unstable();
        symbols.dedup();
        symbols
    }

    fn each_condition<'s>(&'s self, visit: &mut dyn FnMut(&'s Condition)) {
        let mut some = |condition: &'s Option<Condition>, features: &'s Features| {
            condition.iter().for_each(&mut *visit);
            features
                .iter()
                .filter_map(|f| f.condition.as_ref())
                .for_each(&mut *visit);
        };
        for enum_ in &self.enums {
            some(&enum_.condition, &enum_.features);
            enum_
                .values
                .iter()
                .for_each(|v| some(&v.condition, &v.features));
        }
        for object in &self.objects {
            some(&object.condition, &object.features);
            for member in &object.members {
                some(&member.condition, &member.features);
            }
            for branch in object.variants.iter().flat_map(|v| &v.branches) {
                some(&branch.condition, Features::none());
            }
        }
        for alternate in &self.alternates {
            some(&alternate.condition, &alternate.features);
            for alternative in &alternate.alternatives {
                some(&alternative.condition, Features::none());
            }
        }
        for command in &self.commands {
            some(&command.condition, &command.features);
        }
        for event in &self.events {
            some(&event.condition, &event.features);
        }
    }

    /// The place of a definition in the source; `None` for the built-in definitions.
    pub fn span(&self, definition: Definition) -> Option<Span> {
        match definition {
            Definition::Enum(id) => self.enum_(id).origin.span,
            Definition::Object(id) => self.object(id).origin.span,
            Definition::Alternate(id) => self.alternate(id).origin.span,
            Definition::Command(id) => self.command(id).origin.span,
            Definition::Event(id) => self.event(id).origin.span,
        }
    }
}
