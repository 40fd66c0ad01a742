//! Migration, out and in.

use std::collections::VecDeque;
use std::time::Duration;

use qapi_types::qmp::{
    Event, MigrationCapability, MigrationCapabilityStatus, MigrationInfo, MigrationStatus,
    RunState, commands, events,
};
use qapi_types::{Command, ErrorReply, Event as _, Value};

use super::{Cancel, Error, Operation, Request, Step, decode};
use crate::error::ErrorKind;

/// What a migration tells on the way.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum MigrationUpdate {
    /// It is in another state. Some states wait for the caller, such as `pre-switchover` for `migrate-continue`.
    Status(MigrationStatus),
    /// The source's pass over the guest's memory with this number begins.
    Pass(i64),
    /// Its figures.
    Progress(Box<MigrationInfo>),
}

/// What is to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ask {
    EnableEvents,
    Start,
    /// Whether there is one.
    Find,
    Look,
    Cancel,
    /// Whether the source has left the state that it ends migrations in.
    Settled,
}

/// The pause before each further look whether it has.
const PAUSE: Duration = Duration::from_millis(5);

/// A migration from its start to its end, on the side of the source or the destination.
///
/// It turns on the capability `events` first, and leaves it on; one that is resumed (`resume: true`) or only
/// [watched](Self::watch) needs it on already.
/// At the source it ends when the machine can be told what comes next, which is not when the migration's state says so: for
/// a moment after that QEMU is in state `finish-migrate`, and refuses `cont`.
///
/// The destination's process exits if an incoming migration fails, unless `exit-on-error` was set to false.
#[derive(Debug)]
pub struct Migration {
    /// The command that starts it, until it is sent.
    start: Option<Request>,
    status: Option<MigrationStatus>,
    asks: VecDeque<Ask>,
    /// What was sent and not yet answered, with the command's name.
    asked: Option<(Ask, &'static str)>,
    /// Whether an event told of its state since then, so that the reply may be of an earlier one.
    overtaken: bool,
    updates: VecDeque<MigrationUpdate>,
    is_source: bool,
    /// How it went, while the source is still to be done with it.
    outcome: Option<Result<Box<MigrationInfo>, Error>>,
    /// Whether the next look is to wait a moment.
    pause: bool,
    end: Option<Result<Box<MigrationInfo>, Error>>,
}

impl Migration {
    /// To another place.
    #[must_use]
    pub fn outgoing(command: &commands::Migrate) -> Self {
        let mut migration = Self::new(command);
        migration.is_source = true;
        if command.resume == Some(true) {
            // Capabilities cannot be set while it is paused.
            migration.asks.retain(|ask| *ask != Ask::EnableEvents);
        }
        migration
    }

    /// From another place, on a QEMU started with `-incoming defer`. It can only be cancelled at the source: here QEMU accepts
    /// that, and goes on.
    #[must_use]
    pub fn incoming(command: &commands::MigrateIncoming) -> Self {
        Self::new(command)
    }

    /// The one that is under way at the source or the destination, or the last one that was, whoever started it. Ends with
    /// [`Error::Gone`] if there was none.
    ///
    /// The capability `events` cannot be turned on meanwhile. If it is off, the end only shows in progress that is asked for.
    #[must_use]
    pub fn watch() -> Self {
        let mut migration = Self::of(None);
        migration.is_source = true;
        migration.asks.push_back(Ask::Find);
        migration
    }

    fn new<C: Command>(command: &C) -> Self {
        match Request::new(command) {
            Ok(request) => {
                let mut migration = Self::of(Some(request));
                migration.asks.extend([Ask::EnableEvents, Ask::Start]);
                migration
            }
            Err(error) => {
                let mut migration = Self::of(None);
                migration.finish(Err(error));
                migration
            }
        }
    }

    fn of(start: Option<Request>) -> Self {
        Self {
            start,
            status: None,
            asks: VecDeque::new(),
            asked: None,
            overtaken: false,
            updates: VecDeque::new(),
            is_source: false,
            outcome: None,
            pause: false,
            end: None,
        }
    }

    fn request(&mut self, ask: Ask) -> Result<Request, Error> {
        match ask {
            Ask::EnableEvents => {
                let events = MigrationCapabilityStatus::new(MigrationCapability::Events, true);
                Request::new(&commands::MigrateSetCapabilities::new([events]))
            }
            Ask::Start => self.start.take().ok_or(Error::Gone),
            Ask::Find | Ask::Look => Request::new(&commands::QueryMigrate::new()),
            Ask::Cancel => Request::new(&commands::MigrateCancel::new()),
            Ask::Settled => Request::new(&commands::QueryStatus::new()),
        }
    }

    fn finish(&mut self, end: Result<Box<MigrationInfo>, Error>) {
        self.asks.clear();
        self.end.get_or_insert(end);
    }

