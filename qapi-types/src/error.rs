//! What can be wrong with a message, in QEMU's words.

use std::fmt::{self, Write as _};

/// Result of decoding or encoding.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a JSON text or a value in it was refused.
///
/// [`desc`](Self::desc) is the text QEMU's monitor gives for the same mistake, so that a server can send it
/// as it is.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    /// Innermost segment first: it grows while the error travels outwards.
    path: Vec<Segment>,
    offset: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    Member(Box<str>),
    Index(usize),
}

/// The kinds of [`Error`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The text is not JSON.
    Syntax(Syntax),
    /// A mandatory member is absent.
    Missing,
    /// A member that the type does not have.
    Unexpected,
    /// The value has the wrong JSON kind; holds the kind expected.
    Type(&'static str),
    /// Not an integer that fits an unsigned 64-bit integer.
    Uint64,
    /// An integer out of its type's range; holds the type's name in C, such as `uint16_t`.
    Range(&'static str),
    /// A string that is no value of the enumeration.
    Value(Box<str>),
    /// No branch of the alternate takes the JSON kind; holds the alternate's name in the schema.
    Alternate(&'static str),
    /// A number that JSON cannot express: NaN or infinite. Only encoding gives it.
    NotFinite,
    /// A string with a character that QEMU refuses in whatever form, such as U+FFFE. Only encoding gives it.
    NonCharacter,
    /// Something that this crate does not know of, such as what serde says of a type of somebody's own.
    Other(Box<str>),
}

/// The ways a text can fail to be JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Syntax {
    /// Characters that begin no token; holds the token so far with the first bad character.
    Stray(Box<str>),
    /// A value should stand here.
    ExpectingValue,
    /// No `:` after a key.
    MissingColon,
    /// A key that is not a string.
    KeyNotString,
    /// Neither `,` nor `}` after a member.
    DictSeparator,
    /// Neither `,` nor `]` after an element.
    ListSeparator,
    /// A key that the object has already.
    DuplicateKey,
    /// A word other than `true`, `false` and `null`.
    Keyword(Box<str>),
    /// An unknown escape sequence.
    Escape,
    /// A `\u` escape, quoted here, that is no character QEMU accepts.
    Unicode(Box<str>),
    /// A string that is not UTF-8, or holds a character QEMU does not accept.
    Utf8,
    /// A number beyond the range of a double.
    NumberRange,
    /// The text ends within a value.
    UnexpectedEnd,
    /// Something follows the value.
    Trailing,
    /// More than 64 MiB of text in one value.
    TokenSize,
    /// More than 2^21 tokens in one value.
    TokenCount,
    /// Brackets nested deeper than 1024, or values of types that contain themselves deeper than 256.
    Nesting,
}

impl Syntax {
    /// A piece of input as error texts show it: what is no character becomes U+FFFD, and U+0000 ends it. Sequences of up to
    /// six bytes count as one character, as they did before UTF-8 was limited to four.
    #[must_use]
    pub fn quote(input: &[u8]) -> Box<str> {
        let mut rest = input.split(|b| *b == 0).next().unwrap_or_default();
        let mut text = String::with_capacity(rest.len());
        while let Some(&first) = rest.first() {
            let (length, c) = character(first, rest);
            text.push(c.unwrap_or(char::REPLACEMENT_CHARACTER));
            rest = &rest[length..];
        }
        text.into()
    }
}

/// The first character of a text that starts with the byte `first`, and how many bytes it takes.
fn character(first: u8, text: &[u8]) -> (usize, Option<char>) {
    let length = first.leading_ones() as usize;
    if !(2..7).contains(&length) {
        return (1, first.is_ascii().then_some(first.into()));
    }
    let more = text[1..].iter().take(length - 1);
    let more = more.take_while(|b| **b & 0xC0 == 0x80).count();
    let bytes = &text[..=more];
    let c = match std::str::from_utf8(bytes) {
        Ok(valid) => valid.chars().next(),
        Err(_) if bytes == [0xC0, 0x80] => Some('\0'),
        Err(_) => None,
    };
    (bytes.len(), c)
}

impl fmt::Display for Syntax {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::TokenSize => return f.write_str("JSON token size limit exceeded"),
            Self::TokenCount => return f.write_str("JSON token count limit exceeded"),
            Self::Nesting => return f.write_str("JSON nesting depth limit exceeded"),
            Self::Stray(text) => return write!(f, "JSON parse error, stray '{text}'"),
            Self::Keyword(word) => return write!(f, "JSON parse error, invalid keyword '{word}'"),
            Self::Unicode(escape) => {
                return write!(
                    f,
                    "JSON parse error, {escape} is not a valid Unicode character"
                );
            }
            Self::ExpectingValue => "expecting value",
            Self::MissingColon => "missing : in object pair",
            Self::KeyNotString => "key is not a string in object",
            Self::DictSeparator => "expected separator in dict",
            Self::ListSeparator => "expected separator in list",
            Self::DuplicateKey => "duplicate key",
            Self::Escape => "invalid escape sequence in string",
            Self::Utf8 => "invalid UTF-8 sequence in string",
            Self::NumberRange => "number out of range",
            Self::UnexpectedEnd => "unexpected end of input",
            Self::Trailing => "unexpected text after the value",
        };
        write!(f, "JSON parse error, {text}")
    }
}

