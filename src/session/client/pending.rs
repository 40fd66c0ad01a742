//! Requests that are not answered yet.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use super::CallId;
use crate::queue::Queue;

#[derive(Debug)]
pub(super) struct Pending {
    pub(super) id: CallId,
    /// The id on the wire, if it was sent with one.
    pub(super) wire_id: Option<u64>,
    pub(super) command: Cow<'static, str>,
    pub(super) place: Place,
    pub(super) in_band: bool,
    /// Descriptors go with it.
    pub(super) with_fds: bool,
    /// Nobody waits for the reply any more.
    pub(super) forgotten: bool,
    /// How many bytes had been received when it was made.
    pub(super) received: u64,
}

/// Where a request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Waiting until it may be sent.
    Held,
    /// To be sent next; its number there.
    Outbox(u64),
    /// Handed to the driver; complete when it has written this much.
    Taken(u64),
}

impl Pending {
    /// Whether the server may have got all of the request, its line break aside.
    pub(super) fn is_sent(&self, written: u64) -> bool {
        matches!(self.place, Place::Taken(end) if written + 1 >= end)
    }
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Unanswered {
    calls: Queue<CallId, Pending>,
    wire_ids: HashMap<u64, CallId, BuildHasherDefault<Spread>>,
}

/// A hash of ids, which this side gives and no peer can choose: five lookups for each call are to cost little.
#[derive(Debug, Default)]
struct Spread(u64);

impl Hasher for Spread {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(self.0 ^ u64::from(byte));
        }
    }

    fn write_u64(&mut self, number: u64) {
        // 2^64 by the golden ratio: close numbers come far apart.
        self.0 = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

impl Unanswered {
    pub(super) fn len(&self) -> usize {
        self.calls.len()
    }

    /// Whether nobody waits for any.
    pub(super) fn all_forgotten(&self) -> bool {
        self.calls.values().all(|call| call.forgotten)
    }

    pub(super) fn first(&self) -> Option<&Pending> {
        self.calls.first()
    }

    pub(super) fn last(&self) -> Option<&Pending> {
        self.calls.last()
    }

    pub(super) fn push(&mut self, pending: Pending) {
        if let Some(wire_id) = pending.wire_id {
            self.wire_ids.insert(wire_id, pending.id);
        }
        self.calls.push(pending.id, pending);
    }

    /// An id for the next call that no other one has, of few digits: QEMU reads byte by byte. It comes again only after
    /// others, should a server answer twice.
    pub(super) fn free_wire_id(&self, CallId(number): CallId) -> u64 {
        let mut range = 10;
        while self.calls.len() >= range / 4 * 3 {
            range *= 10;
        }
        let range = range as u64;
        let mut id = number % range;
        while self.wire_ids.contains_key(&id) {
            id = (id + 1) % range;
        }
        id
    }

    /// The call with this id on the wire.
    pub(super) fn named(&self, wire_id: u64) -> Option<CallId> {
        self.wire_ids.get(&wire_id).copied()
    }

    pub(super) fn get(&mut self, id: CallId) -> Option<&mut Pending> {
        self.calls.get_mut(id)
    }

    pub(super) fn remove(&mut self, id: CallId) -> Option<Pending> {
        let pending = self.calls.remove(id)?;
        if let Some(wire_id) = &pending.wire_id {
            self.wire_ids.remove(wire_id);
        }
        Some(pending)
    }

    /// Takes those out for which `condition` holds.
    pub(super) fn take(&mut self, condition: impl Fn(&Pending) -> bool) -> Vec<Pending> {
        let taken = self.calls.extract(condition);
        for pending in &taken {
            if let Some(wire_id) = &pending.wire_id {
                self.wire_ids.remove(wire_id);
            }
        }
        taken
    }
}
