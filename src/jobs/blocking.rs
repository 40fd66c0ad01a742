//! Operations driven by the blocking client.

use std::time::{Duration, Instant};

use qapi_types::qmp::Event;

use super::{Cancel, Error, Operation, Step};
use crate::blocking::{Client, EventStream};
use crate::error::ErrorKind;
use crate::events::{EventMessage, Received};
use crate::time::after;

impl Client {
    /// Runs an [operation](crate::jobs) to its end. Nothing is sent before the first update or the outcome is asked for.
    ///
    /// ```no_run
    /// use std::time::Duration;
    ///
    /// use qapi_rt::blocking::Client;
    /// use qapi_rt::jobs::{Job, JobUpdate};
    /// use qapi_rt::qmp::{MirrorSyncMode, commands};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let client = Client::connect_unix("/run/vm/qmp.sock")?;
    /// let mirror = commands::BlockdevMirror::new("disk", "copy", MirrorSyncMode::Full);
    /// let mut run = client.run(Job::new(mirror)).progress_every(Duration::from_secs(1));
    /// for update in &mut run {
    ///     if let JobUpdate::Progress(progress) = update {
    ///         println!("{} of {} bytes", progress.current, progress.total);
    ///     }
    /// }
    /// run.outcome()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn run<O: Operation>(&self, operation: O) -> Running<O> {
        Running {
            events: self.raw_events(|name| O::EVENTS.contains(&name)),
            client: self.clone(),
            operation,
            interval: None,
            look_at: None,
            deadline: None,
            end: None,
        }
    }
}

/// An operation that runs; from [`Client::run`]. As an iterator it gives updates until it has ended.
///
/// If it is dropped, what the server does goes on.
#[derive(Debug)]
#[must_use = "nothing is sent yet"]
pub struct Running<O: Operation> {
    client: Client,
    events: EventStream<EventMessage>,
    operation: O,
    interval: Option<Duration>,
    look_at: Option<Instant>,
    deadline: Option<Instant>,
    end: Option<Result<O::Outcome, Error>>,
}

impl<O: Operation> Running<O> {
    /// Asks for figures of progress this often; otherwise there are only those that come with events.
    pub fn progress_every(mut self, interval: Duration) -> Self {
        self.interval = Some(interval);
        self.look_at = Some(after(Instant::now(), interval));
        self
    }

    /// How long all of it may take, from now on; as long as it wants unless set. The server does not stop for that.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(after(Instant::now(), deadline));
        self
    }

    /// Waits until it has ended. Updates are passed over.
    ///
    /// # Errors
    /// When it failed or was cancelled, or a command could not be carried out.
    pub fn outcome(mut self) -> Result<O::Outcome, Error> {
        loop {
            if let Some(end) = self.end.take() {
                return end;
            }
            self.turn();
        }
    }

    /// Goes on by one step.
    fn turn(&mut self) -> Option<O::Update> {
        match self.operation.step() {
            Step::Update(update) => return Some(update),
            Step::Done(end) => self.end = Some(end),
            Step::Send(request) => {
                let call = self.client.call(request).no_later_than(self.deadline);
                let result = call.send();
                self.hand_over_events();
                match result {
                    Ok(value) => self.operation.reply(Ok(value)),
                    Err(error) => match error.reply() {
                        Some(reply) => self.operation.reply(Err(reply.clone())),
                        None => self.end = Some(Err(error.into())),
                    },
                }
            }
            Step::Wait => self.wait(None),
            Step::Pause(time) => self.wait(Some(after(Instant::now(), time))),
        }
        None
    }

    fn wait(&mut self, pause: Option<Instant>) {
        let until = [self.look_at, self.deadline, pause];
        let until = until.into_iter().flatten().min();
        let received = match until {
            Some(until) => {
                let now = Instant::now();
                // Events without end do not put it off.
                if self.deadline.is_some_and(|deadline| now >= deadline) {
                    return self.late(now);
                }
                self.events
                    .recv_deadline(until.saturating_duration_since(now))
            }
            None => self.events.recv(),
        };
        match received {
            Err(error) if error.is_deadline() => self.late(Instant::now()),
            received => self.received(received),
        }
    }

    /// Hands over the events received so far, and with them all that came before a reply that is at hand: they may tell
    /// what it no longer shows. Those still to come, perhaps without end, do not put it off.
    fn hand_over_events(&mut self) {
        for _ in 0..self.events.queued() {
            if let Some(received) = self.events.try_recv().transpose() {
                self.received(received);
            }
        }
    }

    fn received(&mut self, received: Result<Received<EventMessage>, crate::Error>) {
        match received {
            Ok(received) => {
                if received.missed > 0 {
                    self.operation.look();
                }
                match received.event.decode_any::<Event>() {
                    Ok(event) => self.operation.event(&event),
                    Err(_) => self.operation.look(),
                }
            }
            Err(error) => self.end = Some(Err(error.into())),
        }
    }

    fn late(&mut self, now: Instant) {
        if self.deadline.is_some_and(|deadline| now >= deadline) {
            let error = crate::Error::new(ErrorKind::Deadline { sent: true });
            self.end = Some(Err(error.into()));
        } else if let Some(interval) = self.interval
            && self.look_at.is_some_and(|at| now >= at)
        {
            self.look_at = Some(after(now, interval));
            self.operation.look();
        }
    }
}

impl<O: Cancel> Running<O> {
    /// Has it stopped. It may end well all the same, if it was about to.
    pub fn cancel(&mut self) {
        self.operation.cancel();
    }
}

impl<O: Operation> Iterator for Running<O> {
    type Item = O::Update;

    fn next(&mut self) -> Option<O::Update> {
        while self.end.is_none() {
            if let Some(update) = self.turn() {
                return Some(update);
            }
        }
        None
    }
}
