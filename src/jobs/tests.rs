mod dump;
mod job;
mod migration;

use std::fmt::Debug;

use qapi_types::codec::Decode as _;
use qapi_types::qmp::{
    BlockErrorAction, Event, IoOperationType, JobStatus, MigrationInfo, MigrationStatus,
    MirrorSyncMode, commands,
};
use qapi_types::{ErrorReply, Events as _, Mode, Reader, Value, message::ServerMessage};

use super::{
    Cancel as _, Dump, Error, Job, JobOutcome, JobUpdate, Migration, MigrationUpdate, Operation,
    Progress, Step, WhenPending, WhenReady,
};
use crate::error::ErrorKind;

/// The server's side of a conversation with an operation.
struct Server<O>(O);

impl<O: Operation<Update: Debug + PartialEq, Outcome: Debug>> Server<O> {
    #[track_caller]
    fn gets(&mut self, name: &str, arguments: &str) -> &mut Self {
        match self.0.step() {
            Step::Send(request) => {
                assert_eq!(request.name, name);
                assert_eq!(Value::Object(request.arguments), json(arguments));
            }
            step => panic!("{step:?} instead of {name}"),
        }
        self
    }

    fn answers(&mut self, text: &str) -> &mut Self {
        self.0.reply(Ok(json(text)));
        self
    }

    fn accepts(&mut self) -> &mut Self {
        self.answers("{}")
    }

    fn refuses(&mut self) -> &mut Self {
        self.0.reply(Err(ErrorReply::generic("no")));
        self
    }

    fn sends(&mut self, name: &str, data: &str) -> &mut Self {
        let text = format!(
            r#"{{"event": "{name}", "data": {data}, "timestamp": {{"seconds": 1, "microseconds": 1}}}}"#
        );
        let Ok(ServerMessage::Event(event)) = ServerMessage::parse(text.as_bytes()) else {
            panic!("{text}");
        };
        self.0
            .event(&Event::decode(&event.name, event.data).expect("an event"));
        self
    }

    #[track_caller]
    fn tells(&mut self, expected: O::Update) -> &mut Self {
        match self.0.step() {
            Step::Update(update) => assert_eq!(update, expected),
            step => panic!("{step:?} instead of {expected:?}"),
        }
        self
    }

    #[track_caller]
    fn waits(&mut self) -> &mut Self {
        let step = self.0.step();
        assert!(matches!(step, Step::Wait), "{step:?}");
        self
    }

    #[track_caller]
    fn pauses(&mut self) -> &mut Self {
        let step = self.0.step();
        assert!(matches!(step, Step::Pause(_)), "{step:?}");
        self
    }

    #[track_caller]
    fn ends(&mut self) -> Result<O::Outcome, Error> {
        match self.0.step() {
            Step::Done(end) => end,
            step => panic!("{step:?} instead of the end"),
        }
    }
}

impl Server<Job> {
    /// The job `j` is in another state.
    #[track_caller]
    fn status(&mut self, status: &JobStatus) -> &mut Self {
        let data = format!(r#"{{"id": "j", "status": "{status}"}}"#);
        self.sends("JOB_STATUS_CHANGE", &data)
            .tells(JobUpdate::Status(status.clone()))
    }

    /// The answer to `query-jobs`, with another job in it.
    fn answers_job(&mut self, status: &JobStatus, error: &str) -> &mut Self {
        self.answers(&format!(
            r#"[{{"id": "other", "type": "commit", "status": "ready", "current-progress": 1, "total-progress": 1}},
                {{"id": "j", "type": "mirror", "status": "{status}", "current-progress": 5, "total-progress": 8 {error}}}]"#
        ))
    }

    #[track_caller]
    fn is_dismissed(&mut self) -> &mut Self {
        self.gets("job-dismiss", r#"{"id": "j"}"#)
            .sends("JOB_STATUS_CHANGE", r#"{"id": "j", "status": "null"}"#)
            .accepts()
    }
}

fn json(text: &str) -> Value {
    Value::decode(&mut Reader::from_str(text, Mode::Strict)).expect("JSON")
}

fn progress(current: u64, total: u64) -> Progress {
    Progress { current, total }
}

fn outcome() -> JobOutcome {
    let id = "j".into();
    let progress = progress(5, 8);
    JobOutcome { id, progress }
}

#[track_caller]
fn failed<T: Debug>(end: Result<T, Error>) -> String {
    match end {
        Err(Error::Failed(desc)) => desc,
        end => panic!("{end:?}"),
    }
}

/// The command that the server refused.
#[track_caller]
fn refused<T: Debug>(end: Result<T, Error>) -> String {
    match end {
        Err(Error::Call(error)) if matches!(error.kind(), ErrorKind::Command(_)) => {
            error.command().unwrap_or_default().to_owned()
        }
        end => panic!("{end:?}"),
    }
}

const PROGRESS: JobUpdate = JobUpdate::Progress(Progress {
    current: 5,
    total: 8,
});
const MIRROR: &str =
    r#"{"job-id": "j", "device": "d", "target": "t", "sync": "full", "auto-dismiss": false}"#;

fn mirror() -> Job {
    let command = commands::BlockdevMirror::new("d", "t", MirrorSyncMode::Full);
    // What the caller wishes of this would hide the error.
    Job::new(command.job_id("j").auto_dismiss(true))
}

/// A mirror whose start was accepted.
fn started(job: Job) -> Server<Job> {
    let mut server = Server(job);
    server
        .gets("blockdev-mirror", MIRROR)
        .status(&JobStatus::Created)
        .status(&JobStatus::Running)
        .accepts()
        .waits();
    server
}
