//! The client end of a connection to a QMP server.
//!
//! A [`Session`] is told what was received and says what to send and what happened. It does no I/O and knows no clock:
//! who drives it writes [`take_output`](Session::take_output), feeds [`receive`](Session::receive), and then
//! [polls](Session::poll) until there is nothing more. Deadlines are the driver's; a call given up is
//! [forgotten](Session::forget).
//!
//! ```
//! use qapi_rt::session::client::{Happening, Options, RawCommand, Sending, Session};
//!
//! let mut session = Session::new(Options::default());
//! session.receive(br#"{"QMP": {"version": {"qemu": {"major": 10, "minor": 0, "micro": 2}, "package": ""},
//!     "capabilities": ["oob"]}}"#);
//! let negotiation = session.take_output().expect("negotiation");
//! session.wrote(negotiation.bytes.len());
//! let asked: serde_json::Value = serde_json::from_slice(&negotiation.bytes)?;
//! session.receive(format!("{{\"return\": {{}}, \"id\": {}}}\r\n", asked["id"]).as_bytes());
//! assert!(matches!(session.poll(), Some(Happening::Ready)));
//!
//! let call = session.request(&RawCommand::new("query-name"), Sending::default())?;
//! let request = session.take_output().expect("a request");
//! assert_eq!(request.bytes, b"{\"execute\":\"query-name\"}\n");
//! session.wrote(request.bytes.len());
//! session.receive(b"{\"return\": {\"name\": \"a\"}}\r\n");
//! let Some(Happening::Reply { id, result }) = session.poll() else { panic!() };
//! assert_eq!(id, call);
//! assert_eq!(result?.text(), "{\"name\": \"a\"}");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Ids
//!
//! A request goes out without an id when no other request is unanswered, `oob` is not enabled, and its success is answered: the
//! server executes in-band commands in order, so the next reply without an id, or with `null` for one, is its reply. All others
//! have ids, unless [something else is asked for](Options::ids). QEMU's monitor reads byte by byte, and an id would be a
//! quarter of a short request. So ids are small numbers, which no two unanswered requests share, those forgotten included, and
//! which come round again after a few calls.
//!
//! What a server was still executing for an earlier connection may be answered on this one. Such replies come before
//! the one to `qmp_capabilities`, whose id is drawn at random, even before the greeting, and are dropped, be they with an
//! id or without. So a server has to repeat that id, as all of QEMU's do.
//!
//! # Connecting again
//!
//! With [`Options::reconnect`] a connection that ends does not end the session. Calls that had been sent end with
//! [`OutcomeUnknown`](ErrorKind::OutcomeUnknown); those made afterwards wait for the next connection, of which the driver
//! [tells](Session::reconnected), and on which capabilities are negotiated anew.
//!
//! QEMU and its storage daemon greet twice, now and then, who connects while they set their monitor up. Two of their threads
//! read the connection then, by turns and for as long as it lasts, and whenever they overtake each other what was sent is
//! garbled: so `qmp_capabilities` can be refused as a command that does not exist. That is why such a connection is given
//! up for a new one where there is an address; the session itself goes on.
//!
//! Since QEMU 11.1 a monitor can be deleted and another one be put on its character device while a client is connected.
//! The client sees no end of the connection but, some time later, another greeting. With the option that is a new
//! connection on the same channel; without it [`Violation::SecondGreeting`] ends the
//! session, as the new monitor has negotiated nothing and knows no ids.

mod connection;
mod happening;
mod options;
mod output;
mod parse;
mod pending;
mod reply;
mod request;
#[cfg(test)]
pub(crate) mod tests;

use std::borrow::Cow;
use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

pub use happening::{CallId, Forgotten, Happening};
pub use options::{Ids, Options};
pub use output::{Descriptor, Output};
pub use reply::Reply;
pub(crate) use request::Outgoing;
pub use request::{RawCommand, Request, Sending};

use crate::error::{ConnectPhase, Error, ErrorKind, Violation};
use crate::frame::Splitter;
use crate::queue::Queue;
use crate::trace::Trace;
use crate::types::message::Greeting;
use crate::types::{ErrorClass, Event};
#[cfg(feature = "qga")]
pub(crate) use connection::excerpt;
use connection::violation;
use output::Outbox;
use parse::{Id, Parsed};
use pending::{Pending, Place, Unanswered};

