//! The same on tokio.

use std::fs;
use std::time::Duration;

use qapi_rt::agent::Exec;
use qapi_rt::jobs::{Error, Job, JobUpdate, Migration};
use qapi_rt::monitors::NewMonitor;
use qapi_rt::qmp::{Event, JobStatus, MigrationStatus, MirrorSyncMode, commands};
use qapi_rt::session::client::RawCommand;
use qapi_rt::types::Value;
use qapi_rt::{Agent, Client, ErrorKind, Received, qga};
use qapi_tests::peers::{self, Age, Server};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::peers::setup::{Blocker, DEADLINE, SHORT};

against_each! {
    async a_server_that_dies_is_not_waited_for
    async a_late_reply_does_not_disturb_the_next_call
    async a_stopped_server_times_out_and_recovers
    async disks_are_unplugged
    async a_mirror
    async migrations
    async an_image_by_way_of_descriptors
    async the_guest_agent
    async a_monitor_added_and_removed
}

async fn connect(server: &mut Server) -> Client {
    let socket = server.socket();
    Client::builder()
        .deadline(DEADLINE)
        .connect_deadline(DEADLINE)
        .child(|| server.child().try_wait())
        .connect_unix(socket)
        .await
        .expect("the server starts")
}

async fn add_image(client: &Client, server: &Server, name: &str, size: u64) {
    let path = server.path(name);
    peers::image(&path, size);
    let file = json!({"driver": "file", "filename": path});
    let image = json!({"node-name": name, "driver": "raw", "file": file});
    client.execute_raw("blockdev-add", image).await.unwrap();
}

/// A1: waiting for a process that dies ends with it.
async fn a_server_that_dies_is_not_waited_for(age: Age) {
    let Some(qemu) = age.qemu("no-such-machine") else {
        return;
    };
    let mut server = qemu.start();
    let socket = server.socket();
    let error = Client::builder()
        .connect_deadline(Duration::from_secs(3600))
        .child(|| server.child().try_wait())
        .connect_unix(socket)
        .await
        .unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::ChildExited(_)),
        "{error:?}"
    );
}

/// A2: a call whose deadline has passed, and one that was dropped, do not disturb the next.
async fn a_late_reply_does_not_disturb_the_next_call(age: Age) {
    let Some(daemon) = age.storage_daemon() else {
        return;
    };
    let mut server = daemon.start();
    let client = connect(&mut server).await;
    let blocker = Blocker::new(&server);
    let add = RawCommand::with("blockdev-add", blocker.arguments()).unwrap();
    let error = client.call(add).deadline(SHORT).send().await.unwrap_err();
    assert!(error.is_deadline(), "{error:?}");
    let dropped = client.execute(commands::QueryNamedBlockNodes::new());
    assert!(tokio::time::timeout(SHORT, dropped).await.is_err());
    tokio::task::spawn_blocking(move || blocker.let_go())
        .await
        .unwrap();
    assert_eq!(
        client.execute(commands::QueryJobs::new()).await.unwrap(),
        []
    );
}

/// A12: SIGSTOP.
async fn a_stopped_server_times_out_and_recovers(age: Age) {
    let Some(qemu) = age.qemu("none") else {
        return;
    };
    let mut server = qemu.start();
    let client = connect(&mut server).await;
    server.pause();
    let query = client.call(commands::QueryName::new()).deadline(SHORT);
    assert!(query.send().await.unwrap_err().is_deadline());
    server.resume();
    let status = client.execute(commands::QueryStatus::new()).await.unwrap();
    assert!(status.running);
}

