//! Calls that go well.

use std::collections::BTreeMap;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use qapi_rt::qmp::commands::{self, QueryStatus};
use qapi_rt::qmp::{RunState, commands::BlockdevDel};
use qapi_rt::session::client::{Ids, RawCommand};
use qapi_rt::types::ErrorClass;
use qapi_rt::{Client, ErrorKind};
use serde_json::{Value, json};
use tokio::io::{AsyncWrite, AsyncWriteExt as _, BufWriter};

use crate::tokio_client::server::{Peer, connected, connected_by};

/// Futures of calls can be spawned.
#[test]
fn futures_are_send() {
    fn check<T: Send>(_: T) {}
    fn of(client: &Client) {
        check(client.execute(QueryStatus::new()));
        check(client.execute_raw("x", Value::Null));
        check(client.capabilities());
        check(client.clone().close());
        check(client.quit());
        check(client.events::<qapi_rt::qmp::events::Stop>().recv());
        check(client.execute_and_wait(
            QueryStatus::new(),
            |_: &qapi_rt::Received<qapi_rt::qmp::Event>| Some(()),
            Duration::ZERO,
        ));
        check(Client::builder().connect_unix("x"));
        check(Client::builder().connect_tcp("x"));
    }
    let _ = of;
}

#[tokio::test]
async fn replies_are_decoded() {
    let (client, mut peer) = connected().await;
    let server = async {
        let request = peer.expect("query-status").await;
        assert_eq!(request, json!({"execute": "query-status"}));
        peer.reply(
            &request,
            json!({"status": "running", "running": true, "singlestep": false}),
        )
        .await;
        let request = peer.expect("query-status").await;
        peer.reply(
            &request,
            json!({"status": "dreaming", "running": false, "new": {}}),
        )
        .await;
        let request = peer.expect("blockdev-del").await;
        assert_eq!(request["arguments"], json!({"node-name": "d0"}));
        peer.fail(&request, "GenericError", "Node d0 is in use")
            .await;
        let request = peer.expect("cont").await;
        peer.fail(&request, "Bored", "no").await;
        let request = peer.expect("x-new").await;
        assert_eq!(request["arguments"], json!({"a": [1, null]}));
        peer.reply(&request, json!(18_446_744_073_709_551_615_u64))
            .await;
    };
    let calls = async {
        let status = client.execute(QueryStatus::new()).await.unwrap();
        assert_eq!(status.status, RunState::Running);
        // Of a newer server.
        let status = client.execute(QueryStatus::new()).await.unwrap();
        assert_eq!(status.status.as_str(), "dreaming");
        let error = client.execute(BlockdevDel::new("d0")).await.unwrap_err();
        assert_eq!(error.class(), Some(&ErrorClass::GenericError));
        assert_eq!(
            error.to_string(),
            "blockdev-del: GenericError: Node d0 is in use"
        );
        assert!(!error.maybe_executed());
        let error = client.execute(commands::Cont::new()).await.unwrap_err();
        assert!(
            matches!(error.class(), Some(ErrorClass::Unrecognized(name)) if name.as_str() == "Bored")
        );
        let value = client
            .execute_raw("x-new", json!({"a": [1, null]}))
            .await
            .unwrap();
        assert_eq!(value.as_u64(), Some(u64::MAX));
    };
    tokio::join!(server, calls);
}

