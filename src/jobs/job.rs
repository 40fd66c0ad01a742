//! Jobs: copies of disks, snapshots, the making of images.

use std::collections::VecDeque;
use std::hash::{BuildHasher as _, RandomState};
use std::mem;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use qapi_types::qmp::{BlockErrorAction, Event, IoOperationType, JobStatus, commands, events};
use qapi_types::{Command, ErrorReply, Event as _, Value};

use super::{Cancel, Error, Operation, Progress, Request, Step, decode};
use crate::error::ErrorKind;

/// A command that starts a job.
pub trait StartsJob: Command {
    /// Sees to it that the job has an id and stays until it is dismissed, so that its error can be read; gives the id.
    fn prepare(&mut self) -> String;
}

macro_rules! starts_job {
    ($($command:ident $(. $arguments:tt)?)*) => {$(
        #[allow(deprecated)] // some are, and no less in use
        impl StartsJob for commands::$command {
            fn prepare(&mut self) -> String {
                self $(.$arguments)?.auto_dismiss = Some(false);
                self $(.$arguments)?.job_id.get_or_insert_with(new_id).clone()
            }
        }
    )*};
}

starts_job!(BlockCommit BlockStream BlockdevBackup.0 BlockdevMirror DriveBackup.0 DriveMirror.0);

macro_rules! starts_lasting_job {
    ($($command:ident)*) => {$(
        impl StartsJob for commands::$command {
            fn prepare(&mut self) -> String {
                self.job_id.clone()
            }
        }
    )*};
}

// These wait for their dismissal anyway.
starts_lasting_job!(BlockdevCreate XBlockdevAmend);
#[cfg(feature = "qmp-migration")]
starts_lasting_job!(SnapshotDelete SnapshotLoad SnapshotSave);

/// The error of a job that was cancelled. If it is not a block job, no event tells of that.
const CANCELED: &str = "Operation canceled";

/// An id that no other client thinks of.
fn new_id() -> String {
    static PROCESS: OnceLock<u64> = OnceLock::new();
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let process = PROCESS.get_or_init(|| RandomState::new().hash_one(0));
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("job-{process:016x}-{count}")
}

/// What to do when a mirror or an active commit has copied everything and only follows what the guest writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WhenReady {
    /// Switch over to the target (`job-complete`).
    #[default]
    Complete,
    /// Leave the source in use; the target is a copy of this moment (`block-job-cancel` without `force`).
    Detach,
    /// Leave that to the caller.
    Wait,
}

/// What to do when a job started with `auto-finalize: false` is about to make its changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WhenPending {
    /// Let it make them (`job-finalize`).
    #[default]
    Finalize,
    /// Leave that to the caller.
    Wait,
}

/// What a job tells on the way.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum JobUpdate {
    /// It is in another state.
    Status(JobStatus),
    /// How far it has come.
    Progress(Progress),
    /// A read or write failed, and what the job does about it.
    IoError {
        /// What failed.
        operation: IoOperationType,
        /// What the job does, as its options say.
        action: BlockErrorAction,
    },
}

/// How a job ended that went well.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct JobOutcome {
    /// Its id.
    pub id: String,
    /// How far it came in the end.
    pub progress: Progress,
}

/// What is to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ask {
    Start,
    Look,
    Complete,
    Detach,
    Finalize,
    Cancel,
    Conclude,
    Dismiss,
}

/// Where a job stands until it is told to go on, in the order in which it comes there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stop {
    Ready,
    Pending,
}

/// A job from its start, or from when it is first looked at, to its end.
///
/// It is dismissed in the end, after its error was read.
#[derive(Debug)]
pub struct Job {
    id: String,
    /// The command that starts it, until it is sent.
    start: Option<Request>,
    when_ready: WhenReady,
    when_pending: WhenPending,
    status: JobStatus,
    progress: Progress,
    /// Whether the command was asked for that this state calls for.
    acted: bool,
    /// The last stop that it was told to leave. It may be seen there again, for a moment.
    left: Option<Stop>,
    cancelled: bool,
    concluding: bool,
    /// What an event said of the end.
    told: Option<Result<(), String>>,
    refused: Option<(Ask, Error)>,
    asks: VecDeque<Ask>,
    /// What was sent and not yet answered, with the command's name.
    asked: Option<(Ask, &'static str)>,
    /// Whether an event told of another state since then, so that the reply may be of an earlier one.
    overtaken: bool,
    updates: VecDeque<JobUpdate>,
    end: Option<Result<(), Error>>,
}

impl Job {
    /// A job to be started by this command. It gets an id if it has none, and is not dismissed before its error was
    /// read, whatever the command says of that.
    pub fn new<C: StartsJob>(mut command: C) -> Self {
        let mut job = Self::of(command.prepare(), Ask::Start);
        match Request::new(&command) {
            Ok(request) => job.start = Some(request),
            Err(error) => job.finish(Err(error)),
        }
        job
    }

