//! The storage daemon and QEMU themselves.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};
use std::thread;

use qapi_rt::ErrorKind;
use qapi_rt::blocking::{Builder, Client};
use qapi_rt::qmp::commands::{
    AddFd, QueryFdsets, QueryNamedBlockNodes, QueryQmpSchema, QueryVersion, RemoveFd,
};
use qapi_rt::session::client::RawCommand;
use qapi_rt::types::ErrorClass;
use qapi_tests::peers::{self, Server};
use serde_json::json;

use super::call;
use crate::blocking_client::fake::{AT_ONCE, SOON};

fn builder() -> Builder<'static> {
    Client::builder().connect_deadline(SOON).deadline(SOON)
}

/// Connects as soon as the server listens, or finds that it has died.
fn connect(server: &mut Server) -> Client {
    let socket = server.socket();
    builder()
        .child(|| server.child().try_wait())
        .connect_unix(socket)
        .unwrap()
}

#[test]
fn many_calls() {
    let Some(launch) = peers::storage_daemon() else {
        return;
    };
    let mut server = launch.start();
    let client = connect(&mut server);
    let version = client.execute(QueryVersion::new()).unwrap();
    assert_eq!(version.qemu.major, client.greeting().version.qemu.major);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..50 {
                    client.execute(QueryVersion::new()).unwrap();
                }
            });
        }
    });
    let pending: Vec<_> = (0..200)
        .map(|_| client.call(QueryVersion::new()).start().unwrap())
        .collect();
    for pending in pending {
        pending.wait().unwrap();
    }
    let error = call(&client, "nonexistent").unwrap_err();
    assert_eq!(
        error.to_string(),
        "nonexistent: CommandNotFound: The command nonexistent has not been found"
    );
    client.quit().unwrap();
    assert!(server.child().wait().unwrap().success());
}

#[test]
fn pretty() {
    let Some(launch) = peers::storage_daemon() else {
        return;
    };
    let mut server = launch.pretty().start();
    let client = connect(&mut server);
    let schema = client.execute(QueryQmpSchema::new()).unwrap();
    assert!(schema.len() > 100);
    assert!(
        client
            .execute(QueryNamedBlockNodes::new())
            .unwrap()
            .is_empty()
    );
}

/// The monitor serves one client at a time and keeps others waiting.
#[test]
fn a_second_client() {
    let Some(launch) = peers::storage_daemon() else {
        return;
    };
    let mut server = launch.start();
    let first = connect(&mut server);
    let second = builder()
        .connect_deadline(AT_ONCE)
        .connect_unix(server.socket());
    assert!(second.unwrap_err().is_deadline());
    drop(first);
    connect(&mut server);
}

#[test]
fn stopped_and_continued() {
    let Some(launch) = peers::storage_daemon() else {
        return;
    };
    let mut server = launch.start();
    let client = connect(&mut server);
    server.pause();
    for _ in 0..3 {
        let error = client
            .call(QueryVersion::new())
            .deadline(AT_ONCE)
            .send()
            .unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Deadline { sent: true }));
    }
    server.resume();
    assert!(
        client
            .execute(QueryNamedBlockNodes::new())
            .unwrap()
            .is_empty()
    );
}

#[test]
fn killed() {
    let Some(launch) = peers::storage_daemon() else {
        return;
    };
    let mut server = launch.start();
    let client = connect(&mut server);
    server.pause();
    let pending = client.call(QueryVersion::new()).start().unwrap();
    server.kill();
    let error = pending.wait().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::OutcomeUnknown));
    let error = client.execute(QueryVersion::new()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Closed));
    let socket = server.socket();
    let error = builder()
        .child(|| server.child().try_wait())
        .connect_unix(socket)
        .unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::ChildExited(_)));
}

