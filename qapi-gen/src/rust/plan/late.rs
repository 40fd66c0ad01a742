//! What other releases do not send.

use super::Plan;
use crate::model::{Member, Object};

#[cfg(feature = "releases")]
impl<'s> Plan<'s> {
    /// The value of the tag whose branch takes what some release sends without a tag.
    pub(super) fn untagged(&self, union: &Object) -> Option<&'s str> {
        self.options.releases.untagged(&union.name)?.branch
    }

    /// Whether some release that this interface has to understand does not send a member that the
    /// schema demands.
    pub(super) fn is_late(&self, owner: &Object, member: &Member) -> bool {
        !self
            .options
            .releases
            .member(&owner.name, &member.name)
            .always
    }
}

/// Without facts about releases the schema is taken at its word.
#[cfg(not(feature = "releases"))]
impl<'s> Plan<'s> {
    pub(super) fn untagged(&self, _: &Object) -> Option<&'s str> {
        None
    }

    pub(super) fn is_late(&self, _: &Object, _: &Member) -> bool {
        false
    }
}
