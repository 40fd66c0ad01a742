//! Clients whose servers are cut off in the middle of what recorded ones said: each call ends once, with its reply if all of
//! it came, subscribers are told, and nothing is left of the connection.
//!
//! Our own recordings are cut at every byte; the longer ones of real servers at each of the first `CUTS` bytes, 4 if not
//! said, and at as many places after. No conversation has more than a few calls, which are all under way at once.

mod clients;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use qapi_rt::testing::{Exchange, Notice, Outcome, Recording};
use qapi_rt::types::{Mode, Value, from_slice};
use qapi_rt::{Error, ErrorKind, Violation};
use qapi_tests::corpus;
use serde_json::json;

use super::{Held, alone, wanted};

/// Longer than anything takes that does not hang, which ends by an error of another kind.
const SOON: Duration = Duration::from_secs(60);

const GREETING: &str = concat!(
    r#"{"QMP": {"version": {"qemu": {"micro": 2, "minor": 0, "major": 10}, "package": ""}, "#,
    r#""capabilities": ["oob"]}}"#,
);

/// Who plays these parts here, or what need not be answered.
const LEFT_OUT: [&str; 7] = [
    "qmp_capabilities",
    "guest-sync",
    "guest-sync-delimited",
    "guest-shutdown",
    "guest-suspend-disk",
    "guest-suspend-hybrid",
    "guest-suspend-ram",
];

/// So many calls are a conversation of their own.
const CALLS: usize = 6;

/// What a recorded server was asked, and said.
struct Story {
    name: String,
    greeting: Option<&'static str>,
    turns: Vec<Turn>,
    /// Whether the recording begins with it.
    is_first: bool,
    /// At how many of the first bytes it is cut; at all if not said.
    dense: Option<usize>,
}

/// A request, and what is said to it: each event with its name.
struct Turn {
    exchange: Exchange,
    before: Vec<(String, String)>,
    /// Without its end, which may have an id.
    reply: String,
    after: Vec<(String, String)>,
}

impl Turn {
    fn new(exchange: Exchange) -> Self {
        let reply = match &exchange.outcome {
            Outcome::Return(value) => json!({"return": value}),
            Outcome::Error(error) => {
                json!({"error": {"class": error.class.as_str(), "desc": *error.desc}})
            }
            other => panic!("{other:?}"),
        };
        let reply = reply.to_string();
        let event = |notice: &Notice| {
            let time = json!({"seconds": 1, "microseconds": 2});
            let mut event = json!({"event": notice.name, "timestamp": time});
            if let Some(data) = &notice.data {
                event["data"] = data.clone().into();
            }
            (notice.name.clone(), event.to_string())
        };
        Self {
            before: exchange.before.iter().map(event).collect(),
            reply: reply.strip_suffix('}').unwrap().to_owned(),
            after: exchange.after.iter().map(event).collect(),
            exchange,
        }
    }
}

impl Story {
    /// The conversations of a recording.
    fn read(path: &Path, is_ours: bool) -> Vec<Self> {
        let name = path.file_stem().unwrap().to_string_lossy();
        let recording = match Recording::read(path) {
            Ok(recording) => recording,
            // Whoever was recorded was sent what is no message.
            Err(error) if !is_ours => {
                println!("SKIPPED {name}: {error}");
                return Vec::new();
            }
            Err(error) => panic!("{name}: {error}"),
        };
        let mut exchanges = recording.exchanges().expect("each reply has a request");
        exchanges.retain(|exchange| {
            !LEFT_OUT.contains(&&*exchange.command) && exchange.outcome != Outcome::Silence
        });
        let is_agent = exchanges.iter().any(|e| e.command.starts_with("guest-"));
        let mut turns = exchanges.into_iter().map(Turn::new);
        let mut stories = Vec::new();
        while turns.len() > 0 {
            stories.push(Self {
                name: format!("{name}, conversation {}", stories.len()),
                greeting: (!is_agent).then_some(GREETING),
                turns: turns.by_ref().take(CALLS).collect(),
                is_first: stories.is_empty(),
                dense: (!is_ours).then(|| wanted("CUTS", 4)),
            });
        }
        stories
    }

