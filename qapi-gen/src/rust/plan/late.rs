//! What other releases do not send, and what the newest does not know any more.

use super::Plan;
use crate::model::{Command, Enum, EnumValue, Member, Object};
use crate::print::Code;
#[cfg(feature = "releases")]
use crate::releases::Presence;

/// The last release that has something which the newest has not.
#[derive(Clone, Copy)]
pub(crate) struct LastWith<'s>(pub(crate) &'s str);

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

    /// The last release that has a member, if that is not the newest.
    pub(super) fn last_with_member(&self, owner: &Object, member: &Member) -> Option<LastWith<'s>> {
        let facts = self.options.releases.member(&owner.name, &member.name);
        self.last(facts.presence)
    }

    /// The last release that has a value, if that is not the newest.
    pub(crate) fn last_with_value(&self, enum_: &Enum, value: &EnumValue) -> Option<LastWith<'s>> {
        self.last(self.options.releases.value(&enum_.name, &value.name))
    }

    /// The last release that has a command, if that is not the newest.
    pub(crate) fn last_with_command(&self, command: &Command) -> Option<LastWith<'s>> {
        self.last(self.options.releases.command(&command.name))
    }

    fn last(&self, presence: Presence<'s>) -> Option<LastWith<'s>> {
        let newest = self.options.releases.names().last()?;
        let last = presence.last().filter(|last| last != newest)?;
        Some(LastWith(last))
    }
}

impl LastWith<'_> {
    /// Its version, as the codec takes it. What does not read as one is older than all servers.
    pub(crate) fn numbers(self) -> Code {
        let mut parts = self
            .0
            .split('.')
            .map(|part| part.parse::<u16>().unwrap_or(0));
        let mut next = || usize::from(parts.next().unwrap_or(0));
        let (major, minor) = (next(), next());
        code!(major, minor => (#major, #minor))
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

    pub(super) fn last_with_member(&self, _: &Object, _: &Member) -> Option<LastWith<'s>> {
        None
    }

    pub(crate) fn last_with_value(&self, _: &Enum, _: &EnumValue) -> Option<LastWith<'s>> {
        None
    }

    pub(crate) fn last_with_command(&self, _: &Command) -> Option<LastWith<'s>> {
        None
    }
}
