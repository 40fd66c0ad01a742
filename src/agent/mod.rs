//! Clients of the guest agent: for tokio `Agent`, and for threads that block [another](crate::blocking::Agent).
//!
//! An agent does one thing at a time, so a client is used by one caller at a time (`&mut self`). Its
//! channel is synchronised at the first call and whenever a call was given up; see
//! [`session::agent`](crate::session::agent).
//!
//! The agent runs in the guest, which need not be trusted: what it sends is limited in size and time, and nothing it
//! says is more than data.
//!
//! # Deadlines
//!
//! Every call has a deadline, of 30 seconds unless set. It covers connecting anew, synchronising, writing and
//! waiting. A call that was given up, or whose future was dropped, does not disturb the next. The agent may still
//! execute it.
//!
//! A file that such a call left open in the guest, in reading or writing it whole or because `guest-file-open` was answered
//! too late, is closed before the next command is sent, or by `close`; up to 64 are remembered. If neither follows it stays open.
//!
//! # Reconnecting
//!
//! Behind a virtio-serial port the agent may stop and start without the channel ending; the next call synchronises
//! with the new one. If the channel does end, the call at hand ends with
//! [`OutcomeUnknown`](crate::ErrorKind::OutcomeUnknown), and the next one connects again, if the client was connected
//! by address.
//!
//! # Commands without success reply
//!
//! `guest-shutdown` and the `guest-suspend-` commands are answered only if they fail. They count as successful when
//! the channel ends, or there is no error within a second; see `no_reply_grace` of the builders.

pub(crate) mod blocking;
mod core;
mod exchange;
mod exec;
mod file;
#[cfg(all(test, unix))]
mod tests;
#[cfg(feature = "tokio")]
pub(crate) mod tokio;

#[cfg(feature = "tokio")]
pub use self::tokio::{Agent, AgentBuilder};
pub use exec::{Capture, Exec, ExecOutput};
pub use file::{ReadFile, WriteFile};

use std::io;
use std::time::{Duration, Instant};

use crate::error::{Error, ErrorKind, Violation};
use crate::session::agent::DEFAULT_MESSAGE_LIMIT;
use crate::session::client::excerpt;
use crate::time::after;
use crate::types::message::ServerMessage;
use crate::types::qga::COMMANDS;
use crate::types::{Command, Mode, codec::Decode};

/// How a client behaves.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) deadline: Duration,
    pub(crate) connect_deadline: Option<Duration>,
    pub(crate) no_reply_grace: Duration,
    pub(crate) message_limit: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            deadline: Duration::from_secs(30),
            connect_deadline: None,
            no_reply_grace: Duration::from_secs(1),
            message_limit: DEFAULT_MESSAGE_LIMIT,
        }
    }
}

impl Settings {
    /// Until when connecting may take that is part of a call.
    fn connect_by(&self, now: Instant, deadline: Instant) -> Instant {
        let wait = self.connect_deadline;
        wait.map_or(deadline, |wait| deadline.min(after(now, wait)))
    }
}

/// The settings that the builders of both clients have.
macro_rules! settings {
    () => {
        /// How long a call may take that has no deadline of its own: 30 seconds unless set.
        pub fn deadline(mut self, deadline: Duration) -> Self {
            self.settings.deadline = deadline;
            self
        }

        /// How long connecting, and connecting again, may take within a call's deadline. If this is set, a listener
        /// that is not there yet is waited for; otherwise it has to be there.
        pub fn connect_deadline(mut self, deadline: Duration) -> Self {
            self.settings.connect_deadline = Some(deadline);
            self
        }

        /// How long an error is waited for after a command whose success is not answered: 1 second unless set.
        pub fn no_reply_grace(mut self, grace: Duration) -> Self {
            self.settings.no_reply_grace = grace;
            self
        }

        /// The longest message to accept, in bytes; 65 MiB unless set.
        pub fn message_limit(mut self, bytes: usize) -> Self {
            self.settings.message_limit = bytes;
            self
        }
    };
}
use settings;

/// That there is no connecting again.
fn ended() -> Error {
    let why = "the channel has ended";
    Error::io(io::Error::new(io::ErrorKind::NotConnected, why))
}

/// How long an error is waited for, if that is all that may come.
fn grace(command: &str, settings: &Settings) -> Option<Duration> {
    let info = COMMANDS.iter().find(|info| info.name == command)?;
    (!info.success_response).then_some(settings.no_reply_grace)
}

/// Several commands that make one call, without I/O.
pub(crate) trait Operation {
    type Outcome;

    /// How long all of it may take, if not as long as it wants.
    fn deadline(&self, usual: Duration) -> Option<Duration>;

    /// Does what is to be done on this side before the next step.
    async fn between(&mut self) {}

    /// What to do next.
    fn step(&mut self) -> Step<Self::Outcome>;

    /// Takes the answer to what was sent last. The error is told for the channel's sake only; the operation has it.
    fn reply(&mut self, message: Result<Vec<u8>, Error>) -> Result<(), Error>;
}

/// What is to be done for an [`Operation`].
pub(crate) enum Step<T> {
    Send(Line),
    Pause(Duration),
    Done(Result<T, Error>),
}

/// An encoded request.
pub(crate) struct Line {
    pub(crate) name: &'static str,
    pub(crate) bytes: Vec<u8>,
}

impl Line {
    fn new<C: Command>(command: &C) -> Result<Self, Error> {
        let bytes = crate::session::agent::encode(command)
            .map_err(|error| Error::new(ErrorKind::Encode(error)).of(C::NAME))?;
        let name = C::NAME;
        Ok(Self { name, bytes })
    }
}

/// What a reply returns.
pub(crate) fn decode<T: Decode>(message: &[u8]) -> Result<T, Error> {
    match ServerMessage::parse(message) {
        Ok(ServerMessage::Return { value, .. }) => value
            .decode(Mode::Lenient)
            .map_err(|error| Error::decode(error, value.text())),
        Ok(ServerMessage::Error { error, .. }) => Err(Error::new(ErrorKind::Command(error))),
        Ok(_) => Err(violation(Violation::Garbage {
            excerpt: excerpt(message),
        })),
        Err(error) => Err(violation(Violation::Message {
            error,
            excerpt: excerpt(message),
        })),
    }
}

/// One after which a synchronisation sets things right.
fn violation(violation: Violation) -> Error {
    Error::new(ErrorKind::Protocol(violation)).recoverable()
}

/// As [`decode`], for a command's reply.
fn answer<C: Command>(message: Result<Vec<u8>, Error>) -> Result<C::Reply, Error> {
    decode(&message?).map_err(|error| error.of(C::NAME))
}
