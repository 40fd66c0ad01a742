//! The JSON objects that an object type stands for.

use crate::interface::{Interface, Member, TypeId};
use crate::names::Name;
use std::collections::BTreeMap;

/// One kind of JSON object: what a union is if its tags have certain values.
#[derive(Clone, Default)]
pub(super) struct Case<'i> {
    pub(super) members: Vec<&'i Member>,
    /// The values that tags may have, where that is not all.
    pub(super) tags: BTreeMap<&'i str, Vec<&'i Name>>,
}

/// The kinds of JSON object of an object type: one, unless it is a union.
pub(super) fn cases(interface: &Interface, id: TypeId) -> Vec<Case<'_>> {
    let Some(object) = interface.object(id) else {
        return Vec::new();
    };
    let base = Case {
        members: object.members.iter().collect(),
        tags: BTreeMap::new(),
    };
    let Some(tag) = &object.tag else {
        return vec![base];
    };
    let mut cases = Vec::new();
    // Branches without members are all alike.
    let (empty, full): (Vec<_>, Vec<_>) = object
        .variants
        .iter()
        .partition(|v| interface.is_empty(v.ty));
    if !empty.is_empty() {
        let mut case = base.clone();
        let values = empty.iter().map(|v| &v.case);
        case.tags.insert(tag, values.collect());
        cases.push(case);
    }
    for variant in full {
        for branch in self::cases(interface, variant.ty) {
            let mut case = base.clone();
            case.tags.insert(tag, vec![&variant.case]);
            case.tags.extend(branch.tags);
            case.members.extend(branch.members);
            cases.push(case);
        }
    }
    cases
}

/// Whether an object has to have any member.
pub(super) fn demands(interface: &Interface, id: TypeId) -> bool {
    interface
        .object(id)
        .is_some_and(|o| o.members.iter().any(|m| !m.optional))
}
