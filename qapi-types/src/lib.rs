//! Messages of QEMU's control protocols as Rust types: the wire codec that generated code is built on, the types the
//! schema language itself has, and the envelopes that commands, replies and events travel in.
//!
//! Nothing here does I/O. Whoever only reads or writes messages needs nothing else.
#![forbid(unsafe_code)]

// The form of generated code is tried inside the crate too, where paths start with the crate's name.
#[cfg(test)]
extern crate self as qapi_types;

#[cfg(feature = "serde")]
#[doc(hidden)]
pub mod bridge;
pub mod codec;
mod document;
mod error;
mod impls;
pub mod message;
mod open;
mod qtype;
mod reader;
mod scalar;
mod union;
mod writer;

pub use document::Document;
pub use error::{Error, ErrorKind, Result, Syntax};
pub use message::{Command, ErrorClass, ErrorReply, Event, Events, Timestamp};
pub use open::{Empty, Null, Object, UnknownValue, Unrecognized};
pub use qtype::QType;
pub use reader::{Kind, Mark, Mode, Reader};
pub use serde_json::Value;
pub use writer::{Style, Writer};

/// Reads one JSON text (RFC 8259) as a value of type `T`.
///
/// # Errors
/// When the text is not JSON, or not a value of this type.
pub fn from_slice<T: codec::Decode>(text: &[u8], mode: Mode) -> Result<T> {
    let mut reader = Reader::new(text, mode)?;
    let value = T::decode(&mut reader);
    finish(value, &mut reader)
}

/// Reads one JSON text (RFC 8259) as a value of type `T`.
///
/// # Errors
/// When the text is not JSON, or not a value of this type.
pub fn from_str<T: codec::Decode>(text: &str, mode: Mode) -> Result<T> {
    let mut reader = Reader::from_str(text, mode);
    let value = T::decode(&mut reader);
    finish(value, &mut reader)
}

fn finish<T>(value: Result<T>, reader: &mut Reader<'_>) -> Result<T> {
    let value = value?;
    reader.end()?;
    Ok(value)
}

/// Writes a value as compact JSON.
///
/// # Errors
/// When it holds a number that is not finite.
pub fn to_vec<T: codec::Encode + ?Sized>(value: &T) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    let mut writer = Writer::new(&mut out, Style::Compact);
    value.encode(&mut writer);
    writer.finish()?;
    Ok(out)
}
