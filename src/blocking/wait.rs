//! A command and the event that tells how it went on.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Client;
use super::connection::{Interest, Late, after};
use crate::error::{Error, ErrorKind};
use crate::events::{EventMessage, Received};
use crate::session::client::{Reply, Request, Sending};
use crate::time::GRACE;
use crate::types::Events;

/// Events kept until they are looked at, at least.
const EVENTS: usize = 4096;

enum Step {
    Event(Arc<EventMessage>, u64),
    Reply(Result<Reply, Error>),
    Closed(Error),
}

impl Client {
    /// Executes a command and waits for an event that tells how it went on, such as DEVICE_DELETED after `device_del`. Each
    /// event that comes after the command was sent, be it before the reply, is shown to `found` until that gives something.
    /// Events that do not look as the schema says are left out.
    ///
    /// # Errors
    /// As for [`execute`](Self::execute): when the command fails no event is waited for. When it succeeded and the event
    /// did not come within the deadline, [`NoEvent`](ErrorKind::NoEvent); when more events came than could be kept,
    /// [`EventsLost`](ErrorKind::EventsLost).
    pub fn execute_and_wait<R: Request, E: Events, T>(
        &self,
        command: R,
        mut found: impl FnMut(&Received<E>) -> Option<T>,
        deadline: Duration,
    ) -> Result<(R::Reply, T), Error> {
        let mut deadline = after(deadline);
        let name = command.name();
        let connection = &self.0.connection;
        let mut state = connection.lock_current();
        let capacity = self.0.events.at_least(EVENTS);
        let subscription = state.hub.subscribe(Box::new(|_| true), capacity);
        let id = state.session.send(&command, Sending::default())?;
        drop(state);
        let (mut reply, mut event) = (None, None);
        // That the connection has ended, or was made anew.
        let mut gone = None;
        let mut is_late = false;
        loop {
            let interest = Interest {
                call: reply.is_none().then_some(id),
                events: event.is_none(),
            };
            let step = connection.drive(Some(deadline), interest, |state| {
                if interest.events
                    && let Some(taken) = subscription.take(None)
                {
                    match taken {
                        Ok((event, missed)) => return Some(Step::Event(event, missed)),
                        // The reply is told first, or that there is none.
                        Err(error) => gone = Some(error),
                    }
                }
                match interest.call {
                    Some(id) => state.take_result(id).map(Step::Reply),
                    None => gone.clone().map(Step::Closed),
                }
            });
            match step {
                Ok(Step::Event(_, missed)) if missed > 0 => {
                    connection.lock().forget(id);
                    return Err(Error::new(ErrorKind::EventsLost(missed)).of(name));
                }
                Ok(Step::Event(message, _)) => {
                    match Received::new(&message, EventMessage::decode_any) {
                        Ok(received) => event = found(&received),
                        Err(error) => {
                            tracing::warn!(event = message.name(), %error, "event left out");
                        }
                    }
                }
                Ok(Step::Reply(result)) => reply = Some(super::call::decode(result, &name)?),
                Ok(Step::Closed(why)) => {
                    return Err(Error::new(ErrorKind::OutcomeUnknown).of(name).because(&why));
                }
                // What had come by then may be unread.
                Err(Late) if !is_late => {
                    is_late = true;
                    if reply.is_some() || connection.lock().session.may_be_answered(id) {
                        deadline = Instant::now() + GRACE;
                    }
                }
                Err(Late) if reply.is_some() => {
                    return Err(Error::new(ErrorKind::NoEvent).of(name));
                }
                Err(Late) => {
                    let result = connection.give_up(id, &name);
                    reply = Some(super::call::decode(result, &name)?);
                }
            }
            (reply, event) = match (reply, event) {
                (Some(reply), Some(event)) => return Ok((reply, event)),
                missing => missing,
            };
        }
    }
}
