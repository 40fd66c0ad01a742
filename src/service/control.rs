//! What is shared by a server, its service, and whoever else has a say.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Waker;

use super::{Events, lock};
use crate::session::server::{Gate, Policy};
use crate::sync::{AtomicBool, Mutex};

/// A handle on a server: where events are emitted, what is allowed at present, and when it ends. Clones stand for the
/// same server; handlers find it in their [`Call`](super::Call).
#[derive(Clone, Debug, Default)]
pub struct Control(Arc<State>);

#[derive(Debug, Default)]
struct State {
    events: Events,
    gate: Mutex<Gate>,
    /// Whether the gate's policy is another one than that by default, which is asked for twice with each command.
    judges: AtomicBool,
    stop: AtomicBool,
    crash: AtomicBool,
    /// Of those who wait for the end and drive no monitor, by key.
    waiting: Mutex<HashMap<u64, Waker>>,
}

impl Control {
    /// Of a server to come.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Its events.
    #[must_use]
    pub fn events(&self) -> &Events {
        &self.0.events
    }

    /// Looks at, or changes, which commands may be executed: before the machine is built, while filesystems are frozen,
    /// by lists, by policy.
    pub fn gate<T>(&self, look: impl FnOnce(&mut Gate) -> T) -> T {
        let mut gate = lock(&self.0.gate);
        let result = look(&mut gate);
        let policy = gate.policy();
        self.0.events.set_policy(policy);
        let judges = policy != Policy::default();
        self.0.judges.store(judges, Ordering::SeqCst);
        result
    }

    pub(crate) fn with_gate<T>(&self, look: impl FnOnce(&Gate) -> T) -> T {
        look(&lock(&self.0.gate))
    }

    /// What to do with what is deprecated or unstable.
    #[must_use]
    pub fn policy(&self) -> Policy {
        match self.0.judges.load(Ordering::SeqCst) {
            true => self.with_gate(Gate::policy),
            false => Policy::default(),
        }
    }

    /// Ends the server: it takes no more clients and starts no more commands, answers those that are executing, writes
    /// what waits to be written, and closes its connections.
    pub fn shut_down(&self) {
        self.0.stop.store(true, Ordering::SeqCst);
        let waiting = std::mem::take(&mut *lock(&self.0.waiting));
        waiting.into_values().for_each(Waker::wake);
        self.0.events.wake_all();
    }

    /// Ends the server without answering anything more.
    pub(crate) fn crash(&self) {
        self.0.crash.store(true, Ordering::SeqCst);
        self.shut_down();
    }

    /// Whether the server is ending or has ended.
    #[must_use]
    pub fn is_shut_down(&self) -> bool {
        self.0.stop.load(Ordering::SeqCst)
    }

    pub(crate) fn is_crashed(&self) -> bool {
        self.0.crash.load(Ordering::SeqCst)
    }

    /// Has somebody woken when the server is to end.
    pub(crate) fn wait(&self, key: u64, waker: &Waker) {
        lock(&self.0.waiting).insert(key, waker.clone());
        if self.is_shut_down() {
            waker.wake_by_ref();
        }
    }

    /// Nobody is to be woken by this key any more.
    #[cfg(feature = "tokio")]
    pub(crate) fn forget(&self, key: u64) {
        lock(&self.0.waiting).remove(&key);
    }
}
