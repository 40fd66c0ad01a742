//! Events of a server that behaves.

use std::sync::mpsc;
use std::thread;

use qapi_rt::blocking::Client;
use qapi_rt::qmp::commands::{Cont, Quit};
use qapi_rt::qmp::{self, events};
use qapi_rt::session::client::RawCommand;
use qapi_rt::{ErrorKind, Received};

use super::{call, client, connect};
use crate::blocking_client::fake::{AT_ONCE, SOON, resumes_meanwhile, serve_negotiated};

#[test]
fn each_subscriber_gets_what_it_wants() {
    let (stream, server) = serve_negotiated(|mut peer| {
        let request = peer.expect("x");
        for name in ["STOP", "NEW", "RESUME"] {
            peer.event(name);
        }
        peer.answer(&request, "{}");
    });
    let client = client(stream);
    let mut all = client.all_events::<qmp::Event>();
    let mut stops = client.events::<events::Stop>();
    let mut new = client.raw_events(|name| name == "NEW");
    call(&client, "x").unwrap();
    server.join().unwrap();
    let names: Vec<_> = (0..3)
        .map(|_| {
            let received = all.recv().unwrap();
            assert_eq!(received.timestamp.microseconds(), 2);
            qapi_rt::types::Events::name(&received.event).to_owned()
        })
        .collect();
    assert_eq!(names, ["STOP", "NEW", "RESUME"]);
    assert_eq!(
        stops.try_recv().unwrap().unwrap().event,
        events::Stop::new()
    );
    assert_eq!(new.try_recv().unwrap().unwrap().event.name(), "NEW");
    assert!(stops.recv().unwrap_err().is_disconnected());
    assert!(new.next().is_none());
}

/// Nothing is read while nobody waits, so what happened before somebody subscribes is still to be received then.
#[test]
fn what_happened_before_is_not_told() {
    let (told, tell) = mpsc::channel();
    let (stream, server) = serve_negotiated(move |mut peer| {
        peer.event("RESUME");
        peer.event("STOP");
        told.send(()).unwrap();
        let request = peer.expect("cont");
        peer.event("STOP");
        peer.answer(&request, "{}");
        peer.event("STOP");
        told.send(()).unwrap();
        let request = peer.expect("x");
        peer.event("RESUME");
        peer.answer(&request, "{}");
        peer.wait_for_end();
    });
    let client = client(stream);
    tell.recv().unwrap();
    let mut resumes = client.events::<events::Resume>();
    let stopped = |received: &Received<qmp::Event>| {
        assert!(matches!(received.event, qmp::Event::Stop(_)));
        Some(())
    };
    client.execute_and_wait(Cont::new(), stopped, SOON).unwrap();
    tell.recv().unwrap();
    let mut stops = client.events::<events::Stop>();
    call(&client, "x").unwrap();
    assert!(stops.try_recv().unwrap().is_none());
    assert!(resumes.try_recv().unwrap().is_some());
    assert!(resumes.try_recv().unwrap().is_none());
    drop((client, resumes, stops));
    server.join().unwrap();
}

#[test]
fn the_oldest_are_dropped_and_counted() {
    let (stream, server) = serve_negotiated(|mut peer| {
        let request = peer.expect("x");
        for name in ["A", "B", "C", "D"] {
            peer.event(name);
        }
        peer.answer(&request, "{}");
    });
    let client = connect(Client::builder().event_buffer(2), stream);
    let mut stream = client.raw_events(|_| true);
    call(&client, "x").unwrap();
    server.join().unwrap();
    let received: Vec<_> = (0..2)
        .map(|_| stream.recv().unwrap())
        .map(|received| (received.event.name().to_owned(), received.missed))
        .collect();
    assert_eq!(received, [("C".to_owned(), 2), ("D".to_owned(), 0)]);
}

#[test]
fn waiting_has_a_deadline() {
    let (stream, server) = serve_negotiated(|mut peer| peer.wait_for_end());
    let client = client(stream);
    let error = client
        .events::<events::Stop>()
        .recv_deadline(AT_ONCE)
        .unwrap_err();
    assert!(error.is_deadline());
    drop(client);
    server.join().unwrap();
}

