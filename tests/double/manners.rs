//! Which calls a double takes, and the ways in which it answers.

use std::time::Duration;

use qapi_rt::ErrorKind;
use qapi_rt::qmp::{Event, commands};
use qapi_rt::testing::{Double, Notice, any_call, blocking, call, call_if, connect};
use qapi_rt::types::{Events as _, Object};
use serde_json::json;

/// What a test waits for at most before it fails.
const PATIENCE: Duration = Duration::from_secs(20);

#[test]
fn arguments_may_be_any_or_such() {
    let double = Double::new()
        .expect(any_call::<commands::Eject>())
        .expect(call_if(|eject: &commands::Eject| eject.force == Some(true)));
    let (client, _server) = blocking::connect(double.clone()).unwrap();
    client.execute(commands::Eject::new().id("cd0")).unwrap();
    client
        .execute(commands::Eject::new().id("cd1"))
        .unwrap_err();
    client.execute(commands::Stop::new()).unwrap_err();
    let force = json!({"force": "yes"});
    client.execute_raw("eject", force).unwrap_err();
    client.execute(commands::Eject::new().force(true)).unwrap();
    let told = "call 2 was not expected: eject {\"id\":\"cd1\"}\n  \
        expected: eject with such arguments as are asked for\n\
        call 3 was not expected: stop\n  \
        expected: eject with such arguments as are asked for\n\
        call 4 was not expected: eject {\"force\":\"yes\"}\n  \
        expected: eject with such arguments as are asked for\n";
    assert_eq!(double.finish().unwrap_err().to_string(), told);
}

#[test]
fn always_can_be_any() {
    let double = Double::new().always(any_call::<commands::Eject>());
    let (client, _server) = blocking::connect(double).unwrap();
    for id in ["cd0", "cd1"] {
        client.execute(commands::Eject::new().id(id)).unwrap();
    }
}

#[test]
fn events_and_replies_may_be_unknown_ones() {
    let data: Object = json!({"n": 1}).as_object().unwrap().clone();
    let stop = call(commands::Stop::new())
        .emits_raw(Notice::new("X_BEFORE").data(data.clone()))
        .emits_raw_later(Notice::new("X_AFTER"))
        .returns_raw(json!({"x-new": 7}));
    let (client, _server) = blocking::connect(Double::new().expect(stop)).unwrap();
    let mut events = client.all_events::<Event>();
    let reply = client.execute_raw("stop", json!({})).unwrap();
    assert_eq!(reply, json!({"x-new": 7}));
    let mut next = || events.recv_deadline(PATIENCE).unwrap().event;
    let Event::Unrecognized { name, data: got } = next() else {
        panic!("it is known");
    };
    assert_eq!((name.as_str(), got), ("X_BEFORE", data));
    assert_eq!(next().name(), "X_AFTER");
}

/// One that hangs, one that is late, and one that leaves.
fn odd() -> Double {
    Double::new()
        .expect(call(commands::Stop::new()).replies_after(Duration::from_millis(50)))
        .expect(call(commands::Cont::new()).disconnects())
        .expect(call(commands::Stop::new()).never_replies())
}

#[test]
fn replies_are_late_or_missing_or_the_connection_ends() {
    let double = odd();
    let (client, _server) = blocking::connect(double.clone()).unwrap();
    client.execute(commands::Stop::new()).unwrap();
    let error = client.execute(commands::Cont::new()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::OutcomeUnknown), "{error}");

    let (client, _other) = blocking::connect(double).unwrap();
    let stop = client.call(commands::Stop::new());
    let error = stop.deadline(Duration::from_millis(50)).send().unwrap_err();
    assert!(error.is_deadline() && error.maybe_executed(), "{error}");
}

#[tokio::test]
async fn the_same_with_tokio() {
    let double = odd();
    let (client, _server) = connect(double.clone()).await.unwrap();
    client.execute(commands::Stop::new()).await.unwrap();
    let error = client.execute(commands::Cont::new()).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::OutcomeUnknown), "{error}");

    let (client, _other) = connect(double).await.unwrap();
    let stop = client.call(commands::Stop::new());
    let stop = stop.deadline(Duration::from_millis(50)).send().await;
    assert!(stop.unwrap_err().is_deadline());
}
