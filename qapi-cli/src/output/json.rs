//! JSON as the server sent it: members in its order, numbers in its digits.

use qapi_rt::types::{Kind, Mode, Reader, Result};

use super::harmless;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Json {
    /// `null`, a boolean, a number, as it is written.
    Plain(String),
    /// A string, without quotes and escapes.
    Text(String),
    /// A list.
    List(Vec<Json>),
    /// An object.
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Reads a text that is one value.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let mut reader = Reader::from_str(text, Mode::Lenient);
        let value = read(&mut reader)?;
        reader.end()?;
        Ok(value)
    }

    /// On one line.
    pub(crate) fn compact(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) {
        match self {
            Self::Plain(text) => out.push_str(text),
            Self::Text(text) => out.push_str(&quoted(text)),
            Self::List(elements) => {
                out.push('[');
                for (index, element) in elements.iter().enumerate() {
                    out.push_str(if index == 0 { "" } else { ", " });
                    element.write(out);
                }
                out.push(']');
            }
            Self::Object(members) => {
                out.push('{');
                for (index, (name, value)) in members.iter().enumerate() {
                    out.push_str(if index == 0 { "" } else { ", " });
                    out.push_str(&quoted(name));
                    out.push_str(": ");
                    value.write(out);
                }
                out.push('}');
            }
        }
    }

    /// Whether there is nothing in it.
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Plain(_) | Self::Text(_) => false,
            Self::List(elements) => elements.is_empty(),
            Self::Object(members) => members.is_empty(),
        }
    }

    /// The member of an object.
    pub(crate) fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => members
                .iter()
                .find_map(|(key, value)| (key == name).then_some(value)),
            _ => None,
        }
    }

    /// The elements of a list; of anything else none.
    pub(crate) fn elements(&self) -> &[Self] {
        match self {
            Self::List(elements) => elements,
            _ => &[],
        }
    }

    /// A string.
    pub(crate) fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// A string as JSON has it.
pub(crate) fn quoted(text: &str) -> String {
    harmless(&qapi_rt::types::Value::from(text).to_string()).into_owned()
}

/// No deeper than the reader lets it.
fn read(r: &mut Reader<'_>) -> Result<Json> {
    Ok(match r.peek()? {
        Kind::String => Json::Text(r.string()?.into_owned()),
        Kind::Array => {
            let mut elements = Vec::new();
            r.begin_array()?;
            while r.next_element()? {
                elements.push(read(r)?);
            }
            Json::List(elements)
        }
        Kind::Object => {
            let mut members = Vec::new();
            r.begin_object()?;
            while let Some(key) = r.next_key()? {
                members.push((key.into_owned(), read(r)?));
            }
            Json::Object(members)
        }
        _ => {
            let start = r.offset();
            r.skip()?;
            Json::Plain(r.text_since(start).trim_end().to_owned())
        }
    })
}
