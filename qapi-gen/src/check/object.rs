//! Object types: bases, members, tags, branches.
//!
//! A type is resolved after its base and before what contains it, as QEMU's generator does; an
//! explicit stack stands in for recursion, so that long chains cost no stack.

use super::clash::Place;
use super::define::{Entry, Source};
use super::defs::{Body, BranchDef, Data, Def, MemberDef};
use super::resolve::Resolver;
use crate::diagnostic::{Code, DefinitionKind, Diagnostic};
use crate::model::{Branch, EMPTY, Member, ObjectId, Type, Variants};
use crate::names::{FastMap, FastSet, Symbol};
use crate::source::Span;
use crate::syntax::ast::Str;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    New,
    InProgress,
    Done,
}

/// An object type in the making.
pub(super) struct Work {
    state: State,
    pub(super) base: Option<ObjectId>,
    pub(super) members: Vec<Member>,
    pub(super) variants: Option<Variants>,
    /// Whether something is missing because of a fault, so that other things may seem wrong.
    broken: bool,
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

    fn def_of(&self, id: ObjectId) -> Option<&'a Def> {
        match self.tables.objects[id.index()].1 {
            Source::Builtin => None,
            Source::Named(index) | Source::Inline(index) => Some(&self.defs[index]),
        }
    }

    fn member_defs(&self, id: ObjectId) -> &'a [MemberDef] {
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
            .collect()
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
        let ty = self.named_type(def, base, |_| "'base'".to_owned());
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

    pub(super) fn is_union(&self, id: ObjectId) -> bool {
        matches!(self.tables.objects[id.index()].1, Source::Named(i) if self.defs[i].kind == DefinitionKind::Union)
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
            let ty = self.type_ref(def, member.ty, |resolver| {
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

    fn is_sound(&self, (id, index): Place) -> bool {
        self.member_defs(id)[index].sound
    }

    fn describe_member(&self, id: ObjectId, member: &MemberDef) -> String {
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
    fn describe_place(&self, from: &Def, (id, index): Place) -> String {
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

    /// Finds the tag of a union; false if there is none, or it is of no use.
    fn tag(&mut self, id: ObjectId) -> bool {
        let (Some(def), true) = (self.def_of(id), self.is_union(id)) else {
            return false;
        };
        let Body::Union {
            base,
            discriminator,
            ..
        } = &def.body
        else {
            return false;
        };
        let found = discriminator.and_then(|tag| self.find_tag(id, tag));
        if let (Some(tag), None) = (discriminator, found)
            && !self.objects[id.index()].broken
        {
            let base_name = match base {
                Data::Name(base) => format!("base type '{}'", self.parsed.names.str(base.symbol)),
                _ => "'base'".to_owned(),
            };
            let written = self.parsed.names.name(tag.symbol).clone();
            let message = format!("the discriminator '{written}' is not a member of {base_name}");
            let candidates = self.inherited_names(id);
            let diagnostic = Diagnostic::new(Code::NoSuchDiscriminator, tag.span, message);
            let diagnostic =
                self.report
                    .suggest(diagnostic, &written, candidates.iter().map(|n| &**n));
            self.error(def, diagnostic);
        }
        let (Some(tag), Some((owner, index))) = (discriminator, found) else {
            self.objects[id.index()].broken = true;
            // The branches' types are still worth a look.
            return true;
        };
        let member = &self.objects[owner.index()].members[index];
        let (ty, optional, conditional) = (member.ty, member.optional, member.condition.is_some());
        let place = self.member_defs(owner)[index].span;
        let unknown = self.unknown_members.contains(&(owner, index));
        let fault = |resolver: &mut Self, code, problem: &str| {
            let name = resolver.parsed.names.str(tag.symbol);
            let message = format!("the discriminator '{name}' {problem}");
            let diagnostic = Diagnostic::new(code, tag.span, message).label(place, "declared here");
            resolver.error(def, diagnostic);
            resolver.objects[id.index()].broken = true;
        };
        let tag_enum = match ty {
            _ if unknown => None,
            Type::Enum(tag_enum) => Some(tag_enum),
            other => {
                let problem = format!(
                    "must be of an enum type, and {} is none",
                    self.describe(other)
                );
                fault(self, Code::DiscriminatorNotEnum, &problem);
                None
            }
        };
        if tag_enum.is_some() && optional {
            fault(self, Code::DiscriminatorOptional, "must not be optional");
        }
        if tag_enum.is_some() && conditional {
            fault(
                self,
                Code::DiscriminatorConditional,
                "must not be conditional",
            );
        }
        match tag_enum {
            Some(tag_enum) => {
                self.objects[id.index()].variants = Some(Variants {
                    tag: self.name(tag.symbol),
                    tag_owner: owner,
                    tag_index: index,
                    tag_enum,
                    branches: Vec::new(),
                });
            }
            None => self.objects[id.index()].broken = true,
        }
        true
    }

    fn find_tag(&self, id: ObjectId, tag: Str) -> Option<Place> {
        let mut next = self.objects[id.index()].base;
        while let Some(owner) = next {
            let members = self.member_defs(owner);
            if let Some(index) = members.iter().position(|m| m.name == tag.symbol) {
                return Some((owner, index));
            }
            next = self.objects[owner.index()].base;
        }
        None
    }

    fn inherited_names(&self, id: ObjectId) -> Vec<crate::names::Name> {
        let mut names = Vec::new();
        let mut next = self.objects[id.index()].base;
        while let Some(owner) = next {
            names.extend(
                self.objects[owner.index()]
                    .members
                    .iter()
                    .map(|m| m.name.clone()),
            );
            next = self.objects[owner.index()].base;
        }
        names
    }

    /// Resolves a branch. `None` behind the last one, else the type to look into, if there is one.
    fn branch(&mut self, id: ObjectId, index: usize) -> Option<Option<ObjectId>> {
        let def = self.def_of(id)?;
        let Body::Union { branches, .. } = &def.body else {
            return None;
        };
        if index == 0 {
            self.start_branches(id, def, branches);
        }
        let branch = branches.get(index)?;
        let value = self.parsed.names.name(branch.value.symbol).clone();
        let ty = self.type_ref(def, branch.ty, |_| format!("branch '{value}'"));
        if let Some(variants) = &self.objects[id.index()].variants {
            let tag_enum = variants.tag_enum;
            let known = self.values_of(tag_enum);
            if !known.contains(&branch.value.symbol) && !self.enum_is_faulty(tag_enum) {
                let enum_name = self.describe(Type::Enum(tag_enum));
                let message = format!("branch '{value}' is not a value of {enum_name}");
                let candidates = self.enum_value_names(tag_enum);
                let diagnostic = Diagnostic::new(Code::NoSuchValue, branch.value.span, message);
                let diagnostic =
                    self.report
                        .suggest(diagnostic, &value, candidates.iter().map(|n| &**n));
                self.error(def, diagnostic);
            }
        }
        let object = match ty {
            Some(Type::Object(object)) => object,
            Some(other) => {
                let message = format!("branch '{value}' cannot be of {}", self.describe(other));
                let diagnostic = Diagnostic::new(
                    Code::BranchType,
                    self.type_span(branch.ty, branch.value.span),
                    message,
                )
                .note("a branch is a struct or a union");
                self.error(def, diagnostic);
                return Some(None);
            }
            None => return Some(None),
        };
        if let Some(variants) = &mut self.objects[id.index()].variants {
            variants.branches.push(Branch {
                value,
                object,
                condition: branch.condition.clone(),
                explicit: true,
            });
        }
        Some(Some(object))
    }

    fn start_branches(&mut self, id: ObjectId, def: &Def, branches: &[BranchDef]) {
        let Some(variants) = &self.objects[id.index()].variants else {
            return;
        };
        let tag_enum = variants.tag_enum;
        let values = self.values_of(tag_enum);
        if values.is_empty() && branches.is_empty() && !self.enum_is_faulty(tag_enum) && !def.faulty
        {
            let message = "a union needs at least one branch, and its discriminator has no values";
            self.error(
                def,
                Diagnostic::new(Code::NoBranches, def.name.span, message),
            );
        }
    }

    /// Adds branches for values that the schema leaves out, and looks for members of branches
    /// that clash with those of the base.
    fn branch_clashes(&mut self, id: ObjectId) {
        let Some(def) = self.def_of(id) else { return };
        let Some(mut variants) = self.objects[id.index()].variants.take() else {
            return;
        };
        let listed: FastSet<Symbol> = match &def.body {
            Body::Union { branches, .. } => branches.iter().map(|b| b.value.symbol).collect(),
            _ => FastSet::default(),
        };
        variants
            .branches
            .extend(self.uncovered(variants.tag_enum, &listed));
        let mut inherited: FastMap<u32, Place> = FastMap::default();
        let mut next = self.objects[id.index()].base;
        while let Some(owner) = next {
            for (index, name) in self.folded_members(owner).into_iter().enumerate() {
                inherited.insert(name, (owner, index));
            }
            next = self.objects[owner.index()].base;
        }
        let mut seen: FastSet<ObjectId> = FastSet::default();
        for branch in &variants.branches {
            // Each type once: what clashes does so in every branch.
            let mut queue = vec![branch.object];
            while let Some(object) = queue.pop() {
                if !seen.insert(object) || self.objects[object.index()].state == State::InProgress {
                    continue;
                }
                for (index, name) in self.folded_members(object).into_iter().enumerate() {
                    if let Some(earlier) = inherited.get(&name) {
                        self.branch_clash(def, &branch.value, (object, index), *earlier);
                    }
                }
                let work = &self.objects[object.index()];
                queue.extend(work.base);
                queue.extend(
                    work.variants
                        .iter()
                        .flat_map(|v| v.branches.iter().map(|b| b.object)),
                );
            }
        }
        self.objects[id.index()].variants = Some(variants);
    }

    fn branch_clash(&mut self, def: &Def, value: &str, member: Place, earlier: Place) {
        if !self.is_sound(member) || !self.is_sound(earlier) {
            return;
        }
        let message = format!(
            "{}, part of branch '{value}', clashes with {}",
            self.describe_place(def, member),
            self.describe_place(def, earlier)
        );
        let span = |place: Place| self.member_defs(place.0)[place.1].span;
        let at = self.branch_span(def, value).unwrap_or(def.name.span);
        let diagnostic = Diagnostic::new(Code::BranchClash, at, message)
            .label(span(member), "the branch's member")
            .label(span(earlier), "the base's member");
        self.error(def, diagnostic);
    }

    fn branch_span(&self, def: &Def, value: &str) -> Option<Span> {
        let Body::Union { branches, .. } = &def.body else {
            return None;
        };
        let symbol = self.parsed.names.get(value)?;
        branches
            .iter()
            .find(|b| b.value.symbol == symbol)
            .map(|b| b.value.span)
    }
}
