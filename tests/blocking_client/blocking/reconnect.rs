//! Clients that connect again, and what ends them.

use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use qapi_rt::blocking::{Builder, Client, EventStream};
use qapi_rt::session::client::RawCommand;
use qapi_rt::{ErrorKind, EventMessage};
use serde_json::{Value, json};

use super::call;
use crate::blocking_client::fake::{AT_ONCE, GREETING, Peer, SOON, serve_negotiated};

/// A server that accepts one client after the other, each for another part of a script.
fn serve(script: Vec<fn(Peer)>) -> (PathBuf, JoinHandle<()>) {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("qapi-again-{}-{number}", std::process::id());
    let path = std::env::temp_dir().join(name);
    let _ = std::fs::remove_file(&path);
    let listener = UnixListener::bind(&path).unwrap();
    let file = path.clone();
    let server = thread::spawn(move || {
        for part in script {
            part(Peer::new(listener.accept().unwrap().0));
        }
        std::fs::remove_file(file).unwrap();
    });
    (path, server)
}

fn at_once() -> Builder<'static> {
    let builder = Client::builder().deadline(SOON);
    builder.reconnect(|_| Some(Duration::ZERO))
}

fn next(events: &mut EventStream<EventMessage>) -> String {
    match events.recv_deadline(SOON) {
        Ok(received) => received.event.name().to_owned(),
        Err(error) if matches!(error.kind(), ErrorKind::Reconnected) => "reconnected".into(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn calls_and_subscribers() {
    for reader_thread in [false, true] {
        let (path, server) = serve(vec![
            |mut peer| {
                peer.negotiate();
                peer.expect("x");
                peer.event("A");
            },
            |mut peer| {
                peer.negotiate();
                let request = peer.expect("y");
                peer.answer(&request, "2");
                peer.event("B");
                peer.wait_for_end();
            },
        ]);
        let builder = at_once().reader_thread(reader_thread);
        let client = builder.connect_unix(path).unwrap();
        let mut events = client.raw_events(|_| true);
        let error = call(&client, "x").unwrap_err();
        assert!(
            matches!(error.kind(), ErrorKind::OutcomeUnknown),
            "{error:?}"
        );
        assert_eq!(call(&client, "y").unwrap(), json!(2));
        assert!(client.closed().is_none());
        for expected in ["A", "reconnected", "B"] {
            assert_eq!(next(&mut events), expected);
        }
        drop((client, events));
        server.join().unwrap();
    }
}

#[test]
fn quit_waits_for_the_end_of_one_connection() {
    let script: [Vec<fn(Peer)>; 2] = [
        vec![|mut peer| {
            peer.negotiate();
            let request = peer.expect("quit");
            peer.answer(&request, "{}");
        }],
        vec![|mut peer| {
            peer.negotiate();
            peer.expect("quit");
        }],
    ];
    for script in script {
        let (path, server) = serve(script);
        let client = at_once().connect_unix(path).unwrap();
        client.quit().unwrap();
        assert!(client.closed().is_none());
        server.join().unwrap();
    }
}

/// Where several threads wait, one of them connects for all.
#[test]
fn many_threads() {
    let (path, server) = serve(vec![
        |mut peer| {
            peer.negotiate();
            peer.request();
        },
        |mut peer| {
            peer.send(GREETING);
        },
        |mut peer| {
            peer.negotiate();
            while let Some(request) = peer.request() {
                peer.answer(&request, "3");
            }
        },
    ]);
    let client = at_once().connect_unix(path).unwrap();
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                // It may be the one whose connection ended.
                let result = call(&client, "x").or_else(|_| call(&client, "x"));
                assert_eq!(result.unwrap(), json!(3));
            });
        }
    });
    drop(client);
    server.join().unwrap();
}

