//! A pull reader over one complete JSON text.

mod any;
mod errors;
mod number;
mod scan;
mod sixteen;
mod skip;
pub(crate) mod string;

use std::borrow::Cow;

use crate::error::{Error, Result, Syntax};
#[cfg(test)]
pub(crate) use scan::tests::take_work;
use scan::{KnownTag, Tape};
use string::{plain_end, quote_end};

pub(crate) use number::Number;

/// Objects and arrays that may be open at once in one text, as in QEMU.
pub(crate) const MAX_DEPTH: u32 = 1024;

/// The most memory, in bytes, that an array is given before its elements are read.
const MAX_RESERVED: usize = 0x1_0000;

/// What to do with what this version of the schema does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// As a server treats arguments: unknown members, enumeration values and branches are errors, and so are
    /// duplicate keys. Of several errors the one QEMU would report is given.
    Strict,
    /// As a client treats replies and events: unknown members, values and branches are kept, members in the field
    /// `unrecognized` of types that a server sends, values and branches as [`Unrecognized`](crate::Unrecognized); of duplicate keys the last one
    /// counts, but for a union's tag behind members of its branch. The first error ends it.
    Lenient,
}

/// The version of a release of QEMU: major, minor.
pub type Release = (u16, u16);

/// Later than all releases.
const NEWEST: Release = (u16::MAX, u16::MAX);

/// How the text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// RFC 8259.
    Standard,
    /// Also strings in single quotes and the escape `\'`.
    #[cfg_attr(
        not(feature = "server"),
        allow(dead_code, reason = "only a server is sent it")
    )]
    Qemu,
}

/// The JSON kind of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `{…}`
    Object,
    /// `[…]`
    Array,
    /// `"…"`
    String,
    /// A number
    Number,
    /// `true` or `false`
    Bool,
    /// `null`
    Null,
}

/// Reads one complete JSON text, value by value, front to back.
///
/// Every method that reads a value expects to stand at the start of one: at first, after a key, or after
/// [`next_element`](Self::next_element) said that there is one. A method that finds a value of another kind leaves
/// it unread.
#[derive(Debug)]
pub struct Reader<'a> {
    text: &'a str,
    pos: usize,
    /// Objects and arrays open.
    depth: u32,
    /// Whether the innermost one was opened just now.
    fresh: bool,
    mode: Mode,
    release: Release,
    dialect: Dialect,
    tape: Tape,
    /// Tags that were looked up ahead of their place, by the depth of their object; deeper ones take turns.
    tags: [KnownTag; 4],
}

/// A place in the text to come back to; see [`Reader::mark`].
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    pos: usize,
    depth: u32,
    fresh: bool,
}

impl<'a> Reader<'a> {
    /// A reader of standard JSON (RFC 8259).
    ///
    /// # Errors
    /// When the text is not UTF-8.
    pub fn new(text: &'a [u8], mode: Mode) -> Result<Self> {
        Ok(Self::from_str(utf8(text)?, mode))
    }

    /// A reader of standard JSON (RFC 8259) that is known to be UTF-8.
    #[must_use]
    pub fn from_str(text: &'a str, mode: Mode) -> Self {
        Self::with_dialect(text, mode, Dialect::Standard)
    }

    pub(crate) fn with_dialect(text: &'a str, mode: Mode, dialect: Dialect) -> Self {
        let mut reader = Self {
            text,
            pos: 0,
            depth: 0,
            fresh: false,
            mode,
            release: NEWEST,
            dialect,
            tape: Tape::new(),
            tags: [KnownTag::NONE; 4],
        };
        reader.skip_space();
        reader
    }

    /// Reads as that release does, instead of the newest that the types are of: in strict mode, what releases before it
    /// dropped is unknown, and what later ones dropped is not.
    #[must_use]
    pub fn of_release(mut self, (major, minor): Release) -> Self {
        self.release = (major, minor);
        self
    }

    /// How what is unknown is treated.
    #[must_use]
    #[inline]
    pub fn mode(&self) -> Mode {
        self.mode
    }

    #[inline]
    pub(crate) fn is_strict(&self) -> bool {
        self.mode == Mode::Strict
    }

    /// Whether it does not know what `last` was the last release to have.
    #[inline]
    pub(crate) fn is_after(&self, last: Release) -> bool {
        self.is_strict() && self.release > last
    }

    #[inline]
    pub(crate) fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// How far reading got, in bytes.
    #[must_use]
    #[inline]
    pub fn offset(&self) -> usize {
        self.pos
    }

