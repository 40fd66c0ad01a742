//! Operations driven by the tokio client.

use std::fmt;
use std::future::{Future, pending};
use std::pin::Pin;
use std::time::Duration;

use qapi_types::Value;
use qapi_types::qmp::Event;
use tokio::time::{Instant, sleep_until};

use super::{Cancel, Error, Operation, Request, Step};
use crate::client::{Client, EventStream, after};
use crate::error::ErrorKind;
use crate::events::{EventMessage, Received};

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
            operation,
            call: None,
            interval: None,
            look_at: None,
            deadline: None,
            end: None,
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
    operation: O,
    /// Kept here, so that a future that is dropped does not take it along.
    call: Option<Reply>,
    interval: Option<Duration>,
    look_at: Option<Instant>,
    deadline: Option<Instant>,
    end: Option<Result<O::Outcome, Error>>,
}

impl<O: Operation> Running<O> {
    /// Asks for figures of progress this often; otherwise there are only those that come with events.
    pub fn progress_every(mut self, interval: Duration) -> Self {
        self.interval = Some(interval);
        self.look_at = Some(after(interval));
        self
    }

    /// How long all of it may take, from now on; as long as it wants unless set. The server does not stop for that.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(after(deadline));
        self
    }

    /// The next update; `None` when it has ended. Cancel-safe: nothing is lost, and it goes on when it is called again.
    pub async fn next(&mut self) -> Option<O::Update> {
        while self.end.is_none() {
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
            if let Some(end) = self.end.take() {
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
            self.replied(result);
            return None;
        }
        match self.operation.step() {
            Step::Update(update) => return Some(update),
            Step::Done(end) => self.end = Some(end),
            Step::Send(request) => self.send(request),
            Step::Wait => self.wait(None).await,
            Step::Pause(time) => self.wait(Some(after(time))).await,
        }
        None
    }

    fn send(&mut self, request: Request) {
        let (client, end) = (self.client.clone(), self.deadline);
        let call = async move { client.call(request).no_later_than(end).send().await };
        self.call = Some(Box::pin(call));
    }

    fn replied(&mut self, result: Result<Value, crate::Error>) {
        match result {
            Ok(value) => self.operation.reply(Ok(value)),
            Err(error) => match error.reply() {
                Some(reply) => self.operation.reply(Err(reply.clone())),
                None => self.end = Some(Err(error.into())),
            },
        }
    }

    async fn wait(&mut self, pause: Option<Instant>) {
        let until = [self.look_at, self.deadline, pause];
        let until = until.into_iter().flatten().min();
        let now = Instant::now();
        // Events without end do not put it off.
        if self.deadline.is_some_and(|deadline| now >= deadline) {
            return self.late(now);
        }
        let late = async move {
            match until {
                Some(until) => sleep_until(until).await,
                None => pending().await,
            }
        };
        tokio::select! {
            biased;
            received = self.events.recv() => self.received(received),
            () = late => self.late(Instant::now()),
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
            self.look_at = Some(after(interval));
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

impl<O: Operation + fmt::Debug> fmt::Debug for Running<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running")
            .field("operation", &self.operation)
            .finish_non_exhaustive()
    }
}