/// A5: unplugging, from many tasks over one connection.
async fn disks_are_unplugged(age: Age) {
    let Some(qemu) = age.qemu("q35") else {
        return;
    };
    let mut server = qemu
        .args(["-m", "16", "-S", "-device", "virtio-scsi-pci"])
        .start();
    let client = connect(&mut server).await;
    let mut tasks = Vec::new();
    for n in 0..4 {
        let (disk, device) = (format!("disk{n}"), format!("sd{n}"));
        add_image(&client, &server, &disk, 1 << 20).await;
        let client = client.clone();
        tasks.push(tokio::spawn(async move {
            let mut add = commands::DeviceAdd::new("scsi-hd").id(&*device);
            add.extra.insert("drive".into(), json!(disk));
            client.execute(add).await.unwrap();
            let deleted = |received: &Received<Event>| match &received.event {
                Event::DeviceDeleted(event) => {
                    (event.device.as_deref() == Some(&*device)).then_some(())
                }
                _ => None,
            };
            client
                .execute_and_wait(commands::DeviceDel::new(&*device), deleted, DEADLINE)
                .await
                .unwrap();
            let del = commands::BlockdevDel::new(disk);
            client.execute(del).await.unwrap();
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
}

/// A12: a mirror, whose updates are awaited by futures that are dropped again and again.
async fn a_mirror(age: Age) {
    const SIZE: u64 = 8 << 20;
    let Some(daemon) = age.storage_daemon() else {
        return;
    };
    let mut server = daemon.start();
    let client = connect(&mut server).await;
    add_image(&client, &server, "source", SIZE).await;
    add_image(&client, &server, "target", SIZE).await;
    fs::write(server.path("source"), vec![0x5A; SIZE as usize]).unwrap();
    let mirror = commands::BlockdevMirror::new("source", "target", MirrorSyncMode::Full);
    let mut run = client
        .run(Job::new(mirror))
        .progress_every(Duration::from_millis(1))
        .deadline(DEADLINE);
    let mut last = None;
    loop {
        match tokio::time::timeout(Duration::from_micros(100), run.next()).await {
            Ok(Some(JobUpdate::Status(status))) => last = Some(status),
            Ok(Some(_)) | Err(_) => {}
            Ok(None) => break,
        }
    }
    assert_eq!(last, Some(JobStatus::Concluded));
    run.outcome().await.unwrap();
    assert!(fs::read(server.path("target")).unwrap() == vec![0x5A; SIZE as usize]);
    assert_eq!(
        client.execute(commands::QueryJobs::new()).await.unwrap(),
        []
    );
}

/// A10: a migration that goes well, and one that is cancelled.
async fn migrations(age: Age) {
    let Some(qemu) = age.qemu("q35") else {
        return;
    };
    let mut server = qemu.args(["-m", "32", "-S"]).start();
    let client = connect(&mut server).await;
    let to_nobody = commands::Migrate::new().uri("exec:cat > /dev/null");
    let slow = json!({"max-bandwidth": 1024});
    client
        .execute_raw("migrate-set-parameters", slow)
        .await
        .unwrap();
    let mut run = client
        .run(Migration::outgoing(&to_nobody))
        .deadline(DEADLINE);
    run.next().await.unwrap();
    run.cancel();
    let outcome = run.outcome().await;
    assert!(matches!(outcome, Err(Error::Cancelled)), "{outcome:?}");
    let fast = json!({"max-bandwidth": 0});
    client
        .execute_raw("migrate-set-parameters", fast)
        .await
        .unwrap();
    let run = client
        .run(Migration::outgoing(&to_nobody))
        .deadline(DEADLINE);
    let info = run.outcome().await.unwrap();
    assert_eq!(info.status, Some(MigrationStatus::Completed));
}

/// A4, without the device.
async fn an_image_by_way_of_descriptors(age: Age) {
    let Some(qemu) = age.qemu("none") else {
        return;
    };
    let mut server = qemu.start();
    let client = connect(&mut server).await;
    let path = server.path("image");
    peers::image(&path, 1 << 20);
    let file = fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open(path)
        .unwrap();
    let set = client.add_fd(None, "disk", file).await.unwrap();
    let file = json!({"node-name": "disk", "driver": "file", "filename": set.path()});
    client.execute_raw("blockdev-add", file).await.unwrap();
    assert_eq!(client.fd_set("disk").await.unwrap(), Some(set));
    client.remove_fd_set(set).await.unwrap();
}

/// A13: synchronised, then a program with its output.
async fn the_guest_agent(age: Age) {
    let Some(agent) = age.guest_agent() else {
        return;
    };
    let mut server = agent.start();
    let mut agent = Agent::builder()
        .deadline(DEADLINE)
        .connect_deadline(DEADLINE)
        .connect_unix(server.socket())
        .await
        .unwrap();
    let output = agent
        .exec(Exec::new("/bin/cat").input("hello"))
        .await
        .unwrap();
    assert_eq!(output.stdout, b"hello");
    let path = server.path("file").to_str().unwrap().to_owned();
    let contents = vec![1; 3 << 20];
    agent.write_file(&*path, &contents).await.unwrap();
    assert!(agent.read_file(&*path).await.unwrap() == contents);
    // Out of the guest and into it, through a pipe that is shorter than a piece.
    let there = server.path("there").to_str().unwrap().to_owned();
    let mut copied = Vec::new();
    let (near, mut far) = tokio::io::duplex(1000);
    let (count, read) = tokio::join!(
        agent.read_file_to(&*path, near),
        far.read_to_end(&mut copied),
    );
    assert_eq!((count.unwrap(), read.unwrap()), (3 << 20, 3 << 20));
    let (mut near, far) = tokio::io::duplex(1000);
    let (written, count) = tokio::join!(
        async move { near.write_all(&copied).await },
        agent.write_file_from(&*there, far),
    );
    written.unwrap();
    assert_eq!(count.unwrap(), 3 << 20);
    assert!(fs::read(&there).unwrap() == contents);
    // An end of a pipe whose other end is gone.
    let (broken, _) = tokio::io::duplex(16);
    let error = agent.read_file_to(&*path, broken).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Local(_)), "{error:?}");

    // Stopped, for a call that is given up and one that is dropped.
    server.pause();
    let sync = |number| qga::commands::GuestSync::new(number);
    let error = agent.execute_within(sync(1), SHORT).await.unwrap_err();
    assert!(error.is_deadline(), "{error:?}");
    assert!(
        tokio::time::timeout(SHORT, agent.execute(sync(2)))
            .await
            .is_err()
    );
    server.resume();
    assert_eq!(agent.execute(sync(3)).await.unwrap(), 3);

    server.kill();
    server.restart();
    assert_eq!(agent.execute(sync(4)).await.unwrap(), 4);
    let error = agent
        .execute_raw("guest-ponder", Value::Null)
        .await
        .unwrap_err();
    assert!(error.reply().is_some(), "{error:?}");
}

async fn a_monitor_added_and_removed(age: Age) {
    let Some(qemu) = age.qemu("none") else {
        return;
    };
    let mut server = qemu.start();
    let client = connect(&mut server).await;
    for monitor in [
        NewMonitor::new("added"),
        NewMonitor::new("added").path(server.path("added")),
    ] {
        let added = match client.add_monitor(monitor).await {
            Ok(added) => added,
            Err(error) => {
                assert!(client.greeting().version.qemu.major < 11, "{error:?}");
                let kind = error.kind();
                assert!(matches!(kind, ErrorKind::Unsupported { .. }), "{error:?}");
                return;
            }
        };
        let status = added.client().execute(commands::QueryStatus::new()).await;
        assert!(status.unwrap().running);
        added.remove().await.unwrap();
        let devices = client.execute(commands::QueryChardev::new()).await;
        assert_eq!(devices.unwrap().len(), 1);
    }
}
