//! The client's side: requests out, messages in.

use std::borrow::Cow;

use super::{Command, ErrorReply, Greeting, Raw, Timestamp};
use crate::codec::{Decode, Encode, Members, object, put, put_open};
use crate::error::{Error, ErrorKind, Result};
use crate::open::Object;
use crate::reader::{Mode, Reader, utf8};
use crate::writer::Writer;

/// Writes a request without line end: `execute`, or `exec-oob` if `oob`. Arguments are left out if there are none.
pub fn write_request<C: Command>(
    w: &mut Writer<'_>,
    command: &C,
    id: Option<&impl Encode>,
    oob: bool,
) {
    let put = |w: &mut Writer<'_>| command.put(w);
    // What has no size has no members.
    let arguments: Option<&dyn Fn(&mut Writer<'_>)> = (size_of::<C>() > 0).then_some(&put);
    envelope(w, C::NAME, arguments, id.map(|id| id as _), oob);
}

/// Writes a request for a command of any name, known to a schema or not; otherwise as [`write_request`].
pub fn write_raw_request(
    w: &mut Writer<'_>,
    command: &str,
    arguments: &Object,
    id: Option<&impl Encode>,
    oob: bool,
) {
    let put = |w: &mut Writer<'_>| put_open(w, arguments);
    envelope(w, command, Some(&put), id.map(|id| id as _), oob);
}

/// Not generic, so that it is not compiled for each command.
fn envelope(
    w: &mut Writer<'_>,
    command: &str,
    arguments: Option<&dyn Fn(&mut Writer<'_>)>,
    id: Option<&dyn Encode>,
    oob: bool,
) {
    w.begin_object();
    w.schema_key(if oob { "exec-oob" } else { "execute" });
    w.string(command);
    if let Some(arguments) = arguments {
        w.object_unless_empty("arguments", arguments);
    }
    if let Some(id) = id {
        put(w, "id", id);
    }
    w.end_object();
}

/// A message from a server.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ServerMessage<'a> {
    /// What a QMP server says first.
    Greeting(Greeting),
    /// A command succeeded.
    Return {
        /// What it returned.
        value: Raw<'a>,
        /// The request's id.
        id: Option<Raw<'a>>,
    },
    /// A command failed, or the server could not make sense of what it received.
    Error {
        /// Why.
        error: ErrorReply,
        /// The request's id.
        id: Option<Raw<'a>>,
    },
    /// Something happened.
    Event(RawEvent<'a>),
}

/// An event whose data is still to be decoded.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RawEvent<'a> {
    /// The event's name.
    pub name: Cow<'a, str>,
    /// Its data; absent if it has none.
    pub data: Option<Raw<'a>>,
    /// When it happened; [`UNKNOWN`](Timestamp::UNKNOWN) if it has none.
    pub timestamp: Timestamp,
}

impl<'a> ServerMessage<'a> {
    /// Takes a message apart. What it returns or carries is checked to be JSON, and decoded later by its type.
    ///
    /// # Errors
    /// When the text is not JSON, or none of the messages a server sends.
    pub fn parse(text: &'a [u8]) -> Result<Self> {
        Self::parse_str(utf8(text)?)
    }

    /// As [`parse`](Self::parse), from what is known to be UTF-8.
    ///
    /// # Errors
    /// As there.
    pub fn parse_str(text: &'a str) -> Result<Self> {
        let mut r = Reader::from_str(text, Mode::Lenient);
        let (mut value, mut id, mut data, mut event) = (None, None, None, None);
        let (mut greeting, mut error, mut timestamp) = (None, None, None);
        r.begin_object()?;
        while let Some(key) = r.next_key()? {
            match &*key {
                "return" => value = Some(raw(&mut r)?),
                "id" => id = Some(raw(&mut r)?),
                "data" => data = Some(raw(&mut r)?),
                "event" => event = Some(r.string().map_err(|error| error.in_member("event"))?),
                "timestamp" => timestamp = Some(part(&mut r, "timestamp")?),
                "error" => error = Some(part(&mut r, "error")?),
                "QMP" => greeting = Some(part(&mut r, "QMP")?),
                _ => r.skip()?,
            }
        }
        r.end()?;
        Ok(if let Some(value) = value {
            Self::Return { value, id }
        } else if let Some(name) = event {
            Self::Event(RawEvent {
                name,
                data,
                // QEMU 2.0 leaves it out when it cannot read its clock.
                timestamp: timestamp.unwrap_or(Timestamp::UNKNOWN),
            })
        } else if let Some(error) = error {
            Self::Error { error, id }
        } else if let Some(greeting) = greeting {
            Self::Greeting(greeting)
        } else {
            return Err(missing("return", &r));
        })
    }
}

fn raw<'a>(r: &mut Reader<'a>) -> Result<Raw<'a>> {
    let start = r.offset();
    r.skip()?;
    Ok(Raw::since(start, r))
}

fn part<T: Members + Decode>(r: &mut Reader<'_>, name: &str) -> Result<T> {
    object(r).map_err(|error| error.in_member(name))
}

fn missing(name: &str, r: &Reader<'_>) -> Error {
    Error::new(ErrorKind::Missing, r.offset()).in_member(name)
}
