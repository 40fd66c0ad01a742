//! What can go wrong with a call.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::process::ExitStatus;
use std::sync::{Arc, OnceLock};

use crate::address::Address;
use crate::capabilities::SchemaError;
use crate::types::{self, ErrorClass, ErrorReply};

/// Why a call, a connection or a subscription failed.
///
/// What matters to most callers is whether the command may have been executed: [`maybe_executed`](Self::maybe_executed).
#[derive(Clone)]
pub struct Error(Arc<Inner>);

struct Inner {
    kind: ErrorKind,
    command: Option<Cow<'static, str>>,
    cause: Option<Error>,
    /// Whether the connection goes on although the kind says otherwise.
    recoverable: bool,
    /// Set where it kept a client from being connected.
    connecting: OnceLock<Connecting>,
}

struct Connecting {
    address: Option<Address>,
    phase: ConnectPhase,
}

/// How far connecting got before it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConnectPhase {
    /// A host's name was being resolved.
    Resolving,
    /// Nobody had accepted the connection.
    Connecting,
    /// The server had not greeted. QEMU accepts connections that it does not serve yet: a monitor has one client at a time.
    Greeting,
    /// The server had greeted, and `qmp_capabilities` was not answered.
    Negotiating,
}

/// The kinds of [`Error`].
#[derive(Debug)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The server answered with an error.
    Command(ErrorReply),
    /// The deadline passed.
    Deadline {
        /// Whether the command had been sent. If so, it may still be executed; its late reply is dropped. If not, it never
        /// will be.
        sent: bool,
    },
    /// The command succeeded, and then the event waited for did not come before the deadline, or the end of the connection
    /// after `quit`.
    NoEvent,
    /// The connection ended before the reply, or before the event that was to follow: the command may have been
    /// executed or not.
    OutcomeUnknown,
    /// The connection ended without a reply to a command that ends the server, as is usual.
    Ended,
    /// The connection had ended: the command was not sent.
    Closed,
    /// The connection had ended and was made anew: events of the time between may be lost. Told to subscribers of a client
    /// that connects again; those that come from now on can be taken as before.
    Reconnected,
    /// The server broke the protocol's rules, so the connection is of no more use. That to a guest agent is, unless the
    /// message was too long: [`is_disconnected`](Error::is_disconnected) tells.
    Protocol(Violation),
    /// Connecting, reading or writing failed.
    Io(io::Error),
    /// Contents of a guest's file could not be written or read on this side. The connection goes on.
    Local(io::Error),
    /// The reply or event is not what the schema says.
    Decode(Undecoded),
    /// The request cannot be expressed: the command was not sent.
    Encode(types::Error),
    /// What `query-qmp-schema` returned is not a schema.
    Schema(SchemaError),
    /// Out-of-band execution is not enabled: the command was not sent. The server has to offer it, and the client to ask
    /// for it when connecting.
    NoOob,
    /// So many file descriptors cannot go with one command: the command was not sent.
    Descriptors {
        /// How many were to go.
        count: usize,
        /// How many can: none over anything but a Unix socket.
        limit: usize,
    },
    /// The server's process exited before it could be connected to.
    ChildExited(ExitStatus),
    /// There is more than the limit, in bytes, that was set.
    TooMuch(usize),
    /// The server refused it, and is older than the release that has it.
    Unsupported {
        /// What was to be done.
        what: &'static str,
        /// The first release of QEMU that can do it.
        since: &'static str,
    },
    /// As many events were dropped because nobody took them in time, so the one waited for may be among them.
    EventsLost(u64),
}

/// A reply, or an event's data, that is not of its type. What the types lack is no reason: it is kept beside what they
/// have. What a release sends of another shape than all that the types are made for is; the text says all that it said.
#[derive(Debug)]
#[non_exhaustive]
pub struct Undecoded {
    /// What is wrong, and where. [`is_other_release`](types::Error::is_other_release) tells a change between releases from
    /// garbage.
    pub error: types::Error,
    /// What was to be decoded, as JSON.
    pub text: Box<str>,
}

