//! Writing JSON.

use std::io::Write as _;

use serde_json::Value;

use crate::error::{Error, ErrorKind, Result, Syntax};
use crate::reader::MAX_DEPTH;
use crate::reader::string::is_character;

/// How JSON is laid out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// No white space, UTF-8 as it is: the fewest bytes, for what a client sends.
    #[default]
    Compact,
    /// As a QEMU monitor writes: pure ASCII, a space after each comma and colon, doubles with 17 digits.
    Ascii,
    /// As a QEMU monitor with `pretty=on` writes: as [`Ascii`](Self::Ascii), but over several lines, four spaces a level,
    /// lines ended by CR LF.
    Pretty,
}

/// Writes JSON behind what a buffer holds already.
///
/// The calls have to make up one value; commas and white space come by themselves.
#[derive(Debug)]
pub struct Writer<'b> {
    out: &'b mut Vec<u8>,
    style: Style,
    /// Objects and arrays open.
    depth: usize,
    /// What went wrong first.
    problem: Option<ErrorKind>,
    notes: Option<Vec<Note>>,
    hidden: &'static [&'static str],
}

/// That a member or value was written which its schema marks as `deprecated` or `unstable`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Note {
    /// A member of an object, such as an argument.
    Member {
        /// Its name on the wire.
        name: &'static str,
        /// Its features.
        features: &'static [&'static str],
    },
    /// A value of an enumeration, or the tag of a union's branch.
    Value {
        /// Its name on the wire.
        name: &'static str,
        /// Its features.
        features: &'static [&'static str],
    },
}

impl<'b> Writer<'b> {
    /// Writes to the end of `out`.
    pub fn new(out: &'b mut Vec<u8>, style: Style) -> Self {
        Self {
            out,
            style,
            depth: 0,
            problem: None,
            notes: None,
            hidden: &[],
        }
    }

    /// Also notes the members and values written that are deprecated or unstable.
    #[must_use]
    pub fn noting(mut self) -> Self {
        self.notes = Some(Vec::new());
        self
    }

