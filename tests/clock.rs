//! Clocks that are set while something waits. Deadlines, throttling and pauses go by clocks that nobody sets; the one that
//! people set gives events their timestamps, and nothing depends on those.
#![cfg(unix)]

use std::path::Path;
use std::time::Duration;

use qapi_rt::qmp::{Event, commands};
use qapi_rt::types::Timestamp;
use qapi_rt::{Client, Received, blocking};
use serde_json::json;

use crate::blocking_client::fake::{Peer, serve_negotiated};

/// Back and forth, not known, and out of all reach.
const TIMES: [(i64, i64); 7] = [
    (1_764_000_000, 999_999),
    (1_763_999_999, 0),
    (-1, -1),
    (i64::MAX, i64::MAX),
    (i64::MIN, i64::MIN),
    (0, 0),
    (1_764_000_000, 999_999),
];

const DEADLINE: Duration = Duration::from_secs(60);

/// The files below a folder that mention this.
fn mention(folder: &Path, what: &str, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            mention(&path, what, found);
        } else if std::fs::read_to_string(&path).is_ok_and(|text| text.contains(what)) {
            found.push(path.file_name().unwrap().to_string_lossy().into_owned());
        }
    }
}

#[test]
fn only_timestamps_go_by_the_clock_that_people_set() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut found = Vec::new();
    for folder in ["src", "qapi-types/src"] {
        for clock in ["SystemTime", "Realtime"] {
            mention(&root.join(folder), clock, &mut found);
        }
    }
    // Where `Timestamp` is.
    assert_eq!(found, ["parts.rs"]);
}

/// Answers `stop` after events of all these times, the last of which is the one that is waited for.
fn tell(mut peer: Peer) {
    let request = peer.expect("stop");
    for (number, (seconds, microseconds)) in TIMES.into_iter().enumerate() {
        let name = if number + 1 < TIMES.len() {
            "RESUME"
        } else {
            "STOP"
        };
        let timestamp = json!({"seconds": seconds, "microseconds": microseconds});
        peer.send(&format!(
            "{}\r\n",
            json!({"event": name, "timestamp": timestamp})
        ));
    }
    peer.answer(&request, "{}");
    peer.wait_for_end();
}

fn stopped(received: &Received<Event>) -> Option<Timestamp> {
    matches!(received.event, Event::Stop(_)).then_some(received.timestamp)
}

/// All are told, in the order in which they came.
fn check(times: &[Timestamp], stopped: Timestamp) {
    let expected = TIMES.map(|(seconds, microseconds)| Timestamp::new(seconds, microseconds));
    assert_eq!(times, expected);
    assert_eq!(stopped, expected[TIMES.len() - 1]);
    // Those that are no points in time are none.
    let points = times.iter().filter(|time| time.time().is_some());
    assert_eq!(points.count(), 4);
}

#[test]
fn events_of_any_time_are_told() {
    let (stream, server) = serve_negotiated(tell);
    let client = blocking::Client::builder().over_unix(stream).unwrap();
    let mut events = client.all_events::<Event>();
    let stop = commands::Stop::new();
    let (_, time) = client.execute_and_wait(stop, stopped, DEADLINE).unwrap();
    let times = TIMES.map(|_| events.recv().unwrap().timestamp);
    check(&times, time);
    drop((client, events));
    server.join().unwrap();
}

#[tokio::test]
async fn events_of_any_time_are_told_on_tokio() {
    let (stream, server) = serve_negotiated(tell);
    stream.set_nonblocking(true).unwrap();
    let stream = tokio::net::UnixStream::from_std(stream).unwrap();
    let client = Client::builder().over_unix(stream).await.unwrap();
    let mut events = client.all_events::<Event>();
    let stop = commands::Stop::new();
    let waiting = client.execute_and_wait(stop, stopped, DEADLINE);
    let (_, time) = waiting.await.unwrap();
    let mut times = Vec::new();
    for _ in TIMES {
        times.push(events.recv().await.unwrap().timestamp);
    }
    check(&times, time);
    drop((client, events));
    tokio::task::spawn_blocking(|| server.join().unwrap())
        .await
        .unwrap();
}
