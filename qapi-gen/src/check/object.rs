//! Object types: bases and members.
//!
//! A type is resolved after its base and before what contains it, as QEMU's generator does; an
//! explicit stack stands in for recursion, so that long chains cost no stack.

use super::clash::Place;
use super::define::{Entry, Source};
use super::defs::{Body, Data, Def};
use super::resolver::{Resolver, State};
use crate::diagnostic::{Code, Diagnostic};
use crate::model::{EMPTY, Member, ObjectId, Type};

#[derive(Clone, Copy)]
enum Stage {
    Enter,
    Members,
    Branch(usize),
}

impl<'a> Resolver<'a> {
    /// Resolves an object type and all that it contains.
    pub(super) fn visit(&mut self, root: ObjectId) {
        let mut stack = vec![(root, Stage::Enter)];
        while let Some((id, stage)) = stack.pop() {
            match stage {
                Stage::Enter => {
                    if self.objects[id.index()].state != State::New {
                        continue;
                    }
                    self.objects[id.index()].state = State::InProgress;
                    stack.push((id, Stage::Members));
                    if let Some(base) = self.base(id)
                        && self.may_contain(id, base)
                    {
                        self.objects[id.index()].base = Some(base);
                        stack.push((base, Stage::Enter));
                    }
                }
                Stage::Members => {
                    self.own_members(id);
                    if self.tag(id) {
                        stack.push((id, Stage::Branch(0)));
                    } else {
                        self.objects[id.index()].state = State::Done;
                    }
                }
                Stage::Branch(index) => match self.branch(id, index) {
                    None => {
                        self.branch_clashes(id);
                        self.objects[id.index()].state = State::Done;
                    }
                    Some(contained) => {
                        stack.push((id, Stage::Branch(index + 1)));
                        if let Some(contained) = contained
                            && self.may_contain(id, contained)
                        {
                            stack.push((contained, Stage::Enter));
                        }
                    }
                },
            }
        }
    }

    /// The base as written, without a look at whether it may be one.
    pub(super) fn base_link(&mut self, id: ObjectId) -> Option<ObjectId> {
        let def = match self.tables.objects[id.index()].1 {
            Source::Named(index) => index,
            _ => return None,
        };
        match &self.defs[def].body {
            Body::Struct {
                base: Some(base), ..
            }
            | Body::Union {
                base: Data::Name(base),
                ..
            } => match self.tables.lookup(base.symbol, &self.parsed.names)? {
                Entry::Type(Type::Object(base)) => Some(base),
                _ => None,
            },
            Body::Union { .. } => self.tables.ids[def].implicit,
            _ => None,
        }
    }

    fn base(&mut self, id: ObjectId) -> Option<ObjectId> {
        let Source::Named(index) = self.tables.objects[id.index()].1 else {
            return None;
        };
        let def = &self.defs[index];
        self.object_features(def);
        self.objects[id.index()].broken |= def.faulty;
        let base = match &def.body {
            Body::Struct {
                base: Some(base), ..
            }
            | Body::Union {
                base: Data::Name(base),
                ..
            } => *base,
            Body::Union {
                base: Data::Inline(_),
                ..
            } => return self.tables.ids[index].implicit,
            Body::Union {
                base: Data::Broken, ..
            } => {
                self.objects[id.index()].broken = true;
                return None;
            }
            _ => return None,
        };
        let ty = self.named_type(def, base, &|_| "'base'".to_owned());
        match ty {
            Some(Type::Object(base)) if !self.is_union(base) => Some(base),
            Some(other) => {
                let message = format!(
                    "'base' must be a struct, and {} is not",
                    self.describe(other)
                );
                self.error(
                    def,
                    Diagnostic::new(Code::BaseNotStruct, base.span, message),
                );
                self.objects[id.index()].broken = true;
                None
            }
            None => {
                self.objects[id.index()].broken = true;
                None
            }
        }
    }

    /// Reports a type that contains itself.
    fn may_contain(&mut self, container: ObjectId, contained: ObjectId) -> bool {
        if self.objects[contained.index()].state != State::InProgress {
            return true;
        }
        if let (Some(def), Some(by)) = (self.def_of(contained), self.def_of(container)) {
            let name = self
                .parsed
                .names
                .str(self.tables.objects[contained.index()].0);
            let mut diagnostic = Diagnostic::new(
                Code::ContainsItself,
                def.name.span,
                format!("{} '{name}' contains itself", def.kind),
            )
            .note("bases and branches become part of an object, members that are objects do not");
            if !std::ptr::eq(def, by) {
                let other = self.parsed.names.str(by.name.symbol);
                diagnostic =
                    diagnostic.label(by.name.span, format!("as part of {} '{other}'", by.kind));
            }
            self.error(def, diagnostic);
        }
        self.objects[container.index()].broken = true;
        false
    }

    fn own_members(&mut self, id: ObjectId) {
        let Some(def) = self.def_of(id) else { return };
        if let Some(base) = self.objects[id.index()].base {
            self.objects[id.index()].broken |= self.objects[base.index()].broken;
        }
        let mut members = Vec::new();
        for (index, member) in self.member_defs(id).iter().enumerate() {
            let ty = self.type_ref(def, member.ty, &|resolver| {
                resolver.describe_member(id, member)
            });
            self.feature_clashes(def, &member.features);
            if let Some(earlier) = self.clashes.get(&(id, index)).copied() {
                self.member_clash(def, (id, index), earlier);
            }
            members.push(Member {
                name: self.name(member.name),
                // Nobody sees a schema with faults, so any type does for an unknown one.
                ty: ty.unwrap_or(Type::Object(EMPTY)),
                optional: member.optional,
                condition: member.condition.clone(),
                features: self.features(&member.features),
                doc: None,
            });
            if ty.is_none() {
                self.unknown_members.insert((id, index));
            }
        }
        self.objects[id.index()].members = members;
    }

    fn member_clash(&mut self, def: &Def, member: Place, earlier: Place) {
        if !self.is_sound(member) || !self.is_sound(earlier) {
            return;
        }
        let span = |place: Place| self.member_defs(place.0)[place.1].span;
        let message = format!(
            "{} clashes with {}",
            self.describe_place(def, member),
            self.describe_place(def, earlier)
        );
        let diagnostic = Diagnostic::new(Code::MemberClash, span(member), message)
            .label(span(earlier), "the other one is here");
        self.error(def, diagnostic);
    }
}
