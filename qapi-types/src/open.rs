//! What is open: names of a newer peer, and values that the schema leaves free.

use std::fmt;

use serde_json::{Map, Value};

/// The members of an object whose shape the schema does not fix.
pub type Object = Map<String, Value>;

/// A name on the wire that this version of the schema does not know: of an enumeration's value, a union's branch or
/// an event. A newer peer may have sent it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Unrecognized(Box<str>);

impl Unrecognized {
    /// For sending a name that this version does not know. A server that does not know it either refuses it.
    #[must_use]
    pub fn new(name: impl Into<Box<str>>) -> Self {
        Self(name.into())
    }

    /// The name as on the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Unrecognized {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for Unrecognized {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// The schema's type `null`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Null;

/// The reply of a command that returns nothing: `{}` on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Empty;

/// A string that names no value of an enumeration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownValue(pub(crate) Box<str>);

impl fmt::Display for UnknownValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown value '{}'", self.0)
    }
}

impl std::error::Error for UnknownValue {}
