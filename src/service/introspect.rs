//! Introspection of what is there: the part of a schema that a service implements.

use std::collections::{HashMap, HashSet};

use super::Outcome;
use crate::types::{ErrorReply, Mode, Object, Style, Value, Writer, from_str};

/// What `query-qmp-schema` answers where a schema's commands and events are there only in part: of the schema, those
/// named, sorted or not, and the types they need, as JSON text.
///
/// `hide_deprecated` leaves out what QEMU's policy `deprecated-output=hide` leaves out: commands, events and members that
/// are deprecated, and the member `values` of enumerations, which is deprecated itself.
///
/// # Errors
/// When `schema` is not an array of `SchemaInfo`.
pub fn introspection(
    schema: &str,
    commands: &[&str],
    events: &[&str],
    hide_deprecated: bool,
) -> Outcome {
    combined(&[schema], commands, events, hide_deprecated)
}

/// The same of several schemas. A command or event is taken from the first one that has it.
pub(crate) fn combined(
    schemas: &[&str],
    commands: &[&str],
    events: &[&str],
    hide_deprecated: bool,
) -> Outcome {
    let mut wanted = Wanted {
        commands: commands.iter().copied().collect(),
        events: events.iter().copied().collect(),
    };
    let mut chosen = Vec::new();
    let mut count = 0;
    for schema in schemas {
        let entries: Vec<Object> = from_str(schema, Mode::Lenient)?;
        let mut selection = Selection {
            entries: &entries,
            by_name: HashMap::with_capacity(entries.len()),
            numbers: HashMap::new(),
            count,
            queue: Vec::new(),
            hide_deprecated,
        };
        chosen.append(&mut selection.choose(&mut wanted)?);
        count = selection.count;
    }
    let mut shared = HashSet::new();
    let mut out = Vec::new();
    let mut writer = Writer::new(&mut out, Style::Ascii);
    writer.begin_array();
    for entry in chosen {
        // Built-in types, and arrays of them, are the same in all schemas.
        let is_shared = matches!(text(&entry, "meta-type")?, "builtin" | "array");
        if !is_shared || shared.insert(text(&entry, "name")?.to_owned()) {
            writer.element();
            writer.any(&Value::Object(entry));
        }
    }
    writer.end_array();
    writer.finish()?;
    Ok(out)
}

/// The first of these that is no event of the schemas.
pub(super) fn missing_event<'a>(schemas: &[&str], events: &[&'a str]) -> Option<&'a str> {
    let mut missing = events.to_vec();
    for schema in schemas {
        if missing.is_empty() {
            break;
        }
        let entries: Vec<Object> = from_str(schema, Mode::Lenient).unwrap_or_default();
        let known = entries
            .iter()
            .filter(|entry| entry.get("meta-type").is_some_and(|kind| kind == "event"));
        let known: HashSet<_> = known.filter_map(|entry| text(entry, "name").ok()).collect();
        missing.retain(|name| !known.contains(name));
    }
    missing.first().copied()
}

/// Names that no schema was found to have yet.
struct Wanted<'a> {
    commands: HashSet<&'a str>,
    events: HashSet<&'a str>,
}

struct Selection<'a> {
    entries: &'a [Object],
    by_name: HashMap<&'a str, usize>,
    /// What the types used so far are called now.
    numbers: HashMap<&'a str, String>,
    /// How many of those, and of earlier schemas', are called by a number.
    count: usize,
    /// The types used so far, in the order of first use.
    queue: Vec<usize>,
    hide_deprecated: bool,
}

