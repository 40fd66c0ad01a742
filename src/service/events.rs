//! Events: created once, sent to every monitor.

use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::task::Waker;
use std::time::{Duration, Instant};

use super::{compat, introspect, lock};
use crate::session::server::{Policy, Throttle};
use crate::sync::{AtomicBool, Mutex};
use crate::types::message::{write_any_event, write_event};
use crate::types::{Event, Events as AnyEvent, Object, Style, Timestamp, Writer};
#[cfg(feature = "client")]
use crate::types::{Mode, Value, from_str};

/// Where a server's events are emitted. Clones stand for the same server.
///
/// Every monitor that has negotiated gets every event, in the order in which they were emitted, and an event that a
/// handler emits before that handler's reply. Events that guests can trigger are sent at most once a second, as by
/// the QEMU whose version the server gives out (QMP specification, "Asynchronous events").
///
/// Clients that ask for the schema are told of the events that a service's constant `EVENTS` or [`Router::event`] names. With
/// debug assertions on, emitting another one panics, and so does serving with a name that the schema does not have.
///
/// [`Router::event`]: super::Router::event
#[derive(Clone, Default)]
pub struct Events(Arc<Mutex<Shared>>);

#[derive(Default)]
struct Shared {
    monitors: Vec<Weak<Monitor>>,
    throttle: Throttle<Arc<[u8]>>,
    policy: Policy,
    /// The events that clients are told of, where there is a schema that tells them.
    declared: Option<HashSet<String>>,
    /// Of whoever calls when an interval of the throttle ends.
    timer: Option<Waker>,
}

/// What waits to be sent to one monitor.
#[derive(Default)]
pub(crate) struct Monitor {
    queue: Mutex<Queue>,
    /// Nothing happened since it was [drained](Self::drain).
    quiet: AtomicBool,
}

#[derive(Default)]
struct Queue {
    /// Whether the monitor gets events: not before it has negotiated.
    open: bool,
    events: VecDeque<Arc<[u8]>>,
    waker: Option<Waker>,
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Events to {} monitors", lock(&self.0).monitors.len())
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
    ///
    /// # Panics
    /// With debug assertions on, when clients are not told that there is this event.
    pub fn emit<E: Event>(&self, event: &E) {
        debug_assert!(self.is_declared(E::NAME), "{}", undeclared(E::NAME));
        self.send(E::NAME, E::FEATURES, |w, now| write_event(w, event, now));
    }

    /// Emits one of a schema's events. Its timestamp is now.
    ///
    /// # Panics
    /// As [`emit`](Self::emit).
    pub fn emit_any<E: AnyEvent>(&self, event: &E) {
        debug_assert!(
            self.is_declared(event.name()),
            "{}",
            undeclared(event.name())
        );
        self.send(event.name(), &[], |w, now| write_any_event(w, event, now));
    }

    /// Emits an event that no type describes, and that clients may not have been told of. Its timestamp is now.
    pub fn emit_raw(&self, name: &str, data: &Object) {
        self.send(name, &[], |w, now| {
            w.begin_object();
            w.key("timestamp");
            crate::types::codec::Encode::encode(&now, w);
            w.key("event");
            w.string(name);
            if !data.is_empty() {
                w.key("data");
                w.begin_object();
                for (key, value) in data {
                    w.key(key);
                    w.any(value);
                }
                w.end_object();
            }
            w.end_object();
        });
    }

    /// Passes on another server's event as it came: with its timestamp, and with members that nobody here knows. The limits
    /// are the other server's.
    ///
    /// # Errors
    /// When it is not JSON.
    #[cfg(feature = "client")]
    pub fn forward(&self, event: &crate::EventMessage) -> crate::types::Result<()> {
        let message: Value = from_str(event.text(), Mode::Lenient)?;
        let mut line = Vec::with_capacity(event.text().len());
        let mut writer = Writer::new(&mut line, Style::Ascii);
        writer.any(&message);
        writer.finish()?;
        lock(&self.0).broadcast(&line.into());
        Ok(())
    }

    /// Says what clients are told of. Without a schema they are told nothing.
    pub(crate) fn declare(&self, events: &[&str], schemas: &[&str]) {
        if schemas.is_empty() {
            return;
        }
        if cfg!(debug_assertions)
            && let Some(name) = introspect::missing_event(schemas, events)
        {
            panic!(
                "clients are to be told of the event '{name}', which the schema does not have; a `Router` gets another one by \
                 `Router::schema`"
            );
        }
        let declared = events.iter().map(|&name| name.to_owned()).collect();
        lock(&self.0).declared = Some(declared);
    }

    fn is_declared(&self, event: &str) -> bool {
        let shared = lock(&self.0);
        let declared = shared.declared.as_ref();
        declared.is_none_or(|declared| declared.contains(event))
    }

