//! Connecting, and when to try again.

use std::fmt;
use std::io;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use crate::address::Address;
use crate::error::{ConnectPhase, Error, ErrorKind};

/// Pauses between two attempts to connect: the first, and the longest.
pub(crate) const PAUSE: Duration = Duration::from_millis(1);
pub(crate) const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// An attempt that failed.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) phase: ConnectPhase,
    pub(crate) error: io::Error,
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        let phase = ConnectPhase::Connecting;
        Self { phase, error }
    }
}

/// Attempts to connect, one after the other.
#[derive(Debug)]
pub(crate) struct Attempts<'a> {
    address: &'a Address,
    deadline: Instant,
    /// Whether a server that does not listen yet is waited for.
    patient: bool,
    pause: Duration,
    last: Option<io::Error>,
}

impl<'a> Attempts<'a> {
    pub(crate) fn new(address: &'a Address, deadline: Instant, patient: bool) -> Self {
        Self {
            address,
            deadline,
            patient,
            pause: PAUSE,
            last: None,
        }
    }

    /// # Errors
    /// When there is no time left for another one.
    pub(crate) fn check(&mut self, now: Instant) -> Result<(), Error> {
        if now < self.deadline {
            return Ok(());
        }
        Err(self.late(ConnectPhase::Connecting))
    }

    /// When to try again after an attempt that failed.
    ///
    /// # Errors
    /// When that would be of no use.
    pub(crate) fn failed(&mut self, failed: Failed, now: Instant) -> Result<Instant, Error> {
        let Failed { phase, error } = failed;
        match error.kind() {
            io::ErrorKind::TimedOut if now >= self.deadline => return Err(self.late(phase)),
            // A listener's queue is full.
            io::ErrorKind::WouldBlock => {}
            _ if self.patient && may_come(&error) => {}
            _ => return Err(Error::io(error).connecting(Some(self.address), phase)),
        }
        self.last = Some(error);
        let next = now + self.pause;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        Ok(next.min(self.deadline))
    }

    /// That there is no time left.
    pub(crate) fn late(&mut self, phase: ConnectPhase) -> Error {
        let error = Error::new(ErrorKind::Deadline { sent: false });
        let error = match self.last.take() {
            Some(last) => error.because(&Error::io(last)),
            None => error,
        };
        error.connecting(Some(self.address), phase)
    }
}

/// Whether a server that is starting may make the difference.
fn may_come(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
    )
}

/// When to knock again at a server that has greeted and does not answer.
///
/// QEMU can be left waiting for a second client by one that comes while it starts (10.0.2 is, rarely, on a busy machine).
/// It goes on as soon as there is one, which it turns away.
#[derive(Debug)]
pub(crate) struct Knocks {
    next: Instant,
    pause: Duration,
}

/// How long after the first connection the first knock comes.
const FIRST_KNOCK: Duration = Duration::from_secs(5);

/// How long a knock may take.
pub(crate) const KNOCK: Duration = Duration::from_millis(20);

impl Knocks {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            next: now + FIRST_KNOCK,
            pause: FIRST_KNOCK,
        }
    }

    /// Until when to wait for something else before one may be due.
    pub(crate) fn next(&self, until: Instant) -> Instant {
        until.min(self.next)
    }

    /// Whether it is time for one.
    pub(crate) fn are_due(&mut self, now: Instant) -> bool {
        let due = now >= self.next;
        if due {
            self.pause *= 2;
            self.next = now + self.pause;
        }
        due
    }
}

/// The pause before the first of [`SecondTries`]; each after it is five times as long. Without any they are over before the server
/// of a busy machine has gone on.
const FIRST_PAUSE: Duration = Duration::from_millis(4);

/// How often a server that was just starting is connected once more, since the connection before was
/// [doubtful](crate::session::client), or turned away.
#[derive(Debug)]
pub(crate) struct SecondTries {
    left: u32,
    pause: Duration,
    /// The server may be just starting.
    starting: bool,
}

impl SecondTries {
    /// `starting` says that the caller waits for the server. Without an address there is only the one connection.
    pub(crate) fn new(address: Option<&Address>, starting: bool) -> Self {
        let left = match address {
            None | Some(Address::Fd(_)) => 0,
            Some(_) => 3,
        };
        Self {
            left,
            pause: FIRST_PAUSE,
            starting,
        }
    }

    pub(crate) fn are_left(&self) -> bool {
        self.left > 0
    }

    /// When to begin another one.
    pub(crate) fn next(&mut self, now: Instant, deadline: Instant) -> Instant {
        self.left = self.left.saturating_sub(1);
        self.starting = true;
        let next = deadline.min(now + self.pause);
        self.pause *= 5;
        next
    }

    /// Whether the try may have been turned away by a thread of the server that was left waiting for a second client.
    pub(crate) fn may_repeat(&self, error: &Error) -> bool {
        let phase = error.connect_phase();
        self.starting && self.are_left() && error.is_end() && phase == Some(ConnectPhase::Greeting)
    }
}

/// The server's process, as far as it can be looked at.
#[derive(Default)]
pub(crate) struct Child<'a>(Option<Box<Exited<'a>>>);

type Exited<'a> = dyn FnMut() -> io::Result<Option<ExitStatus>> + Send + 'a;

impl<'a> Child<'a> {
    pub(crate) fn new(exited: impl FnMut() -> io::Result<Option<ExitStatus>> + Send + 'a) -> Self {
        Self(Some(Box::new(exited)))
    }

    /// # Errors
    /// When it has exited.
    pub(crate) fn check(&mut self) -> Result<(), Error> {
        match self.0.as_mut().map(|exited| exited()) {
            Some(Ok(Some(status))) => Err(Error::new(ErrorKind::ChildExited(status))),
            Some(Err(error)) => Err(Error::io(error)),
            _ => Ok(()),
        }
    }

    /// Until when to wait for something else before it is looked at again: it need not close a socket that it inherited.
    pub(crate) fn next_look(&self, now: Instant, deadline: Instant) -> Instant {
        match self.0 {
            Some(_) => deadline.min(now + LONGEST_PAUSE),
            None => deadline,
        }
    }

    /// Until when to wait for its end after a connection has ended so: a process that ends its connections is about to
    /// exit, mostly.
    pub(crate) fn last_look(&self, now: Instant, why: &Error) -> Instant {
        match self.0 {
            Some(_) if why.is_end() => now + LONGEST_PAUSE,
            _ => now,
        }
    }
}

impl fmt::Debug for Child<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Child" } else { "None" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn second_tries_leave_the_server_time_within_the_deadline() {
        let address = Address::Unix("/run/qmp".into());
        let mut tries = SecondTries::new(Some(&address), true);
        let now = Instant::now();
        let mut next = |deadline: u64| {
            assert!(tries.are_left());
            tries.next(now, now + Duration::from_millis(deadline)) - now
        };
        let pauses = [next(1000), next(1000), next(70)];
        assert_eq!(pauses.map(|pause| pause.as_millis()), [4, 20, 70]);
        assert!(!tries.are_left());
    }
}
