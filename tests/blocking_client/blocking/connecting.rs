//! Ways to connect, and not to.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::os::fd::AsRawFd as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::Command;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use qapi_rt::blocking::Client;
use qapi_rt::session::client::RawCommand;
use qapi_rt::{Address, ConnectPhase, ErrorKind, Violation};
use serde_json::{Value, json};

use super::call;
use crate::blocking_client::fake::{AT_ONCE, GREETING, Peer, SOON, serve, serve_negotiated};

#[test]
fn nobody_listens() {
    let error = Client::connect_unix("/nonexistent/socket").unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Io(_)));
    assert!(
        error
            .to_string()
            .starts_with("unix:/nonexistent/socket: connecting: No such file"),
        "{error}"
    );
    let error = Client::builder()
        .connect_deadline(AT_ONCE)
        .connect_unix("/nonexistent/socket")
        .unwrap_err();
    assert!(error.is_deadline());
}

#[test]
fn stops_when_the_child_has_died() {
    let mut child = Command::new("false").spawn().unwrap();
    let error = Client::builder()
        .connect_deadline(SOON)
        .child(|| child.try_wait())
        .connect_unix("/nonexistent/socket")
        .unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::ChildExited(status) if status.code() == Some(1)));
    // Its end of the connection outlives it here.
    let (ours, _theirs) = UnixStream::pair().unwrap();
    let error = Client::builder()
        .connect_deadline(SOON)
        .child(|| child.try_wait())
        .over_unix(ours)
        .unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::ChildExited(_)));
}

#[test]
fn a_server_that_does_not_greet() {
    let (stream, server) = serve(|mut peer| peer.wait_for_end());
    let error = Client::builder()
        .deadline(AT_ONCE)
        .over_unix(stream)
        .unwrap_err();
    assert!(error.is_deadline());
    assert_eq!(
        error.to_string(),
        "connected, waiting for the greeting: the deadline passed; \
         QEMU serves one client a monitor at a time, and another may hold it"
    );
    server.join().unwrap();
}

#[test]
fn negotiation_that_is_not_answered() {
    for (answer, seen) in [
        ("", ""),
        (
            "{\"return\": {}}\r\n",
            "; last: protocol violated: a reply without an id",
        ),
        (
            "{\"return\": {",
            "; last: protocol violated: no end of the message '{\"return\": {'",
        ),
    ] {
        let (stream, server) = serve(move |mut peer| {
            peer.send(GREETING);
            peer.expect("qmp_capabilities");
            peer.send(answer);
            peer.wait_for_end();
        });
        let error = Client::builder()
            .deadline(Duration::from_millis(200))
            .over_unix(stream)
            .unwrap_err();
        assert_eq!(error.connect_phase(), Some(ConnectPhase::Negotiating));
        let expected = format!("greeted, negotiating capabilities: the deadline passed{seen}");
        assert_eq!(error.to_string(), expected);
        server.join().unwrap();
    }
}

/// By way of its address, be it a path, a port, or a descriptor.
#[test]
fn a_server_that_hangs_up_before_it_greets() {
    let path = std::env::temp_dir().join(format!("qapi-hangs-up-{}", std::process::id()));
    let _ = std::fs::remove_file(&path);
    let unix = UnixListener::bind(&path).unwrap();
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = tcp.local_addr().unwrap();
    let (ours, theirs) = UnixStream::pair().unwrap();
    drop(theirs);
    let server = thread::spawn(move || {
        unix.accept().unwrap();
        tcp.accept().unwrap();
    });
    for address in [
        Address::from(path.as_path()),
        Address::from(port),
        Address::Fd(ours.as_raw_fd()),
    ] {
        let error = Client::builder().deadline(SOON).connect(&address);
        let error = error.unwrap_err();
        assert_eq!(error.address(), Some(&address));
        let expected = format!(
            "{address}: connected, waiting for the greeting: the server closed the connection"
        );
        assert_eq!(error.to_string(), expected);
    }
    server.join().unwrap();
    std::fs::remove_file(&path).unwrap();
}

