//! What a run is in both flavours of the client, without I/O.

use std::fmt;
use std::time::{Duration, Instant};

use qapi_types::Value;
use qapi_types::qmp::Event;

use super::{Error, Operation};
use crate::error::ErrorKind;
use crate::events::{EventMessage, Received};
use crate::time::after;

/// An operation, and when to look at it.
pub(super) struct Run<O: Operation> {
    pub(super) operation: O,
    interval: Option<Duration>,
    look_at: Option<Instant>,
    deadline: Option<Instant>,
    pub(super) end: Option<Result<O::Outcome, Error>>,
}

impl<O: Operation> Run<O> {
    pub(super) fn new(operation: O) -> Self {
        Self {
            operation,
            interval: None,
            look_at: None,
            deadline: None,
            end: None,
        }
    }

    pub(super) fn look_every(&mut self, interval: Duration, now: Instant) {
        self.interval = Some(interval);
        self.look_at = Some(after(now, interval));
    }

    pub(super) fn end_by(&mut self, deadline: Instant) {
        self.deadline = Some(deadline);
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Until when to wait for an event, if not for as long as it takes.
    pub(super) fn wait_until(&self, pause: Option<Instant>) -> Option<Instant> {
        let until = [self.look_at, self.deadline, pause];
        until.into_iter().flatten().min()
    }

    /// Takes the answer to a command.
    pub(super) fn replied(&mut self, result: Result<Value, crate::Error>, now: Instant) {
        match result {
            Ok(value) => self.operation.reply(Ok(value)),
            Err(error) => match error.reply() {
                Some(reply) => self.operation.reply(Err(reply.clone())),
                None if error.is_deadline() && self.is_late(now) => {
                    let command = error.command().unwrap_or_default();
                    self.end = Some(Err(self.late_for(format!("the reply to {command}"))));
                }
                None => self.end = Some(Err(error.into())),
            },
        }
    }

    /// Takes an event.
    pub(super) fn received(&mut self, received: Result<Received<EventMessage>, crate::Error>) {
        match received {
            Ok(received) => {
                if received.missed > 0 {
                    self.operation.look();
                }
                match received.event.decode_any::<Event>() {
                    Ok(event) => self.operation.event(&event),
                    Err(_) => self.operation.look(),
                }
            }
            // It may go on, if the server is the same.
            Err(error) if matches!(error.kind(), ErrorKind::Reconnected) => self.operation.look(),
            Err(error) => self.end = Some(Err(error.into())),
        }
    }

    /// Whether the deadline has passed.
    pub(super) fn is_late(&self, now: Instant) -> bool {
        self.deadline.is_some_and(|deadline| now >= deadline)
    }

    /// Takes note that the time to [wait](Self::wait_until) is over.
    pub(super) fn look_up(&mut self, now: Instant) {
        if self.is_late(now) {
            self.end = Some(Err(
                self.late_for(format!("the end of {}", self.operation.name()))
            ));
        } else if let Some(interval) = self.interval
            && self.look_at.is_some_and(|at| now >= at)
        {
            self.look_at = Some(after(now, interval));
            self.operation.look();
        }
    }

    fn late_for(&self, waited_for: String) -> Error {
        Error::Deadline {
            waited_for,
            last_seen: self.operation.last_seen(),
        }
    }
}

impl<O: Operation + fmt::Debug> fmt::Debug for Run<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run")
            .field("operation", &self.operation)
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}

/// The methods of what runs in the field `run` and gets `events`, where `$now` tells the time.
macro_rules! run_methods {
    ($now:expr) => {
        /// Asks for figures of progress this often; otherwise there are only those that come with events.
        pub fn progress_every(mut self, interval: std::time::Duration) -> Self {
            self.run.look_every(interval, $now);
            self
        }

        /// How long all of it may take, from now on; as long as it wants unless set. The server does not stop for that.
        pub fn deadline(mut self, deadline: std::time::Duration) -> Self {
            self.run.end_by(crate::time::after($now, deadline));
            self
        }

        /// Hands over the events received so far, and with them all that came before a reply that is at hand: they may tell
        /// what it no longer shows. Those still to come, perhaps without end, do not put it off.
        fn hand_over_events(&mut self) {
            for _ in 0..self.events.queued() {
                if let Some(received) = self.events.try_recv().transpose() {
                    self.run.received(received);
                }
            }
        }
    };
}

/// That of one that can be stopped.
macro_rules! cancel_method {
    () => {
        /// Has it stopped. It may end well all the same, if it was about to.
        pub fn cancel(&mut self) {
            self.run.operation.cancel();
        }
    };
}
pub(super) use {cancel_method, run_methods};