/// What a server did against the protocol's rules.
#[derive(Debug)]
#[non_exhaustive]
pub enum Violation {
    /// Something other than a JSON object stands where a message should begin.
    Garbage {
        /// How it begins.
        excerpt: String,
    },
    /// A JSON object is not a message, or something that looked like one is not JSON.
    Message {
        /// Why.
        error: types::Error,
        /// How it begins.
        excerpt: String,
    },
    /// A message does not end.
    Unfinished {
        /// How it begins.
        excerpt: String,
    },
    /// A message is longer than the limit.
    TooLong {
        /// The limit in bytes.
        limit: usize,
    },
    /// The connection ended within a message.
    Truncated {
        /// How it begins.
        excerpt: String,
    },
    /// A greeting came after capabilities had been negotiated: what is at the other end is another monitor by now.
    /// Since QEMU 11.1 that is how a client learns that its monitor was deleted (`object-del`) and another one put on the
    /// same character device. Commands that were not answered may have been executed or not, and what was sent in between
    /// may be executed by the new one. A client that connects again takes it for a new connection.
    SecondGreeting,
    /// The server refused to negotiate capabilities.
    Negotiation(ErrorReply),
    /// A reply has no id although all requests that could be answered had one.
    ReplyWithoutId,
    /// What should be base64 is not.
    NotBase64 {
        /// Where in the reply.
        member: &'static str,
    },
    /// A write succeeded, but wrote nothing.
    NothingWritten,
    /// A guest agent knows neither `guest-sync-delimited` nor `guest-sync`, or both are disabled: the command was not
    /// sent.
    NoSynchronization,
    /// Where a guest agent should be, a QMP server greeted: the command was not sent.
    Monitor,
    /// An error has no id although all requests that could be answered had one: the server could not make sense of
    /// what it received.
    ErrorWithoutId(ErrorReply),
}

impl Error {
    pub(crate) fn new(kind: ErrorKind) -> Self {
        Self(Arc::new(Inner {
            kind,
            command: None,
            cause: None,
            recoverable: false,
            connecting: OnceLock::new(),
        }))
    }

    /// As what kept a client from being connected. Where it is told several times, the first holds.
    #[must_use]
    pub(crate) fn connecting(self, address: Option<&Address>, phase: ConnectPhase) -> Self {
        let address = address.cloned();
        let _ = self.0.connecting.set(Connecting { address, phase });
        self
    }

    /// For what was to be decoded.
    pub(crate) fn decode(error: types::Error, text: &str) -> Self {
        let text = text.into();
        Self::new(ErrorKind::Decode(Undecoded { error, text }))
    }

    /// One after which the connection is of use nevertheless. The error is one just made.
    #[cfg(feature = "qga")]
    #[must_use]
    pub(crate) fn recoverable(mut self) -> Self {
        if let Some(inner) = Arc::get_mut(&mut self.0) {
            inner.recoverable = true;
        }
        self
    }

    /// With the command that failed. The error is one just made.
    #[must_use]
    pub(crate) fn of(mut self, command: impl Into<Cow<'static, str>>) -> Self {
        if let Some(inner) = Arc::get_mut(&mut self.0) {
            inner.command = Some(command.into());
        }
        self
    }

    /// With what is behind it. The error is one just made.
    #[must_use]
    pub(crate) fn because(mut self, cause: &Self) -> Self {
        if let Some(inner) = Arc::get_mut(&mut self.0) {
            inner.cause = Some(cause.clone());
        }
        self
    }

    /// That a command cannot be expressed.
    pub(crate) fn encode(error: types::Error, command: &str) -> Self {
        Self::new(ErrorKind::Encode(error)).of(command.to_owned())
    }

    /// That what the caller gave makes no sense.
    pub(crate) fn invalid(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::io(io::Error::new(io::ErrorKind::InvalidInput, error))
    }

    pub(crate) fn io(error: io::Error) -> Self {
        Self::new(ErrorKind::Io(error))
    }

