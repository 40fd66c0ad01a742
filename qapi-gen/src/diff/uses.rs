//! What somebody uses of an interface.

use super::{Change, ChangeCode};
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
pub struct Uses(BTreeSet<String>);

impl Uses {
    /// Reads what is used from a list, with one name a line and `#` before comments: of a command, event or type, or of a
    /// part of one, as `block_resize.node-name` or `RunState.running`. Or from a log or recording of a connection, which
    /// has JSON texts on its lines with anything before them, and names commands with their arguments, and events.
    pub fn parse(text: &str) -> Uses {
        let mut uses = Uses::default();
        for line in text.lines() {
            match line.split_once('{') {
                Some(_) => uses.messages(line),
                None => {
                    let name = line.split('#').next().unwrap_or_default().trim();
                    if !name.is_empty() && !name.contains(char::is_whitespace) {
                        uses.0.insert(name.to_owned());
                        // Who uses a part uses the whole.
                        if let Some((whole, _)) = name.rsplit_once('.') {
                            uses.0.insert(whole.to_owned());
                        }
                    }
                }
            }
        }
        uses
    }

    /// The names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    pub(super) fn concern(&self, change: &Change) -> bool {
        let name = change.subject.name();
        if let Some(part) = change.subject.part()
            && self.names_parts_of(name)
        {
            return is_new_part(change.code) || self.0.contains(&format!("{name}.{}", part.name()));
        }
        self.0.contains(name) || !self.0.is_disjoint(&change.used_by)
    }

    fn names_parts_of(&self, name: &str) -> bool {
        let start = format!("{name}.");
        let mut from = self.0.range(start.clone()..);
        from.next().is_some_and(|next| next.starts_with(&start))
    }

    fn messages(&mut self, line: &str) {
        // What stands before a message may have braces, too.
        for (at, _) in line.match_indices('{') {
            let mut values = serde_json::Deserializer::from_str(&line[at..]).into_iter::<Value>();
            let mut any = false;
            while let Some(Ok(value)) = values.next() {
                any = true;
                self.message(&value);
            }
            if any {
                return;
            }
        }
    }

    fn message(&mut self, value: &Value) {
        for key in ["execute", "exec-oob", "event"] {
            if let Some(name) = value.get(key).and_then(Value::as_str) {
                self.0.insert(name.to_owned());
                let arguments = value.get("arguments").and_then(Value::as_object);
                for argument in arguments.into_iter().flat_map(|a| a.keys()) {
                    self.0.insert(format!("{name}.{argument}"));
                }
            }
        }
    }
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
            | C::AlternativeAdded
    )
}
