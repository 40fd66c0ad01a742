//! Servers that misbehave.

use std::time::Duration;

use qapi_rt::session::client::RawCommand;
use qapi_rt::{Client, Error, ErrorKind, Violation};
use serde_json::{Value, json};

use crate::tokio_client::server::{GREETING, Peer, connected, connected_by, greeted_with};

/// Why the connection ended.
fn violation(error: &Error) -> String {
    match error.kind() {
        ErrorKind::Protocol(violation) => violation.to_string(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn greetings_that_are_none() {
    for (text, expected) in [
        (
            "SSH-2.0-OpenSSH\r\n",
            "no message begins with 'SSH-2.0-OpenSSH\\r\\n'",
        ),
        ("[1, 2]\r\n", "no message begins with '[1, 2]\\r\\n'"),
    ] {
        let error = greeted_with(text, false).await.unwrap_err();
        assert_eq!(violation(&error), expected);
    }
    // A reply is one to an earlier client.
    for silence in ["", "\r\n", &GREETING[..30], "{\"return\": {}}\r\n"] {
        let error = greeted_with(silence, false).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Deadline { sent: false }));
    }
    let error = greeted_with("", true).await.unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::Io(error) if error.kind() == std::io::ErrorKind::UnexpectedEof)
    );
}

#[tokio::test]
async fn negotiation_that_is_refused() {
    let (ours, theirs) = tokio::io::duplex(1024);
    let mut peer = Peer::new(theirs);
    let (reader, writer) = tokio::io::split(ours);
    let server = async {
        peer.send(GREETING).await;
        let request = peer.expect("qmp_capabilities").await;
        peer.fail(&request, "GenericError", "no").await;
        assert_eq!(peer.request().await, Value::Null);
    };
    let (client, ()) = tokio::join!(Client::builder().over(reader, writer), server);
    assert_eq!(
        violation(&client.unwrap_err()),
        "capabilities refused: GenericError: no"
    );
}

/// What a server sends while two calls wait, and what comes of it.
async fn after(text: &str) -> (Client, Error, Error) {
    let (client, mut peer) = connected().await;
    let first = client.call(RawCommand::new("a")).start().unwrap();
    let second = client.call(RawCommand::new("b")).start().unwrap();
    peer.expect("a").await;
    peer.expect("b").await;
    peer.reply(&json!({}), json!(1)).await;
    first.wait().await.unwrap();
    let third = client.call(RawCommand::new("c")).start().unwrap();
    peer.expect("c").await;
    peer.send(text).await;
    let (second, third) = (second.wait().await, third.wait().await);
    // The client has closed the connection.
    assert_eq!(peer.request().await, Value::Null);
    (client, second.unwrap_err(), third.unwrap_err())
}

#[tokio::test(start_paused = true)]
async fn violations_end_the_connection_and_all_calls() {
    for (text, expected) in [
        ("nonsense\r\n", "no message begins with 'nonsense\\r\\n'"),
        (
            "{\"return\": tru}\r\n",
            "JSON parse error, invalid keyword 'tru', in '{\"return\": tru}'",
        ),
        (
            GREETING,
            "a second greeting: somebody has replaced this monitor",
        ),
        ("{\"return\": 1}\r\n", "a reply without an id"),
        (
            "{\"error\": {\"class\": \"GenericError\", \"desc\": \"JSON parse error\"}}\r\n",
            "an error without an id: GenericError: JSON parse error",
        ),
    ] {
        let (client, second, third) = after(text).await;
        for error in [second, third] {
            assert!(matches!(error.kind(), ErrorKind::OutcomeUnknown));
            assert!(error.maybe_executed());
        }
        assert_eq!(violation(&client.closed().unwrap()), expected);
        let error = client.execute_raw("d", Value::Null).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Closed));
        assert!(!error.maybe_executed());
    }
}

/// Replies to what was never asked are dropped, and the call goes on.
#[tokio::test]
async fn replies_with_unknown_ids() {
    let (client, mut peer) = connected().await;
    let first = client.call(RawCommand::new("a")).start().unwrap();
    let second = client.call(RawCommand::new("b")).start().unwrap();
    for command in ["a", "b"] {
        let request = peer.expect(command).await;
        for id in [
            json!(99),
            json!("x"),
            json!([null]),
            json!({"a": 1}),
            json!(-1),
            json!(1.5),
        ] {
            peer.reply(&json!({"id": id}), json!("wrong")).await;
            peer.fail(&json!({"id": id}), "GenericError", "wrong").await;
        }
        peer.reply(&request, json!(command)).await;
    }
    assert_eq!(first.wait().await.unwrap(), "a");
    assert_eq!(second.wait().await.unwrap(), "b");
}

