//! The kinds of change, and how grave each is.

use super::Direction;
use std::fmt;

/// How grave a change is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Level {
    /// Not worth reporting.
    Ignore,
    /// Nothing has to be done.
    Info,
    /// Breaks some, or will break.
    Warning,
    /// Breaks who relies on what was there.
    Breaking,
}

impl Level {
    /// Every level, the least grave first.
    pub const ALL: [Level; 4] = [Level::Ignore, Level::Info, Level::Warning, Level::Breaking];

    /// The name in reports and in files of levels.
    pub fn as_str(self) -> &'static str {
        match self {
            Level::Ignore => "ignore",
            Level::Info => "info",
            Level::Warning => "warning",
            Level::Breaking => "breaking",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

macro_rules! codes {
    ($($variant:ident $code:literal $input:ident $output:ident $inverse:ident $rule:literal;)*) => {
        /// The kind of a change.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum ChangeCode {
            $(#[doc = $rule] $variant,)*
        }

        impl ChangeCode {
            /// Every kind of change.
            pub const ALL: &'static [ChangeCode] = &[$(ChangeCode::$variant),*];

            /// The name in reports and in files of levels.
            pub fn as_str(self) -> &'static str {
                match self { $(ChangeCode::$variant => $code),* }
            }

            /// What it is, in one sentence.
            pub fn rule(self) -> &'static str {
                match self { $(ChangeCode::$variant => $rule),* }
            }

            /// The kind of the change back.
            pub fn inverse(self) -> ChangeCode {
                match self { $(ChangeCode::$variant => ChangeCode::$inverse),* }
            }

            /// What it means to clients made for the old interface, as far as they send it (input) or receive it (output).
            pub fn client(self, direction: Direction) -> Level {
                match (self, direction) {
                    $((ChangeCode::$variant, Direction::Input) => Level::$input,
                      (ChangeCode::$variant, Direction::Output) => Level::$output,)*
                }
            }
        }
    };
}

