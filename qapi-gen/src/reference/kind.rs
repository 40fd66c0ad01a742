//! What kinds of definitions there are for readers, and what each is called.

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Command,
    Event,
    Enum,
    Struct,
    Union,
    Alternate,
}

impl Kind {
    pub(super) const ALL: [Kind; 6] = [
        Kind::Command,
        Kind::Event,
        Kind::Enum,
        Kind::Struct,
        Kind::Union,
        Kind::Alternate,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Kind::Command => "command",
            Kind::Event => "event",
            Kind::Enum => "enum",
            Kind::Struct => "struct",
            Kind::Union => "union",
            Kind::Alternate => "alternate",
        }
    }

    /// What anchors start with. A struct may become a union in a later release, and links are to hold.
    pub(super) fn anchor(self) -> &'static str {
        match self {
            Kind::Command => "command",
            Kind::Event => "event",
            _ => "type",
        }
    }

    /// What its parts are called, at the head of their list.
    pub(super) fn heading(self) -> &'static str {
        match self {
            Kind::Command => "Arguments",
            Kind::Event => "Data",
            Kind::Enum => "Values",
            Kind::Struct | Kind::Union => "Members",
            Kind::Alternate => "Alternatives",
        }
    }

    /// What one of its parts is called.
    pub(super) fn part(self) -> &'static str {
        match self {
            Kind::Command => "argument",
            Kind::Enum => "value",
            Kind::Alternate => "alternative",
            Kind::Event | Kind::Struct | Kind::Union => "member",
        }
    }
}
