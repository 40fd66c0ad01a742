//! How JSON texts are laid out.

use serde_core::Serialize as _;
use serde_json::Value;
use serde_json::ser::{Formatter, Serializer};
use std::io::{Result, Write};

/// Everything on one line.
pub(crate) fn line(value: &Value) -> String {
    text(value, Spaced::default())
}

/// Each element of an array on a line of its own.
#[cfg(feature = "service")]
pub(crate) fn rows(value: &Value) -> String {
    let rows = true;
    text(
        value,
        Spaced {
            rows,
            ..Spaced::default()
        },
    )
}

/// Each element at every level on a line of its own, indented by four spaces a level.
#[cfg(feature = "service")]
pub(crate) fn indented(value: &Value) -> String {
    text(
        value,
        serde_json::ser::PrettyFormatter::with_indent(b"    "),
    )
}

fn text(value: &Value, formatter: impl Formatter) -> String {
    let mut out = Vec::new();
    let written = value.serialize(&mut Serializer::with_formatter(&mut out, formatter));
    // Neither writing to memory nor writing a value fails, and JSON is UTF-8.
    debug_assert!(written.is_ok());
    String::from_utf8(out).unwrap_or_default()
}

/// Has a space behind commas and colons. Control characters are escaped even where JSON allows them, so that the text is
/// safe to show on a terminal.
#[derive(Default)]
struct Spaced {
    /// Whether the elements of the outermost array are a line each.
    rows: bool,
    depth: usize,
    is_filled: bool,
}

impl Spaced {
    fn separate<W: ?Sized + Write>(&self, out: &mut W, first: bool) -> Result<()> {
        let breaks = self.rows && self.depth == 1;
        out.write_all(match (first, breaks) {
            (true, false) => b"",
            (false, false) => b", ",
            (true, true) => b"\n",
            (false, true) => b",\n",
        })
    }
}

impl Formatter for Spaced {
    fn begin_array<W: ?Sized + Write>(&mut self, out: &mut W) -> Result<()> {
        self.depth += 1;
        out.write_all(b"[")
    }

    fn end_array<W: ?Sized + Write>(&mut self, out: &mut W) -> Result<()> {
        self.depth -= 1;
        let breaks = self.rows && self.depth == 0 && self.is_filled;
        out.write_all(if breaks { b"\n]" } else { b"]" })
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> Result<()> {
        self.is_filled = true;
        self.separate(out, first)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, out: &mut W) -> Result<()> {
        self.depth += 1;
        out.write_all(b"{")
    }

    fn end_object<W: ?Sized + Write>(&mut self, out: &mut W) -> Result<()> {
        self.depth -= 1;
        out.write_all(b"}")
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> Result<()> {
        self.separate(out, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> Result<()> {
        out.write_all(b": ")
    }

    fn write_string_fragment<W: ?Sized + Write>(&mut self, out: &mut W, text: &str) -> Result<()> {
        for part in text.split_inclusive(char::is_control) {
            let shown = part.trim_end_matches(char::is_control);
            out.write_all(shown.as_bytes())?;
            for control in part[shown.len()..].chars() {
                write!(out, "\\u{:04x}", u32::from(control))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn layouts_differ_in_line_breaks_only() {
        let sample = json!([{"a": ["x", "y"], "b": {}}, 1, null]);
        assert_eq!(line(&sample), r#"[{"a": ["x", "y"], "b": {}}, 1, null]"#);
        #[cfg(feature = "service")]
        {
            let expected = "[\n{\"a\": [\"x\", \"y\"], \"b\": {}},\n1,\nnull\n]";
            assert_eq!(rows(&sample), expected);
            assert_eq!(rows(&json!([])), "[]");
            let expected = "[\n    {\n        \"a\": [\n            \"x\",\n            \"y\"\n        ],\n        \
                            \"b\": {}\n    },\n    1,\n    null\n]";
            assert_eq!(indented(&sample), expected);
        }
    }

    #[test]
    fn no_control_character_gets_through() {
        let hostile = json!("\"\\\n\u{1b}[0m\u{9b}\u{7f}é");
        assert_eq!(line(&hostile), r#""\"\\\n\u001b[0m\u009b\u007fé""#);
    }
}