    /// Whether it is what reading gives when the other side has gone.
    pub(crate) fn is_end(&self) -> bool {
        use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
        let ends = [
            UnexpectedEof,
            ConnectionReset,
            ConnectionAborted,
            BrokenPipe,
        ];
        matches!(&self.0.kind, ErrorKind::Io(error) if ends.contains(&error.kind()))
    }

    /// What went wrong.
    #[must_use]
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// The command that failed.
    #[must_use]
    pub fn command(&self) -> Option<&str> {
        self.0.command.as_deref()
    }

    /// How far connecting got, if that is what failed.
    #[must_use]
    pub fn connect_phase(&self) -> Option<ConnectPhase> {
        Some(self.0.connecting.get()?.phase)
    }

    /// What could not be connected to, if that is what failed and it has an address.
    #[must_use]
    pub fn address(&self) -> Option<&Address> {
        self.0.connecting.get()?.address.as_ref()
    }

    /// What the server answered, if it answered with an error.
    #[must_use]
    pub fn reply(&self) -> Option<&ErrorReply> {
        match &self.0.kind {
            ErrorKind::Command(reply) => Some(reply),
            _ => None,
        }
    }

    /// The class of the server's answer, if it answered with an error.
    #[must_use]
    pub fn class(&self) -> Option<&ErrorClass> {
        self.reply().map(|reply| &reply.class)
    }

