//! Text as editors address it: lines, and units of an encoding in them.

use super::transport::Failure;
use serde_json::{Value, json};

/// What positions on a line count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Utf8,
    /// What clients expect that have not said otherwise.
    Utf16,
}

impl Encoding {
    /// The one to use with a client of these capabilities.
    pub(super) fn negotiate(capabilities: &Value) -> Encoding {
        let offered = &capabilities["general"]["positionEncodings"];
        match offered.as_array() {
            Some(list) if list.iter().any(|e| e == "utf-8") => Encoding::Utf8,
            _ => Encoding::Utf16,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Encoding::Utf8 => "utf-8",
            Encoding::Utf16 => "utf-16",
        }
    }
}

/// Where the lines of a text start. A line ends at LF, CRLF or CR.
#[derive(Debug)]
pub(super) struct Lines(Vec<usize>);

impl Lines {
    pub(super) fn new(text: &str) -> Lines {
        let bytes = text.as_bytes();
        let mut starts = vec![0];
        for (at, byte) in bytes.iter().enumerate() {
            if *byte == b'\n' || (*byte == b'\r' && bytes.get(at + 1) != Some(&b'\n')) {
                starts.push(at + 1);
            }
        }
        Lines(starts)
    }

    pub(super) fn line_of(&self, offset: usize) -> usize {
        self.0.partition_point(|start| *start <= offset) - 1
    }

    /// The text of a line without its end; empty if there is no such line.
    pub(super) fn line<'t>(&self, text: &'t str, line: usize) -> &'t str {
        let Some(&start) = self.0.get(line) else {
            return "";
        };
        let end = self.0.get(line + 1).copied().unwrap_or(text.len());
        text[start..end].trim_end_matches(['\n', '\r'])
    }

    pub(super) fn start(&self, line: usize) -> Option<usize> {
        self.0.get(line).copied()
    }

    /// A place as the protocol has it.
    pub(super) fn position(&self, text: &str, offset: usize, encoding: Encoding) -> Value {
        let offset = floor(text, offset);
        let line = self.line_of(offset);
        let before = &text[self.0[line]..offset];
        let character = match encoding {
            Encoding::Utf8 => before.len(),
            Encoding::Utf16 => before.chars().map(char::len_utf16).sum(),
        };
        json!({ "line": line, "character": character })
    }

    pub(super) fn range(
        &self,
        text: &str,
        range: std::ops::Range<usize>,
        encoding: Encoding,
    ) -> Value {
        json!({
            "start": self.position(text, range.start, encoding),
            "end": self.position(text, range.end, encoding),
        })
    }

    /// The offset of a place. What is beyond the end of a line is at its end, as the protocol says; so is what is beyond
    /// the last line.
    pub(super) fn offset(
        &self,
        text: &str,
        position: &Value,
        encoding: Encoding,
    ) -> Result<usize, Failure> {
        let number = |key: &str| {
            position[key]
                .as_u64()
                .ok_or_else(|| Failure::params(format!("a position has a number '{key}'")))
        };
        let (line, character) = (number("line")?, number("character")?);
        let start = usize::try_from(line).ok().and_then(|line| self.start(line));
        let Some(start) = start else {
            return Ok(text.len());
        };
        let content = self.line(text, line as usize);
        let mut left = character;
        for (at, c) in content.char_indices() {
            let units = match encoding {
                Encoding::Utf8 => c.len_utf8(),
                Encoding::Utf16 => c.len_utf16(),
            } as u64;
            if left < units {
                return Ok(start + at);
            }
            left -= units;
        }
        Ok(start + content.len())
    }

    /// The offsets of a range, which ends where it starts or after.
    pub(super) fn offsets(
        &self,
        text: &str,
        range: &Value,
        encoding: Encoding,
    ) -> Result<std::ops::Range<usize>, Failure> {
        let start = self.offset(text, &range["start"], encoding)?;
        let end = self.offset(text, &range["end"], encoding)?;
        if end < start {
            return Err(Failure::params("the range ends before it starts"));
        }
        Ok(start..end)
    }
}

/// The last character boundary that is not after an offset.
fn floor(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_the_same_there_and_back_in_both_encodings() {
        let text = "a\r\n€𝄞x\rlast\n";
        let lines = Lines::new(text);
        assert_eq!(lines.0.len(), 4);
        for encoding in [Encoding::Utf8, Encoding::Utf16] {
            for (offset, _) in text.char_indices().filter(|(at, _)| *at != 2) {
                let position = lines.position(text, offset, encoding);
                assert_eq!(lines.offset(text, &position, encoding).unwrap(), offset);
            }
        }
        let after = text.find('x').unwrap();
        let utf16 = lines.position(text, after, Encoding::Utf16);
        assert_eq!(utf16, json!({ "line": 1, "character": 3 }));
        let utf8 = lines.position(text, after, Encoding::Utf8);
        assert_eq!(utf8, json!({ "line": 1, "character": 7 }));
    }

    #[test]
    fn places_beyond_the_end_and_inside_a_character_are_the_nearest_before() {
        let text = "𝄞b\nc";
        let lines = Lines::new(text);
        let at = |line: u64, character: u64| {
            let position = json!({ "line": line, "character": character });
            lines.offset(text, &position, Encoding::Utf16).unwrap()
        };
        assert_eq!(at(0, 1), 0);
        assert_eq!(at(0, 99), 5);
        assert_eq!(at(9, 0), text.len());
        assert_eq!(at(u64::MAX, u64::MAX), text.len());
        let backwards =
            json!({ "start": { "line": 1, "character": 0 }, "end": { "line": 0, "character": 0 } });
        assert!(lines.offsets(text, &backwards, Encoding::Utf8).is_err());
        assert!(lines.offset(text, &json!({}), Encoding::Utf8).is_err());
    }
}
