//! Introspection of what is there: the part of a schema that a service implements.

use std::collections::HashMap;

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
    let entries: Vec<Object> = from_str(schema, Mode::Lenient)?;
    let mut selection = Selection {
        entries: &entries,
        by_name: HashMap::with_capacity(entries.len()),
        numbers: HashMap::new(),
        queue: Vec::new(),
        hide_deprecated,
    };
    for (index, entry) in entries.iter().enumerate() {
        selection.by_name.insert(text(entry, "name")?, index);
    }
    let mut chosen = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        let name = text(entry, "name")?;
        let wanted = match text(entry, "meta-type")? {
            "command" => commands.contains(&name),
            "event" => events.contains(&name),
            _ => false,
        };
        if wanted && !selection.is_hidden(entry) {
            chosen.push(selection.entry(index)?);
        }
    }
    let mut next = 0;
    while let Some(&index) = selection.queue.get(next) {
        chosen.push(selection.entry(index)?);
        next += 1;
    }
    let mut out = Vec::new();
    let mut writer = Writer::new(&mut out, Style::Ascii);
    writer.begin_array();
    for entry in chosen {
        writer.element();
        writer.any(&Value::Object(entry));
    }
    writer.end_array();
    writer.finish()?;
    Ok(out)
}

struct Selection<'a> {
    entries: &'a [Object],
    by_name: HashMap<&'a str, usize>,
    /// What the types used so far are called now.
    numbers: HashMap<&'a str, String>,
    /// The types used so far, in the order of first use.
    queue: Vec<usize>,
    hide_deprecated: bool,
}

impl<'a> Selection<'a> {
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
                let types = self.numbers.iter();
                let count = types.filter(|(_, number)| is_number(number)).count();
                count.to_string()
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

fn is_number(name: &str) -> bool {
    name.bytes().all(|b| b.is_ascii_digit())
}

fn text<'a>(entry: &'a Object, key: &str) -> Result<&'a str, ErrorReply> {
    let value = entry.get(key).and_then(Value::as_str);
    value.ok_or_else(malformed)
}

fn malformed() -> ErrorReply {
    ErrorReply::generic("The schema is not what introspection gives")
}