    /// Whether the deadline passed.
    #[must_use]
    pub fn is_deadline(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Deadline { .. } | ErrorKind::NoEvent)
    }

    /// Whether the connection is of no more use.
    #[must_use]
    pub fn is_disconnected(&self) -> bool {
        !self.0.recoverable
            && matches!(
                self.0.kind,
                ErrorKind::OutcomeUnknown
                    | ErrorKind::Ended
                    | ErrorKind::Closed
                    | ErrorKind::Protocol(_)
                    | ErrorKind::Io(_)
                    | ErrorKind::ChildExited(_)
            )
    }

    /// Whether the server may have executed the command, or may still do so, so that repeating it may do harm. An error
    /// reply says that it failed.
    #[must_use]
    pub fn maybe_executed(&self) -> bool {
        matches!(
            self.0.kind,
            ErrorKind::Deadline { sent: true }
                | ErrorKind::NoEvent
                | ErrorKind::OutcomeUnknown
                | ErrorKind::Ended
                | ErrorKind::Decode(_)
                | ErrorKind::EventsLost(_)
        )
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(command) = &self.0.command {
            write!(f, "{command}: ")?;
        }
        if let Some(connecting) = self.0.connecting.get() {
            if let Some(address) = &connecting.address {
                write!(f, "{address}: ")?;
            }
            write!(f, "{}: ", connecting.phase)?;
        }
        match &self.0.kind {
            ErrorKind::Command(reply) => reply.fmt(f),
            ErrorKind::Deadline { .. } if self.0.connecting.get().is_some() => {
                f.write_str("the deadline passed")?;
                if let Some(last) = &self.0.cause {
                    write!(f, "; last: {last}")?;
                }
                let is_queue_full = self.0.cause.as_ref().is_some_and(|last| {
                    matches!(last.kind(), ErrorKind::Io(error) if error.kind() == io::ErrorKind::WouldBlock)
                });
                if is_queue_full || self.connect_phase() == Some(ConnectPhase::Greeting) {
                    f.write_str(
                        "; QEMU serves one client a monitor at a time, and another may hold it",
                    )?;
                }
                return Ok(());
            }
            ErrorKind::Deadline { sent: true } => f.write_str("no reply before the deadline"),
            ErrorKind::Deadline { sent: false } => f.write_str("not possible before the deadline"),
            ErrorKind::NoEvent => {
                f.write_str("replied, but what was to follow did not come before the deadline")
            }
            ErrorKind::OutcomeUnknown => {
                f.write_str("the connection ended before the outcome was known")
            }
            ErrorKind::Ended => f.write_str("the server ended the connection instead of replying"),
            ErrorKind::Closed => f.write_str("the connection has ended"),
            ErrorKind::Reconnected => {
                f.write_str("the connection was made anew, and events may be lost")
            }
            ErrorKind::Protocol(violation) => write!(f, "protocol violated: {violation}"),
            ErrorKind::Io(error) => error.fmt(f),
            ErrorKind::Local(error) => write!(f, "on this side: {error}"),
            ErrorKind::Decode(undecoded) => {
                write!(f, "not as the schema says: {}", undecoded.error)
            }
            ErrorKind::Encode(error) => write!(f, "cannot be sent: {error}"),
            ErrorKind::Schema(error) => error.fmt(f),
            ErrorKind::TooMuch(limit) => write!(f, "more than {limit} bytes"),
            ErrorKind::Descriptors { limit: 0, .. } => {
                f.write_str("file descriptors can only be sent over a Unix socket")
            }
            ErrorKind::Descriptors { count, limit } => {
                write!(f, "{count} file descriptors at once, of at most {limit}")
            }
            ErrorKind::NoOob => f.write_str("out-of-band execution is not enabled"),
            ErrorKind::ChildExited(status) => write!(f, "the server's process exited: {status}"),
            ErrorKind::Unsupported { what, since } => write!(f, "{what} needs QEMU {since}"),
            ErrorKind::EventsLost(count) => {
                write!(f, "{count} events were dropped while waiting for one")
            }
        }?;
        match &self.0.cause {
            Some(cause) => write!(f, " ({cause})"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for ConnectPhase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Resolving => "resolving the name",
            Self::Connecting => "connecting",
            Self::Greeting => "connected, waiting for the greeting",
            Self::Negotiating => "greeted, negotiating capabilities",
        })
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Garbage { excerpt } => write!(f, "no message begins with '{excerpt}'"),
            Self::Message { error, excerpt } => write!(f, "{error}, in '{excerpt}'"),
            Self::Unfinished { excerpt } => write!(f, "no end of the message '{excerpt}'"),
            Self::TooLong { limit } => write!(f, "a message is longer than {limit} bytes"),
            Self::Truncated { excerpt } => write!(f, "the connection ended within '{excerpt}'"),
            Self::NotBase64 { member } => write!(f, "'{member}' is not base64"),
            Self::NothingWritten => f.write_str("a write that wrote nothing"),
            Self::NoSynchronization => {
                f.write_str("the agent knows neither guest-sync-delimited nor guest-sync")
            }
            Self::Monitor => f.write_str("a QMP server greeted, so it is not a guest agent"),
            Self::SecondGreeting => {
                f.write_str("a second greeting: somebody has replaced this monitor")
            }
            Self::Negotiation(error) => write!(f, "capabilities refused: {error}"),
            Self::ReplyWithoutId => f.write_str("a reply without an id"),
            Self::ErrorWithoutId(error) => write!(f, "an error without an id: {error}"),
        }
    }
}

/// As `Display`, for this is what `unwrap` prints, and a `main` that returns it. `{:#?}` gives the parts.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !f.alternate() {
            return fmt::Display::fmt(self, f);
        }
        let mut out = f.debug_struct("Error");
        out.field("kind", &self.0.kind);
        if let Some(command) = &self.0.command {
            out.field("command", command);
        }
        if let Some(Connecting { address, phase }) = self.0.connecting.get() {
            out.field("address", address).field("phase", phase);
        }
        if let Some(cause) = &self.0.cause {
            out.field("cause", cause);
        }
        out.finish()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0.kind {
            ErrorKind::Command(reply) => Some(reply),
            ErrorKind::Io(error) | ErrorKind::Local(error) => Some(error),
            ErrorKind::Schema(error) => Some(error),
            ErrorKind::Decode(undecoded) => Some(&undecoded.error),
            ErrorKind::Encode(error) => Some(error),
            _ => self.0.cause.as_ref().map(|cause| cause as _),
        }
    }
}
