//! Whole messages, as from a log.

use std::fs;

use crate::agent;
use crate::setup::{daemon, machine};

#[test]
fn options_go_with_them() {
    let Some((server, qmp)) = machine("none") else {
        return;
    };
    let ended = qmp.run(["--trace", "--oob", r#"{"execute": "query-yank"}"#]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(
        ended.err.contains(r#""exec-oob":"query-yank""#),
        "{ended:?}"
    );
    let file = server.path("file");
    fs::write(&file, "").unwrap();
    let fd = format!("f={}", file.display());
    let close = r#"{"execute": "closefd", "arguments": {"fdname": "f"}}"#;
    qmp.run([close, "--fd", &fd]).good();
    // An image that cannot be made where no node is: its job fails, not the command.
    let create = r#"{"execute": "blockdev-create", "arguments": {"job-id": "j", "options": {"driver": "qcow2", "file": "none", "size": 1048576}}}"#;
    let (code, err) = qmp.run(["--wait", create]).bad();
    assert_eq!(code, 1, "{err}");
    assert!(err.contains("node-name='none'"), "{err}");
    assert_eq!(qmp.say("job").good(), "[]\n");
    for node in ["a", "b"] {
        qmp.say(&format!(
            "blockdev-add driver=null-co size=1M node-name={node}"
        ))
        .good();
    }
    let mirror = r#"{"execute": "blockdev-mirror", "arguments": {"job-id": "m", "device": "a", "target": "b", "sync": "full"}}"#;
    let end = qmp.run([mirror, "--complete"]).good();
    assert_eq!(end, "{\"id\": \"m\", \"status\": \"concluded\"}\n");
}

#[test]
fn arguments_do_not_go_with_them() {
    let Some((_server, qmp)) = daemon() else {
        return;
    };
    let message = r#"{"execute": "query-version"}"#;
    for (words, extra) in [
        (&[message][..], &*format!("'{message}'")),
        (&["flat=on"], "'flat=on'"),
        (&["--json", "{}"], "--json"),
        (&["--keyval", "a=b"], "--keyval"),
    ] {
        for command in [&[][..], &["agent"]] {
            let words = [command, &[message], words].concat();
            let (code, err) = qmp.run(words).bad();
            let text = format!("error: {extra} is too much beside a whole message\n");
            assert_eq!((code, err), (2, text));
        }
    }
}

#[test]
fn agents_have_nothing_out_of_band() {
    let Some((_server, qmp)) = agent::start() else {
        return;
    };
    let (code, err) = qmp.run(["agent", r#"{"exec-oob": "guest-ping"}"#]).bad();
    assert_eq!(
        (code, &*err),
        (2, "error: a guest agent has no 'exec-oob'\n")
    );
}

#[test]
fn what_no_message_has_is_not_left_out() {
    let Some((_server, qmp)) = machine("none") else {
        return;
    };
    for (message, error) in [
        (
            r#"{"execute": "stop", "argument": {"x": 1}}"#,
            "a message has no 'argument'; did you mean 'arguments'?",
        ),
        (
            r#"{"execute": "stop", "control": {"run-oob": true}}"#,
            "a message has no 'control'",
        ),
    ] {
        let (code, err) = qmp.run([message]).bad();
        assert_eq!((code, err), (2, format!("error: {error}\n")));
        let (code, err) = qmp.run(["agent", message]).bad();
        assert_eq!((code, err), (2, format!("error: {error}\n")));
        let (code, err) = qmp.reads(&[], format!("{message}\n").as_bytes()).bad();
        let text = format!("error: standard input:1: {error}\n");
        assert_eq!((code, err), (2, text));
    }
    let status = qmp.run([r#"{"execute": "query-status", "id": 1}"#]).good();
    assert!(status.contains("\"running\""), "{status}");
}
