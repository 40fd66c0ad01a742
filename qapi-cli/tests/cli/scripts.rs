//! Lines of files and of standard input.

use std::fs;

use crate::mistakes::Fake;
use crate::setup::{daemon, machine};
use crate::terminal::Terminal;

#[test]
fn lines_are_executed_out_of_band_as_in_the_shell() {
    let Some((server, qmp)) = machine("none") else {
        return;
    };
    let lines = "oob query-yank\nquery-yank --oob\n{\"exec-oob\": \"query-yank\"}\n";
    let (script, recording) = (server.path("script"), server.path("recording"));
    fs::write(&script, lines).unwrap();
    let [script, recording] = [&script, &recording].map(|path| path.to_str().unwrap());
    for words in [&[][..], &["run", "-"], &["record", recording]] {
        let out = qmp.reads(words, lines.as_bytes()).good();
        assert_eq!(out.matches("\"chardev\"").count(), 3, "{words:?}: {out}");
    }
    assert_eq!(qmp.run(["run", script]).good().lines().count(), 3);
    let sent = fs::read_to_string(recording).unwrap();
    assert_eq!(
        sent.matches("\"exec-oob\":\"query-yank\"").count(),
        3,
        "{sent}"
    );
}

#[test]
fn what_the_shell_saves_runs() {
    let Some((server, qmp)) = machine("none") else {
        return;
    };
    let saved = server.path("saved");
    let shell = Terminal::shell(&qmp);
    shell.enters("oob query-yank");
    shell.sees("\"chardev\"");
    shell.enters(&format!("save {}", saved.display()));
    shell.prompts();
    shell.types("\x04");
    assert_eq!(shell.ends(), 0);
    let out = qmp.run(["run", saved.to_str().unwrap()]).good();
    assert!(out.contains("\"chardev\""), "{out}");
}

#[test]
fn brackets_are_text_for_the_human_monitor() {
    let Some((_server, qmp)) = machine("none") else {
        return;
    };
    let out = qmp.reads(&[], b"hmp print 1 [\nquery-status\n");
    assert_eq!(out.code, Some(0), "{out:?}");
    assert!(out.out.contains("\"running\""), "{out:?}");
    let (code, err) = qmp.reads(&[], b"hmp print '1\nstop\n").bad();
    let text = "error: standard input:1: a quote is not closed\n";
    assert_eq!((code, &*err), (2, text));
}

#[test]
fn what_is_not_closed_is_not_executed() {
    let Some((_server, qmp)) = daemon() else {
        return;
    };
    for (lines, what) in [
        ("query-version size:=[1\nquery-version\n", "a bracket"),
        ("{\"execute\": \"query-version\"\n", "a bracket"),
        ("S: {\"return\": {}\nquery-version\n", "a bracket"),
        ("query-version 'x\nquery-version\n", "a quote"),
    ] {
        let (code, err) = qmp.reads(&[], format!("\n{lines}").as_bytes()).bad();
        let text = format!("error: standard input:2: {what} is not closed\n");
        assert_eq!((code, err), (2, text));
    }
}

#[test]
fn where_the_server_offers_nothing_out_of_band() {
    let (_fake, qmp) = Fake::start("plain", |_| {});
    let (code, err) = qmp.reads(&[], b"oob query-yank\n").bad();
    let text = "error: standard input:1: query-yank: out-of-band execution is not enabled\n";
    assert_eq!((code, &*err), (2, text));
}
