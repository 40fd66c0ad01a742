//! Many connections in one process.

use qapi_rt::Client;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::tokio_client::server::{Peer, connected_by};

const CONNECTIONS: usize = 1000;
const EVENTS: usize = 20;

async fn run() {
    let mut tasks = JoinSet::new();
    for number in 0..CONNECTIONS {
        tasks.spawn(async move {
            let (client, peer) = connected_by(Client::builder(), 4 << 10).await;
            let mut events = client.raw_events(|_| true);
            let server = tokio::spawn(serve(peer, number));
            for n in 0..EVENTS {
                let event = events.recv().await.unwrap();
                assert_eq!(event.missed, 0);
                let data = event.event.object().unwrap();
                assert_eq!(data["connection"], number);
                assert_eq!(data["n"], n);
                let name = format!("x-{n}");
                let reply = client.execute_raw(&name, Value::Null).await.unwrap();
                assert_eq!(reply, json!(name));
            }
            client.close().await;
            drop(events);
            server.await.unwrap();
        });
    }
    while let Some(result) = tasks.join_next().await {
        result.unwrap();
    }
}

/// Between an event and the next the client calls.
async fn serve(mut peer: Peer, number: usize) {
    for n in 0..EVENTS {
        peer.event("E", json!({"connection": number, "n": n})).await;
        let request = peer.request().await;
        peer.reply(&request, request["execute"].clone()).await;
    }
    assert_eq!(peer.request().await, Value::Null);
}

#[tokio::test]
async fn a_thousand_connections_with_events_in_one_thread() {
    run().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_thousand_connections_with_events_in_four_threads() {
    run().await;
}
