//! What changed between two interfaces, and what that breaks.
//!
//! The rules are those of QEMU's *How to use the QAPI code generator*, section "Compatibility considerations". Types are
//! matched by where they are used, from commands and events of the same name on: names of types, the order of members and
//! the files in which things are defined are not on the wire.
//!
//! ```
//! use qapi_gen::diff::{Level, diff};
//! use qapi_gen::{Frontend, Interface};
//! let interface = |text: &str| Frontend::new().read_text("a.json", text).map(|s| Interface::of(&s));
//! let old = interface("{ 'command': 'eject', 'data': { 'id': 'str' } }")?;
//! let new = interface("{ 'command': 'eject', 'data': { 'id': 'str', 'slot': 'int' } }")?;
//! let report = diff(&old, &new);
//! assert_eq!(report.changes[0].code.as_str(), "mandatory-member-added");
//! assert_eq!(report.changes[0].client, Level::Breaking);
//! assert_eq!(report.changes[0].subject.to_string(), "command 'eject', argument 'slot'");
//! # Ok::<(), qapi_gen::diagnostic::Errors>(())
//! ```

mod code;
mod known;
mod levels;
mod objects;
mod render;
mod subject;
mod types;
mod uses;
mod walk;

pub use code::{ChangeCode, Level, table};
pub use levels::{Levels, LevelsError};
pub use render::{Format, Names};
pub use subject::{Part, Subject};
pub use uses::{Doubt, Uses};

use crate::interface::{Interface, Place};
use std::collections::BTreeSet;

/// Which way values travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// To the server: arguments of commands.
    Input,
    /// To the client: replies, and the data of events.
    Output,
}

impl Direction {
    /// Both.
    pub const ALL: [Direction; 2] = [Direction::Input, Direction::Output];

    /// The name in reports and in files of levels.
    pub fn as_str(self) -> &'static str {
        match self {
            Direction::Input => "input",
            Direction::Output => "output",
        }
    }
}

/// A change.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change {
    /// Its kind.
    pub code: ChangeCode,
    /// What changed.
    pub subject: Subject,
    /// The ways in which the subject travels.
    pub directions: BTreeSet<Direction>,
    /// What it means to clients made for the old interface that talk to servers of the new one.
    pub client: Level,
    /// What it means to servers made for the old interface whose clients are made for the new one.
    pub server: Level,
    /// What was there, where that says more: a type, a condition.
    pub old: Option<String>,
    /// What is there now.
    pub new: Option<String>,
    /// The condition that what is gone was under: another build of the server may have it.
    pub condition: Option<String>,
    /// Whether what is gone was deprecated.
    pub was_deprecated: bool,
    /// Whether the interface made no promise about it: it is unstable, or only reached through what is.
    pub unstable: bool,
    /// The commands and events that it concerns.
    pub used_by: BTreeSet<String>,
    pub(crate) old_place: Option<Place>,
    pub(crate) new_place: Option<Place>,
}

impl Change {
    /// The file and line of what changed: in the new schema, or in the old one if it is gone.
    pub fn place(&self) -> Option<(&str, u32)> {
        let place = self.new_place.as_ref().or(self.old_place.as_ref())?;
        Some((place.file.as_str(), place.line))
    }

    /// The graver of the two levels.
    pub fn level(&self) -> Level {
        self.client.max(self.server)
    }

    /// What happened, in one sentence without the subject and a full stop.
    pub fn message(&self) -> String {
        render::message(self)
    }
}

/// What changed between two interfaces.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Report {
    /// The changes, in the order of the interfaces.
    pub changes: Vec<Change>,
    /// What one should know about the comparison as such.
    pub notes: Vec<String>,
    /// How many changes [`retain_used`](Report::retain_used) dropped.
    pub unused: usize,
}

impl Report {
    /// Judges each change anew; those that are then to be ignored are dropped.
    pub fn judge(&mut self, levels: &Levels) {
        for change in &mut self.changes {
            levels.judge(change);
        }
        self.changes.retain(|c| c.level() > Level::Ignore);
    }

    /// Drops what does not concern those who use only certain commands, events and parts.
    pub fn retain_used(&mut self, uses: &Uses) {
        let before = self.changes.len();
        self.changes.retain(|change| uses.concern(change));
        self.unused += before - self.changes.len();
    }

    /// Whether a change breaks clients.
    pub fn breaks_clients(&self) -> bool {
        self.changes.iter().any(|c| c.client == Level::Breaking)
    }

    /// Whether a change breaks servers.
    pub fn breaks_servers(&self) -> bool {
        self.changes.iter().any(|c| c.server == Level::Breaking)
    }
}

/// What changed from one interface to another.
pub fn diff(old: &Interface, new: &Interface) -> Report {
    let mut report = Report {
        changes: walk::changes(old, new),
        notes: Vec::new(),
        unused: 0,
    };
    report.judge(&Levels::default());
    if old.introspected || new.introspected {
        let which = match (old.introspected, new.introspected) {
            (true, true) => "both sides are introspection",
            (true, false) => "the old side is introspection",
            _ => "the new side is introspection",
        };
        report.notes.push(format!(
            "{which}, which does not tell the ranges of integers, conditions, and whether a command is available before \
             the machine is built; what it lacks, another build of that server may have"
        ));
    }
    report
}