    /// The text from an earlier [`offset`](Self::offset) up to here.
    ///
    /// # Panics
    /// When `start` is not such an offset.
    #[must_use]
    pub fn text_since(&self, start: usize) -> &'a str {
        &self.text[start..self.pos]
    }

    /// Remembers this place.
    #[must_use]
    pub fn mark(&self) -> Mark {
        Mark {
            pos: self.pos,
            depth: self.depth,
            fresh: self.fresh,
        }
    }

    /// Goes back to a place of the same reader.
    pub fn rewind(&mut self, mark: Mark) {
        self.pos = mark.pos;
        self.depth = mark.depth;
        self.fresh = mark.fresh;
    }

    /// The kind of the next value.
    ///
    /// # Errors
    /// When no value stands here.
    #[inline]
    pub fn peek(&self) -> Result<Kind> {
        Ok(match self.byte() {
            b'{' => Kind::Object,
            b'[' => Kind::Array,
            b'"' => Kind::String,
            b'-' | b'0'..=b'9' => Kind::Number,
            b't' | b'f' => Kind::Bool,
            b'n' => Kind::Null,
            b'\'' if self.dialect == Dialect::Qemu => Kind::String,
            _ => return Err(self.no_value()),
        })
    }

    /// Enters an object; [`next_key`](Self::next_key) then goes through it and leaves it.
    ///
    /// # Errors
    /// When the value is not an object, or nesting becomes too deep.
    #[inline]
    pub fn begin_object(&mut self) -> Result<()> {
        if self.byte() != b'{' {
            return Err(self.mismatch("object"));
        }
        self.open()
    }

    /// Enters an array; [`next_element`](Self::next_element) then goes through it and leaves it.
    ///
    /// # Errors
    /// When the value is not an array, or nesting becomes too deep.
    #[inline]
    pub fn begin_array(&mut self) -> Result<()> {
        if self.byte() != b'[' {
            return Err(self.mismatch("array"));
        }
        self.open()
    }

    /// The next member's key, or `None` at the object's end. Its value has to be read or skipped next.
    ///
    /// # Errors
    /// When the text is not JSON.
    #[inline]
    pub fn next_key(&mut self) -> Result<Option<Cow<'a, str>>> {
        let Some((start, end)) = self.plain_key() else {
            if self.byte() == b'}' {
                self.close();
                return Ok(None);
            }
            return self.other_key();
        };
        match self.text.get(start..end) {
            Some(key) => {
                self.pass_key(end);
                Ok(Some(Cow::Borrowed(key)))
            }
            None => self.other_key(),
        }
    }

    /// The next key up to a quote, if it is laid out as QEMU does, and what is in it not looked at: what equals a name is one.
    #[inline(always)]
    pub(crate) fn likely_key(&mut self) -> Option<&'a str> {
        let start = self.key_start()?;
        let bytes = self.text.as_bytes();
        let end = quote_end(bytes, start);
        let value = match bytes.get(end..) {
            Some([b'"', b':', b' ', next, ..]) if *next > b' ' => end + 3,
            Some([b'"', b':', next, ..]) if *next > b' ' => end + 2,
            _ => return None,
        };
        let key = self.text.get(start..end)?;
        self.fresh = false;
        self.pos = value;
        Some(key)
    }

    /// Where the text of the next key starts and ends, if that is laid out as QEMU does.
    #[inline(always)]
    fn plain_key(&self) -> Option<(usize, usize)> {
        let start = self.key_start()?;
        let bytes = self.text.as_bytes();
        let end = plain_end(bytes, start, b'"');
        matches!(bytes.get(end..), Some([b'"', b':', ..])).then_some((start, end))
    }

    /// Where the text of the next key starts, with one space after a comma, or with none.
    #[inline(always)]
    fn key_start(&self) -> Option<usize> {
        match (self.text.as_bytes().get(self.pos..), self.fresh) {
            (Some([b'"', ..]), true) => Some(self.pos + 1),
            (Some([b',', b' ', b'"', ..]), false) => Some(self.pos + 3),
            (Some([b',', b'"', ..]), false) => Some(self.pos + 2),
            _ => None,
        }
    }

    /// Goes from the end of a plain key to its value.
    #[inline(always)]
    fn pass_key(&mut self, end: usize) {
        self.fresh = false;
        self.pos = past_space(self.text.as_bytes(), end + 2);
    }

    /// The next key however it is written, or the object's end.
    #[inline(never)]
    fn other_key(&mut self) -> Result<Option<Cow<'a, str>>> {
        if !self.at_key()? {
            return Ok(None);
        }
        self.check_key()?;
        let key = self.string()?;
        self.colon()?;
        Ok(Some(key))
    }

    /// Whether the array has another element, which has to be read or skipped next.
    ///
    /// # Errors
    /// When the text is not JSON.
    #[inline]
    pub fn next_element(&mut self) -> Result<bool> {
        self.skip_space();
        let fresh = std::mem::replace(&mut self.fresh, false);
        match self.byte() {
            b']' => {
                self.close();
                Ok(false)
            }
            b',' if !fresh => {
                self.pos += 1;
                self.skip_space();
                Ok(true)
            }
            _ if fresh => Ok(true),
            _ => Err(self.unfinished(Syntax::ListSeparator)),
        }
    }

    /// How many more elements of this size an array has, judged by its first one, which began at `start`. None, where other
    /// text may follow: moving a few elements costs less than memory that is not used.
    pub(crate) fn elements_left(&self, start: usize, size: usize) -> usize {
        match (self.depth, size) {
            (1, 64..) => {
                let expected = (self.text.len() - self.pos) / (self.pos - start).max(1);
                expected.min(MAX_RESERVED / size)
            }
            _ => 0,
        }
    }

    /// Reads `true` or `false`.
    ///
    /// # Errors
    /// When the value is not a boolean.
    #[inline]
    pub fn bool(&mut self) -> Result<bool> {
        match self.byte() {
            b't' => self.keyword("true").map(|()| true),
            b'f' => self.keyword("false").map(|()| false),
            _ => Err(self.mismatch("boolean")),
        }
    }

    /// Reads `null`.
    ///
    /// # Errors
    /// When the value is not null.
    #[inline]
    pub fn null(&mut self) -> Result<()> {
        match self.byte() {
            b'n' => self.keyword("null"),
            _ => Err(self.mismatch("null")),
        }
    }

    /// Checks that nothing but white space is left.
    ///
    /// # Errors
    /// When something follows the value.
    pub fn end(&mut self) -> Result<()> {
        self.skip_space();
        if self.pos == self.text.len() {
            Ok(())
        } else {
            Err(self.syntax(Syntax::Trailing))
        }
    }

    /// The byte here; 0, which no JSON text holds outside strings, at the end.
    #[inline]
    fn byte(&self) -> u8 {
        self.text.as_bytes().get(self.pos).copied().unwrap_or(0)
    }

    #[inline]
    fn skip_space(&mut self) {
        self.pos = past_space(self.text.as_bytes(), self.pos);
    }

    #[inline]
    fn open(&mut self) -> Result<()> {
        if self.depth >= MAX_DEPTH {
            return Err(self.syntax(Syntax::Nesting));
        }
        self.pos += 1;
        self.depth += 1;
        self.fresh = true;
        Ok(())
    }

    /// Leaves an object or array at its closing bracket.
    #[inline]
    fn close(&mut self) {
        self.pos += 1;
        self.depth -= 1;
        self.fresh = false;
    }

    /// Goes to the next key, or leaves the object.
    #[inline]
    fn at_key(&mut self) -> Result<bool> {
        self.skip_space();
        let fresh = std::mem::replace(&mut self.fresh, false);
        match self.byte() {
            b',' if !fresh => {
                self.pos = past_space(self.text.as_bytes(), self.pos + 1);
                Ok(true)
            }
            b'}' => {
                self.close();
                Ok(false)
            }
            _ if fresh => Ok(true),
            _ => Err(self.unfinished(Syntax::DictSeparator)),
        }
    }

    #[inline]
    fn colon(&mut self) -> Result<()> {
        self.skip_space();
        if self.byte() != b':' {
            return Err(self.unfinished(Syntax::MissingColon));
        }
        self.pos += 1;
        self.skip_space();
        Ok(())
    }

    #[inline]
    fn keyword(&mut self, word: &str) -> Result<()> {
        let rest = &self.text.as_bytes()[self.pos..];
        if rest.starts_with(word.as_bytes()) {
            self.pos += word.len();
            Ok(())
        } else {
            Err(self.no_value())
        }
    }
}

/// What was received, as text: JSON is UTF-8.
///
/// # Errors
/// [`Utf8`](Syntax::Utf8) where it is not.
pub fn utf8(text: &[u8]) -> Result<&str> {
    std::str::from_utf8(text).map_err(|error| Error::syntax(Syntax::Utf8, error.valid_up_to()))
}

/// The first position from `at` on that is not white space.
#[inline]
fn past_space(bytes: &[u8], mut at: usize) -> usize {
    while let Some(&byte) = bytes.get(at)
        && byte <= b' '
        && matches!(byte, b' ' | b'\n' | b'\r' | b'\t')
    {
        at += 1;
    }
    at
}
