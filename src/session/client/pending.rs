//! Requests that are not answered yet.

use std::borrow::Cow;

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
    /// There is a reply only if it fails.
    pub(super) silent: bool,
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
    /// The call that got an id on the wire last, for each that comes round again. It may have ended.
    ids: Vec<CallId>,
}

/// As many ids as may come round while nobody needs more.
const FEW: usize = 100;

impl Unanswered {
    pub(super) fn len(&self) -> usize {
        self.calls.len()
    }

    /// Whether nobody waits for any.
    pub(super) fn all_forgotten(&self) -> bool {
        self.calls.values().all(|call| call.forgotten)
    }

    pub(super) fn last(&self) -> Option<&Pending> {
        self.calls.last()
    }

    pub(super) fn push(&mut self, pending: Pending) {
        self.calls.push(pending.id, pending);
    }

    /// An id for the next call that no other one has, of few digits: QEMU reads byte by byte. It comes again only after
    /// others, should a server answer twice.
    pub(super) fn free_wire_id(&mut self, call: CallId) -> u64 {
        let mut range = 10;
        while self.calls.len() >= range / 4 * 3 {
            range *= if range < 1000 { 10 } else { 2 };
        }
        if self.ids.len() < range {
            self.ids.resize(range, CallId(0));
        }
        let mut id = (call.0 % range as u64) as usize;
        while self.has(self.ids[id], id as u64) {
            id = (id + 1) % range;
        }
        self.ids[id] = call;
        id as u64
    }

    fn has(&self, call: CallId, wire_id: u64) -> bool {
        let call = self.calls.get(call);
        call.is_some_and(|call| call.wire_id == Some(wire_id))
    }

    /// The call with this id on the wire.
    pub(super) fn named(&self, wire_id: u64) -> Option<CallId> {
        let round = usize::try_from(wire_id)
            .ok()
            .and_then(|id| self.ids.get(id));
        // An id that does not come round is the call's own number.
        let call = round.copied().unwrap_or(CallId(wire_id));
        self.has(call, wire_id).then_some(call)
    }

    /// The call without an id on the wire, before which there is no other one.
    pub(super) fn anonymous(&self) -> Option<CallId> {
        let first = self.calls.first()?;
        first.wire_id.is_none().then_some(first.id)
    }

    pub(super) fn get(&mut self, id: CallId) -> Option<&mut Pending> {
        self.calls.get_mut(id)
    }

    pub(super) fn remove(&mut self, id: CallId) -> Option<Pending> {
        let pending = self.calls.remove(id)?;
        if self.calls.is_empty() && self.ids.len() > FEW {
            self.ids = Vec::new();
        }
        Some(pending)
    }

    /// Takes one out if `condition` holds for it.
    pub(super) fn remove_if(
        &mut self,
        id: CallId,
        condition: impl Fn(&Pending) -> bool,
    ) -> Option<Pending> {
        match condition(self.calls.get(id)?) {
            true => self.remove(id),
            false => None,
        }
    }

    /// Takes those out for which `condition` holds.
    pub(super) fn take(&mut self, condition: impl Fn(&Pending) -> bool) -> Vec<Pending> {
        self.calls.extract(condition)
    }
}
