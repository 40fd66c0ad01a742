//! What somebody uses of an interface.

use super::known::Known;
use super::{Change, ChangeCode};
use crate::interface::{Interface, messages};
use serde_json::Value;
use std::collections::BTreeSet;

/// What somebody uses of an interface: commands, events and types, and parts of them.
///
/// Of a definition of which parts are named, changes concern only these parts, what is new beside them, and the definition
/// itself; of others, every part.
///
/// ```
/// use qapi_gen::diff::Uses;
/// let uses = Uses::parse("C: {\"execute\": \"stop\"}\nS: {\"return\": {}}\nS: {\"event\": \"STOP\"}\n");
/// assert_eq!(uses.names().collect::<Vec<_>>(), ["STOP", "stop"]);
/// assert_eq!(Uses::parse("# mine\nquery-status\n").names().count(), 1);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Uses {
    names: BTreeSet<String>,
    /// What is named by itself, each once, by its first line.
    named: Vec<(usize, String)>,
    /// Lines of a list that are no names.
    malformed: Vec<usize>,
}

/// What is doubtful in a statement of what somebody uses.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Doubt {
    /// The line, the first being 1.
    pub line: usize,
    /// What is wrong there, in one sentence without a full stop.
    pub message: String,
}

impl Uses {
    /// Reads what is used from a list, with one name a line and `#` before comments: of a command, event or type, or of a
    /// part of one, as `block_resize.node-name` or `RunState.running`. Or from a log or recording of a connection, which
    /// has JSON texts on its lines with anything before them, and names commands with their arguments, and events.
    pub fn parse(text: &str) -> Uses {
        let mut uses = Uses::default();
        for (line, message) in messages(text) {
            uses.message(line, &message);
        }
        let is_log = !uses.names.is_empty();
        for (line, text) in (1..).zip(text.lines()) {
            let name = text.split('#').next().unwrap_or_default().trim();
            if name.is_empty() {
                continue;
            }
            if !is_name(name) {
                // In a log, anything may stand between the messages.
                if !is_log {
                    uses.malformed.push(line);
                }
                continue;
            }
            if uses.names.insert(name.to_owned()) && !is_log {
                uses.named.push((line, name.to_owned()));
            }
            // Who uses a part uses the whole.
            if let Some((whole, _)) = name.rsplit_once('.') {
                uses.names.insert(whole.to_owned());
            }
        }
        uses
    }

    /// What is doubtful: lines that are no names, and names that neither interface has, in the order of lines. Names of
    /// types count as known where introspection hides them.
    pub fn doubts(&self, old: &Interface, new: &Interface) -> Vec<Doubt> {
        let known = Known::of([old, new]);
        let malformed = self.malformed.iter().map(|&line| Doubt {
            line,
            message: "this is no name of a command, event or type, nor of a part of one".to_owned(),
        });
        let unknown = self.named.iter().filter_map(|(line, name)| {
            let message = known.doubt(name)?;
            Some(Doubt {
                line: *line,
                message,
            })
        });
        let mut doubts: Vec<Doubt> = malformed.chain(unknown).collect();
        doubts.sort_by_key(|doubt| doubt.line);
        doubts
    }

    /// Whether one of the interfaces has any of it.
    pub fn are_known(&self, old: &Interface, new: &Interface) -> bool {
        let known = Known::of([old, new]);
        let mut names = self.names.iter();
        names.any(|name| known.doubt(name).is_none())
    }

    /// The names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    pub(super) fn concern(&self, change: &Change) -> bool {
        let name = change.subject.name();
        if let Some(part) = change.subject.part()
            && self.names_parts_of(name)
        {
            return is_new_part(change.code)
                || self.names.contains(&format!("{name}.{}", part.name()));
        }
        self.names.contains(name) || !self.names.is_disjoint(&change.used_by)
    }

    fn names_parts_of(&self, name: &str) -> bool {
        let start = format!("{name}.");
        let mut from = self.names.range(start.clone()..);
        from.next().is_some_and(|next| next.starts_with(&start))
    }

    fn message(&mut self, line: usize, value: &Value) {
        for value in value.as_array().into_iter().flatten() {
            self.message(line, value);
        }
        for key in ["execute", "exec-oob", "event"] {
            if let Some(name) = value.get(key).and_then(Value::as_str) {
                // Capabilities belong to the protocol, whatever the schema says of them.
                if self.names.insert(name.to_owned()) && name != "qmp_capabilities" {
                    self.named.push((line, name.to_owned()));
                }
                let arguments = value.get("arguments").and_then(Value::as_object);
                for argument in arguments.into_iter().flat_map(|a| a.keys()) {
                    self.names.insert(format!("{name}.{argument}"));
                }
            }
        }
    }
}

fn is_name(text: &str) -> bool {
    let letter = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    text.contains(|c: char| c.is_ascii_alphanumeric()) && text.chars().all(letter)
}

/// Whether there is a part now that nobody could use before.
fn is_new_part(code: ChangeCode) -> bool {
    use ChangeCode as C;
    matches!(
        code,
        C::MemberAdded
            | C::MandatoryMemberAdded
            | C::ValueAdded
            | C::BranchAdded
            | C::MandatoryBranchAdded
            | C::AlternativeAdded
    )
}
