//! Operations driven to their end.

use std::time::Duration;

use qapi_rt::Client;
use qapi_rt::jobs::{Error, Job};
use tokio::time::Instant;

use crate::server::{connected, connected_by};

/// The deadline of all of it holds for each of its commands.
#[tokio::test(start_paused = true)]
async fn a_deadline_holds_for_commands_too() {
    let builder = Client::builder().deadline(Duration::MAX);
    let (client, mut peer) = connected_by(builder, 1024).await;
    let start = Instant::now();
    let run = client.run(Job::watch("j")).deadline(Duration::from_secs(5));
    let (end, _) = tokio::join!(run.outcome(), peer.expect("query-jobs"));
    let error = end.unwrap_err();
    assert!(
        matches!(&error, Error::Call(error) if error.is_deadline()),
        "{error}"
    );
    assert_eq!(start.elapsed().as_secs(), 5);
}

#[tokio::test]
async fn any_duration_will_do() {
    let (client, mut peer) = connected().await;
    let run = client
        .run(Job::watch("j"))
        .progress_every(Duration::MAX)
        .deadline(Duration::MAX);
    let server = async {
        let request = peer.expect("query-jobs").await;
        peer.reply(&request, serde_json::json!([])).await;
    };
    let (end, ()) = tokio::join!(run.outcome(), server);
    assert!(matches!(end, Err(Error::Gone)));
}
