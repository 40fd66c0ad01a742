//! Dumps of guest memory.

use std::time::Duration;

use qapi_types::qmp::{DumpQueryResult, DumpStatus, Event, commands, events};
use qapi_types::{ErrorReply, Event as _, Value};

use super::{Error, Operation, Progress, Request, Step, decode};
use crate::error::ErrorKind;

/// What is to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ask {
    Start,
    Look,
    /// Whether it still blocks migration.
    Blockers,
}

/// What `query-migrate` gives as the reason while a dump blocks migration has this in it.
const BLOCKER: &str = "dump-guest-memory";

/// The pause before each look whether it still does. Not less: the dump's thread takes the reason off the list without
/// waiting for who reads it, so 10.0.2 does not survive one look in some ten thousand.
const PAUSE: Duration = Duration::from_millis(50);

/// A dump of guest memory from its start to its end. It cannot be cancelled.
///
/// It ends when the server is ready for what comes next, which is not when it sends `DUMP_COMPLETED`: for a moment after
/// that QEMU refuses to migrate, and may not survive another dump.
#[derive(Debug)]
pub struct Dump {
    /// The command that starts it, until it is sent.
    start: Option<Request>,
    look: bool,
    /// What was sent and not yet answered, with the command's name.
    asked: Option<(Ask, &'static str)>,
    update: Option<Progress>,
    /// What an event said of a failure, if it was one.
    told: Option<String>,
    /// How it went, while the server is still to be done with it.
    outcome: Option<Result<Progress, Error>>,
    /// Whether the pause before the next look was made.
    paused: bool,
    end: Option<Result<Progress, Error>>,
}

impl Dump {
    /// A dump to be started by this command, detached, whatever the command says of that.
    #[must_use]
    pub fn new(command: commands::DumpGuestMemory) -> Self {
        let (start, end) = match Request::new(&command.detach(true)) {
            Ok(request) => (Some(request), None),
            Err(error) => (None, Some(Err(error))),
        };
        Self {
            start,
            look: false,
            asked: None,
            update: None,
            told: None,
            outcome: None,
            paused: false,
            end,
        }
    }

    fn finish(&mut self, end: Result<Progress, Error>) {
        self.look = false;
        self.end.get_or_insert(end);
    }

    /// How it went is known.
    fn conclude(&mut self, outcome: Result<Progress, Error>) {
        self.look = false;
        self.outcome.get_or_insert(outcome);
    }

    /// Whether the server is done with it, which no event tells.
    fn looked_at_blockers(&mut self, blocked: bool) {
        if blocked {
            self.paused = false;
        } else if let Some(outcome) = self.outcome.take() {
            self.finish(outcome);
        }
    }

    fn looked(&mut self, result: &DumpQueryResult) {
        let progress = Progress::new(result.completed, result.total);
        match result.status {
            DumpStatus::Completed => self.conclude(Ok(progress)),
            DumpStatus::Failed => {
                // Otherwise it is yet to come: QEMU sets the status a moment before it sends the event.
                if let Some(desc) = self.told.take() {
                    self.conclude(Err(Error::Failed(desc)));
                }
            }
            _ => {
                // An event that has not come since the question is of another dump.
                if !self.look {
                    self.told = None;
                }
                self.update = Some(progress);
            }
        }
    }
}

impl Operation for Dump {
    type Update = Progress;
    type Outcome = Progress;
    const EVENTS: &'static [&'static str] = &[events::DumpCompleted::NAME];

    fn step(&mut self) -> Step<Progress, Progress> {
        if let Some(update) = self.update.take() {
            return Step::Update(update);
        }
        if self.asked.is_some() {
            return Step::Wait;
        }
        let next = match self.start.take() {
            Some(request) => Some((Ask::Start, Ok(request))),
            None if self.outcome.is_some() && !self.paused => {
                self.paused = true;
                return Step::Pause(PAUSE);
            }
            None if self.outcome.is_some() => {
                Some((Ask::Blockers, Request::new(&commands::QueryMigrate::new())))
            }
            None if self.look => Some((Ask::Look, Request::new(&commands::QueryDump::new()))),
            None => None,
        };
        match next {
            Some((ask, Ok(request))) => {
                self.look = false;
                self.asked = Some((ask, request.name));
                return Step::Send(request);
            }
            Some((_, Err(error))) => self.finish(Err(error)),
            None => {}
        }
        self.end.take().map_or(Step::Wait, Step::Done)
    }

    fn reply(&mut self, reply: Result<Value, ErrorReply>) {
        match (self.asked.take(), reply) {
            (Some((Ask::Look, _)), Ok(value)) => match decode::<commands::QueryDump>(&value) {
                Ok(result) => self.looked(&result),
                Err(error) => self.finish(Err(error)),
            },
            (Some((Ask::Blockers, _)), reply) => {
                // A server that cannot say so has no more to tell.
                let info = reply
                    .ok()
                    .and_then(|value| decode::<commands::QueryMigrate>(&value).ok());
                let reasons = info
                    .and_then(|info| info.blocked_reasons)
                    .unwrap_or_default();
                self.looked_at_blockers(reasons.iter().any(|reason| reason.contains(BLOCKER)));
            }
            (Some((_, command)), Err(error)) => {
                self.finish(Err(Error::call(ErrorKind::Command(error), command)));
            }
            _ => {}
        }
    }

    fn event(&mut self, event: &Event) {
        if self.start.is_some() || self.outcome.is_some() || self.end.is_some() {
            return;
        }
        if let Event::DumpCompleted(event) = event {
            let desc = event.error.clone();
            self.told = Some(desc.unwrap_or_else(|| "the dump failed".into()));
            // The answer tells whether it is this dump that has ended.
            self.look = true;
        }
    }

    fn name(&self) -> String {
        "the dump".into()
    }

    fn look(&mut self) {
        self.look |= self.start.is_none() && self.outcome.is_none() && self.end.is_none();
    }
}
