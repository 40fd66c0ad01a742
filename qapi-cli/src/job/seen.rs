//! What is seen of what a server goes on with, and whether it waits for the user.

use std::time::Duration;

use qapi_rt::blocking::Client;
use qapi_rt::jobs::{JobUpdate, MigrationUpdate, Progress};
use qapi_rt::qmp::{BlockErrorAction, JobStatus, MigrationStatus};
use qapi_rt::types::Object;

use crate::output::Json;
use crate::session::Call;

/// A job that is finalized by itself does not stay pending for so long.
const AT_ONCE: Duration = Duration::from_secs(1);

/// What is of interest in an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// What is done, and of how much.
    Progress(u64, u64),
    /// It does not go on before it is told to, if it stays so for a moment.
    Rests(Rest),
    /// Somebody has it paused, or the server itself, or what went wrong with a disk.
    Paused(Rest),
    /// What went wrong with a disk has it paused, now or soon.
    Failing,
    GoesOn,
    Nothing,
}

/// Where something waits for the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rest {
    Ready,
    Pending,
    PreSwitchover,
    PostcopyPaused,
    /// What went wrong has a job paused that was under way.
    Paused,
    /// The same for one that was ready.
    Standby,
}

impl Rest {
    pub(super) fn status(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Pending => "pending",
            Self::PreSwitchover => "pre-switchover",
            Self::PostcopyPaused => "postcopy-paused",
            Self::Paused => "paused",
            Self::Standby => "standby",
        }
    }

    /// What to do about it.
    pub(super) fn advice(self) -> &'static str {
        match self {
            Self::Ready => "job-complete has it go on",
            Self::Pending => "job-finalize has it go on",
            Self::PreSwitchover => "migrate-continue state=pre-switchover has it go on",
            Self::PostcopyPaused => {
                "migrate-recover at the destination and migrate resume=true at the source have it go on"
            }
            Self::Paused | Self::Standby => {
                "a disk could not be read or written: job-resume has it go on once that is mended, job-cancel ends it"
            }
        }
    }

    /// How long it has to stay so before it is certain to wait for somebody.
    pub(super) fn moment(self) -> Duration {
        match self {
            Self::Pending => AT_ONCE,
            _ => Duration::ZERO,
        }
    }

    /// Whether it is of no use to tell it to go on, as long as what is wrong is not mended.
    pub(super) fn is_broken(self) -> bool {
        matches!(self, Self::PostcopyPaused | Self::Paused | Self::Standby)
    }
}

pub(super) trait Shown {
    fn seen(&self) -> Seen;
}

impl Shown for Progress {
    fn seen(&self) -> Seen {
        Seen::Progress(self.current, self.total)
    }
}

impl Shown for JobUpdate {
    fn seen(&self) -> Seen {
        match self {
            Self::Progress(progress) => progress.seen(),
            Self::Status(JobStatus::Ready) => Seen::Rests(Rest::Ready),
            Self::Status(JobStatus::Pending) => Seen::Rests(Rest::Pending),
            Self::Status(JobStatus::Paused) => Seen::Paused(Rest::Paused),
            Self::Status(JobStatus::Standby) => Seen::Paused(Rest::Standby),
            Self::Status(_) => Seen::GoesOn,
            Self::IoError { action, .. } if *action == BlockErrorAction::Stop => Seen::Failing,
            _ => Seen::Nothing,
        }
    }
}

impl Shown for MigrationUpdate {
    fn seen(&self) -> Seen {
        let info = match self {
            Self::Status(MigrationStatus::PreSwitchover) => {
                return Seen::Rests(Rest::PreSwitchover);
            }
            Self::Status(MigrationStatus::PostcopyPaused) => {
                return Seen::Rests(Rest::PostcopyPaused);
            }
            Self::Status(_) => return Seen::GoesOn,
            Self::Progress(info) => info,
            _ => return Seen::Nothing,
        };
        let Some(memory) = &info.ram else {
            return Seen::Nothing;
        };
        let [left, total] = [memory.remaining, memory.total].map(|n| n.try_into().unwrap_or(0u64));
        Seen::Progress(total.saturating_sub(left), total)
    }
}

/// Tells what waits for the user from what somebody paused, who will know, and from what the server pauses for a moment.
pub(super) struct Pauses {
    client: Client,
    id: String,
    /// Where it is paused, whyever.
    paused: Option<Rest>,
    /// Whether something went wrong since it was last seen to go on.
    is_failing: bool,
}

impl Pauses {
    pub(super) fn of(client: &Client, id: &str) -> Self {
        Self {
            client: client.clone(),
            id: id.to_owned(),
            paused: None,
            is_failing: false,
        }
    }

    pub(super) fn look(&mut self, seen: Seen) -> Seen {
        match seen {
            Seen::Paused(at) => {
                self.paused = Some(at);
                // Nobody may have looked when it went wrong.
                self.is_failing = self.is_failing || has_failed(&self.client, &self.id);
                self.rest().unwrap_or(Seen::GoesOn)
            }
            Seen::Failing => {
                self.is_failing = true;
                self.rest().unwrap_or(Seen::Nothing)
            }
            Seen::Rests(_) | Seen::GoesOn => {
                (self.paused, self.is_failing) = (None, false);
                seen
            }
            Seen::Progress(..) | Seen::Nothing => seen,
        }
    }

    fn rest(&self) -> Option<Seen> {
        self.paused.filter(|_| self.is_failing).map(Seen::Rests)
    }
}

/// Whether what went wrong with a disk has a job paused: the server keeps that until the job is told to go on.
fn has_failed(client: &Client, id: &str) -> bool {
    let call = client.call(Call::new("query-block-jobs", Object::new()));
    let Some(jobs) = call.send().ok().and_then(|jobs| Json::parse(&jobs.0).ok()) else {
        return false;
    };
    let text = |job: &Json, name: &str| job.get(name).and_then(Json::as_str).map(str::to_owned);
    let is_failed = |job: &Json| {
        text(job, "device").as_deref() == Some(id)
            && text(job, "io-status").is_some_and(|status| status != "ok")
    };
    jobs.elements().iter().any(is_failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn migrations_that_wait_for_the_user() {
        for (status, expected) in [
            (
                MigrationStatus::PreSwitchover,
                Seen::Rests(Rest::PreSwitchover),
            ),
            (
                MigrationStatus::PostcopyPaused,
                Seen::Rests(Rest::PostcopyPaused),
            ),
            (MigrationStatus::Device, Seen::GoesOn),
        ] {
            assert_eq!(MigrationUpdate::Status(status).seen(), expected);
        }
    }
}
