//! How connections end, and begin anew.

use std::io;
use std::sync::Arc;

use super::pending::{Pending, Place};
use super::{CallId, Forgotten, Happening, Phase, Reply, Session, negotiation_id, request};
use crate::address::Address;
use crate::error::{ConnectPhase, Error, ErrorKind, Violation};
use crate::frame::{Fault, Splitter};
use crate::types::message::Greeting;

impl Session {
    /// How far it got before capabilities were negotiated.
    pub(crate) fn connect_phase(&self) -> ConnectPhase {
        self.connecting
    }

    /// Whether another connection would be better than this first one: the server greeted twice before it answered, or did
    /// not know `qmp_capabilities`. See the [module](super#connecting-again).
    pub(crate) fn is_doubtful(&self) -> bool {
        self.doubtful
    }

    /// Asks for capabilities, after a greeting.
    pub(super) fn negotiate(&mut self, greeting: Greeting) {
        self.oob = self.options.oob && greeting.capabilities.iter().any(|name| name == "oob");
        self.greeting = Some(Arc::new(greeting));
        self.phase = Phase::Negotiation;
        self.connecting = ConnectPhase::Negotiating;
        if self.readied {
            self.negotiation = negotiation_id();
        }
        let out = self.outbox.space();
        let start = out.len();
        // Nothing of it can be refused.
        let _ = request::line(&self.trace, out, |w| {
            request::negotiation(w, self.oob, &self.negotiation);
        });
        self.outbox.push(None, start, Vec::new());
    }

    /// Capabilities are negotiated.
    pub(super) fn ready(&mut self) {
        self.phase = Phase::Ready;
        self.readied = true;
        self.happenings.push_back(Happening::Ready);
        self.release();
    }

    /// That capabilities are not negotiated before the deadline.
    pub(crate) fn late(&self, address: Option<&Address>) -> Error {
        let error = Error::new(ErrorKind::Deadline { sent: false });
        let without_id = || violation(Violation::ReplyWithoutId);
        let seen = self.unfinished();
        let error = match seen.or_else(|| (self.foreign > 0).then(without_id)) {
            Some(seen) => error.because(&seen),
            None => error,
        };
        error.connecting(address, self.connecting)
    }

    /// That there is the beginning of a message.
    pub(super) fn unfinished(&self) -> Option<Error> {
        let text = self.splitter.partial();
        (!text.is_empty()).then(|| {
            violation(Violation::Unfinished {
                excerpt: excerpt(text),
            })
        })
    }

    /// Whether there is no connection, and [one](Self::reconnected) is waited for.
    #[must_use]
    pub fn is_disconnected(&self) -> bool {
        self.phase == Phase::Disconnected
    }

    /// Tells that there is a new connection, on which the server is to greet first.
    pub fn reconnected(&mut self) {
        if self.phase == Phase::Disconnected {
            self.splitter = Splitter::new(self.options.message_limit);
            self.phase = Phase::Greeting;
            self.connecting = ConnectPhase::Greeting;
            self.foreign = 0;
        }
    }

    /// Ends the session for good, such as when there will be no new connection.
    pub fn close(&mut self, why: Error) {
        if self.phase != Phase::Closed {
            self.over(why);
        }
    }

    /// Why nothing can be sent any more, if so.
    pub(crate) fn unwritable_because(&self) -> Option<&Error> {
        self.unwritable.as_ref()
    }

    /// Whether there may be a reply to a call.
    pub(crate) fn may_be_answered(&mut self, id: CallId) -> bool {
        let pending = self.unanswered.get(id);
        pending.is_some_and(|pending| matches!(pending.place, Place::Taken(_)))
    }

    /// Gives a call up because its deadline has passed; says so, and what was seen. If a message had begun before the call
    /// was made and nothing of it came since, the session ends. One that is answered only if it fails has succeeded then.
    pub(crate) fn expire(&mut self, id: CallId) -> Result<Reply, Error> {
        let written = self.outbox.written();
        let silent = |pending: &Pending| pending.silent && pending.is_sent(written);
        if let Some(pending) = self.unanswered.remove_if(id, silent) {
            self.settled(&pending);
            return Ok(Reply::nothing());
        }
        Err(self.give_up(id))
    }

