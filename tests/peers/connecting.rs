//! Connecting to a server that starts, does not start, or is there.

use std::process::{Command, Stdio};
use std::time::Duration;

use qapi_rt::ErrorKind;
use qapi_rt::blocking::Client;
use qapi_rt::qmp::events::Resume;
use qapi_rt::qmp::{RunState, commands};
use qapi_rt::session::client::RawCommand;
use qapi_tests::peers::Age;

use serde_json::json;

use crate::peers::setup::{Blocker, DEADLINE, SHORT, connect, execute};

against_each! {
    a_server_that_starts_is_waited_for
    a_server_that_dies_is_not_waited_for
    a_monitor_that_serves_somebody_else
    a_reply_to_an_earlier_client
    a_monitor_on_a_childs_standard_streams
    a_monitor_in_the_abstract_namespace
    a_monitor_that_is_pretty
    a_machine_not_yet_built
    quitting
}

/// A1 of the acceptance scenarios: a QEMU that is still starting is waited for.
fn a_server_that_starts_is_waited_for(age: Age) {
    let Some(qemu) = age.qemu("none") else {
        return;
    };
    let mut server = qemu.start();
    let socket = server.socket();
    let client = Client::builder()
        .connect_deadline(DEADLINE)
        .child(|| server.child().try_wait())
        .connect_unix(socket)
        .unwrap();
    let version = client.execute(commands::QueryVersion::new()).unwrap();
    assert_eq!(version.qemu.major, client.greeting().version.qemu.major);
}

/// A1: connecting stops when the process has ended, long before the deadline.
fn a_server_that_dies_is_not_waited_for(age: Age) {
    let Some(qemu) = age.qemu("no-such-machine") else {
        return;
    };
    let mut server = qemu.start();
    let socket = server.socket();
    let error = Client::builder()
        .connect_deadline(Duration::from_secs(3600))
        .child(|| server.child().try_wait())
        .connect_unix(socket)
        .unwrap_err();
    let ErrorKind::ChildExited(status) = error.kind() else {
        panic!("{error:?}");
    };
    assert_eq!(status.code(), Some(1));
}

/// A1: nobody listens before the deadline.
#[test]
fn a_server_that_is_not_there_is_waited_for_until_the_deadline() {
    let error = Client::builder()
        .connect_deadline(SHORT)
        .connect_unix("/nonexistent/socket")
        .unwrap_err();
    assert!(error.is_deadline(), "{error:?}");
}

/// The server accepts the second client and does not greet it.
fn a_monitor_that_serves_somebody_else(age: Age) {
    let Some(daemon) = age.storage_daemon() else {
        return;
    };
    let server = daemon.start();
    let first = connect(&server);
    let builder = || Client::builder().connect_deadline(SHORT);
    let error = builder().connect_unix(server.socket()).unwrap_err();
    assert!(error.is_deadline(), "{error:?}");
    drop(first);
    connect(&server);
}

/// QEMU answers what an earlier client asked to whoever is connected then.
fn a_reply_to_an_earlier_client(age: Age) {
    let Some(qemu) = age.qemu("none") else {
        return;
    };
    let server = qemu.start();
    let blocker = Blocker::new(&server);
    for image in [
        json!({"driver": "null-co", "size": 65536}),
        json!({"driver": "file", "filename": "/nonexistent/image"}),
    ] {
        let mut arguments = blocker.arguments();
        arguments["image"] = image;
        let first = connect(&server);
        let command = RawCommand::with("blockdev-add", arguments).unwrap();
        let error = first.call(command).deadline(SHORT).send().unwrap_err();
        assert!(error.maybe_executed());
        drop(first);
        let client = std::thread::scope(|scope| {
            let connecting = scope.spawn(|| connect(&server));
            blocker.let_go();
            connecting.join().unwrap()
        });
        let status = client.execute(commands::QueryStatus::new()).unwrap();
        assert!(status.running);
        // It is there if its image is.
        let _ = client.execute(commands::BlockdevDel::new("blocked"));
    }
}

/// The monitor is the server's standard input and output.
fn a_monitor_on_a_childs_standard_streams(age: Age) {
    let Some(program) = age.program("qemu-storage-daemon") else {
        return;
    };
    let mut child = Command::new(program)
        .args([
            "--chardev",
            "stdio,id=c,signal=off",
            "--monitor",
            "chardev=c",
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let client = Client::builder()
        .connect_deadline(DEADLINE)
        .over(output, input)
        .unwrap();
    assert_eq!(
        client
            .execute(commands::QueryNamedBlockNodes::new())
            .unwrap(),
        []
    );
    client.quit().unwrap();
    assert!(child.wait().unwrap().success());
}

/// Of both flavours, since each has its own way to connect.
fn a_monitor_in_the_abstract_namespace(age: Age) {
    let Some(qemu) = age.qemu("none") else {
        return;
    };
    let name = format!("qapi-{age:?}-{}", std::process::id());
    let chardev = format!("socket,id=abstract,path={name},abstract=on,server=on,wait=off");
    let _server = qemu
        .args(["-chardev", &chardev])
        .args(["-mon", "chardev=abstract,mode=control"])
        .start();
    let address = format!("unix:@{name}").parse().unwrap();
    let builder = Client::builder().connect_deadline(DEADLINE);
    let client = builder.connect(&address).unwrap();
    assert!(client.execute(commands::QueryStatus::new()).is_ok());
    client.close();
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build().unwrap().block_on(async {
        let builder = qapi_rt::Client::builder().connect_deadline(DEADLINE);
        let client = builder.connect(&address).await.unwrap();
        assert!(client.execute(commands::QueryStatus::new()).await.is_ok());
    });
}

/// Messages over many lines are as good as others.
fn a_monitor_that_is_pretty(age: Age) {
    let Some(qemu) = age.qemu("none") else {
        return;
    };
    let server = qemu.arg("-S").pretty().start();
    let client = connect(&server);
    let mut events = client.events::<Resume>();
    execute(&client, "cont", json!({}));
    let status = client.execute(commands::QueryStatus::new()).unwrap();
    assert_eq!(status.status, RunState::Running);
    events.recv_deadline(DEADLINE).unwrap();
    // Thousands of lines.
    let schema = client.execute(commands::QueryQmpSchema::new()).unwrap();
    assert!(schema.len() > 500);
}

/// Commands before the machine is built, and its building.
fn a_machine_not_yet_built(age: Age) {
    let Some(qemu) = age.qemu("q35") else {
        return;
    };
    let server = qemu.args(["-preconfig", "-S"]).start();
    let client = connect(&server);
    let status = client.execute(commands::QueryStatus::new()).unwrap();
    assert_eq!(status.status, RunState::Prelaunch);
    let error = client.execute(commands::QueryPci::new()).unwrap_err();
    assert!(error.reply().is_some(), "{error:?}");
    client.execute(commands::XExitPreconfig::new()).unwrap();
    assert!(
        !client
            .execute(commands::QueryPci::new())
            .unwrap()
            .is_empty()
    );
}

/// `quit` may be answered or not.
fn quitting(age: Age) {
    let Some(qemu) = age.qemu("none") else {
        return;
    };
    let mut server = qemu.start();
    for _ in 0..3 {
        connect(&server).quit().unwrap();
        assert!(server.child().wait().unwrap().success());
        server.restart();
    }
}