#[tokio::test]
async fn what_is_no_reply_is_an_error_of_its_call_only() {
    let (client, mut peer) = connected().await;
    let server = async {
        let request = peer.expect("query-status").await;
        peer.reply(&request, json!({"status": 3})).await;
        let request = peer.expect("query-dump").await;
        let dump =
            json!({"status": "none", "completed": 0, "total": 9_300_000_000_000_000_000_u64});
        peer.reply(&request, dump).await;
        let request = peer.expect("query-balloon").await;
        peer.reply(&request, json!({"actul": 1})).await;
        let request = peer.expect("query-name").await;
        peer.reply(&request, json!({})).await;
    };
    let calls = async {
        let error = client.execute(QueryStatus::new()).await.unwrap_err();
        let ErrorKind::Decode(undecoded) = error.kind() else {
            panic!("{error}");
        };
        assert_eq!(&*undecoded.text, r#"{"status":3}"#);
        // What an integer became that grew beyond ours, and what cannot be explained so.
        let error = client.execute(commands::QueryDump::new()).await;
        let error = error.unwrap_err();
        assert!(
            matches!(error.kind(), ErrorKind::Decode(what) if what.error.is_other_release()),
            "{error}"
        );
        let error = client.execute(commands::QueryBalloon::new()).await;
        let error = error.unwrap_err();
        assert!(
            matches!(error.kind(), ErrorKind::Decode(what) if !what.error.is_other_release()),
            "{error}"
        );
        client.execute(commands::QueryName::new()).await.unwrap();
        let error = client.execute_raw("x", json!([1])).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Encode(_)));
    };
    tokio::join!(server, calls);
}