    /// Where it is cut, of so many bytes.
    fn cuts(&self, length: usize) -> Vec<usize> {
        let Some(dense) = self.dense.filter(|dense| 2 * dense < length) else {
            // One greeting of ours is as good as another.
            let greeted = self.greeting.filter(|_| !self.is_first);
            return (greeted.map_or(0, str::len)..=length).collect();
        };
        let after = (1..=dense).map(|place| dense + (length - dense) * place / dense);
        (0..dense).chain(after).collect()
    }
}

/// The recordings of servers of either kind.
fn stories(of_agents: bool, what: &str) -> Vec<Story> {
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("replay/sessions");
    let paths = |folder: PathBuf| {
        let files = std::fs::read_dir(folder).expect("it can be read");
        let mut paths: Vec<_> = files.map(|file| file.expect("a file").path()).collect();
        paths.sort();
        paths
    };
    let mut stories: Vec<_> = paths(ours)
        .iter()
        .flat_map(|path| Story::read(path, true))
        .collect();
    if let Some(folder) = corpus("transcripts", what) {
        stories.extend(
            paths(folder)
                .iter()
                .flat_map(|path| Story::read(path, false)),
        );
    }
    let of_kind = |story: &Story| story.greeting.is_none() == of_agents;
    stories.retain(of_kind);
    stories
}

/// What a server said before it was cut off.
#[derive(Debug, Default)]
struct Told {
    bytes: usize,
    requests: usize,
    replies: usize,
    events: Vec<String>,
    /// It ended within a message.
    is_torn: bool,
}

struct Voice {
    output: Vec<u8>,
    left: usize,
    told: Told,
}

impl Voice {
    /// Says a message, or a part of it; whether it is all there.
    fn say(&mut self, text: &[u8]) -> bool {
        let line = [text, b"\r\n"].concat();
        let count = line.len().min(self.left);
        self.left -= count;
        self.told.bytes += count;
        self.output.extend_from_slice(&line[..count]);
        self.told.is_torn |= count > 0 && count < text.len();
        count >= text.len()
    }

    fn flush(&mut self, mut stream: &UnixStream) {
        stream.write_all(&self.output).expect("the client is there");
        self.output.clear();
    }

    fn tell(&mut self, events: &[(String, String)]) {
        for (name, text) in events {
            if self.say(text.as_bytes()) {
                self.told.events.push(name.clone());
            }
        }
    }

    fn answer(&mut self, request: &Value, turn: &Turn) {
        self.told.requests += 1;
        self.tell(&turn.before);
        let id = request.get("id").map(|id| format!(", \"id\": {id}"));
        let reply = format!("{}{}}}", turn.reply, id.unwrap_or_default());
        self.told.replies += usize::from(self.say(reply.as_bytes()));
        self.tell(&turn.after);
    }
}

/// Says what the recorded server said, up to so many bytes. Then it leaves, or first waits for the client to do so.
fn serve(story: &Story, stream: UnixStream, cut: usize, waits: bool) -> Told {
    stream.set_read_timeout(Some(SOON)).unwrap();
    let mut reader = BufReader::new(&stream);
    let mut voice = Voice {
        output: Vec::new(),
        left: cut,
        told: Told::default(),
    };
    if let Some(greeting) = story.greeting {
        voice.say(greeting.as_bytes());
    }
    let mut turns = story.turns.iter();
    while voice.left > 0 && turns.len() > 0 {
        let mut line = Vec::new();
        if !reader.buffer().contains(&b'\n') {
            voice.flush(&stream);
        }
        reader.read_until(b'\n', &mut line).unwrap();
        let line = line.strip_prefix(b"\xFF").unwrap_or(&line);
        let request: Value = from_slice(line, Mode::Lenient).expect("a request");
        match request["execute"].as_str() {
            Some("qmp_capabilities") => {
                let id = request.get("id").map(|id| format!(", \"id\": {id}"));
                let reply = format!("{{\"return\": {{}}{}}}", id.unwrap_or_default());
                voice.say(reply.as_bytes());
            }
            Some("guest-sync-delimited") => {
                let reply = json!({"return": request["arguments"]["id"]});
                voice.say(&[b"\xFF", reply.to_string().as_bytes()].concat());
            }
            command => {
                let turn = turns.next().expect("there is one");
                assert_eq!(command, Some(&*turn.exchange.command));
                voice.answer(&request, turn);
            }
        }
    }
    voice.flush(&stream);
    if waits {
        stream.shutdown(Shutdown::Write).unwrap();
        // What the client still sends, and that it closes its end.
        if let Err(error) = reader.read_to_end(&mut Vec::new()) {
            assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
        }
    }
    voice.told
}

