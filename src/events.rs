//! Subscriptions to events: queues between whoever reads a connection and whoever waits for what happens.
//!
//! A queue is bounded, in events and in bytes. When it is full the oldest event is dropped and counted, so that a
//! subscriber who does not look costs a fixed amount of memory and delays nobody.

use std::collections::VecDeque;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, PoisonError, Weak};
use std::task::Waker;

use crate::error::{Error, ErrorKind};
use crate::sync::{Mutex, MutexGuard};
use crate::types::message::{self, Raw};
use crate::types::{self, Event, Events, Object, Timestamp};

/// An event as it was received.
#[derive(Clone, PartialEq, Eq)]
pub struct EventMessage {
    text: Box<str>,
    name: Box<str>,
    data: Option<Range<usize>>,
    timestamp: Timestamp,
}

impl EventMessage {
    /// `data` is a part of `text`.
    pub(crate) fn new(
        text: impl Into<Box<str>>,
        name: impl Into<Box<str>>,
        data: Option<Range<usize>>,
        timestamp: Timestamp,
    ) -> Self {
        Self {
            text: text.into(),
            name: name.into(),
            data,
            timestamp,
        }
    }

    /// The event's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// When it happened, by the server's clock.
    #[must_use]
    pub fn timestamp(&self) -> Timestamp {
        self.timestamp
    }

    /// The whole message, one JSON object.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Its data, to be decoded; absent if it has none.
    #[must_use]
    pub fn data(&self) -> Option<Raw<'_>> {
        let range = self.data.clone()?;
        Some(Raw::from_text(&self.text[range]))
    }

    /// Its data as the event `E`, if it is that one.
    ///
    /// # Errors
    /// When the data are not those of this event.
    pub fn decode<E: Event>(&self) -> Option<types::Result<E>> {
        (*self.name == *E::NAME).then(|| message::decode_event(self.data()))
    }

    /// It as one of a schema's events.
    ///
    /// # Errors
    /// When the data are not those of the event.
    pub fn decode_any<E: Events>(&self) -> types::Result<E> {
        E::decode(&self.name, self.data())
    }

    /// Its data, of whatever shape.
    ///
    /// # Errors
    /// When the data are not an object.
    pub fn object(&self) -> types::Result<Object> {
        message::decode_object(self.data())
    }
}

impl fmt::Debug for EventMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(f)
    }
}

/// An event taken from a subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Received<E> {
    /// The event.
    pub event: E,
    /// When it happened, by the server's clock.
    pub timestamp: Timestamp,
    /// How many events of this subscription were dropped between the one taken before and this one, because nobody
    /// took them in time.
    pub missed: u64,
}

impl<E> Received<E> {
    /// Without any missed before it.
    pub(crate) fn new(message: &EventMessage, decode: Decode<E>) -> types::Result<Self> {
        Ok(Self {
            event: decode(message)?,
            timestamp: message.timestamp,
            missed: 0,
        })
    }
}

/// Which events a subscriber wants, by name.
pub(crate) type Filter = Box<dyn Fn(&str) -> bool + Send + Sync>;

/// How a subscriber wants its events.
pub(crate) type Decode<E> = fn(&EventMessage) -> types::Result<E>;

pub(crate) fn decode_one<E: Event>(message: &EventMessage) -> types::Result<E> {
    message::decode_event(message.data())
}

/// All subscriptions of a connection.
#[derive(Debug, Default)]
pub(crate) struct Hub {
    queues: Vec<Weak<Queue>>,
    /// What came before anybody subscribed, if that is wanted.
    early: Option<Subscription>,
    ended: Option<Error>,
}

/// How much is kept for a subscriber who does not look; one event is, however long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Capacity {
    pub(crate) events: usize,
    pub(crate) bytes: usize,
}

impl Capacity {
    /// At least so many events.
    pub(crate) fn at_least(self, events: usize) -> Self {
        let events = self.events.max(events);
        Self { events, ..self }
    }
}

struct Queue {
    filter: Filter,
    capacity: Capacity,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// In between, that the connection was made anew.
    entries: VecDeque<Option<Arc<EventMessage>>>,
    events: usize,
    bytes: usize,
    missed: u64,
    ended: Option<Error>,
    waker: Option<Waker>,
}

impl Hub {
    /// Keeps what comes before the first subscription, for that.
    pub(crate) fn keep_early(&mut self, capacity: Capacity) {
        self.early = Some(self.subscribe(Box::new(|_| true), capacity));
    }

