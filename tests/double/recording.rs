//! Recordings: read, written, checked, replayed.

use std::io::Write;
use std::sync::{Arc, Mutex};

use qapi_rt::capabilities::Capabilities;
use qapi_rt::qmp;
use qapi_rt::testing::{Malformed, Outcome, Recorder, Recording, Side};
use qapi_tests::corpus;
use serde_json::json;

const SESSION: &str = r#"
# an empty machine
S: {"QMP": {"version": {"qemu": {"major": 10, "minor": 2, "micro": 0}, "package": ""}, "capabilities": []}}
C: {"execute": "qmp_capabilities", "id": 1}
S: {"return": {}, "id": 1}
C: {"execute": "stop", "id": 2}
S: {"timestamp": {"seconds": 1, "microseconds": 2}, "event": "STOP"}
S: {"return": {}, "id": 2}
S: {"timestamp": {"seconds": 1, "microseconds": 3}, "event": "SHUTDOWN", "data": {"guest": false, "reason": "host-qmp-quit"}}
C: {"execute": "eject", "arguments": {"device": "cd0"}, "id": 3}
C: {"execute": "query-status", "id": 4}
S: {"error": {"class": "DeviceNotFound", "desc": "Device 'cd0' not found"}, "id": 3}
S: {"return": {"running": false, "status": "paused"}, "id": 4}
"#;

#[test]
fn replies_and_events_belong_to_requests() {
    let recording: Recording = SESSION.parse().unwrap();
    let exchanges = recording.exchanges().unwrap();
    let calls: Vec<_> = exchanges.iter().map(ToString::to_string).collect();
    let expected = [
        "qmp_capabilities",
        "stop",
        r#"eject {"device":"cd0"}"#,
        "query-status",
    ];
    assert_eq!(calls, expected);
    assert_eq!(exchanges[1].line, 6);
    assert_eq!(exchanges[1].before[0].name, "STOP");
    assert_eq!(exchanges[1].after[0].name, "SHUTDOWN");
    let data = exchanges[1].after[0].data.clone().unwrap();
    assert_eq!(
        json!(data),
        json!({"guest": false, "reason": "host-qmp-quit"})
    );
    let Outcome::Error(error) = &exchanges[2].outcome else {
        panic!("eject failed");
    };
    assert_eq!(error.to_string(), "DeviceNotFound: Device 'cd0' not found");
    let status = Outcome::Return(json!({"running": false, "status": "paused"}));
    assert_eq!(exchanges[3].outcome, status);
}

#[test]
fn what_is_written_reads_the_same() {
    let recording: Recording = SESSION.parse().unwrap();
    let again: Recording = recording.to_string().parse().unwrap();
    let bodies = |recording: &Recording| {
        let messages = recording.messages().iter();
        messages
            .map(|message| (message.side, message.body.clone()))
            .collect::<Vec<_>>()
    };
    assert_eq!(bodies(&again), bodies(&recording));
}

#[test]
fn faults_name_their_line() {
    let fault = |text: &str| text.parse::<Recording>().unwrap_err().to_string();
    assert_eq!(
        fault("C: {}\n\nX: {}"),
        "line 3: neither 'C: ' nor 'S: ' before a message"
    );
    let error = "\nS: {'return': 1}".parse::<Recording>().unwrap_err();
    assert_eq!(error.line(), 2);
    let stray = r#"S: {"return": {}, "id": 9}"#.parse::<Recording>().unwrap();
    let error: Malformed = stray.exchanges().unwrap_err();
    assert_eq!(error.to_string(), "line 1: a reply to no request");
}

