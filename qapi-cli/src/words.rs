//! Lines of the shell and of scripts, split into words as a shell does it: blanks separate, `'…'` and `"…"` keep together,
//! a backslash takes the next character as it is, outside of `'…'`.

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
    let mut quote = None;
    let mut characters = line.char_indices();
    while let Some((at, c)) = characters.next() {
        if quote.is_none() && c.is_whitespace() {
            words.extend(current.take());
            continue;
        }
        let word = current.get_or_insert_with(|| Word {
            text: String::new(),
            span: at..at,
            closed: true,
        });
        match (quote, c) {
            (None, '\'' | '"') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            (None | Some('"'), '\\') => word.text.extend(characters.next().map(|(_, next)| next)),
            _ => word.text.push(c),
        }
        word.span.end = characters.offset();
        word.closed = quote.is_none();
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

/// The lines of a text, where JSON may take several of them: each with the number of its first. Marks of what a client said are
/// taken off.
pub(crate) fn statements(text: &str) -> Vec<(usize, String)> {
    let mut all = Vec::new();
    let mut current = String::new();
    let mut first = 1;
    for (index, line) in text.lines().enumerate() {
        if current.is_empty() {
            first = index + 1;
            current.push_str(pasted::unmarked(line));
        } else {
            let is_message = current.starts_with('{') || pasted::received(&current).is_some();
            current.push('\n');
            current.push_str(if is_message {
                pasted::continued(line)
            } else {
                line
            });
        }
        if is_complete(&current) {
            let statement = std::mem::take(&mut current);
            let trimmed = statement.trim();
            if !trimmed.is_empty() && !trimmed.starts_with('#') {
                all.push((first, trimmed.to_owned()));
            }
        }
    }
    if !current.trim().is_empty() {
        all.push((first, current));
    }
    all
}

/// Whether all brackets of JSON are closed, and quotes outside of it.
pub(crate) fn is_complete(text: &str) -> bool {
    if text.trim_start().starts_with('#') {
        return true;
    }
    let (mut depth, mut quote, mut escaped) = (0i32, None, false);
    for c in text.chars() {
        match (quote, c) {
            _ if escaped => escaped = false,
            (Some('"') | None, '\\') => escaped = true,
            (Some(open), c) if open == c => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '{' | '[') => depth += 1,
            (None, '}' | ']') => depth -= 1,
            _ => {}
        }
    }
    depth <= 0 && quote.is_none()
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
