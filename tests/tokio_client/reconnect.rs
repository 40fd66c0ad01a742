//! Clients that connect again.

use std::os::fd::AsRawFd as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use qapi_rt::client::Builder;
use qapi_rt::session::client::RawCommand;
use qapi_rt::{Address, Client, ErrorKind, EventMessage};
use serde_json::{Value, json};
use tokio::net::{UnixListener, UnixStream};

use crate::tokio_client::server::{GREETING, Peer};

/// A place where servers come and go.
struct Monitor {
    path: PathBuf,
    listener: UnixListener,
}

impl Monitor {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("qapi-again-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let _ = std::fs::remove_file(&path);
        let listener = UnixListener::bind(&path).unwrap();
        Self { path, listener }
    }

    async fn accept(&self) -> Peer<UnixStream> {
        Peer::new(self.listener.accept().await.unwrap().0)
    }

    async fn serve(&self) -> Peer<UnixStream> {
        let mut peer = self.accept().await;
        peer.welcome().await;
        peer
    }

    async fn connect(&self, builder: Builder<'_>) -> (Client, Peer<UnixStream>) {
        let (client, peer) = tokio::join!(builder.connect_unix(&self.path), self.serve());
        (client.unwrap(), peer)
    }
}

impl Drop for Monitor {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

fn at_once() -> Builder<'static> {
    Client::builder().reconnect(|_| Some(Duration::ZERO))
}

async fn next(events: &mut qapi_rt::client::EventStream<EventMessage>) -> String {
    match events.recv().await {
        Ok(received) => received.event.name().to_owned(),
        Err(error) if matches!(error.kind(), ErrorKind::Reconnected) => "reconnected".into(),
        Err(error) => error.to_string(),
    }
}

#[tokio::test]
async fn quit_waits_for_the_end_of_one_connection() {
    for replies in [true, false] {
        let monitor = Monitor::new();
        let (client, mut peer) = monitor.connect(at_once()).await;
        let server = async {
            let request = peer.expect("quit").await;
            if replies {
                peer.reply(&request, json!({})).await;
            }
            drop(peer);
            monitor.serve().await
        };
        let (result, _next) = tokio::join!(client.quit(), server);
        result.unwrap();
        assert!(client.closed().is_none());
    }
}

#[tokio::test]
async fn calls_and_subscribers() {
    let monitor = Monitor::new();
    let (client, mut peer) = monitor.connect(at_once()).await;
    let mut events = client.raw_events(|_| true);
    let call = client.call(RawCommand::new("x")).start().unwrap();
    peer.expect("x").await;
    peer.event("A", json!({})).await;
    drop(peer);
    let error = call.wait().await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::OutcomeUnknown));

    // What is called meanwhile waits.
    let later = client.call(RawCommand::new("y")).start().unwrap();
    let mut peer = monitor.serve().await;
    let request = peer.expect("y").await;
    peer.reply(&request, json!(2)).await;
    assert_eq!(later.wait().await.unwrap(), 2);
    assert!(client.closed().is_none());
    peer.event("B", json!({})).await;
    for expected in ["A", "reconnected", "B"] {
        assert_eq!(next(&mut events).await, expected);
    }

    // The last handle ends it, also while it is disconnected.
    drop(peer);
    drop((client, events));
}

/// The one who waits for an event is told that it may have been missed.
#[tokio::test]
async fn a_command_and_its_event() {
    let monitor = Monitor::new();
    let (client, mut peer) = monitor.connect(at_once()).await;
    let command = RawCommand::new("device_del");
    let waiting = client.execute_and_wait(
        command,
        |_: &qapi_rt::Received<qapi_rt::qmp::Event>| None::<()>,
        Duration::from_secs(60),
    );
    let server = async {
        let request = peer.expect("device_del").await;
        peer.reply(&request, json!({})).await;
        drop(peer);
        monitor.serve().await
    };
    let (result, _peer) = tokio::join!(waiting, server);
    assert!(matches!(
        result.unwrap_err().kind(),
        ErrorKind::OutcomeUnknown
    ));
}