    /// Leaves out members that have one of these features, as QEMU does where a policy wants it (`-compat`). Features other
    /// than `deprecated` and `unstable` are not looked at.
    #[must_use]
    pub fn hiding(mut self, features: &'static [&'static str]) -> Self {
        self.hidden = features;
        self
    }

    #[inline]
    pub(crate) fn hides(&self, features: &[&str]) -> bool {
        features.iter().any(|feature| self.hidden.contains(feature))
    }

    /// What [`noting`](Self::noting) led to, each once.
    #[must_use]
    pub fn notes(&self) -> &[Note] {
        self.notes.as_deref().unwrap_or_default()
    }

    #[inline]
    pub(crate) fn is_noting(&self) -> bool {
        self.notes.is_some()
    }

    #[cold]
    #[inline(never)]
    pub(crate) fn note(&mut self, note: Note) {
        if let Some(notes) = &mut self.notes
            && !notes.contains(&note)
        {
            notes.push(note);
        }
    }

    /// To be called when all is written.
    ///
    /// # Errors
    /// When something was to be written that a server refuses in whatever form; what stands in the buffer is of no
    /// use then. That is a number that is not finite, nesting deeper than 1024, and (in compact style) a non-character in
    /// a string, for which the other styles write U+FFFD as QEMU does.
    pub fn finish(self) -> Result<()> {
        match self.problem {
            None => Ok(()),
            Some(kind) => Err(Error::new(kind, self.out.len())),
        }
    }

    #[cold]
    fn fail(&mut self, kind: ErrorKind) {
        self.problem.get_or_insert(kind);
    }

    #[inline]
    fn open(&mut self, bracket: u8) {
        self.depth += 1;
        if self.depth > MAX_DEPTH as usize {
            self.fail(ErrorKind::Syntax(Syntax::Nesting));
        }
        self.out.push(bracket);
    }

    /// Opens an object.
    #[inline]
    pub fn begin_object(&mut self) {
        self.open(b'{');
    }

    /// Closes the object opened last.
    #[inline]
    pub fn end_object(&mut self) {
        self.depth -= 1;
        self.line();
        self.out.push(b'}');
    }

    /// Opens an array.
    #[inline]
    pub fn begin_array(&mut self) {
        self.open(b'[');
    }

    /// Closes the array opened last.
    #[inline]
    pub fn end_array(&mut self) {
        self.depth -= 1;
        self.line();
        self.out.push(b']');
    }

    /// Starts an element of an array.
    #[inline]
    pub fn element(&mut self) {
        self.separate(b'[');
    }

    /// Starts a member of an object.
    pub fn key(&mut self, key: &str) {
        self.separate(b'{');
        self.string(key);
        self.colon();
    }

    /// Starts a member whose name comes from a schema, where nothing needs escaping.
    #[inline]
    pub(crate) fn schema_key(&mut self, key: &'static str) {
        // What is constant goes out together: each step has to see to the buffer's room.
        let first = self.out.last() == Some(&b'{');
        match self.style {
            Style::Pretty => return self.key(key),
            _ if first => self.out.push(b'"'),
            Style::Compact => self.out.extend_from_slice(b",\""),
            Style::Ascii => self.out.extend_from_slice(b", \""),
        }
        self.out.extend_from_slice(key.as_bytes());
        match self.style {
            Style::Compact => self.out.extend_from_slice(b"\":"),
            _ => self.out.extend_from_slice(b"\": "),
        }
    }

    #[inline]
    fn colon(&mut self) {
        self.out.push(b':');
        if self.style != Style::Compact {
            self.out.push(b' ');
        }
    }

    /// A comma, unless the container was opened just now: nothing else ends in its bracket.
    #[inline]
    fn separate(&mut self, opening: u8) {
        if self.out.last() != Some(&opening) {
            self.out.push(b',');
            if self.style == Style::Ascii {
                self.out.push(b' ');
            }
        }
        self.line();
    }

    #[inline]
    fn line(&mut self) {
        if self.style == Style::Pretty {
            self.out.extend_from_slice(b"\r\n");
            self.out.resize(self.out.len() + 4 * self.depth, b' ');
        }
    }

    /// Writes `null`.
    #[inline]
    pub fn null(&mut self) {
        self.out.extend_from_slice(b"null");
    }

    /// Writes `true` or `false`.
    #[inline]
    pub fn bool(&mut self, value: bool) {
        // Copying a length that is known takes no call.
        match value {
            true => self.out.extend_from_slice(b"true"),
            false => self.out.extend_from_slice(b"false"),
        }
    }

    /// Writes an integer.
    pub fn u64(&mut self, value: u64) {
        self.digits(value);
    }

    /// Writes an integer.
    pub fn i64(&mut self, value: i64) {
        if value < 0 {
            self.out.push(b'-');
        }
        self.digits(value.unsigned_abs());
    }

    fn digits(&mut self, mut value: u64) {
        let mut buffer = [0; 20];
        let mut at = buffer.len();
        loop {
            at -= 1;
            // The remainder is below ten.
            buffer[at] = b'0' + (value % 10) as u8;
            value /= 10;
            if value == 0 {
                break;
            }
        }
        self.out.extend_from_slice(&buffer[at..]);
    }

    /// Writes a double; a whole one without a fraction, as QEMU does.
    pub fn f64(&mut self, value: f64) {
        if !value.is_finite() {
            self.fail(ErrorKind::NotFinite);
            self.null();
        } else if self.style != Style::Compact {
            let text = seventeen_digits(value);
            self.out.extend_from_slice(text.as_bytes());
        } else if value == value.trunc()
            && value.abs() < 1e15
            && (value != 0.0 || value.is_sign_positive())
        {
            // Exact in this range.
            self.i64(value as i64);
        } else {
            // Writing to a vector cannot fail.
            let _ = write!(self.out, "{value:?}");
        }
    }

    /// Writes a string.
    pub fn string(&mut self, value: &str) {
        self.out.push(b'"');
        let ascii = self.style != Style::Compact;
        let bytes = value.as_bytes();
        if is_plain_ascii(bytes, ascii) {
            self.out.extend_from_slice(bytes);
        } else {
            self.escaped(value, ascii);
        }
        self.out.push(b'"');
    }

    #[inline(never)]
    fn escaped(&mut self, value: &str, ascii: bool) {
        let mut plain = 0;
        for (at, c) in value.char_indices() {
            if !is_character(c) && !ascii {
                self.fail(ErrorKind::NonCharacter);
            }
            if is_plain(c, ascii) {
                continue;
            }
            self.out.extend_from_slice(&value.as_bytes()[plain..at]);
            plain = at + c.len_utf8();
            let short = match c {
                '"' => b'"',
                '\\' => b'\\',
                '\u{8}' => b'b',
                '\u{c}' => b'f',
                '\n' => b'n',
                '\r' => b'r',
                '\t' => b't',
                _ => {
                    let c = if is_character(c) { c } else { '\u{FFFD}' };
                    for unit in c.encode_utf16(&mut [0; 2]) {
                        let _ = write!(self.out, "\\u{unit:04X}");
                    }
                    continue;
                }
            };
            self.out.extend_from_slice(&[b'\\', short]);
        }
        self.out.extend_from_slice(&value.as_bytes()[plain..]);
    }

    /// Writes a value of any shape.
    pub fn any(&mut self, value: &Value) {
        match value {
            Value::Null => self.null(),
            Value::Bool(value) => self.bool(*value),
            Value::Number(value) => {
                if let Some(value) = value.as_u64() {
                    self.u64(value);
                } else if let Some(value) = value.as_i64() {
                    self.i64(value);
                } else if let Some(value) = value.as_f64()
                    && self.style != Style::Compact
                {
                    self.f64(value);
                } else {
                    // Keeps `1.0` apart from `1`.
                    let _ = write!(self.out, "{value}");
                }
            }
            Value::String(value) => self.string(value),
            Value::Array(elements) => {
                self.begin_array();
                for element in elements {
                    self.element();
                    self.any(element);
                }
                self.end_array();
            }
            Value::Object(members) => {
                self.begin_object();
                for (key, value) in members {
                    self.key(key);
                    self.any(value);
                }
                self.end_object();
            }
        }
    }

    /// Writes JSON text as it is. It has to be one value, without line breaks.
    pub fn raw(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    /// Writes the member `key` with the members that `members` writes as its object, or nothing if it writes none.
    pub(crate) fn object_unless_empty(&mut self, key: &'static str, members: &dyn Fn(&mut Self)) {
        let start = self.out.len();
        self.schema_key(key);
        self.begin_object();
        members(self);
        if self.out.last() == Some(&b'{') {
            self.out.truncate(start);
            self.depth -= 1;
        } else {
            self.end_object();
        }
    }
}

