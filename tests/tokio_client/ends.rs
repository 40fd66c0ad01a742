//! How connections end.

use std::time::Duration;

use qapi_rt::qmp::{Event, commands};
use qapi_rt::session::client::RawCommand;
use qapi_rt::{Client, ErrorKind, Received};
use serde_json::{Value, json};
use tokio::io::AsyncReadExt as _;
use tokio::net::UnixStream;

use crate::blocking_client::fake::{
    AT_ONCE, answer_in_halves, resumes_meanwhile, serve_negotiated,
};
use crate::tokio_client::server::{Peer, connected, connected_by};

async fn over_socket() -> (Client, Peer<UnixStream>) {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let mut peer = Peer::new(theirs);
    let (client, ()) = tokio::join!(Client::builder().over_unix(ours), peer.welcome());
    (client.unwrap(), peer)
}

#[tokio::test]
async fn dropping_the_last_of_it_closes_the_connection() {
    let (client, mut peer) = over_socket().await;
    let clone = client.clone();
    let events = client.raw_events(|_| true);
    let call = client.call(RawCommand::new("x")).start().unwrap();
    peer.expect("x").await;
    drop((client, clone));
    // The call and the subscription keep it.
    peer.reply(&json!({}), json!(1)).await;
    assert_eq!(call.wait().await.unwrap(), 1);
    drop(events);
    assert_eq!(peer.request().await, Value::Null);
}

/// No task and no socket is left of a thousand clients.
#[tokio::test]
async fn nothing_is_left_behind() {
    let before = tokio::runtime::Handle::current()
        .metrics()
        .num_alive_tasks();
    for _ in 0..1000 {
        let (client, mut peer) = over_socket().await;
        drop(client);
        assert_eq!(peer.request().await, Value::Null);
    }
    // The task that noticed last has nothing more to wait for.
    while tokio::runtime::Handle::current()
        .metrics()
        .num_alive_tasks()
        > before
    {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn what_is_called_quit_may_end_without_reply() {
    for replies in [true, false] {
        let (client, mut peer) = connected().await;
        let server = async move {
            let request = peer.expect("quit").await;
            if replies {
                peer.reply(&request, json!({})).await;
            }
        };
        let (result, ()) = tokio::join!(client.quit(), server);
        result.unwrap();
        assert!(client.closed().is_some());
    }
    let (client, mut peer) = connected().await;
    let server = async {
        let request = peer.expect("quit").await;
        peer.fail(&request, "GenericError", "no").await;
    };
    let (result, ()) = tokio::join!(client.quit(), server);
    assert!(matches!(result.unwrap_err().kind(), ErrorKind::Command(_)));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_goes_on_after_quit() {
    let (client, mut peer) = connected().await;
    let server = async {
        let request = peer.expect("quit").await;
        peer.reply(&request, json!({})).await;
    };
    let (result, ()) = tokio::join!(client.quit(), server);
    let error = result.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::NoEvent), "{error}");
}

#[tokio::test(start_paused = true)]
async fn closing_waits_for_calls() {
    let (client, mut peer) = connected().await;
    let call = client.call(RawCommand::new("x")).start().unwrap();
    let late = client.clone();
    let closing = tokio::spawn(client.close());
    let request = peer.expect("x").await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    let error = late.execute_raw("y", Value::Null).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Closed));
    assert!(!closing.is_finished());
    peer.reply(&request, json!(1)).await;
    assert_eq!(call.wait().await.unwrap(), 1);
    closing.await.unwrap();
    assert_eq!(peer.request().await, Value::Null);
}

#[tokio::test(start_paused = true)]
async fn closing_has_a_deadline() {
    let builder = Client::builder().deadline(Duration::from_secs(2));
    let (client, mut peer) = connected_by(builder, 1024).await;
    let call = client
        .call(RawCommand::new("x"))
        .deadline(Duration::from_secs(60))
        .start()
        .unwrap();
    client.close().await;
    let error = call.wait().await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::OutcomeUnknown));
    peer.expect("x").await;
    assert_eq!(peer.request().await, Value::Null);
}

