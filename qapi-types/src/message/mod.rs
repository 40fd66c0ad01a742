//! The envelopes that commands, replies and events travel in (QMP specification, "Issuing Commands" and what follows).

mod client;
mod parts;
#[cfg(feature = "server")]
mod server;

pub use client::{RawEvent, ServerMessage, write_raw_request, write_request};
pub use parts::{ErrorClass, ErrorReply, Greeting, Timestamp, VersionInfo, VersionTriple};
#[cfg(feature = "server")]
pub use server::{
    OwnedRequest, Refused, Request, write_any_event, write_error, write_event, write_greeting,
    write_return,
};

use crate::codec::{Decode, Encode, Members};
use crate::error::Result;
use crate::open::Object;
use crate::reader::{Dialect, Kind, Mode, Reader};
use crate::writer::Writer;

/// A command: its members are the arguments.
pub trait Command: Members {
    /// What a successful reply returns; [`Empty`](crate::Empty) for a command that returns nothing.
    type Reply: Decode + Encode;

    /// The name on the wire.
    const NAME: &'static str;
    /// Whether it may be executed out of band (`allow-oob` in the schema).
    const ALLOW_OOB: bool = false;
    /// Whether it may be executed before the machine is built (`allow-preconfig` in the schema).
    const ALLOW_PRECONFIG: bool = false;
    /// Whether success is answered at all (`success-response` in the schema).
    const SUCCESS_RESPONSE: bool = true;
    /// The features of the schema, such as `deprecated`.
    const FEATURES: &'static [&'static str] = &[];
}

/// An event: its members are the data.
pub trait Event: Members {
    /// The name on the wire.
    const NAME: &'static str;
    /// The features of the schema, such as `deprecated`.
    const FEATURES: &'static [&'static str] = &[];
}

/// All events of a schema as one type.
pub trait Events: Sized {
    /// Decodes the data of the event called `name`; one that the schema does not have is kept whole.
    ///
    /// # Errors
    /// When the data are not those of this event.
    fn decode(name: &str, data: Option<Raw<'_>>) -> Result<Self>;

    /// The event's name on the wire.
    fn name(&self) -> &str;

    /// Writes the event's data into an object that is open.
    fn put(&self, w: &mut Writer<'_>);
}

/// A part of a message that was found to be JSON and is still to be decoded.
#[derive(Clone, Copy, Debug)]
pub struct Raw<'a> {
    text: &'a str,
    dialect: Dialect,
}

impl<'a> Raw<'a> {
    pub(crate) fn new(text: &'a str, dialect: Dialect) -> Self {
        Self { text, dialect }
    }

    /// For a part of a message that was kept; it has to be one value of standard JSON (RFC 8259), and decoding fails if it
    /// is not.
    #[must_use]
    pub fn from_text(text: &'a str) -> Self {
        Self::new(text, Dialect::Standard)
    }

    /// What `r` read since it was at `start`.
    fn since(start: usize, r: &Reader<'a>) -> Self {
        Self::new(r.text_since(start), r.dialect())
    }

    /// The text as it was received. What a server received may use QEMU's dialect.
    #[must_use]
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// A reader of this part. Error offsets count from its start.
    #[must_use]
    pub fn reader(&self, mode: Mode) -> Reader<'a> {
        Reader::with_dialect(self.text, mode, self.dialect)
    }

    /// Decodes it.
    ///
    /// # Errors
    /// When it is not of this type.
    pub fn decode<T: Decode>(&self, mode: Mode) -> Result<T> {
        let mut reader = self.reader(mode);
        T::decode(&mut reader)
    }

    /// The value if it is an unsigned integer, as ids often are.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        // What needs no reader: digits that do not overflow, the first of which says something.
        match self.text.as_bytes() {
            [b'1'..=b'9', rest @ ..] if rest.len() < 19 && rest.iter().all(u8::is_ascii_digit) => {
                self.text.parse().ok()
            }
            _ => self.reader(Mode::Strict).integer().ok()?.ok(),
        }
    }
}

/// An id is echoed by its value, in the writer's style.
impl Encode for Raw<'_> {
    fn encode(&self, w: &mut Writer<'_>) {
        let mut r = self.reader(Mode::Lenient);
        let done = match r.peek() {
            Ok(Kind::String) => r.string().map(|value| w.string(&value)),
            _ => r.any().map(|value| w.any(&value)),
        };
        if done.is_err() {
            // It was read before.
            w.null();
        }
    }
}

/// Decodes a command's arguments, which may be left out when there are none, as a server does.
///
/// # Errors
/// The first error in the schema's order, in QEMU's words.
pub fn decode_arguments<C: Command>(arguments: Option<Raw<'_>>) -> Result<C> {
    decode_members(arguments, Mode::Strict)
}

/// Decodes an event's data, which may be left out when there are none, as a client does.
///
/// # Errors
/// When they are not those of this event.
pub fn decode_event<E: Event>(data: Option<Raw<'_>>) -> Result<E> {
    decode_members(data, Mode::Lenient)
}

fn decode_members<T: Members>(object: Option<Raw<'_>>, mode: Mode) -> Result<T> {
    let object = object.unwrap_or(Raw::new("{}", Dialect::Standard));
    crate::codec::object(&mut object.reader(mode))
}

/// The members of an object that may be left out when it has none, of whatever shape.
///
/// # Errors
/// When it is not an object.
pub fn decode_object(object: Option<Raw<'_>>) -> Result<Object> {
    object.map_or_else(|| Ok(Object::new()), |object| object.decode(Mode::Lenient))
}
