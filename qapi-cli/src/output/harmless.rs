//! Text that does no harm to a terminal, whoever wrote it.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Whether a character would steer the terminal or reorder the text around it. Line ends and tabs lay text out.
fn is_harmful(c: char) -> bool {
    c.is_control() && !matches!(c, '\n' | '\t')
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The text with such characters written as JSON escapes, so that JSON stays what it is.
pub(crate) fn harmless(text: &str) -> Cow<'_, str> {
    escaped(text, is_harmful)
}

/// The same for what has to stay within its row.
pub(crate) fn harmless_name(text: &str) -> Cow<'_, str> {
    escaped(text, |c| is_harmful(c) || c.is_control())
}

fn escaped(text: &str, is_harmful: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&is_harmful) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_harmful(c) {
            // All of them have four digits.
            let _ = write!(out, "\\u{:04x}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_escaped() {
        assert_eq!(harmless("a\tb\né"), "a\tb\né");
        assert_eq!(
            harmless("\u{1b}[1m\u{9b}0m\r\u{7f}\u{202e}"),
            r"\u001b[1m\u009b0m\u000d\u007f\u202e"
        );
        assert_eq!(harmless_name("a\tb\né\u{1b}"), r"a\u0009b\u000aé\u001b");
    }
}
