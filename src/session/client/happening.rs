//! What a session tells.

use super::Reply;
use crate::error::Error;
use crate::events::EventMessage;
use crate::queue::Key;

/// A call of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId(pub(super) u64);

impl Key for CallId {
    fn number(self) -> u64 {
        self.0
    }
}

/// What happened in a session.
#[derive(Debug)]
#[non_exhaustive]
pub enum Happening {
    /// Capabilities are negotiated. Requests made before go out now.
    Ready,
    /// A call ended.
    Reply {
        /// Which.
        id: CallId,
        /// How.
        result: Result<Reply, Error>,
    },
    /// The server told that something happened.
    Event(EventMessage),
    /// The connection has ended, and with it the calls that had been sent. The session goes on, see
    /// [`Options::reconnect`](super::Options::reconnect).
    Disconnected(Error),
    /// The session is over; all its calls have ended before.
    Closed(Error),
}

/// What became of a call that was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forgotten {
    /// It was not sent and never will be.
    Withdrawn,
    /// It was sent, at least in part; its reply will be dropped.
    Sent,
    /// It had ended.
    Unknown,
}