impl Error {
    #[cold]
    #[inline(never)]
    pub(crate) fn new(kind: ErrorKind, offset: usize) -> Self {
        Self(Box::new(Inner {
            kind,
            path: Vec::new(),
            offset,
        }))
    }

    /// An error that this crate does not know of.
    #[must_use]
    pub fn other(text: impl Into<Box<str>>) -> Self {
        Self::new(ErrorKind::Other(text.into()), 0)
    }

    #[cold]
    #[inline(never)]
    pub(crate) fn syntax(what: Syntax, offset: usize) -> Self {
        Self::new(ErrorKind::Syntax(what), offset)
    }

    /// Says that the error lies in the member `name` of the object at hand.
    #[cold]
    #[inline(never)]
    pub(crate) fn in_member(mut self, name: &str) -> Self {
        if !self.is_syntax() {
            self.0.path.push(Segment::Member(name.into()));
        }
        self
    }

    /// Says that the error lies in the element `index` of the array at hand.
    #[cold]
    #[inline(never)]
    pub(crate) fn in_element(mut self, index: usize) -> Self {
        if !self.is_syntax() {
            self.0.path.push(Segment::Index(index));
        }
        self
    }

    /// What is wrong.
    #[must_use]
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// Whether the text is not JSON at all, as opposed to JSON of the wrong shape.
    #[must_use]
    pub fn is_syntax(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Syntax(_))
    }

    /// Whether a release of the interface that the type does not know may have sent it: a number beyond the range of the
    /// integer, or a value of another kind, as where a type became an alternate of several. That is not so if the text is no
    /// JSON, or a member is missing that all releases send. (Values, branches, members and alternatives that a type
    /// does not know are no errors to a lenient reader.)
    #[must_use]
    pub fn is_other_release(&self) -> bool {
        matches!(
            self.0.kind,
            ErrorKind::Type(_) | ErrorKind::Uint64 | ErrorKind::Range(_) | ErrorKind::Alternate(_)
        )
    }

    /// Where in the text the mistake was noticed, in bytes from its start.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.0.offset
    }

    /// The offending value as a path from the outermost object, such as `backend.addr.port` or `keys[1].data`;
    /// `<anonymous>` if that is the whole text.
    #[must_use]
    pub fn path(&self) -> String {
        if self.0.path.is_empty() {
            return "<anonymous>".into();
        }
        let mut path = String::new();
        for segment in self.0.path.iter().rev() {
            match segment {
                Segment::Member(name) if path.is_empty() => path.push_str(name),
                Segment::Member(name) => {
                    path.push('.');
                    path.push_str(name);
                }
                Segment::Index(index) => {
                    // Writing to a string cannot fail.
                    let _ = write!(path, "[{index}]");
                }
            }
        }
        path
    }

    /// The member's own name; a list element and the whole text have none, for which QEMU prints `null`.
    fn name(&self) -> &str {
        match self.0.path.first() {
            Some(Segment::Member(name)) => name,
            _ => "null",
        }
    }

    /// The text QEMU gives for this error.
    #[must_use]
    pub fn desc(&self) -> String {
        self.to_string()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.kind {
            ErrorKind::Syntax(what) => what.fmt(f),
            ErrorKind::Missing => write!(f, "Parameter '{}' is missing", self.path()),
            ErrorKind::Unexpected => write!(f, "Parameter '{}' is unexpected", self.path()),
            ErrorKind::Type(expected) => {
                let path = self.path();
                write!(
                    f,
                    "Invalid parameter type for '{path}', expected: {expected}"
                )
            }
            ErrorKind::Uint64 => write!(f, "Parameter '{}' expects uint64", self.path()),
            ErrorKind::Range(expected) => {
                write!(f, "Parameter '{}' expects {expected}", self.name())
            }
            ErrorKind::Value(value) => {
                let name = self.name();
                write!(f, "Parameter '{name}' does not accept value '{value}'")
            }
            ErrorKind::Alternate(expected) => {
                let name = self.name();
                write!(
                    f,
                    "Invalid parameter type for '{name}', expected: {expected}"
                )
            }
            ErrorKind::NotFinite => f.write_str("JSON cannot express a number that is not finite"),
            ErrorKind::NonCharacter => f.write_str("QEMU accepts no string with a non-character"),
            ErrorKind::Other(text) => f.write_str(text),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("desc", &self.desc())
            .field("path", &self.path())
            .field("offset", &self.0.offset)
            .finish()
    }
}

impl std::error::Error for Error {}
