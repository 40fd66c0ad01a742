//! Operations driven by the tokio client.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use qapi_types::Value;
use tokio::time::{Instant, timeout_at};

use super::run::{Run, cancel_method, run_methods};
use super::{Cancel, Error, Operation, Request, Step};
use crate::client::{Client, EventStream};
use crate::events::EventMessage;
use crate::time::after;

/// By the runtime's clock, which a test may have stopped.
fn now() -> std::time::Instant {
    Instant::now().into_std()
}

impl Client {
    /// Runs an [operation](crate::jobs) to its end. Nothing is sent before the first update or the outcome is awaited.
    ///
    /// ```no_run
    /// use std::time::Duration;
    ///
    /// use qapi_rt::Client;
    /// use qapi_rt::jobs::{Migration, MigrationUpdate};
    /// use qapi_rt::qmp::commands;
    ///
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let client = Client::connect_unix("/run/vm/qmp.sock").await?;
    /// let migrate = commands::Migrate::new().uri("tcp:elsewhere:4444");
    /// let mut run = client.run(Migration::outgoing(&migrate)).progress_every(Duration::from_secs(1));
    /// while let Some(update) = run.next().await {
    ///     if let MigrationUpdate::Status(status) = update {
    ///         println!("{status}");
    ///     }
    /// }
    /// let info = run.outcome().await?;
    /// println!("the guest paused for {:?} ms", info.downtime);
    /// # Ok(())
    /// # }
    /// ```
    pub fn run<O: Operation>(&self, operation: O) -> Running<O> {
        Running {
            events: self.raw_events(|name| O::EVENTS.contains(&name)),
            client: self.clone(),
            run: Run::new(operation),
            call: None,
        }
    }
}

type Reply = Pin<Box<dyn Future<Output = Result<Value, crate::Error>> + Send>>;

/// An operation that runs; from [`Client::run`].
///
/// If it is dropped, what the server does goes on.
#[must_use = "nothing is sent yet"]
pub struct Running<O: Operation> {
    client: Client,
    events: EventStream<EventMessage>,
    run: Run<O>,
    /// Kept here, so that a future that is dropped does not take it along.
    call: Option<Reply>,
}

impl<O: Operation> Running<O> {
    run_methods!(now());

    /// The next update; `None` when it has ended. Cancel-safe: nothing is lost, and it goes on when it is called again.
    pub async fn next(&mut self) -> Option<O::Update> {
        while self.run.end.is_none() {
            if let Some(update) = self.turn().await {
                return Some(update);
            }
        }
        None
    }

    /// Waits until it has ended. Updates are passed over.
    ///
    /// # Errors
    /// When it failed or was cancelled, or a command could not be carried out.
    pub async fn outcome(mut self) -> Result<O::Outcome, Error> {
        loop {
            if let Some(end) = self.run.end.take() {
                return end;
            }
            self.turn().await;
        }
    }

    /// Goes on by one step.
    async fn turn(&mut self) -> Option<O::Update> {
        if let Some(call) = &mut self.call {
            let result = call.await;
            self.call = None;
            self.hand_over_events();
            self.run.replied(result, now());
            return None;
        }
        match self.run.operation.step() {
            Step::Update(update) => return Some(update),
            Step::Done(end) => self.run.end = Some(end),
            Step::Send(request) => self.send(request),
            Step::Wait => self.wait(None).await,
            Step::Pause(time) => self.wait(Some(after(now(), time))).await,
        }
        None
    }

    fn send(&mut self, request: Request) {
        let (client, end) = (self.client.clone(), self.run.deadline());
        let call = async move {
            let call = client.call(request).no_later_than(end.map(Instant::from));
            call.send().await
        };
        self.call = Some(Box::pin(call));
    }

    async fn wait(&mut self, pause: Option<std::time::Instant>) {
        let until = self.run.wait_until(pause);
        // Events without end do not put it off.
        if self.run.is_late(now()) {
            return self.run.look_up(now());
        }
        let received = self.events.recv();
        let received = match until {
            Some(until) => timeout_at(until.into(), received).await.ok(),
            None => Some(received.await),
        };
        match received {
            Some(received) => self.run.received(received),
            None => self.run.look_up(now()),
        }
    }
}

impl<O: Cancel> Running<O> {
    cancel_method!();
}

impl<O: Operation + fmt::Debug> fmt::Debug for Running<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running")
            .field("operation", &self.run.operation)
            .finish_non_exhaustive()
    }
}
