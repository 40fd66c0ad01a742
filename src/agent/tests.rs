use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::{Duration, Instant};

use super::exchange::{Exchange, Turn};
use super::file::OpenFiles;
use super::{Exec, ReadFile};
use crate::blocking::{Agent, AgentBuilder};
use crate::error::{Error, ErrorKind, Violation};
use crate::qga::commands;
use crate::session::agent::{Session, encode};

/// More than anything here takes.
const DEADLINE: Duration = Duration::from_secs(60);

/// The agent's end of a channel.
struct Fake {
    lines: BufReader<UnixStream>,
    channel: UnixStream,
}

impl Fake {
    /// The next request. What comes before it to end another is left out.
    fn request(&mut self) -> String {
        let mut line = Vec::new();
        self.lines.read_until(b'\n', &mut line).unwrap();
        let line = line.strip_prefix(b"\xFF").unwrap_or(&line);
        String::from_utf8(line.to_vec()).unwrap()
    }

    fn send(&mut self, bytes: &[u8]) {
        self.channel.write_all(bytes).unwrap();
    }

    /// Answers a synchronisation.
    fn synchronize(&mut self) {
        let request = self.request();
        self.answer_synchronization(&request);
    }

    fn answer_synchronization(&mut self, request: &str) {
        let (_, rest) = request.split_once("\"id\":").expect("a synchronisation");
        let id = rest.trim_end().trim_end_matches('}');
        self.send(format!("{{\"return\": {id}}}\n").as_bytes());
    }

    /// Answers `guest-sync-delimited`.
    fn synchronize_delimited(&mut self) {
        self.send(b"\xFF");
        self.synchronize();
    }
}

/// What `call` gets from an agent that behaves like `fake`.
fn talk<T: Send>(
    builder: AgentBuilder,
    fake: impl FnOnce(&mut Fake) + Send,
    call: impl FnOnce(&mut Agent) -> T,
) -> T {
    talk_as_built(builder.deadline(DEADLINE), fake, call)
}

fn talk_as_built<T: Send>(
    builder: AgentBuilder,
    fake: impl FnOnce(&mut Fake) + Send,
    call: impl FnOnce(&mut Agent) -> T,
) -> T {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let reader = ours.try_clone().unwrap();
    let mut agent = builder.over(reader, ours).unwrap();
    thread::scope(|scope| {
        scope.spawn(move || {
            let mut end = Fake {
                lines: BufReader::new(theirs.try_clone().unwrap()),
                channel: theirs,
            };
            fake(&mut end);
        });
        call(&mut agent)
    })
}

fn ping(agent: &mut Agent) -> Result<(), Error> {
    agent.execute(commands::GuestPing::new()).map(|_| ())
}

#[test]
fn an_agent_that_knows_no_delimiter() {
    let fake = |fake: &mut Fake| {
        let request = fake.request();
        assert!(
            request.starts_with(r#"{"execute":"guest-sync-delimited","#),
            "{request}"
        );
        fake.send(br#"{"error": {"class": "CommandNotFound", "desc": "not found"}}"#);
        fake.send(b"\n");
        fake.synchronize();
        assert_eq!(fake.request(), "{\"execute\":\"guest-ping\"}\n");
        fake.send(b"{\"return\": {}}\n");
    };
    talk(Agent::builder(), fake, ping).unwrap();
}

/// The error is told, and the next call starts anew.
#[test]
fn a_reply_that_makes_no_sense() {
    for reply in ["what?\n", "{\"event\": \"STOP\"}\n", "{\"return\": {}\n"] {
        let fake = |fake: &mut Fake| {
            fake.synchronize_delimited();
            fake.request();
            fake.send(reply.as_bytes());
            fake.synchronize_delimited();
            fake.request();
            fake.send(b"{\"return\": {}}\n");
        };
        let (first, second) = talk(Agent::builder(), fake, |agent| (ping(agent), ping(agent)));
        let error = first.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Protocol(_)), "{error:?}");
        assert!(!error.is_disconnected(), "the next call works");
        second.unwrap();
    }
}

#[test]
fn a_message_that_is_too_long() {
    let fake = |fake: &mut Fake| {
        fake.synchronize_delimited();
        fake.request();
        fake.send(&[b' '; 2000]);
    };
    let error = talk(Agent::builder().message_limit(1000), fake, ping).unwrap_err();
    let ErrorKind::Protocol(Violation::TooLong { limit }) = error.kind() else {
        panic!("{error:?}");
    };
    assert_eq!(*limit, 1000);
    assert!(error.is_disconnected());
}