#[tokio::test]
async fn replies_are_matched_by_id_in_any_order() {
    let (client, mut peer) = connected().await;
    let calls: Vec<_> = (0..100)
        .map(|n| {
            let command = RawCommand::with("x", json!({"n": n})).unwrap();
            client.call(command).start().unwrap()
        })
        .collect();
    let mut requests = Vec::new();
    for _ in 0..100 {
        requests.push(peer.request().await);
    }
    // The first was alone when it was sent, so it has no id and comes in order.
    peer.reply(&requests[0], requests[0]["arguments"]["n"].clone())
        .await;
    for request in requests[1..].iter().rev() {
        peer.reply(request, request["arguments"]["n"].clone()).await;
    }
    for (n, call) in calls.into_iter().enumerate() {
        assert_eq!(call.wait().await.unwrap(), json!(n));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_tasks_share_a_connection() {
    let (client, peer) = connected_by(Client::builder(), 100).await;
    let server = tokio::spawn(peer.echo());
    let tasks: Vec<_> = (0..50)
        .map(|task| {
            let client = client.clone();
            tokio::spawn(async move {
                for n in 0..50 {
                    let name = format!("x-{task}-{n}");
                    let reply = client.execute_raw(&name, Value::Null).await.unwrap();
                    assert_eq!(reply, json!(name));
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    drop(client);
    server.await.unwrap();
}

#[tokio::test]
async fn out_of_band_overtakes_what_is_held_back() {
    let (client, mut peer) = connected_by(Client::builder().oob(true), 64 << 10).await;
    assert!(client.oob());
    let in_band: Vec<_> = (0..12)
        .map(|_| client.call(RawCommand::new("slow")).start().unwrap())
        .collect();
    let urgent = client
        .call(RawCommand::new("urgent"))
        .oob()
        .start()
        .unwrap();
    let mut requests = Vec::new();
    for _ in 0..7 {
        requests.push(peer.expect("slow").await);
    }
    let request = peer.request().await;
    assert_eq!(request["exec-oob"], "urgent");
    peer.reply(&request, json!("now")).await;
    assert_eq!(urgent.wait().await.unwrap(), "now");
    for n in 0..12 {
        let request = requests.remove(0);
        peer.reply(&request, json!(n)).await;
        if n < 5 {
            requests.push(peer.expect("slow").await);
        }
    }
    for (n, call) in in_band.into_iter().enumerate() {
        assert_eq!(call.wait().await.unwrap(), json!(n));
    }
}

#[tokio::test]
async fn out_of_band_has_to_be_enabled() {
    let (client, _peer) = connected().await;
    assert!(!client.oob());
    let error = client.execute_oob(RawCommand::new("x")).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::NoOob));
}

/// A writer that keeps what is written until it is flushed, as TLS does.
#[tokio::test]
async fn buffered_writers_are_flushed() {
    let (ours, theirs) = tokio::io::duplex(1024);
    let mut peer = Peer::new(theirs);
    let (reader, writer) = tokio::io::split(ours);
    let connecting = Client::builder().over(reader, BufWriter::new(writer));
    let (client, ()) = tokio::join!(connecting, peer.welcome());
    let client = client.unwrap();
    tokio::spawn(peer.echo());
    let reply = client.execute_raw("x-hello", Value::Null).await.unwrap();
    assert_eq!(reply, "x-hello");
}

#[tokio::test]
async fn messages_larger_than_all_buffers() {
    let (client, mut peer) = connected_by(Client::builder(), 10_000).await;
    let long = "é".repeat(1_000_000);
    let server = async {
        let request = peer.expect("x").await;
        let text = request["arguments"]["text"].clone();
        peer.reply(&request, text).await;
    };
    let call = client.execute_raw("x", json!({"text": long}));
    let ((), reply) = tokio::join!(server, call);
    assert_eq!(reply.unwrap(), json!(long));
}

#[tokio::test]
async fn messages_byte_by_byte_and_pretty() {
    let (client, mut peer) = connected_by(Client::builder(), 1).await;
    let server = async {
        let request = peer.expect("x").await;
        let text = serde_json::to_string_pretty(&json!({"return": {"a": ["}", "\r\n"]}})).unwrap();
        assert_eq!(request.get("id"), None);
        peer.send(&text.replace('\n', "\r\n")).await;
        let request = peer.expect("y").await;
        peer.reply(&request, json!({})).await;
    };
    let calls = async {
        let reply = client.execute_raw("x", Value::Null).await.unwrap();
        assert_eq!(reply, json!({"a": ["}", "\r\n"]}));
        client.execute_raw("y", Value::Null).await.unwrap();
    };
    tokio::join!(server, calls);
}

#[tokio::test]
async fn many_calls_without_ids() {
    let builder = Client::builder().ids(Ids::Never);
    let (client, mut peer) = connected_by(builder, 64 << 10).await;
    let calls: Vec<_> = (0..100)
        .map(|n| {
            client
                .call(RawCommand::new(format!("x-{n}")))
                .start()
                .unwrap()
        })
        .collect();
    let server = async {
        for n in 0..100 {
            let request = peer.expect(&format!("x-{n}")).await;
            assert_eq!(request.get("id"), None);
            peer.reply(&request, json!(n)).await;
        }
    };
    let replies = async {
        for (n, call) in calls.into_iter().enumerate() {
            assert_eq!(call.wait().await.unwrap(), n);
        }
    };
    tokio::join!(server, replies);
}

/// Counts what is written at once.
struct Counting<W>(W, Arc<AtomicUsize>);

impl<W: AsyncWrite + Unpin> AsyncWrite for Counting<W> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.1.fetch_add(1, Ordering::Relaxed);
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

/// One write for the first, and one for all that come while it is under way.
#[tokio::test]
async fn calls_made_together_are_written_together() {
    let (ours, theirs) = tokio::io::duplex(64 << 10);
    let mut peer = Peer::new(theirs);
    let (reader, writer) = tokio::io::split(ours);
    let writes = Arc::new(AtomicUsize::new(0));
    let writer = Counting(writer, Arc::clone(&writes));
    let connecting = Client::builder().over(reader, writer);
    let (client, ()) = tokio::join!(connecting, peer.welcome());
    let client = client.unwrap();
    tokio::spawn(peer.echo());
    writes.store(0, Ordering::Relaxed);
    let calls: Vec<_> = (0..100)
        .map(|n| {
            client
                .call(RawCommand::new(format!("x-{n}")))
                .start()
                .unwrap()
        })
        .collect();
    for (n, call) in calls.into_iter().enumerate() {
        assert_eq!(call.wait().await.unwrap(), format!("x-{n}"));
    }
    assert_eq!(writes.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn the_schema_is_fetched_once() {
    let (client, mut peer) = connected().await;
    let server = async {
        let request = peer.expect("query-qmp-schema").await;
        peer.fail(&request, "GenericError", "not now").await;
        let request = peer.expect("query-qmp-schema").await;
        peer.reply(&request, json!({"no": "schema"})).await;
        let request = peer.expect("query-qmp-schema").await;
        peer.reply(
            &request,
            json!([
                {"name": "x", "meta-type": "command", "arg-type": "0", "ret-type": "0"},
                {"name": "0", "meta-type": "object", "members": []}]),
        )
        .await;
        assert_eq!(peer.request().await, Value::Null);
    };
    let calls = async {
        let error = client.capabilities().await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Command(_)));
        let error = client.capabilities().await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Schema(_)));
        let (a, b) = tokio::join!(client.capabilities(), client.capabilities());
        assert!(a.unwrap().command("x").is_some());
        assert!(b.unwrap().command("y").is_none());
        client.close().await;
    };
    tokio::join!(server, calls);
}

/// What a TCP connection gives.
#[tokio::test]
async fn over_tcp() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"\r\n").await.unwrap();
        let mut peer = Peer::new(stream);
        peer.welcome().await;
        peer.echo().await;
    };
    let calls = async {
        let client = Client::connect_tcp(address).await.unwrap();
        assert_eq!(client.greeting().version.qemu.major, 10);
        assert_eq!(client.execute_raw("a", Value::Null).await.unwrap(), "a");
    };
    tokio::join!(server, calls);
}

