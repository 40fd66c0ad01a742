//! What is to be sent.

use std::mem;
use std::ops::Range;

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

/// Bytes that may be kept beyond as many as are still to be sent, before the others are closed up.
const SLACK: usize = 4 << 10;

/// Messages to be sent, in order, each of which can still be withdrawn. They are written one behind the other, as they are
/// sent together.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    bytes: Vec<u8>,
    /// How much was in `bytes` before what is there now.
    before: u64,
    /// Bytes of those withdrawn or taken.
    gone: usize,
    /// By their numbers.
    messages: Queue<u64, Message>,
    last: u64,
    taken: u64,
    written: u64,
}

#[derive(Debug)]
struct Message {
    id: Option<CallId>,
    /// Where it begins in all that was ever in `bytes`.
    start: u64,
    len: usize,
    fds: Vec<Descriptor>,
}

impl Outbox {
    /// Where the next message is to be written, behind what is there.
    pub(super) fn space(&mut self) -> &mut Vec<u8> {
        if self.bytes.capacity() == 0 {
            self.bytes = Vec::with_capacity(128);
        }
        &mut self.bytes
    }

    /// Adds the message that was written from `start` on. Gives its number.
    pub(super) fn push(&mut self, id: Option<CallId>, start: usize, fds: Vec<Descriptor>) -> u64 {
        self.last += 1;
        let message = Message {
            id,
            start: self.before + start as u64,
            len: self.bytes.len() - start,
            fds,
        };
        self.messages.push(self.last, message);
        self.last
    }

    /// Adds a message that was written elsewhere.
    pub(super) fn add(&mut self, id: Option<CallId>, output: Output) -> u64 {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&output.bytes);
        self.push(id, start, output.fds)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    pub(super) fn clear(&mut self) {
        self.messages.clear();
        self.tidy();
    }

    pub(super) fn withdraw(&mut self, number: u64) {
        if let Some(message) = self.messages.remove(number) {
            self.gone += message.len;
            self.tidy();
        }
    }

    /// Takes what can be sent together; `taken` is told for each call when all of it will have been written.
    pub(super) fn take(&mut self, mut taken: impl FnMut(CallId, u64)) -> Option<Output> {
        let (_, first) = self.messages.pop()?;
        let mut run = self.place(&first);
        let mut length = first.len;
        if let Some(id) = first.id {
            taken(id, self.taken + length as u64);
        }
        let mut bytes = Vec::new();
        // QEMU keeps only the last descriptors it got in one piece.
        while let Some(next) = self.messages.first()
            && first.fds.is_empty()
            && next.fds.is_empty()
            && length + next.len <= COLLECT
            && let Some((_, next)) = self.messages.pop()
        {
            let place = self.place(&next);
            if place.start == run.end {
                run.end = place.end;
            } else {
                bytes.extend_from_slice(&self.bytes[run]);
                run = place;
            }
            length += next.len;
            if let Some(id) = next.id {
                taken(id, self.taken + length as u64);
            }
        }
        self.taken += length as u64;
        self.gone += length;
        if bytes.is_empty() && run == (0..self.bytes.len()) {
            self.before += run.end as u64;
            self.gone = 0;
            bytes = mem::take(&mut self.bytes);
        } else {
            bytes.extend_from_slice(&self.bytes[run]);
            self.tidy();
        }
        let fds = first.fds;
        Some(Output { bytes, fds })
    }

    fn place(&self, message: &Message) -> Range<usize> {
        let start = (message.start - self.before) as usize;
        start..start + message.len
    }

    /// Drops what is gone, once that is the greater part.
    fn tidy(&mut self) {
        if !self.messages.is_empty() && self.gone <= self.bytes.len() / 2 + SLACK {
            return;
        }
        let bytes = mem::take(&mut self.bytes);
        let after = self.before + bytes.len() as u64;
        for message in self.messages.values_mut() {
            let start = (message.start - self.before) as usize;
            message.start = after + self.bytes.len() as u64;
            let text = &bytes[start..start + message.len];
            self.bytes.extend_from_slice(text);
        }
        self.before = after;
        self.gone = 0;
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

#[cfg(all(test, unix))]
mod tests {
    use std::collections::VecDeque;

    use proptest::prelude::*;

    use super::*;

    fn descriptor() -> Descriptor {
        std::io::pipe().unwrap().0.into()
    }

    proptest! {
        #[test]
        fn what_is_not_withdrawn_is_sent_in_order(
            steps in prop::collection::vec((0..8, 0..9000_usize), 0..200),
        ) {
            let mut outbox = Outbox::default();
            let mut waiting: VecDeque<(u64, CallId, Vec<u8>, bool)> = VecDeque::new();
            let mut end = 0;
            for (number, (step, size)) in (1..).zip(steps) {
                match step {
                    0..=3 => {
                        let (id, with_fds) = (CallId(number), step == 0);
                        let bytes = vec![number as u8; size + 1];
                        let fds = if with_fds { vec![descriptor()] } else { Vec::new() };
                        let number = if step == 1 {
                            outbox.add(Some(id), Output { bytes: bytes.clone(), fds })
                        } else {
                            let start = outbox.space().len();
                            outbox.space().extend_from_slice(&bytes);
                            outbox.push(Some(id), start, fds)
                        };
                        waiting.push_back((number, id, bytes, with_fds));
                    }
                    4..=6 if !waiting.is_empty() => {
                        if let Some((number, ..)) = waiting.remove(size % waiting.len()) {
                            outbox.withdraw(number);
                            outbox.withdraw(number);
                        }
                    }
                    _ => {
                        let mut ends = Vec::new();
                        let taken = outbox.take(|id, end| ends.push((id, end)));
                        let Some(taken) = taken else {
                            prop_assert!(waiting.is_empty());
                            continue;
                        };
                        let mut bytes = Vec::new();
                        for (id, until) in ends {
                            let (_, first, text, with_fds) = waiting.pop_front().unwrap();
                            end += text.len() as u64;
                            prop_assert_eq!((id, until), (first, end));
                            prop_assert_eq!(!taken.fds.is_empty(), with_fds);
                            prop_assert!(bytes.is_empty() || !with_fds);
                            bytes.extend(text);
                        }
                        prop_assert!(taken.bytes == bytes);
                    }
                }
                prop_assert_eq!(outbox.is_empty(), waiting.is_empty());
                let live: usize = waiting.iter().map(|(_, _, bytes, _)| bytes.len()).sum();
                prop_assert!(outbox.bytes.len() <= 2 * (live + SLACK));
            }
        }
    }
}