/// Half a message and then silence: the call ends by its deadline, and when the rest comes the next is answered.
#[tokio::test(start_paused = true)]
async fn half_a_message() {
    let (client, mut peer) = connected().await;
    let call = client
        .call(RawCommand::new("a"))
        .deadline(Duration::from_secs(1))
        .start()
        .unwrap();
    peer.expect("a").await;
    peer.send("{\"return\": {\"text\": \"half").await;
    let error = call.wait().await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Deadline { sent: true }));
    peer.send(" and half\"}}\r\n").await;
    let (reply, ()) = tokio::join!(client.execute_raw("b", Value::Null), async {
        let request = peer.expect("b").await;
        peer.reply(&request, json!("b")).await;
    });
    assert_eq!(reply.unwrap(), "b");
}

#[tokio::test]
async fn a_message_of_a_hundred_megabytes() {
    for limit in [None, Some(1 << 20)] {
        let builder = match limit {
            None => Client::builder(),
            Some(limit) => Client::builder().message_limit(limit),
        };
        let (client, mut peer) = connected_by(builder, 1 << 20).await;
        let call = client.call(RawCommand::new("a")).start().unwrap();
        peer.expect("a").await;
        let server = tokio::spawn(async move {
            peer.send("{\"return\": \"").await;
            let piece = "x".repeat(1 << 20);
            for _ in 0..100 {
                peer.try_send(&piece).await?;
            }
            peer.try_send("\"}\r\n").await
        });
        let error = call.wait().await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::OutcomeUnknown));
        let closed = client.closed().unwrap();
        let expected = limit.unwrap_or(64 << 20);
        assert!(
            matches!(closed.kind(), ErrorKind::Protocol(Violation::TooLong { limit }) if *limit == expected)
        );
        // It does not take the rest.
        assert!(server.await.unwrap().is_err());
    }
}

/// A whole conversation that is cut off at each byte of the server's, in turn by its end and by silence.
#[tokio::test(start_paused = true)]
async fn cut_off_at_every_byte() {
    for message in 0..3 {
        for hang_up in [true, false] {
            let mut cut = 0;
            loop {
                let (length, outcome) = cut_off(message, cut, hang_up).await;
                // The line break need not have come.
                if message == 2 && cut >= length - 2 {
                    assert_eq!(outcome.unwrap(), json!([1]));
                } else {
                    outcome.unwrap_err();
                }
                if cut == length {
                    break;
                }
                cut += 1;
            }
        }
    }
}

/// Connects and calls, while the server sends only part of one of its messages; gives that message's length, too.
async fn cut_off(message: usize, cut: usize, hang_up: bool) -> (usize, Result<Value, Error>) {
    let (ours, theirs) = tokio::io::duplex(1024);
    let mut peer = Peer::new(theirs);
    let (reader, writer) = tokio::io::split(ours);
    let server = tokio::spawn(async move {
        for number in 0.. {
            let text = match number {
                0 => GREETING.to_owned(),
                1 => {
                    let request = peer.expect("qmp_capabilities").await;
                    format!("{{\"return\": {{}}, \"id\": {}}}\r\n", request["id"])
                }
                _ => {
                    peer.expect("x").await;
                    peer.event("E", json!({})).await;
                    "{\"return\": [1]}\r\n".to_owned()
                }
            };
            if number == message {
                peer.send(&text[..cut]).await;
                return (text.len(), (!hang_up).then_some(peer));
            }
            peer.send(&text).await;
        }
        unreachable!("it is cut off")
    });
    let builder = Client::builder().deadline(Duration::from_secs(1));
    let outcome = async {
        let client = builder.over(reader, writer).await?;
        client.execute_raw("x", Value::Null).await
    };
    let outcome = tokio::time::timeout(Duration::from_secs(10), outcome);
    let outcome = outcome.await.expect("it ends");
    let (length, _peer) = server.await.unwrap();
    (length, outcome)
}

/// After a violation or the end, who subscribed to events is told.
#[tokio::test]
async fn subscribers_are_told_why() {
    let (client, mut peer) = connected().await;
    let mut events = client.raw_events(|_| true);
    peer.event("LAST", json!({})).await;
    peer.send("garbage\r\n").await;
    assert_eq!(events.recv().await.unwrap().event.name(), "LAST");
    let error = events.recv().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the connection has ended (protocol violated: no message begins with 'garbage\\r\\n')"
    );
}