    /// Subscribes to what passes `filter` and happens from now on.
    pub(crate) fn subscribe(&mut self, filter: Filter, capacity: Capacity) -> Subscription {
        let queue = Arc::new(Queue {
            filter,
            capacity,
            state: Mutex::default(),
        });
        if let Some(early) = self.early.take() {
            while let Some(Ok((event, missed))) = early.take(None) {
                queue.lock().missed += missed;
                if (queue.filter)(event.name()) {
                    queue.push(&event);
                }
            }
        }
        queue.lock().ended = self.ended.clone();
        self.queues.retain(|queue| queue.strong_count() > 0);
        self.queues.push(Arc::downgrade(&queue));
        Subscription { queue }
    }

    /// Tells everybody that the connection was made anew.
    pub(crate) fn reconnected(&self) {
        for queue in self.queues.iter().filter_map(Weak::upgrade) {
            let mut state = queue.lock();
            // Once will do.
            if !matches!(state.entries.back(), Some(None)) {
                state.entries.push_back(None);
            }
            state.wake();
        }
    }

    /// Hands an event to those who want it and wakes them.
    pub(crate) fn publish(&mut self, event: &Arc<EventMessage>) {
        self.queues.retain(|queue| match queue.upgrade() {
            Some(queue) => {
                if (queue.filter)(event.name()) {
                    queue.push(event);
                }
                true
            }
            None => false,
        });
    }

    /// Tells everybody that there will be no more events.
    pub(crate) fn end(&mut self, why: &Error) {
        self.ended = Some(why.clone());
        for queue in self.queues.drain(..).filter_map(|queue| queue.upgrade()) {
            let mut state = queue.lock();
            state.ended = Some(why.clone());
            state.wake();
        }
    }
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, event: &Arc<EventMessage>) {
        let mut state = self.lock();
        state.entries.push_back(Some(Arc::clone(event)));
        state.events += 1;
        state.bytes += event.text.len();
        while state.events > self.capacity.events.max(1)
            || state.bytes > self.capacity.bytes && state.events > 1
        {
            state.drop_oldest();
        }
        state.wake();
    }
}

impl State {
    fn took(&mut self, event: &EventMessage) {
        self.events -= 1;
        self.bytes -= event.text.len();
    }

    fn drop_oldest(&mut self) {
        let place = usize::from(matches!(self.entries.front(), Some(None)));
        if let Some(Some(event)) = self.entries.remove(place) {
            self.took(&event);
            self.missed += 1;
        }
        if let (Some(None), Some(None)) = (self.entries.front(), self.entries.get(1)) {
            self.entries.pop_front();
        }
    }

    fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue")
            .field("entries", &self.lock().entries)
            .finish_non_exhaustive()
    }
}

/// The end of a queue from which events are taken.
#[derive(Debug)]
pub(crate) struct Subscription {
    queue: Arc<Queue>,
}

impl Subscription {
    /// How many times there is something to be taken.
    #[cfg(any(feature = "qmp-block", feature = "qmp-migration"))]
    pub(crate) fn queued(&self) -> usize {
        self.queue.lock().entries.len()
    }

    /// The oldest event, with the number of those dropped before it, or that the connection was made anew before what
    /// follows ([`Reconnected`](ErrorKind::Reconnected)). Without either: an error if there will be no more, else
    /// `None`, and `waker` is woken when that changes.
    pub(crate) fn take(
        &self,
        waker: Option<&Waker>,
    ) -> Option<Result<(Arc<EventMessage>, u64), Error>> {
        let mut state = self.queue.lock();
        match state.entries.pop_front() {
            Some(Some(event)) => {
                state.took(&event);
                return Some(Ok((event, std::mem::take(&mut state.missed))));
            }
            Some(None) => return Some(Err(Error::new(ErrorKind::Reconnected))),
            None => {}
        }
        if let Some(why) = &state.ended {
            return Some(Err(Error::new(ErrorKind::Closed).because(why)));
        }
        if let Some(waker) = waker {
            match &mut state.waker {
                Some(old) => old.clone_from(waker),
                none => *none = Some(waker.clone()),
            }
        }
        None
    }

