//! Copies of disks, and what else the block layer does.

use std::fs;
use std::time::Duration;

use qapi_rt::blocking::Client;
use qapi_rt::jobs::{Error, Job, JobUpdate, WhenPending, WhenReady};
use qapi_rt::qmp::{Event, JobStatus, MirrorSyncMode, commands, events};
use qapi_rt::types::Value;
use qapi_tests::peers::{self, Age, Server};
use serde_json::json;

use crate::peers::setup::{DEADLINE, add_image, connect, execute, make_qcow2};

against_each! {
    a_mirror
    one_id_for_two_jobs
    a_mirror_that_is_left_as_a_copy
    a_mirror_that_does_not_finalize_by_itself
    a_backup_that_fails
    a_backup_that_is_refused
    a_backup_that_is_cancelled
    two_backups_of_one_transaction
    backups_that_dismiss_themselves
    an_overlay_is_made_and_committed
    an_export
    commands_while_a_job_runs
    an_image_whose_making_another_client_cancels
}

const SIZE: u64 = 8 << 20;

/// A daemon with two images of the same size, the first with something in it.
fn daemon(age: Age) -> Option<(Server, Client)> {
    let server = age.storage_daemon()?.start_ready();
    let client = connect(&server);
    let source = add_image(&client, &server, "source", SIZE);
    add_image(&client, &server, "target", SIZE);
    fs::write(&source, vec![0x5A; SIZE as usize]).unwrap();
    Some((server, client))
}

fn mirror() -> commands::BlockdevMirror {
    commands::BlockdevMirror::new("source", "target", MirrorSyncMode::Full).job_id("copy")
}

fn backup(target: &str) -> commands::BlockdevBackup {
    commands::BlockdevBackup::new("source", MirrorSyncMode::Full, target).job_id("copy")
}

/// Adds the node `broken`, to which nothing can be written.
fn add_broken(client: &Client) {
    let broken = json!({
        "node-name": "broken",
        "driver": "blkdebug",
        "image": {"driver": "null-co", "size": SIZE},
        "inject-error": [{"event": "none", "errno": 28, "iotype": "write"}],
    });
    execute(client, "blockdev-add", broken);
}

fn statuses(updates: &[JobUpdate]) -> Vec<JobStatus> {
    let status = |update: &JobUpdate| match update {
        JobUpdate::Status(status) => Some(status.clone()),
        _ => None,
    };
    updates.iter().filter_map(status).collect()
}

/// There is no trace of a job that was dismissed.
#[track_caller]
fn no_jobs(client: &Client) {
    assert_eq!(client.execute(commands::QueryJobs::new()).unwrap(), []);
}

/// A12: to the end, with what happens on the way.
fn a_mirror(age: Age) {
    let Some((server, client)) = daemon(age) else {
        return;
    };
    let mut run = client
        .run(Job::new(mirror()))
        .progress_every(Duration::from_millis(1))
        .deadline(DEADLINE);
    let updates: Vec<_> = run.by_ref().collect();
    let outcome = run.outcome().unwrap();
    assert_eq!(outcome.id, "copy");
    assert_eq!(outcome.progress.current, outcome.progress.total);
    assert!(outcome.progress.total >= SIZE);
    let statuses = statuses(&updates);
    assert!(
        statuses.starts_with(&[JobStatus::Created, JobStatus::Running]),
        "{statuses:?}"
    );
    assert!(statuses.contains(&JobStatus::Ready), "{statuses:?}");
    assert!(statuses.ends_with(&[JobStatus::Concluded]), "{statuses:?}");
    let read = |name| fs::read(server.path(name)).unwrap();
    assert!(read("source") == read("target"));
    no_jobs(&client);
}

/// Both runs are made before the first job, so the second has the events of both.
fn one_id_for_two_jobs(age: Age) {
    let Some((server, client)) = daemon(age) else {
        return;
    };
    let run = || client.run(Job::new(mirror())).deadline(DEADLINE);
    let (first, mut second) = (run(), run());
    first.outcome().unwrap();
    fs::write(server.path("target"), vec![0; SIZE as usize]).unwrap();
    let statuses = statuses(&second.by_ref().collect::<Vec<_>>());
    assert_eq!(statuses.first(), Some(&JobStatus::Created), "{statuses:?}");
    second.outcome().unwrap();
    assert!(fs::read(server.path("source")).unwrap() == fs::read(server.path("target")).unwrap());
    no_jobs(&client);
}