    /// How it went is known.
    fn conclude(&mut self, outcome: Result<Box<MigrationInfo>, Error>) {
        if self.is_source {
            self.asks.clear();
            self.asks.push_back(Ask::Settled);
            self.outcome.get_or_insert(outcome);
        } else {
            self.finish(outcome);
        }
    }

    /// Whether the source is done with it, which no event tells. One that cannot say so has no more to tell.
    fn looked_at_source(&mut self, reply: Result<Value, ErrorReply>) {
        let info = reply.ok();
        let info = info.and_then(|value| decode::<commands::QueryStatus>(&value).ok());
        if info.is_some_and(|info| info.status == RunState::FinishMigrate) {
            self.pause = true;
            self.asks.push_back(Ask::Settled);
        } else if let Some(outcome) = self.outcome.take() {
            self.finish(outcome);
        }
    }

    /// Whether it is under way, as far as is known.
    fn is_under_way(&self) -> bool {
        self.start.is_none() && self.outcome.is_none() && self.end.is_none()
    }

    fn set_status(&mut self, status: &MigrationStatus) {
        if self.status.as_ref() != Some(status) {
            self.status = Some(status.clone());
            self.updates
                .push_back(MigrationUpdate::Status(status.clone()));
        }
    }

    fn looked(&mut self, ask: Ask, value: &Value) {
        let info = match decode::<commands::QueryMigrate>(value) {
            Ok(info) => Box::new(info),
            Err(error) => return self.finish(Err(error)),
        };
        if ask == Ask::Find && matches!(info.status, None | Some(MigrationStatus::None)) {
            return self.finish(Err(Error::Gone));
        }
        if let Some(status) = &info.status
            && (is_end(status) || !self.overtaken)
        {
            self.set_status(status);
        }
        let failed = || {
            let desc = info.error_desc.clone();
            Error::Failed(desc.unwrap_or_else(|| "the migration failed".into()))
        };
        let end = match &info.status {
            Some(MigrationStatus::Completed) => Ok(()),
            Some(MigrationStatus::Failed) => Err(failed()),
            Some(MigrationStatus::Cancelled) => Err(Error::Cancelled),
            _ => {
                self.updates.push_back(MigrationUpdate::Progress(info));
                return;
            }
        };
        self.conclude(end.map(|()| info));
    }
}

fn is_end(status: &MigrationStatus) -> bool {
    use MigrationStatus::{Cancelled, Completed, Failed};
    matches!(status, Completed | Failed | Cancelled)
}

impl Operation for Migration {
    type Update = MigrationUpdate;
    type Outcome = Box<MigrationInfo>;
    const EVENTS: &'static [&'static str] = &[events::Migration::NAME, events::MigrationPass::NAME];

    fn step(&mut self) -> Step<MigrationUpdate, Box<MigrationInfo>> {
        if let Some(update) = self.updates.pop_front() {
            return Step::Update(update);
        }
        if self.asked.is_some() {
            return Step::Wait;
        }
        if std::mem::take(&mut self.pause) {
            return Step::Pause(PAUSE);
        }
        if let Some(ask) = self.asks.pop_front() {
            match self.request(ask) {
                Ok(request) => {
                    self.asked = Some((ask, request.name));
                    self.overtaken = false;
                    return Step::Send(request);
                }
                Err(error) => self.finish(Err(error)),
            }
        }
        self.end.take().map_or(Step::Wait, Step::Done)
    }

    fn reply(&mut self, reply: Result<Value, ErrorReply>) {
        let Some((ask, command)) = self.asked.take() else {
            return;
        };
        match (ask, reply) {
            (Ask::Find | Ask::Look, Ok(value)) => self.looked(ask, &value),
            (Ask::Settled, reply) => self.looked_at_source(reply),
            (_, Ok(_)) => {}
            // It is about to end by itself.
            (Ask::Cancel, Err(_)) => {}
            (_, Err(error)) => {
                self.finish(Err(Error::call(ErrorKind::Command(error), command)));
            }
        }
    }

    fn event(&mut self, event: &Event) {
        // An event from before may be of another migration.
        if !self.is_under_way() {
            return;
        }
        match event {
            // Only the server's answer tells why, and whether it is this migration that has ended.
            Event::Migration(event) if is_end(&event.status) => self.look(),
            Event::Migration(event) => {
                self.set_status(&event.status);
                self.overtaken = true;
            }
            Event::MigrationPass(event) => {
                self.updates.push_back(MigrationUpdate::Pass(event.pass));
            }
            _ => {}
        }
    }

    fn name(&self) -> String {
        "the migration".into()
    }

    fn last_seen(&self) -> Option<String> {
        Some(format!("in state {}", self.status.as_ref()?))
    }

    fn look(&mut self) {
        if self.is_under_way() && !self.asks.contains(&Ask::Look) {
            self.asks.push_back(Ask::Look);
        }
    }
}

impl Cancel for Migration {
    fn cancel(&mut self) {
        if self.start.take().is_some() {
            self.finish(Err(Error::Cancelled));
        } else if self.is_under_way() {
            self.asks.push_back(Ask::Cancel);
        }
    }
}
