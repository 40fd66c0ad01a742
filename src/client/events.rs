//! Events, one after the other.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::handle::Shared;
use crate::error::Error;
use crate::events::{Decode, Received, Subscription};

/// Events of one kind or all, from when it was made on; from [`Client::events`](super::Client::events).
pub struct EventStream<E> {
    /// Keeps the connection.
    _shared: Arc<Shared>,
    subscription: Subscription,
    decode: Decode<E>,
}

impl<E> EventStream<E> {
    pub(super) fn new(shared: Arc<Shared>, subscription: Subscription, decode: Decode<E>) -> Self {
        Self {
            _shared: shared,
            subscription,
            decode,
        }
    }

    /// Waits for the next event, however long it takes. Cancel-safe: no event is lost.
    ///
    /// # Errors
    /// When the event does not look as the schema says; the one after it can be taken then. When the connection has ended.
    pub async fn recv(&mut self) -> Result<Received<E>, Error> {
        std::future::poll_fn(|cx| self.poll_recv(cx)).await
    }

    /// As [`recv`](Self::recv), for those who write futures or streams by hand.
    pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Result<Received<E>, Error>> {
        match self.subscription.take_as(self.decode, Some(cx.waker())) {
            Some(result) => Poll::Ready(result),
            None => Poll::Pending,
        }
    }

    /// The next event, if it was received already.
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
}

impl<E> fmt::Debug for EventStream<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventStream")
            .field("subscription", &self.subscription)
            .finish_non_exhaustive()
    }
}