/// Its target is a copy of that moment, and the source stays in use.
fn a_mirror_that_is_left_as_a_copy(age: Age) {
    let Some((server, client)) = daemon(age) else {
        return;
    };
    let job = Job::new(mirror()).when_ready(WhenReady::Detach);
    client.run(job).deadline(DEADLINE).outcome().unwrap();
    assert!(fs::read(server.path("target")).unwrap() == vec![0x5A; SIZE as usize]);
    no_jobs(&client);
}

/// It is let go on twice: when it is ready, and when it is about to make its changes.
fn a_mirror_that_does_not_finalize_by_itself(age: Age) {
    for when_ready in [WhenReady::Complete, WhenReady::Detach] {
        for interval in [Duration::MAX, Duration::from_millis(1)] {
            let Some((server, client)) = daemon(age) else {
                return;
            };
            let job = Job::new(mirror().auto_finalize(false)).when_ready(when_ready);
            let mut run = client.run(job).progress_every(interval).deadline(DEADLINE);
            let statuses = statuses(&run.by_ref().collect::<Vec<_>>());
            run.outcome().unwrap();
            assert!(statuses.contains(&JobStatus::Pending), "{statuses:?}");
            assert!(fs::read(server.path("target")).unwrap() == vec![0x5A; SIZE as usize]);
            no_jobs(&client);
        }
    }
}

/// The error is the server's own, which it forgets when the job is dismissed.
fn a_backup_that_fails(age: Age) {
    let Some((server, client)) = daemon(age) else {
        return;
    };
    add_broken(&client);
    let run = client.run(Job::new(backup("broken"))).deadline(DEADLINE);
    let Err(Error::Failed(desc)) = run.outcome() else {
        panic!("it should have failed");
    };
    assert_eq!(desc, "No space left on device");
    no_jobs(&client);
    drop(server);
}

fn a_backup_that_is_refused(age: Age) {
    let Some((_server, client)) = daemon(age) else {
        return;
    };
    let run = client.run(Job::new(backup("nowhere"))).deadline(DEADLINE);
    let Err(Error::Call(error)) = run.outcome() else {
        panic!("it should have been refused");
    };
    assert_eq!(error.command(), Some("blockdev-backup"));
    assert!(error.reply().is_some(), "{error:?}");
    no_jobs(&client);
}

/// One so slow that it would take hours.
fn a_backup_that_is_cancelled(age: Age) {
    let Some((_server, client)) = daemon(age) else {
        return;
    };
    let mut command = backup("target");
    command.0.speed = Some(65536);
    let mut run = client.run(Job::new(command)).deadline(DEADLINE);
    while let Some(update) = run.next() {
        if update == JobUpdate::Status(JobStatus::Running) {
            run.cancel();
        }
    }
    let outcome = run.outcome();
    assert!(matches!(outcome, Err(Error::Cancelled)), "{outcome:?}");
    no_jobs(&client);
}

/// Both backups make their changes or neither; each is run to its end by itself.
fn two_backups_of_one_transaction(age: Age) {
    let Some((server, client)) = daemon(age) else {
        return;
    };
    add_image(&client, &server, "second", SIZE);
    let action = |job: &str, target: &str| {
        json!({"type": "blockdev-backup", "data": {"job-id": job, "device": "source",
            "target": target, "sync": "full", "auto-finalize": false, "auto-dismiss": false}})
    };
    let arguments = json!({
        "actions": [action("one", "target"), action("two", "second")],
        "properties": {"completion-mode": "grouped"},
    });
    execute(&client, "transaction", arguments);
    let one = Job::watch("one").when_pending(WhenPending::Finalize);
    client.run(one).deadline(DEADLINE).outcome().unwrap();
    let two = client.run(Job::watch("two")).deadline(DEADLINE).outcome();
    assert_eq!(two.unwrap().progress.current, SIZE);
    no_jobs(&client);
}

/// Whoever subscribed before they started learns how jobs ended that are gone before anybody asks.
fn backups_that_dismiss_themselves(age: Age) {
    let Some((server, client)) = daemon(age) else {
        return;
    };
    add_broken(&client);
    let start = |target: &str| {
        let data = json!({"job-id": "copy", "device": "source", "target": target, "sync": "full"});
        let arguments = json!({"actions": [{"type": "blockdev-backup", "data": data}]});
        let mut changes = client.events::<events::JobStatusChange>();
        execute(&client, "transaction", arguments);
        while changes.recv_deadline(DEADLINE).unwrap().event.status != JobStatus::Null {}
    };
    let watch = || client.run(Job::watch("copy")).deadline(DEADLINE);
    let run = watch();
    start("target");
    assert_eq!(run.outcome().unwrap().progress.current, SIZE);
    let run = watch();
    start("broken");
    let outcome = run.outcome();
    assert!(
        matches!(&outcome, Err(Error::Failed(desc)) if desc == "No space left on device"),
        "{outcome:?}"
    );
    // One of which nothing is known.
    assert!(matches!(watch().outcome(), Err(Error::Gone)));
    drop(server);
}

