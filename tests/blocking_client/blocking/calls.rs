//! Calls to a server that behaves.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use qapi_rt::blocking::Client;
use qapi_rt::qmp::commands::{Cont, QueryStatus, Stop};
use qapi_rt::session::client::RawCommand;
use qapi_rt::types::ErrorClass;
use qapi_rt::{ErrorKind, qmp};
use serde_json::{Value, json};

use super::{call, client, connect};
use crate::blocking_client::fake::{AT_ONCE, SOON, answer_in_halves, serve_negotiated};

#[test]
fn typed() {
    let (stream, server) = serve_negotiated(|mut peer| {
        let request = peer.expect("query-status");
        assert_eq!(request, json!({"execute": "query-status"}));
        peer.answer(
            &request,
            r#"{"status": "paused", "running": false, "new": 1}"#,
        );
        peer.expect("cont");
        peer.send("{\"error\": {\"class\": \"DeviceNotActive\", \"desc\": \"no\"}}\r\n");
        let request = peer.expect("stop");
        peer.answer(&request, "[]");
    });
    let client = client(stream);
    assert_eq!(client.greeting().version.qemu.major, 10);
    let status = client.execute(QueryStatus::new()).unwrap();
    assert_eq!(status.status, qmp::RunState::Paused);
    let error = client.execute(Cont::new()).unwrap_err();
    assert_eq!(error.class(), Some(&ErrorClass::DeviceNotActive));
    assert_eq!(error.to_string(), "cont: DeviceNotActive: no");
    assert!(!error.maybe_executed());
    let error = client.execute(Stop::new()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Decode(undecoded) if &*undecoded.text == "[]"));
    assert_eq!(error.command(), Some("stop"));
    server.join().unwrap();
}

#[test]
fn without_a_deadline() {
    let (stream, server) = serve_negotiated(|mut peer| {
        let request = peer.expect("x");
        peer.answer(&request, "1");
    });
    let client = client(stream);
    let call = client.call(RawCommand::new("x")).deadline(Duration::MAX);
    assert_eq!(call.send().unwrap(), json!(1));
    server.join().unwrap();
}

#[test]
fn raw() {
    let (stream, server) = serve_negotiated(|mut peer| {
        let request = peer.expect("x");
        assert_eq!(request, json!({"execute": "x", "arguments": {"a": 1}}));
        peer.answer(&request, "[1]");
    });
    let client = client(stream);
    let error = client.execute_raw("x", json!([])).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Encode(_)));
    assert_eq!(
        client.execute_raw("x", json!({"a": 1})).unwrap(),
        json!([1])
    );
    server.join().unwrap();
}

/// Each of many threads gets its own replies.
#[test]
fn from_many_threads() {
    const THREADS: u64 = 8;
    const CALLS: u64 = 200;
    let (stream, server) = serve_negotiated(|mut peer| {
        for number in 0..THREADS * CALLS {
            let request = peer.request().unwrap();
            if number % 3 == 0 {
                peer.event("E");
            }
            peer.answer(&request, &request["arguments"]["n"].to_string());
        }
    });
    let client = client(stream);
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let client = client.clone();
            scope.spawn(move || {
                for call in 0..CALLS {
                    let n = json!(thread * CALLS + call);
                    assert_eq!(client.execute_raw("x", json!({"n": n})).unwrap(), n);
                }
            });
        }
    });
    server.join().unwrap();
}

/// With out-of-band execution replies may come in any order, and in-band requests leave room.
#[test]
fn out_of_band() {
    let (stream, server) = serve_negotiated(|mut peer| {
        let in_band: Vec<_> = (0..7).map(|_| peer.expect("slow")).collect();
        let request = peer.expect("fast");
        assert!(request.get("exec-oob").is_some());
        peer.answer(&request, "{}");
        for request in in_band.iter().rev() {
            peer.answer(request, &request["arguments"]["n"].to_string());
        }
        let request = peer.expect("slow");
        peer.answer(&request, &request["arguments"]["n"].to_string());
    });
    let client = connect(Client::builder().oob(true), stream);
    assert!(client.oob());
    let slow: Vec<_> = (0..8)
        .map(|n| {
            let command = RawCommand::with("slow", json!({"n": n})).unwrap();
            client.call(command).start().unwrap()
        })
        .collect();
    client.execute_oob(RawCommand::new("fast")).unwrap();
    for (n, slow) in slow.into_iter().enumerate() {
        assert_eq!(slow.wait().unwrap(), json!(n));
    }
    server.join().unwrap();
}

#[test]
fn out_of_band_has_to_be_asked_for() {
    let (stream, server) = serve_negotiated(|mut peer| peer.wait_for_end());
    let client = client(stream);
    let error = client.execute_oob(RawCommand::new("fast")).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::NoOob));
    drop(client);
    server.join().unwrap();
}

/// More than sockets hold, from one thread, to a server that waits for its replies to be read.
#[test]
fn many_under_way() {
    const CALLS: usize = 5000;
    let (stream, server) = serve_negotiated(|mut peer| {
        let text = Value::from("x".repeat(1000)).to_string();
        for _ in 0..CALLS {
            let request = peer.request().unwrap();
            peer.answer(&request, &text);
        }
    });
    let client = client(stream);
    let pending: Vec<_> = (0..CALLS)
        .map(|n| {
            let command = RawCommand::with("x", json!({"n": n})).unwrap();
            client.call(command).start().unwrap()
        })
        .collect();
    for pending in pending {
        assert_eq!(pending.wait().unwrap().as_str().map(str::len), Some(1000));
    }
    server.join().unwrap();
}

