//! What a command returned.

use std::fmt;
use std::ops::Range;

use crate::types::codec::Decode;
use crate::types::message::Raw;
use crate::types::{self, Mode};

/// What a command returned, to be decoded.
#[derive(Clone)]
pub struct Reply {
    message: String,
    value: Range<usize>,
}

impl Reply {
    /// `value` is a part of `message`, which was parsed.
    pub(crate) fn new(message: String, value: Range<usize>) -> Self {
        Self { message, value }
    }

    /// What stands for a success that is not answered.
    pub(crate) fn nothing() -> Self {
        Self::new("{}".to_owned(), 0..2)
    }

    /// What was returned, as JSON.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.message[self.value.clone()]
    }

    /// What was returned, as a part of the message.
    #[must_use]
    pub fn raw(&self) -> Raw<'_> {
        Raw::from_text(self.text())
    }

    /// Decodes it.
    ///
    /// # Errors
    /// When it is not of this type.
    pub fn decode<T: Decode>(&self) -> types::Result<T> {
        self.raw().decode(Mode::Lenient)
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text().fmt(f)
    }
}