    fn give_up(&mut self, id: CallId) -> Error {
        let since = self.unanswered.get(id).map(|pending| pending.received);
        let sent = self.forget(id) != Forgotten::Withdrawn;
        let error = Error::new(ErrorKind::Deadline { sent });
        let Some(unfinished) = self.unfinished().filter(|_| sent) else {
            return error;
        };
        if since == Some(self.received) {
            self.ended(unfinished.clone());
        }
        error.because(&unfinished)
    }

    /// Tells that there is nothing more to receive, with the error if it was one that ended it.
    pub fn end(&mut self, error: Option<io::Error>) {
        if self.has_no_connection() {
            return;
        }
        let rest = self.splitter.partial();
        self.ended(match error {
            Some(error) => Error::io(error),
            None if rest.is_empty() => Error::io(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "the server closed the connection",
            )),
            None => {
                let excerpt = excerpt(rest);
                violation(Violation::Truncated { excerpt })
            }
        });
    }

    pub(super) fn has_no_connection(&self) -> bool {
        matches!(self.phase, Phase::Closed | Phase::Disconnected)
    }

    /// Tells that nothing more can be sent. What was not sent ends; what was sent may still be answered.
    pub fn unwritable(&mut self, error: io::Error) {
        if self.unwritable.is_some() {
            return;
        }
        let cause = Error::io(error);
        self.unwritable = Some(cause.clone());
        self.held.clear();
        self.outbox.clear();
        let written = self.outbox.written();
        let unsent = self.unanswered.take(|pending| !pending.is_sent(written));
        self.fail(unsent, written, &cause);
    }

    pub(super) fn fault(&mut self, fault: Fault) {
        self.violated(match fault {
            Fault::TooLong => Violation::TooLong {
                limit: self.options.message_limit,
            },
            Fault::Garbage(text) => Violation::Garbage {
                excerpt: excerpt(&text),
            },
            Fault::Message(error, text) => Violation::Message {
                error,
                excerpt: excerpt(&text),
            },
            Fault::Unfinished(text) => Violation::Unfinished {
                excerpt: excerpt(&text),
            },
        });
    }

    pub(super) fn violated(&mut self, why: Violation) {
        self.ended(violation(why));
    }

    /// The connection has ended.
    pub(super) fn ended(&mut self, why: Error) {
        // Before it was of use for the first time, connecting failed.
        match self.options.reconnect && self.readied {
            true => {
                self.disconnect(why);
                self.outbox.restart();
                self.phase = Phase::Disconnected;
            }
            false => self.over(why),
        }
    }

    /// Ends the calls that were sent.
    pub(super) fn disconnect(&mut self, why: Error) {
        let written = self.outbox.written();
        let sent = self.unanswered.take(|call| call.place != Place::Held);
        self.fail(sent, written, &why);
        (self.in_band, self.with_fds) = (0, 0);
        self.unwritable = None;
        self.happenings.push_back(Happening::Disconnected(why));
    }

    fn over(&mut self, why: Error) {
        self.phase = Phase::Closed;
        self.splitter = Splitter::new(0);
        self.unwritable.get_or_insert_with(|| why.clone());
        self.held.clear();
        self.outbox.clear();
        let written = self.outbox.written();
        let unanswered = self.unanswered.take(|_| true);
        self.fail(unanswered, written, &why);
        self.happenings.push_back(Happening::Closed(why));
    }

    fn fail(&mut self, calls: Vec<Pending>, written: u64, cause: &Error) {
        for call in calls.into_iter().filter(|call| !call.forgotten) {
            let kind = if !call.is_sent(written) {
                ErrorKind::Closed
            } else if call.command == "quit" && cause.is_end() {
                ErrorKind::Ended
            } else {
                ErrorKind::OutcomeUnknown
            };
            let result = Err(Error::new(kind).of(call.command).because(cause));
            let id = call.id;
            self.happenings.push_back(Happening::Reply { id, result });
        }
    }
}

pub(super) fn violation(violation: Violation) -> Error {
    Error::new(ErrorKind::Protocol(violation))
}

/// The beginning of what a server sent, for an error message.
pub(crate) fn excerpt(text: &[u8]) -> String {
    const LENGTH: usize = 60;
    let mut out = String::new();
    for byte in &text[..text.len().min(LENGTH)] {
        match byte {
            // As JSON has it.
            b' '..=b'~' => out.push(char::from(*byte)),
            byte => out.extend(byte.escape_ascii().map(char::from)),
        }
    }
    if text.len() > LENGTH {
        out.push('…');
    }
    out
}