/// One in each byte, and the highest bit of each.
const LOW: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// Whether a string is ASCII without anything to escape, which U+007F is where the style is ASCII.
#[inline]
fn is_plain_ascii(bytes: &[u8], ascii: bool) -> bool {
    let delete = LOW * u64::from(if ascii { 0x7F } else { b'"' });
    let is_plain_word = |word| is_plain_word(word, delete);
    // The last bytes are looked at together too, if need be with some once more.
    if let Some(last) = bytes.last_chunk() {
        let (chunks, _) = bytes.as_chunks();
        let plain = |chunk: &[u8; 8]| is_plain_word(u64::from_le_bytes(*chunk));
        return chunks.iter().all(plain) && plain(last);
    }
    is_plain_word(match (bytes.first_chunk(), bytes.last_chunk(), bytes) {
        (Some(first), Some(last), _) => {
            u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << 32
        }
        (_, _, [first, .., last]) => {
            u64::from_le_bytes([*first, bytes[1], *last, b' ', b' ', b' ', b' ', b' '])
        }
        (_, _, [byte]) => u64::from(*byte) * LOW,
        _ => return true,
    })
}

/// The same of eight bytes at once; those of `delete` are to be escaped.
#[inline]
fn is_plain_word(word: u64, delete: u64) -> bool {
    // The high bit of each byte is set that is zero after the exclusive or, below 0x20, or not ASCII; after the first of
    // them a borrow may set more.
    let zero = |x: u64| x.wrapping_sub(LOW) & !x;
    let quote = zero(word ^ (LOW * u64::from(b'"')));
    let backslash = zero(word ^ (LOW * u64::from(b'\\')));
    let control = word.wrapping_sub(LOW * 0x20);
    (quote | backslash | zero(word ^ delete) | control | word) & HIGH == 0
}

/// Whether a character of a string is written as it is.
fn is_plain(c: char, ascii: bool) -> bool {
    c >= ' ' && c != '"' && c != '\\' && (!ascii || c < '\u{7F}')
}

/// As C's `%.17g`.
fn seventeen_digits(value: f64) -> String {
    let text = format!("{value:.16e}");
    let Some((mantissa, exponent)) = text.split_once('e') else {
        return text;
    };
    let exponent: i64 = exponent.parse().unwrap_or(0);
    if (-4..17).contains(&exponent) {
        // Sixteen digits follow the first significant one.
        let places = usize::try_from(16 - exponent).unwrap_or(0);
        let text = format!("{value:.places$}");
        return trim_zeros(&text).to_owned();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    let mantissa = trim_zeros(mantissa);
    format!("{mantissa}e{sign}{:02}", exponent.unsigned_abs())
}

/// Without the zeros that end a fraction, and without a fraction of none.
fn trim_zeros(text: &str) -> &str {
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::is_plain_ascii;

    #[test]
    fn every_byte_counts_at_every_place() {
        for len in 1..=20 {
            for at in 0..len {
                for byte in 0..=u8::MAX {
                    // Neighbours that a borrow between bytes could change.
                    for other in [b' ', b'!', b'a', 0x7F] {
                        let mut bytes = vec![other; len];
                        bytes[at] = byte;
                        let plain = matches!(byte, 0x20..=0x7F) && byte != b'"' && byte != b'\\';
                        assert_eq!(is_plain_ascii(&bytes, false), plain, "{bytes:?}");
                        let plain = plain && !bytes.contains(&0x7F);
                        assert_eq!(is_plain_ascii(&bytes, true), plain, "{bytes:?}");
                    }
                }
            }
        }
        assert!(is_plain_ascii(b"", true));
    }
}
