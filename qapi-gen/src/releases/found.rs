//! What comparing two releases finds.

use super::PartKind;
use crate::model::{AlternateId, CommandId, EnumId, EventId, ObjectId, Type};
use crate::names::Name;
use std::collections::{BTreeMap, HashMap, HashSet};

/// A part of the older release's schema, by its place there.
#[derive(Clone, Copy, Debug)]
pub(crate) enum OldPart {
    Member(ObjectId, usize),
    Value(EnumId, usize),
    Branch(ObjectId, usize),
    /// There is nothing to know of it.
    Alternative,
}

impl OldPart {
    pub(super) fn kind(self) -> PartKind {
        match self {
            OldPart::Member(..) => PartKind::Member,
            OldPart::Value(..) => PartKind::Value,
            OldPart::Branch(..) => PartKind::Branch,
            OldPart::Alternative => PartKind::Alternative,
        }
    }
}

/// A part that the current release lacks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gone {
    pub(crate) part: OldPart,
    /// Whether clients sent it.
    pub(crate) sent: bool,
}

/// What an older release has, by the ids of the current one.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(super) commands: HashSet<CommandId>,
    pub(super) events: HashSet<EventId>,
    pub(super) types: HashSet<Type>,
    /// The objects among the types that a client receives.
    pub(super) received: HashSet<ObjectId>,
    pub(super) members: HashSet<(ObjectId, usize)>,
    pub(super) values: HashSet<(EnumId, usize)>,
    pub(super) branches: HashSet<(ObjectId, usize)>,
    pub(super) alternatives: HashSet<(AlternateId, usize)>,
    /// Mandatory members that can be missing in what a client receives, or that a server does not know.
    pub(super) unreliable: HashSet<(ObjectId, usize)>,
    /// Other types at the same place.
    pub(super) retyped: HashMap<(ObjectId, usize), String>,
    pub(super) returned: HashMap<CommandId, String>,
    /// Unions whose tag is missing, with the value whose branch takes what is there.
    pub(super) untagged: HashMap<ObjectId, Option<Name>>,
    /// Parts that the current release lacks, by the definition that they would belong to.
    pub(crate) gone: BTreeMap<(Name, PartKind, Name), Gone>,
}
