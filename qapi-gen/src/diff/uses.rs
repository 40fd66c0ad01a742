//! The commands and events that somebody uses.

use serde_json::Value;
use std::collections::BTreeSet;

/// The commands and events that somebody uses.
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
    /// Reads what is used from a list, with one name a line and `#` before comments; or from a log or recording of a
    /// connection, which has JSON texts on its lines with anything before them.
    pub fn parse(text: &str) -> Uses {
        let mut uses = Uses::default();
        for line in text.lines() {
            match line.split_once('{') {
                Some(_) => uses.messages(line),
                None => {
                    let name = line.split('#').next().unwrap_or_default().trim();
                    if !name.is_empty() && !name.contains(char::is_whitespace) {
                        uses.0.insert(name.to_owned());
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

    pub(super) fn concern(&self, used_by: &BTreeSet<String>) -> bool {
        !self.0.is_disjoint(used_by)
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
            }
        }
    }
}
