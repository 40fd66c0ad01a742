//! Wakers that make the server's descriptor readable.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::task::{Wake, Waker};

use rustix::event::{EventfdFlags, eventfd};

use crate::sync::{AtomicBool, Mutex};

/// Keys of what was woken, and the descriptor that tells of it.
#[derive(Debug)]
pub(super) struct Woken {
    keys: Mutex<Vec<u64>>,
    pub(super) fd: OwnedFd,
}

/// Wakes one thing.
struct Token {
    woken: Arc<Woken>,
    key: u64,
    /// Whether the key is in the list.
    listed: AtomicBool,
}

/// A waker, and what takes its key off the list.
#[derive(Clone)]
pub(super) struct Alarm {
    pub(super) waker: Waker,
    token: Arc<Token>,
}

impl Woken {
    pub(super) fn new() -> io::Result<Arc<Self>> {
        let fd = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        let keys = Mutex::default();
        Ok(Arc::new(Self { keys, fd }))
    }

    /// What was woken since the last time.
    pub(super) fn take(&self) -> Vec<u64> {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if !keys.is_empty() {
            // A wake that comes now waits for the lock, and writes again.
            let _ = rustix::io::read(&self.fd, &mut [0; 8]);
        }
        std::mem::take(&mut *keys)
    }

    pub(super) fn alarm(self: &Arc<Self>, key: u64) -> Alarm {
        let token = Arc::new(Token {
            woken: Arc::clone(self),
            key,
            listed: AtomicBool::new(false),
        });
        Alarm {
            waker: Waker::from(Arc::clone(&token)),
            token,
        }
    }
}

impl Alarm {
    /// The key was taken off the list: from now on it may be woken again.
    pub(super) fn reset(&self) {
        self.token.listed.store(false, Ordering::SeqCst);
    }
}

impl Wake for Token {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.listed.swap(true, Ordering::SeqCst) {
            return;
        }
        let woken = &self.woken;
        let mut keys = woken.keys.lock().unwrap_or_else(PoisonError::into_inner);
        keys.push(self.key);
        if keys.len() == 1 {
            // It is full only if it is readable already.
            let _ = rustix::io::write(&woken.fd, &1u64.to_ne_bytes());
        }
    }
}
