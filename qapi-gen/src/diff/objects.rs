//! Compares objects: their members, and the branches of unions.
//!
//! On the wire a union is one object, so that members may move between its base and its branches.

use super::walk::{Detail, Node, Slot, Walk};
use super::{ChangeCode as C, Part, Subject};
use crate::interface::{Interface, Member, Object, Place, TypeId, has};

/// How an object has a member.
enum Found<'i> {
    Nowhere,
    /// Whatever the branch.
    Always(&'i Member),
    /// In some branches; `reliable` if in each of them, and mandatory.
    Branches {
        members: Vec<&'i Member>,
        everywhere: bool,
        reliable: bool,
    },
}

impl<'i> Walk<'i> {
    pub(super) fn objects(&mut self, old_stack: &[TypeId], new_stack: &[TypeId]) {
        let (old, new) = (self.old, self.new);
        let (Some(&old_id), Some(&new_id)) = (old_stack.last(), new_stack.last()) else {
            return;
        };
        let (Some(was), Some(now)) = (old.object(old_id), new.object(new_id)) else {
            return;
        };
        // Where a struct became a union, it is compared with each branch, and what a branch adds is the union's.
        let counterpart = new_stack[old_stack.len() - 1];
        let owner = self.owner(old_id, counterpart);
        let places = (old.ty(old_id).place.clone(), new.ty(new_id).place.clone());
        if counterpart == new_id {
            let (before, after) = (&old.ty(old_id).features, &new.ty(new_id).features);
            self.features(&owner, before, after, &places);
            self.type_condition(&owner, old.ty(old_id), new.ty(new_id), &places);
        }
        for member in &was.members {
            let subject = declared(&owner, member);
            match find(new, new_stack, &member.name) {
                Found::Always(m) => {
                    self.member(&declared(&owner, m), member, m, &places);
                }
                Found::Branches {
                    members,
                    everywhere,
                    ..
                } => {
                    for m in members {
                        self.member(&subject, member, m, &places);
                    }
                    if !everywhere {
                        let detail = Detail::at(&places, has(&member.features, "unstable"));
                        self.change(C::MemberRestricted, subject, detail);
                    }
                }
                Found::Nowhere => self.removed(subject, member, &places.0),
            }
        }
        for member in &now.members {
            let subject = declared(&owner, member);
            let code = match find(old, old_stack, &member.name) {
                Found::Always(_) => continue,
                Found::Nowhere if member.optional => C::MemberAdded,
                Found::Nowhere => C::MandatoryMemberAdded,
                Found::Branches { reliable, .. } if !member.optional && !reliable => {
                    C::MandatoryMemberAdded
                }
                Found::Branches { everywhere, .. } if everywhere => continue,
                Found::Branches { .. } => C::MemberUnrestricted,
            };
            let detail = Detail {
                new: Some(new.describe(member.ty)),
                unstable: has(&member.features, "unstable"),
                new_place: at(&places.1, member),
                ..Detail::default()
            };
            self.change(code, subject, detail);
        }
        self.branches(&owner, (was, old_stack), (now, new_stack), &places);
    }

