//! The connection at hand.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::session::Session;

/// The connection at hand, which is another one after the server came back.
pub(crate) type Current = Arc<Mutex<Arc<Session>>>;

pub(crate) fn current(current: &Current) -> Arc<Session> {
    Arc::clone(&lock(current))
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
