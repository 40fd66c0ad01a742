//! Snapshots of a whole machine.

use qapi_rt::jobs::{Error, Job};
use qapi_rt::qmp::commands;
use qapi_tests::peers::Age;
use serde_json::json;

use crate::peers::setup::{DEADLINE, connect, execute, make_qcow2};

against_each! {
    snapshots_saved_loaded_and_deleted
}

/// A13: saved, loaded and deleted as jobs, and what goes wrong is told by the job.
fn snapshots_saved_loaded_and_deleted(age: Age) {
    let Some(qemu) = age.qemu("q35") else {
        return;
    };
    make_qcow2(age, &qemu.path("disk"), 64 << 20);
    let server = qemu.args(["-m", "16", "-S"]).start();
    let client = connect(&server);
    let file = json!({"driver": "file", "filename": server.path("disk")});
    execute(
        &client,
        "blockdev-add",
        json!({"node-name": "disk", "driver": "qcow2", "file": file}),
    );
    let disks = || vec!["disk".to_owned()];
    let run = |job: Job| client.run(job).deadline(DEADLINE).outcome();
    let save = |tag: &str| Job::new(commands::SnapshotSave::new("save", tag, "disk", disks()));
    let load = |tag: &str| Job::new(commands::SnapshotLoad::new("load", tag, "disk", disks()));
    run(save("before")).unwrap();
    run(load("before")).unwrap();
    // The name is taken; there is no such snapshot.
    for job in [save("before"), load("after")] {
        let outcome = run(job);
        assert!(
            matches!(&outcome, Err(Error::Failed(desc)) if desc.contains('\'')),
            "{outcome:?}"
        );
    }
    run(Job::new(commands::SnapshotDelete::new(
        "delete",
        "before",
        disks(),
    )))
    .unwrap();
    assert!(run(load("before")).is_err());
    assert_eq!(client.execute(commands::QueryJobs::new()).unwrap(), []);
}
