//! What is wrong with the text where the reader stands.

use super::Reader;
use crate::error::{Error, ErrorKind, Syntax};

impl Reader<'_> {
    #[cold]
    pub(super) fn syntax(&self, what: Syntax) -> Error {
        Error::syntax(what, self.pos)
    }

    /// For a place where the text may just have ended.
    #[cold]
    #[inline(never)]
    pub(super) fn unfinished(&self, what: Syntax) -> Error {
        self.syntax(if self.pos == self.text.len() {
            Syntax::UnexpectedEnd
        } else {
            what
        })
    }

    #[cold]
    pub(crate) fn too_deep(&self) -> Error {
        self.syntax(Syntax::Nesting)
    }

    /// A value of another kind than `expected` stands here, or none.
    #[cold]
    #[inline(never)]
    pub(crate) fn mismatch(&self, expected: &'static str) -> Error {
        self.wrong(ErrorKind::Type(expected))
    }

    /// The value here is wrong, or there is none.
    #[cold]
    #[inline(never)]
    pub(crate) fn wrong(&self, kind: ErrorKind) -> Error {
        match self.peek() {
            Ok(_) => Error::new(kind, self.pos),
            Err(error) => error,
        }
    }

    /// Why no value can start here.
    #[cold]
    #[inline(never)]
    pub(super) fn no_value(&self) -> Error {
        let rest = &self.text[self.pos..];
        let word = rest.len()
            - rest
                .trim_start_matches(|c: char| c.is_ascii_lowercase())
                .len();
        self.unfinished(match rest.chars().next() {
            Some('a'..='z') => Syntax::Keyword(rest[..word].into()),
            Some('{' | '}' | '[' | ']' | ',' | ':' | '"') | None => Syntax::ExpectingValue,
            Some(c) => Syntax::Stray(c.to_string().into()),
        })
    }
}
