//! The state of resolving names, and look-ups in it.

use super::Report;
use super::clash::{Folds, Place};
use super::define::{Entry, Source, Tables, context};
use super::defs::{Body, Data, Def, MemberDef, TypeRef};
use crate::diagnostic::{Code, DefinitionKind, Diagnostic};
use crate::model::{Definition, EnumId, Member, ObjectId, Type, Variants};
use crate::names::{FastMap, FastSet, Name, Symbol};
use crate::source::Span;
use crate::syntax::Parsed;
use crate::syntax::ast::Str;
use std::rc::Rc;

pub(super) struct Resolver<'a> {
    pub(super) defs: &'a [Def],
    pub(super) parsed: &'a Parsed,
    pub(super) report: &'a mut Report,
    pub(super) tables: Tables,
    pub(super) objects: Vec<Work>,
    pub(super) folds: Folds,
    pub(super) clashes: FastMap<Place, Place>,
    /// Types that are in branches of unions which were checked, with their bases; and the folded
    /// names of their members. What a union contains is checked before the union.
    pub(super) embedded: FastSet<ObjectId>,
    pub(super) embedded_names: FastSet<u32>,
    /// Members whose type could not be found.
    pub(super) unknown_members: FastSet<Place>,
    pub(super) enum_defs: Vec<Option<usize>>,
    alternate_defs: Vec<usize>,
    pub(super) value_sets: FastMap<EnumId, Rc<FastSet<Symbol>>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    New,
    InProgress,
    Done,
}

/// An object type in the making.
pub(super) struct Work {
    pub(super) state: State,
    pub(super) base: Option<ObjectId>,
    pub(super) members: Vec<Member>,
    pub(super) variants: Option<Variants>,
    /// Whether something is missing because of a fault, so that other things may seem wrong.
    pub(super) broken: bool,
}

impl Work {
    pub(super) fn new(source: Source) -> Work {
        Work {
            state: match source {
                Source::Builtin => State::Done,
                _ => State::New,
            },
            base: None,
            members: Vec::new(),
            variants: None,
            broken: false,
        }
    }
}