/// In-band requests that may be unanswered where `oob` is enabled: with more, QEMU's monitor stops reading, and out-of-band
/// requests would have to wait. The specification allows eight ("Out-of-band execution"); but QEMU stops at eight that are
/// not executing, and none of them is while another monitor's command executes.
const IN_BAND_LIMIT: usize = 7;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// There is no connection.
    Disconnected,
    Greeting,
    Negotiation,
    Ready,
    Closed,
}

/// A client's side of a QMP connection. See the [module](self).
#[derive(Debug)]
pub struct Session {
    options: Options,
    phase: Phase,
    splitter: Splitter,
    greeting: Option<Arc<Greeting>>,
    connecting: ConnectPhase,
    oob: bool,
    negotiation: String,
    last_id: u64,
    unanswered: Unanswered,
    held: Queue<CallId, Output>,
    outbox: Outbox,
    /// In-band requests that are in the outbox or beyond and not answered.
    in_band: usize,
    /// Requests with descriptors that are in the outbox or beyond and not answered.
    with_fds: usize,
    happenings: VecDeque<Happening>,
    /// Why nothing can be sent any more.
    unwritable: Option<Error>,
    trace: Trace,
    /// Replies that came during negotiation and did not have its id.
    foreign: usize,
    /// Whether capabilities were ever negotiated.
    readied: bool,
    /// Whether the server may be reading wrongly what is sent to it.
    doubtful: bool,
    /// How many bytes were received.
    received: u64,
}

impl Session {
    /// For a connection just made: the server is to greet first.
    #[must_use]
    pub fn new(options: Options) -> Self {
        Self {
            phase: Phase::Greeting,
            splitter: Splitter::new(options.message_limit),
            greeting: None,
            connecting: ConnectPhase::Greeting,
            oob: false,
            negotiation: negotiation_id(),
            last_id: 0,
            unanswered: Unanswered::default(),
            held: Queue::default(),
            outbox: Outbox::default(),
            in_band: 0,
            with_fds: 0,
            happenings: VecDeque::new(),
            unwritable: None,
            trace: Trace::new(),
            foreign: 0,
            readied: false,
            doubtful: false,
            received: 0,
            options,
        }
    }

    /// How the server introduced itself last, once it has.
    #[must_use]
    pub fn greeting(&self) -> Option<&Arc<Greeting>> {
        self.greeting.as_ref()
    }

