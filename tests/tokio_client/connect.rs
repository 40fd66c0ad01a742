//! Connecting to servers that start, do not start, or do not greet.

use std::os::fd::AsRawFd as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use qapi_rt::{Address, Client, ConnectPhase, ErrorKind, Violation};
use serde_json::json;
use tokio::net::{UnixListener, UnixStream};
use tokio::time::Instant;

use crate::tokio_client::server::{GREETING, Peer};

/// A path for a socket, which is gone in the end.
struct Socket(PathBuf);

impl Socket {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("qapi-tokio-{}-{number}", std::process::id());
        Self(std::env::temp_dir().join(name))
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn who_is_not_waited_for_has_to_listen() {
    let socket = Socket::new();
    let error = Client::connect_unix(&socket.0).await.unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::Io(error) if error.kind() == std::io::ErrorKind::NotFound)
    );
    assert!(!error.maybe_executed());
    assert_eq!(error.address(), Some(&Address::Unix(socket.0.clone())));
    assert_eq!(error.connect_phase(), Some(ConnectPhase::Connecting));
    let expected = format!("unix:{}: connecting: No such file", socket.0.display());
    assert!(error.to_string().starts_with(&expected), "{error}");
}

/// First there is no socket, then one that nobody listens on, then a server.
#[tokio::test]
async fn a_server_that_starts_is_waited_for() {
    let socket = Socket::new();
    let client = tokio::spawn(
        Client::builder()
            .connect_deadline(MINUTE)
            .connect_unix(socket.0.clone()),
    );
    tokio::time::sleep(Duration::from_millis(20)).await;
    drop(UnixListener::bind(&socket.0).unwrap());
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert!(!client.is_finished());
    std::fs::remove_file(&socket.0).unwrap();
    let listener = UnixListener::bind(&socket.0).unwrap();
    let (stream, _) = listener.accept().await.unwrap();
    let mut peer = Peer::new(stream);
    peer.welcome().await;
    client.await.unwrap().unwrap();
}

/// As QEMU is left now and then by who comes while it starts.
#[tokio::test]
async fn a_server_that_answers_when_another_client_comes() {
    let socket = Socket::new();
    let listener = UnixListener::bind(&socket.0).unwrap();
    let client = tokio::spawn(
        Client::builder()
            .connect_deadline(MINUTE)
            .connect_unix(socket.0.clone()),
    );
    let mut peer = Peer::new(listener.accept().await.unwrap().0);
    peer.send(GREETING).await;
    drop(listener.accept().await.unwrap());
    let request = peer.expect("qmp_capabilities").await;
    peer.reply(&request, json!({})).await;
    client.await.unwrap().unwrap();
}

/// QEMU reads wrongly from who connects while it starts: it greets twice, or does not know what it was sent.
#[tokio::test]
async fn who_may_be_read_wrongly_connects_anew() {
    let socket = Socket::new();
    let listener = UnixListener::bind(&socket.0).unwrap();
    let accept = async || Peer::new(listener.accept().await.unwrap().0);
    let unknown = async |peer: &mut Peer<UnixStream>| {
        peer.send(GREETING).await;
        let request = peer.expect("qmp_capabilities").await;
        peer.fail(&request, "CommandNotFound", "Expecting").await;
    };
    let server = async {
        let mut peer = accept().await;
        peer.send(&GREETING.repeat(2)).await;
        while peer.byte().await.is_some() {}
        // A thread of QEMU's that takes another client turns that away.
        drop(accept().await);
        unknown(&mut accept().await).await;
        let mut first = accept().await;
        first.welcome().await;
        // A server that always does is taken as it is, after a while.
        for _ in 0..3 {
            let mut peer = accept().await;
            peer.send(&GREETING.repeat(2)).await;
            while peer.byte().await.is_some() {}
        }
        let mut second = accept().await;
        second.send(GREETING).await;
        second.welcome().await;
        for _ in 0..4 {
            unknown(&mut accept().await).await;
        }
        // Who waits for a server to start is not put off by that thread either.
        drop(accept().await);
        let mut third = accept().await;
        third.welcome().await;
        drop(accept().await);
    };
    let client = async {
        drop(Client::connect_unix(&socket.0).await.unwrap());
        drop(Client::connect_unix(&socket.0).await.unwrap());
        let error = Client::connect_unix(&socket.0).await.unwrap_err();
        assert!(
            matches!(
                error.kind(),
                ErrorKind::Protocol(Violation::Negotiation(error)) if error.desc == "Expecting"
            ),
            "{error}"
        );
        let patient = Client::builder().connect_deadline(Duration::from_secs(20));
        drop(patient.connect_unix(&socket.0).await.unwrap());
        let error = Client::connect_unix(&socket.0).await.unwrap_err();
        assert_eq!(
            error.connect_phase(),
            Some(ConnectPhase::Greeting),
            "{error}"
        );
    };
    tokio::join!(server, client);
}