    fn branches(
        &mut self,
        owner: &Subject,
        (was, old_stack): (&'i Object, &[TypeId]),
        (now, new_stack): (&'i Object, &[TypeId]),
        places: &(Option<Place>, Option<Place>),
    ) {
        let (old, new) = (self.old, self.new);
        let path = self.visits[self.at].path.clone();
        let branch = |stack: &[TypeId], id: TypeId| [stack, &[id]].concat();
        if now.tag.is_none() || was.tag != now.tag {
            for variant in &was.variants {
                self.gone(owner, variant.ty, new_stack, places);
            }
            if was.tag.is_some() {
                return;
            }
        }
        for variant in &now.variants {
            let subject = owner.with(Part::Branch(variant.case.to_string()));
            let path = format!("{path}({})", variant.case);
            let before = was.variants.iter().find(|v| v.case == variant.case);
            match before {
                Some(v) => {
                    let (a, b) = (v.condition.as_ref(), variant.condition.as_ref());
                    self.condition(&subject, a, b, places);
                    match self.filled((v.ty, old_stack), (variant.ty, new_stack)) {
                        Some(code) => self.change(code, subject, Detail::at(places, false)),
                        None => {
                            let before = branch(old_stack, v.ty);
                            let node = Node::Objects(before, branch(new_stack, variant.ty));
                            self.push(node, &path, true);
                        }
                    }
                }
                // A struct became a union: each branch is what there was, and more.
                None if was.tag.is_none() => {
                    let node = Node::Objects(old_stack.to_vec(), branch(new_stack, variant.ty));
                    self.push(node, &path, true);
                }
                None if new.is_empty(variant.ty) => {}
                None => self.change(C::BranchAdded, subject, Detail::at(places, false)),
            }
        }
        for variant in &was.variants {
            let gone = now.variants.iter().all(|v| v.case != variant.case);
            if gone && !old.is_empty(variant.ty) {
                let subject = owner.with(Part::Branch(variant.case.to_string()));
                let condition = variant.condition.as_ref();
                let detail = Detail::gone(&[], condition, places.0.clone());
                self.change(C::BranchRemoved, subject, detail);
            }
        }
    }

    /// Whether a value of the tag had no members of its own and has some now, or the other way round; not where a type has
    /// them that is the branch on both sides, and not where members moved to or from elsewhere.
    fn filled(
        &self,
        (before, old_stack): (TypeId, &[TypeId]),
        (now, new_stack): (TypeId, &[TypeId]),
    ) -> Option<C> {
        let (old, new) = (self.old, self.new);
        let (was, is) = (old.ty(before), new.ty(now));
        if !was.is_nameless() && was.name == is.name {
            return None;
        }
        let all_new = |object: &Object, other: &Interface, stack: &[TypeId]| {
            let objects = stack.iter().filter_map(|id| other.object(*id));
            let mut others = objects.flat_map(|o| &o.members);
            others.all(|other| object.members.iter().all(|m| m.name != other.name))
        };
        let optional = |object: &Object| object.members.iter().all(|m| m.optional);
        match (old.is_empty(before), new.is_empty(now)) {
            (true, false) => {
                let object = new.object(now).filter(|o| all_new(o, old, old_stack))?;
                Some(match optional(object) {
                    true => C::BranchAdded,
                    false => C::MandatoryBranchAdded,
                })
            }
            (false, true) => {
                let object = old.object(before).filter(|o| all_new(o, new, new_stack))?;
                Some(match optional(object) {
                    true => C::BranchRemoved,
                    false => C::MandatoryBranchRemoved,
                })
            }
            _ => None,
        }
    }

    /// What is left of a branch in an object without such branches.
    fn gone(
        &mut self,
        owner: &Subject,
        branch: TypeId,
        new_stack: &[TypeId],
        places: &(Option<Place>, Option<Place>),
    ) {
        let Some(object) = self.old.object(branch) else {
            return;
        };
        for member in &object.members {
            let subject = declared(owner, member);
            match find(self.new, new_stack, &member.name) {
                Found::Always(m) => self.member(&subject, member, m, places),
                Found::Branches { members, .. } => {
                    for m in members {
                        self.member(&subject, member, m, places);
                    }
                }
                Found::Nowhere => self.removed(subject, member, &places.0),
            }
        }
        for variant in &object.variants {
            self.gone(owner, variant.ty, new_stack, places);
        }
    }

    fn removed(&mut self, subject: Subject, member: &Member, place: &Option<Place>) {
        let code = match member.optional {
            true => C::MemberRemoved,
            false => C::MandatoryMemberRemoved,
        };
        let detail = Detail {
            old: Some(self.old.describe(member.ty)),
            ..Detail::gone(
                &member.features,
                member.condition.as_ref(),
                at(place, member),
            )
        };
        self.change(code, subject, detail);
    }

    fn member(
        &mut self,
        subject: &Subject,
        old: &Member,
        new: &Member,
        places: &(Option<Place>, Option<Place>),
    ) {
        let own = (at(&places.0, old), at(&places.1, new));
        let unstable = has(&old.features, "unstable");
        if old.optional != new.optional {
            let code = match new.optional {
                true => C::MemberNowOptional,
                false => C::MemberNowMandatory,
            };
            self.change(code, subject.clone(), Detail::at(&own, unstable));
        }
        self.features(subject, &old.features, &new.features, &own);
        let (before, now) = (old.condition.as_ref(), new.condition.as_ref());
        self.condition(subject, before, now, &own);
        self.member_type(subject, old, new, places);
    }

    fn member_type(
        &mut self,
        subject: &Subject,
        old: &Member,
        new: &Member,
        places: &(Option<Place>, Option<Place>),
    ) {
        let slot = Slot {
            subject: subject.clone(),
            path: format!("{}.{}", self.visits[self.at].path, new.name),
            list: false,
            stable: !has(&old.features, "unstable"),
            old_place: at(&places.0, old),
            new_place: at(&places.1, new),
        };
        self.slot(old.ty, new.ty, &slot);
    }
}

/// A member, by the type that declares it.
fn declared(owner: &Subject, member: &Member) -> Subject {
    let base = member.owner.as_ref().filter(|name| !name.starts_with("q_"));
    let part = Part::Member(member.name.to_string());
    match base {
        Some(name) => Subject::Type(name.to_string(), Some(part)),
        None => owner.with(part),
    }
}

fn at(place: &Option<Place>, member: &Member) -> Option<Place> {
    let place = place.as_ref()?;
    Some(Place {
        line: member.line.unwrap_or(place.line),
        ..place.clone()
    })
}

fn find<'i>(interface: &'i Interface, stack: &[TypeId], name: &str) -> Found<'i> {
    let objects = stack.iter().filter_map(|id| interface.object(*id));
    let mut members = objects.flat_map(|o| &o.members);
    if let Some(member) = members.find(|m| m.name == name) {
        return Found::Always(member);
    }
    let top = stack.last().and_then(|id| interface.object(*id));
    match top {
        Some(object) if object.tag.is_some() => in_branches(interface, object, name),
        _ => Found::Nowhere,
    }
}

fn in_branches<'i>(interface: &'i Interface, object: &'i Object, name: &str) -> Found<'i> {
    let (mut members, mut everywhere, mut reliable) = (Vec::new(), true, true);
    for variant in &object.variants {
        match find(interface, &[variant.ty], name) {
            Found::Nowhere => (everywhere, reliable) = (false, false),
            Found::Always(member) => {
                reliable &= !member.optional;
                members.push(member);
            }
            Found::Branches {
                members: more,
                everywhere: all,
                reliable: sure,
            } => {
                members.extend(more);
                everywhere &= all;
                reliable &= sure;
            }
        }
    }
    match members.is_empty() {
        true => Found::Nowhere,
        false => Found::Branches {
            members,
            everywhere,
            reliable,
        },
    }
}
