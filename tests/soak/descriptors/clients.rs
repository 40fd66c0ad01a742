//! What clients are given to send, and what comes to them, which want none.

use std::io::{BufRead as _, BufReader, PipeReader, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use qapi_rt::session::client::RawCommand;
use qapi_rt::{Agent, Client, ErrorKind, blocking};
use serde_json::{Value, json};

use super::super::{Folder, runtime};
use super::{MOST, SOON, alone, closed_to, file, open, pass};

/// Short, where it is certain to pass.
const AT_ONCE: Duration = Duration::from_millis(50);

const GREETING: &str = concat!(
    r#"{"QMP": {"version": {"qemu": {"micro": 2, "minor": 0, "major": 10}, "package": ""}, "#,
    r#""capabilities": ["oob"]}}"#,
    "\n"
);

/// A server that has descriptors go with all that it says: a greeting, and to each request an event and a reply.
fn serve_with_descriptors(stream: UnixStream) {
    let files = [file("x"), file("y")];
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    pass(&stream, GREETING, &files);
    while let Some(Ok(line)) = lines.next() {
        let request: Value = serde_json::from_str(&line).unwrap();
        let event = json!({"event": "E", "timestamp": {"seconds": 1, "microseconds": 2}});
        pass(&stream, &format!("{event}\n"), &files);
        let mut reply = json!({"return": request["execute"]});
        if request["execute"] == "qmp_capabilities" {
            reply["return"] = json!({});
        }
        if let Some(id) = request.get("id") {
            reply["id"] = id.clone();
        }
        // In the middle of it, too.
        let reply = format!("{reply}\n");
        let (begin, end) = reply.split_at(5);
        pass(&stream, begin, &files);
        pass(&stream, end, &files);
    }
}

/// An agent that has descriptors go with both halves of its replies.
fn answer_with_descriptors(mut stream: UnixStream) {
    let files = [file("x"), file("y")];
    let mut lines = BufReader::new(stream.try_clone().unwrap()).split(b'\n');
    while let Some(Ok(line)) = lines.next() {
        let line: &[u8] = line.strip_prefix(b"\xff").unwrap_or(&line);
        let request: Value = serde_json::from_slice(line).unwrap();
        let mut reply = json!({"return": request["execute"]});
        if request["execute"] == "guest-sync-delimited" {
            stream.write_all(b"\xff").unwrap();
            reply["return"] = request["arguments"]["id"].clone();
        }
        let reply = format!("{reply}\n");
        let (begin, end) = reply.split_at(5);
        pass(&stream, begin, &files);
        pass(&stream, end, &files);
    }
}

/// A server that greets and negotiates, and reads nothing more until it is told to leave.
fn serve_deaf(mut stream: UnixStream) -> (thread::JoinHandle<()>, mpsc::Sender<()>) {
    let (leave, told) = mpsc::channel();
    let server = thread::spawn(move || {
        stream.write_all(GREETING.as_bytes()).unwrap();
        let mut line = String::new();
        BufReader::new(&stream).read_line(&mut line).unwrap();
        let request: Value = serde_json::from_str(&line).unwrap();
        let id = request.get("id").map(|id| format!(", \"id\": {id}"));
        let reply = format!("{{\"return\": {{}}{}}}\n", id.unwrap_or_default());
        stream.write_all(reply.as_bytes()).unwrap();
        let _ = told.recv_timeout(SOON);
    });
    (server, leave)
}

fn command() -> RawCommand {
    RawCommand::new("x")
}

/// A request that fills the socket.
fn large() -> RawCommand {
    RawCommand::with("x-large", json!({"text": "x".repeat(4 << 20)})).unwrap()
}

fn files(count: usize) -> Vec<PipeReader> {
    (0..count).map(|_| file("x")).collect()
}

fn is_too_many<T>(result: Result<T, qapi_rt::Error>) -> bool {
    let is_it = |kind: &ErrorKind| {
        matches!(
            kind,
            ErrorKind::Descriptors {
                count: 254,
                limit: MOST
            }
        )
    };
    result.is_err_and(|error| is_it(error.kind()) && !error.maybe_executed())
}

fn is_unsent<T>(result: Result<T, qapi_rt::Error>) -> bool {
    let kinds = |kind: &ErrorKind| {
        matches!(
            kind,
            ErrorKind::Deadline { sent: false } | ErrorKind::Closed
        )
    };
    result.is_err_and(|error| kinds(error.kind()))
}

#[test]
fn what_a_server_sends_along_is_closed() {
    let _alone = alone();
    let before = open();
    let (ours, theirs) = UnixStream::pair().unwrap();
    let server = thread::spawn(|| serve_with_descriptors(theirs));
    let client = blocking::Client::builder().over_unix(ours).unwrap();
    let mut events = client.raw_events(|_| true);
    for name in ["a", "b", "c"] {
        assert_eq!(client.execute_raw(name, Value::Null).unwrap(), name);
        assert_eq!(events.recv().unwrap().event.name(), "E");
    }
    // Both ends of the connection, its copy, and two files of the server.
    closed_to(before + 5);
    drop((client, events));
    server.join().unwrap();
    closed_to(before);
}

#[test]
fn what_a_server_sends_along_is_closed_on_tokio() {
    let _alone = alone();
    let before = open();
    let runtime = runtime();
    runtime.block_on(async {
        let before = open();
        let (ours, theirs) = UnixStream::pair().unwrap();
        let server = thread::spawn(|| serve_with_descriptors(theirs));
        ours.set_nonblocking(true).unwrap();
        let ours = tokio::net::UnixStream::from_std(ours).unwrap();
        let client = Client::builder().over_unix(ours).await.unwrap();
        let mut events = client.raw_events(|_| true);
        for name in ["a", "b", "c"] {
            let reply = client.execute_raw(name, Value::Null).await;
            assert_eq!(reply.unwrap(), name);
            assert_eq!(events.recv().await.unwrap().event.name(), "E");
        }
        closed_to(before + 5);
        drop((client, events));
        tokio::task::spawn_blocking(|| server.join().unwrap())
            .await
            .unwrap();
    });
    drop(runtime);
    closed_to(before);
}

#[test]
fn what_an_agent_sends_along_is_closed_on_tokio() {
    let _alone = alone();
    let before = open();
    let folder = Folder::new();
    let path = folder.0.join("agent");
    let listener = UnixListener::bind(&path).unwrap();
    let server = thread::spawn(move || answer_with_descriptors(listener.accept().unwrap().0));
    let runtime = runtime();
    runtime.block_on(async {
        let mut agent = Agent::builder().connect(&path.into()).await.unwrap();
        for name in ["a", "b", "c"] {
            let reply = agent.execute_raw(name, Value::Null).await;
            assert_eq!(reply.unwrap(), name);
        }
    });
    server.join().unwrap();
    drop(runtime);
    closed_to(before);
}

#[test]
fn what_is_not_sent_is_closed() {
    let _alone = alone();
    let (ours, theirs) = UnixStream::pair().unwrap();
    let (server, leave) = serve_deaf(theirs);
    let client = blocking::Client::builder().over_unix(ours).unwrap();
    let before = open();
    assert!(is_too_many(client.execute_with_fds(command(), files(254))));
    closed_to(before);
    let large = client.call(large()).start().unwrap();
    let call = || client.call(command()).fds(files(MOST));
    assert!(is_unsent(call().deadline(AT_ONCE).send()));
    closed_to(before);
    drop(call().start().unwrap());
    closed_to(before);
    drop(call().queue().unwrap());
    closed_to(before);
    let last = call().start().unwrap();
    leave.send(()).unwrap();
    server.join().unwrap();
    assert!(is_unsent(last.wait()));
    assert!(is_unsent(large.wait()));
    assert!(is_unsent(call().send()));
    // The server's end is closed, too.
    closed_to(before - 1);
}

#[test]
fn what_is_not_sent_is_closed_on_tokio() {
    let _alone = alone();
    runtime().block_on(async {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let (server, leave) = serve_deaf(theirs);
        ours.set_nonblocking(true).unwrap();
        let ours = tokio::net::UnixStream::from_std(ours).unwrap();
        let client = Client::builder().over_unix(ours).await.unwrap();
        let before = open();
        assert!(is_too_many(
            client.execute_with_fds(command(), files(254)).await
        ));
        closed_to(before);
        let large = client.call(large()).start().unwrap();
        let call = || client.call(command()).fds(files(MOST));
        assert!(is_unsent(call().deadline(AT_ONCE).send().await));
        closed_to(before);
        drop(call().start().unwrap());
        closed_to(before);
        drop(call().send());
        closed_to(before);
        let last = call().start().unwrap();
        leave.send(()).unwrap();
        tokio::task::spawn_blocking(|| server.join().unwrap())
            .await
            .unwrap();
        assert!(is_unsent(last.wait().await));
        assert!(is_unsent(large.wait().await));
        assert!(is_unsent(call().send().await));
        closed_to(before - 1);
    });
}
