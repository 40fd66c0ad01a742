//! Servers that break the rules, or break down.

use qapi_rt::blocking::Client;
use qapi_rt::session::client::RawCommand;
use qapi_rt::{Error, ErrorKind, Violation};
use serde_json::json;

use super::{call, client, connect};
use crate::blocking_client::fake::{AT_ONCE, GREETING, SOON, serve, serve_negotiated};

/// How a call ends when the server answers it like this and goes on reading; and why the connection ended.
fn answered(reply: impl Into<String>) -> (Error, Error) {
    let reply = reply.into();
    let (stream, server) = serve_negotiated(move |mut peer| {
        peer.expect("x");
        peer.send(&reply);
        peer.wait_for_end();
    });
    let client = connect(Client::builder().message_limit(1 << 20), stream);
    let error = call(&client, "x").unwrap_err();
    let closed = client.closed().unwrap();
    assert!(matches!(error.kind(), ErrorKind::OutcomeUnknown));
    assert!(matches!(
        call(&client, "y").unwrap_err().kind(),
        ErrorKind::Closed
    ));
    drop(client);
    server.join().unwrap();
    (error, closed)
}

#[test]
fn garbage() {
    let (error, closed) = answered("\u{0}\u{1}garbage");
    assert_eq!(
        error.to_string(),
        "x: the connection ended before the outcome was known (protocol violated: no message begins \
         with '\\x00\\x01garbage')"
    );
    assert!(matches!(
        closed.kind(),
        ErrorKind::Protocol(Violation::Garbage { .. })
    ));
}

#[test]
fn not_json() {
    let (_, closed) = answered("{\"return\": tru}\n");
    assert_eq!(
        closed.to_string(),
        "protocol violated: JSON parse error, invalid keyword 'tru', in '{\"return\": tru}'"
    );
}

#[test]
fn messages_that_are_too_long() {
    let (_, closed) = answered(format!("{{\"return\": \"{}\"}}\n", "x".repeat(1 << 20)));
    let ErrorKind::Protocol(Violation::TooLong { limit }) = closed.kind() else {
        panic!("{closed}");
    };
    assert_eq!(*limit, 1 << 20);
}

/// The limit is 64 MiB unless set, and what is longer is not collected.
#[test]
fn a_hundred_megabytes() {
    let (stream, server) = serve_negotiated(|mut peer| {
        peer.expect("x");
        peer.send("{\"return\": \"");
        for _ in 0..100 {
            peer.send(&"x".repeat(1 << 20));
        }
        peer.send("\"}\n");
    });
    let client = client(stream);
    call(&client, "x").unwrap_err();
    let closed = client.closed().unwrap();
    assert!(matches!(
        closed.kind(),
        ErrorKind::Protocol(Violation::TooLong { limit: 67_108_864 })
    ));
    drop(client);
    server.join().unwrap();
}

#[test]
fn half_a_message_and_then_nothing() {
    let (stream, server) = serve_negotiated(|mut peer| {
        peer.expect("x");
        peer.send("{\"return\": {");
        peer.wait_for_end();
    });
    let client = client(stream);
    let error = client
        .call(RawCommand::new("x"))
        .deadline(AT_ONCE)
        .send()
        .unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Deadline { sent: true }));
    drop(client);
    server.join().unwrap();
}

/// Two calls, so that the second has an id; only the first is answered properly.
fn second_answered(reply: &'static str) -> Error {
    let (stream, server) = serve_negotiated(move |mut peer| {
        let first = peer.expect("a");
        peer.expect("b");
        peer.answer(&first, "1");
        peer.send(reply);
        peer.wait_for_end();
    });
    let client = client(stream);
    let first = client.call(RawCommand::new("a")).start().unwrap();
    let second = client
        .call(RawCommand::new("b"))
        .deadline(if reply.contains("id") { AT_ONCE } else { SOON })
        .start()
        .unwrap();
    first.wait().unwrap();
    let error = second.wait().unwrap_err();
    let closed = client.closed();
    drop(client);
    server.join().unwrap();
    closed.unwrap_or(error)
}

#[test]
fn wrong_ids() {
    let error = second_answered("{\"return\": 1, \"id\": 77}\n");
    assert!(matches!(error.kind(), ErrorKind::Deadline { sent: true }));
}

#[test]
fn missing_ids() {
    let closed = second_answered("{\"return\": 1}\n");
    assert!(matches!(
        closed.kind(),
        ErrorKind::Protocol(Violation::ReplyWithoutId)
    ));
    let closed = second_answered("{\"error\": {\"class\": \"GenericError\", \"desc\": \"no\"}}\n");
    assert!(matches!(
        closed.kind(),
        ErrorKind::Protocol(Violation::ErrorWithoutId(_))
    ));
}

/// A conversation cut off at every byte ends in an error of the right kind, and never in silence.
#[test]
fn the_end_at_every_byte() {
    for message in 0..3 {
        let mut cut = 0;
        loop {
            let (stream, server) = serve(move |mut peer| {
                let mut request = json!({});
                for number in 0.. {
                    let text = match number {
                        0 => GREETING.to_owned(),
                        1 => format!("{{\"return\": {{}}, \"id\": {}}}\r\n", request["id"]),
                        _ => "{\"event\": \"STOP\"}\r\n{\"return\": 1}\r\n".to_owned(),
                    };
                    if number == message {
                        peer.send(&text[..cut]);
                        return text.len();
                    }
                    peer.send(&text);
                    request = peer.request().unwrap();
                }
                unreachable!("it is cut off")
            });
            let mut connected = false;
            let result = Client::builder().deadline(SOON).over_unix(stream);
            let result = result.and_then(|client| {
                connected = true;
                call(&client, "query-status")
            });
            let length = server.join().unwrap();
            // The line break need not have come.
            let complete = cut >= length - 2;
            let negotiated = message == 2 || message == 1 && complete;
            assert_eq!(connected, negotiated, "message {message} cut at {cut}");
            match result {
                Ok(value) => assert_eq!((value, message, complete), (json!(1), 2, true)),
                Err(error) => assert!(error.is_disconnected(), "{message}, {cut}: {error}"),
            }
            if cut == length {
                break;
            }
            cut += 1;
        }
    }
}

#[test]
fn no_messages_but_white_space() {
    let (stream, server) = serve(|mut peer| {
        peer.send("\r\n \t\n");
        peer.negotiate();
        let request = peer.expect("x");
        peer.send("\n\n  ");
        peer.answer(&request, "1");
    });
    call(&client(stream), "x").unwrap();
    server.join().unwrap();
}