#[test]
fn a_recording_is_checked_against_a_schema() {
    let schema = Capabilities::parse(qmp::INTROSPECTION.as_bytes()).unwrap();
    let recording: Recording = SESSION.parse().unwrap();
    assert_eq!(recording.check(&schema).unwrap(), []);
    let wrong = r#"
C: {"execute": "eject", "arguments": {"drive": "cd0"}, "id": 1}
S: {"timestamp": {"seconds": 1, "microseconds": 2}, "event": "STOPPED"}
S: {"return": {}, "id": 1}
C: {"execute": "query-status", "id": 2}
S: {"return": {"running": "no", "status": "tired"}, "id": 2}
"#;
    let wrong: Recording = wrong.parse().unwrap();
    let found = wrong.check(&schema).unwrap();
    let found: Vec<_> = found.iter().map(ToString::to_string).collect();
    let expected = [
        "line 2: eject: 'drive' is not known",
        "line 2: STOPPED: the event is not known",
        "line 5: query-status: 'running' is of the wrong type",
        "line 5: query-status: 'status': value 'tired' is not known",
    ];
    assert_eq!(found, expected);
}

/// Real servers answer as their own schema says.
#[test]
fn recordings_of_qemu_keep_to_its_schema() {
    let what = "recordings of QEMU 7.2 against its schema";
    let (Some(transcripts), Some(schemas)) =
        (corpus("transcripts", what), corpus("introspection", what))
    else {
        return;
    };
    let schema = std::fs::read(schemas.join("7.2.0.qemu.masked.json")).unwrap();
    let schema = Capabilities::parse(&schema).unwrap();
    let mut exchanges = 0;
    for entry in std::fs::read_dir(transcripts).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        // That one has two monitors in one file.
        if !name.starts_with("qemu-7.2") || name.ends_with("poweroff.txt") {
            continue;
        }
        let recording = Recording::read(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
        exchanges += recording
            .exchanges()
            .unwrap_or_else(|error| panic!("{name}: {error}"))
            .len();
        let found = recording.check(&schema).unwrap();
        let found: Vec<_> = found.iter().map(ToString::to_string).collect();
        assert_eq!(found, Vec::<String>::new(), "{name}");
    }
    assert!(exchanges > 500, "{exchanges} exchanges are too few");
}

/// Lets a test look at what was written.
#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_recorder_writes_whole_messages_whatever_the_pieces() {
    let page = Page::default();
    let recorder = Recorder::to(page.clone());
    recorder.take_down(Side::Client, b"\xFF{\"execute\": \"guest-sync-de");
    recorder.take_down(Side::Server, b"\xFF{\n  \"return\": 1\n}\n");
    recorder.take_down(Side::Client, b"limited\", \"arguments\": {\"id\": 1}}");
    recorder.take_down(Side::Server, b"what?");
    recorder.take_down(Side::Client, b"{\"execute\":");
    recorder.take_down(Side::Client, b"\"guest-ping\"}\n");
    recorder.finish().unwrap();
    let expected = r##"S: {"return":1}
C: {"arguments":{"id":1},"execute":"guest-sync-delimited"}
# S: something that is no message
C: {"execute":"guest-ping"}
"##;
    assert_eq!(
        String::from_utf8(page.0.lock().unwrap().clone()).unwrap(),
        expected
    );
}

/// A server that has said all that it will say.
struct Said(std::io::Cursor<&'static [u8]>);

impl std::io::Read for Said {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(buffer)
    }
}

impl std::io::Write for Said {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// QEMU greets twice who connects while it starts, whether when a session is recorded or when it is said again.
#[test]
fn a_greeting_more_or_less_is_no_reply() {
    let greeting = "S: {\"QMP\": {}}\n";
    let rest = "C: {\"execute\": \"x\", \"id\": 1}\nS: {\"return\": {}, \"id\": 1}\n";
    for greetings in 1..3 {
        let text = greeting.repeat(greetings) + rest;
        let recording: Recording = text.parse().unwrap();
        for said in [
            &b"{\"QMP\": {}}\n{\"return\": {}, \"id\": 1}\n"[..],
            b"{\"QMP\": {}}\n{\"QMP\": {}}\n{\"return\": {}, \"id\": 1}\n",
        ] {
            let played = recording.play(Said(std::io::Cursor::new(said))).unwrap();
            assert_eq!(recording.differences(&played).unwrap(), "");
        }
    }
}