/// It says so at once, not when the deadline has passed.
#[test]
fn an_agent_that_cannot_synchronise() {
    let fake = |fake: &mut Fake| {
        for command in ["guest-sync-delimited", "guest-sync"] {
            assert!(fake.request().contains(command));
            let error = r#"{"error": {"class": "CommandNotFound", "desc": "Command"#;
            fake.send(format!("{error} {command} has been disabled\"}}}}\n").as_bytes());
        }
    };
    let error = talk(Agent::builder(), fake, ping).unwrap_err();
    assert!(
        matches!(
            error.kind(),
            ErrorKind::Protocol(Violation::NoSynchronization)
        ),
        "{error:?}"
    );
    assert!(!error.maybe_executed() && !error.is_disconnected());
    assert_eq!(
        error.to_string(),
        "guest-ping: protocol violated: the agent knows neither guest-sync-delimited nor guest-sync"
    );
}

#[test]
fn a_channel_that_ends() {
    let synchronized = |fake: &mut Fake| {
        fake.synchronize_delimited();
        fake.request();
    };
    let error = talk(Agent::builder(), synchronized, ping).unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::OutcomeUnknown),
        "{error:?}"
    );
    let before = |fake: &mut Fake| {
        fake.request();
    };
    let error = talk(Agent::builder(), before, ping).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Closed), "{error:?}");
}

fn shut_down(agent: &mut Agent) -> Result<(), Error> {
    agent.execute(commands::GuestShutdown::new()).map(|_| ())
}

/// A command without success reply succeeds when there is no error for a while, or the channel ends.
#[test]
fn a_shutdown() {
    let quickly = || Agent::builder().no_reply_grace(Duration::from_millis(50));
    let silent = |fake: &mut Fake| {
        fake.synchronize_delimited();
        fake.request();
        fake.synchronize_delimited();
        fake.request();
        fake.send(b"{\"return\": {}}\n");
    };
    talk(quickly(), silent, |agent| {
        shut_down(agent)?;
        ping(agent)
    })
    .unwrap();
    let gone = |fake: &mut Fake| {
        fake.synchronize_delimited();
        fake.request();
    };
    let slowly = Agent::builder().no_reply_grace(DEADLINE * 2);
    talk(slowly, gone, shut_down).unwrap();
    let failing = |fake: &mut Fake| {
        fake.synchronize_delimited();
        fake.request();
        fake.send(b"{\"error\": {\"class\": \"GenericError\", \"desc\": \"no\"}}\n");
    };
    let slowly = Agent::builder().no_reply_grace(DEADLINE * 2);
    let error = talk(slowly, failing, shut_down).unwrap_err();
    assert!(error.reply().is_some(), "{error:?}");
}

/// It does not succeed when the channel ends before the agent got it.
#[test]
fn a_shutdown_that_was_not_sent() {
    let now = Instant::now();
    let mut session = Session::new(1);
    let command = encode(&commands::GuestShutdown::new()).unwrap();
    let mut exchange = Exchange::new(
        &mut session,
        Some(command),
        now,
        now + DEADLINE,
        Some(DEADLINE),
    );
    let synchronization = String::from_utf8_lossy(&session.output()[1..]).into_owned();
    session.sent(session.output().len());
    let (_, id) = synchronization.rsplit_once(':').unwrap();
    let id = id.trim_end_matches("}}\n");
    session.receive(b"\xFF");
    session.receive(format!("{{\"return\": {id}}}\n").as_bytes());
    assert!(matches!(exchange.turn(&mut session, now), Turn::Io(_)));
    session.sent(5);
    session.eof();
    let Turn::Done(Err(error)) = exchange.turn(&mut session, now) else {
        panic!("it ends");
    };
    assert!(matches!(error.kind(), ErrorKind::Closed), "{error}");
}

#[test]
fn the_end_of_the_channel_is_told() {
    for (partial, told) in [
        ("", "the agent closed the channel"),
        (
            "{\"return\": {",
            "protocol violated: the connection ended within '{\"return\": {'",
        ),
    ] {
        let fake = |fake: &mut Fake| {
            fake.synchronize_delimited();
            fake.request();
            fake.send(partial.as_bytes());
        };
        let error = talk(Agent::builder(), fake, |agent| {
            agent.execute(commands::GuestPing::new()).unwrap_err()
        });
        let unknown = "guest-ping: the connection ended before the outcome was known";
        assert_eq!(error.to_string(), format!("{unknown} ({told})"));
    }
}

#[test]
fn any_duration_will_do() {
    let pong = |fake: &mut Fake| {
        fake.synchronize_delimited();
        fake.request();
        fake.send(b"{\"return\": {}}\n");
    };
    let endless = Agent::builder().no_reply_grace(Duration::MAX);
    talk(endless, pong, |agent| {
        agent.execute_within(commands::GuestPing::new(), Duration::MAX)
    })
    .unwrap();
}

const CLOSE: &str = "{\"execute\":\"guest-file-close\",\"arguments\":{\"handle\":1000}}\n";