/// An image is made, put above another, and its contents go down again.
fn an_overlay_is_made_and_committed(age: Age) {
    let Some((server, client)) = daemon(age) else {
        return;
    };
    let path = server.path("overlay");
    peers::image(&path, 0);
    let file = json!({"node-name": "overlay-file", "driver": "file", "filename": path});
    execute(&client, "blockdev-add", file);
    let create = json!({"driver": "qcow2", "file": "overlay-file", "size": SIZE});
    let options = qapi_rt::types::from_str(&create.to_string(), qapi_rt::types::Mode::Strict);
    let create = commands::BlockdevCreate::new("create", options.unwrap());
    client
        .run(Job::new(create))
        .deadline(DEADLINE)
        .outcome()
        .unwrap();
    let overlay = json!({"node-name": "overlay", "driver": "qcow2", "file": "overlay-file",
        "backing": null});
    execute(&client, "blockdev-add", overlay);
    let snapshot = json!({"node": "source", "overlay": "overlay"});
    execute(&client, "blockdev-snapshot", snapshot);
    let commit = commands::BlockCommit::new("overlay").job_id("commit");
    client
        .run(Job::new(commit))
        .deadline(DEADLINE)
        .outcome()
        .unwrap();
    no_jobs(&client);
}

/// A12: an image is exported over NBD while events come.
fn an_export(age: Age) {
    let Some((server, client)) = daemon(age) else {
        return;
    };
    let address = json!({"type": "unix", "data": {"path": server.path("nbd")}});
    execute(&client, "nbd-server-start", json!({"addr": address}));
    let export = json!({"id": "e", "type": "nbd", "node-name": "source"});
    execute(&client, "block-export-add", export);
    let exports = client.execute(commands::QueryBlockExports::new()).unwrap();
    assert_eq!(exports.len(), 1);
    let gone = |received: &qapi_rt::Received<Event>| match &received.event {
        Event::BlockExportDeleted(event) => (event.id == "e").then_some(()),
        _ => None,
    };
    client
        .execute_and_wait(commands::BlockExportDel::new("e"), gone, DEADLINE)
        .unwrap();
}

/// A12: commands are answered while a job runs and tells of itself.
fn commands_while_a_job_runs(age: Age) {
    let Some((server, client)) = daemon(age) else {
        return;
    };
    make_qcow2(age, &server.path("unused"), SIZE);
    std::thread::scope(|scope| {
        let copying = scope.spawn(|| client.run(Job::new(mirror())).deadline(DEADLINE).outcome());
        for _ in 0..100 {
            let nodes = client.execute_raw("query-named-block-nodes", Value::Null);
            assert!(
                nodes
                    .unwrap()
                    .as_array()
                    .is_some_and(|nodes| nodes.len() >= 4)
            );
        }
        copying.join().unwrap().unwrap();
    });
}

/// The making of an image is no block job, whose cancellation an event would tell.
fn an_image_whose_making_another_client_cancels(age: Age) {
    let Some((_server, client)) = daemon(age) else {
        return;
    };
    let limits = json!({"qom-type": "throttle-group", "id": "slow", "limits": {"iops-write": 3}});
    execute(&client, "object-add", limits);
    let slow = json!({
        "node-name": "slow",
        "driver": "throttle",
        "throttle-group": "slow",
        "file": "target",
    });
    execute(&client, "blockdev-add", slow);
    let mut run = client.run(Job::watch("make")).deadline(DEADLINE);
    let options = json!({"driver": "qcow2", "file": "slow", "size": SIZE});
    let create = json!({"job-id": "make", "options": options});
    execute(&client, "blockdev-create", create);
    execute(&client, "job-cancel", json!({"id": "make"}));
    let statuses = statuses(&run.by_ref().collect::<Vec<_>>());
    let outcome = run.outcome();
    assert!(
        matches!(outcome, Err(Error::Cancelled)),
        "{outcome:?} after {statuses:?}"
    );
    no_jobs(&client);
}