// Changes to commands as such count as input, and those to events as output.
codes! {
    CommandAdded "command-added" Info Info CommandRemoved "There is a new command.";
    CommandRemoved "command-removed" Breaking Breaking CommandAdded "A command is gone.";
    EventAdded "event-added" Info Info EventRemoved "There is a new event.";
    EventRemoved "event-removed" Breaking Breaking EventAdded "An event is gone: who waits for it waits in vain.";
    MemberAdded "member-added" Info Info MemberRemoved "There is a new optional member.";
    MemberRemoved "member-removed" Breaking Warning MemberAdded "An optional member is gone.";
    MandatoryMemberAdded "mandatory-member-added" Breaking Info MandatoryMemberRemoved "There is a new mandatory member.";
    MandatoryMemberRemoved "mandatory-member-removed" Breaking Breaking MandatoryMemberAdded "A mandatory member is gone.";
    MemberNowMandatory "member-now-mandatory" Breaking Info MemberNowOptional "An optional member became mandatory.";
    MemberNowOptional "member-now-optional" Info Breaking MemberNowMandatory "A mandatory member became optional.";
    MemberRestricted "member-restricted" Breaking Breaking MemberUnrestricted "A member is left in some branches only.";
    MemberUnrestricted "member-unrestricted" Info Info MemberRestricted "A member of some branches is there whatever the branch.";
    ValueAdded "value-added" Info Warning ValueRemoved "An enum has a new value, which a client has to put up with.";
    ValueRemoved "value-removed" Breaking Warning ValueAdded "A value of an enum is gone.";
    BranchAdded "branch-added" Info Warning BranchRemoved "A union has a branch with members that it had not.";
    BranchRemoved "branch-removed" Breaking Warning BranchAdded "A branch with members is gone.";
    MandatoryBranchAdded "mandatory-branch-added" Breaking Info MandatoryBranchRemoved "A value that was there has a branch now, with mandatory members.";
    MandatoryBranchRemoved "mandatory-branch-removed" Breaking Breaking MandatoryBranchAdded "A value that is still there has lost its branch, with mandatory members.";
    AlternativeAdded "alternative-added" Info Warning AlternativeRemoved "An alternate has an alternative of a new kind of JSON value.";
    AlternativeRemoved "alternative-removed" Breaking Info AlternativeAdded "An alternative is gone.";
    TypeWidened "type-widened" Info Warning TypeNarrowed "A type became one that includes it.";
    TypeNarrowed "type-narrowed" Breaking Info TypeWidened "A type became one that it included.";
    TypeChanged "type-changed" Breaking Breaking TypeChanged "A type became another one.";
    RangeWidened "range-widened" Info Breaking RangeNarrowed "An integer has a larger range, which introspection does not tell.";
    RangeNarrowed "range-narrowed" Breaking Info RangeWidened "An integer has a smaller range, which introspection does not tell.";
    DeprecationBegun "deprecation-begun" Warning Warning DeprecationEnded "It is now deprecated: plan for its removal.";
    DeprecationEnded "deprecation-ended" Info Info DeprecationBegun "It is not deprecated any more.";
    UnstableBegun "unstable-begun" Warning Warning UnstableEnded "It is now unstable: it may change without notice.";
    UnstableEnded "unstable-ended" Info Info UnstableBegun "It is not unstable any more.";
    FeatureAdded "feature-added" Info Info FeatureRemoved "There is a new feature, which clients can probe for.";
    FeatureRemoved "feature-removed" Warning Warning FeatureAdded "A feature is gone, which clients may probe for.";
    OobAllowed "oob-allowed" Info Info OobForbidden "A command may be executed out of band.";
    OobForbidden "oob-forbidden" Breaking Breaking OobAllowed "A command may no longer be executed out of band.";
    PreconfigAllowed "preconfig-allowed" Info Info PreconfigForbidden "A command is available before the machine is built.";
    PreconfigForbidden "preconfig-forbidden" Breaking Breaking PreconfigAllowed "A command is no longer available before the machine is built.";
    ResponseChanged "success-response-changed" Breaking Breaking ResponseChanged "Whether a command answers success changed.";
    OpenBegun "extra-members-taken" Info Info OpenEnded "A command takes members beyond those that are listed.";
    OpenEnded "extra-members-refused" Breaking Breaking OpenBegun "A command takes only the members that are listed.";
    ConditionAdded "condition-added" Warning Warning ConditionRemoved "Builds may be without it, which introspection does not tell.";
    ConditionRemoved "condition-removed" Info Info ConditionAdded "Every build has it, which introspection does not tell.";
    ConditionChanged "condition-changed" Info Info ConditionChanged "Other builds have it, which introspection does not tell.";
}

impl ChangeCode {
    /// What it means to servers made for the old interface whose clients are made for the new one: what the change back
    /// means to clients.
    pub fn server(self, direction: Direction) -> Level {
        self.inverse().client(direction)
    }

    /// The kind of that name.
    pub fn from_name(name: &str) -> Option<ChangeCode> {
        ChangeCode::ALL.iter().copied().find(|c| c.as_str() == name)
    }
}

impl fmt::Display for ChangeCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A table of every kind of change in Markdown: the code, what it means to clients as input and as output, to servers as
/// input and as output, and what it is.
pub fn table() -> String {
    let mut table =
        "| code | client, input | client, output | server, input | server, output | change |\n\
                     |---|---|---|---|---|---|\n"
            .to_owned();
    for code in ChangeCode::ALL {
        let levels = [
            code.client(Direction::Input),
            code.client(Direction::Output),
            code.server(Direction::Input),
            code.server(Direction::Output),
        ];
        let levels = levels.map(Level::as_str).join(" | ");
        table += &format!("| `{code}` | {levels} | {} |\n", code.rule());
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_change_back_of_the_change_back_is_the_change() {
        for code in ChangeCode::ALL {
            assert_eq!(code.inverse().inverse(), *code);
            assert_eq!(ChangeCode::from_name(code.as_str()), Some(*code));
        }
    }
}
