//! Messages of QEMU's control protocols as Rust types: the wire codec that generated code is built on, the types the
//! schema language itself has, and the envelopes that commands, replies and events travel in.
//!
//! Nothing here does I/O. Whoever only reads or writes messages needs nothing else.
//!
//! # The two directions
//!
//! A type reads in one of two [modes](Mode). As a client reads what a server sends, what this version of the schema does
//! not know is no error: values and branches are kept as [`Unrecognized`], members as [`UnrecognizedMembers`]. As a
//! server reads arguments, all of that is refused, in QEMU's words.
//!
//! ```
//! use qapi_types::{ErrorClass, ErrorReply, Mode, from_str};
//!
//! let reply = r#"{"class": "GenericError", "desc": "no such thing", "hint": "look elsewhere"}"#;
//! let error: ErrorReply = from_str(reply, Mode::Lenient)?;
//! assert_eq!(error.class, ErrorClass::GenericError);
//!
//! let refused = from_str::<ErrorReply>(reply, Mode::Strict).unwrap_err();
//! assert_eq!(refused.desc(), "Parameter 'hint' is unexpected");
//! # Ok::<(), qapi_types::Error>(())
//! ```
//!
//! # Messages
//!
//! [`message`] has the envelopes. A message is taken apart first and its payload decoded later, once it is known
//! what type to expect:
//!
//! ```
//! use qapi_types::Mode;
//! use qapi_types::message::ServerMessage;
//!
//! let message = ServerMessage::parse(br#"{"return": [1, 2, 3], "id": 7}"#)?;
//! let ServerMessage::Return { value, id } = message else {
//!     panic!("a reply was expected");
//! };
//! assert_eq!(id.and_then(|id| id.as_u64()), Some(7));
//! assert_eq!(value.decode::<Vec<u8>>(Mode::Lenient)?, [1, 2, 3]);
//! # Ok::<(), qapi_types::Error>(())
//! ```
//!
//! With the feature `server`, a server reads QEMU's dialect of JSON by way of a `Document`:
//!
//! ```
//! # #[cfg(feature = "server")] {
//! use qapi_types::Document;
//! use qapi_types::message::Request;
//!
//! let document = Document::parse(b"{'execute': 'query-status', 'id': 'it\\'s me'}")?;
//! let request = Request::parse(&document, false).unwrap();
//! assert_eq!(request.command, "query-status");
//!
//! let error = Document::parse(b"{'execute' 'query-status'}").unwrap_err();
//! assert_eq!(error.desc(), "JSON parse error, missing : in object pair");
//! # }
//! # Ok::<(), qapi_types::Error>(())
//! ```
//!
//! # Limits
//!
//! Objects and arrays nest 1024 deep, as in QEMU. Typed values nest 256 deep, because decoding them recurses; what is
//! skipped or decoded as [`Value`] is not held to that. Reading takes time in proportion to the text, wherever the
//! tags of unions stand.
//!
//! Integers from −2^63 to −1 are taken modulo 2^64 where the schema wants an unsigned 64-bit one, as QEMU does. Numbers
//! beyond the range of a double are refused; QEMU takes them as infinite.
#![deny(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

// The form of generated code is tried inside the crate too, where paths start with the crate's name.
#[cfg(test)]
extern crate self as qapi_types;

#[cfg(feature = "serde")]
#[doc(hidden)]
pub mod bridge;
pub mod codec;
#[cfg(feature = "server")]
mod document;
mod error;
mod impls;
pub mod message;
mod open;
mod qtype;
// The tests in this crate do without QEMU's types, which take long to compile.
/// The guest agent's commands, as of QEMU 11.1 and for every release since 6.0.
#[cfg(all(feature = "qga", not(test)))]
#[rustfmt::skip]
pub mod qga;
/// The machine protocol (QMP), as of QEMU 11.1 and for every release since 6.0.
#[cfg(all(feature = "qmp-control", not(test)))]
#[rustfmt::skip]
pub mod qmp;
/// The storage daemon's part of the machine protocol, whose types are those of [`qmp`].
#[cfg(all(feature = "qsd", not(test)))]
#[rustfmt::skip]
pub mod qsd;
mod reader;
mod scalar;
mod table;
mod union;
mod writer;

#[cfg(feature = "server")]
pub use document::Document;
pub use error::{Error, ErrorKind, Result, Syntax};
pub use message::{Command, ErrorClass, ErrorReply, Event, Events, Timestamp};
pub use open::{Empty, Null, Object, UnknownValue, Unrecognized, UnrecognizedMembers};
pub use qtype::QType;
pub use reader::{Kind, Mark, Mode, Reader, Release, utf8};
pub use serde_json::{Value, json};
pub use table::{CommandInfo, EventInfo};
pub use writer::{Note, Style, Writer};

/// Reads one JSON text (RFC 8259) as a value of type `T`.
///
/// # Errors
/// When the text is not JSON, or not a value of this type.
pub fn from_slice<T: codec::Decode>(text: &[u8], mode: Mode) -> Result<T> {
    from_str(utf8(text)?, mode)
}

/// Reads one JSON text (RFC 8259) as a value of type `T`.
///
/// # Errors
/// When the text is not JSON, or not a value of this type.
pub fn from_str<T: codec::Decode>(text: &str, mode: Mode) -> Result<T> {
    let mut reader = Reader::from_str(text, mode);
    let value = T::decode(&mut reader)?;
    reader.end()?;
    Ok(value)
}

/// Writes a value as compact JSON.
///
/// # Errors
/// When it holds a number that is not finite.
pub fn to_vec<T: codec::Encode + ?Sized>(value: &T) -> Result<Vec<u8>> {
    // Most messages fit, and growing from nothing costs more than writing them.
    let mut out = Vec::with_capacity(128);
    let mut writer = Writer::new(&mut out, Style::Compact);
    value.encode(&mut writer);
    writer.finish()?;
    Ok(out)
}
