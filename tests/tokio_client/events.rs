//! Events.

use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Duration;

use qapi_rt::qmp::{Event, commands, events};
use qapi_rt::session::client::RawCommand;
use qapi_rt::types::Timestamp;
use qapi_rt::{Client, ErrorKind, Received};
use serde_json::{Value, json};

use crate::tokio_client::server::{Peer, connected, connected_by};

/// Waits until the client has received all that was sent.
async fn caught_up(client: &Client, peer: &mut Peer) {
    let server = async {
        let request = peer.expect("x-sync").await;
        peer.reply(&request, json!({})).await;
    };
    let (reply, ()) = tokio::join!(client.execute_raw("x-sync", Value::Null), server);
    reply.unwrap();
}

#[tokio::test]
async fn subscribers_get_what_they_want() {
    let (client, mut peer) = connected().await;
    let mut stops = client.events::<events::Stop>();
    let mut all = client.all_events::<Event>();
    let mut new = client.raw_events(|name| name.starts_with("NEW"));
    peer.event("RESUME", json!({})).await;
    peer.send("{\"event\": \"STOP\", \"timestamp\": {\"seconds\": -1, \"microseconds\": -1}}\r\n")
        .await;
    peer.event("NEWS", json!({"a": 1})).await;

    let stop = stops.recv().await.unwrap();
    assert_eq!((stop.timestamp, stop.missed), (Timestamp::UNKNOWN, 0));
    assert!(matches!(all.recv().await.unwrap().event, Event::Resume(_)));
    assert!(matches!(all.recv().await.unwrap().event, Event::Stop(_)));
    let Event::Unrecognized { name, data } = all.recv().await.unwrap().event else {
        panic!("this schema has no such event");
    };
    assert_eq!((name.as_str(), &data["a"]), ("NEWS", &json!(1)));
    let news = new.recv().await.unwrap().event;
    assert_eq!(
        (news.name(), news.object().unwrap()["a"].as_u64()),
        ("NEWS", Some(1))
    );
    assert!(stops.try_recv().unwrap().is_none());

    // From now on only.
    let mut late = client.all_events::<Event>();
    assert!(late.try_recv().unwrap().is_none());
    caught_up(&client, &mut peer).await;
    drop(peer);
    let error = late.recv().await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Closed));
    assert!(stops.recv().await.is_err());
}

#[tokio::test]
async fn an_event_that_is_not_as_the_schema_says_is_the_subscribers_affair() {
    let (client, mut peer) = connected().await;
    let mut deleted = client.events::<events::DeviceDeleted>();
    peer.event("DEVICE_DELETED", json!({"path": 3})).await;
    peer.event(
        "DEVICE_DELETED",
        json!({"path": "/a", "device": "d", "new": 1}),
    )
    .await;
    let error = deleted.recv().await.unwrap_err();
    let data = r#"{"path":3}"#;
    assert!(matches!(error.kind(), ErrorKind::Decode(undecoded) if &*undecoded.text == data));
    assert_eq!(
        deleted.recv().await.unwrap().event.device.as_deref(),
        Some("d")
    );
    caught_up(&client, &mut peer).await;
}

#[tokio::test]
async fn the_oldest_events_are_dropped_and_counted() {
    let (client, mut peer) = connected_by(Client::builder().event_buffer(3), 64 << 10).await;
    let mut slow = client.raw_events(|_| true);
    let mut other = client.raw_events(|name| name == "E2");
    for n in 0..10 {
        peer.event(&format!("E{n}"), json!({})).await;
    }
    caught_up(&client, &mut peer).await;
    let mut received = Vec::new();
    while let Some(next) = slow.try_recv().unwrap() {
        received.push((next.event.name().to_owned(), next.missed));
    }
    assert_eq!(
        received,
        [
            ("E7".to_owned(), 7),
            ("E8".to_owned(), 0),
            ("E9".to_owned(), 0)
        ]
    );
    assert_eq!(other.recv().await.unwrap().missed, 0);
}

#[tokio::test]
async fn dropping_recv_loses_no_event() {
    let (client, mut peer) = connected().await;
    let mut events = client.raw_events(|_| true);
    for n in 0..100 {
        let sent = async {
            peer.event(&format!("E{n}"), json!({})).await;
            caught_up(&client, &mut peer).await;
        };
        {
            let mut recv = pin!(events.recv());
            let mut cx = Context::from_waker(Waker::noop());
            assert!(recv.as_mut().poll(&mut cx).is_pending());
            sent.await;
        }
        assert_eq!(events.recv().await.unwrap().event.name(), format!("E{n}"));
    }
}

