//! What happens in a session with an agent.

/// What a session has to say.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Happening {
    /// The agent answered a synchronisation.
    Synchronized,
    /// The reply to the request at hand, as it was received but for the byte `0xFF` that the agent puts before the answer
    /// to `guest-sync-delimited`.
    Reply(Vec<u8>),
    /// The agent says that it knows no command to synchronise with, perhaps because both are disabled. The request that
    /// waited was not sent. The next one tries again.
    CannotSynchronize,
    /// Nothing more will come. Whether a request at hand was executed is not known.
    Closed(Closed),
}

/// Why a session is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Closed {
    /// The channel ended.
    Eof,
    /// A message was longer than the limit, in bytes, that it holds.
    TooLong(usize),
    /// A QMP server greeted: it is not an agent that is there. Nothing but synchronisations was sent.
    Monitor,
}

/// How the channel ended for the request at hand.
#[derive(Debug, Default)]
#[cfg_attr(not(feature = "qga"), allow(dead_code))]
pub(crate) struct End {
    /// The agent did not get the whole request.
    pub(crate) is_unsent: bool,
    /// What it had answered of its reply.
    pub(crate) partial: Vec<u8>,
}
