//! The JSON texts in logs and recordings of connections.

use serde_json::Value;

/// Finds JSON objects and arrays in a text with anything between them, such as `S: ` or `-> ` before each message.
pub(crate) struct Messages<'t> {
    text: &'t str,
    at: usize,
    line: usize,
}

/// The messages in a text, each with its line, the first being 1.
pub(crate) fn messages(text: &str) -> Messages<'_> {
    Messages {
        text,
        at: 0,
        line: 1,
    }
}

impl Messages<'_> {
    fn advance(&mut self, bytes: usize) {
        let passed = &self.text.as_bytes()[self.at..self.at + bytes];
        self.line += passed.iter().filter(|byte| **byte == b'\n').count();
        self.at += bytes;
    }
}

impl Iterator for Messages<'_> {
    type Item = (usize, Value);

    fn next(&mut self) -> Option<(usize, Value)> {
        loop {
            let start = self.text[self.at..].find(['{', '['])?;
            self.advance(start);
            let rest = &self.text[self.at..];
            let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
            match values.next() {
                Some(Ok(value)) => {
                    let line = self.line;
                    let length = values.byte_offset();
                    self.advance(length);
                    return Some((line, value));
                }
                // What stands before a message may have braces, too.
                _ => self.advance(1),
            }
        }
    }
}
