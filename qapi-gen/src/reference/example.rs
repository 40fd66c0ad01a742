//! Examples of the protocol: what they consist of.

/// A message of an example.
pub(super) struct Message<'l> {
    pub(super) from_client: bool,
    /// The first line, as it stands in the text.
    pub(super) first: &'l str,
    pub(super) text: String,
}

impl Message<'_> {
    /// Whether the author left something out, as `...`.
    pub(super) fn is_elided(&self) -> bool {
        let mut rest = self.text.as_str();
        while let Some(at) = rest.find(['"', '.']) {
            rest = &rest[at..];
            if rest.starts_with("...") {
                return true;
            }
            let length = match rest.starts_with('"') {
                true => string_length(rest),
                false => 1,
            };
            rest = &rest[length..];
        }
        false
    }
}

fn direction(line: &str) -> Option<bool> {
    let line = line.trim_start();
    let starts =
        |arrow| line == arrow || line.strip_prefix(arrow).is_some_and(|l| l.starts_with(' '));
    match () {
        () if starts("->") => Some(true),
        () if starts("<-") => Some(false),
        () => None,
    }
}

/// The messages of an example. A line of dots or a comment is none.
pub(super) fn messages(lines: &[String]) -> Vec<Message<'_>> {
    let mut messages: Vec<Message> = Vec::new();
    for line in lines {
        match (direction(line), messages.last_mut()) {
            (Some(from_client), _) => messages.push(Message {
                from_client,
                first: line,
                text: line.trim_start()[2..].to_owned(),
            }),
            (None, Some(message)) if !line.trim_start().starts_with('#') => {
                message.text.push('\n');
                message.text.push_str(line);
            }
            _ => {}
        }
    }
    messages
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// `->` or `<-`.
    Arrow,
    Key,
    String,
    Number,
    /// `true`, `false`, `null`.
    Literal,
    Other,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Token<'l> {
    pub(super) kind: TokenKind,
    pub(super) text: &'l str,
    /// Whether it is the value of `execute`, `exec-oob` or `event`.
    pub(super) is_name: bool,
}

/// What a line consists of: everything in it, in order.
pub(super) fn tokens(line: &str) -> Vec<Token<'_>> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut rest = line;
    let mut names = false;
    if direction(line).is_some() {
        let end = line.len() - line.trim_start().len() + 2;
        tokens.push(Token {
            kind: TokenKind::Arrow,
            text: &line[..end],
            is_name: false,
        });
        rest = &line[end..];
    }
    while let Some(c) = rest.chars().next() {
        let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '.' | '_');
        let word_length = rest.find(|c| !word(c)).unwrap_or(rest.len());
        let (kind, length) = match c {
            '"' => {
                let length = string_length(rest);
                match rest[length..].trim_start().starts_with(':') {
                    true => (TokenKind::Key, length),
                    false => (TokenKind::String, length),
                }
            }
            '0'..='9' | '-' => (TokenKind::Number, word_length.max(1)),
            _ if matches!(&rest[..word_length], "true" | "false" | "null") => {
                (TokenKind::Literal, word_length)
            }
            _ if word_length > 0 => (TokenKind::Other, word_length),
            _ => (TokenKind::Other, c.len_utf8()),
        };
        let text = &rest[..length];
        let is_name = names && kind == TokenKind::String;
        match kind {
            TokenKind::Key => names = matches!(text, "\"execute\"" | "\"exec-oob\"" | "\"event\""),
            TokenKind::Other if text.trim().is_empty() || text == ":" => {}
            _ => names = false,
        }
        tokens.push(Token {
            kind,
            text,
            is_name,
        });
        rest = &rest[length..];
    }
    tokens
}

/// The length of the string in quotes at the start of a text, which may be cut off.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_the_whole_line() {
        for line in [
            "-> { \"execute\": \"a\\\"b\", \"x\": [ -1.5e3, true ] }",
            "   <- \"cut off",
            "->",
            "é... # \u{1f600} \"\\",
        ] {
            let texts: String = tokens(line).iter().map(|t| t.text).collect();
            assert_eq!(texts, line);
        }
    }

    #[test]
    fn names_are_the_values_of_certain_keys() {
        let named = |line| {
            let tokens = tokens(line);
            let names = tokens
                .iter()
                .filter(|t| t.is_name)
                .map(|t| t.text.to_owned());
            names.collect::<Vec<_>>()
        };
        assert_eq!(
            named("-> { \"execute\" : \"stop\", \"id\": \"execute\" }"),
            ["\"stop\""]
        );
        assert_eq!(
            named("<- { \"event\": \"STOP\", \"data\": { \"x\": \"y\" } }"),
            ["\"STOP\""]
        );
        assert_eq!(named("{ \"execute\": 1, \"a\" }").len(), 0);
    }

    #[test]
    fn messages_go_on_until_the_next_arrow() {
        let lines = [
            "# first",
            "-> { \"a\":",
            "     1 }",
            "<- 2",
            "# then",
            "...",
        ]
        .map(str::to_owned);
        let messages = messages(&lines);
        let texts: Vec<&str> = messages.iter().map(|m| m.text.as_str()).collect();
        assert_eq!(texts, [" { \"a\":\n     1 }", " 2\n..."]);
        assert!(messages[0].from_client && !messages[1].from_client);
        assert!(messages[1].is_elided() && !messages[0].is_elided());
    }
}
