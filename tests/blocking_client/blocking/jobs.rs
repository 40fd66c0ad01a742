//! Operations driven to their end.

use std::time::Duration;

use qapi_rt::blocking::Client;
use qapi_rt::jobs::{Error, Job};

use super::{client, connect};
use crate::blocking_client::fake::{AT_ONCE, serve_negotiated};

/// The deadline of all of it holds for each of its commands.
#[test]
fn a_deadline_holds_for_commands_too() {
    let (stream, server) = serve_negotiated(|mut peer| {
        peer.expect("query-jobs");
        peer.wait_for_end();
    });
    let client = connect(Client::builder().deadline(Duration::MAX), stream);
    let run = client.run(Job::watch("j")).deadline(AT_ONCE);
    let error = run.outcome().unwrap_err();
    assert!(matches!(&error, Error::Deadline { .. }), "{error}");
    drop(client);
    server.join().unwrap();
}

#[test]
fn any_duration_will_do() {
    let (stream, server) = serve_negotiated(|mut peer| {
        let request = peer.expect("query-jobs");
        peer.answer(&request, "[]");
    });
    let run = client(stream)
        .run(Job::watch("j"))
        .progress_every(Duration::MAX)
        .deadline(Duration::MAX);
    assert!(matches!(run.outcome(), Err(Error::Gone)));
    server.join().unwrap();
}

/// The answer does not show the job any more. How it ended was told before.
#[test]
fn events_come_before_the_reply_that_was_received_after_them() {
    let (stream, server) = serve_negotiated(|mut peer| {
        let request = peer.expect("query-jobs");
        for (name, data) in [
            ("JOB_STATUS_CHANGE", r#"{"id": "j", "status": "running"}"#),
            (
                "BLOCK_JOB_COMPLETED",
                r#"{"device": "j", "type": "mirror", "len": 8, "offset": 8, "speed": 0}"#,
            ),
            ("JOB_STATUS_CHANGE", r#"{"id": "j", "status": "concluded"}"#),
            ("JOB_STATUS_CHANGE", r#"{"id": "j", "status": "null"}"#),
        ] {
            peer.send(&format!(
                "{{\"timestamp\": {{\"seconds\": 1, \"microseconds\": 2}}, \"event\": \"{name}\", \"data\": {data}}}\r\n"
            ));
        }
        peer.answer(&request, "[]");
        let request = peer.expect("query-jobs");
        peer.answer(&request, "[]");
    });
    let end = client(stream).run(Job::watch("j")).outcome();
    assert_eq!(end.unwrap().progress.current, 8);
    server.join().unwrap();
}
