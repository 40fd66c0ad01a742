//! Doubles, over a connection.

use qapi_rt::qmp::{Event, RunState, StatusInfo, commands, events};
use qapi_rt::testing::{Double, Exchange, Recording, call, connect};
use qapi_rt::types::{ErrorClass, ErrorReply};
use qapi_rt::{Error, ErrorKind, Received};
use serde_json::json;

/// The error that the server replied.
fn refusal(error: &Error) -> String {
    match error.kind() {
        ErrorKind::Command(reply) => reply.to_string(),
        _ => panic!("{error}"),
    }
}

#[tokio::test]
async fn a_part_is_played() {
    let paused = || StatusInfo::new(false, RunState::Paused);
    let error = ErrorReply::new(ErrorClass::DeviceNotFound, "no such drive");
    let double = Double::new()
        .always(call(commands::QueryStatus::new()).returns(paused()))
        .expect(call(commands::Stop::new()).emits(events::Stop::new()))
        .expect(call(commands::Eject::new().id("cd0")).fails(error))
        .expect(call(commands::Cont::new()).emits_later(events::Resume::new()));
    let (client, _server) = connect(double.clone()).await.unwrap();
    let mut events = client.all_events::<Event>();

    client.execute(commands::Stop::new()).await.unwrap();
    for _ in 0..2 {
        let status = client.execute(commands::QueryStatus::new()).await.unwrap();
        assert_eq!(status, paused());
    }
    let error = client
        .execute(commands::Eject::new().id("cd0"))
        .await
        .unwrap_err();
    assert_eq!(refusal(&error), "DeviceNotFound: no such drive");
    client.execute(commands::Cont::new()).await.unwrap();
    for name in ["STOP", "RESUME"] {
        let Received { event, .. } = events.recv().await.unwrap();
        assert_eq!(qapi_rt::types::Events::name(&event), name);
    }
    double.finish().unwrap();
}

#[tokio::test]
async fn what_was_not_expected_is_told_with_the_difference() {
    let double = Double::new()
        .expect(call(commands::Eject::new().id("cd0").force(true)))
        .expect(call(commands::Stop::new()));
    let (client, _server) = connect(double.clone()).await.unwrap();

    let error = client
        .execute(commands::Eject::new().id("cd1"))
        .await
        .unwrap_err();
    let told = "call 1 was not expected: eject {\"id\":\"cd1\"}\n  \
        expected: eject {\"force\":true,\"id\":\"cd0\"}\n    \
        force is missing, true was expected\n    \
        id is \"cd1\", \"cd0\" was expected";
    assert_eq!(refusal(&error), format!("GenericError: {told}"));
    let missing = "2 expected commands were not called:\n  \
        eject {\"force\":true,\"id\":\"cd0\"}\n  \
        stop\n";
    assert_eq!(
        double.finish().unwrap_err().to_string(),
        format!("{told}\n{missing}")
    );
}

#[tokio::test]
async fn any_order_will_do_if_asked_for() {
    let double = Double::new()
        .any_order()
        .expect(call(commands::Stop::new()))
        .expect(Exchange::new(
            "x-own",
            json!({"a": 1}).as_object().unwrap().clone(),
        ));
    let (client, _server) = connect(double.clone()).await.unwrap();
    client.execute_raw("x-own", json!({"a": 1})).await.unwrap();
    client.execute(commands::Stop::new()).await.unwrap();
    double.finish().unwrap();
    client.execute(commands::Stop::new()).await.unwrap_err();
    double.finish().unwrap_err();
}

const SESSION: &str = r#"
S: {"QMP": {"version": {"qemu": {"major": 10, "minor": 2, "micro": 0}, "package": ""}, "capabilities": []}}
C: {"execute": "qmp_capabilities", "id": 1}
S: {"return": {}, "id": 1}
C: {"execute": "query-version", "id": "a"}
S: {"return": {"qemu": {"major": 4, "minor": 5, "micro": 6}, "package": "recorded"}, "id": "a"}
C: {"execute": "cont", "id": "b"}
S: {"timestamp": {"seconds": 1, "microseconds": 2}, "event": "RESUME"}
S: {"error": {"class": "GenericError", "desc": "not now"}, "id": "b"}
"#;

#[tokio::test]
async fn the_recorded_server_is_played_to_a_client() {
    let recording: Recording = SESSION.parse().unwrap();
    let double = Double::replay(&recording).unwrap();
    let (client, _server) = connect(double.clone()).await.unwrap();
    let mut events = client.events::<events::Resume>();
    let version = client.execute(commands::QueryVersion::new()).await.unwrap();
    assert_eq!(
        (version.qemu.major, version.package.as_str()),
        (4, "recorded")
    );
    let error = client.execute(commands::Cont::new()).await.unwrap_err();
    assert_eq!(refusal(&error), "GenericError: not now");
    events.recv().await.unwrap();
    double.finish().unwrap();
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn the_recorded_client_is_played_to_a_server() {
    use std::os::unix::net::UnixStream;

    use qapi_rt::server::{Options, Server};

    let recording: Recording = SESSION.parse().unwrap();
    let double = Double::replay(&recording).unwrap();
    let server = Server::new(double.clone(), Options::qmp());
    let play = async |recording: Recording| {
        let (near, far) = UnixStream::pair().unwrap();
        far.set_nonblocking(true).unwrap();
        server.serve_unix(tokio::net::UnixStream::from_std(far).unwrap());
        let played = tokio::task::spawn_blocking(move || recording.play(near));
        played.await.unwrap().unwrap()
    };
    let played = play(recording.clone()).await;
    assert_eq!(recording.differences(&played).unwrap(), "");
    // By now the double has played its part.
    let played = play(recording.clone()).await;
    let told = "query-version\n  \
        answered: GenericError: call 3 was not expected: query-version\n  \
        expected: {\"package\":\"recorded\",\"qemu\":{\"major\":4,\"micro\":6,\"minor\":5}}\n";
    assert_eq!(recording.differences(&played).unwrap(), told);
    double.finish().unwrap_err();
}
