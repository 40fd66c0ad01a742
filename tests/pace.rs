//! Peers that misbehave in time: that stop in the middle of a message, say one byte at a time, never end, or never read. What
//! they leave undone ends by its deadline, and nothing hangs.
#![cfg(unix)]

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use qapi_rt::session::client::RawCommand;
use qapi_rt::{Client, Error, ErrorKind, Violation, agent, blocking};
use serde_json::{Value, json};

/// Short, where it is certain to pass.
const SHORT: Duration = Duration::from_millis(100);
/// Longer than anything takes that does not hang.
const LONG: Duration = Duration::from_secs(60);
/// What a client accepts here.
const LIMIT: usize = 1 << 20;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Pace {
    /// Answers, a byte at a time.
    Drips,
    /// Stops within a reply.
    Stops,
    /// Says what nobody asked for, and no end of it.
    Floods,
    /// Begins a reply that has no end.
    Rambles,
    /// Reads nothing any more.
    IsDeaf,
}

const PACES: [Pace; 5] = [
    Pace::Drips,
    Pace::Stops,
    Pace::Floods,
    Pace::Rambles,
    Pace::IsDeaf,
];

/// A peer: it gets to where commands are executed, and then goes on as it does. What is said meanwhile is a monitor's events, or
/// an agent's replies to others.
struct Peer {
    stream: UnixStream,
    lines: BufReader<UnixStream>,
}

impl Peer {
    fn start(run: impl FnOnce(Self) + Send + 'static) -> (UnixStream, JoinHandle<()>) {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let lines = BufReader::new(theirs.try_clone().unwrap());
        let peer = Self {
            stream: theirs,
            lines,
        };
        (ours, thread::spawn(|| run(peer)))
    }

    /// The next request, if there is one.
    fn request(&mut self) -> Option<Value> {
        let mut line = Vec::new();
        self.lines.read_until(b'\n', &mut line).ok()?;
        let line = line.strip_prefix(b"\xFF").unwrap_or(&line);
        serde_json::from_slice(line).ok()
    }

    fn say(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).is_ok()
    }

    fn go_on(mut self, pace: Pace, stray: &str) {
        match pace {
            Pace::IsDeaf => {
                // It is not to be reset, which would end it, until the client has gone.
                let mut stream = &self.stream;
                while stream.write_all(b" ").is_ok() {
                    thread::sleep(Duration::from_millis(5));
                }
            }
            Pace::Floods => {
                let many = stray.repeat(100);
                while self.say(many.as_bytes()) {}
            }
            Pace::Drips | Pace::Stops | Pace::Rambles => {
                while let Some(request) = self.request() {
                    let mut reply = json!({"return": request["execute"]});
                    if let Some(id) = request.get("id") {
                        reply["id"] = id.clone();
                    }
                    let reply = format!("{reply}\n");
                    let (begin, end) = reply.split_at(reply.find("x-").unwrap());
                    for byte in begin.as_bytes() {
                        self.say(&[*byte]);
                    }
                    match pace {
                        Pace::Rambles => while self.say(&[b'x'; 1000]) {},
                        Pace::Stops => {
                            // Until the client has gone.
                            let _ = std::io::copy(&mut self.lines, &mut std::io::sink());
                        }
                        _ => {
                            for byte in end.as_bytes() {
                                self.say(&[*byte]);
                            }
                        }
                    }
                }
            }
        }
    }
}

fn monitor(pace: Pace) -> (UnixStream, JoinHandle<()>) {
    Peer::start(move |mut peer| {
        let version = r#"{"qemu": {"micro": 2, "minor": 0, "major": 10}, "package": ""}"#;
        let greeting = format!("{{\"QMP\": {{\"version\": {version}, \"capabilities\": []}}}}\n");
        peer.say(greeting.as_bytes());
        let request = peer.request().expect("a request");
        let id = request.get("id").map(|id| format!(", \"id\": {id}"));
        let reply = format!("{{\"return\": {{}}{}}}\n", id.unwrap_or_default());
        peer.say(reply.as_bytes());
        let time = r#"{"seconds": 1, "microseconds": 2}"#;
        peer.go_on(
            pace,
            &format!("{{\"event\": \"E\", \"timestamp\": {time}}}\n"),
        );
    })
}

