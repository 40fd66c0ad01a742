//! Jobs.

use super::*;

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
