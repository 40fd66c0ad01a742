//! serde for generated types, by way of the codec: the shape is the one on the wire, the cost per type is two lines.

pub use serde::de::DeserializeOwned;
pub use serde::{Deserialize, Deserializer, Serialize, Serializer};

use serde::de::Error as _;
use serde::ser::Error as _;
use serde_json::Value;

use crate::codec::{Decode, Encode};
use crate::error::{Error, Result};
use crate::reader::Mode;

/// Serializes a value in the shape it has on the wire.
///
/// # Errors
/// When it holds a number that is not finite, and what the serializer refuses.
pub fn serialize<T: Encode, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    match to_tree(value) {
        Ok(tree) => tree.serialize(serializer),
        Err(error) => Err(S::Error::custom(error)),
    }
}

fn to_tree<T: Encode>(value: &T) -> Result<Value> {
    crate::from_slice(&crate::to_vec(value)?, Mode::Lenient)
}

/// A value of somebody's own type as the wire has it.
///
/// # Errors
/// What the type or JSON refuses.
pub fn to_value(value: &impl Serialize) -> Result<Value> {
    serde_json::to_value(value).map_err(|error| Error::other(error.to_string()))
}

/// What came from the wire as somebody's own type.
///
/// # Errors
/// When the type has another shape.
pub fn from_value<T: DeserializeOwned>(value: &Value) -> Result<T> {
    T::deserialize(value).map_err(|error| Error::other(error.to_string()))
}

/// Deserializes a value from the shape it has on the wire, as a client does.
///
/// # Errors
/// When the shape is another one.
pub fn deserialize<'de, T: Decode, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    let tree = Value::deserialize(deserializer)?;
    let text = crate::to_vec(&tree).map_err(D::Error::custom)?;
    crate::from_slice(&text, Mode::Lenient).map_err(D::Error::custom)
}
