//! Operations driven to their end.

use std::time::Duration;

use qapi_rt::Client;
use qapi_rt::jobs::{Dump, Error, Job, Migration};
use qapi_rt::qmp::commands;
use serde_json::json;
use tokio::time::Instant;

use crate::tokio_client::server::{connected, connected_by};

/// The deadline of all of it holds for each of its commands.
#[tokio::test(start_paused = true)]
async fn a_deadline_holds_for_commands_too() {
    let builder = Client::builder().deadline(Duration::MAX);
    let (client, mut peer) = connected_by(builder, 1024).await;
    let start = Instant::now();
    let run = client.run(Job::watch("j")).deadline(Duration::from_secs(5));
    let (end, _) = tokio::join!(run.outcome(), peer.expect("query-jobs"));
    let error = end.unwrap_err();
    let waiting = "the deadline passed while waiting for the reply to query-jobs";
    assert_eq!(error.to_string(), waiting);
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

/// The answer does not show the job any more. How it ended was told before.
#[tokio::test]
async fn events_come_before_the_reply_that_was_received_after_them() {
    let (client, mut peer) = connected().await;
    let server = async {
        let request = peer.expect("query-jobs").await;
        let status = |status: &str| json!({"id": "j", "status": status});
        peer.event("JOB_STATUS_CHANGE", status("running")).await;
        let completed = json!({"device": "j", "type": "mirror", "len": 8, "offset": 8, "speed": 0});
        peer.event("BLOCK_JOB_COMPLETED", completed).await;
        peer.event("JOB_STATUS_CHANGE", status("concluded")).await;
        peer.event("JOB_STATUS_CHANGE", status("null")).await;
        peer.reply(&request, json!([])).await;
        let request = peer.expect("query-jobs").await;
        peer.reply(&request, json!([])).await;
    };
    let run = client.run(Job::watch("j"));
    // The connection ends with the run.
    drop(client);
    let (end, ()) = tokio::join!(run.outcome(), server);
    assert_eq!(end.unwrap().progress.current, 8);
}

#[tokio::test]
async fn the_reason_is_known_with_the_reply_that_was_received_after_it() {
    let (client, mut peer) = connected().await;
    let dump = Dump::new(commands::DumpGuestMemory::new(false, "file:f"));
    let run = client.run(dump).progress_every(Duration::from_millis(1));
    let server = async {
        let request = peer.expect("dump-guest-memory").await;
        peer.reply(&request, json!({})).await;
        let request = peer.expect("query-dump").await;
        let result = json!({"status": "failed", "completed": 0, "total": 8});
        let event = json!({"result": result.clone(), "error": "disk full"});
        peer.event("DUMP_COMPLETED", event).await;
        peer.reply(&request, result).await;
        let request = peer.expect("query-migrate").await;
        peer.reply(&request, json!({})).await;
    };
    let (end, ()) = tokio::join!(run.outcome(), server);
    assert!(
        matches!(&end, Err(Error::Failed(desc)) if desc == "disk full"),
        "{end:?}"
    );
}

/// What was waited for, and what was seen of it last.
#[tokio::test(start_paused = true)]
async fn a_deadline_says_what_was_seen() {
    let (client, mut peer) = connected().await;
    let migrate = commands::Migrate::new().uri("tcp:elsewhere:1");
    let run = client.run(Migration::outgoing(&migrate));
    let server = async {
        for command in ["migrate-set-capabilities", "migrate"] {
            let request = peer.expect(command).await;
            peer.reply(&request, json!({})).await;
        }
        peer.event("MIGRATION", json!({"status": "active"})).await;
    };
    let run = run.deadline(Duration::from_secs(8));
    let (end, ()) = tokio::join!(run.outcome(), server);
    assert_eq!(
        end.unwrap_err().to_string(),
        "the deadline passed while waiting for the end of the migration; last seen in state active"
    );
}
