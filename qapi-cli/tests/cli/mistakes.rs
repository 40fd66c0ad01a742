//! Who is at the other end is not who is wanted, or does not say what it should.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::thread;

use qapi_rt::blocking::Client;

use crate::agent;
use crate::setup::{Qmp, daemon};
use crate::terminal::Terminal;

const GREETING: &str = "{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 0, \"minor\": 0, \"major\": 11}, \"package\": \"\"}, \"capabilities\": []}}\r\n";

/// A server that answers a command in its own way, in a folder of its own.
pub(crate) struct Fake {
    folder: PathBuf,
}

impl Fake {
    pub(crate) fn start(
        name: &str,
        answer: impl Fn(&mut UnixStream) + Send + 'static,
    ) -> (Self, Qmp) {
        Self::hasty(name, "", answer)
    }

    /// One that says something right behind the end of the negotiation.
    pub(crate) fn hasty(
        name: &str,
        says: &'static str,
        answer: impl Fn(&mut UnixStream) + Send + 'static,
    ) -> (Self, Qmp) {
        let folder = std::env::temp_dir().join(format!("qmp-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let socket = folder.join("fake");
        let listener = UnixListener::bind(&socket).unwrap();
        thread::spawn(move || {
            for stream in listener.incoming() {
                serve(stream.unwrap(), says, &answer);
            }
        });
        let qmp = Qmp::at(&socket, &folder.join("home"));
        (Self { folder }, qmp)
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// One client, until it goes.
fn serve(mut stream: UnixStream, says: &str, answer: &impl Fn(&mut UnixStream)) {
    stream.write_all(GREETING.as_bytes()).unwrap();
    let lines = BufReader::new(stream.try_clone().unwrap()).lines();
    for line in lines.map_while(Result::ok) {
        if line.contains("qmp_capabilities") {
            let id = line.split("\"id\":").nth(1).unwrap_or("null}");
            stream
                .write_all(format!("{{\"return\": {{}}, \"id\": {id}\r\n{says}").as_bytes())
                .unwrap();
        } else {
            answer(&mut stream);
        }
    }
}

#[test]
fn a_reply_that_does_not_end() {
    // It ends with the client, or never.
    let (_fake, qmp) = Fake::start("endless", |stream| {
        let mut text = "{\"return\": [".to_owned();
        while stream.write_all(text.as_bytes()).is_ok() {
            text = "[1, {}], ".repeat(100);
            thread::sleep(std::time::Duration::from_millis(1));
        }
    });
    for command in ["query-status", "hmp info status"] {
        let (code, err) = qmp.say(&format!("{command} --timeout 3s")).bad();
        assert_eq!(code, 4, "{err}");
        assert!(err.contains("no reply before the deadline"), "{err}");
    }
    // Of these the server was only asked for its schema.
    for command in [
        "blockdev-add driver=null-co",
        "--wait blockdev-create job-id=j",
    ] {
        let (code, err) = qmp.say(&format!("{command} --timeout 3s")).bad();
        assert_eq!(code, 3, "{err}");
        assert!(err.contains("query-qmp-schema: no reply before"), "{err}");
        assert!(err.ends_with(" was not sent\n"), "{err}");
    }
}

#[test]
fn a_reply_that_is_no_json() {
    for (name, reply) in [("range", "1e999"), ("surrogate", r#""\ud800""#)] {
        let (_fake, qmp) = Fake::start(name, move |stream| {
            let reply = format!("{{\"return\": {reply}}}\r\n");
            stream.write_all(reply.as_bytes()).unwrap();
        });
        let (code, err) = qmp.say("query-status").bad();
        assert_eq!(code, 4, "{err}");
        assert!(err.contains("may have been executed"), "{err}");
    }
    // What JSON allows is shown as it came.
    let (_fake, qmp) = Fake::start("digits", |stream| {
        let reply = "{\"return\": 123456789012345678901234567890}\r\n";
        stream.write_all(reply.as_bytes()).unwrap();
    });
    let shown = qmp.say("query-status").good();
    assert_eq!(shown, "123456789012345678901234567890\n");
}

#[test]
fn an_agent_where_a_monitor_should_be() {
    let Some((_server, qmp)) = agent::start() else {
        return;
    };
    // It says nothing, so this would take to the deadline.
    let (code, err) = qmp.say("query-status --timeout 1h").bad();
    assert_eq!(code, 3, "{err}");
    assert!(
        err.contains("this is a guest agent's socket, for `qmp agent`"),
        "{err}"
    );
}

#[test]
fn a_monitor_where_an_agent_should_be() {
    let Some((server, qmp)) = daemon() else {
        return;
    };
    for line in ["agent guest-ping", "agent info", "agent run true"] {
        let (code, err) = qmp.say(&format!("{line} --timeout 1h")).bad();
        assert_eq!(code, 3, "{line}: {err}");
        assert!(
            err.contains("this is a QMP monitor, not a guest agent"),
            "{err}"
        );
    }
    // One that is busy does not greet.
    let holder = Client::connect_unix(server.socket()).unwrap();
    let (code, err) = qmp.say("agent guest-ping --timeout 1h").bad();
    assert_eq!(code, 3, "{err}");
    assert!(
        err.contains("this is a QMP monitor, not a guest agent"),
        "{err}"
    );
    drop(holder);
}

#[test]
fn silence_may_be_either() {
    let Some((server, qmp)) = daemon() else {
        return;
    };
    let mute = server.path("mute");
    let _listener = UnixListener::bind(&mute).unwrap();
    let qmp = Qmp::at(&mute, &qmp.home);
    let (code, err) = qmp.say("query-status --timeout 3s").bad();
    assert_eq!(code, 3, "{err}");
    for text in ["another may hold it", "for `qmp agent`"] {
        assert!(err.contains(text), "{err}");
    }
    let (code, err) = qmp.say("agent guest-ping --timeout 3s").bad();
    assert_eq!(code, 3, "{err}");
    for text in [
        "no agent runs there",
        "a QMP monitor that another client holds",
    ] {
        assert!(err.contains(text), "{err}");
    }
}

#[test]
fn a_command_that_is_no_other_end() {
    let Some((_server, qmp)) = daemon() else {
        return;
    };
    for command in [&["query-status"][..], &["agent", "guest-ping"]] {
        for (address, expected, error) in [
            ("exec:", 2, "exec: has no command behind it"),
            ("exec:false", 3, "the command ended (exit status: 1)"),
            ("exec:exit 7", 3, "the command ended (exit status: 7)"),
            ("exec:kill -9 $$", 3, "the command ended (signal: 9"),
        ] {
            let (code, err) = qmp.run(command.iter().chain(&["-s", address])).bad();
            assert_eq!(code, expected, "{address}: {err}");
            assert!(err.contains(error), "{address}: {err}");
        }
    }
}

#[test]
fn a_name_of_this_program_may_be_meant() {
    let Some((_server, qmp)) = daemon() else {
        return;
    };
    let (code, err) = qmp.say("evens").bad();
    assert_eq!(code, 1);
    assert!(err.contains("did you mean 'events'?"), "{err}");
    let (code, err) = qmp.say("guest-ping").bad();
    assert_eq!(code, 1);
    assert!(err.contains("for `qmp agent`"), "{err}");
}

#[test]
fn ctrl_c_while_standard_input_is_read() {
    let Some((_server, qmp)) = daemon() else {
        return;
    };
    for words in [&["blockdev-add", "--json", "-"][..], &["run", "-"]] {
        let terminal = Terminal::start(&qmp, words);
        terminal.waits_for_threads(2);
        terminal.types("\x03");
        terminal.sees("interrupted; no command was sent");
        assert_eq!(terminal.ends(), 130);
    }
}
