//! Requests that are not answered yet.

use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};

use super::CallId;

#[derive(Debug)]
pub(super) struct Pending {
    pub(super) id: CallId,
    /// The id on the wire, if it was sent with one.
    pub(super) wire_id: Option<u64>,
    pub(super) command: Cow<'static, str>,
    pub(super) place: Place,
    pub(super) in_band: bool,
    /// Nobody waits for the reply any more.
    pub(super) forgotten: bool,
}

/// Where a request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Waiting until it may be sent.
    Held,
    /// To be sent next.
    Outbox,
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
    /// In the order of their ids.
    calls: VecDeque<Pending>,
    wire_ids: HashMap<u64, CallId>,
}

impl Unanswered {
    pub(super) fn len(&self) -> usize {
        self.calls.len()
    }

    pub(super) fn first(&self) -> Option<&Pending> {
        self.calls.front()
    }

    pub(super) fn last(&self) -> Option<&Pending> {
        self.calls.back()
    }

    pub(super) fn push(&mut self, pending: Pending) {
        if let Some(wire_id) = pending.wire_id {
            self.wire_ids.insert(wire_id, pending.id);
        }
        self.calls.push_back(pending);
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

    pub(super) fn find(&self, id: CallId) -> Option<usize> {
        // Replies mostly come in order.
        if self.calls.front().is_some_and(|first| first.id == id) {
            return Some(0);
        }
        self.calls
            .binary_search_by_key(&id, |pending| pending.id)
            .ok()
    }

    pub(super) fn find_wire_id(&self, id: u64) -> Option<usize> {
        self.find(*self.wire_ids.get(&id)?)
    }

    pub(super) fn get(&mut self, id: CallId) -> Option<&mut Pending> {
        let index = self.find(id)?;
        self.calls.get_mut(index)
    }

    pub(super) fn at(&self, index: usize) -> Option<&Pending> {
        self.calls.get(index)
    }

    pub(super) fn remove(&mut self, index: usize) -> Option<Pending> {
        let pending = self.calls.remove(index)?;
        if let Some(wire_id) = &pending.wire_id {
            self.wire_ids.remove(wire_id);
        }
        Some(pending)
    }

    /// Takes those out for which `condition` holds.
    pub(super) fn take(&mut self, condition: impl Fn(&Pending) -> bool) -> VecDeque<Pending> {
        let (taken, left) = std::mem::take(&mut self.calls)
            .into_iter()
            .partition(condition);
        self.calls = left;
        for pending in &taken {
            if let Some(wire_id) = &pending.wire_id {
                self.wire_ids.remove(wire_id);
            }
        }
        taken
    }
}
