//! What all connections of a server share.

use std::collections::HashMap;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Waker;

use super::library::Library;
use super::options::Options;
use crate::service::{Control, Dispatch};
use crate::session::server::Arbiter;
use crate::sync::{AtomicBool, Mutex, MutexGuard};

/// A server without its connections.
pub(crate) struct Core<D> {
    pub(crate) dispatch: D,
    pub(crate) options: Options,
    pub(crate) control: Control,
    pub(crate) library: Library,
    pub(crate) turns: Turns,
    clients: AtomicU64,
}

impl<D: Dispatch> Core<D> {
    pub(crate) fn new(dispatch: D, options: Options) -> Self {
        let release = options.release;
        let events = options.control.events();
        events.set_release(release.major, release.minor);
        events.declare(&dispatch.events(), &dispatch.schemas());
        Self {
            library: Library::new(&options),
            control: options.control.clone(),
            turns: Turns::default(),
            clients: AtomicU64::new(0),
            dispatch,
            options,
        }
    }

    /// The number of the next client.
    pub(crate) fn next_client(&self) -> u64 {
        self.clients.fetch_add(1, Ordering::Relaxed)
    }
}

/// Whose in-band command is executing. Connections take turns.
#[derive(Debug, Default)]
pub(crate) struct Turns {
    state: Mutex<State>,
    /// Whether somebody waits.
    awaited: AtomicBool,
}

#[derive(Debug, Default)]
struct State {
    holder: Option<u64>,
    arbiter: Arbiter<u64>,
    waiting: HashMap<u64, Waker>,
}

impl Turns {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// To be called under the lock.
    fn note(&self, state: &State) {
        let is_awaited = !state.waiting.is_empty();
        self.awaited.store(is_awaited, Ordering::Relaxed);
    }

    /// Whether somebody waits for a turn, without the lock.
    pub(crate) fn are_awaited(&self) -> bool {
        self.awaited.load(Ordering::Relaxed)
    }

    /// Whether it is this connection's turn now; if not, the waker is called when it is.
    pub(crate) fn take(&self, key: u64, waker: &Waker) -> bool {
        let mut state = self.lock();
        if state.holder == Some(key) {
            return true;
        }
        if state.holder.is_none() && state.waiting.is_empty() {
            state.holder = Some(key);
            return true;
        }
        state.arbiter.wait(key);
        state.waiting.insert(key, waker.clone());
        self.note(&state);
        false
    }

    /// Ends this connection's turn, if it has it now.
    pub(crate) fn done(&self, key: u64) -> bool {
        let mut state = self.lock();
        if state.holder != Some(key) {
            return false;
        }
        state.arbiter.done();
        state.holder = state.arbiter.next_turn();
        let next = state.holder;
        let waker = next.and_then(|key| state.waiting.remove(&key));
        self.note(&state);
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
        true
    }

    /// This connection is gone.
    pub(crate) fn leave(&self, key: u64) {
        let mut state = self.lock();
        state.arbiter.leave(&key);
        state.waiting.remove(&key);
        self.note(&state);
        drop(state);
        self.done(key);
    }
}
