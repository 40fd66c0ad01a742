//! Events as they happen.

use std::process::Stdio;

use crate::mistakes::Fake;
use crate::setup::{Ended, Qmp, daemon, machine_of_two};
use crate::terminal::Terminal;

/// What one program says while the other has the machine execute commands.
fn told(qmp: &Qmp, other: &Qmp, line: &str, commands: &[&str]) -> String {
    let mut command = other.command();
    command.args(line.split(' '));
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    // It is connected when the kernel says that somebody is.
    let socket = other.socket.to_str().unwrap();
    let is_connected = |row: &str| row.contains("in use") && row.contains(socket);
    while !qmp.say("ls").good().split('}').any(is_connected) {}
    for command in commands {
        qmp.say(command).good();
    }
    Ended::of(child.wait_with_output().unwrap()).good()
}

#[test]
fn events_until_one() {
    let Some((_server, qmp, other)) = machine_of_two() else {
        return;
    };
    let line = "events --filter RES* --until SHUTDOWN";
    let out = told(
        &qmp,
        &other,
        line,
        &["stop", "cont", "stop", "cont", "quit"],
    );
    let names: Vec<_> = out
        .lines()
        .map(|line| {
            line.split('"')
                .nth(line.split('"').position(|part| part == "event").unwrap() + 2)
                .unwrap()
        })
        .collect();
    assert!(
        names.ends_with(&["SHUTDOWN"])
            && names[..names.len() - 1]
                .iter()
                .all(|name| *name == "RESUME"),
        "{out}"
    );
}

#[test]
fn events_as_documents() {
    let Some((_server, qmp, other)) = machine_of_two() else {
        return;
    };
    let line = "-o yaml events --until SHUTDOWN";
    let out = told(&qmp, &other, line, &["stop", "cont", "quit"]);
    let documents: Vec<_> = out.split("---\n").collect();
    assert!(documents.len() > 1, "{out}");
    for document in documents {
        assert_eq!(document.matches("\nevent: ").count(), 1, "{out}");
    }
}

#[test]
fn events_for_longer_than_clocks_count() {
    let Some((_server, qmp, other)) = machine_of_two() else {
        return;
    };
    let line = "events --until SHUTDOWN --timeout 1e19";
    let out = told(&qmp, &other, line, &["quit"]);
    assert!(out.contains(r#""event": "SHUTDOWN""#), "{out}");
}

#[test]
fn events_right_behind_the_negotiation() {
    const STOP: &str =
        "{\"event\": \"STOP\", \"timestamp\": {\"seconds\": 1, \"microseconds\": 0}}\r\n";
    let (_fake, qmp) = Fake::hasty("hasty", STOP, |_| {});
    let out = qmp.say("events --count 1 --timeout 100s").good();
    assert!(out.contains(r#""event": "STOP""#), "{out}");
    let shell = Terminal::shell(&qmp);
    shell.sees("STOP");
}

#[test]
fn events_for_some_time() {
    let Some((_server, qmp)) = daemon() else {
        return;
    };
    assert_eq!(qmp.say("events --timeout 3s").good(), "");
    let (code, err) = qmp.say("events --until BLOCK_JOB_ERROR --timeout 3s").bad();
    assert_eq!(
        (code, &*err),
        (1, "error: no BLOCK_JOB_ERROR within the time\n")
    );
}

#[test]
fn what_never_comes_is_not_waited_for() {
    let Some((_server, qmp)) = daemon() else {
        return;
    };
    for (line, error) in [
        (
            "events --until BLOCK_JOB_EROR",
            "the server has no event 'BLOCK_JOB_EROR'; did you mean 'BLOCK_JOB_ERROR'?",
        ),
        (
            "events --filter block_job_eror",
            "no event of the server fits 'block_job_eror'; did you mean 'BLOCK_JOB_ERROR'?",
        ),
        (
            "events --filter NOTHING_*",
            "no event of the server fits 'NOTHING_*'",
        ),
        ("events --filter X[", "'X[' is no pattern"),
    ] {
        let (code, err) = qmp.say(line).bad();
        assert_eq!(code, 2, "{line}: {err}");
        assert!(err.contains(error), "{line}: {err}");
    }
}