#[tokio::test(start_paused = true)]
async fn nobody_is_waited_for_longer_than_said() {
    let socket = Socket::new();
    let start = Instant::now();
    let error = Client::builder()
        .connect_deadline(MINUTE)
        .connect_unix(&socket.0)
        .await
        .unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Deadline { sent: false }));
    assert_eq!(start.elapsed().as_secs(), 60);
}

#[tokio::test]
async fn a_dead_child_is_noticed_at_once() {
    let socket = Socket::new();
    let mut child = Command::new("false").stdin(Stdio::null()).spawn().unwrap();
    let error = Client::builder()
        .connect_deadline(MINUTE)
        .child(|| child.try_wait())
        .connect_unix(&socket.0)
        .await
        .unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::ChildExited(status) if status.code() == Some(1)));
}

/// The child dies while its socket, which somebody else has too, stays open without a word.
#[tokio::test]
async fn a_child_that_dies_before_it_greets() {
    let (ours, theirs) = tokio::net::UnixStream::pair().unwrap();
    let mut child = Command::new("false").stdin(Stdio::null()).spawn().unwrap();
    let error = Client::builder()
        .connect_deadline(MINUTE)
        .child(|| child.try_wait())
        .over_unix(ours)
        .await
        .unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::ChildExited(_)));
    drop(theirs);
}

/// The connection ends first, and a moment later the process.
#[tokio::test(start_paused = true)]
async fn a_child_that_dies_after_it_has_hung_up() {
    let (ours, theirs) = tokio::io::duplex(64);
    drop(theirs);
    let mut looks = 0;
    let child = || {
        looks += 1;
        Ok((looks > 5).then(|| ExitStatus::from_raw(1 << 8)))
    };
    let (reader, writer) = tokio::io::split(ours);
    let connecting = Client::builder().child(child).over(reader, writer);
    let error = connecting.await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::ChildExited(status) if status.code() == Some(1)));
}

/// Connecting can be given up at any time; the server sees that.
#[tokio::test]
async fn connecting_is_given_up() {
    let (ours, theirs) = tokio::net::UnixStream::pair().unwrap();
    let mut peer = Peer::new(theirs);
    let connecting = Client::builder().over_unix(ours);
    let short = Duration::from_millis(1);
    assert!(tokio::time::timeout(short, connecting).await.is_err());
    assert_eq!(peer.byte().await, None);
}

/// Each phase is told, with the last thing that the system said.
#[tokio::test(start_paused = true)]
async fn what_was_waited_for_is_told() {
    let error = Client::builder()
        .connect_deadline(MINUTE)
        .connect_tcp("127.0.0.1:1")
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "tcp:127.0.0.1:1: connecting: the deadline passed; \
         last: 127.0.0.1:1: Connection refused (os error 111)"
    );
    let (ours, _theirs) = UnixStream::pair().unwrap();
    let address = Address::Fd(ours.as_raw_fd());
    let error = Client::connect(&address).await.unwrap_err();
    assert!(error.is_deadline());
    assert_eq!(
        error.to_string(),
        format!(
            "{address}: connected, waiting for the greeting: the deadline passed; \
             QEMU serves one client a monitor at a time, and another may hold it"
        )
    );
}

#[tokio::test]
async fn an_unanswered_negotiation_is_told() {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let mut peer = Peer::new(theirs);
    let connecting = Client::builder().deadline(Duration::from_millis(200));
    let connecting = tokio::spawn(connecting.over_unix(ours));
    peer.send(GREETING).await;
    peer.request().await;
    peer.send("{\"return\": {}}\r\n").await;
    assert_eq!(
        connecting.await.unwrap().unwrap_err().to_string(),
        "greeted, negotiating capabilities: the deadline passed; \
         last: protocol violated: a reply without an id"
    );
}
