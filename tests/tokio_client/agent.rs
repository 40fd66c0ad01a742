//! The guest agent's client on tokio.

use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};
use std::time::Duration;

use qapi_rt::agent::Agent;
use qapi_rt::session::client::RawCommand;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufStream, DuplexStream};
use tokio::time::Instant;

/// Answers each command with its name, and forgets half a request at `0xFF`. To `x-silent` it says nothing.
async fn agent(channel: DuplexStream) {
    agent_with_files(channel, Arc::default()).await;
}

/// As [`agent`], but its files have no end. Those that are open are in `files`.
async fn agent_with_files(mut channel: DuplexStream, files: Arc<Mutex<Vec<Value>>>) {
    let mut handle = 1000;
    let mut line = Vec::new();
    while let Ok(byte) = channel.read_u8().await {
        match byte {
            0xFF => {
                line.clear();
                let error = "{\"error\": {\"class\": \"GenericError\", \"desc\": \"stray\"}}\n";
                let _ = channel.write_all(error.as_bytes()).await;
            }
            b'\n' => {
                let request: Value = serde_json::from_slice(&line).unwrap();
                line.clear();
                let answer = match request["execute"].as_str().unwrap() {
                    "guest-sync-delimited" => {
                        let _ = channel.write_all(&[0xFF]).await;
                        request["arguments"]["id"].clone()
                    }
                    "x-silent" => continue,
                    "guest-file-open" => {
                        handle += 1;
                        files.lock().unwrap().push(handle.into());
                        handle.into()
                    }
                    "guest-file-read" => json!({"count": 1, "buf-b64": "AA==", "eof": false}),
                    "guest-file-close" => {
                        let closed = &request["arguments"]["handle"];
                        files.lock().unwrap().retain(|file| file != closed);
                        json!({})
                    }
                    name => name.into(),
                };
                let reply = format!("{{\"return\": {answer}}}\n");
                let _ = channel.write_all(reply.as_bytes()).await;
            }
            byte => line.push(byte),
        }
    }
}

/// The channel is as narrow as can be, so that all is in every state of being transferred.
#[tokio::test(start_paused = true)]
async fn dropping_a_call_at_any_point_disturbs_no_other() {
    for polls in 0..300 {
        let (ours, theirs) = tokio::io::duplex(2);
        tokio::spawn(agent(theirs));
        let mut client = Agent::builder().over(ours);
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
    }
}

#[tokio::test(start_paused = true)]
async fn dropping_a_read_at_any_point_leaves_no_file_open() {
    for polls in 0..300 {
        let (ours, theirs) = tokio::io::duplex(2);
        let files = Arc::default();
        tokio::spawn(agent_with_files(theirs, Arc::clone(&files)));
        let mut client = Agent::builder().over(ours);
        {
            let mut call = pin!(client.read_file("/file"));
            for _ in 0..polls {
                let mut cx = Context::from_waker(Waker::noop());
                assert!(call.as_mut().poll(&mut cx).is_pending());
                tokio::task::yield_now().await;
            }
        }
        // Whatever comes next has it closed.
        if polls % 2 == 0 {
            client.execute_raw("x-kept", Value::Null).await.unwrap();
        } else {
            client.close().await;
        }
        assert_eq!(
            *files.lock().unwrap(),
            [Value::Null; 0],
            "after {polls} polls"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_stream_keeps_back_is_flushed() {
    let (ours, theirs) = tokio::io::duplex(1024);
    tokio::spawn(agent(theirs));
    let mut client = Agent::builder().over(BufStream::new(ours));
    for name in ["x-one", "x-two"] {
        let reply = client.execute_raw(name, Value::Null).await;
        assert_eq!(reply.unwrap(), name);
    }
}

#[tokio::test(start_paused = true)]
async fn deadlines_go_by_the_runtimes_clock() {
    let (ours, theirs) = tokio::io::duplex(1024);
    tokio::spawn(agent(theirs));
    let mut client = Agent::builder()
        .deadline(Duration::from_secs(3600))
        .over(ours);
    let start = Instant::now();
    let silent = client.execute(RawCommand::new("x-silent")).await;
    assert!(silent.unwrap_err().is_deadline());
    assert_eq!(start.elapsed().as_secs(), 3600);
    let next = RawCommand::new("x-next");
    let reply = client.execute_within(next, Duration::MAX).await.unwrap();
    assert_eq!(reply, "x-next");
}
