//! What a session hands out to be executed.

#[cfg(unix)]
use std::os::fd::OwnedFd;
#[cfg(unix)]
use std::sync::{Arc, Mutex, PoisonError};

use qapi_types::message::{OwnedRequest, Raw};

/// Says which request a reply is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ticket(pub(super) u64);

/// A request that is well-formed and whose turn it is.
#[derive(Debug)]
pub struct Request {
    pub(super) ticket: Ticket,
    pub(super) inner: OwnedRequest,
    #[cfg(unix)]
    pub(super) descriptors: Option<Descriptors>,
}

impl Request {
    /// To be given with the reply.
    #[must_use]
    pub fn ticket(&self) -> Ticket {
        self.ticket
    }

    /// The command's name, known or not.
    #[must_use]
    pub fn command(&self) -> &str {
        self.inner.command()
    }

    /// Whether it is to be executed out of band: at once, without blocking.
    #[must_use]
    pub fn is_oob(&self) -> bool {
        self.inner.is_oob()
    }

    /// The arguments, an object; absent means none.
    #[must_use]
    pub fn arguments(&self) -> Option<Raw<'_>> {
        self.inner.arguments()
    }

    /// The id; the session echoes it by itself.
    #[must_use]
    pub fn id(&self) -> Option<Raw<'_>> {
        self.inner.id()
    }

    /// The descriptors that came with the bytes of this request.
    #[cfg(unix)]
    #[must_use]
    pub fn descriptors(&self) -> Option<&Descriptors> {
        self.descriptors.as_ref()
    }
}

/// Descriptors that came with the same bytes of input, in their order. Several requests may have been in these bytes;
/// the kernel does not say which of them is meant, so that all may take. Those nobody took are closed with the last
/// handle.
#[cfg(unix)]
#[derive(Clone, Debug)]
pub struct Descriptors(Arc<Mutex<Vec<OwnedFd>>>);

#[cfg(unix)]
impl Descriptors {
    pub(super) fn new(mut fds: Vec<OwnedFd>) -> Self {
        fds.reverse();
        Self(Arc::new(Mutex::new(fds)))
    }

    /// Takes the first one left.
    #[must_use]
    pub fn take(&self) -> Option<OwnedFd> {
        // A vector is whole whatever panicked.
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }
}

/// Descriptors by the bytes they came with.
#[cfg(unix)]
#[derive(Debug, Default)]
pub(super) struct Arrivals(std::collections::VecDeque<Arrival>);

#[cfg(unix)]
#[derive(Debug)]
struct Arrival {
    start: u64,
    end: u64,
    /// Whether nothing but whitespace came with them. They are for the next request then: QEMU keeps descriptors until
    /// somebody takes them, and its own client library sends them so.
    ahead: bool,
    descriptors: Descriptors,
}

#[cfg(unix)]
impl Arrivals {
    /// Later ones are closed instead of the earliest. Transports read only when all earlier input was taken in, so that
    /// more than two come only from a peer that sends descriptors with every piece of one request.
    const MOST: usize = 4;

    /// Those that came with these bytes, the first of which is at `start`.
    pub(super) fn push(&mut self, start: u64, bytes: &[u8], fds: Vec<OwnedFd>) {
        if self.0.len() == Self::MOST {
            self.0.pop_front();
        }
        let descriptors = Descriptors::new(fds);
        self.0.push_back(Arrival {
            start,
            end: start + bytes.len() as u64,
            ahead: bytes.iter().all(|byte| super::lexer::is_space(*byte)),
            descriptors,
        });
    }

    /// Those for the request with the bytes from `start` to `end`.
    pub(super) fn claim(&mut self, start: u64, end: u64) -> Option<Descriptors> {
        self.release(start);
        let last = self.0.iter().rev().find(|arrival| arrival.start < end);
        let found = last.map(|arrival| arrival.descriptors.clone());
        self.0.retain(|arrival| arrival.end > end);
        found
    }

    /// No request with bytes before this one will come any more.
    pub(super) fn release(&mut self, start: u64) {
        self.0
            .retain(|arrival| arrival.end > start || arrival.ahead);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}