/// The last thing that the system said is told.
#[test]
fn a_server_that_does_not_come() {
    for (address, last) in [
        (
            "unix:/nonexistent/socket",
            "No such file or directory (os error 2)",
        ),
        (
            "tcp:127.0.0.1:1",
            "127.0.0.1:1: Connection refused (os error 111)",
        ),
    ] {
        let builder = Client::builder().connect_deadline(AT_ONCE);
        let error = builder.connect(&address.parse().unwrap()).unwrap_err();
        let expected = format!("{address}: connecting: the deadline passed; last: {last}");
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn a_name_that_is_none() {
    let address = "tcp:nowhere.invalid:1".parse().unwrap();
    let error = Client::builder().deadline(SOON).connect(&address);
    let error = error.unwrap_err();
    assert_eq!(error.connect_phase(), Some(ConnectPhase::Resolving));
    let text = error.to_string();
    assert!(
        text.starts_with("tcp:nowhere.invalid:1: resolving the name: "),
        "{text}"
    );
}

/// Where a listener's queue is full, connecting does not wait for ever.
#[test]
fn a_server_that_does_not_accept() {
    let path = std::env::temp_dir().join(format!("qapi-full-{}", std::process::id()));
    let _ = std::fs::remove_file(&path);
    let listener = UnixListener::bind(&path).unwrap();
    rustix::net::listen(&listener, 0).unwrap();
    for _ in 0..3 {
        let builder = Client::builder().deadline(AT_ONCE);
        assert!(builder.connect_unix(&path).unwrap_err().is_deadline());
    }
    std::fs::remove_file(&path).unwrap();
}

/// As QEMU is left now and then by who comes while it starts.
#[test]
fn a_server_that_answers_when_another_client_comes() {
    let path = std::env::temp_dir().join(format!("qapi-knock-{}", std::process::id()));
    let listener = UnixListener::bind(&path).unwrap();
    let server = thread::spawn(move || {
        let mut peer = Peer::new(listener.accept().unwrap().0);
        peer.send(GREETING);
        drop(listener.accept().unwrap());
        let request = peer.expect("qmp_capabilities");
        peer.answer(&request, "{}");
        peer.wait_for_end();
    });
    let builder = Client::builder().connect_deadline(SOON);
    drop(builder.connect_unix(&path).unwrap());
    server.join().unwrap();
    std::fs::remove_file(&path).unwrap();
}

/// QEMU reads wrongly from who connects while it starts: it greets twice, or does not know what it was sent.
#[test]
fn who_may_be_read_wrongly_connects_anew() {
    let path = std::env::temp_dir().join(format!("qapi-anew-{}", std::process::id()));
    let listener = UnixListener::bind(&path).unwrap();
    let server = thread::spawn(move || {
        let accept = || Peer::new(listener.accept().unwrap().0);
        let mut peer = accept();
        peer.send(&GREETING.repeat(2));
        peer.wait_for_end();
        // A thread of QEMU's that takes another client turns that away.
        drop(accept());
        let mut peer = accept();
        peer.send(GREETING);
        let request = peer.expect("qmp_capabilities");
        peer.send(&unknown(&request));
        peer.wait_for_end();
        let mut first = accept();
        first.negotiate();
        // A server that always does is taken as it is, after a while.
        for _ in 0..3 {
            let mut peer = accept();
            peer.send(&GREETING.repeat(2));
            peer.wait_for_end();
        }
        let mut second = accept();
        second.send(GREETING);
        second.negotiate();
        for _ in 0..4 {
            let mut peer = accept();
            peer.send(GREETING);
            let request = peer.expect("qmp_capabilities");
            peer.send(&unknown(&request));
        }
        // Who waits for a server to start is not put off by that thread either.
        drop(accept());
        let mut third = accept();
        third.negotiate();
        drop(accept());
    });
    drop(Client::connect_unix(&path).unwrap());
    drop(Client::connect_unix(&path).unwrap());
    let error = Client::connect_unix(&path).unwrap_err();
    assert!(
        matches!(
            error.kind(),
            ErrorKind::Protocol(Violation::Negotiation(error)) if error.desc == "Expecting"
        ),
        "{error}"
    );
    let patient = Client::builder().connect_deadline(SOON);
    drop(patient.connect_unix(&path).unwrap());
    let error = Client::connect_unix(&path).unwrap_err();
    assert_eq!(
        error.connect_phase(),
        Some(ConnectPhase::Greeting),
        "{error}"
    );
    server.join().unwrap();
    std::fs::remove_file(&path).unwrap();
}

/// That there is no such command.
fn unknown(request: &Value) -> String {
    let error = json!({"class": "CommandNotFound", "desc": "Expecting"});
    format!("{}\n", json!({"error": error, "id": request["id"]}))
}

#[test]
fn not_a_qmp_server() {
    for (text, what) in [
        ("HTTP/1.1 400 Bad Request\r\n", "garbage"),
        ("{\"hello\": 1}\r\n", "no message"),
    ] {
        let (stream, server) = serve(move |mut peer| {
            peer.send(text);
            peer.wait_for_end();
        });
        let error = Client::builder()
            .deadline(SOON)
            .over_unix(stream)
            .unwrap_err();
        let ErrorKind::Protocol(violation) = error.kind() else {
            panic!("{what}: {error}");
        };
        match (what, violation) {
            ("garbage", Violation::Garbage { excerpt }) => {
                assert_eq!(excerpt, "HTTP/1.1 400 Bad Request\\r\\n");
            }
            ("no message", Violation::Message { .. }) => {}
            _ => panic!("{what}: {error}"),
        }
        server.join().unwrap();
    }
}

#[test]
fn negotiation_refused() {
    let (stream, server) = serve(|mut peer| {
        peer.send(GREETING);
        let id = peer.expect("qmp_capabilities")["id"].clone();
        let error = "{\"class\": \"CommandNotFound\", \"desc\": \"no\"}";
        peer.send(&format!("{{\"error\": {error}, \"id\": {id}}}\r\n"));
        peer.wait_for_end();
    });
    let error = Client::builder()
        .deadline(SOON)
        .over_unix(stream)
        .unwrap_err();
    assert!(matches!(
        error.kind(),
        ErrorKind::Protocol(Violation::Negotiation(_))
    ));
    server.join().unwrap();
}

#[test]
fn over_tcp() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(GREETING.as_bytes()).unwrap();
        let mut line = String::new();
        let mut reader = BufReader::new(&stream);
        reader.read_line(&mut line).unwrap();
        let request: Value = serde_json::from_str(&line).unwrap();
        write!(
            stream,
            "{{\"return\": {{}}, \"id\": {}}}\r\n",
            request["id"]
        )
        .unwrap();
        stream
    });
    let client = Client::builder()
        .deadline(SOON)
        .connect_tcp(address)
        .unwrap();
    let mut stream = server.join().unwrap();
    let pending = client.call(RawCommand::new("x")).start().unwrap();
    stream.write_all(b"{\"return\": 1}\r\n").unwrap();
    assert_eq!(pending.wait().unwrap(), json!(1));
    let file = std::fs::File::open("/dev/null").unwrap();
    let command = RawCommand::new("getfd");
    let error = client.execute_with_fds(command, [file]).unwrap_err();
    assert!(matches!(
        error.kind(),
        ErrorKind::Descriptors { count: 1, limit: 0 }
    ));
    drop(stream);
    let error = call(&client, "y").unwrap_err();
    assert!(error.is_disconnected());
}

/// Deadlines hold for what knows no time.
#[test]
fn over_anything() {
    let (go, gone) = mpsc::channel();
    let (stream, server) = serve_negotiated(move |mut peer| {
        let request = peer.expect("a");
        gone.recv().unwrap();
        peer.answer(&request, "1");
        let request = peer.expect("b");
        peer.answer(&request, "2");
    });
    let reader = stream.try_clone().unwrap();
    let client = Client::builder()
        .deadline(SOON)
        .over(reader, stream)
        .unwrap();
    let slow = client.call(RawCommand::new("a"));
    assert!(slow.deadline(AT_ONCE).send().unwrap_err().is_deadline());
    go.send(()).unwrap();
    assert_eq!(call(&client, "b").unwrap(), json!(2));
    server.join().unwrap();
}