/// All calls end with the server, those that were not sent as such.
#[tokio::test]
async fn calls_end_with_the_server() {
    let (client, mut peer) = connected_by(Client::builder(), 100).await;
    let sent = client.call(RawCommand::new("x")).start().unwrap();
    let long = RawCommand::with("y", json!({"text": "a".repeat(1000)})).unwrap();
    let partly = client.call(long).start().unwrap();
    let unsent = client.call(RawCommand::new("z")).start().unwrap();
    peer.expect("x").await;
    drop(peer);
    let error = sent.wait().await.unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::OutcomeUnknown),
        "{error:?}"
    );
    let error = partly.wait().await.unwrap_err();
    assert!(!error.maybe_executed(), "{error:?}");
    let error = unsent.wait().await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Closed), "{error:?}");
}

/// A client outlives the runtime that it was connected in.
#[test]
fn calls_end_with_the_runtime() {
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
    };
    let first = runtime();
    let (client, peer) = first.block_on(connected());
    let call = client.call(RawCommand::new("x")).start().unwrap();
    drop(first);
    let second = runtime();
    let error = second.block_on(call.wait()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::OutcomeUnknown));
    let error = second
        .block_on(client.execute_raw("y", Value::Null))
        .unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Closed));
    drop(peer);
}

/// A client is used in another runtime than the one it was connected in.
#[test]
fn calls_from_another_runtime() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let (client, peer) = runtime.block_on(connected());
    runtime.spawn(peer.echo());
    let other = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    other.block_on(async {
        for n in 0..100 {
            let name = format!("x{n}");
            assert_eq!(
                client.execute_raw(&name, Value::Null).await.unwrap(),
                json!(name)
            );
        }
    });
}

/// A socket that the client closed is closed in both directions.
#[tokio::test]
async fn the_socket_is_closed() {
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    let connecting = Client::builder()
        .deadline(Duration::from_millis(1))
        .over_unix(ours);
    let error = connecting.await.unwrap_err();
    assert!(error.is_deadline());
    assert_eq!(theirs.read(&mut [0]).await.unwrap(), 0);
    let error = theirs.try_write(b"x").unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::BrokenPipe);
}

#[tokio::test]
async fn what_came_while_nobody_looked_was_in_time() {
    let (ours, server) = serve_negotiated(answer_in_halves);
    ours.set_nonblocking(true).unwrap();
    let ours = UnixStream::from_std(ours).unwrap();
    let client = Client::builder().over_unix(ours).await.unwrap();
    let call = |name| client.call(RawCommand::new(name)).deadline(AT_ONCE);
    // Nothing runs meanwhile, as when the process is stopped.
    let stopped = || std::thread::sleep(4 * AT_ONCE);

    let pending = call("x").start().unwrap();
    stopped();
    assert_eq!(pending.wait().await.unwrap(), json!({}));

    // The message that stood still meanwhile has gone on.
    let mut events = client.raw_events(|_| true);
    assert_eq!(call("begin").send().await.unwrap(), json!({}));
    let pending = call("silent").start().unwrap();
    stopped();
    assert!(pending.wait().await.unwrap_err().is_deadline());
    assert_eq!(events.recv().await.unwrap().event.name(), "E");
    let reply = client.execute_raw("x", Value::Null).await;
    assert_eq!(reply.unwrap(), json!({}));
    drop((client, events));
    tokio::task::spawn_blocking(|| server.join().unwrap())
        .await
        .unwrap();
}

#[tokio::test]
async fn what_came_while_nobody_looked_ends_execute_and_wait() {
    let (serve, mut meanwhile) = resumes_meanwhile();
    let (ours, server) = serve_negotiated(serve);
    ours.set_nonblocking(true).unwrap();
    let ours = UnixStream::from_std(ours).unwrap();
    let client = Client::builder().over_unix(ours).await.unwrap();
    let found = |received: &Received<Event>| match received.event {
        Event::Resume(_) => Some(()),
        _ => {
            meanwhile();
            std::thread::sleep(2 * AT_ONCE);
            None
        }
    };
    let wait = client.execute_and_wait(commands::Cont::new(), found, AT_ONCE);
    wait.await.unwrap();
    server.join().unwrap();
}

#[test]
fn calls_end_though_the_runtime_of_the_connection_stands_still() {
    let runtime = || {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        builder.enable_all().build().unwrap()
    };
    let (of_connection, of_caller) = (runtime(), runtime());
    let (client, _peer) = of_connection.block_on(over_socket());
    let call = client.call(RawCommand::new("x")).deadline(AT_ONCE);
    let error = of_caller.block_on(call.send()).unwrap_err();
    assert!(error.is_deadline());
}
