//! Operations driven by the blocking client.

use std::time::Instant;

use super::run::{Run, cancel_method, run_methods};
use super::{Cancel, Error, Operation, Step};
use crate::blocking::{Client, EventStream};
use crate::events::EventMessage;
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
            run: Run::new(operation),
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
    run: Run<O>,
}

impl<O: Operation> Running<O> {
    run_methods!(Instant::now());

    /// Waits until it has ended. Updates are passed over.
    ///
    /// # Errors
    /// When it failed or was cancelled, or a command could not be carried out.
    pub fn outcome(mut self) -> Result<O::Outcome, Error> {
        loop {
            if let Some(end) = self.run.end.take() {
                return end;
            }
            self.turn();
        }
    }

    /// Goes on by one step.
    fn turn(&mut self) -> Option<O::Update> {
        match self.run.operation.step() {
            Step::Update(update) => return Some(update),
            Step::Done(end) => self.run.end = Some(end),
            Step::Send(request) => {
                let call = self.client.call(request);
                let result = call.no_later_than(self.run.deadline()).send();
                self.hand_over_events();
                self.run.replied(result, Instant::now());
            }
            Step::Wait => self.wait(None),
            Step::Pause(time) => self.wait(Some(after(Instant::now(), time))),
        }
        None
    }

    fn wait(&mut self, pause: Option<Instant>) {
        let received = match self.run.wait_until(pause) {
            Some(until) => {
                let now = Instant::now();
                // Events without end do not put it off.
                if self.run.is_late(now) {
                    return self.run.look_up(now);
                }
                self.events
                    .recv_deadline(until.saturating_duration_since(now))
            }
            None => self.events.recv(),
        };
        match received {
            Err(error) if error.is_deadline() => self.run.look_up(Instant::now()),
            received => self.run.received(received),
        }
    }
}

impl<O: Cancel> Running<O> {
    cancel_method!();
}

impl<O: Operation> Iterator for Running<O> {
    type Item = O::Update;

    fn next(&mut self) -> Option<O::Update> {
        while self.run.end.is_none() {
            if let Some(update) = self.turn() {
                return Some(update);
            }
        }
        None
    }
}
