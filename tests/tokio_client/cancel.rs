//! Futures that are dropped, and replies that come late.

use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Duration;

use qapi_rt::session::client::RawCommand;
use qapi_rt::{Client, ErrorKind};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};

use crate::tokio_client::server::{connected, connected_by};

/// The connection is as narrow as can be, so that requests and replies are in every state of being transferred.
#[tokio::test(start_paused = true)]
async fn dropping_a_call_at_any_point_disturbs_no_other() {
    for polls in 0..150 {
        let (client, mut peer) = connected_by(Client::builder(), 2).await;
        let server = tokio::spawn(async move {
            let mut requests = Vec::new();
            loop {
                let request = peer.request().await;
                if request.is_null() {
                    return requests;
                }
                peer.reply(&request, request["execute"].clone()).await;
                requests.push(request["execute"].as_str().unwrap().to_owned());
            }
        });
        {
            let mut call = pin!(client.execute_raw("x-given-up", Value::Null));
            for _ in 0..polls {
                let mut cx = Context::from_waker(Waker::noop());
                if call.as_mut().poll(&mut cx).is_ready() {
                    break;
                }
                tokio::task::yield_now().await;
            }
        }
        for _ in 0..2 {
            let reply = client.execute_raw("x-kept", Value::Null).await.unwrap();
            assert_eq!(reply, "x-kept", "after {polls} polls");
        }
        drop(client);
        let mut requests = server.await.unwrap();
        requests.retain(|name| name != "x-given-up");
        assert_eq!(requests, ["x-kept", "x-kept"], "after {polls} polls");
    }
}

/// A server that answers only after the caller has given up, each time.
#[tokio::test(start_paused = true)]
async fn a_late_reply_answers_no_other_call() {
    let (client, mut peer) = connected().await;
    let mut late = Vec::new();
    for n in 0..20 {
        let call = client
            .call(RawCommand::new("x-late"))
            .deadline(Duration::from_millis(100))
            .send();
        let error = call.await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Deadline { sent: true }));
        assert!(error.maybe_executed());
        late.push(peer.expect("x-late").await);
        if n % 2 == 0 {
            continue;
        }
        let server = async {
            let request = peer.expect("x-now").await;
            for request in late.drain(..) {
                peer.reply(&request, json!("late")).await;
            }
            peer.reply(&request, json!("now")).await;
        };
        let (reply, ()) = tokio::join!(client.execute_raw("x-now", Value::Null), server);
        assert_eq!(reply.unwrap(), "now");
    }
}

/// As users put it around calls.
#[tokio::test(start_paused = true)]
async fn a_timeout_around_a_call() {
    let (client, mut peer) = connected().await;
    let short = Duration::from_millis(10);
    let call = client.execute_raw("x-slow", Value::Null);
    assert!(timeout(short, call).await.is_err());
    let slow = peer.expect("x-slow").await;
    let server = async {
        let request = peer.expect("x-fast").await;
        peer.fail(&slow, "GenericError", "too late").await;
        peer.reply(&request, json!(1)).await;
    };
    let (reply, ()) = tokio::join!(client.execute_raw("x-fast", Value::Null), server);
    assert_eq!(reply.unwrap(), 1);
}

/// Deadlines end at their time.
#[tokio::test(start_paused = true)]
async fn every_call_has_a_deadline() {
    let builder = Client::builder().deadline(Duration::from_secs(7));
    let (client, _peer) = connected_by(builder, 1024).await;
    for (deadline, seconds) in [(None, 7_u64), (Some(3), 3), (Some(60), 60)] {
        let start = Instant::now();
        let call = client.call(RawCommand::new("x"));
        let call = match deadline {
            Some(deadline) => call.deadline(Duration::from_secs(deadline)),
            None => call,
        };
        let error = call.send().await.unwrap_err();
        assert_eq!(error.to_string(), "x: no reply before the deadline");
        // Timers have milliseconds.
        assert_eq!(start.elapsed().as_millis() / 10, u128::from(seconds) * 100);
    }
    assert!(client.closed().is_none());
    let forever = client.call(RawCommand::new("x")).deadline(Duration::MAX);
    let forever = timeout(Duration::from_secs(1_000_000), forever.send());
    assert!(forever.await.is_err());
}

/// A server that does not read: what does not fit ends by its deadline, what was not begun is never sent.
#[tokio::test(start_paused = true)]
async fn deadlines_hold_while_the_server_does_not_read() {
    let (client, mut peer) = connected_by(Client::builder(), 1000).await;
    let second = Duration::from_secs(1);
    let long = RawCommand::with("x-long", json!({"text": "a".repeat(2000)})).unwrap();
    let long = client.call(long).deadline(second).start().unwrap();
    let short = client
        .call(RawCommand::new("x-short"))
        .deadline(second)
        .start()
        .unwrap();
    let (long, short) = tokio::join!(long.wait(), short.wait());
    // Half of it is on its way, and the other half has to follow.
    let error = long.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Deadline { sent: true }));
    let error = short.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Deadline { sent: false }));
    assert!(!error.maybe_executed());
    let call = client.execute_raw("x-next", Value::Null);
    let server = async {
        let late = peer.expect("x-long").await;
        let request = peer.expect("x-next").await;
        peer.reply(&late, json!("late")).await;
        peer.reply(&request, json!("next")).await;
    };
    let (reply, ()) = tokio::join!(call, server);
    assert_eq!(reply.unwrap(), "next");
}

/// Calls that are begun and dropped at random times, in several tasks at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn cancelling_in_many_tasks() {
    let (client, peer) = connected_by(Client::builder().oob(true), 50).await;
    let server = tokio::spawn(peer.echo());
    let tasks: Vec<_> = (0..20_u64)
        .map(|task| {
            let client = client.clone();
            tokio::spawn(async move {
                for n in 0..100_u64 {
                    let name = format!("x-{task}-{n}");
                    let call = client.execute_raw(&name, Value::Null);
                    let patience = Duration::from_micros((task * 7919 + n * 104_729) % 2000);
                    if let Ok(reply) = timeout(patience, call).await {
                        assert_eq!(reply.unwrap(), json!(name));
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let reply = client.execute_raw("x-last", Value::Null).await.unwrap();
    assert_eq!(reply, "x-last");
    drop(client);
    server.await.unwrap();
}

/// A call that nobody polls holds up nobody.
#[tokio::test(start_paused = true)]
async fn replies_wait_for_those_who_look_later() {
    let (client, peer) = connected().await;
    tokio::spawn(peer.echo());
    let early = client.call(RawCommand::new("early")).start().unwrap();
    assert_eq!(
        client.execute_raw("late", Value::Null).await.unwrap(),
        "late"
    );
    sleep(Duration::from_secs(3600)).await;
    // It had come long before the deadline.
    assert_eq!(early.wait().await.unwrap(), "early");
}
