//! Operations driven to their end.

use std::time::Duration;

use qapi_rt::blocking::Client;
use qapi_rt::jobs::{Error, Job};

use super::{client, connect};
use crate::fake::{AT_ONCE, serve_negotiated};

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
    assert!(
        matches!(&error, Error::Call(error) if error.is_deadline()),
        "{error}"
    );
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