fn deleted(id: &'static str) -> impl FnMut(&Received<Event>) -> Option<String> {
    move |received| match &received.event {
        Event::DeviceDeleted(event) if event.device.as_deref() == Some(id) => {
            Some(event.path.clone())
        }
        _ => None,
    }
}

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn the_event_may_come_before_the_reply() {
    let (client, mut peer) = connected().await;
    for before in [true, false] {
        let server = async {
            // An earlier one does not count.
            let request = peer.expect("device_del").await;
            let event = json!({"device": "d1", "path": "/d1"});
            peer.event("DEVICE_DELETED", json!({"device": "d0", "path": "/d0"}))
                .await;
            if before {
                peer.event("DEVICE_DELETED", event.clone()).await;
            }
            peer.event("NEWS", json!({})).await;
            peer.reply(&request, json!({})).await;
            if !before {
                peer.event("DEVICE_DELETED", json!({"device": 1, "path": "/d1"}))
                    .await;
                peer.event("DEVICE_DELETED", event).await;
            }
        };
        let call = client.execute_and_wait(commands::DeviceDel::new("d1"), deleted("d1"), SECOND);
        let (result, ()) = tokio::join!(call, server);
        assert_eq!(result.unwrap().1, "/d1");
    }
}

#[tokio::test(start_paused = true)]
async fn waiting_for_an_event_ends_in_every_other_case() {
    let (client, mut peer) = connected_by(Client::builder().event_buffer(1), 1 << 20).await;
    let wait = || client.execute_and_wait(commands::DeviceDel::new("d1"), deleted("d1"), SECOND);

    let server = async {
        let request = peer.expect("device_del").await;
        peer.event("DEVICE_DELETED", json!({"device": "d1", "path": "/d1"}))
            .await;
        peer.fail(&request, "DeviceNotFound", "Device 'd1' not found")
            .await;
    };
    let (result, ()) = tokio::join!(wait(), server);
    assert!(matches!(result.unwrap_err().kind(), ErrorKind::Command(_)));

    let server = async {
        let request = peer.expect("device_del").await;
        peer.reply(&request, json!({})).await;
    };
    let (result, ()) = tokio::join!(wait(), server);
    assert!(matches!(result.unwrap_err().kind(), ErrorKind::NoEvent));

    let result = wait().await;
    let request = peer.expect("device_del").await;
    assert!(matches!(
        result.unwrap_err().kind(),
        ErrorKind::Deadline { sent: true }
    ));
    peer.reply(&request, json!({})).await;

    // Nobody looks while more come than are kept.
    {
        let mut waiting = pin!(wait());
        let mut cx = Context::from_waker(Waker::noop());
        assert!(waiting.as_mut().poll(&mut cx).is_pending());
        let request = peer.expect("device_del").await;
        peer.send(&FLOOD.repeat(5000)).await;
        caught_up(&client, &mut peer).await;
        let error = waiting.await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::EventsLost(_)), "{error}");
        peer.reply(&request, json!({})).await;
    }

    let server = async {
        let request = peer.expect("device_del").await;
        peer.reply(&request, json!({})).await;
        drop(peer);
    };
    let (result, ()) = tokio::join!(wait(), server);
    assert!(matches!(
        result.unwrap_err().kind(),
        ErrorKind::OutcomeUnknown
    ));
}

/// A guard against waiting for ever.
const LONG: Duration = Duration::from_secs(600);

const FLOOD: &str = r#"{"event":"E","timestamp":{"seconds":1,"microseconds":2}}"#;

/// Far more events at one go than are kept. Who waits for them gets all, although it runs in the thread that reads.
#[tokio::test]
async fn a_flood_of_events() {
    let (client, mut peer) = connected_by(Client::builder(), 8 << 20).await;
    let mut events = client.raw_events(|name| name == "E");
    let wait = client.execute_and_wait(commands::DeviceDel::new("d1"), deleted("d1"), LONG);
    let server = async {
        let request = peer.expect("device_del").await;
        peer.send(&FLOOD.repeat(20_000)).await;
        peer.event("DEVICE_DELETED", json!({"device": "d1", "path": "/d1"}))
            .await;
        peer.reply(&request, json!({})).await;
    };
    let subscriber = async {
        for _ in 0..20_000 {
            assert_eq!(events.recv().await.unwrap().missed, 0);
        }
    };
    let (found, (), ()) = tokio::join!(wait, server, subscriber);
    assert_eq!(found.unwrap().1, "/d1");
}

/// Unknown events in between.
#[tokio::test]
async fn calls_go_on_among_events() {
    let (client, mut peer) = connected().await;
    for n in 0..10 {
        let call = client.call(RawCommand::new("x")).start().unwrap();
        let request = peer.expect("x").await;
        peer.event("UNHEARD_OF", json!({"n": n})).await;
        peer.reply(&request, json!(n)).await;
        peer.event("UNHEARD_OF", json!({"n": n})).await;
        assert_eq!(call.wait().await.unwrap(), n);
    }
}
