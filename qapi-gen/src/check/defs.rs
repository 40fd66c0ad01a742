//! Definitions whose shape was checked, before names are resolved.

use crate::diagnostic::DefinitionKind;
use crate::model::Condition;
use crate::names::Symbol;
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
