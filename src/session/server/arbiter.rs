//! Turns of the sessions that share one dispatcher.

use std::collections::{HashSet, VecDeque};
use std::hash::Hash;

/// Says which of several sessions may execute its next in-band request.
///
/// QEMU's monitors share one dispatcher: commands of different monitors never run at the same time, and no monitor gets
/// a second turn while another one waits. Requests out of band take no turn.
///
/// Sessions are told apart by a key, which is not to be used again after [`leave`](Self::leave).
///
/// ```
/// # use qapi_rt::session::server::Arbiter;
/// let mut arbiter = Arbiter::new();
/// arbiter.wait("first");
/// arbiter.wait("second");
/// assert_eq!(arbiter.next_turn(), Some("first"));
/// // Until that is done, nobody else has a turn.
/// assert_eq!(arbiter.next_turn(), None);
/// arbiter.wait("first");
/// arbiter.done();
/// assert_eq!(arbiter.next_turn(), Some("second"));
/// ```
#[derive(Debug)]
pub struct Arbiter<K> {
    /// In the order of their turns, each at most once; also those that left.
    queue: VecDeque<K>,
    /// Those in the queue that did not leave.
    waiting: HashSet<K>,
    busy: bool,
}

impl<K: Clone + Eq + Hash> Arbiter<K> {
    /// Without sessions.
    #[must_use]
    pub fn new() -> Self {
        Self {
            queue: VecDeque::new(),
            waiting: HashSet::new(),
            busy: false,
        }
    }

    /// A session has an in-band request to be executed: to be called whenever its
    /// [`has_in_band`](super::Session::has_in_band) is true, as often as one likes.
    pub fn wait(&mut self, session: K) {
        if self.waiting.insert(session.clone()) {
            self.queue.push_back(session);
        }
    }

    /// Whose turn it is, unless somebody's request is executing. [`done`](Self::done) ends the turn, also if there turns
    /// out to be nothing to execute.
    #[must_use = "the turn has to be ended"]
    pub fn next_turn(&mut self) -> Option<K> {
        if self.busy {
            return None;
        }
        loop {
            let session = self.queue.pop_front()?;
            if self.waiting.remove(&session) {
                self.busy = true;
                return Some(session);
            }
        }
    }

    /// The request has been executed, whether or not its session is still there.
    pub fn done(&mut self) {
        self.busy = false;
    }

    /// A session that waits no longer.
    pub fn leave(&mut self, session: &K) {
        self.waiting.remove(session);
    }
}

impl<K: Clone + Eq + Hash> Default for Arbiter<K> {
    fn default() -> Self {
        Self::new()
    }
}