/// The number of attempts and the times between them are the caller's; when they are used up the client is closed.
#[tokio::test]
async fn attempts_are_the_caller_s() {
    let monitor = Monitor::new();
    let asked = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&asked);
    let builder = Client::builder().reconnect(move |attempt| {
        assert_eq!(attempt, count.fetch_add(1, Ordering::Relaxed) % 3);
        (attempt < 2).then_some(Duration::from_millis(u64::from(attempt)))
    });
    let (client, peer) = monitor.connect(builder).await;
    let mut events = client.raw_events(|_| true);
    drop(peer);
    // One that hangs up counts as an attempt.
    drop(monitor.accept().await);
    drop(monitor.accept().await);
    let end = next(&mut events).await;
    assert!(end.starts_with("the connection has ended"), "{end}");
    assert_eq!(asked.load(Ordering::Relaxed), 3);
    assert!(client.closed().is_some());
    let error = client.execute_raw("x", Value::Null).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Closed));
}

/// One that does not negotiate in time is given up.
#[tokio::test]
async fn an_attempt_has_a_deadline() {
    let monitor = Monitor::new();
    let builder = at_once().connect_deadline(Duration::from_millis(300));
    let (client, peer) = monitor.connect(builder).await;
    drop(peer);
    let mut silent = monitor.accept().await;
    silent.send(GREETING).await;
    silent.expect("qmp_capabilities").await;
    assert_eq!(silent.request().await, Value::Null);
    let call = client.call(RawCommand::new("x")).start().unwrap();
    tokio::spawn(monitor.serve().await.echo());
    assert_eq!(call.wait().await.unwrap(), "x");
}

/// Of QEMU 11.1, whose monitors can be replaced; what is known of the server is asked anew.
#[tokio::test]
async fn a_second_greeting() {
    let monitor = Monitor::new();
    let (client, mut peer) = monitor.connect(at_once()).await;
    let mut events = client.raw_events(|_| true);
    let schema = json!([{"name": "0", "meta-type": "object", "members": []}]);
    let server = async {
        let request = peer.expect("query-qmp-schema").await;
        peer.reply(&request, schema.clone()).await;
    };
    let (first, ()) = tokio::join!(client.capabilities(), server);
    let first = first.unwrap();
    assert!(Arc::ptr_eq(&first, &client.capabilities().await.unwrap()));

    peer.send(&GREETING.replace("\"major\": 10", "\"major\": 11"))
        .await;
    let request = peer.expect("qmp_capabilities").await;
    peer.reply(&request, json!({})).await;
    assert_eq!(next(&mut events).await, "reconnected");
    assert_eq!(client.greeting().version.qemu.major, 11);
    let server = async {
        let request = peer.expect("query-qmp-schema").await;
        peer.reply(&request, schema).await;
    };
    let (second, ()) = tokio::join!(client.capabilities(), server);
    assert!(!Arc::ptr_eq(&first, &second.unwrap()));
}

#[tokio::test]
async fn what_has_no_address_is_not_connected_again() {
    let (ours, _theirs) = UnixStream::pair().unwrap();
    let error = at_once().over_unix(ours).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "what has no address cannot be connected again"
    );
}

/// Nobody could have subscribed before it was connected.
#[tokio::test]
async fn events_right_after_negotiation() {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let mut peer = Peer::new(theirs);
    let address = Address::Fd(ours.as_raw_fd());
    let builder = Client::builder().early_events(true);
    let server = async {
        peer.welcome().await;
        peer.event("EARLY", json!({})).await;
    };
    let (client, ()) = tokio::join!(builder.connect(&address), server);
    let client = client.unwrap();
    tokio::spawn(async move {
        let request = peer.request().await;
        peer.reply(&request, json!({})).await;
        peer.request().await
    });
    client.execute_raw("x", Value::Null).await.unwrap();
    let mut events = client.raw_events(|_| true);
    assert_eq!(next(&mut events).await, "EARLY");
    assert!(client.raw_events(|_| true).try_recv().unwrap().is_none());
}
