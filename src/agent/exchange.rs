//! One call, with its time limits but without I/O.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::error::{Error, ErrorKind, Violation};
use crate::session::agent::{Closed, End, Happening, Session};
use crate::session::client::excerpt;
use crate::time::after;

/// Waits for the answer to a synchronisation before it is repeated: the first, and the longest. An agent that was not
/// there when it was sent does not get it.
const PATIENCE: Duration = Duration::from_secs(1);
const LONGEST_PATIENCE: Duration = Duration::from_secs(5);

/// What the owner of an [`Exchange`] is to do.
pub(crate) enum Turn {
    /// Write and read, at most until then.
    Io(Instant),
    /// It has ended, with the reply.
    Done(Result<Vec<u8>, Error>),
}

/// One call.
pub(crate) struct Exchange {
    deadline: Instant,
    only_synchronizes: bool,
    /// How long an error is waited for after a command whose success is not answered.
    grace: Option<Duration>,
    patience: Duration,
    /// Whether the request went out, as opposed to waiting for the end of a synchronisation.
    sent: bool,
    /// When the synchronisation is repeated.
    repeat_at: Instant,
    /// When a command counts as successful.
    success_at: Option<Instant>,
    /// What ended the channel.
    cause: Option<Arc<Error>>,
}

impl Exchange {
    /// Sends `request`, or only synchronises; that takes no longer than to `deadline`.
    pub(crate) fn new(
        session: &mut Session,
        request: Option<Vec<u8>>,
        now: Instant,
        deadline: Instant,
        grace: Option<Duration>,
    ) -> Self {
        let only_synchronizes = request.is_none();
        match request {
            Some(request) => session.send(request),
            None => session.synchronize(),
        }
        Self {
            deadline,
            only_synchronizes,
            grace,
            patience: PATIENCE,
            sent: !session.is_synchronizing(),
            repeat_at: now + PATIENCE,
            success_at: None,
            cause: None,
        }
    }

    /// Takes note that reading or writing failed.
    pub(crate) fn failed(&mut self, session: &mut Session, error: io::Error) {
        self.cause = Some(Arc::new(Error::io(error)));
        session.eof();
    }

    /// What to do now.
    pub(crate) fn turn(&mut self, session: &mut Session, now: Instant) -> Turn {
        while let Some(happening) = session.poll() {
            match happening {
                Happening::Synchronized if self.only_synchronizes => {
                    return Turn::Done(Ok(SUCCESS.to_vec()));
                }
                Happening::Synchronized => self.sent = true,
                Happening::Reply(message) => return Turn::Done(Ok(message)),
                Happening::CannotSynchronize => {
                    let violation = Violation::NoSynchronization;
                    return Turn::Done(Err(super::violation(violation)));
                }
                Happening::Closed(why) => return Turn::Done(self.closed(session, why)),
            }
        }
        if self.sent && session.output().is_empty() {
            self.success_at = self
                .success_at
                .or_else(|| self.grace.map(|grace| after(now, grace)));
        }
        if self.success_at.is_some_and(|at| now >= at) {
            session.abandon();
            return Turn::Done(Ok(SUCCESS.to_vec()));
        }
        if now >= self.deadline {
            session.abandon();
            let sent = self.sent;
            let error = Error::new(ErrorKind::Deadline { sent });
            return Turn::Done(Err(match sent {
                true => error,
                false => error.because(&unsynchronized()),
            }));
        }
        if !self.sent && now >= self.repeat_at {
            session.synchronize();
            self.patience = (self.patience * 2).min(LONGEST_PATIENCE);
            self.repeat_at = now + self.patience;
        }
        let next = if self.sent {
            self.success_at
        } else {
            Some(self.repeat_at)
        };
        Turn::Io(next.map_or(self.deadline, |next| next.min(self.deadline)))
    }

    fn closed(&self, session: &Session, why: Closed) -> Result<Vec<u8>, Error> {
        let violation = match why {
            Closed::TooLong(limit) => Some(Violation::TooLong { limit }),
            Closed::Monitor => Some(Violation::Monitor),
            Closed::Eof => None,
        };
        if let Some(violation) = violation {
            return Err(Error::new(ErrorKind::Protocol(violation)));
        }
        // All of it was written, and it may well have ended the agent.
        if self.success_at.is_some() {
            return Ok(SUCCESS.to_vec());
        }
        let End { is_unsent, partial } = session.how_it_ended();
        let error = Error::new(if self.sent && !is_unsent {
            ErrorKind::OutcomeUnknown
        } else {
            ErrorKind::Closed
        });
        Err(match &self.cause {
            Some(cause) => error.because(cause),
            None if partial.is_empty() => error.because(&hung_up()),
            None => {
                let excerpt = excerpt(partial);
                let violation = Violation::Truncated { excerpt };
                error.because(&Error::new(ErrorKind::Protocol(violation)))
            }
        })
    }
}

/// That the channel ended between messages.
fn hung_up() -> Error {
    let why = "the agent closed the channel";
    Error::io(io::Error::new(io::ErrorKind::UnexpectedEof, why))
}

/// Why nothing could be sent.
fn unsynchronized() -> Error {
    let why = "no answer to the synchronisation: no agent runs there, or another client holds it";
    Error::io(io::Error::new(io::ErrorKind::TimedOut, why))
}

/// For a success that is not answered.
const SUCCESS: &[u8] = b"{\"return\": {}}";
