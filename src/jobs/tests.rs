use std::fmt::Debug;

use qapi_types::codec::Decode as _;
use qapi_types::qmp::{
    BlockErrorAction, Event, IoOperationType, JobStatus, MigrationStatus, MirrorSyncMode, commands,
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

#[test]
fn a_mirror_is_completed_and_dismissed() {
    let mut server = started(mirror());
    let end = server
        .status(&JobStatus::Ready)
        .gets("job-complete", r#"{"id": "j"}"#)
        .accepts()
        .status(&JobStatus::Waiting)
        .status(&JobStatus::Pending)
        .waits()
        .status(&JobStatus::Concluded)
        .gets("query-jobs", "{}")
        .answers_job(&JobStatus::Concluded, "")
        .tells(PROGRESS)
        .is_dismissed()
        .ends();
    assert_eq!(end.unwrap(), outcome());
}

/// Events of the job that had the id before are received after the command was sent.
#[test]
fn a_job_with_the_id_of_one_that_has_just_gone() {
    let completed = r#"{"device": "j", "type": "mirror", "len": 9, "offset": 9, "speed": 0}"#;
    let mut server = Server(mirror());
    let end = server
        .gets("blockdev-mirror", MIRROR)
        .status(&JobStatus::Ready)
        .sends("BLOCK_JOB_COMPLETED", completed)
        .tells(JobUpdate::Progress(progress(9, 9)))
        .status(&JobStatus::Concluded)
        .sends("JOB_STATUS_CHANGE", r#"{"id": "j", "status": "null"}"#)
        .status(&JobStatus::Created)
        .status(&JobStatus::Running)
        .accepts()
        .gets("query-jobs", "{}")
        .answers_job(&JobStatus::Running, "")
        .tells(PROGRESS)
        .waits()
        .status(&JobStatus::Ready)
        .gets("job-complete", r#"{"id": "j"}"#)
        .accepts()
        .status(&JobStatus::Concluded)
        .gets("query-jobs", "{}")
        .answers_job(&JobStatus::Concluded, r#", "error": "No space left""#)
        .is_dismissed()
        .ends();
    assert_eq!(failed(end), "No space left");
}

#[test]
fn a_job_that_ends_before_its_start_is_answered() {
    let mut server = Server(mirror());
    let end = server
        .gets("blockdev-mirror", MIRROR)
        .status(&JobStatus::Created)
        .status(&JobStatus::Concluded)
        .waits()
        .accepts()
        .gets("query-jobs", "{}")
        .answers_job(&JobStatus::Concluded, r#", "error": "No space left""#)
        .tells(PROGRESS)
        .is_dismissed()
        .ends();
    assert_eq!(failed(end), "No space left");
}

#[test]
fn a_refused_start_is_the_end() {
    let mut server = Server(mirror());
    let end = server.gets("blockdev-mirror", MIRROR).refuses().ends();
    assert_eq!(refused(end), "blockdev-mirror");
}

#[test]
fn others_are_ignored() {
    started(mirror())
        .sends("JOB_STATUS_CHANGE", r#"{"id": "i", "status": "concluded"}"#)
        .sends(
            "BLOCK_JOB_CANCELLED",
            r#"{"device": "i", "type": "mirror", "len": 1, "offset": 1, "speed": 0}"#,
        )
        .sends("RESUME", "{}")
        .waits();
}

#[test]
fn a_job_gets_an_id_of_its_own() {
    let command = || commands::BlockdevMirror::new("d", "t", MirrorSyncMode::Full);
    let [one, two] = [Job::new(command()), Job::new(command())];
    assert_ne!(one.id(), two.id());
    let id = one.id().to_owned();
    let expected = format!(
        r#"{{"job-id": "{id}", "device": "d", "target": "t", "sync": "full", "auto-dismiss": false}}"#
    );
    Server(one).gets("blockdev-mirror", &expected);
}

#[test]
fn a_mirror_can_be_left_as_a_copy() {
    started(mirror().when_ready(WhenReady::Detach))
        .status(&JobStatus::Ready)
        .gets("block-job-cancel", r#"{"device": "j"}"#);
    started(mirror().when_ready(WhenReady::Wait))
        .status(&JobStatus::Ready)
        .waits();
}

/// The monitor refuses `job-complete` for a job that the server has paused for a moment.
#[test]
fn completing_is_tried_again_if_the_moment_was_wrong() {
    let mut server = started(mirror());
    server
        .status(&JobStatus::Ready)
        .gets("job-complete", r#"{"id": "j"}"#)
        .status(&JobStatus::Standby)
        .refuses()
        .gets("query-jobs", "{}")
        .answers_job(&JobStatus::Standby, "")
        .tells(PROGRESS)
        .waits()
        .status(&JobStatus::Ready)
        .gets("job-complete", r#"{"id": "j"}"#)
        .accepts()
        // Once is enough.
        .status(&JobStatus::Standby)
        .status(&JobStatus::Ready)
        .waits();
}

/// The job was in another state after the refusal, and is back.
#[test]
fn completing_is_tried_again_if_the_moment_has_passed() {
    started(mirror())
        .status(&JobStatus::Ready)
        .gets("job-complete", r#"{"id": "j"}"#)
        .refuses()
        .gets("query-jobs", "{}")
        .status(&JobStatus::Standby)
        .status(&JobStatus::Ready)
        .answers_job(&JobStatus::Ready, "")
        .tells(PROGRESS)
        .gets("job-complete", r#"{"id": "j"}"#);
}

#[test]
fn a_job_that_cannot_be_completed_is_an_error() {
    let mut server = started(mirror());
    let end = server
        .status(&JobStatus::Ready)
        .gets("job-complete", r#"{"id": "j"}"#)
        .refuses()
        .gets("query-jobs", "{}")
        .answers_job(&JobStatus::Ready, "")
        .tells(PROGRESS)
        .ends();
    assert_eq!(refused(end), "job-complete");
}

#[test]
fn a_job_that_waits_for_it_is_finalized() {
    let pending = r#"{"type": "mirror", "id": "j"}"#;
    started(mirror())
        .status(&JobStatus::Pending)
        .waits()
        .sends("BLOCK_JOB_PENDING", pending)
        .gets("job-finalize", r#"{"id": "j"}"#);
    started(mirror().when_pending(WhenPending::Wait))
        .status(&JobStatus::Pending)
        .sends("BLOCK_JOB_PENDING", pending)
        .waits();
}

/// What it was told when it was ready says nothing of its changes.
#[test]
fn a_job_waits_once_when_ready_and_once_when_pending() {
    for (when_ready, command, argument) in [
        (WhenReady::Complete, "job-complete", "id"),
        (WhenReady::Detach, "block-job-cancel", "device"),
    ] {
        let ready = || {
            let mut server = started(mirror().when_ready(when_ready));
            server
                .status(&JobStatus::Ready)
                .gets(command, &format!(r#"{{"{argument}": "j"}}"#))
                .accepts()
                .status(&JobStatus::Waiting)
                .status(&JobStatus::Pending)
                .waits();
            server
        };
        ready()
            .sends("BLOCK_JOB_PENDING", r#"{"type": "mirror", "id": "j"}"#)
            .gets("job-finalize", r#"{"id": "j"}"#)
            .accepts()
            .waits();
        // Or the figures of progress tell.
        let mut server = ready();
        server.0.look();
        server
            .gets("query-jobs", "{}")
            .answers_job(&JobStatus::Pending, "")
            .tells(PROGRESS)
            .gets("job-finalize", r#"{"id": "j"}"#);
    }
}

#[test]
fn a_cancelled_job() {
    let mut server = started(mirror());
    server.0.cancel();
    let end = server
        .gets("job-cancel", r#"{"id": "j"}"#)
        .status(&JobStatus::Aborting)
        .accepts()
        .sends(
            "BLOCK_JOB_CANCELLED",
            r#"{"device": "j", "type": "mirror", "len": 8, "offset": 5, "speed": 0}"#,
        )
        .tells(PROGRESS)
        .status(&JobStatus::Concluded)
        .gets("query-jobs", "{}")
        .answers_job(&JobStatus::Concluded, r#", "error": "Operation canceled""#)
        .is_dismissed()
        .ends();
    assert!(matches!(end, Err(Error::Cancelled)), "{end:?}");
}

#[test]
fn a_job_cancelled_before_its_start_is_not_started() {
    let mut job = mirror();
    job.cancel();
    let end = Server(job).ends();
    assert!(matches!(end, Err(Error::Cancelled)), "{end:?}");
}

#[test]
fn errors_on_the_way_are_told() {
    started(mirror())
        .sends(
            "BLOCK_JOB_ERROR",
            r#"{"device": "j", "operation": "write", "action": "stop"}"#,
        )
        .tells(JobUpdate::IoError {
            operation: IoOperationType::Write,
            action: BlockErrorAction::Stop,
        })
        .waits();
}

/// Events may be lost, and those that were not may come after what the query told.
#[test]
fn events_lost_and_late() {
    let mut server = started(mirror());
    server.0.look();
    let end = server
        .gets("query-jobs", "{}")
        .answers_job(&JobStatus::Ready, "")
        .tells(PROGRESS)
        .tells(JobUpdate::Status(JobStatus::Ready))
        .gets("job-complete", r#"{"id": "j"}"#)
        .accepts()
        .waits();
    end.0.look();
    let end = server
        .gets("query-jobs", "{}")
        .answers_job(&JobStatus::Concluded, "")
        .tells(JobUpdate::Status(JobStatus::Concluded))
        .sends("JOB_STATUS_CHANGE", r#"{"id": "j", "status": "pending"}"#)
        .sends("JOB_STATUS_CHANGE", r#"{"id": "j", "status": "concluded"}"#)
        .gets("query-jobs", "{}")
        .answers_job(&JobStatus::Concluded, "")
        .is_dismissed()
        .ends();
    assert_eq!(end.unwrap(), outcome());
}

/// What was asked before the job failed is answered after the event that tells of its end.
#[test]
fn an_answer_from_before_the_end() {
    let mut server = started(mirror());
    server.0.look();
    server
        .gets("query-jobs", "{}")
        .status(&JobStatus::Concluded)
        .answers_job(&JobStatus::Running, "")
        .gets("query-jobs", "{}")
        .answers_job(&JobStatus::Concluded, r#", "error": "disk full""#)
        .tells(PROGRESS)
        .is_dismissed();
    assert_eq!(failed(server.ends()), "disk full");
}

/// Events that came after an answer may be known before it.
#[test]
fn an_answer_from_an_earlier_state() {
    let mut server = started(mirror());
    server.0.look();
    server
        .gets("query-jobs", "{}")
        .status(&JobStatus::Ready)
        .answers_job(&JobStatus::Running, "")
        .gets("job-complete", r#"{"id": "j"}"#);
}

#[test]
fn an_answer_from_before_the_job_was_there() {
    Server(Job::watch("j"))
        .gets("query-jobs", "{}")
        .status(&JobStatus::Created)
        .status(&JobStatus::Running)
        .answers("[]")
        .gets("query-jobs", "{}")
        .answers_job(&JobStatus::Running, "")
        .tells(PROGRESS)
        .waits();
}

#[test]
fn watching_a_job_that_is_there() {
    let mut server = Server(Job::watch("j"));
    server
        .gets("query-jobs", "{}")
        .answers_job(&JobStatus::Pending, "")
        .tells(PROGRESS)
        .tells(JobUpdate::Status(JobStatus::Pending))
        // It would not be seen pending if it did not wait.
        .gets("job-finalize", r#"{"id": "j"}"#);
}

#[test]
fn watching_a_job_that_is_not_there() {
    let mut server = Server(Job::watch("nobody"));
    let end = server
        .gets("query-jobs", "{}")
        .answers_job(&JobStatus::Running, "")
        .ends();
    assert!(matches!(end, Err(Error::Gone)), "{end:?}");
}

/// No event says so if it is not a block job.
#[test]
fn a_job_cancelled_by_another_client() {
    let end = started(mirror())
        .status(&JobStatus::Aborting)
        .status(&JobStatus::Concluded)
        .gets("query-jobs", "{}")
        .answers_job(&JobStatus::Concluded, r#", "error": "Operation canceled""#)
        .tells(PROGRESS)
        .is_dismissed()
        .ends();
    assert!(matches!(end, Err(Error::Cancelled)), "{end:?}");
}

/// A job that dismisses itself: an event has told how it ended.
#[test]
fn watching_a_job_that_goes_by_itself() {
    for (error, expected) in [
        (
            r#", "error": "Input/output error""#,
            Err("Input/output error"),
        ),
        ("", Ok(outcome())),
    ] {
        let mut server = Server(Job::watch("j"));
        let data = format!(
            r#"{{"device": "j", "type": "mirror", "len": 8, "offset": 5, "speed": 0 {error}}}"#
        );
        let end = server
            .gets("query-jobs", "{}")
            .answers_job(&JobStatus::Running, "")
            .tells(PROGRESS)
            .tells(JobUpdate::Status(JobStatus::Running))
            .sends("BLOCK_JOB_COMPLETED", &data)
            .status(&JobStatus::Concluded)
            .gets("query-jobs", "{}")
            .sends("JOB_STATUS_CHANGE", r#"{"id": "j", "status": "null"}"#)
            .answers("[]")
            .ends();
        match expected {
            Ok(outcome) => assert_eq!(end.unwrap(), outcome),
            Err(desc) => assert_eq!(failed(end), desc),
        }
    }
}

const CAPABILITIES: &str = r#"{"capabilities": [{"capability": "events", "state": true}]}"#;

fn migration() -> Server<Migration> {
    let mut server = Server(Migration::outgoing(&commands::Migrate::new().uri("u")));
    server
        .gets("migrate-set-capabilities", CAPABILITIES)
        // Of a migration before.
        .sends("MIGRATION", r#"{"status": "cancelled"}"#)
        .accepts()
        .gets("migrate", r#"{"uri": "u"}"#)
        .sends("MIGRATION", r#"{"status": "setup"}"#)
        .tells(MigrationUpdate::Status(MigrationStatus::Setup))
        .accepts()
        .sends("MIGRATION", r#"{"status": "active"}"#)
        .sends("MIGRATION_PASS", r#"{"pass": 1}"#)
        .tells(MigrationUpdate::Status(MigrationStatus::Active))
        .tells(MigrationUpdate::Pass(1))
        .waits();
    server
}

#[test]
fn a_migration() {
    let end = migration()
        .sends("MIGRATION", r#"{"status": "completed"}"#)
        .gets("query-migrate", "{}")
        .answers(r#"{"status": "completed", "downtime": 12}"#)
        .tells(MigrationUpdate::Status(MigrationStatus::Completed))
        .ends();
    assert_eq!(end.unwrap().downtime, Some(12));
}

#[test]
fn a_migration_that_fails() {
    let end = migration()
        .sends("MIGRATION", r#"{"status": "failed"}"#)
        .gets("query-migrate", "{}")
        .answers(r#"{"status": "failed", "error-desc": "Broken pipe"}"#)
        .tells(MigrationUpdate::Status(MigrationStatus::Failed))
        .ends();
    assert_eq!(failed(end), "Broken pipe");
}

#[test]
fn a_migration_cancelled() {
    let mut server = migration();
    server.0.cancel();
    let end = server
        .gets("migrate_cancel", "{}")
        .accepts()
        .sends("MIGRATION", r#"{"status": "cancelling"}"#)
        .tells(MigrationUpdate::Status(MigrationStatus::Cancelling))
        .sends("MIGRATION", r#"{"status": "cancelled"}"#)
        .gets("query-migrate", "{}")
        .answers(r#"{"status": "cancelled"}"#)
        .tells(MigrationUpdate::Status(MigrationStatus::Cancelled))
        .ends();
    assert!(matches!(end, Err(Error::Cancelled)), "{end:?}");
}

/// The event is of another migration: this one goes on.
#[test]
fn a_migration_that_has_not_ended() {
    let mut server = migration();
    server
        .sends("MIGRATION", r#"{"status": "cancelled"}"#)
        .gets("query-migrate", "{}")
        .answers(r#"{"status": "active"}"#);
    let step = server.0.step();
    let Step::Update(MigrationUpdate::Progress(info)) = step else {
        panic!("{step:?}");
    };
    assert_eq!(info.status, Some(MigrationStatus::Active));
    server.waits();
}

/// The event tells of a later state than the answer.
#[test]
fn a_migration_in_an_earlier_state() {
    let mut server = migration();
    server.0.look();
    server
        .gets("query-migrate", "{}")
        .sends("MIGRATION", r#"{"status": "pre-switchover"}"#)
        .tells(MigrationUpdate::Status(MigrationStatus::PreSwitchover))
        .answers(r#"{"status": "active"}"#);
    let step = server.0.step();
    assert!(
        matches!(step, Step::Update(MigrationUpdate::Progress(_))),
        "{step:?}"
    );
    server.waits();
}

/// The server would refuse to set capabilities.
#[test]
fn a_migration_that_is_resumed() {
    let command = commands::Migrate::new().uri("u").resume(true);
    let mut server = Server(Migration::outgoing(&command));
    let end = server
        .gets("migrate", r#"{"uri": "u", "resume": true}"#)
        .accepts()
        .sends("MIGRATION", r#"{"status": "postcopy-active"}"#)
        .tells(MigrationUpdate::Status(MigrationStatus::PostcopyActive))
        .sends("MIGRATION", r#"{"status": "completed"}"#)
        .gets("query-migrate", "{}")
        .answers(r#"{"status": "completed"}"#)
        .tells(MigrationUpdate::Status(MigrationStatus::Completed))
        .ends();
    assert!(end.is_ok(), "{end:?}");
}

#[test]
fn a_migration_refused() {
    let mut server = Server(Migration::incoming(&commands::MigrateIncoming::new()));
    let end = server
        .gets("migrate-set-capabilities", CAPABILITIES)
        .accepts()
        .gets("migrate-incoming", "{}")
        .refuses()
        .ends();
    assert_eq!(refused(end), "migrate-incoming");
}

fn dump() -> Server<Dump> {
    let mut server = Server(Dump::new(commands::DumpGuestMemory::new(true, "file:f")));
    server
        .gets(
            "dump-guest-memory",
            r#"{"paging": true, "protocol": "file:f", "detach": true}"#,
        )
        .accepts()
        .waits();
    server
}

#[test]
fn a_dump() {
    let mut server = dump();
    server.0.look();
    let end = server
        .gets("query-dump", "{}")
        .answers(r#"{"status": "active", "completed": 1, "total": 8}"#)
        .tells(progress(1, 8))
        .sends(
            "DUMP_COMPLETED",
            r#"{"result": {"status": "completed", "completed": 8, "total": 8}}"#,
        )
        .gets("query-dump", "{}")
        .answers(r#"{"status": "completed", "completed": 8, "total": 8}"#)
        .pauses()
        .gets("query-migrate", "{}")
        .answers(
            r#"{"blocked-reasons": ["Live migration disabled: dump-guest-memory in progress"]}"#,
        )
        .pauses()
        .gets("query-migrate", "{}")
        .answers(r#"{"blocked-reasons": ["something that lasts"]}"#)
        .ends();
    assert_eq!(end.unwrap(), progress(8, 8));
}

/// What is known of it is told by a server that has no migration.
#[test]
fn a_dump_by_a_server_without_migration() {
    let mut server = dump();
    server.0.look();
    let end = server
        .gets("query-dump", "{}")
        .answers(r#"{"status": "completed", "completed": 8, "total": 8}"#)
        .pauses()
        .gets("query-migrate", "{}")
        .refuses()
        .ends();
    assert_eq!(end.unwrap(), progress(8, 8));
}

#[test]
fn a_dump_that_fails() {
    let end = dump()
        .sends(
            "DUMP_COMPLETED",
            r#"{"result": {"status": "failed", "completed": 1, "total": 8}, "error": "No space left"}"#,
        )
        .gets("query-dump", "{}")
        .answers(r#"{"status": "failed", "completed": 1, "total": 8}"#)
        .pauses()
        .gets("query-migrate", "{}")
        .answers("{}")
        .ends();
    assert_eq!(failed(end), "No space left");
}

/// The reason comes with the event, be it after an answer that tells of the failure.
#[test]
fn a_dump_that_is_seen_to_have_failed() {
    let mut server = dump();
    server.0.look();
    let end = server
        .gets("query-dump", "{}")
        .answers(r#"{"status": "failed", "completed": 1, "total": 8}"#)
        .waits()
        .sends(
            "DUMP_COMPLETED",
            r#"{"result": {"status": "failed", "completed": 1, "total": 8}, "error": "No space left"}"#,
        )
        .gets("query-dump", "{}")
        .answers(r#"{"status": "failed", "completed": 1, "total": 8}"#)
        .pauses()
        .gets("query-migrate", "{}")
        .answers("{}")
        .ends();
    assert_eq!(failed(end), "No space left");
}

/// An event of the dump before is not the reason of this one's failure.
#[test]
fn a_dump_after_one_that_failed() {
    let event = |error| {
        format!(
            r#"{{"result": {{"status": "failed", "completed": 1, "total": 8}}, "error": "{error}"}}"#
        )
    };
    let active = r#"{"status": "active", "completed": 1, "total": 8}"#;
    let mut server = dump();
    server
        .sends("DUMP_COMPLETED", &event("Of another"))
        .gets("query-dump", "{}")
        .answers(active)
        .tells(progress(1, 8))
        .waits();
    server.0.look();
    server
        .gets("query-dump", "{}")
        .answers(r#"{"status": "failed", "completed": 1, "total": 8}"#)
        .waits();
    server.0.look();
    let end = server
        .gets("query-dump", "{}")
        // The answer was made before.
        .sends("DUMP_COMPLETED", &event("No space left"))
        .answers(active)
        .tells(progress(1, 8))
        .gets("query-dump", "{}")
        .answers(r#"{"status": "failed", "completed": 1, "total": 8}"#)
        .pauses()
        .gets("query-migrate", "{}")
        .answers("{}")
        .ends();
    assert_eq!(failed(end), "No space left");
}
