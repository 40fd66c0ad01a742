//! Events: created once, sent to every monitor.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::Waker;

use crate::types::message::{write_any_event, write_event};
use crate::types::{Event, Events as AnyEvent, Style, Timestamp, Writer};

/// Where a server's events are emitted. Clones stand for the same server.
///
/// Every monitor that has negotiated gets every event, in the order in which they were emitted, and an event that a
/// handler emits before that handler's reply.
#[derive(Clone, Default)]
pub struct Events(Arc<Mutex<Shared>>);

#[derive(Default)]
struct Shared {
    monitors: Vec<Weak<Monitor>>,
}

/// What waits to be sent to one monitor.
#[derive(Default)]
pub(crate) struct Monitor(Mutex<Queue>);

#[derive(Default)]
struct Queue {
    /// Whether the monitor gets events: not before it has negotiated.
    open: bool,
    events: VecDeque<Arc<[u8]>>,
    bytes: usize,
    waker: Option<Waker>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let monitors = lock(&self.0).monitors.len();
        write!(f, "Events to {monitors} monitors")
    }
}

impl Events {
    /// Of a server to come.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Emits an event. Its timestamp is now.
    ///
    /// An event that JSON cannot express, because it holds a number that is not finite, is not sent.
    pub fn emit<E: Event>(&self, event: &E) {
        self.send(E::NAME, |w, now| write_event(w, event, now));
    }

    /// Emits one of a schema's events. Its timestamp is now.
    pub fn emit_any<E: AnyEvent>(&self, event: &E) {
        self.send(event.name(), |w, now| write_any_event(w, event, now));
    }

    fn send(&self, name: &str, write: impl FnOnce(&mut Writer<'_>, Timestamp)) {
        // Timestamps are in the order of emission, so the lock comes first.
        let mut shared = lock(&self.0);
        let mut line = Vec::with_capacity(128);
        let mut writer = Writer::new(&mut line, Style::Ascii);
        write(&mut writer, Timestamp::now());
        match writer.finish() {
            Ok(()) => shared.broadcast(&line.into()),
            Err(error) => tracing::error!(event = name, %error, "an event cannot be expressed"),
        }
    }

    /// Adds a monitor that gets events as soon as it is opened.
    pub(crate) fn monitor(&self) -> Arc<Monitor> {
        let monitor = Arc::new(Monitor::default());
        lock(&self.0).monitors.push(Arc::downgrade(&monitor));
        monitor
    }
}

impl Shared {
    fn broadcast(&mut self, event: &Arc<[u8]>) {
        self.monitors.retain(|monitor| match monitor.upgrade() {
            Some(monitor) => {
                monitor.push(event);
                true
            }
            None => false,
        });
    }
}

impl Monitor {
    fn push(&self, event: &Arc<[u8]>) {
        let mut queue = lock(&self.0);
        if queue.open {
            queue.bytes += event.len();
            queue.events.push_back(Arc::clone(event));
            let waker = queue.waker.take();
            drop(queue);
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }

    /// From now on the monitor gets events.
    pub(crate) fn open(&self) {
        lock(&self.0).open = true;
    }

    /// The first event that waits. Without one, the waker is called when there is.
    pub(crate) fn next(&self, waker: &Waker) -> Option<Arc<[u8]>> {
        let mut queue = lock(&self.0);
        let event = queue.events.pop_front();
        match &event {
            Some(event) => queue.bytes -= event.len(),
            None => match &mut queue.waker {
                Some(known) => known.clone_from(waker),
                none => *none = Some(waker.clone()),
            },
        }
        event
    }

    /// How many bytes of events wait.
    pub(crate) fn bytes(&self) -> usize {
        lock(&self.0).bytes
    }
}