/// Whoever waits for events reads replies for the others, and they read its events.
#[test]
fn beside_calls() {
    let (stream, server) = serve_negotiated(|mut peer| {
        for _ in 0..100 {
            let request = peer.expect("x");
            peer.event("STOP");
            peer.answer(&request, "{}");
        }
        peer.wait_for_end();
    });
    let client = client(stream);
    let stops = client.events::<events::Stop>();
    let waiting = thread::spawn(move || stops.take(100).filter(Result::is_ok).count());
    for _ in 0..100 {
        call(&client, "x").unwrap();
    }
    assert_eq!(waiting.join().unwrap(), 100);
    drop(client);
    server.join().unwrap();
}

/// With a thread that reads, events come without anybody waiting.
#[test]
fn by_a_thread_of_their_own() {
    let (stream, server) = serve_negotiated(|mut peer| {
        let request = peer.expect("x");
        peer.answer(&request, "{}");
        peer.event("STOP");
    });
    let client = connect(Client::builder().reader_thread(true), stream);
    let mut stops = client.events::<events::Stop>();
    call(&client, "x").unwrap();
    server.join().unwrap();
    while client.closed().is_none() {
        thread::yield_now();
    }
    assert!(stops.try_recv().unwrap().is_some());
}

fn resumed(received: &Received<qmp::Event>) -> Option<i64> {
    matches!(received.event, qmp::Event::Resume(_)).then(|| received.timestamp.seconds())
}

#[test]
fn execute_and_wait() {
    for before in [true, false] {
        let (stream, server) = serve_negotiated(move |mut peer| {
            let request = peer.expect("cont");
            peer.event("STOP");
            if before {
                peer.event("RESUME");
            }
            peer.answer(&request, "{}");
            if !before {
                peer.event("RESUME");
            }
        });
        let client = client(stream);
        let (_, seconds) = client.execute_and_wait(Cont::new(), resumed, SOON).unwrap();
        assert_eq!(seconds, 1);
        server.join().unwrap();
    }
}

#[test]
fn what_came_while_nobody_looked_ends_execute_and_wait() {
    let (serve, mut meanwhile) = resumes_meanwhile();
    let (stream, server) = serve_negotiated(serve);
    let client = client(stream);
    let found = |received: &Received<qmp::Event>| {
        let resumed = resumed(received);
        if resumed.is_none() {
            meanwhile();
            thread::sleep(2 * AT_ONCE);
        }
        resumed
    };
    client
        .execute_and_wait(Cont::new(), found, AT_ONCE)
        .unwrap();
    server.join().unwrap();
}

#[test]
fn execute_and_wait_for_what_does_not_come() {
    let (go, gone) = mpsc::channel();
    let (stream, server) = serve_negotiated(move |mut peer| {
        peer.expect("cont");
        peer.send("{\"error\": {\"class\": \"GenericError\", \"desc\": \"no\"}}\r\n");
        let request = peer.expect("cont");
        peer.answer(&request, "{}");
        gone.recv().unwrap();
        let late = peer.expect("cont");
        gone.recv().unwrap();
        peer.answer(&late, "{}");
        let request = peer.expect("cont");
        peer.answer(&request, "{}");
    });
    let client = client(stream);
    let attempt = |deadline| {
        client
            .execute_and_wait(Cont::new(), resumed, deadline)
            .unwrap_err()
    };
    assert!(matches!(attempt(SOON).kind(), ErrorKind::Command(_)));
    assert!(matches!(attempt(AT_ONCE).kind(), ErrorKind::NoEvent));
    go.send(()).unwrap();
    assert!(matches!(
        attempt(AT_ONCE).kind(),
        ErrorKind::Deadline { sent: true }
    ));
    go.send(()).unwrap();
    assert!(matches!(attempt(SOON).kind(), ErrorKind::OutcomeUnknown));
    server.join().unwrap();
}

#[test]
fn the_end_of_the_server() {
    for replies in [true, false] {
        let (stream, server) = serve_negotiated(move |mut peer| {
            let request = peer.expect("quit");
            peer.event("SHUTDOWN");
            if replies {
                peer.answer(&request, "{}");
            }
        });
        let client = client(stream);
        client.quit().unwrap();
        server.join().unwrap();
        let error = call(&client, "x").unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Closed));
    }
    let (stream, server) = serve_negotiated(|mut peer| {
        peer.expect("quit");
    });
    let error = client(stream).execute(Quit::new()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Ended));
    server.join().unwrap();
    let (stream, server) = serve_negotiated(|mut peer| {
        peer.expect("x");
    });
    let error = client(stream).execute(RawCommand::new("x")).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::OutcomeUnknown));
    server.join().unwrap();
}
