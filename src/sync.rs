//! Locks and atomics: those of the standard library, or those of shuttle in tests that try threads in many orders.

#[cfg(not(all(test, shuttle)))]
pub(crate) use std::sync::{Mutex, MutexGuard};

#[cfg(all(test, shuttle))]
pub(crate) use shuttle::sync::{Mutex, MutexGuard};

#[cfg(all(feature = "client", not(all(test, shuttle))))]
pub(crate) use std::sync::Condvar;

#[cfg(all(feature = "client", all(test, shuttle)))]
pub(crate) use shuttle::sync::Condvar;

#[cfg(all(feature = "server", not(all(test, shuttle))))]
pub(crate) use std::sync::atomic::AtomicBool;

#[cfg(all(feature = "server", all(test, shuttle)))]
pub(crate) use shuttle::sync::atomic::AtomicBool;