impl<'a> Resolver<'a> {
    pub(super) fn new(
        defs: &'a [Def],
        tables: Tables,
        parsed: &'a Parsed,
        report: &'a mut Report,
    ) -> Resolver<'a> {
        let mut enum_defs = vec![None];
        let mut alternate_defs = Vec::new();
        for (index, ids) in tables.ids.iter().enumerate() {
            match ids.definition {
                Definition::Enum(_) => enum_defs.push(Some(index)),
                Definition::Alternate(_) => alternate_defs.push(index),
                _ => {}
            }
        }
        let objects = tables.objects.iter();
        Resolver {
            defs,
            parsed,
            report,
            objects: objects.map(|(_, source)| Work::new(*source)).collect(),
            tables,
            folds: Folds::new(&parsed.names),
            clashes: FastMap::default(),
            embedded: FastSet::default(),
            embedded_names: FastSet::default(),
            unknown_members: FastSet::default(),
            enum_defs,
            alternate_defs,
            value_sets: FastMap::default(),
        }
    }

    pub(super) fn error(&mut self, def: &Def, diagnostic: Diagnostic) {
        self.report.add(&context(def, self.parsed), diagnostic);
    }

    pub(super) fn name(&self, symbol: Symbol) -> Name {
        self.parsed.names.name(symbol).clone()
    }

    /// What to call a type in a message.
    pub(super) fn describe(&self, ty: Type) -> String {
        let object = |id: ObjectId| self.parsed.names.str(self.tables.objects[id.index()].0);
        let named = |kind: &str, def: Option<usize>| match def {
            Some(index) => {
                let name = self.parsed.names.str(self.defs[index].name.symbol);
                format!("{kind} type '{name}'")
            }
            None => format!("{kind} type 'QType'"),
        };
        match ty {
            Type::Builtin(builtin) => format!("built-in type '{}'", builtin.name()),
            Type::Enum(id) => named("enum", self.enum_defs[id.index()]),
            Type::Alternate(id) => named("alternate", Some(self.alternate_defs[id.index()])),
            Type::Object(id) if self.is_union(id) => format!("union type '{}'", object(id)),
            Type::Object(id) => format!("object type '{}'", object(id)),
            Type::Array(id) => {
                let element = self.tables.arrays[id.index()].element;
                format!("array type of {}", self.describe(element))
            }
        }
    }

    pub(super) fn def_of(&self, id: ObjectId) -> Option<&'a Def> {
        match self.tables.objects[id.index()].1 {
            Source::Builtin => None,
            Source::Named(index) | Source::Inline(index) => Some(&self.defs[index]),
        }
    }

    pub(super) fn member_defs(&self, id: ObjectId) -> &'a [MemberDef] {
        let Some(def) = self.def_of(id) else {
            return &[];
        };
        let inline = matches!(self.tables.objects[id.index()].1, Source::Inline(_));
        match &def.body {
            Body::Struct { members, .. } => members,
            Body::Union {
                base: Data::Inline(members),
                ..
            }
            | Body::Command {
                data: Data::Inline(members),
                ..
            }
            | Body::Event {
                data: Data::Inline(members),
                ..
            } if inline => members,
            _ => &[],
        }
    }

    /// The folded names of an object's own members.
    pub(super) fn folded_members(&mut self, id: ObjectId) -> Vec<u32> {
        let parsed = self.parsed;
        let members = self.member_defs(id).iter();
        members
            .map(|m| self.folds.fold(m.name, &parsed.names))
            .collect::<Vec<_>>()
    }

    pub(super) fn is_union(&self, id: ObjectId) -> bool {
        matches!(self.tables.objects[id.index()].1, Source::Named(i) if self.defs[i].kind == DefinitionKind::Union)
    }

    pub(super) fn is_sound(&self, (id, index): Place) -> bool {
        self.member_defs(id)[index].sound
    }

    pub(super) fn describe_member(&self, id: ObjectId, member: &MemberDef) -> String {
        let name = self.parsed.names.str(member.name);
        match (
            self.tables.objects[id.index()].1,
            self.def_of(id).map(|d| d.kind),
        ) {
            (Source::Inline(_), Some(DefinitionKind::Union)) => format!("base member '{name}'"),
            (Source::Inline(_), _) => format!("parameter '{name}'"),
            _ => format!("member '{name}'"),
        }
    }

    /// A member as seen from another definition.
    pub(super) fn describe_place(&self, from: &Def, (id, index): Place) -> String {
        let member = self.describe_member(id, &self.member_defs(id)[index]);
        match (self.tables.objects[id.index()].1, self.def_of(id)) {
            (Source::Named(_), Some(def)) if !std::ptr::eq(def, from) => {
                format!(
                    "{member} of type '{}'",
                    self.parsed.names.str(def.name.symbol)
                )
            }
            _ => member,
        }
    }

    pub(super) fn type_span(&self, ty: TypeRef, otherwise: Span) -> Span {
        match ty {
            TypeRef::Name(name) | TypeRef::Array(name) => name.span,
            TypeRef::Broken => otherwise,
        }
    }

    pub(super) fn type_ref(
        &mut self,
        def: &Def,
        ty: TypeRef,
        what: &dyn Fn(&Self) -> String,
    ) -> Option<Type> {
        match ty {
            TypeRef::Broken => None,
            TypeRef::Name(name) => self.named_type(def, name, what),
            TypeRef::Array(name) => {
                let element = self.named_type(def, name, what)?;
                if let Type::Array(_) = element {
                    let message = format!("{} is an array of arrays", what(self));
                    let diagnostic = Diagnostic::new(Code::ArrayType, name.span, message)
                        .note("arrays do not nest");
                    self.error(def, diagnostic);
                    return None;
                }
                Some(Type::Array(self.tables.array(element)))
            }
        }
    }

    /// Looks up a type; says so if there is none, unless that may follow from another fault.
    pub(super) fn named_type(
        &mut self,
        def: &Def,
        name: Str,
        what: &dyn Fn(&Self) -> String,
    ) -> Option<Type> {
        let entry = self.tables.lookup(name.symbol, &self.parsed.names);
        if let Some(Entry::Type(ty)) = entry {
            return Some(ty);
        }
        if entry.is_none()
            && (self.parsed.incomplete || self.parsed.poisoned.contains(&name.symbol))
        {
            return None;
        }
        let written = self.name(name.symbol);
        let message = format!("{} uses unknown type '{written}'", what(self));
        let mut diagnostic = Diagnostic::new(Code::UnknownType, name.span, message);
        match entry {
            Some(Entry::Other(kind)) => {
                diagnostic =
                    diagnostic.note(format!("there is a {kind} of that name, which is no type"));
            }
            _ if matches!(&*written, "visitor" | "**" | "dict") => {
                diagnostic = diagnostic
                    .help("since QEMU 2.5 this type is written 'any'; older schemas are read as legacy input");
            }
            _ if self.report.suggestions > 0 => {
                let names = self.tables.entries.iter().filter_map(|(symbol, entry)| {
                    let name = self.parsed.names.str(*symbol);
                    let plain = matches!(entry, Entry::Type(_)) && !name.starts_with("q_");
                    plain.then_some(name)
                });
                let mut names: Vec<&str> = names.collect::<Vec<_>>();
                names.sort_unstable();
                diagnostic = self
                    .report
                    .suggest(diagnostic, &written, &mut names.into_iter());
            }
            _ => {}
        }
        self.error(def, diagnostic);
        None
    }
}