#[test]
fn attempts_are_the_caller_s() {
    let (path, server) = serve(vec![|mut peer| peer.negotiate(), |_| {}, |_| {}]);
    let asked = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&asked);
    let builder = Client::builder().deadline(SOON).reconnect(move |attempt| {
        assert_eq!(attempt, count.fetch_add(1, Ordering::Relaxed) % 3);
        (attempt < 2).then_some(Duration::from_millis(u64::from(attempt)))
    });
    let client = builder.connect_unix(path).unwrap();
    let mut events = client.raw_events(|_| true);
    let end = next(&mut events);
    assert!(end.starts_with("the connection has ended"), "{end}");
    assert_eq!(asked.load(Ordering::Relaxed), 3);
    assert!(client.closed().is_some());
    assert!(matches!(
        call(&client, "x").unwrap_err().kind(),
        ErrorKind::Closed
    ));
    server.join().unwrap();
}

/// A call's deadline holds while nobody can be connected to; what was not sent is told so.
#[test]
fn a_server_that_stays_away() {
    let (path, server) = serve(vec![|mut peer| peer.negotiate()]);
    let builder = Client::builder().reconnect(|_| Some(Duration::from_millis(1)));
    let client = builder.connect_unix(path).unwrap();
    server.join().unwrap();
    let late = client.call(RawCommand::new("x")).deadline(AT_ONCE);
    let error = late.send().unwrap_err();
    assert!(error.is_deadline() && !error.maybe_executed(), "{error}");
    assert!(client.closed().is_none());
}

#[test]
fn a_second_greeting_and_one_without_negotiation() {
    let (path, server) = serve(vec![
        |mut peer| {
            peer.negotiate();
            peer.expect("x");
            peer.negotiate();
            let request = peer.expect("y");
            peer.answer(&request, "1");
            peer.expect("z");
        },
        // It is given up, and ends with the client's connection.
        |mut peer| {
            peer.send(GREETING);
            peer.expect("qmp_capabilities");
            assert_eq!(peer.request(), None);
        },
        |mut peer| {
            peer.negotiate();
            let request = peer.expect("z");
            peer.answer(&request, "2");
        },
    ]);
    let builder = at_once().connect_deadline(Duration::from_millis(300));
    let client = builder.connect_unix(path).unwrap();
    let error = call(&client, "x").unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::OutcomeUnknown));
    assert!(error.to_string().contains("a second greeting"), "{error}");
    assert_eq!(call(&client, "y").unwrap(), json!(1));
    call(&client, "z").unwrap_err();
    assert_eq!(call(&client, "z").unwrap(), json!(2));
    drop(client);
    server.join().unwrap();
}

#[test]
fn what_has_no_address_is_not_connected_again() {
    let (ours, _theirs) = UnixStream::pair().unwrap();
    let error = at_once().over_unix(ours).unwrap_err();
    assert_eq!(
        error.to_string(),
        "what has no address cannot be connected again"
    );
}

#[test]
fn events_right_after_negotiation() {
    let (stream, server) = serve_negotiated(|mut peer| {
        peer.event("EARLY");
        let request = peer.expect("x");
        peer.answer(&request, "1");
        peer.wait_for_end();
    });
    let builder = Client::builder().deadline(SOON).early_events(true);
    let client = builder.over_unix(stream).unwrap();
    call(&client, "x").unwrap();
    let mut events = client.raw_events(|_| true);
    assert_eq!(next(&mut events), "EARLY");
    assert!(client.raw_events(|_| true).try_recv().unwrap().is_none());
    drop((client, events));
    server.join().unwrap();
}

/// A write fails, and nobody reads.
#[test]
fn an_end_that_only_writing_shows() {
    let (gone, wait) = mpsc::channel();
    let (stream, server) = serve_negotiated(move |peer| {
        drop(peer);
        gone.send(()).unwrap();
    });
    let client = super::client(stream);
    wait.recv().unwrap();
    let error = client.execute_raw("x", Value::Null).unwrap_err();
    assert!(error.is_disconnected());
    assert!(client.closed().is_some());
    server.join().unwrap();
}