/// A file that was open when its reading was given up, or is opened after that, is closed before the next call, once.
#[test]
fn a_file_left_open() {
    let soon = Duration::from_secs(1);
    let read = |fake: &mut Fake| {
        fake.synchronize_delimited();
        fake.request();
        fake.send(b"{\"return\": 1000}\n");
        assert!(fake.request().contains("guest-file-read"));
        let request = fake.request();
        fake.send(b"\xFF");
        request
    };
    let open = |fake: &mut Fake| {
        fake.synchronize_delimited();
        assert!(fake.request().contains("guest-file-open"));
        let request = fake.request();
        fake.send(b"{\"return\": 1000}\n\xFF");
        request
    };
    for give_up in [&read as &(dyn Fn(&mut Fake) -> String + Sync), &open] {
        let fake = |fake: &mut Fake| {
            let synchronization = give_up(fake);
            fake.answer_synchronization(&synchronization);
            assert_eq!(fake.request(), CLOSE);
            fake.send(b"{\"error\": {\"class\": \"GenericError\", \"desc\": \"no\"}}\n");
            for _ in 0..2 {
                assert!(fake.request().contains("guest-ping"));
                fake.send(b"{\"return\": {}}\n");
            }
        };
        talk_as_built(Agent::builder().deadline(soon), fake, |agent| {
            let error = agent.read_file("/file").unwrap_err();
            assert!(error.is_deadline(), "{error:?}");
            for _ in 0..2 {
                agent
                    .execute_within(commands::GuestPing::new(), DEADLINE)
                    .unwrap();
            }
        });
    }
}

#[test]
fn closing_does_not_leave_it_open() {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let mut agent = Agent::builder()
        .deadline(DEADLINE)
        .over(ours.try_clone().unwrap(), ours)
        .unwrap();
    let lines = BufReader::new(theirs.try_clone().unwrap());
    let mut fake = Fake {
        lines,
        channel: theirs,
    };
    thread::scope(|scope| {
        scope.spawn(move || {
            let open = commands::GuestFileOpen::new("/file");
            let opened = agent.execute_within(open, Duration::from_secs(1));
            assert!(opened.unwrap_err().is_deadline());
            agent.close();
        });
        fake.synchronize_delimited();
        assert!(fake.request().contains("guest-file-open"));
        let synchronization = fake.request();
        fake.send(b"{\"return\": 1000}\n\xFF");
        fake.answer_synchronization(&synchronization);
        assert_eq!(fake.request(), CLOSE);
        fake.send(b"{\"return\": {}}\n");
    });
}

/// What the guest claims to have opened takes no more than so much memory.
#[test]
fn files_left_open_are_bounded() {
    let mut files = OpenFiles::default();
    for handle in 0..1000 {
        files.note_late(format!("{{\"return\": {handle}}}").as_bytes());
    }
    let mut left = 0;
    while files.close().is_some() {
        files.closed();
        left += 1;
    }
    assert_eq!(left, 64);
}

#[test]
fn contents_that_are_not_base64() {
    let file = |fake: &mut Fake| {
        fake.synchronize_delimited();
        fake.request();
        fake.send(b"{\"return\": 1000}\n");
        fake.request();
        fake.send(b"{\"return\": {\"count\": 1, \"buf-b64\": \"?\", \"eof\": true}}\n");
        fake.synchronize_delimited();
        assert_eq!(fake.request(), CLOSE);
        fake.send(b"{\"return\": {}}\n");
    };
    let error = talk(Agent::builder(), file, |agent| {
        agent.read_file(ReadFile::new("/file"))
    });
    let program = |fake: &mut Fake| {
        fake.synchronize_delimited();
        fake.request();
        fake.send(b"{\"return\": {\"pid\": 7}}\n");
        fake.request();
        fake.send(b"{\"return\": {\"exited\": true, \"out-data\": \"?\"}}\n");
    };
    let other = talk(Agent::builder(), program, |agent| {
        agent.exec(Exec::new("x"))
    });
    let errors = [error.unwrap_err(), other.unwrap_err()];
    let members = errors.each_ref().map(|error| match error.kind() {
        ErrorKind::Protocol(Violation::NotBase64 { member }) => *member,
        _ => panic!("{error:?}"),
    });
    assert_eq!(members, ["buf-b64", "out-data"]);
}

/// A file that grows as it is read has no end.
#[test]
fn a_file_without_end() {
    let endless = |fake: &mut Fake| {
        fake.synchronize_delimited();
        fake.request();
        fake.send(b"{\"return\": 1000}\n");
        while fake.request().contains("guest-file-read") {
            fake.send(b"{\"return\": {\"count\": 4, \"buf-b64\": \"AAAAAA==\", \"eof\": false}}\n");
        }
        fake.send(b"{\"return\": {}}\n");
    };
    let error = talk(Agent::builder(), endless, |agent| {
        agent.read_file(ReadFile::new("/dev/zero").limit(10))
    })
    .unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::TooMuch(10)), "{error:?}");
}