#[test]
fn late_replies_disturb_nobody() {
    let (go, gone) = mpsc::channel();
    let (stream, server) = serve_negotiated(move |mut peer| {
        for late in [true, false, true, false] {
            let request = peer.request().unwrap();
            if late {
                gone.recv().unwrap();
            }
            peer.answer(&request, &late.to_string());
        }
    });
    let client = client(stream);
    for _ in 0..2 {
        let error = client
            .call(RawCommand::new("slow"))
            .deadline(AT_ONCE)
            .send()
            .unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Deadline { sent: true }));
        assert!(error.maybe_executed());
        assert_eq!(error.to_string(), "slow: no reply before the deadline");
        go.send(()).unwrap();
        assert_eq!(call(&client, "fast").unwrap(), json!(false));
    }
    server.join().unwrap();
}

/// A request that was sent in part is completed before the next one; others are withdrawn.
#[test]
fn a_server_that_does_not_read() {
    let (go, gone) = mpsc::channel();
    let (stream, server) = serve_negotiated(move |mut peer| {
        gone.recv().unwrap();
        let request = peer.expect("long");
        peer.answer(&request, "1");
        let request = peer.expect("next");
        peer.answer(&request, "2");
        peer.wait_for_end();
    });
    let client = client(stream);
    let long = RawCommand::with("long", json!({"a": "x".repeat(1 << 20)})).unwrap();
    let long = client.call(long).deadline(AT_ONCE).start().unwrap();
    let error = long.wait().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Deadline { sent: true }));
    let unsent = client.call(RawCommand::new("unsent")).deadline(AT_ONCE);
    let error = unsent.send().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Deadline { sent: false }));
    assert!(!error.maybe_executed());
    go.send(()).unwrap();
    assert_eq!(call(&client, "next").unwrap(), json!(2));
    drop(client);
    server.join().unwrap();
}

#[test]
fn calls_can_be_dropped() {
    let (stream, server) = serve_negotiated(|mut peer| {
        for n in 0..3 {
            let request = peer.request().unwrap();
            peer.answer(&request, &n.to_string());
        }
    });
    let client = client(stream);
    drop(client.call(RawCommand::new("a")).start().unwrap());
    let kept = client.call(RawCommand::new("b")).start().unwrap();
    assert_eq!(call(&client, "c").unwrap(), json!(2));
    assert_eq!(kept.wait().unwrap(), json!(1));
    server.join().unwrap();
}

/// Whoever waits for the reply, and whoever reads it.
#[test]
fn closing_waits_for_calls() {
    for reader_thread in [false, true] {
        let (go, gone) = mpsc::channel();
        let (stream, server) = serve_negotiated(move |mut peer| {
            let request = peer.expect("x");
            gone.recv().unwrap();
            peer.answer(&request, "1");
            peer.wait_for_end();
        });
        let builder = Client::builder().reader_thread(reader_thread);
        let client = builder.deadline(SOON).over_unix(stream).unwrap();
        let pending = client.call(RawCommand::new("x")).start().unwrap();
        let clone = client.clone();
        let closing = thread::spawn(move || clone.close());
        // Until it is closing.
        while client.call(RawCommand::new("y")).start().is_ok() {
            thread::yield_now();
        }
        go.send(()).unwrap();
        closing.join().unwrap();
        assert_eq!(pending.wait().unwrap(), json!(1));
        assert!(client.closed().is_some());
        server.join().unwrap();
    }
}

#[test]
fn what_came_while_nobody_looked_was_in_time() {
    let (stream, server) = serve_negotiated(answer_in_halves);
    let client = client(stream);
    let call = |name| client.call(RawCommand::new(name)).deadline(AT_ONCE);
    let stopped = || thread::sleep(4 * AT_ONCE);

    let pending = call("x").start().unwrap();
    stopped();
    assert_eq!(pending.wait().unwrap(), json!({}));

    // The message that stood still meanwhile has gone on.
    let mut events = client.raw_events(|_| true);
    assert_eq!(call("begin").send().unwrap(), json!({}));
    let pending = call("silent").start().unwrap();
    stopped();
    assert!(pending.wait().unwrap_err().is_deadline());
    assert_eq!(events.recv().unwrap().event.name(), "E");
    assert_eq!(client.execute_raw("x", Value::Null).unwrap(), json!({}));
    drop((client, events));
    server.join().unwrap();
}

/// A command whose success is not answered ends when its time is over, and earlier if it fails.
#[test]
fn success_without_a_reply() {
    let (stream, server) = serve_negotiated(|mut peer| {
        for _ in 0..2 {
            let request = peer.expect("guest-shutdown");
            assert!(request.get("id").is_some(), "{request}");
        }
        let request = peer.expect("guest-shutdown");
        let id = &request["id"];
        peer.send(&format!(
            "{{\"error\": {{\"class\": \"GenericError\", \"desc\": \"no\"}}, \"id\": {id}}}\n"
        ));
        let request = peer.expect("x");
        peer.answer(&request, "1");
    });
    let client = connect(Client::builder().no_reply_grace(AT_ONCE), stream);
    let shutdown = || qapi_rt::qga::commands::GuestShutdown::new();
    client.execute(shutdown()).unwrap();
    client.call(shutdown()).start().unwrap().wait().unwrap();
    let error = client.execute(shutdown()).unwrap_err();
    assert_eq!(error.reply().unwrap().desc, "no");
    assert_eq!(call(&client, "x").unwrap(), 1);
    server.join().unwrap();
}