fn guest_agent(pace: Pace) -> (UnixStream, JoinHandle<()>) {
    Peer::start(move |mut peer| {
        let request = peer.request().expect("a request");
        // To a flood, what is asked for is added never.
        if pace != Pace::Floods {
            let id = &request["arguments"]["id"];
            peer.say(&[b"\xFF", format!("{{\"return\": {id}}}\n").as_bytes()].concat());
        }
        peer.go_on(pace, "{\"return\": 7}\n");
    })
}

/// More than a socket holds, for who does not read.
fn command(pace: Pace) -> RawCommand {
    let length = if pace == Pace::IsDeaf { 4 << 20 } else { 10 };
    let text = "x".repeat(length);
    RawCommand::with("x-command", json!({"text": text})).unwrap()
}

/// What becomes of two calls, one after the other.
fn check(pace: Pace, is_agent: bool, calls: [Result<Value, Error>; 2]) {
    for (number, call) in calls.into_iter().enumerate() {
        let told = format!("{pace:?}, agent: {is_agent}, call {number}: {call:?}");
        if pace == Pace::Drips {
            assert_eq!(call.unwrap(), "x-command");
            continue;
        }
        let error = call.expect_err(&told);
        let sent = match error.kind() {
            ErrorKind::Deadline { sent } => *sent,
            // What has no end comes to the limit before the deadline, or after.
            ErrorKind::OutcomeUnknown
            | ErrorKind::Closed
            | ErrorKind::Io(_)
            | ErrorKind::Protocol(Violation::TooLong { limit: LIMIT })
                if pace == Pace::Rambles =>
            {
                continue;
            }
            _ => panic!("{told}"),
        };
        // Of a deaf peer's first request a part is on its way. An agent in whose flood the answer is looked for gets none.
        let is_sent = match (pace, is_agent) {
            (Pace::IsDeaf, _) => number == 0,
            (Pace::Floods, true) => false,
            (_, true) => number == 0,
            _ => true,
        };
        assert_eq!(sent, is_sent, "{told}");
    }
}

/// How long a call may take.
fn deadline(pace: Pace) -> Duration {
    match pace {
        Pace::Drips | Pace::Rambles => LONG,
        _ => SHORT,
    }
}

#[test]
fn clients_of_peers_out_of_pace() {
    for pace in PACES {
        let (stream, server) = monitor(pace);
        let builder = blocking::Client::builder().message_limit(LIMIT);
        let client = builder.over_unix(stream).unwrap();
        let call = || client.call(command(pace)).deadline(deadline(pace)).send();
        check(pace, false, [call(), call()]);
        drop(client);
        server.join().unwrap();
    }
}

#[tokio::test]
async fn clients_of_peers_out_of_pace_on_tokio() {
    for pace in PACES {
        let (stream, server) = monitor(pace);
        stream.set_nonblocking(true).unwrap();
        let stream = tokio::net::UnixStream::from_std(stream).unwrap();
        let builder = Client::builder().message_limit(LIMIT);
        let client = builder.over_unix(stream).await.unwrap();
        let call = || client.call(command(pace)).deadline(deadline(pace)).send();
        check(pace, false, [call().await, call().await]);
        drop(client);
        tokio::task::spawn_blocking(|| server.join().unwrap())
            .await
            .unwrap();
    }
}

#[test]
fn clients_of_agents_out_of_pace() {
    for pace in PACES {
        let (stream, server) = guest_agent(pace);
        let builder = blocking::Agent::builder().message_limit(LIMIT);
        let mut agent = builder
            .deadline(deadline(pace))
            .over(stream.try_clone().unwrap(), stream.try_clone().unwrap())
            .unwrap();
        check(
            pace,
            true,
            [agent.execute(command(pace)), agent.execute(command(pace))],
        );
        drop(agent);
        // Nobody else can end the reading of what was handed over.
        let _ = stream.shutdown(std::net::Shutdown::Both);
        server.join().unwrap();
    }
}

#[tokio::test]
async fn clients_of_agents_out_of_pace_on_tokio() {
    for pace in PACES {
        let (stream, server) = guest_agent(pace);
        stream.set_nonblocking(true).unwrap();
        let stream = tokio::net::UnixStream::from_std(stream).unwrap();
        let builder = agent::Agent::builder().message_limit(LIMIT);
        let mut agent = builder.deadline(deadline(pace)).over(stream);
        check(
            pace,
            true,
            [
                agent.execute(command(pace)).await,
                agent.execute(command(pace)).await,
            ],
        );
        drop(agent);
        tokio::task::spawn_blocking(|| server.join().unwrap())
            .await
            .unwrap();
    }
}