/// What a client had of it.
struct Had {
    calls: Vec<Result<Value, Error>>,
    /// For who has subscribers: the names of the events, and how they ended.
    events: Option<(Vec<String>, Error)>,
    /// Why it has ended, if that is to be had.
    closed: Option<Error>,
}

/// A client, which makes all the calls of a story.
type Client<'a> = &'a dyn Fn(&Story, UnixStream) -> Result<Had, Error>;

/// Cuts off the servers of the stories wherever they are to be, and looks at what this process holds afterwards.
fn cut_off(stories: &[Story], client: Client<'_>) {
    let before = Held::now();
    let mut places = 0;
    for story in stories {
        let play = |cut, waits| {
            let (ours, theirs) = UnixStream::pair().unwrap();
            let (had, told) = thread::scope(|scope| {
                let server = scope.spawn(move || serve(story, theirs, cut, waits));
                let had = client(story, ours);
                (had, server.join().unwrap())
            });
            let place = format!("{} cut at {cut}", story.name);
            check(story, &place, &told, had);
            told.bytes
        };
        let length = play(usize::MAX, false);
        let cuts = story.cuts(length);
        places += cuts.len();
        for cut in cuts {
            play(cut, cut % 2 == 0);
        }
    }
    let end = Instant::now() + SOON;
    loop {
        let after = Held::now();
        // Tests begin and end in threads, too.
        if after.descriptors <= before.descriptors && after.threads <= before.threads + 2 {
            break;
        }
        assert!(Instant::now() < end, "{before:?}, {after:?}");
        thread::yield_now();
    }
    println!("{} conversations, cut at {places} places", stories.len());
}

fn check(story: &Story, place: &str, told: &Told, had: Result<Had, Error>) {
    let Had {
        calls,
        events,
        closed,
    } = match had {
        Ok(had) => had,
        Err(error) => {
            assert!(
                error.is_disconnected() && !error.maybe_executed(),
                "{place}: {error}"
            );
            assert_eq!(told.requests, 0, "{place}: {error}");
            return;
        }
    };
    assert_eq!(calls.len(), story.turns.len(), "{place}");
    for (number, (call, turn)) in calls.iter().zip(&story.turns).enumerate() {
        let place = format!("{place}, call {number}: {call:?}");
        match (call, &turn.exchange.outcome) {
            _ if number >= told.replies => {
                let error = call.as_ref().expect_err(&place);
                assert!(error.is_disconnected(), "{place}");
                // What the server read it may have executed.
                assert!(error.maybe_executed() || number >= told.requests, "{place}");
                assert!(std::error::Error::source(error).is_some(), "{place}");
                let is_last = number + 1 == told.requests;
                if let Some(why) = closed.as_ref().filter(|_| is_last) {
                    assert!(error.to_string().ends_with(&format!("({why})")), "{place}");
                }
            }
            (Ok(value), Outcome::Return(recorded)) => assert_eq!(value, recorded, "{place}"),
            (Err(error), Outcome::Error(recorded)) => {
                assert_eq!(error.reply(), Some(recorded), "{place}");
            }
            _ => panic!("{place}"),
        }
    }
    if let Some(why) = &closed {
        let is_torn = matches!(why.kind(), ErrorKind::Protocol(Violation::Truncated { .. }));
        // It is reset where the server left without reading all.
        let is_reset = matches!(why.kind(), ErrorKind::Io(error) if error.kind() == std::io::ErrorKind::ConnectionReset);
        assert!(is_torn == told.is_torn || is_reset, "{place}: {why}");
    }
    if let Some((names, end)) = events {
        assert_eq!(names, told.events, "{place}");
        let why = closed.expect("it has ended");
        assert!(end.is_disconnected(), "{place}: {end}");
        assert!(
            end.to_string().ends_with(&format!("({why})")),
            "{place}: {end}"
        );
    }
}
