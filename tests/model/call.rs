//! A call, as the model knows it.

use crate::model::subject::Outcome;

#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) oob: bool,
    /// When it is to end, if it is not to wait for long.
    pub(crate) deadline: Option<u64>,
    /// How much was received when it was made.
    pub(crate) received: usize,
    pub(crate) awaited: bool,
    /// The connection on which the server read it.
    pub(crate) arrived: Option<usize>,
    /// It came to a monitor that has replaced the one it was for.
    pub(crate) refused: bool,
    /// What the server has answered.
    pub(crate) answer: Option<Outcome>,
    /// The client has the answer, or the connection has ended since.
    pub(crate) settled: bool,
    pub(crate) answered_at: u64,
    /// What it must get now.
    pub(crate) expected: Option<Outcome>,
    /// The connection has ended, and may have taken it along.
    pub(crate) adrift: bool,
    /// The client was told that it was not sent.
    pub(crate) unsent: bool,
    /// The connection on which the client gave it up or was told that nothing is known of it.
    pub(crate) left: Option<usize>,
}

impl Call {
    /// Whether it may end like this now.
    pub(crate) fn may_end(&self, outcome: &Outcome, now: u64, tick: u64, deaf: bool) -> bool {
        match outcome {
            Outcome::Late { sent } => {
                // Where the reply comes at that very time, either is right.
                let deadline = self.deadline.unwrap_or(u64::MAX);
                let in_time = self.expected.is_some() && deadline > self.answered_at + 2 * tick;
                deadline <= now && !in_time && (*sent || self.arrived.is_none())
            }
            Outcome::Closed => (self.adrift || deaf) && self.arrived.is_none(),
            Outcome::Unknown if self.adrift || deaf => true,
            outcome => self.expected.as_ref() == Some(outcome),
        }
    }
}
