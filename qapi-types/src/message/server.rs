//! The server's side: requests in, messages out.

use std::borrow::Cow;

use super::{ErrorReply, Event, Events, Greeting, Raw, Timestamp};
use crate::codec::{Encode, put};
use crate::document::Document;
use crate::error::Result;
use crate::reader::{Kind, Mode, Reader};
use crate::writer::Writer;

/// A request whose arguments are still to be decoded.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Request<'a> {
    /// The command's name.
    pub command: Cow<'a, str>,
    /// Whether it came as `exec-oob`.
    pub oob: bool,
    /// The arguments, an object; absent means none.
    pub arguments: Option<Raw<'a>>,
    /// To be echoed in the reply.
    pub id: Option<Raw<'a>>,
}

/// A text that is JSON and yet no request.
#[derive(Clone, Debug)]
pub struct Refused<'a> {
    /// To be echoed in the reply.
    pub id: Option<Raw<'a>>,
    /// What to reply, in QEMU's words.
    pub error: ErrorReply,
}

impl<'a> Request<'a> {
    /// Takes a request apart; `exec-oob` is a member like any unknown one unless `oob` is enabled.
    ///
    /// # Errors
    /// When it is no request. Of several errors the first in the text is given.
    pub fn parse(document: &'a Document<'_>, oob: bool) -> Result<Self, Refused<'a>> {
        let mut parts = Parts::default();
        let result = parts.read(document.reader(Mode::Strict), oob);
        let id = parts.id;
        // A document has no syntax errors.
        let error = result.map_or_else(|error| Some(error.into()), |()| parts.error.take());
        match (error, parts.command) {
            (None, Some((command, oob))) => Ok(Self {
                command,
                oob,
                arguments: parts.arguments,
                id,
            }),
            (Some(error), _) => Err(Refused { id, error }),
            (None, None) => {
                let error = ErrorReply::generic("QMP input lacks member 'execute'");
                Err(Refused { id, error })
            }
        }
    }
}

#[derive(Default)]
struct Parts<'a> {
    command: Option<(Cow<'a, str>, bool)>,
    arguments: Option<Raw<'a>>,
    id: Option<Raw<'a>>,
    error: Option<ErrorReply>,
}

impl<'a> Parts<'a> {
    fn read(&mut self, mut r: Reader<'a>, oob: bool) -> Result<()> {
        if r.peek()? != Kind::Object {
            self.refuse("QMP input must be a JSON object".into());
            return Ok(());
        }
        r.begin_object()?;
        while let Some(key) = r.next_key()? {
            let kind = r.peek()?;
            let start = r.offset();
            match &*key {
                "execute" => self.command(&mut r, kind, false)?,
                "exec-oob" if oob => self.command(&mut r, kind, true)?,
                "arguments" => {
                    r.skip()?;
                    self.arguments = Some(Raw::since(start, &r));
                    if kind != Kind::Object {
                        self.refuse("QMP input member 'arguments' must be an object".into());
                    }
                }
                "id" => {
                    r.skip()?;
                    self.id = Some(Raw::since(start, &r));
                }
                _ => {
                    r.skip()?;
                    self.refuse(format!("QMP input member '{key}' is unexpected"));
                }
            }
        }
        Ok(())
    }

    fn command(&mut self, r: &mut Reader<'a>, kind: Kind, oob: bool) -> Result<()> {
        if kind != Kind::String {
            let this = if oob { "exec-oob" } else { "execute" };
            self.refuse(format!("QMP input member '{this}' must be a string"));
            return r.skip();
        }
        // A document has no duplicate keys, so this is the other one.
        if self.command.is_some() {
            self.refuse("QMP input member 'execute' clashes with 'exec-oob'".into());
        }
        self.command = Some((r.string()?, oob));
        Ok(())
    }

    fn refuse(&mut self, desc: String) {
        self.error.get_or_insert_with(|| ErrorReply::generic(desc));
    }
}

/// Writes what a QMP server says first, without line end.
pub fn write_greeting(w: &mut Writer<'_>, greeting: &Greeting) {
    w.begin_object();
    put(w, "QMP", greeting);
    w.end_object();
}

/// Writes a success reply without line end.
pub fn write_return<T: Encode>(w: &mut Writer<'_>, value: &T, id: Option<&impl Encode>) {
    w.begin_object();
    put(w, "return", value);
    if let Some(id) = id {
        put(w, "id", id);
    }
    w.end_object();
}

/// Writes an error reply without line end.
pub fn write_error(w: &mut Writer<'_>, error: &ErrorReply, id: Option<&impl Encode>) {
    w.begin_object();
    if let Some(id) = id {
        put(w, "id", id);
    }
    put(w, "error", error);
    w.end_object();
}

/// Writes an event without line end. Data is left out if there is none.
pub fn write_event<E: Event>(w: &mut Writer<'_>, event: &E, timestamp: Timestamp) {
    envelope(w, E::NAME, timestamp, |w| event.put(w));
}

/// Writes one of a schema's events, without line end. Data is left out if there is none.
pub fn write_any_event<E: Events>(w: &mut Writer<'_>, event: &E, timestamp: Timestamp) {
    envelope(w, event.name(), timestamp, |w| event.put(w));
}

fn envelope(
    w: &mut Writer<'_>,
    name: &str,
    timestamp: Timestamp,
    data: impl FnOnce(&mut Writer<'_>),
) {
    w.begin_object();
    put(w, "timestamp", &timestamp);
    w.key("event");
    w.string(name);
    w.object_unless_empty("data", data);
    w.end_object();
}

/// An id is echoed by its value, in the writer's style.
impl Encode for Raw<'_> {
    fn encode(&self, w: &mut Writer<'_>) {
        match self.decode::<serde_json::Value>(Mode::Lenient) {
            Ok(value) => w.any(&value),
            // It was read before.
            Err(_) => w.null(),
        }
    }
}
