//! Enums, branches of unions and alternates as Rust enums: what they consist of.

use super::{Module, Plan, Ty};
use crate::model::*;
use crate::names::FastMap;
use crate::rust::condition::Presence;
use crate::rust::names::{Ident, Scope, camel};

/// A value of an enum, as a variant.
pub(crate) struct Variant<'s> {
    pub(crate) value: &'s EnumValue,
    pub(crate) ident: Ident,
    pub(crate) presence: Presence,
}

/// A branch of a union, as a variant.
#[derive(Clone)]
pub(crate) struct Branch<'p> {
    pub(crate) value: &'p EnumValue,
    pub(crate) ident: Ident,
    /// The type of its data; `None` if it has none.
    pub(crate) data: Option<Ty<'p>>,
    pub(crate) presence: Presence,
    /// Whether it stands for what older releases send without a tag.
    pub(crate) untagged: bool,
    /// Whether its data convert into it: no other branch has their type, or none whose name the type's ends in too.
    pub(crate) converts: bool,
    object: ObjectId,
}

/// A choice of an alternate, as a variant.
pub(crate) struct Alternative<'p> {
    pub(crate) alternative: &'p crate::model::Alternative,
    pub(crate) ident: Ident,
    /// The type of its value, without box; `None` for null.
    pub(crate) ty: Option<Ty<'p>>,
    /// Whether the value is boxed.
    pub(crate) boxed: bool,
    /// The kind of JSON value that selects it.
    pub(crate) kind: &'static str,
    pub(crate) presence: Presence,
}

impl<'s> Plan<'s> {
    /// The variants of an enum: the values that are there.
    pub(crate) fn variants(&self, enum_: &'s Enum) -> Vec<Variant<'s>> {
        let mut scope = Scope::with(["Unrecognized", "Untagged"]);
        let named = enum_.values.iter().map(|value| Variant {
            value,
            ident: scope.claim(camel(&value.name)),
            presence: self.presence(value.condition.as_ref()),
        });
        named
            .filter(|variant| variant.presence != Presence::Never)
            .collect()
    }

    /// The branches of a union.
    pub(crate) fn branches(&self, union: &Object, variants: &Variants) -> Vec<Branch<'_>> {
        let of_value: FastMap<&str, &crate::model::Branch> = variants
            .branches
            .iter()
            .map(|branch| (branch.value.as_str(), branch))
            .collect();
        let mut branches = Vec::new();
        for variant in self.variants(self.schema.enum_(variants.tag_enum)) {
            let Some(branch) = of_value.get(variant.value.name.as_str()) else {
                continue;
            };
            let with_data = match branch.object == self.schema.empty() {
                true => Presence::Never,
                false => self.presence(branch.condition.as_ref()),
            };
            let tag = variant.presence;
            let mut one = |presence: Presence, has_data: bool| {
                let ty = || self.ty(Type::Object(branch.object), Module::Root);
                branches.push(Branch {
                    value: variant.value,
                    ident: variant.ident.clone(),
                    data: has_data.then(ty),
                    object: branch.object,
                    presence,
                    untagged: false,
                    converts: false,
                });
            };
            match with_data {
                Presence::Never => one(tag, false),
                Presence::Always => one(tag, true),
                with_data if tag == with_data => one(tag, true),
                // Where the tag has the value and the union not the branch, there are no data.
                with_data => {
                    one(tag.clone().and(with_data.clone()), true);
                    one(tag.and(with_data.not()), false);
                }
            }
        }
        self.decide_conversions(&mut branches);
        if let Some(value) = self.untagged(union)
            && let Some(branch) = branches.iter().find(|branch| branch.value.name == value)
        {
            branches.push(Branch {
                ident: Ident::written("Untagged"),
                untagged: true,
                converts: false,
                ..branch.clone()
            });
        }
        branches
    }

    fn decide_conversions(&self, branches: &mut [Branch]) {
        let named_after = |branch: &Branch| {
            let ty = &self.object_item(branch.object).ident;
            let suffix = ty.len().saturating_sub(branch.ident.len());
            ty.get(suffix..)
                .is_some_and(|end| end.eq_ignore_ascii_case(&branch.ident))
        };
        // By type: the branches that have it, and those of them after which it is named.
        let mut counts: FastMap<ObjectId, (usize, usize)> = FastMap::default();
        for branch in branches.iter().filter(|branch| branch.data.is_some()) {
            let (all, named) = counts.entry(branch.object).or_default();
            *all += 1;
            *named += usize::from(named_after(branch));
        }
        for branch in branches.iter_mut().filter(|branch| branch.data.is_some()) {
            let (all, named) = counts[&branch.object];
            branch.converts = all == 1 || named == 1 && named_after(branch);
        }
    }

    /// The choices of an alternate that are there.
    pub(crate) fn alternatives(&self, alternate: &'s Alternate) -> Vec<Alternative<'_>> {
        let mut scope = Scope::with(["Unrecognized"]);
        let variants = alternate.alternatives.iter().map(|alternative| {
            let null = alternative.ty == Type::Builtin(Builtin::Null);
            Alternative {
                alternative,
                ident: scope.claim(camel(&alternative.name)),
                ty: (!null).then(|| self.ty(alternative.ty, Module::Root)),
                boxed: matches!(alternative.ty, Type::Object(_)),
                kind: kind(alternative.ty),
                presence: self.presence(alternative.condition.as_ref()),
            }
        });
        variants
            .filter(|variant| variant.presence != Presence::Never)
            .collect()
    }
}

fn kind(ty: Type) -> &'static str {
    match ty {
        Type::Builtin(builtin) => match builtin.json_kind() {
            JsonKind::String => "String",
            JsonKind::Number | JsonKind::Int => "Number",
            JsonKind::Boolean => "Bool",
            JsonKind::Null => "Null",
            JsonKind::Object | JsonKind::Array | JsonKind::Value => "Object",
        },
        Type::Enum(_) => "String",
        Type::Object(_) | Type::Alternate(_) => "Object",
        Type::Array(_) => "Array",
    }
}