    /// As [`take`](Self::take), decoded.
    pub(crate) fn take_as<E>(
        &self,
        decode: Decode<E>,
        waker: Option<&Waker>,
    ) -> Option<Result<Received<E>, Error>> {
        let (message, missed) = match self.take(waker)? {
            Ok(taken) => taken,
            Err(error) => return Some(Err(error)),
        };
        Some(match Received::new(&message, decode) {
            Ok(received) => Ok(Received { missed, ..received }),
            Err(error) => {
                let data = message.data().map_or("{}", |data| data.text());
                Err(Error::decode(error, data).of(message.name().to_owned()))
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(name: &str) -> Arc<EventMessage> {
        Arc::new(EventMessage::new("{}", name, None, Timestamp::UNKNOWN))
    }

    fn kept(events: usize) -> Capacity {
        let bytes = usize::MAX;
        Capacity { events, bytes }
    }

    fn names(subscription: &Subscription) -> Vec<(String, u64)> {
        std::iter::from_fn(|| subscription.take(None))
            .map_while(Result::ok)
            .map(|(event, missed)| (event.name().to_owned(), missed))
            .collect()
    }

    #[test]
    fn each_subscriber_has_its_own() {
        let mut hub = Hub::default();
        let all = hub.subscribe(Box::new(|_| true), kept(8));
        let stops = hub.subscribe(Box::new(|name| name == "STOP"), kept(8));
        for name in ["STOP", "RESUME", "STOP"] {
            hub.publish(&event(name));
        }
        assert_eq!(
            names(&all),
            [("STOP", 0), ("RESUME", 0), ("STOP", 0)].map(|(n, m)| (n.into(), m))
        );
        assert_eq!(
            names(&stops),
            [("STOP", 0), ("STOP", 0)].map(|(n, m)| (n.into(), m))
        );
    }

    #[test]
    fn the_oldest_is_dropped_and_counted() {
        let mut hub = Hub::default();
        let subscription = hub.subscribe(Box::new(|_| true), kept(2));
        for name in ["A", "B", "C", "D"] {
            hub.publish(&event(name));
        }
        assert_eq!(
            names(&subscription),
            [("C", 2), ("D", 0)].map(|(n, m)| (n.into(), m))
        );
    }

    #[test]
    fn the_end_comes_after_what_is_queued() {
        let mut hub = Hub::default();
        let early = hub.subscribe(Box::new(|_| true), kept(2));
        hub.publish(&event("A"));
        hub.end(&Error::new(ErrorKind::Closed));
        let late = hub.subscribe(Box::new(|_| true), kept(2));
        assert!(early.take(None).unwrap().is_ok());
        for subscription in [early, late] {
            let error = subscription.take(None).unwrap().unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Closed));
        }
    }

    #[test]
    fn nothing_is_kept_for_who_left() {
        let mut hub = Hub::default();
        drop(hub.subscribe(Box::new(|_| true), kept(2)));
        hub.publish(&event("A"));
        assert!(hub.queues.is_empty());
    }

    #[test]
    fn bytes_are_bounded_too() {
        let mut hub = Hub::default();
        let long = |name: &str| {
            let text = "x".repeat(100);
            Arc::new(EventMessage::new(text, name, None, Timestamp::UNKNOWN))
        };
        let (events, bytes) = (8, 250);
        let subscription = hub.subscribe(Box::new(|_| true), Capacity { events, bytes });
        for name in ["A", "B", "C", "D"] {
            hub.publish(&long(name));
        }
        assert_eq!(
            names(&subscription),
            [("C", 2), ("D", 0)].map(|(n, m)| (n.into(), m))
        );
        // One that is longer than all that is kept is kept by itself.
        let bytes = 10;
        let subscription = hub.subscribe(Box::new(|_| true), Capacity { events, bytes });
        hub.publish(&long("A"));
        hub.publish(&long("B"));
        assert_eq!(names(&subscription), [("B".into(), 1)]);
    }

    /// What is told of a new connection is dropped with no event.
    #[test]
    fn a_new_connection_is_told_in_its_place() {
        let mut hub = Hub::default();
        let subscription = hub.subscribe(Box::new(|_| true), kept(2));
        let told = || {
            std::iter::from_fn(|| subscription.take(None))
                .map(|taken| taken.map_or("new".into(), |(event, _)| event.name().to_owned()))
                .collect::<Vec<_>>()
        };
        hub.publish(&event("A"));
        hub.reconnected();
        hub.reconnected();
        hub.publish(&event("B"));
        assert_eq!(told(), ["A", "new", "B"]);
        hub.reconnected();
        for name in ["A", "B", "C"] {
            hub.publish(&event(name));
            hub.reconnected();
        }
        assert_eq!(told(), ["new", "B", "new", "C", "new"]);
    }

    #[test]
    fn what_came_early_is_the_first_subscriber_s() {
        let mut hub = Hub::default();
        hub.keep_early(kept(2));
        for name in ["A", "B", "C"] {
            hub.publish(&event(name));
        }
        let first = hub.subscribe(Box::new(|name| name != "C"), kept(8));
        let second = hub.subscribe(Box::new(|_| true), kept(8));
        hub.publish(&event("D"));
        assert_eq!(names(&first), [("B".into(), 1), ("D".into(), 0)]);
        assert_eq!(names(&second), [("D".into(), 0)]);
    }
}