    /// A job that is there already, such as one of several that a `transaction` started.
    ///
    /// If it may be over soon, make the run before the job is started, which subscribes to the events that tell how it
    /// ends, and ask for updates or the outcome afterwards.
    ///
    /// If it is dismissed by itself, a failure of which no event tells ends with [`Error::Gone`].
    pub fn watch(id: impl Into<String>) -> Self {
        Self::of(id.into(), Ask::Look)
    }

    fn of(id: String, first: Ask) -> Self {
        Self {
            id,
            start: None,
            when_ready: WhenReady::default(),
            when_pending: WhenPending::default(),
            status: JobStatus::Undefined,
            progress: Progress::default(),
            acted: false,
            left: None,
            cancelled: false,
            concluding: false,
            told: None,
            refused: None,
            asks: [first].into(),
            asked: None,
            overtaken: false,
            updates: VecDeque::new(),
            end: None,
        }
    }

    /// Sets what to do when a mirror or an active commit has caught up.
    #[must_use]
    pub fn when_ready(mut self, action: WhenReady) -> Self {
        self.when_ready = action;
        self
    }

    /// Sets what to do when a job with `auto-finalize: false` is about to make its changes.
    #[must_use]
    pub fn when_pending(mut self, action: WhenPending) -> Self {
        self.when_pending = action;
        self
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    fn finish(&mut self, end: Result<(), Error>) {
        self.asks.clear();
        self.end.get_or_insert(end);
    }

    fn request(&mut self, ask: Ask) -> Result<Request, Error> {
        let id = self.id.as_str();
        match ask {
            Ask::Start => self.start.take().ok_or(Error::Gone),
            Ask::Look | Ask::Conclude => Request::new(&commands::QueryJobs::new()),
            Ask::Complete => Request::new(&commands::JobComplete::new(id)),
            Ask::Detach => Request::new(&commands::BlockJobCancel::new(id)),
            Ask::Finalize => Request::new(&commands::JobFinalize::new(id)),
            Ask::Cancel => Request::new(&commands::JobCancel::new(id)),
            Ask::Dismiss => Request::new(&commands::JobDismiss::new(id)),
        }
    }

    fn set_status(&mut self, status: &JobStatus) {
        if self.concluding || self.status == *status {
            return;
        }
        self.status = status.clone();
        self.acted = false;
        self.refused = None;
        self.overtaken = true;
        self.updates.push_back(JobUpdate::Status(status.clone()));
        self.act(false);
    }

    /// Does what the state calls for. A job that finalizes by itself is pending only in passing: `stays` says that this
    /// one does not.
    fn act(&mut self, stays: bool) {
        if self.acted {
            return;
        }
        let ask = match self.status {
            JobStatus::Ready if self.left < Some(Stop::Ready) => match self.when_ready {
                WhenReady::Complete => Ask::Complete,
                WhenReady::Detach => Ask::Detach,
                WhenReady::Wait => return,
            },
            JobStatus::Pending if stays && self.left < Some(Stop::Pending) => {
                match self.when_pending {
                    WhenPending::Finalize => Ask::Finalize,
                    WhenPending::Wait => return,
                }
            }
            JobStatus::Concluded => {
                self.concluding = true;
                Ask::Conclude
            }
            JobStatus::Null => return self.end(),
            _ => return,
        };
        self.acted = true;
        self.asks.push_back(ask);
    }

    /// Takes what was told so far for that of an earlier job with the same id, which is gone now.
    fn forget(&mut self) {
        let is_cancelled = self.asks.contains(&Ask::Cancel);
        *self = Self {
            when_ready: self.when_ready,
            when_pending: self.when_pending,
            asked: self.asked.take(),
            ..Self::of(mem::take(&mut self.id), Ask::Look)
        };
        if is_cancelled {
            self.asks.push_back(Ask::Cancel);
        }
    }

    fn set_progress(&mut self, current: i64, total: i64) {
        let progress = Progress::new(current, total);
        if self.progress != progress {
            self.progress = progress;
            self.updates.push_back(JobUpdate::Progress(progress));
        }
    }

    fn told(&mut self, error: Option<&String>) {
        self.told = Some(error.map_or(Ok(()), |error| Err(error.clone())));
    }

    /// The job is gone: what is known of its end is all there will be.
    fn end(&mut self) {
        let end = match self.told.take() {
            Some(Ok(())) => Ok(()),
            _ if self.cancelled => Err(Error::Cancelled),
            Some(Err(error)) if error == CANCELED => Err(Error::Cancelled),
            Some(Err(error)) => Err(Error::Failed(error)),
            None => Err(Error::Gone),
        };
        self.finish(end);
    }

    fn looked(&mut self, ask: Ask, value: &Value) {
        let jobs = match decode::<commands::QueryJobs>(value) {
            Ok(jobs) => jobs,
            Err(error) => return self.finish(Err(error)),
        };
        let is_late = ask == Ask::Look && self.overtaken;
        let Some(job) = jobs.into_iter().find(|job| job.id == self.id) else {
            return if is_late { self.look() } else { self.end() };
        };
        if is_late && job.status != self.status {
            return;
        }
        self.set_progress(job.current_progress, job.total_progress);
        if ask == Ask::Conclude {
            self.told(job.error.as_ref());
            self.asks.push_back(Ask::Dismiss);
            return;
        }
        self.set_status(&job.status);
        // In the state in which it should have been accepted.
        if let Some((ask, error)) = self.refused.take()
            && matches!(
                (ask, &self.status),
                (Ask::Complete | Ask::Detach, JobStatus::Ready)
                    | (Ask::Finalize, JobStatus::Pending)
            )
        {
            return self.finish(Err(error));
        }
        self.act(true);
    }

    fn refused(&mut self, ask: Ask, error: Error) {
        match ask {
            Ask::Start | Ask::Look | Ask::Conclude => self.finish(Err(error)),
            // The job may have left the state meanwhile, perhaps for a moment.
            Ask::Complete | Ask::Detach | Ask::Finalize => {
                self.refused = Some((ask, error));
                self.look();
            }
            // It is about to end by itself.
            Ask::Cancel => {}
            // Somebody else did it.
            Ask::Dismiss => self.end(),
        }
    }
}

impl Operation for Job {
    type Update = JobUpdate;
    type Outcome = JobOutcome;
    const EVENTS: &'static [&'static str] = &[
        events::JobStatusChange::NAME,
        events::BlockJobCancelled::NAME,
        events::BlockJobCompleted::NAME,
        events::BlockJobError::NAME,
        events::BlockJobPending::NAME,
        events::BlockJobReady::NAME,
    ];

