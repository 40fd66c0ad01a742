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
                // So deep is no message, nor what is in it.
                Some(Err(error)) if error.to_string().starts_with("recursion limit") => {
                    let lines = rest.split_inclusive('\n').take(error.line() - 1);
                    let before: usize = lines.map(str::len).sum();
                    let mut bytes = (before + error.column()).clamp(1, rest.len());
                    while !rest.is_char_boundary(bytes) {
                        bytes += 1;
                    }
                    self.advance(bytes);
                }
                // What stands before a message may have braces, too.
                _ => self.advance(1),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_deep_is_passed_over_at_once() {
        let found = |text: &str| -> Vec<usize> { messages(text).map(|(line, _)| line).collect() };
        let deep = format!("S: {}\nS: {{\"return\": {{}}}}\n", "[\n".repeat(100_000));
        assert_eq!(found(&deep), [100_002]);
        // What closes the last few, which are no deeper than messages are, is found.
        let closed = format!("{0}{1}\nS: {{}}", "{\"é\": ".repeat(1000), "}".repeat(1000));
        assert!(found(&closed).contains(&2));
        assert_eq!(found("a { b [1] {}\n x {\"a\": 1}"), [1, 1, 2]);
    }
}
