//! Lines of files and of standard input.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use crate::mistakes::Fake;
use crate::setup::{Ended, Qmp, daemon, machine};
use crate::terminal::Terminal;

/// The program with another one at its pipes, which waits for each reply before it goes on.
struct Driven {
    child: Child,
    input: ChildStdin,
    lines: Receiver<String>,
}

impl Driven {
    fn start(qmp: &Qmp, words: &[&str]) -> Self {
        let mut command = qmp.command();
        command.args(words).stdin(Stdio::piped());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let input = child.stdin.take().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (send, lines) = mpsc::channel();
        thread::spawn(move || {
            let mut lines = output.lines().map_while(Result::ok);
            lines.all(|line| send.send(line).is_ok())
        });
        Self {
            child,
            input,
            lines,
        }
    }

    fn says(&mut self, text: &str) {
        self.input.write_all(text.as_bytes()).unwrap();
    }

    #[track_caller]
    fn hears(&self, text: &str) {
        let line = self.lines.recv_timeout(Duration::from_secs(60));
        match line {
            Ok(line) => assert!(line.contains(text), "{line}"),
            Err(error) => panic!("not heard: {text}: {error}"),
        }
    }

    /// What comes when there is no more to read.
    fn ends(self) -> Ended {
        drop(self.input);
        let mut ended = Ended::of(self.child.wait_with_output().unwrap());
        ended.out = self.lines.iter().collect();
        ended
    }
}

#[test]
fn lines_are_executed_as_they_come() {
    let Some((server, qmp)) = machine("none") else {
        return;
    };
    let recording = server.path("recording");
    let recording = recording.to_str().unwrap();
    for words in [&[][..], &["run", "-"], &["record", recording]] {
        let mut driven = Driven::start(&qmp, words);
        driven.says("query-status\n");
        driven.hears("running");
        driven.says("{\"execute\":\n");
        driven.says(" \"query-name\"}\r\n");
        driven.hears("{}");
        driven.says("# Of a line, its start\nquery-");
        driven.says("uuid\nstop\n");
        driven.hears("UUID");
        driven.hears("{}");
        driven.says("query-status");
        assert!(driven.ends().good().contains("paused"));
        qmp.say("cont").good();
    }
}

#[test]
fn the_first_line_that_fails_is_the_last() {
    let Some((_server, qmp)) = daemon() else {
        return;
    };
    let mut driven = Driven::start(&qmp, &[]);
    driven.says("query-version\n");
    driven.hears("major");
    driven.says("\n{\"execute\":\n\"no-such\"}\n");
    // It does not wait for the end of the lines.
    assert!(!driven.child.wait().unwrap().success());
    let (code, err) = driven.ends().bad();
    assert_eq!(code, 1);
    assert!(err.starts_with("error: standard input:3: "), "{err}");
}

#[test]
fn lines_are_text() {
    let Some((_server, qmp)) = daemon() else {
        return;
    };
    let ended = qmp.reads(&[], b"query-block-jobs\nstop x=\xff\n");
    let text = "error: standard input:2: it is not UTF-8\n";
    assert_eq!((ended.code, &*ended.err), (Some(2), text));
    assert_eq!(ended.out, "[]\n");
}

#[test]
fn where_lines_come_from_nothing_else_is_read() {
    let Some((server, qmp)) = daemon() else {
        return;
    };
    for (line, text) in [
        ("source -", "source -: lines come from there already"),
        (
            "save /dev/null",
            "save is for the shell only: the lines of a script are there already",
        ),
        (
            "blockdev-add --json -",
            "--json - is not for lines of standard input; a whole JSON message can be one",
        ),
    ] {
        let (code, err) = qmp.reads(&[], format!("{line}\n").as_bytes()).bad();
        let text = format!("error: standard input:1: {text}\n");
        assert_eq!((code, err), (2, text));
    }
    // A file leaves it to them.
    let script = server.path("script");
    fs::write(&script, "blockdev-add --json -\n").unwrap();
    let json = b"{\"driver\": \"null-co\", \"node-name\": \"n\"}";
    let words = ["run", script.to_str().unwrap()];
    assert_eq!(qmp.reads(&words, json).good(), "{}\n");
}

