//! Ending connections, and connecting again, by whoever waits for something.

use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{io, mem};

use super::{Connection, Guard, Interest, State, after};
use crate::address::Address;
use crate::error::Error;
use crate::settings::Waits;
use crate::transport::blocking::dial;
use crate::transport::dial::Child;

/// How a connection is made anew, and how far that is.
#[derive(Debug)]
pub(in crate::blocking) struct Redial {
    address: Address,
    waits: Waits,
    /// How long an attempt may take.
    time: Duration,
    /// Attempts since it was last connected.
    attempts: u32,
    /// Why it is not connected.
    why: Option<Error>,
    /// When to try next.
    next: Option<Instant>,
    /// Until when capabilities have to be negotiated.
    negotiated_by: Option<Instant>,
}

impl Redial {
    pub(in crate::blocking) fn new(address: Address, waits: Waits, time: Duration) -> Self {
        Self {
            address,
            waits,
            time,
            attempts: 0,
            why: None,
            next: None,
            negotiated_by: None,
        }
    }

    /// Capabilities are negotiated; says whether anew.
    pub(super) fn connected(&mut self) -> bool {
        self.attempts = 0;
        self.negotiated_by = None;
        self.why.take().is_some()
    }

    pub(super) fn disconnected(&mut self, why: Error) {
        self.why = Some(why);
        self.next = None;
        // Also where it is greeted again on the same channel.
        self.negotiated_by = Some(after(self.time));
    }
}

impl State {
    /// The time that is left, but no more than there is for negotiation; ends the connection if that is over.
    pub(super) fn until_negotiated(&mut self, left: Duration) -> Duration {
        let redial = self.redial.as_ref().filter(|_| !self.session.is_ready());
        let Some(by) = redial.and_then(|redial| redial.negotiated_by) else {
            return left;
        };
        let until = by.saturating_duration_since(Instant::now());
        if until.is_zero() {
            let late = self.session.late(None).to_string();
            let late = io::Error::new(io::ErrorKind::TimedOut, late);
            self.session.end(Some(late));
            self.dispatch();
            return Duration::ZERO;
        }
        left.min(until)
    }
}

impl Connection {
    /// Ends the connection when the calls under way have ended, at the latest at the deadline.
    pub(in crate::blocking) fn close(&self, deadline: Instant) {
        self.lock().closing = true;
        let over =
            |state: &mut State| (state.closed.is_some() || state.session.is_idle()).then_some(());
        // If it is late, that changes nothing.
        let _ = self.drive(Some(deadline), Interest::default(), over);
        self.hang_up();
    }

    /// Ends the connection; whoever reads gets that.
    pub(in crate::blocking) fn hang_up(&self) {
        let why = "the client closed the connection";
        let why = io::Error::new(io::ErrorKind::ConnectionAborted, why);
        let mut state = self.lock();
        state.session.close(Error::io(why));
        state.dispatch();
        state.io.close();
    }

    /// Waits until it is time to try again, or tries.
    pub(super) fn redial<'a>(
        &'a self,
        mut state: Guard<'a>,
        left: Duration,
        interest: Interest,
    ) -> Guard<'a> {
        let Some(redial) = &mut state.redial else {
            return state;
        };
        let next = match redial.next {
            Some(next) => next,
            None => match (redial.waits.0)(redial.attempts) {
                Some(wait) => *redial.next.insert(after(wait)),
                None => {
                    let why = redial.why.take();
                    let why = why.unwrap_or_else(|| Error::new(crate::ErrorKind::Closed));
                    state.session.close(why);
                    state.dispatch();
                    return state;
                }
            },
        };
        let wait = next.saturating_duration_since(Instant::now());
        if !wait.is_zero() {
            return self.sleep(state, wait.min(left), interest);
        }
        let address = redial.address.clone();
        let whole = left >= redial.time;
        let deadline = after(redial.time.min(left));
        state.reading = true;
        drop(state);
        let dialled = dial(&address, deadline, false, &mut Child::default());
        let mut state = self.lock();
        state.reading = false;
        let State {
            redial: Some(redial),
            closed,
            ..
        } = &mut *state
        else {
            return state;
        };
        match dialled {
            // Nobody needs it any more.
            Ok(io) if closed.is_some() => io.close(),
            Ok(io) => {
                redial.attempts += 1;
                redial.next = None;
                redial.negotiated_by = Some(after(redial.time));
                let old = mem::replace(&mut state.io, Arc::from(io));
                state.session.reconnected();
                drop(old);
            }
            // The caller had no more time.
            Err(error) if error.is_deadline() && !whole => {}
            Err(error) => {
                redial.attempts += 1;
                redial.next = None;
                redial.why = Some(error);
            }
        }
        state
    }
}
