//! JSON as QEMU reads it: its extensions, its limits, its error texts.

mod check;

use std::borrow::Cow;
use std::ops::Range;

use crate::error::{Error, Result, Syntax};
use crate::message::Raw;
use crate::reader::{Dialect, Mode, Reader};
use check::Check;

/// The tokens of one value have to be shorter than this in bytes, taken together.
const MAX_TEXT: usize = 64 << 20;

/// One complete JSON text in the dialect that QEMU's monitors accept, checked from end to end.
///
/// Beyond RFC 8259 that is strings in single quotes, the escape `\'`, and U+0000 written as the bytes C0 80. Less than
/// RFC 8259: non-characters such as U+FFFE and duplicate keys are errors. A number like `0e5` is accepted, where
/// QEMU's lexer wants `0.0e5`.
///
/// Finding where a value ends in a stream, and where to go on after an error, is the business of whoever owns the
/// stream; a document is one such value, or what was left of it.
#[derive(Clone, Debug)]
pub struct Document<'a> {
    text: Cow<'a, str>,
}

impl<'a> Document<'a> {
    /// Checks a text.
    ///
    /// # Errors
    /// The first error in the text; [`Error::desc`] gives QEMU's words for it.
    pub fn parse(text: &'a [u8]) -> Result<Self> {
        let mut check = Check::new(text);
        check.whole()?;
        check.document(text)
    }

    /// The same for a text of one's own, which is not copied.
    ///
    /// # Errors
    /// As for [`parse`](Self::parse).
    pub fn parse_owned(text: Vec<u8>) -> Result<Document<'static>> {
        let mut check = Check::new(&text);
        check.whole()?;
        let text = if check.long_nul {
            spell_nul(&text)
        } else {
            text
        };
        let text = String::from_utf8(text).map_err(|_| Error::syntax(Syntax::Utf8, 0))?;
        Ok(Document {
            text: Cow::Owned(text),
        })
    }

    /// Reads the first of the values that follow each other in a stream, and says where it ends in `text`. `None` if
    /// that value is not complete yet or has an error: finding out is the slower business of whoever owns the stream.
    ///
    /// A number or a keyword ends with the character after it, so one that nothing follows is not complete.
    #[must_use]
    pub fn first(text: &'a [u8]) -> Option<(Self, usize)> {
        // All that it can be is within the limit then, wherever white space stands.
        let text = &text[..text.len().min(MAX_TEXT - 1)];
        let mut check = Check::new(text);
        check.space();
        let start = check.pos;
        check.value().ok()?;
        let end = check.pos;
        if end == text.len() && !matches!(text[start], b'{' | b'[' | b'"' | b'\'') {
            return None;
        }
        let document = check.document(&text[start..end]).ok()?;
        Some((document, end))
    }

    /// The same without the buffer it was read from, for a request that has to wait.
    #[must_use]
    pub fn into_owned(self) -> Document<'static> {
        Document {
            text: Cow::Owned(self.text.into_owned()),
        }
    }

    /// A reader of this text. Nothing in it is a syntax error any more.
    #[must_use]
    pub fn reader(&self, mode: Mode) -> Reader<'_> {
        Reader::with_dialect(&self.text, mode, Dialect::Qemu)
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn part(&self, range: Range<usize>) -> Raw<'_> {
        Raw::new(&self.text[range], Dialect::Qemu)
    }
}

/// Writes each C0 80, which only stands within strings, as an escape.
fn spell_nul(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some(at) = rest.windows(2).position(|pair| pair == [0xC0, 0x80]) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(b"\\u0000");
        rest = &rest[at + 2..];
    }
    out.extend_from_slice(rest);
    out
}
