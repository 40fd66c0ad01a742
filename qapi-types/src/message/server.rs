//! The server's side: requests in, messages out.

use std::borrow::Cow;
use std::ops::Range;

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
    /// Whether it has `exec-oob` and no `execute`, so that the reply does not wait for requests before it.
    pub oob: bool,
}

impl<'a> Request<'a> {
    /// Takes a request apart; `exec-oob` is a member like any unknown one unless `oob` is enabled.
    ///
    /// # Errors
    /// When it is no request. Of several errors the first in the text is given.
    pub fn parse(document: &'a Document<'_>, oob: bool) -> Result<Self, Refused<'a>> {
        let parts = Parts::of(document, oob);
        let id = parts.id.map(|range| document.part(range));
        match parts.verdict {
            Ok((command, oob)) => Ok(Self {
                command,
                oob,
                arguments: parts.arguments.map(|range| document.part(range)),
                id,
            }),
            Err(error) => Err(Refused {
                id,
                error,
                oob: parts.has_oob && !parts.has_execute,
            }),
        }
    }
}

/// A request with the text it was read from, so that it can wait for its turn.
#[derive(Clone, Debug)]
pub struct OwnedRequest {
    document: Document<'static>,
    command: Name,
    oob: bool,
    arguments: Option<Range<usize>>,
    id: Option<Range<usize>>,
}

#[derive(Clone, Debug)]
enum Name {
    At(Range<usize>),
    /// It was written with escapes.
    Decoded(String),
}

impl OwnedRequest {
    /// As [`Request::parse`], and gives back the document that is no request.
    ///
    /// # Errors
    /// The document, for [`Request::parse`] to say what is wrong with it.
    pub fn parse(document: Document<'_>, oob: bool) -> Result<Self, Document<'_>> {
        let parts = Parts::of(&document, oob);
        let Ok((command, oob)) = parts.verdict else {
            return Err(document);
        };
        let command = match command {
            Cow::Borrowed(name) => Name::At(parts.name..parts.name + name.len()),
            Cow::Owned(name) => Name::Decoded(name),
        };
        let (arguments, id) = (parts.arguments, parts.id);
        Ok(Self {
            command,
            oob,
            arguments,
            id,
            document: document.into_owned(),
        })
    }

    /// The command's name.
    #[must_use]
    pub fn command(&self) -> &str {
        match &self.command {
            Name::At(range) => &self.document.text()[range.clone()],
            Name::Decoded(name) => name,
        }
    }

    /// Whether it came as `exec-oob`.
    #[must_use]
    pub fn is_oob(&self) -> bool {
        self.oob
    }

    /// The arguments, an object; absent means none.
    #[must_use]
    pub fn arguments(&self) -> Option<Raw<'_>> {
        self.arguments
            .clone()
            .map(|range| self.document.part(range))
    }

    /// To be echoed in the reply.
    #[must_use]
    pub fn id(&self) -> Option<Raw<'_>> {
        self.id.clone().map(|range| self.document.part(range))
    }

    /// The length of its text in bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        self.document.text().len()
    }
}

/// What a text consists of that ought to be a request, as places in it.
struct Parts<'a> {
    /// The command's name, and whether it came as `exec-oob`.
    verdict: Result<(Cow<'a, str>, bool), ErrorReply>,
    /// Where the name starts, within its quotes.
    name: usize,
    has_execute: bool,
    has_oob: bool,
    arguments: Option<Range<usize>>,
    id: Option<Range<usize>>,
}

impl<'a> Parts<'a> {
    fn of(document: &'a Document<'_>, oob: bool) -> Self {
        let mut parts = Self {
            verdict: Err(ErrorReply::generic(String::new())),
            name: 0,
            has_execute: false,
            has_oob: false,
            arguments: None,
            id: None,
        };
        parts.verdict = match parts.read(document.reader(Mode::Strict), oob) {
            Ok(verdict) => verdict.map_err(ErrorReply::generic),
            // A document has no syntax errors.
            Err(error) => Err(error.into()),
        };
        parts
    }

    fn read(
        &mut self,
        mut r: Reader<'a>,
        oob: bool,
    ) -> Result<Result<(Cow<'a, str>, bool), String>> {
        let mut command = None;
        let mut refused = None;
        let mut refuse = |desc: String| {
            refused.get_or_insert(desc);
        };
        if r.peek()? != Kind::Object {
            return Ok(Err("QMP input must be a JSON object".into()));
        }
        r.begin_object()?;
        while let Some(key) = r.next_key()? {
            let kind = r.peek()?;
            let start = r.offset();
            let this_oob = key == "exec-oob";
            if this_oob {
                self.has_oob = true;
            }
            match &*key {
                "execute" | "exec-oob" if oob || !this_oob => {
                    self.has_execute |= !this_oob;
                    // A document has no duplicate keys, so this is the other one.
                    if self.has_execute && self.has_oob {
                        refuse("QMP input member 'execute' clashes with 'exec-oob'".into());
                    }
                    if kind == Kind::String {
                        self.name = start + 1;
                        command = Some((r.string()?, this_oob));
                    } else {
                        r.skip()?;
                        refuse(format!("QMP input member '{key}' must be a string"));
                    }
                }
                "arguments" => {
                    r.skip()?;
                    self.arguments = Some(start..r.offset());
                    if kind != Kind::Object {
                        refuse("QMP input member 'arguments' must be an object".into());
                    }
                }
                "id" => {
                    r.skip()?;
                    self.id = Some(start..r.offset());
                }
                _ => {
                    r.skip()?;
                    refuse(format!("QMP input member '{key}' is unexpected"));
                }
            }
        }
        Ok(match (refused, command) {
            (Some(desc), _) => Err(desc),
            (None, Some(command)) => Ok(command),
            (None, None) => Err("QMP input lacks member 'execute'".into()),
        })
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
    envelope(w, E::NAME, timestamp, &|w| event.put(w));
}

/// Writes one of a schema's events, without line end. Data is left out if there is none.
pub fn write_any_event<E: Events>(w: &mut Writer<'_>, event: &E, timestamp: Timestamp) {
    envelope(w, event.name(), timestamp, &|w| event.put(w));
}

fn envelope(w: &mut Writer<'_>, name: &str, timestamp: Timestamp, data: &dyn Fn(&mut Writer<'_>)) {
    w.begin_object();
    put(w, "timestamp", &timestamp);
    w.key("event");
    w.string(name);
    w.object_unless_empty("data", data);
    w.end_object();
}