    /// Whether capabilities are negotiated and the connection has not ended.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.phase == Phase::Ready
    }

    /// Whether out-of-band execution is enabled.
    #[must_use]
    pub fn oob(&self) -> bool {
        self.oob && self.is_ready()
    }

    /// Tells that somebody waits for the event `E`, so that a warning is given if it is deprecated.
    pub fn subscribed<E: Event>(&mut self) {
        self.trace.subscribed(E::NAME, E::FEATURES);
    }

    /// Calls that have not ended, those forgotten included.
    #[must_use]
    pub fn unanswered(&self) -> usize {
        self.unanswered.len()
    }

    /// Whether nobody waits for a reply.
    pub(crate) fn is_idle(&self) -> bool {
        self.unanswered.all_forgotten()
    }

    /// Sends a command.
    ///
    /// # Errors
    /// When it cannot be expressed, asks for out-of-band execution where that is not enabled, or the connection has ended.
    pub fn request(&mut self, request: &impl Request, sending: Sending) -> Result<CallId, Error> {
        self.send(request, sending)
    }

    pub(crate) fn send(
        &mut self,
        request: &dyn Outgoing,
        sending: Sending,
    ) -> Result<CallId, Error> {
        let command = request.name();
        if let Some(cause) = &self.unwritable {
            return Err(Error::new(ErrorKind::Closed).of(command).because(cause));
        }
        if sending.oob && !self.oob() {
            // Until it is connected again nobody knows.
            let is_away = self.readied && self.phase != Phase::Ready;
            let kind = if is_away {
                ErrorKind::Closed
            } else {
                ErrorKind::NoOob
            };
            return Err(Error::new(kind).of(command));
        }
        let id = CallId(self.last_id + 1);
        let clear = match (self.options.ids, self.unanswered.last()) {
            (Ids::Always, _) => false,
            (Ids::Never, Some(last)) => last.wire_id.is_none(),
            (Ids::WhereNeeded, Some(_)) => false,
            (_, None) => true,
        };
        // Of an error that may come or not only an id says whose it is.
        let silent = !request.success_response();
        let anonymous = self.phase == Phase::Ready && !self.oob && clear && !silent;
        let wire_id = match self.options.ids {
            _ if anonymous => None,
            Ids::Always => Some(id.0),
            _ => Some(self.unanswered.free_wire_id(id)),
        };
        let in_band = !sending.oob;
        let with_fds = !sending.fds.is_empty();
        let waits = !self.held.is_empty() || !self.has_room(with_fds);
        let hold = self.phase != Phase::Ready || (in_band && waits);
        let mut held = Vec::new();
        let out = match hold {
            true => &mut held,
            false => self.outbox.space(),
        };
        let start = out.len();
        let notes = match request::line(&self.trace, out, |w| request.write(w, wire_id, !in_band)) {
            Ok(notes) => notes,
            Err(error) => return Err(Error::new(ErrorKind::Encode(error)).of(command)),
        };
        match &command {
            Cow::Borrowed(command) => {
                self.trace.written(command, request.features(), &notes);
                self.trace.written(command, &[], request.notes());
            }
            #[cfg(feature = "qmp-control")]
            Cow::Owned(command) => self.trace.named(command),
            #[cfg(not(feature = "qmp-control"))]
            Cow::Owned(_) => {}
        }
        self.last_id = id.0;
        let fds = sending.fds;
        let place = if hold {
            self.held.push(id, Output { bytes: held, fds });
            Place::Held
        } else {
            self.in_band += usize::from(in_band);
            self.with_fds += usize::from(with_fds);
            Place::Outbox(self.outbox.push(Some(id), start, fds))
        };
        self.unanswered.push(Pending {
            id,
            wire_id,
            command,
            place,
            in_band,
            with_fds,
            silent,
            forgotten: false,
            received: self.received,
        });
        Ok(id)
    }

    /// Gives a call up. Its reply, should it come, is dropped.
    pub fn forget(&mut self, id: CallId) -> Forgotten {
        let Some(pending) = self.unanswered.get(id) else {
            return Forgotten::Unknown;
        };
        match pending.place {
            Place::Held => drop(self.held.remove(id)),
            Place::Outbox(number) => {
                self.outbox.withdraw(number);
                self.in_band -= usize::from(pending.in_band);
                self.with_fds -= usize::from(pending.with_fds);
            }
            // There may never be a reply that ends it.
            Place::Taken(_) if pending.silent => {
                if let Some(pending) = self.unanswered.remove(id) {
                    self.settled(&pending);
                }
                return Forgotten::Sent;
            }
            Place::Taken(_) => {
                pending.forgotten = true;
                return Forgotten::Sent;
            }
        }
        self.unanswered.remove(id);
        self.release();
        Forgotten::Withdrawn
    }

    /// Whether there is something to send.
    #[must_use]
    pub fn has_output(&self) -> bool {
        !self.outbox.is_empty()
    }

    /// What to send next. Descriptors go in the same system call as the first byte, and what has descriptors has to be a
    /// system call of its own. The driver sends all of it, before it takes more, and [says so](Self::wrote).
    pub fn take_output(&mut self) -> Option<Output> {
        let unanswered = &mut self.unanswered;
        self.outbox.take(|id, end| {
            if let Some(pending) = unanswered.get(id) {
                pending.place = Place::Taken(end);
            }
        })
    }

    /// Tells that so many bytes more were sent.
    pub fn wrote(&mut self, bytes: usize) {
        self.outbox.wrote(bytes);
    }

    /// That the last of what was said to be written were not.
    pub(crate) fn kept(&mut self, bytes: usize) {
        self.outbox.kept(bytes);
    }

    /// How many bytes were sent so far.
    #[must_use]
    pub fn written(&self) -> u64 {
        self.outbox.written()
    }

    /// Takes what was received. What it means is told by [`poll`](Self::poll).
    pub fn receive(&mut self, bytes: &[u8]) {
        if self.has_no_connection() {
            return;
        }
        self.received += bytes.len() as u64;
        self.splitter.push(bytes);
        loop {
            match self.splitter.next(parse::parse) {
                Ok(None) => return,
                Ok(Some((text, parsed))) => self.message(text, parsed),
                Err(fault) => self.fault(fault),
            }
            if self.has_no_connection() {
                return;
            }
        }
    }

    /// What happened next, in the order of the messages received.
    pub fn poll(&mut self) -> Option<Happening> {
        self.happenings.pop_front()
    }

    fn message(&mut self, text: String, parsed: Parsed) {
        self.trace.received(text.as_bytes());
        match (self.phase, parsed) {
            (_, Parsed::Event(event)) => {
                let event = event.keep(text);
                self.happenings.push_back(Happening::Event(event));
            }
            (_, Parsed::Unknown) => {}
            (Phase::Greeting, Parsed::Greeting(greeting)) => self.negotiate(greeting),
            // As it is to the first connection, for whose driver there is `is_doubtful`.
            (Phase::Negotiation, Parsed::Greeting(_)) if self.options.reconnect && self.readied => {
                self.violated(Violation::SecondGreeting);
            }
            (Phase::Negotiation, Parsed::Greeting(_)) => self.doubtful = true,
            (_, Parsed::Greeting(greeting)) if self.options.reconnect => {
                self.disconnect(violation(Violation::SecondGreeting));
                self.outbox.clear();
                self.negotiate(greeting);
            }
            (_, Parsed::Greeting(_)) => self.violated(Violation::SecondGreeting),
            // An earlier client's, whose command the server was still executing.
            (Phase::Greeting, Parsed::Return { .. } | Parsed::Error { .. }) => {}
            (Phase::Negotiation, Parsed::Return { id, .. }) => {
                // All others answer an earlier connection, also those without an id: its requests may have had none.
                match id.is(&self.negotiation) {
                    true => self.ready(),
                    false => self.foreign += 1,
                }
            }
            (Phase::Negotiation, Parsed::Error { id, error }) => match id.is(&self.negotiation) {
                true => {
                    self.doubtful |= error.class == ErrorClass::CommandNotFound;
                    self.violated(Violation::Negotiation(error));
                }
                false => self.foreign += 1,
            },
            (_, Parsed::Return { id, value }) => match self.answered(&id) {
                Answered::Call(pending) => {
                    let result = Ok(Reply::new(text, value));
                    let id = pending.id;
                    self.happenings.push_back(Happening::Reply { id, result });
                }
                Answered::Nobody => {}
                Answered::Ambiguous => self.violated(Violation::ReplyWithoutId),
            },
            (_, Parsed::Error { id, error }) => match self.answered(&id) {
                Answered::Call(pending) => {
                    let result = Err(Error::new(ErrorKind::Command(error)).of(pending.command));
                    let id = pending.id;
                    self.happenings.push_back(Happening::Reply { id, result });
                }
                Answered::Nobody => {}
                Answered::Ambiguous => self.violated(Violation::ErrorWithoutId(error)),
            },
        }
    }

    /// Whether an in-band request may be sent now. Where `oob` is enabled QEMU reads on before it executes, and a command
    /// that takes descriptors gets those that came last: so they wait until those before them have been taken.
    fn has_room(&self, with_fds: bool) -> bool {
        !self.oob || (self.in_band < IN_BAND_LIMIT && !(with_fds && self.with_fds > 0))
    }

    /// Sends what is held as far as it may go.
    fn release(&mut self) {
        while self.phase == Phase::Ready
            && let Some(next) = self.held.first()
            && self.has_room(!next.fds.is_empty())
            && let Some((id, output)) = self.held.pop()
        {
            if let Some(pending) = self.unanswered.get(id) {
                self.in_band += 1;
                self.with_fds += usize::from(pending.with_fds);
                pending.place = Place::Outbox(self.outbox.add(Some(id), output));
            }
        }
    }

    /// A request that was sent is unanswered no more.
    fn settled(&mut self, pending: &Pending) {
        self.in_band -= usize::from(pending.in_band);
        self.with_fds -= usize::from(pending.with_fds);
        if !self.held.is_empty() {
            self.release();
        }
    }

    /// Finds the call that a reply with this id answers.
    fn answered(&mut self, id: &Id) -> Answered {
        let call = match id {
            Id::Number(number) => self.unanswered.named(*number),
            // `null` is not sent by this client, but no reply to another one comes that late.
            Id::Absent | Id::Null => self.unanswered.anonymous(),
            Id::Other(_) => None,
        };
        let sent = |pending: &Pending| matches!(pending.place, Place::Taken(_));
        let Some(pending) = call.and_then(|call| self.unanswered.remove_if(call, sent)) else {
            return match id {
                Id::Absent => Answered::Ambiguous,
                _ => Answered::Nobody,
            };
        };
        self.settled(&pending);
        if pending.forgotten {
            return Answered::Nobody;
        }
        Answered::Call(pending)
    }
}

enum Answered {
    Call(Pending),
    /// A late reply, or one to somebody else.
    Nobody,
    /// It has no id, and every call that could be meant was sent with one.
    Ambiguous,
}

fn negotiation_id() -> String {
    format!("qapi-{:08x}", RandomState::new().hash_one(0) as u32)
}
