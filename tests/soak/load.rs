//! Thousands of clients at once: most send commands of every kind, several at a time, and leave now and then in the middle of
//! one; some never read. Whatever the others do, each reply comes, once, in order.
//!
//! `LOAD_CLIENTS` says how many there are, 200 if not said, and `SOAK_SECONDS` for how long.

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use qapi_rt::qmp::serve;
use qapi_rt::server::{Listener, Options, Server};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::net::unix::OwnedWriteHalf;
use tokio::runtime::Runtime;
use tokio::time::timeout;

use super::{Folder, Held, Machine, alone, runtime, seconds, wanted};

/// One in so many never reads.
const ONE_SILENT_IN: usize = 25;
/// Long enough for whatever comes at all.
const GUARD: Duration = Duration::from_secs(60);
/// What memory may vary by between two waves of the same clients, in bytes.
const SLACK: usize = 16 << 20;

const COMMANDS: [&str; 4] = [
    "query-status",
    "query-version",
    "query-commands",
    "no-such-command",
];

/// What the clients saw.
#[derive(Debug, Default)]
struct Seen {
    replies: AtomicU64,
    /// How often a client left in the middle of a request.
    left: AtomicU64,
    /// The longest that one waited for a reply, in microseconds.
    longest: AtomicU64,
}

/// Choices of a client, the same each time.
struct Choices(u64);

impl Choices {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) as usize % most
    }
}

type Lines = tokio::io::Lines<BufReader<tokio::net::unix::OwnedReadHalf>>;

async fn connect(socket: &Path) -> io::Result<(Lines, OwnedWriteHalf)> {
    let stream = loop {
        match UnixStream::connect(socket).await {
            // The backlog is full.
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            result => break result?,
        }
    };
    let (reader, mut writer) = stream.into_split();
    writer
        .write_all(b"{\"execute\":\"qmp_capabilities\"}\n")
        .await?;
    Ok((BufReader::new(reader).lines(), writer))
}

async fn line(lines: &mut Lines) -> String {
    let line = timeout(GUARD, lines.next_line()).await.expect("it comes");
    line.expect("it can be read").expect("no end")
}

/// Whether this is the reply to that request. It is not parsed, which would take these clients longer than it took the server.
fn answers(reply: &str, id: u64, name: &str) -> bool {
    if name.starts_with("no-") {
        reply.starts_with(&format!("{{\"id\": {id}, \"error\": {{"))
    } else {
        reply.starts_with("{\"return\": ") && reply.ends_with(&format!(", \"id\": {id}}}"))
    }
}

/// A client that comes again and again.
async fn talk(socket: PathBuf, number: u64, until: Instant, seen: Arc<Seen>) -> io::Result<()> {
    let mut choices = Choices(number);
    let mut id = 0_u64;
    while Instant::now() < until {
        let (mut lines, mut writer) = connect(&socket).await?;
        assert!(line(&mut lines).await.starts_with("{\"QMP\": "));
        assert_eq!(line(&mut lines).await, "{\"return\": {}}");
        for _ in 0..choices.below(40) {
            let mut waiting = VecDeque::new();
            let mut requests = String::new();
            for _ in 0..=choices.below(8) {
                let name = COMMANDS[choices.below(COMMANDS.len())];
                id += 1;
                requests += &format!("{{\"execute\":\"{name}\",\"id\":{id}}}\n");
                waiting.push_back((id, name));
            }
            let start = Instant::now();
            writer.write_all(requests.as_bytes()).await?;
            for (id, name) in waiting {
                let reply = line(&mut lines).await;
                assert!(answers(&reply, id, name), "{name}, {id}: {reply}");
                seen.replies.fetch_add(1, Ordering::Relaxed);
            }
            let waited = start.elapsed().as_micros() as u64;
            seen.longest.fetch_max(waited, Ordering::Relaxed);
        }
        writer.write_all(b"{\"execute\":\"query-st").await?;
        seen.left.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}

/// A client that sends as long as it can, and reads nothing.
async fn silent(socket: PathBuf, until: Instant) -> io::Result<()> {
    let (lines, mut writer) = connect(&socket).await?;
    while Instant::now() < until {
        let written = writer.write_all(b"{\"execute\":\"query-commands\"}\n");
        // The server takes no more.
        if timeout(Duration::from_millis(500), written).await.is_err() {
            tokio::time::sleep_until(until.into()).await;
        }
    }
    drop(lines);
    Ok(())
}

/// All the clients, until then, on a runtime of their own.
async fn wave(runtime: &Runtime, socket: &Path, until: Instant, seen: &Arc<Seen>) {
    let clients = wanted("LOAD_CLIENTS", 200);
    let tasks: Vec<_> = (0..clients)
        .map(|number| {
            let (socket, seen) = (socket.to_owned(), Arc::clone(seen));
            runtime.spawn(async move {
                match number % ONE_SILENT_IN {
                    0 => silent(socket, until).await,
                    _ => talk(socket, number as u64, until, seen).await,
                }
            })
        })
        .collect();
    for task in tasks {
        task.await
            .expect("no client is lost")
            .expect("nothing fails");
    }
}

#[test]
fn nothing_is_lost_under_load() {
    let _alone = alone();
    let folder = Folder::new();
    let socket = folder.0.join("load");
    let seen = Arc::new(Seen::default());
    let theirs = runtime();
    let (before, after) = runtime().block_on(async {
        let server = Server::new(serve(Arc::new(Machine::default())), Options::qmp());
        server.listen(Listener::unix(&socket).unwrap()).unwrap();
        let control = server.control().clone();
        let server = tokio::spawn(async move { server.run().await });
        let half = seconds(2) / 2;
        wave(&theirs, &socket, Instant::now() + half, &seen).await;
        let before = Held::now();
        wave(&theirs, &socket, Instant::now() + half, &seen).await;
        let after = Held::now();
        control.shut_down();
        server.await.unwrap();
        (before, after)
    });
    let told = format!("{seen:?}; after the first wave: {before:?}, after the second: {after:?}");
    println!("{told}");
    assert!(seen.replies.load(Ordering::Relaxed) > 0);
    assert!(after.memory <= before.memory + SLACK, "{told}");
    assert!(
        after.descriptors <= before.descriptors + wanted("LOAD_CLIENTS", 200),
        "{told}"
    );
}
