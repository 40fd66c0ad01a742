//! Definitions whose shape was checked, before names are resolved.

use crate::diagnostic::DefinitionKind;
use crate::model::{Condition, Feature, Features};
use crate::names::{Interner, Symbol, sym};
use crate::source::{FileId, Span};
use crate::syntax::ast::{DocState, Str};

/// A definition of the schema.
pub(super) struct Def {
    pub(super) kind: DefinitionKind,
    pub(super) name: Str,
    pub(super) file: FileId,
    pub(super) span: Span,
    pub(super) doc: DocState,
    pub(super) condition: Option<Condition>,
    pub(super) features: Vec<FeatureDef>,
    pub(super) body: Body,
    /// Whether its name is one that a definition of its kind may have.
    pub(super) sound_name: bool,
    /// Whether parts are missing because they were faulty, so that others may seem wrong.
    pub(super) faulty: bool,
}

pub(super) enum Body {
    Enum {
        values: Vec<ValueDef>,
        prefix: Option<Symbol>,
    },
    Struct {
        base: Option<Str>,
        members: Vec<MemberDef>,
    },
    Union {
        base: Data,
        discriminator: Option<Str>,
        branches: Vec<BranchDef>,
    },
    Alternate {
        alternatives: Vec<MemberDef>,
    },
    Command {
        data: Data,
        returns: Option<TypeRef>,
        flags: Flags,
    },
    Event {
        data: Data,
        boxed: bool,
    },
}

/// `data` of a command or event, or `base` of a union.
pub(super) enum Data {
    None,
    Name(Str),
    Inline(Vec<MemberDef>),
    /// A fault was reported.
    Broken,
}

#[derive(Clone, Copy, Default)]
pub(super) struct Flags {
    pub(super) boxed: bool,
    pub(super) no_gen: bool,
    pub(super) no_success_response: bool,
    pub(super) allow_oob: bool,
    pub(super) allow_preconfig: bool,
    pub(super) coroutine: bool,
}

#[derive(Clone, Copy)]
pub(super) enum TypeRef {
    Name(Str),
    Array(Str),
    /// A fault was reported.
    Broken,
}

/// A member, or an alternative.
pub(super) struct MemberDef {
    pub(super) name: Symbol,
    pub(super) span: Span,
    pub(super) optional: bool,
    /// Whether the name keeps to the rules.
    pub(super) sound: bool,
    pub(super) ty: TypeRef,
    pub(super) condition: Option<Condition>,
    pub(super) features: Vec<FeatureDef>,
}

pub(super) struct BranchDef {
    pub(super) value: Str,
    pub(super) ty: TypeRef,
    pub(super) condition: Option<Condition>,
}

pub(super) struct ValueDef {
    pub(super) name: Symbol,
    pub(super) span: Span,
    /// Whether the name keeps to the rules.
    pub(super) sound: bool,
    pub(super) condition: Option<Condition>,
    pub(super) features: Vec<FeatureDef>,
}

pub(super) struct FeatureDef {
    pub(super) name: Symbol,
    pub(super) span: Span,
    /// Whether the name keeps to the rules.
    pub(super) sound: bool,
    pub(super) condition: Option<Condition>,
}

impl Def {
    /// The features of the definition, and of its members or values.
    pub(super) fn all_features(&self) -> Vec<&FeatureDef> {
        let mut all: Vec<&FeatureDef> = self.features.iter().collect();
        for member in self.own_members() {
            all.extend(&member.features);
        }
        if let Body::Enum { values, .. } = &self.body {
            for value in values {
                all.extend(&value.features);
            }
        }
        all
    }

    /// The members that the definition spells out: its own, or those of its inline base or data.
    pub(super) fn own_members(&self) -> &[MemberDef] {
        match &self.body {
            Body::Struct { members, .. }
            | Body::Alternate {
                alternatives: members,
            }
            | Body::Union {
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
            } => members,
            _ => &[],
        }
    }
}

impl FeatureDef {
    pub(super) fn is_special(&self) -> bool {
        matches!(self.name, sym::DEPRECATED | sym::UNSTABLE)
    }

    /// The features as the model has them.
    pub(super) fn convert(features: &[FeatureDef], names: &Interner) -> Features {
        let convert = |feature: &FeatureDef| Feature {
            name: names.name(feature.name).clone(),
            condition: feature.condition.clone(),
            doc: None,
        };
        Features(features.iter().map(convert).collect())
    }
}