#[test]
fn descriptors() {
    let Some(launch) = peers::qemu("none") else {
        return;
    };
    let mut server = launch.start();
    let client = connect(&mut server);
    let path = server.path("image");
    peers::image(&path, 1 << 20);
    let opened = |_| -> OwnedFd { File::open(&path).unwrap().into() };
    // Several at once, each with its own.
    let adding: Vec<_> = (0..4)
        .map(|set| {
            let mut command = AddFd::new();
            command.fdset_id = Some(set);
            client.call(command).fds([opened(set)]).start().unwrap()
        })
        .collect();
    for (set, adding) in adding.into_iter().enumerate() {
        assert_eq!(adding.wait().unwrap().fdset_id, set as i64);
    }
    let sets = client.execute(QueryFdsets::new()).unwrap();
    assert_eq!(sets.len(), 4);
    client.execute(RemoveFd::new(0)).unwrap();
    let without = client.execute(AddFd::new()).unwrap_err();
    assert!(without.reply().is_some());
}

/// QEMU reads requests, and what comes with them, while it executes others.
#[test]
fn descriptors_where_out_of_band_is_enabled() {
    let Some(launch) = peers::qemu("none") else {
        return;
    };
    let mut server = launch.start();
    let socket = server.socket();
    let client = builder().oob(true).child(|| server.child().try_wait());
    let client = client.connect_unix(socket).unwrap();
    let process = server.child().id();
    let path = |set: usize| server.path(&format!("image-{set}"));
    let adding: Vec<_> = (0..32)
        .map(|set| {
            peers::image(&path(set), 1 << 16);
            File::open(path(set)).unwrap()
        })
        .collect();
    let adding = adding.into_iter().enumerate().map(|(set, file)| {
        let mut command = AddFd::new();
        command.fdset_id = Some(set as i64);
        client.call(command).fds([file]).start().unwrap()
    });
    let adding: Vec<_> = adding.collect();
    let added: Vec<_> = adding
        .into_iter()
        .map(|adding| adding.wait().unwrap().fd)
        .collect();
    for (set, fd) in added.into_iter().enumerate() {
        let link = format!("/proc/{process}/fd/{fd}");
        // Where there is no such folder, that all were taken has to do.
        if let Ok(file) = std::fs::read_link(link) {
            assert_eq!(file, path(set));
        }
    }
}

#[test]
fn out_of_band() {
    let Some(launch) = peers::storage_daemon() else {
        return;
    };
    let mut server = launch.start();
    let socket = server.socket();
    let client = builder()
        .oob(true)
        .child(|| server.child().try_wait())
        .connect_unix(socket)
        .unwrap();
    assert!(client.oob());
    // Opening this blocks the server until somebody opens the other end.
    let fifo = server.path("fifo");
    assert!(
        Command::new("mkfifo")
            .arg(&fifo)
            .status()
            .unwrap()
            .success()
    );
    let node = json!({
        "driver": "blkdebug", "node-name": "b", "config": fifo, "image": {"driver": "null-co"},
    });
    let blocked = RawCommand::with("blockdev-add", node).unwrap();
    let blocked = client.call(blocked).start().unwrap();
    let queued: Vec<_> = (0..20)
        .map(|_| client.call(QueryVersion::new()).start().unwrap())
        .collect();
    // Answered while the others wait, if only to say that there is no such command.
    let error = client
        .execute_oob(RawCommand::new("nonexistent"))
        .unwrap_err();
    assert_eq!(error.class(), Some(&ErrorClass::CommandNotFound));
    drop(File::options().write(true).open(&fifo).unwrap());
    blocked.wait().unwrap();
    for queued in queued {
        queued.wait().unwrap();
    }
}

/// A child's output and input.
#[test]
fn standard_input_and_output() {
    if peers::storage_daemon().is_none() {
        return;
    }
    let mut child = Command::new("qemu-storage-daemon")
        .args(["--chardev", "stdio,id=c", "--monitor", "chardev=c"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (output, input) = (child.stdout.take().unwrap(), child.stdin.take().unwrap());
    let client = builder()
        .child(|| child.try_wait())
        .over(output, input)
        .unwrap();
    client.execute(QueryVersion::new()).unwrap();
    client.quit().unwrap();
    child.wait().unwrap();
}
