//! What a change is about.

use std::fmt;

/// What a change is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Subject {
    /// A command, or a part of its arguments.
    Command(String, Option<Part>),
    /// What a command returns.
    Reply(String),
    /// An event, or a part of its data.
    Event(String, Option<Part>),
    /// A type, by its name in the schema, or a part of it.
    Type(String, Option<Part>),
    /// A type whose name is hidden, by its first use, such as `query-block: reply[].inserted`; or a part of it.
    Use(String, Option<Part>),
}

/// A part of a definition.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Part {
    /// A member or argument.
    Member(String),
    /// A value of an enum.
    Value(String),
    /// A branch of a union, by the value of its tag.
    Branch(String),
    /// An alternative, by the kind of its JSON value.
    Alternative(String),
}

impl Subject {
    /// The kind: `command`, `reply`, `event`, `type` or `use`.
    pub fn kind(&self) -> &'static str {
        match self {
            Subject::Command(..) => "command",
            Subject::Reply(..) => "reply",
            Subject::Event(..) => "event",
            Subject::Type(..) => "type",
            Subject::Use(..) => "use",
        }
    }

    /// The name of the command, event or type.
    pub fn name(&self) -> &str {
        match self {
            Subject::Command(name, _)
            | Subject::Reply(name)
            | Subject::Event(name, _)
            | Subject::Type(name, _)
            | Subject::Use(name, _) => name,
        }
    }

    /// The part that it is about, if it is not the whole.
    pub fn part(&self) -> Option<&Part> {
        match self {
            Subject::Reply(_) => None,
            Subject::Command(_, part)
            | Subject::Event(_, part)
            | Subject::Type(_, part)
            | Subject::Use(_, part) => part.as_ref(),
        }
    }

    pub(super) fn with(&self, part: Part) -> Subject {
        let part = Some(part);
        match self.clone() {
            Subject::Command(name, _) => Subject::Command(name, part),
            Subject::Event(name, _) => Subject::Event(name, part),
            Subject::Type(name, _) => Subject::Type(name, part),
            Subject::Use(name, _) => Subject::Use(name, part),
            Subject::Reply(name) => Subject::Use(format!("{name}: reply"), part),
        }
    }
}

impl Part {
    /// The kind: `member`, `value`, `branch` or `alternative`.
    pub fn kind(&self) -> &'static str {
        match self {
            Part::Member(_) => "member",
            Part::Value(_) => "value",
            Part::Branch(_) => "branch",
            Part::Alternative(_) => "alternative",
        }
    }

    /// The name.
    pub fn name(&self) -> &str {
        match self {
            Part::Member(name)
            | Part::Value(name)
            | Part::Branch(name)
            | Part::Alternative(name) => name,
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Subject::Command(name, _) => write!(f, "command '{name}'")?,
            Subject::Reply(name) => write!(f, "reply to '{name}'")?,
            Subject::Event(name, _) => write!(f, "event '{name}'")?,
            Subject::Type(name, _) => write!(f, "type '{name}'")?,
            Subject::Use(path, _) => write!(f, "'{path}'")?,
        }
        match (self, self.part()) {
            (_, None) => Ok(()),
            (Subject::Command(..), Some(Part::Member(name))) => write!(f, ", argument '{name}'"),
            (_, Some(part)) => write!(f, ", {} '{}'", part.kind(), part.name()),
        }
    }
}
