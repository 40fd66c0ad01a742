//! Lines of the shell and of scripts, split into words as a shell does it: blanks separate, `'…'` and `"…"` keep together,
//! a backslash takes the next character as it is, outside of `'…'`. But JSON in `key:=[…]` and `key:={…}` may have blanks and
//! keeps its own quotes.

use std::ops::Range;

use crate::pasted;

/// A word, and where it stands in the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Word {
    pub(crate) text: String,
    pub(crate) span: Range<usize>,
    /// Whether its quotes are closed.
    pub(crate) closed: bool,
}

pub(crate) fn split(line: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut current: Option<Word> = None;
    let mut open = Open::of(line);
    for (at, c) in line.char_indices() {
        let part = open.read(c);
        if part == Part::Blank {
            words.extend(current.take());
            continue;
        }
        let word = current.get_or_insert_with(|| Word {
            text: String::new(),
            span: at..at,
            closed: true,
        });
        if part == Part::Text {
            word.text.push(c);
        }
        word.span.end = at + c.len_utf8();
        word.closed = open.what().is_none();
    }
    words.extend(current);
    words
}

/// The words' texts.
pub(crate) fn texts(line: &str) -> Result<Vec<String>, String> {
    let words = split(line);
    match words.last() {
        Some(word) if !word.closed => Err("a quote is not closed".to_owned()),
        _ => Ok(words.into_iter().map(|word| word.text).collect()),
    }
}

/// A text as one word.
pub(crate) fn quote(text: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "-_./=:,+@%".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// Puts lines together to statements: JSON and quotes may take several lines, but for the human monitor's commands. Marks of
/// what a client said are taken off.
#[derive(Debug, Default)]
pub(crate) struct Statements {
    lines: usize,
    /// What has no end yet, and the number of its first line.
    current: String,
    first: usize,
    open: Open,
}

impl Statements {
    /// Takes the next line, and gives the statement that ends with it, with the number of its first line.
    pub(crate) fn add(&mut self, line: &str) -> Option<(usize, String)> {
        self.lines += 1;
        if self.current.is_empty() {
            let line = pasted::unmarked(line);
            self.first = self.lines;
            self.current.push_str(line);
            self.open = Open::of(line);
            if !is_one_line(line) {
                self.open.read_all(line);
            }
        } else {
            let is_message =
                self.current.starts_with('{') || pasted::received(&self.current).is_some();
            let line = match is_message {
                true => pasted::continued(line),
                false => line,
            };
            for part in ["\n", line] {
                self.current.push_str(part);
                self.open.read_all(part);
            }
        }
        match self.open.what() {
            Some(_) => None,
            None => self.take(),
        }
    }

    /// What has no end when there are no more lines.
    pub(crate) fn end(&mut self) -> Option<(usize, String)> {
        self.take()
    }

    /// How many lines there were.
    pub(crate) fn lines(&self) -> usize {
        self.lines
    }

    fn take(&mut self) -> Option<(usize, String)> {
        let statement = std::mem::take(&mut self.current);
        let trimmed = statement.trim();
        let is_nothing = trimmed.is_empty() || trimmed.starts_with('#');
        (!is_nothing).then(|| (self.first, trimmed.to_owned()))
    }
}

/// The statements of a text, each with the number of its first line.
pub(crate) fn statements(text: &str) -> Vec<(usize, String)> {
    let mut statements = Statements::default();
    let mut all: Vec<_> = text
        .lines()
        .filter_map(|line| statements.add(line))
        .collect();
    all.extend(statements.end());
    all
}

/// Whether the last statement of a text has its end.
pub(crate) fn is_complete(text: &str) -> bool {
    let mut statements = Statements::default();
    for line in text.lines() {
        statements.add(line);
    }
    statements.current.is_empty()
}

/// What is not closed in a statement.
pub(crate) fn unclosed(statement: &str) -> Option<&'static str> {
    let mut open = Open::of(statement);
    if !is_one_line(statement) {
        open.read_all(statement);
    }
    open.what()
}

/// Whether a statement that starts so has no further lines: a comment, or a command of the human monitor.
fn is_one_line(start: &str) -> bool {
    start.trim_start().starts_with('#') || start.split_whitespace().next() == Some("hmp")
}

/// What a character is in its word.
#[derive(PartialEq, Eq)]
enum Part {
    /// It is between words.
    Blank,
    /// A quote, or a backslash, that says how others are meant.
    Mark,
    Text,
}

/// Which brackets are those of JSON; the others are text.
#[derive(Debug, Default, PartialEq, Eq)]
enum Brackets {
    #[default]
    OfValues,
    All,
    None,
}

/// Where in `key:=JSON` or `key=text` a word is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Key,
    Colon,
    Json,
    Text,
}

/// Brackets and quotes that are open, as far as a statement was read.
#[derive(Debug, Default)]
struct Open {
    brackets: Brackets,
    place: Place,
    depth: usize,
    quote: Option<char>,
    escaped: bool,
}

impl Open {
    /// For a statement that starts so.
    fn of(start: &str) -> Self {
        let brackets = if is_one_line(start) {
            Brackets::None
        } else if start.trim_start().starts_with('{') || pasted::received(start).is_some() {
            Brackets::All
        } else {
            Brackets::OfValues
        };
        Self {
            brackets,
            ..Self::default()
        }
    }

    fn read_all(&mut self, text: &str) {
        for c in text.chars() {
            self.read(c);
        }
    }