/// Arguments and reply are of types that no schema knows.
#[tokio::test]
async fn types_of_one_s_own() {
    let (client, mut peer) = connected().await;
    let server = async {
        let request = peer.expect("x-set-fan").await;
        assert_eq!(request["arguments"], json!({"speed": 80}));
        peer.reply(&request, json!(["f0", 1200])).await;
        let request = peer.expect("x-fans").await;
        assert_eq!(request.get("arguments"), None);
        peer.reply(&request, json!(["f0", "fast"])).await;
    };
    let calls = async {
        let arguments = BTreeMap::from([("speed", 80)]);
        let fan: (String, u32) = client.execute_as("x-set-fan", arguments).await.unwrap();
        assert_eq!(fan, ("f0".into(), 1200));
        client.execute_as::<(String, u32)>("x-fans", ()).await
    };
    let (result, ()) = tokio::join!(calls, server);
    let error = result.unwrap_err();
    assert!(error.maybe_executed());
    let expected = "x-fans: not as the schema says: invalid type: string \"fast\", expected u32";
    assert_eq!(error.to_string(), expected);

    let error = client
        .execute_raw("x", qapi_rt::json!("text"))
        .await
        .unwrap_err();
    assert!(!error.maybe_executed());
    let expected = "x: cannot be sent: the arguments are a string, not an object";
    assert_eq!(error.to_string(), expected);
}

/// A command whose success is not answered ends when its time is over, and earlier if it fails.
#[tokio::test]
async fn success_without_a_reply() {
    let grace = Duration::from_millis(50);
    let (client, mut peer) = connected_by(Client::builder().no_reply_grace(grace), 1024).await;
    let server = async {
        for _ in 0..2 {
            let request = peer.expect("guest-shutdown").await;
            assert!(request.get("id").is_some(), "{request}");
        }
        let request = peer.expect("guest-shutdown").await;
        peer.fail(&request, "GenericError", "no").await;
        let request = peer.expect("x").await;
        peer.reply(&request, json!(1)).await;
    };
    let calls = async {
        let shutdown = || qapi_rt::qga::commands::GuestShutdown::new();
        client.execute(shutdown()).await.unwrap();
        let pending = client.call(shutdown()).start().unwrap();
        pending.wait().await.unwrap();
        let error = client.execute(shutdown()).await.unwrap_err();
        assert_eq!(error.reply().unwrap().desc, "no");
        assert_eq!(client.execute_raw("x", Value::Null).await.unwrap(), 1);
    };
    tokio::join!(server, calls);
}
