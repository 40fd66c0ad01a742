//! Going on behind a fault.

use super::cursor::FileParser;
use crate::source::Span;

impl FileParser<'_> {
    /// Goes on at the next place where something at the top level seems to start: `{` or an
    /// opening `##` in the first column. What lies between counts as defined, but faulty.
    pub(super) fn recover(&mut self, start: Span, past_start: bool) {
        let text = self.cursor.lexer.text();
        let bytes = text.as_bytes();
        let begin = self.cursor.lexer.offset(start);
        let mut at = self.cursor.lexer.offset(self.cursor.token.span);
        if past_start && at == begin {
            at += 1;
        }
        let resume = loop {
            let rest = &bytes[at.min(bytes.len())..];
            let line_start = at == 0 || at > bytes.len() || matches!(bytes[at - 1], b'\n' | b'\r');
            if rest.is_empty() {
                break bytes.len();
            }
            if line_start && (rest[0] == b'{' || opens_doc(rest)) {
                break at;
            }
            at += rest
                .iter()
                .position(|b| matches!(b, b'\n' | b'\r'))
                .map_or(rest.len(), |n| n + 1);
        };
        self.poison(&text[begin..resume]);
        self.cursor.lexer.seek(resume);
        self.cursor.held = false;
        self.advance();
    }

    /// Takes note of the names that skipped text seems to define.
    pub(super) fn poison(&mut self, text: &str) {
        const KINDS: [&str; 7] = [
            "struct",
            "union",
            "enum",
            "alternate",
            "command",
            "event",
            "type",
        ];
        let mut found = false;
        let mut words = text.split('\'').skip(1);
        while let Some(word) = words.next() {
            if KINDS.contains(&word)
                && words.next().is_some_and(|between| between.contains(':'))
                && let Some(name) = words.next()
            {
                found = true;
                self.shared.poisoned.insert(self.shared.names.intern(name));
            }
        }
        self.shared.unread_pragma |= text.contains("'pragma'");
        // Without a name, any unknown one may be what was meant.
        self.shared.incomplete |= !found && text.contains('{');
    }
}

/// Whether a line `##` opens documentation: a comment line follows.
fn opens_doc(text: &[u8]) -> bool {
    let Some(rest) = text.strip_prefix(b"##") else {
        return false;
    };
    let newline = rest.iter().position(|b| matches!(b, b'\n' | b'\r'));
    newline.is_some_and(|n| rest[n..].trim_ascii_start().starts_with(b"#"))
}
