//! What is said at the end, and the exit code.

use std::fs;
use std::os::unix::net::UnixListener;

use crate::setup::{Ended, Qmp, daemon};
use crate::terminal::Terminal;

#[test]
fn output_that_cannot_be_written() {
    let Some((_server, qmp)) = daemon() else {
        return;
    };
    let mut command = qmp.command();
    let full = fs::OpenOptions::new().write(true).open("/dev/full");
    command.arg("query-version").stdout(full.unwrap());
    let (code, err) = Ended::of(command.output().unwrap()).bad();
    assert_eq!(code, 4);
    assert!(err.starts_with("error: standard output: "), "{err}");
}

#[test]
fn the_name_that_was_typed_is_not_proposed() {
    let Some((_server, qmp)) = daemon() else {
        return;
    };
    let (code, err) = qmp.say("qmp_capabilities").bad();
    assert_eq!(code, 1);
    assert!(!err.contains("did you mean"), "{err}");
}

#[test]
fn ctrl_c_before_anything_is_sent() {
    let Some((server, qmp)) = daemon() else {
        return;
    };
    // A server that says nothing.
    let mute = server.path("mute");
    let listener = UnixListener::bind(&mute).unwrap();
    let qmp = Qmp::at(&mute, &qmp.home);
    let terminal = Terminal::start(&qmp, &["query-status"]);
    let _accepted = listener.accept().unwrap();
    terminal.types("\x03");
    terminal.sees("interrupted; no command was sent");
    assert_eq!(terminal.ends(), 130);
}
