//! Descriptions in words of our own, by what they describe.

use std::collections::BTreeMap;

/// What describes definitions, their members and features; see `schema/words.txt` for the form.
#[derive(Clone, Debug, Default)]
pub struct Words(BTreeMap<String, String>);

impl Words {
    /// Reads a text of lines `NAME: text`, `NAME.MEMBER: text` and `NAME FEATURE: text`. Blank lines
    /// and those that start with `#` are left out.
    ///
    /// # Errors
    ///
    /// The line that has another form, or describes something again.
    pub fn parse(text: &str) -> Result<Words, String> {
        let mut words = Words::default();
        for (number, line) in (1..).zip(text.lines().map(str::trim)) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let entry = line.split_once(": ");
            let Some((subject, text)) = entry.filter(|(subject, _)| !subject.is_empty()) else {
                return Err(format!("line {number}: expected SUBJECT: TEXT"));
            };
            let earlier = words.0.insert(subject.to_owned(), text.trim().to_owned());
            if earlier.is_some() {
                return Err(format!("line {number}: '{subject}' is described already"));
            }
        }
        Ok(words)
    }

    pub(super) fn definition(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub(super) fn part(&self, name: &str, part: &str) -> Option<&str> {
        self.definition(&format!("{name}.{part}"))
    }

    pub(super) fn feature(&self, name: &str, feature: &str) -> Option<&str> {
        self.definition(&format!("{name} {feature}"))
    }

    /// Everything that is described.
    pub(super) fn subjects(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}
