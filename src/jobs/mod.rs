//! Work that a server goes on with after it has answered the command that started it: block jobs and snapshots
//! (`Job`), migration (`Migration`), dumps of guest memory (`Dump`).
//!
//! Each of them is an [`Operation`] that does no I/O: it says which command to send next, takes replies and events, and
//! ends with the outcome or the server's real error. The clients drive it. What happens is learned from events; only
//! figures of progress, for which there are no events, are asked for, as often as the caller wants them.

pub(crate) mod blocking;
#[cfg(feature = "qmp-migration")]
mod dump;
mod error;
#[cfg(feature = "qmp-block")]
mod job;
#[cfg(feature = "qmp-migration")]
mod migration;
mod run;
#[cfg(all(test, feature = "qmp"))]
mod tests;
#[cfg(feature = "tokio")]
mod tokio;

#[cfg(feature = "tokio")]
pub use self::tokio::Running;
#[cfg(feature = "qmp-migration")]
pub use dump::Dump;
pub use error::Error;
#[cfg(feature = "qmp-block")]
pub use job::{Job, JobOutcome, JobUpdate, StartsJob, WhenPending, WhenReady};
#[cfg(feature = "qmp-migration")]
pub use migration::{Migration, MigrationUpdate};

use std::borrow::Cow;
use std::time::Duration;

use qapi_types::qmp::Event;
use qapi_types::{Command, ErrorReply, Mode, Note, Object, Style, Value, Writer, codec, message};

use crate::error::ErrorKind;
use crate::session::client as session;

/// Work that goes on after the command that started it, without I/O.
///
/// The owner subscribes to events first. Then it calls [`step`](Self::step) until that says [`Step::Wait`] or
/// [`Step::Pause`], carries out each [`Step::Send`] and hands over the reply, and otherwise hands over events as they
/// come. Events received before a reply are to be handed over before it: how something ended may be told by an event
/// alone. No harm is done if some that came after the reply are, too.
pub trait Operation {
    /// What it tells on the way.
    type Update;
    /// What it ends with when all goes well.
    type Outcome;

    /// The names of the events that it wants.
    const EVENTS: &'static [&'static str];

    /// What to do next. Not to be called after [`Step::Done`].
    fn step(&mut self) -> Step<Self::Update, Self::Outcome>;

    /// Takes the reply to the last [`Step::Send`].
    fn reply(&mut self, reply: Result<Value, ErrorReply>);

    /// Takes an event. Those of others are ignored.
    fn event(&mut self, event: &Event);

    /// Has it find out how far things are, because an update is wanted or events were lost.
    fn look(&mut self);

    /// What it is, in an error: "the migration".
    fn name(&self) -> String {
        "the operation".into()
    }

    /// What was seen of it last, if anything was: "in state active".
    fn last_seen(&self) -> Option<String> {
        None
    }
}

/// An operation that can be stopped before its end.
pub trait Cancel: Operation {
    /// Has it stopped. It may conclude all the same, if it was about to.
    fn cancel(&mut self);
}

/// What the owner of an [`Operation`] is to do.
#[derive(Debug)]
#[non_exhaustive]
pub enum Step<U, O> {
    /// Send a command and hand over its reply.
    Send(Request),
    /// Tell this.
    Update(U),
    /// Wait for an event.
    Wait,
    /// Wait for an event, but not longer than this.
    Pause(Duration),
    /// It has ended.
    Done(Result<O, Error>),
}

/// A command to be sent.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Request {
    /// Its name.
    pub name: &'static str,
    /// Its arguments.
    pub arguments: Object,
    features: &'static [&'static str],
    notes: Vec<Note>,
}

impl Request {
    fn new<C: Command>(command: &C) -> Result<Self, Error> {
        Self::encode(command).map_err(|error| Error::call(ErrorKind::Encode(error), C::NAME))
    }

    fn encode<C: Command>(command: &C) -> qapi_types::Result<Self> {
        let mut text = Vec::new();
        let mut writer = Writer::new(&mut text, Style::Compact).noting();
        codec::encode_object(command, &mut writer);
        let notes = writer.notes().to_vec();
        writer.finish()?;
        let arguments = match qapi_types::from_slice(&text, Mode::Strict)? {
            Value::Object(arguments) => arguments,
            _ => Object::new(),
        };
        Ok(Self {
            name: C::NAME,
            arguments,
            features: C::FEATURES,
            notes,
        })
    }
}

impl session::Request for Request {
    type Reply = Value;

    fn name(&self) -> Cow<'static, str> {
        self.name.into()
    }

    fn features(&self) -> &'static [&'static str] {
        self.features
    }

    fn notes(&self) -> &[Note] {
        &self.notes
    }

    fn write(&self, w: &mut Writer<'_>, id: Option<u64>, oob: bool) {
        message::write_raw_request(w, self.name, &self.arguments, id.as_ref(), oob);
    }
}

/// How far work has come. The unit is the server's own, often bytes, and the total may grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// What is done.
    pub current: u64,
    /// What is to be done, as far as it is known.
    pub total: u64,
}

impl Progress {
    fn new(current: i64, total: i64) -> Self {
        let [current, total] = [current, total].map(|count| count.try_into().unwrap_or(0));
        Self { current, total }
    }
}

fn decode<C: Command>(value: &Value) -> Result<C::Reply, Error> {
    let text = value.to_string();
    qapi_types::from_str(&text, Mode::Lenient)
        .map_err(|error| Error::Call(crate::Error::decode(error, &text).of(C::NAME)))
}