    /// Limits how often an event is sent: once in each interval; if a member of its data is given, once for each value of
    /// that. Without an interval it is sent as often as it is emitted.
    pub fn limit(&self, event: &str, member: Option<&str>, interval: Option<Duration>) {
        let mut shared = lock(&self.0);
        match interval {
            Some(interval) => shared.throttle.limit(event, member, interval),
            None => shared.throttle.unlimit(event),
        }
    }

    pub(crate) fn set_release(&self, major: i64, minor: i64) {
        lock(&self.0).throttle.set_release(major, minor);
    }

    pub(super) fn set_policy(&self, policy: Policy) {
        lock(&self.0).policy = policy;
    }

    fn send(&self, name: &str, features: &[&str], write: impl FnOnce(&mut Writer<'_>, Timestamp)) {
        // Timestamps are in the order of emission, so the lock comes first.
        let mut shared = lock(&self.0);
        if shared.policy.hides(features) {
            return;
        }
        let mut line = Vec::with_capacity(128);
        let hidden = compat::hidden(shared.policy);
        let mut writer = Writer::new(&mut line, Style::Ascii).hiding(hidden);
        write(&mut writer, Timestamp::now());
        if let Err(error) = writer.finish() {
            tracing::error!(event = name, %error, "an event cannot be expressed");
            return;
        }
        let event: Arc<[u8]> = line.into();
        let stored = match shared.throttle.offer(name, event, Instant::now()) {
            Some(event) => return shared.broadcast(&event),
            None => shared.timer.take(),
        };
        drop(shared);
        if let Some(waker) = stored {
            waker.wake();
        }
    }

    /// Sends events whose time has come. Says when the next one's may come; the waker is called if that gets earlier.
    pub(crate) fn expire(&self, waker: &Waker) -> Option<Instant> {
        let mut shared = lock(&self.0);
        let now = Instant::now();
        while let Some(event) = shared.throttle.expire(now) {
            shared.broadcast(&event);
        }
        shared.timer = Some(waker.clone());
        shared.throttle.due()
    }

    /// Has whoever drives a monitor look around.
    pub(super) fn wake_all(&self) {
        let monitors: Vec<_> = lock(&self.0)
            .monitors
            .iter()
            .filter_map(Weak::upgrade)
            .collect();
        monitors.iter().for_each(|monitor| monitor.wake());
    }

    /// Adds a monitor that gets events as soon as it is opened.
    pub(crate) fn monitor(&self) -> Arc<Monitor> {
        let monitor = Arc::new(Monitor::default());
        lock(&self.0).monitors.push(Arc::downgrade(&monitor));
        monitor
    }

    /// Takes a monitor away.
    pub(crate) fn leave(&self, monitor: &Arc<Monitor>) {
        let gone = Arc::as_ptr(monitor);
        let mut shared = lock(&self.0);
        if let Some(at) = shared.monitors.iter().position(|m| m.as_ptr() == gone) {
            shared.monitors.swap_remove(at);
        }
    }
}

fn undeclared(event: &str) -> String {
    format!(
        "'{event}' is emitted, and clients are not told of it: EVENTS, or Router::event, leaves it out"
    )
}

impl Shared {
    fn broadcast(&self, event: &Arc<[u8]>) {
        let monitors = self.monitors.iter().filter_map(Weak::upgrade);
        monitors.for_each(|monitor| monitor.push(event));
    }
}

impl Monitor {
    fn push(&self, event: &Arc<[u8]>) {
        let mut queue = lock(&self.queue);
        if queue.open {
            self.quiet.store(false, Ordering::SeqCst);
            queue.events.push_back(Arc::clone(event));
            let waker = queue.waker.take();
            drop(queue);
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }

    fn wake(&self) {
        let mut queue = lock(&self.queue);
        self.quiet.store(false, Ordering::SeqCst);
        let waker = queue.waker.take();
        drop(queue);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// From now on the monitor gets events.
    pub(crate) fn open(&self) {
        lock(&self.queue).open = true;
    }

    /// Whether there is nothing to drain, and the waker of the last time is still to be called when there is.
    pub(crate) fn is_quiet(&self) -> bool {
        self.quiet.load(Ordering::SeqCst)
    }

    /// Passes on the events that wait. When there are more, the waker is called.
    pub(crate) fn drain(&self, waker: &Waker, mut each: impl FnMut(&[u8])) {
        let mut queue = lock(&self.queue);
        match &mut queue.waker {
            Some(known) => known.clone_from(waker),
            none => *none = Some(waker.clone()),
        }
        let events = std::mem::take(&mut queue.events);
        self.quiet.store(true, Ordering::SeqCst);
        drop(queue);
        events.iter().for_each(|event| each(event));
    }
}
