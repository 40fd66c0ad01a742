//! What is open: names of a newer peer, and values that the schema leaves free.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::LazyLock;

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

    /// To be read over; see [`Decode::blank`](crate::codec::Decode::blank).
    #[doc(hidden)]
    #[must_use]
    #[inline]
    pub fn blank() -> Self {
        Self(Box::default())
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

/// The members of an object that this version of the schema does not know. A newer or older peer may have sent them.
///
/// It is used as an [`Object`], and takes no memory beside a pointer while it is empty.
#[derive(Clone, Default)]
pub struct UnrecognizedMembers(Option<Box<Object>>);

static NONE: LazyLock<Object> = LazyLock::new(Object::new);

impl UnrecognizedMembers {
    /// No members.
    #[must_use]
    #[inline]
    pub const fn new() -> Self {
        Self(None)
    }

    #[inline]
    pub(crate) fn get(&self) -> Option<&Object> {
        self.0.as_deref()
    }
}

impl Deref for UnrecognizedMembers {
    type Target = Object;

    fn deref(&self) -> &Object {
        match &self.0 {
            Some(members) => members,
            None => &NONE,
        }
    }
}

impl DerefMut for UnrecognizedMembers {
    fn deref_mut(&mut self) -> &mut Object {
        self.0.get_or_insert_default()
    }
}

impl From<Object> for UnrecognizedMembers {
    fn from(members: Object) -> Self {
        Self((!members.is_empty()).then(|| Box::new(members)))
    }
}

impl From<UnrecognizedMembers> for Object {
    fn from(members: UnrecognizedMembers) -> Self {
        members.0.map_or_else(Self::new, |members| *members)
    }
}

impl fmt::Debug for UnrecognizedMembers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl PartialEq for UnrecognizedMembers {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (None, None) => true,
            _ => **self == **other,
        }
    }
}

impl Eq for UnrecognizedMembers {}

/// The schema's type `null`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Null;

/// The reply of a command that returns nothing: `{}` on the wire.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Empty {
    /// Members that another release sends.
    pub unrecognized: UnrecognizedMembers,
}

impl Empty {
    /// Nothing.
    #[must_use]
    #[inline]
    pub const fn new() -> Self {
        Self {
            unrecognized: UnrecognizedMembers::new(),
        }
    }
}

/// A string that names no value of an enumeration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownValue(pub(crate) Box<str>);

impl fmt::Display for UnknownValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown value '{}'", self.0)
    }
}

impl std::error::Error for UnknownValue {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unrecognized_members_are_an_object() {
        let mut members = UnrecognizedMembers::new();
        assert!(members.is_empty());
        members.insert("a".into(), Value::Null);
        assert_eq!(members["a"], Value::Null);
        assert_eq!(format!("{members:?}"), r#"{"a": Null}"#);
        assert_ne!(members, UnrecognizedMembers::new());
        assert_eq!(Object::from(members.clone()).len(), 1);
        assert_eq!(
            UnrecognizedMembers::from(Object::from(members.clone())),
            members
        );
        members.clear();
        assert_eq!(members, UnrecognizedMembers::new());
    }
}
