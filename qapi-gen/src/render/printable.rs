//! Text that does no harm to a terminal.

use std::fmt::Write as _;

/// How many characters of a name or message are shown.
const LIMIT: usize = 1000;

/// Whether a character would steer the terminal or reorder the text around it.
pub(crate) fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Text as it is safe to show on one line of a terminal: control characters escaped, and cut off
/// after 1000 characters.
pub fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(LIMIT));
    for (i, c) in text.chars().enumerate() {
        if i == LIMIT {
            out.push('…');
            break;
        }
        if is_hostile(c) {
            let _ = write!(out, "{}", c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_escaped_and_bounded() {
        assert_eq!(printable("a\n\u{1b}[1m\u{202e}é"), r"a\n\u{1b}[1m\u{202e}é");
        assert_eq!(printable(&"é".repeat(5000)).chars().count(), LIMIT + 1);
    }
}
