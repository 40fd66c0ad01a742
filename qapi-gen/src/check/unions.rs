//! Unions: tags and branches.

use super::clash::Place;
use super::defs::{Body, BranchDef, Data, Def};
use super::keys::LAST_SIMPLE_UNIONS;
use super::resolver::{Resolver, State};

use crate::diagnostic::{Code, Diagnostic};
use crate::model::{Branch, ObjectId, Type, Variants};
use crate::names::{FastMap, FastSet, Name, Symbol};
use crate::source::Span;
use crate::syntax::ast::Str;

impl Resolver<'_> {
    /// Finds the tag of a union; false if there is none, or it is of no use.
    pub(super) fn tag(&mut self, id: ObjectId) -> bool {
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
            let candidates = match self.report.suggestions {
                0 => Vec::new(),
                _ => self.inherited_names(id),
            };
            let diagnostic = Diagnostic::new(Code::NoSuchDiscriminator, tag.span, message);
            let diagnostic =
                self.report
                    .suggest(diagnostic, &written, &mut candidates.iter().map(|n| &**n));
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

    fn inherited_names(&self, id: ObjectId) -> Vec<Name> {
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
    pub(super) fn branch(&mut self, id: ObjectId, index: usize) -> Option<Option<ObjectId>> {
        let def = self.def_of(id)?;
        let Body::Union {
            base,
            discriminator,
            branches,
        } = &def.body
        else {
            return None;
        };
        let is_simple = matches!(base, Data::Broken) && discriminator.is_none();
        if index == 0 {
            self.start_branches(id, def, branches);
        }
        let branch = branches.get(index)?;
        let value = self.parsed.names.name(branch.value.symbol).clone();
        let ty = self.type_ref(def, branch.ty, &|_| format!("branch '{value}'"));
        if let Some(variants) = &self.objects[id.index()].variants {
            let tag_enum = variants.tag_enum;
            let known = self.values_of(tag_enum);
            if !known.contains(&branch.value.symbol) && !self.enum_is_faulty(tag_enum) {
                let enum_name = self.describe(Type::Enum(tag_enum));
                let message = format!("branch '{value}' is not a value of {enum_name}");
                let candidates = match self.report.suggestions {
                    0 => Vec::new(),
                    _ => self.enum_value_names(tag_enum),
                };
                let diagnostic = Diagnostic::new(Code::NoSuchValue, branch.value.span, message);
                let diagnostic =
                    self.report
                        .suggest(diagnostic, &value, &mut candidates.iter().map(|n| &**n));
                self.error(def, diagnostic);
            }
        }
        let object = match ty {
            Some(Type::Object(object)) => {
                if !is_simple && self.is_union(object) {
                    self.report.found.needs((8, 1));
                }
                object
            }
            Some(other) => {
                let message = format!("branch '{value}' cannot be of {}", self.describe(other));
                let diagnostic = Diagnostic::new(
                    Code::BranchType,
                    self.type_span(branch.ty, branch.value.span),
                    message,
                )
                .taken_until(is_simple.then_some(LAST_SIMPLE_UNIONS))
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
    pub(super) fn branch_clashes(&mut self, id: ObjectId) {
        let Some(def) = self.def_of(id) else { return };
        let Some(mut variants) = self.objects[id.index()].variants.take() else {
            return;
        };
        let Body::Union { branches, .. } = &def.body else {
            return;
        };
        let listed: FastSet<Symbol> = branches.iter().map(|b| b.value.symbol).collect();
        variants
            .branches
            .extend(self.uncovered(variants.tag_enum, &listed));
        for branch in &variants.branches {
            self.embed(branch.object);
        }
        let mut inherited: FastMap<u32, Place> = FastMap::default();
        let mut next = self.objects[id.index()].base;
        while let Some(owner) = next {
            for (index, name) in self.folded_members(owner).into_iter().enumerate() {
                if self.embedded_names.contains(&name) {
                    inherited.insert(name, (owner, index));
                }
            }
            next = self.objects[owner.index()].base;
        }
        // Nearly always, and then there is no need to look into branches of branches.
        if inherited.is_empty() {
            self.objects[id.index()].variants = Some(variants);
            return;
        }
        let places: FastMap<&str, Span> = branches
            .iter()
            .map(|b| (self.parsed.names.str(b.value.symbol), b.value.span))
            .collect();
        let mut seen: FastSet<ObjectId> = FastSet::default();
        for branch in &variants.branches {
            let place = places.get(&*branch.value).copied().unwrap_or(def.name.span);
            // Each type once: what clashes does so in every branch.
            let mut queue = vec![branch.object];
            while let Some(object) = queue.pop() {
                if !seen.insert(object) || self.objects[object.index()].state == State::InProgress {
                    continue;
                }
                for (index, name) in self.folded_members(object).into_iter().enumerate() {
                    if let Some(earlier) = inherited.get(&name) {
                        self.branch_clash(def, branch, place, (object, index), *earlier);
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

    /// Takes note of the members that a type brings into a branch.
    fn embed(&mut self, object: ObjectId) {
        let mut next = Some(object);
        while let Some(object) = next.filter(|object| self.embedded.insert(*object)) {
            let names = self.folded_members(object);
            self.embedded_names.extend(names);
            next = self.objects[object.index()].base;
        }
    }

    fn branch_clash(
        &mut self,
        def: &Def,
        branch: &Branch,
        place: Span,
        member: Place,
        earlier: Place,
    ) {
        if !self.is_sound(member) || !self.is_sound(earlier) {
            return;
        }
        let message = format!(
            "{}, part of branch '{}', clashes with {}",
            self.describe_place(def, member),
            branch.value,
            self.describe_place(def, earlier)
        );
        let span = |place: Place| self.member_defs(place.0)[place.1].span;
        let diagnostic = Diagnostic::new(Code::BranchClash, place, message)
            .label(span(member), "the branch's member")
            .label(span(earlier), "the base's member");
        self.error(def, diagnostic);
    }
}
