//! Objects of the schema as Rust structs: what they consist of.

use super::{Item, LastWith, Module, Plan, Ty};
use crate::model::*;
use crate::print::Code;
use crate::rust::condition::Presence;
use crate::rust::names::{Ident, Scope, snake};
use crate::rust::template::Piece;

/// A struct that is generated.
pub(crate) struct Record<'p> {
    /// Its identifier.
    pub(crate) ident: Ident,
    pub(crate) module: Module,
    /// When it is there.
    pub(crate) presence: Presence,
    /// Its members in the order of the schema, those of its bases first; a union's tag among them.
    pub(crate) members: Vec<Field<'p>>,
    pub(crate) union: Option<Union<'p>>,
    /// The field for members that the schema does not list.
    pub(crate) rest: Option<Rest>,
}

/// A member.
pub(crate) struct Field<'p> {
    pub(crate) member: &'p Member,
    /// The field, and the parameter of what sets it.
    pub(crate) ident: Ident,
    /// The method that sets it.
    pub(crate) setter: Ident,
    /// The type of its value, without box.
    pub(crate) ty: Ty<'p>,
    pub(crate) boxed: bool,
    pub(crate) presence: Presence,
    /// Whether the schema demands it, but not every release sends it, or no value of it has an end.
    pub(crate) late: bool,
    /// The last release that has it, if that is not the newest.
    pub(crate) last: Option<LastWith<'p>>,
}

/// What makes a struct a union.
pub(crate) struct Union<'p> {
    pub(crate) variants: &'p Variants,
    /// The field of the branch.
    pub(crate) ident: Ident,
    /// The method that gives the tag.
    pub(crate) getter: Ident,
    /// The position of the tag among the members.
    pub(crate) tag: usize,
    /// The enum of the branches.
    pub(crate) branch: Ty<'p>,
    /// Whether some release leaves out the tag.
    pub(crate) untagged: bool,
}

/// The field for members that the schema does not list.
pub(crate) struct Rest {
    pub(crate) ident: Ident,
    /// The method that adds one, where the schema means such members to be there. Otherwise they
    /// are what another release sends.
    pub(crate) setter: Option<Ident>,
}

/// What becomes of members that the schema does not list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RestKind {
    /// There are none.
    None,
    /// The schema means them to be there.
    Open,
    /// Another release may send them.
    Kept,
}

/// A member's claim on being there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Demand {
    /// It may be absent.
    None,
    /// Only strict mode demands it.
    Strict,
    /// Every mode demands it.
    Always,
}

impl Field<'_> {
    /// Whether the struct's field is an `Option`.
    pub(crate) fn is_option(&self) -> bool {
        self.member.optional || self.late
    }

    /// The type of the value as it is stored.
    pub(crate) fn stored(&self) -> Stored<'_> {
        Stored(&self.ty, self.boxed)
    }
}

/// A type, and whether it is boxed.
pub(crate) struct Stored<'f>(&'f Ty<'f>, bool);

impl Piece for Stored<'_> {
    fn put(&self, code: &mut Code) {
        let Stored(ty, boxed) = self;
        match boxed {
            true => code.extend(code!(ty => ::std::boxed::Box<#ty>)),
            false => ty.put(code),
        }
    }
}

impl<'p> Record<'p> {
    /// Whether a member is the tag of this union.
    pub(crate) fn is_tag(&self, index: usize) -> bool {
        self.union.as_ref().is_some_and(|union| union.tag == index)
    }

    /// The members that are fields: all but the tag.
    pub(crate) fn fields(&self) -> impl Iterator<Item = &Field<'p>> {
        let tag = self.union.as_ref().map(|union| union.tag);
        let fields = self.members.iter().enumerate();
        fields
            .filter(move |(i, _)| Some(*i) != tag)
            .map(|(_, field)| field)
    }

    /// What is demanded of a member.
    pub(crate) fn demand(&self, index: usize) -> Demand {
        let field = &self.members[index];
        let late = match &self.union {
            Some(union) if union.tag == index => union.untagged,
            _ => field.late,
        };
        match (field.member.optional, late) {
            (true, _) => Demand::None,
            (false, true) => Demand::Strict,
            (false, false) => Demand::Always,
        }
    }

    /// Whether the constructor has to be given something.
    pub(crate) fn is_demanding(&self) -> bool {
        self.fields().any(|field| !field.member.optional) || self.union.is_some()
    }

    /// Whether there is nothing in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.members.is_empty() && self.union.is_none() && self.rest.is_none()
    }

    /// Whether code that touches its fields touches something deprecated, and is not in a module
    /// that allows it anyway.
    pub(crate) fn has_deprecated(&self) -> bool {
        self.module == Module::Root
            && self
                .members
                .iter()
                .any(|field| field.member.features.is_deprecated())
    }
}

impl<'s> Plan<'s> {
    /// The struct for an object, or for a command or event without members.
    pub(crate) fn record(
        &self,
        id: Option<ObjectId>,
        item: &Item,
        module: Module,
        rest: RestKind,
    ) -> Record<'_> {
        let mut record = Record {
            ident: item.ident.clone(),
            module,
            presence: item.presence().clone(),
            members: Vec::new(),
            union: None,
            rest: None,
        };
        let mut fields = Scope::with(["u"]);
        let mut methods = Scope::with(["new"]);
        if let Some(id) = id {
            let object = self.schema.object(id);
            for (owner, member) in self.bases.members(self.schema, id) {
                let presence = self.presence(member.condition.as_ref());
                if presence == Presence::Never {
                    continue;
                }
                let is_tag = object
                    .variants
                    .as_ref()
                    .is_some_and(|variants| std::ptr::eq(self.schema.tag(variants), member));
                let setter = methods.claim(snake(&member.name));
                if let (true, Some(variants)) = (is_tag, &object.variants) {
                    record.union = Some(Union {
                        variants,
                        ident: Ident::written("u"),
                        getter: setter.clone(),
                        tag: record.members.len(),
                        branch: Ty::Local(module, None, self.branch_enum(id)),
                        untagged: self.untagged(object).is_some(),
                    });
                }
                record.members.push(Field {
                    member,
                    ident: fields.claim(snake(&member.name)),
                    setter,
                    ty: self.ty(member.ty, module),
                    boxed: self.is_boxed(id, member.ty),
                    presence,
                    late: !member.optional
                        && (self.is_late(owner, member) || self.never_ends(id, member)),
                    last: self.last_with_member(owner, member),
                });
            }
        }
        if rest == RestKind::Open {
            record.rest = Some(Rest {
                ident: fields.claim("extra".to_owned()),
                setter: Some(methods.claim("extra".to_owned())),
            });
        } else if rest == RestKind::Kept {
            record.rest = Some(Rest {
                ident: fields.claim("unrecognized".to_owned()),
                setter: None,
            });
        }
        record
    }
}
