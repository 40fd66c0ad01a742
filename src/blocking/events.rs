//! Events, one after the other.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::client::Shared;
use super::connection::{Interest, Late, after};
use crate::error::{Error, ErrorKind};
use crate::events::{Decode, Received, Subscription};

/// Events of one kind or all, from when it was made on; from [`Client::events`](super::Client::events).
///
/// As an iterator it waits for each next event, and ends with the connection.
pub struct EventStream<E> {
    shared: Arc<Shared>,
    subscription: Subscription,
    decode: Decode<E>,
}

impl<E> EventStream<E> {
    pub(super) fn new(shared: Arc<Shared>, subscription: Subscription, decode: Decode<E>) -> Self {
        Self {
            shared,
            subscription,
            decode,
        }
    }

    /// Waits for the next event, however long it takes.
    ///
    /// # Errors
    /// When the event does not look as the schema says; the one after it can be taken then. When the connection has ended.
    pub fn recv(&mut self) -> Result<Received<E>, Error> {
        self.wait(None)
    }

    /// Waits for the next event, up to a deadline.
    ///
    /// # Errors
    /// As for [`recv`](Self::recv), and when there is none before the deadline.
    pub fn recv_deadline(&mut self, deadline: Duration) -> Result<Received<E>, Error> {
        self.wait(Some(after(deadline)))
    }

    /// The next event, if it was received already; see [Threads](super#threads) for when events are.
    ///
    /// # Errors
    /// As for [`recv`](Self::recv).
    pub fn try_recv(&mut self) -> Result<Option<Received<E>>, Error> {
        self.subscription.take_as(self.decode, None).transpose()
    }

    /// How many events were received and not yet taken.
    #[cfg(any(feature = "qmp-block", feature = "qmp-migration"))]
    pub(crate) fn queued(&self) -> usize {
        self.subscription.queued()
    }

    fn wait(&self, deadline: Option<Instant>) -> Result<Received<E>, Error> {
        let interest = Interest {
            call: None,
            events: true,
        };
        let taken = self.shared.connection.drive(deadline, interest, |_| {
            self.subscription.take_as(self.decode, None)
        });
        match taken {
            Ok(result) => result,
            Err(Late) => Err(Error::new(ErrorKind::Deadline { sent: false })),
        }
    }
}

impl<E> Iterator for EventStream<E> {
    type Item = Result<Received<E>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.recv() {
            Err(error) if error.is_disconnected() => None,
            result => Some(result),
        }
    }
}

impl<E> fmt::Debug for EventStream<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventStream")
            .field("subscription", &self.subscription)
            .finish_non_exhaustive()
    }
}
