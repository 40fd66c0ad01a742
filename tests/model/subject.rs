//! What histories are played with.

use proptest::test_runner::TestCaseError;

pub(crate) type Check = Result<(), TestCaseError>;

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Returned(String),
    Failed(String),
    Late { sent: bool },
    Closed,
    Unknown,
    Other(String),
}

/// What a subscriber is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    Event { number: u32, missed: u64 },
    Reconnected,
}

/// A client, with the transport between it and the server.
pub(crate) trait Subject {
    /// Virtual milliseconds that it takes at most until all that can be done is done.
    const TICK: u64;
    /// Whether a call that is past its deadline has ended when time has passed.
    const CLOCK: bool;
    /// How many milliseconds after its deadline.
    const GRACE: u64 = 1;
    /// Whether no event is dropped for want of room.
    const KEEPS_ALL: bool = false;

    /// Whether it can be asked for anything.
    fn is_connected(&mut self) -> bool;
    /// Makes the call of this number.
    fn call(&mut self, number: usize, oob: bool, deadline: u64) -> Result<(), Outcome>;
    /// Drops it; says whether it was sent, if that is known.
    fn forget(&mut self, number: usize) -> Option<bool>;
    /// What the server reads.
    fn read(&mut self, most: usize) -> Vec<u8>;
    /// What the server wrote.
    fn receive(&mut self, bytes: &[u8]);
    fn hang_up(&mut self);
    /// Whether the client has connected again.
    fn accept(&mut self) -> bool;
    /// The server reads no more; says whether the client can be told.
    fn deafen(&mut self) -> bool;
    /// Does all that can be done, and lets some time pass.
    fn pump(&mut self, milliseconds: u64);
    /// Does what can be done while no time passes; says whether it has a clock of its own.
    fn run_due(&mut self) -> bool {
        false
    }
    /// Capabilities are negotiated.
    fn ready(&mut self) {}
    /// How a call ended, if it has; `due` if it is to have.
    fn outcome(&mut self, number: usize, due: bool) -> Option<Outcome>;
    /// What the subscriber gets next.
    fn take(&mut self) -> Option<Told>;
    fn is_closed(&mut self) -> bool;
    /// Milliseconds that have passed.
    fn now(&self) -> u64 {
        0
    }
    /// What only it knows.
    fn check(&mut self) -> Check {
        Ok(())
    }
}
