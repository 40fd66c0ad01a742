//! What is to be sent.

use super::CallId;
use crate::queue::Queue;

/// A file descriptor that travels with a request.
#[cfg(unix)]
pub type Descriptor = std::os::fd::OwnedFd;
/// A file descriptor that travels with a request; there are none on this platform.
#[cfg(not(unix))]
pub type Descriptor = std::convert::Infallible;

/// Messages that are sent together are collected up to this length.
const COLLECT: usize = 64 << 10;

/// Bytes to be sent, and the descriptors that go with the first of them.
#[derive(Debug, Default)]
pub struct Output {
    /// Whole messages, each ended by a line break.
    pub bytes: Vec<u8>,
    /// To be closed when they have been sent.
    pub fds: Vec<Descriptor>,
}

/// Messages to be sent, in order, one by one so that each can still be withdrawn.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    /// By their numbers.
    messages: Queue<u64, (Option<CallId>, Output)>,
    last: u64,
    taken: u64,
    written: u64,
}

impl Outbox {
    /// Gives the message's number.
    pub(super) fn push(&mut self, id: Option<CallId>, output: Output) -> u64 {
        self.last += 1;
        self.messages.push(self.last, (id, output));
        self.last
    }

    pub(super) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    pub(super) fn clear(&mut self) {
        self.messages.clear();
    }

    pub(super) fn withdraw(&mut self, number: u64) {
        self.messages.remove(number);
    }

    /// Takes what can be sent together; `taken` is told for each call when all of it will have been written.
    pub(super) fn take(&mut self, mut taken: impl FnMut(CallId, u64)) -> Option<Output> {
        let mut all: Option<Output> = None;
        while let Some((_, next)) = self.messages.first() {
            // QEMU keeps only the last descriptors it got in one piece.
            let together = match &all {
                None => true,
                Some(all) => {
                    all.fds.is_empty()
                        && next.fds.is_empty()
                        && all.bytes.len() + next.bytes.len() <= COLLECT
                }
            };
            if !together {
                break;
            }
            let Some((_, (id, message))) = self.messages.pop() else {
                break;
            };
            self.taken += message.bytes.len() as u64;
            if let Some(id) = id {
                taken(id, self.taken);
            }
            match &mut all {
                None => all = Some(message),
                Some(all) => all.bytes.extend_from_slice(&message.bytes),
            }
        }
        all
    }

    pub(super) fn wrote(&mut self, bytes: usize) {
        self.written += bytes as u64;
    }

    pub(super) fn kept(&mut self, bytes: usize) {
        self.written -= bytes as u64;
    }

    /// For a new connection, on which nothing was sent.
    pub(super) fn restart(&mut self) {
        *self = Self {
            last: self.last,
            ..Self::default()
        };
    }

    /// How much was written of all that was ever taken.
    pub(super) fn written(&self) -> u64 {
        self.written
    }
}
