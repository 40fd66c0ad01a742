//! Strings.

use std::borrow::Cow;

use super::sixteen::{self, Wanted};
use super::{Dialect, Reader};
use crate::error::{Error, Result, Syntax};

impl<'a> Reader<'a> {
    /// Reads a string; owned only if it has escapes.
    ///
    /// # Errors
    /// When the value is not a string.
    #[inline]
    pub fn string(&mut self) -> Result<Cow<'a, str>> {
        if self.byte() != b'"' {
            return self.odd_string();
        }
        self.quoted(b'"')
    }

    /// As [`string`](Self::string), owned.
    #[inline]
    pub(crate) fn owned_string(&mut self) -> Result<String> {
        match self.string() {
            Ok(Cow::Borrowed(text)) => Ok(text.to_owned()),
            Ok(Cow::Owned(text)) => Ok(text),
            Err(error) => Err(error),
        }
    }

    /// A string in single quotes, or none.
    #[cold]
    fn odd_string(&mut self) -> Result<Cow<'a, str>> {
        if self.byte() == b'\'' && self.dialect == Dialect::Qemu {
            return self.quoted(b'\'');
        }
        Err(self.mismatch("string"))
    }

    /// Whether a key may start here. QEMU reads any value for a key before it wonders whether it is a string.
    pub(super) fn check_key(&self) -> Result<()> {
        match self.peek() {
            Ok(super::Kind::String) => Ok(()),
            Ok(_) => Err(self.syntax(Syntax::KeyNotString)),
            Err(error) => Err(error),
        }
    }

    #[inline]
    fn quoted(&mut self, quote: u8) -> Result<Cow<'a, str>> {
        let start = self.pos + 1;
        let end = plain_end(self.text.as_bytes(), start, quote);
        match (self.text.as_bytes().get(end), self.text.get(start..end)) {
            (Some(&b), Some(text)) if b == quote => {
                self.pos = end + 1;
                Ok(Cow::Borrowed(text))
            }
            _ => self.escaped(start, end, quote),
        }
    }

    /// A string that has something else than plain characters at `end`.
    #[inline(never)]
    fn escaped(&mut self, start: usize, mut end: usize, quote: u8) -> Result<Cow<'a, str>> {
        let mut out = String::new();
        let mut from = start;
        loop {
            out.push_str(&self.text[from..end]);
            match self.text.as_bytes().get(end) {
                Some(&b) if b == quote => {
                    self.pos = end + 1;
                    return Ok(Cow::Owned(out));
                }
                Some(b'\\') => {
                    let (c, next) = self.escape(end)?;
                    out.push(c);
                    from = next;
                }
                other => return Err(self.broken_string(other, end)),
            }
            end = plain_end(self.text.as_bytes(), from, quote);
        }
    }

    /// Steps over a string without keeping it.
    pub(super) fn skip_string(&mut self) -> Result<()> {
        let quote = self.byte();
        let mut from = self.pos + 1;
        loop {
            let end = plain_end(self.text.as_bytes(), from, quote);
            match self.text.as_bytes().get(end) {
                Some(&b) if b == quote => {
                    self.pos = end + 1;
                    return Ok(());
                }
                Some(b'\\') => from = self.escape(end)?.1,
                other => return Err(self.broken_string(other, end)),
            }
        }
    }

    #[cold]
    fn broken_string(&self, byte: Option<&u8>, end: usize) -> Error {
        match byte {
            None => Error::syntax(Syntax::UnexpectedEnd, end),
            Some(_) => Error::syntax(Syntax::Stray(self.text[self.pos..=end].into()), end),
        }
    }

    /// Decodes the escape that starts at `at`; also gives where it ends.
    fn escape(&self, at: usize) -> Result<(char, usize)> {
        let c = match self.text.as_bytes().get(at + 1) {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'\'') if self.dialect == Dialect::Qemu => '\'',
            Some(b'u') => return self.unicode(at),
            Some(_) => return Err(Error::syntax(Syntax::Escape, at)),
            None => return Err(Error::syntax(Syntax::UnexpectedEnd, at + 1)),
        };
        Ok((c, at + 2))
    }

    fn unicode(&self, at: usize) -> Result<(char, usize)> {
        let bytes = self.text.as_bytes();
        let (code, end) = unicode_escape(bytes, at);
        match code.and_then(char::from_u32) {
            Some(c) => Ok((c, end)),
            None => {
                let quoted = String::from_utf8_lossy(&bytes[at..end.min(bytes.len())]);
                Err(Error::syntax(Syntax::Unicode(quoted.into()), at))
            }
        }
    }
}

/// The code point of the `\u` escape or pair of such at `at`, and where it ends.
pub(crate) fn unicode_escape(bytes: &[u8], at: usize) -> (Option<u32>, usize) {
    let Some(first) = hex4(bytes, at + 2) else {
        return (None, at + 6);
    };
    if (0xD800..0xDC00).contains(&first) && bytes[at + 6..].starts_with(b"\\u") {
        return match hex4(bytes, at + 8) {
            Some(second @ 0xDC00..0xE000) => {
                let code = 0x1_0000 + ((first & 0x3FF) << 10) + (second & 0x3FF);
                (Some(code), at + 12)
            }
            _ => (None, at + 6),
        };
    }
    (Some(first), at + 6)
}

/// Whether QEMU takes it for a character: all Unicode scalar values but the non-characters.
pub(crate) fn is_character(c: char) -> bool {
    let code = u32::from(c);
    !(0xFDD0..=0xFDEF).contains(&code) && code & 0xFFFE != 0xFFFE
}

fn hex4(bytes: &[u8], at: usize) -> Option<u32> {
    let digits = bytes.get(at..at + 4)?;
    digits.iter().try_fold(0, |code, &digit| {
        Some(code << 4 | char::from(digit).to_digit(16)?)
    })
}

/// The first position from `at` on that is a double quote, or the end of the text.
#[inline]
pub(super) fn quote_end(bytes: &[u8], at: usize) -> usize {
    let (quote, backslash, control) = (b'"', false, false);
    sixteen::first(
        bytes,
        at,
        Wanted {
            quote,
            backslash,
            control,
        },
    )
}

/// The first position from `at` on that is not a plain character of a string: its quote, a backslash, a control
/// character, or the end of the text.
#[inline]
pub(crate) fn plain_end(bytes: &[u8], at: usize, quote: u8) -> usize {
    let (backslash, control) = (true, true);
    sixteen::first(
        bytes,
        at,
        Wanted {
            quote,
            backslash,
            control,
        },
    )
}

/// The first position from `at` on that is a quote, a backslash, or the end of the text.
#[inline]
pub(super) fn string_end(bytes: &[u8], at: usize, quote: u8) -> usize {
    let (backslash, control) = (true, false);
    sixteen::first(
        bytes,
        at,
        Wanted {
            quote,
            backslash,
            control,
        },
    )
}