/// Sends many lines that are long, and looks at what the program holds after some and at the end.
#[test]
fn lines_that_are_done_are_not_kept() {
    let Some((_server, qmp)) = daemon() else {
        return;
    };
    let mut driven = Driven::start(&qmp, &[]);
    let line = format!(
        "{{{}\"execute\": \"query-version\"}}\n",
        " ".repeat(1 << 20)
    );
    let mut execute = |count| {
        for _ in 0..count {
            driven.says(&line);
            driven.hears("major");
        }
        kilobytes(driven.child.id())
    };
    let (before, after) = (execute(4), execute(40));
    assert!(after < before + (20 << 10), "{before} kB, then {after} kB");
    driven.ends().good();
}

/// The memory that a process has.
fn kilobytes(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let row = status.lines().find_map(|row| row.strip_prefix("VmRSS:"));
    let count = row.unwrap().split_whitespace().next();
    count.unwrap().parse().unwrap()
}

#[test]
fn ctrl_c_between_lines() {
    let Some((_server, qmp)) = daemon() else {
        return;
    };
    let terminal = Terminal::start(&qmp, &["run", "-"]);
    terminal.waits_for_threads(2);
    terminal.types("query-version\r");
    terminal.sees("major");
    terminal.waits_for_threads(2);
    terminal.types("\x03");
    terminal.sees("interrupted; no further command was sent");
    assert_eq!(terminal.ends(), 130);
}

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
fn brackets_of_json_go_on_and_others_do_not() {
    let Some((_server, qmp)) = daemon() else {
        return;
    };
    let lines = "blockdev-add driver=null-co node-name=a size:=1 detect-zeroes=a[b --unchecked\n";
    let ended = qmp.reads(
        &[],
        format!("query-version\n{lines}query-version\n").as_bytes(),
    );
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.err.contains("standard input:2: "), "{ended:?}");
    assert!(ended.err.contains("'a[b'"), "{ended:?}");
    let lines = "transaction actions:=[\n  {\"type\": \"block-dirty-bitmap-add\",\n   \"data\": {\"node\": \"a\", \"name\": \"b [\"}}\n]\n";
    let node = "blockdev-add driver=null-co node-name=a size=1M\n";
    let out = qmp.reads(&[], format!("{node}{lines}query-block-jobs\n").as_bytes());
    assert_eq!(out.good(), "{}\n{}\n[]\n");
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

#[test]
fn what_is_not_understood_is_not_passed_over() {
    let Some((_server, qmp)) = daemon() else {
        return;
    };
    for (line, text) in [
        ("job --waitt", "unexpected argument '--waitt' found"),
        ("job b1 --complet", "unexpected argument '--complet' found"),
        ("job b1 b2", "unexpected argument 'b2' found"),
        (
            "commands query-* block*",
            "unexpected argument 'block*' found",
        ),
        ("schema", "<path>"),
        ("describe", "<name>"),
        ("timing on off", "unexpected argument 'off' found"),
        ("source", "source: what? See help"),
        ("version 2", "unexpected argument '2' found"),
        ("exit now", "unexpected argument 'now' found"),
        ("save --forc", "unexpected argument '--forc' found"),
    ] {
        let (code, err) = qmp.reads(&[], format!("{line}\n").as_bytes()).bad();
        assert_eq!(code, 2, "{line}: {err}");
        assert!(
            err.starts_with("error: standard input:1: "),
            "{line}: {err}"
        );
        assert!(err.contains(text), "{line}: {err}");
    }
    let (_, err) = qmp.reads(&[], b"job --waitt\n").bad();
    assert!(
        err.contains("\n\n  tip: a similar argument exists: '--wait'\n"),
        "{err}"
    );
    assert_eq!(err.matches("error:").count(), 1, "{err}");
}

#[test]
fn each_mistake_is_an_error_of_its_own() {
    let Some((_server, qmp)) = daemon() else {
        return;
    };
    let lines = "query-version\nblockdev-add driver=null-co sise=1 nod=1\n";
    let ended = qmp.reads(&[], lines.as_bytes());
    let error = "error: standard input:2: 'nod' is not known\n\
        error: standard input:2: 'sise' is not known; did you mean 'size'?\n";
    assert_eq!((ended.code, &*ended.err), (Some(2), error));
}
