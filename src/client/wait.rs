//! A command and the event that tells how it went on.

use std::future::poll_fn;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{timeout, timeout_at};

use super::Client;
use super::call::{Sent, after};
use crate::error::{Error, ErrorKind};
use crate::events::{EventMessage, Received, Subscription};
use crate::session::client::Request;
use crate::time::GRACE;
use crate::types::Events;
use crate::types::codec::Decode;

/// Events kept until they are looked at, at least.
const EVENTS: usize = 4096;

impl Client {
    /// Executes a command and waits for an event that tells how it went on, such as DEVICE_DELETED after `device_del`. Each
    /// event that comes after the command was sent, be it before the reply, is shown to `found` until that gives something.
    /// Events that do not look as the schema says are left out.
    ///
    /// # Errors
    /// As for [`execute`](Self::execute): when the command fails no event is waited for. When it succeeded and the event
    /// did not come within the deadline, [`NoEvent`](ErrorKind::NoEvent); when more events came than could be kept,
    /// [`EventsLost`](ErrorKind::EventsLost).
    pub async fn execute_and_wait<R: Request, E: Events, T>(
        &self,
        command: R,
        found: impl FnMut(&Received<E>) -> Option<T>,
        deadline: Duration,
    ) -> Result<(R::Reply, T), Error> {
        let deadline = after(deadline);
        let capacity = self.0.events.at_least(EVENTS);
        let subscription = self.0.connection.subscribe(|_| true, capacity);
        let mut waiting = Waiting {
            pending: self.call(command).start()?.sent,
            subscription,
            found,
            reply: None,
            event: None,
            gone: None,
        };
        let both = poll_fn(|cx| waiting.poll(cx));
        if let Ok(result) = timeout_at(deadline, both).await {
            return result;
        }
        if waiting.reply.is_some() || waiting.pending.may_be_answered() {
            let both = poll_fn(|cx| waiting.poll(cx));
            if let Ok(result) = timeout(GRACE, both).await {
                return result;
            }
        }
        if waiting.reply.is_none() {
            let result = waiting.pending.give_up();
            waiting.pending.decode::<R::Reply>(result)?;
        }
        Err(waiting.pending.error(ErrorKind::NoEvent))
    }
}

struct Waiting<A, F, T> {
    pending: Sent,
    subscription: Subscription,
    found: F,
    reply: Option<A>,
    event: Option<T>,
    /// That the connection has ended, or was made anew.
    gone: Option<Error>,
}

impl<A: Decode, F, T> Waiting<A, F, T> {
    fn poll<E: Events>(&mut self, cx: &mut Context<'_>) -> Poll<Result<(A, T), Error>>
    where
        F: FnMut(&Received<E>) -> Option<T>,
    {
        // Looked at first: the end of the connection is told to both, and then the reply is.
        if let Err(error) = self.look_for_event(cx) {
            return Poll::Ready(Err(error));
        }
        if self.reply.is_none()
            && let Poll::Ready(result) = self.pending.poll_result(cx)
        {
            match self.pending.decode(result) {
                Ok(reply) => self.reply = Some(reply),
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        match (self.reply.take(), self.event.take()) {
            (Some(reply), Some(event)) => return Poll::Ready(Ok((reply, event))),
            (reply, event) => (self.reply, self.event) = (reply, event),
        }
        match &self.gone {
            Some(why) if self.reply.is_some() => {
                let error = self.pending.error(ErrorKind::OutcomeUnknown);
                Poll::Ready(Err(error.because(why)))
            }
            _ => Poll::Pending,
        }
    }

    fn look_for_event<E: Events>(&mut self, cx: &mut Context<'_>) -> Result<(), Error>
    where
        F: FnMut(&Received<E>) -> Option<T>,
    {
        while self.event.is_none() && self.gone.is_none() {
            let (message, missed) = match self.subscription.take(Some(cx.waker())) {
                None => return Ok(()),
                Some(Err(ended)) => {
                    self.gone = Some(ended);
                    return Ok(());
                }
                Some(Ok(taken)) => taken,
            };
            if missed > 0 {
                return Err(self.pending.error(ErrorKind::EventsLost(missed)));
            }
            match Received::new(&message, EventMessage::decode_any) {
                Ok(received) => self.event = (self.found)(&received),
                Err(error) => tracing::warn!(event = message.name(), %error, "event left out"),
            }
        }
        Ok(())
    }
}