    fn step(&mut self) -> Step<JobUpdate, JobOutcome> {
        if let Some(update) = self.updates.pop_front() {
            return Step::Update(update);
        }
        if self.asked.is_some() {
            return Step::Wait;
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
        match self.end.take() {
            Some(end) => Step::Done(end.map(|()| JobOutcome {
                id: self.id.clone(),
                progress: self.progress,
            })),
            None => Step::Wait,
        }
    }

    fn reply(&mut self, reply: Result<Value, ErrorReply>) {
        let Some((ask, command)) = self.asked.take() else {
            return;
        };
        match (ask, reply) {
            (ask, Err(error)) => {
                self.refused(ask, Error::call(ErrorKind::Command(error), command));
            }
            // It tells of the time before the end.
            (Ask::Look, Ok(_)) if self.concluding || self.end.is_some() => {}
            (Ask::Look | Ask::Conclude, Ok(value)) => self.looked(ask, &value),
            (Ask::Complete | Ask::Detach, Ok(_)) => self.left = self.left.max(Some(Stop::Ready)),
            (Ask::Finalize, Ok(_)) => self.left = Some(Stop::Pending),
            (Ask::Cancel, Ok(_)) => self.cancelled = true,
            (Ask::Dismiss, Ok(_)) => self.end(),
            (Ask::Start, Ok(_)) => {}
        }
    }

    fn event(&mut self, event: &Event) {
        if self.start.is_some() || self.end.is_some() {
            return;
        }
        // One that is being started is not gone before that is answered: nobody could have dismissed it.
        let is_starting = matches!(self.asked, Some((Ask::Start, _)));
        match event {
            Event::JobStatusChange(event) if event.id == self.id => {
                if is_starting && event.status == JobStatus::Null {
                    return self.forget();
                }
                self.set_status(&event.status);
            }
            Event::BlockJobReady(event) if event.device == self.id => {
                self.set_progress(event.offset, event.len);
            }
            Event::BlockJobPending(event) if event.id == self.id => self.act(true),
            Event::BlockJobCompleted(event) if event.device == self.id => {
                self.set_progress(event.offset, event.len);
                self.told(event.error.as_ref());
            }
            Event::BlockJobCancelled(event) if event.device == self.id => {
                self.set_progress(event.offset, event.len);
                self.cancelled = true;
            }
            Event::BlockJobError(event) if event.device == self.id => {
                let (operation, action) = (event.operation.clone(), event.action.clone());
                let update = JobUpdate::IoError { operation, action };
                self.updates.push_back(update);
            }
            _ => {}
        }
    }

    fn name(&self) -> String {
        format!("the job '{}'", self.id)
    }

    fn last_seen(&self) -> Option<String> {
        let Progress { current, total } = self.progress;
        let seen = format!("in state {}, {current} of {total} done", self.status);
        (self.status != JobStatus::Undefined).then_some(seen)
    }

    fn look(&mut self) {
        let is_due = self.asks.contains(&Ask::Look) || self.concluding || self.end.is_some();
        if !is_due && self.start.is_none() {
            self.asks.push_back(Ask::Look);
        }
    }
}

impl Cancel for Job {
    fn cancel(&mut self) {
        if self.start.take().is_some() {
            self.finish(Err(Error::Cancelled));
        } else if self.end.is_none() && !self.concluding {
            self.asks.push_back(Ask::Cancel);
        }
    }
}