    fn read(&mut self, c: char) -> Part {
        let is_json = self.depth > 0;
        let begins_json = match self.brackets {
            Brackets::OfValues => self.place == Place::Json,
            Brackets::All => true,
            Brackets::None => false,
        };
        self.place = match (self.place, c) {
            (Place::Key | Place::Colon, ':') => Place::Colon,
            (Place::Colon, '=') => Place::Json,
            (Place::Key, '=') | (Place::Json | Place::Text, _) => Place::Text,
            (Place::Key | Place::Colon, _) => Place::Key,
        };
        // A string of JSON is not ours to read.
        let mark = |quote| match quote {
            Some('"') if is_json => Part::Text,
            _ => Part::Mark,
        };
        match (self.quote, c) {
            _ if self.escaped => self.escaped = false,
            (quote @ (Some('"') | None), '\\') => {
                self.escaped = true;
                return mark(quote);
            }
            (Some(open), c) if open == c => {
                self.quote = None;
                return mark(Some(c));
            }
            (Some(_), _) => {}
            (None, '"' | '\'') => {
                self.quote = Some(c);
                return mark(Some(c));
            }
            (None, '{' | '[') if is_json || begins_json => self.depth += 1,
            (None, '}' | ']') if is_json => self.depth -= 1,
            (None, c) if c.is_whitespace() && !is_json => {
                self.place = Place::Key;
                return Part::Blank;
            }
            _ => {}
        }
        Part::Text
    }

    fn what(&self) -> Option<&'static str> {
        match self.quote {
            Some(_) => Some("a quote"),
            None => (self.depth > 0).then_some("a bracket"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_as_in_a_shell() {
        let line = r#"hmp 'info  x' a="b \"c" d\ e"#;
        assert_eq!(texts(line).unwrap(), ["hmp", "info  x", "a=b \"c", "d e"]);
        assert!(texts("a 'b").is_err());
        assert_eq!(split("ab  cé d")[1].span, 4..7);
        for text in ["", "a b", "it's", "plain=1", "\\", "é{}"] {
            assert_eq!(texts(&quote(text)).unwrap(), [text]);
        }
    }

    #[test]
    fn statements_may_take_several_lines() {
        let text = "# a comment\nstop\n\n{\"execute\":\n \"cont\"}\nhmp 'a {'\n";
        let all = statements(text);
        let expected = [
            (2, "stop"),
            (4, "{\"execute\":\n \"cont\"}"),
            (6, "hmp 'a {'"),
        ];
        assert_eq!(all, expected.map(|(line, text)| (line, text.to_owned())));
        assert_eq!(statements("{ unfinished\nstop").len(), 1);
        assert_eq!(unclosed("{ unfinished\nstop"), Some("a bracket"));
        assert_eq!(unclosed("stop 'unfinished {"), Some("a quote"));
        assert_eq!(unclosed("stop x='{' y=\"'\""), None);
    }

    #[test]
    fn what_goes_to_the_human_monitor_is_a_line() {
        let text = "hmp x /4i [\nhmp print '{\nhmpx x:={\n}\n# it's {\nstop";
        let lines: Vec<_> = statements(text).into_iter().map(|(line, _)| line).collect();
        assert_eq!(lines, [1, 2, 3, 6]);
        assert!(is_complete("stop\nhmp x ["));
        assert!(!is_complete("hmp x [\nstop x:={"));
        assert_eq!(unclosed("hmp x ["), None);
    }

    #[test]
    fn brackets_are_those_of_json() {
        for line in [
            "x arg=a[b",
            "x arg=[a",
            "x [ { a[b",
            "x arg=a:=[b",
            "x [:=1",
            "x '[' arg=1",
            "x a:=[1][",
            "x a:=1[",
        ] {
            assert_eq!(unclosed(line), None, "{line}");
            assert_eq!(statements(&format!("{line}\nstop")).len(), 2, "{line}");
            assert_eq!(texts(line).unwrap().len(), line.split(' ').count());
        }
        for line in ["x a:=[", "x a:={b", "x a.0:={[]", "S: {", "{\"a\": [}"] {
            assert_eq!(unclosed(line), Some("a bracket"), "{line}");
            assert_eq!(statements(&format!("{line}\nstop")).len(), 1, "{line}");
        }
    }

    #[test]
    fn values_of_json_need_no_quotes() {
        for (value, text) in [
            ("[1,\n 2]", "[1,\n 2]"),
            (
                r#"{"a b": ["]", "'", "\"\\"]}"#,
                r#"{"a b": ["]", "'", "\"\\"]}"#,
            ),
            // As other shells need it.
            (r#"[\"a\"]"#, r#"["a"]"#),
            (r#"['"a b"', 1]"#, r#"["a b", 1]"#),
            (r#"'["a b"]'"#, r#"["a b"]"#),
        ] {
            let line = format!("x v:={value} y=1");
            let expected = ["x", &format!("v:={text}"), "y=1"];
            assert_eq!(texts(&line).unwrap(), expected, "{line}");
            assert_eq!(statements(&line), [(1, line)]);
        }
    }

    #[test]
    fn marks_of_what_was_sent() {
        let text = "C: {\"execute\": \"a\"}\n-> { \"execute\":\n     \"b\" }\n<- { \"return\":\n     {} }\n> {\n> }\nC: stop";
        let all: Vec<_> = statements(text).into_iter().map(|(_, text)| text).collect();
        let expected = [
            "{\"execute\": \"a\"}",
            "{ \"execute\":\n     \"b\" }",
            "<- { \"return\":\n     {} }",
            "{\n}",
            "C: stop",
        ];
        assert_eq!(all, expected);
    }
}