impl<'a> Selection<'a> {
    /// The entries that are wanted and those they need.
    fn choose(&mut self, wanted: &mut Wanted<'_>) -> Result<Vec<Object>, ErrorReply> {
        let entries = self.entries;
        for (index, entry) in entries.iter().enumerate() {
            self.by_name.insert(text(entry, "name")?, index);
        }
        let mut chosen = Vec::new();
        for (index, entry) in entries.iter().enumerate() {
            let name = text(entry, "name")?;
            let found = match text(entry, "meta-type")? {
                "command" => wanted.commands.remove(name),
                "event" => wanted.events.remove(name),
                _ => false,
            };
            if found && !self.is_hidden(entry) {
                chosen.push(self.entry(index)?);
            }
        }
        let mut next = 0;
        while let Some(&index) = self.queue.get(next) {
            chosen.push(self.entry(index)?);
            next += 1;
        }
        Ok(chosen)
    }

    /// One entry, its types renamed.
    fn entry(&mut self, index: usize) -> Result<Object, ErrorReply> {
        let entries = self.entries;
        let entry = &entries[index];
        let mut copy = entry.clone();
        match text(entry, "meta-type")? {
            "command" => {
                self.rename(entry, &mut copy, "arg-type")?;
                self.rename(entry, &mut copy, "ret-type")?;
                return Ok(copy);
            }
            "event" => {
                self.rename(entry, &mut copy, "arg-type")?;
                return Ok(copy);
            }
            "array" => self.rename(entry, &mut copy, "element-type")?,
            "object" => {
                self.parts(entry, &mut copy, "members")?;
                self.parts(entry, &mut copy, "variants")?;
            }
            "alternate" => self.parts(entry, &mut copy, "members")?,
            "enum" if self.hide_deprecated => drop(copy.remove("values")),
            _ => {}
        }
        let name = text(entry, "name")?;
        let number = self.numbers.get(name).cloned();
        copy.insert("name".into(), number.unwrap_or_else(|| name.into()).into());
        Ok(copy)
    }

    /// Renames the types of members or variants, and leaves out those that are hidden.
    fn parts(&mut self, entry: &'a Object, copy: &mut Object, key: &str) -> Result<(), ErrorReply> {
        let Some(Value::Array(parts)) = entry.get(key) else {
            return Ok(());
        };
        let mut renamed = Vec::with_capacity(parts.len());
        for part in parts {
            let part = part.as_object().ok_or_else(malformed)?;
            if !self.is_hidden(part) {
                let mut copy = part.clone();
                self.rename(part, &mut copy, "type")?;
                renamed.push(Value::Object(copy));
            }
        }
        copy.insert(key.into(), Value::Array(renamed));
        Ok(())
    }

    fn rename(
        &mut self,
        entry: &'a Object,
        copy: &mut Object,
        key: &str,
    ) -> Result<(), ErrorReply> {
        let name = self.used(text(entry, key)?)?;
        copy.insert(key.into(), name.into());
        Ok(())
    }

    /// The new name of a type.
    fn used(&mut self, name: &'a str) -> Result<String, ErrorReply> {
        if let Some(number) = self.numbers.get(name) {
            return Ok(number.clone());
        }
        let index = *self.by_name.get(name).ok_or_else(malformed)?;
        let entry = &self.entries[index];
        self.queue.push(index);
        let number = match text(entry, "meta-type")? {
            "builtin" => name.to_owned(),
            // The language has no arrays of arrays.
            "array" => format!("[{}]", self.used(text(entry, "element-type")?)?),
            _ => {
                self.count += 1;
                (self.count - 1).to_string()
            }
        };
        self.numbers.insert(name, number.clone());
        Ok(number)
    }

    fn is_hidden(&self, entry: &Object) -> bool {
        let features = entry.get("features").and_then(Value::as_array);
        self.hide_deprecated
            && features.is_some_and(|all| all.iter().any(|feature| feature == "deprecated"))
    }
}

fn text<'a>(entry: &'a Object, key: &str) -> Result<&'a str, ErrorReply> {
    let value = entry.get(key).and_then(Value::as_str);
    value.ok_or_else(malformed)
}

fn malformed() -> ErrorReply {
    ErrorReply::generic("The schema is not what introspection gives")
}
