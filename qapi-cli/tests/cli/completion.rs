//! Completion for shells.

use std::fs;
use std::process::Command;

use qapi_tests::peers::tell;

use crate::setup::{Ended, Qmp, daemon, machine};
use crate::terminal::{Terminal, search_path};

fn candidates(qmp: &Qmp, line: &str) -> Vec<String> {
    let out = qmp.run(["complete-line", "fish", line]).good();
    let values = out
        .lines()
        .map(|line| line.split('\t').next().unwrap_or_default());
    values.map(str::to_owned).collect()
}

#[track_caller]
fn has(qmp: &Qmp, line: &str, expected: &[&str]) {
    let found = candidates(qmp, line);
    for expected in expected {
        assert!(
            found.iter().any(|value| value == expected),
            "{line}: {found:?}"
        );
    }
}

#[test]
fn asks_the_server() {
    let Some((_server, qmp)) = machine("q35") else {
        return;
    };
    qmp.say("blockdev-add driver=null-co node-name=node0")
        .good();
    qmp.say("object-add qom-type=iothread id=io0").good();
    has(&qmp, "qmp events --filter BLOCK_JOB_", &["BLOCK_JOB_READY"]);
    has(&qmp, "qmp events --list --until SHUT", &["SHUTDOWN"]);
    has(
        &qmp,
        "qmp events --filter=BLOCK_JOB_R",
        &["--filter=BLOCK_JOB_READY"],
    );
    has(&qmp, "qmp --output=js", &["--output=json"]);
    // The second time it is known from before.
    for _ in 0..2 {
        has(&qmp, "qmp hmp block_r", &["block_resize"]);
        has(&qmp, "qmp hmp info stat", &["status"]);
    }
    assert_eq!(candidates(&qmp, "qmp hmp info status x"), [""; 0]);
    has(&qmp, "qmp schema blockdev-ad", &["blockdev-add/"]);
    has(
        &qmp,
        "qmp schema blockdev-add/",
        &["blockdev-add/arg-type/", "blockdev-add/ret-type/"],
    );
    has(
        &qmp,
        "qmp schema blockdev-add/arg-type/",
        &[
            "blockdev-add/arg-type/node-name",
            "blockdev-add/arg-type/driver/",
            "blockdev-add/arg-type/+qcow2/",
        ],
    );
    has(
        &qmp,
        "qmp schema blockdev-add/arg-type/driver/^nu",
        &["blockdev-add/arg-type/driver/^null-co"],
    );
    qmp.say("schema blockdev-add/arg-type/+qcow2/").good();
    has(&qmp, "qmp query-st", &["query-status", "query-stats"]);
    has(&qmp, "qmp ", &["describe", "blockdev-add"]);
    has(&qmp, "qmp -q describe block_re", &["block_resize"]);
    has(
        &qmp,
        "qmp blockdev-add d",
        &["driver=", "detect-zeroes=", "discard="],
    );
    has(
        &qmp,
        "qmp blockdev-add driver=nul",
        &["driver=null-co", "driver=null-aio"],
    );
    has(
        &qmp,
        "qmp blockdev-add driver=qcow2 file.driver=file file.fi",
        &["file.filename="],
    );
    has(
        &qmp,
        "qmp blockdev-add driver=qcow2 fi",
        &["file=", "file."],
    );
    has(
        &qmp,
        "qmp blockdev-add read-only=",
        &["read-only=on", "read-only=off"],
    );
    has(&qmp, "qmp blockdev-del node-name=", &["node-name=node0"]);
    has(&qmp, "qmp object-del id=", &["id=io0"]);
    has(&qmp, "qmp qom-list path=/ma", &["path=/machine"]);
    has(
        &qmp,
        "qmp device_add driver=virtio-rng-p",
        &["driver=virtio-rng-pci"],
    );
    has(
        &qmp,
        "qmp device_add driver=virtio-rng-pci max-",
        &["max-bytes="],
    );
    has(&qmp, "qmp events --u", &["--until"]);
    has(&qmp, "qmp -o ", &["json", "yaml"]);
    has(&qmp, "qmp --wa", &["--wait"]);
    has(&qmp, "qmp agent fsf", &["fsfreeze"]);
    // What is given already is not proposed again.
    assert!(!candidates(&qmp, "qmp blockdev-add driver=null-co dr").contains(&"driver=".into()));
    // Nobody to ask, and nothing is said.
    assert_eq!(candidates(&qmp, "qmp -s nowhere blockdev-a"), [""; 0]);
    assert_eq!(candidates(&qmp, "qmp describe nothing-like-it x"), [""; 0]);
}

#[test]
fn in_bash() {
    let Some((server, qmp)) = daemon() else {
        return;
    };
    let script = qmp.say("completions bash").good();
    let run = format!(
        "{script}\ncompopt() {{ :; }}\nCOMP_WORDS=({0:?})\nCOMP_LINE='qmp blockdev-add driver=null-'\nCOMP_POINT=${{#COMP_LINE}}\n_qmp\nprintf '<%s>' \"${{COMPREPLY[@]}}\"",
        env!("CARGO_BIN_EXE_qmp")
    );
    let mut bash = Command::new("bash");
    let home = qmp.home.to_str().unwrap().to_owned();
    bash.args(["--norc", "-c", &run])
        .env("QMP_SOCKET", server.socket())
        .env("HOME", home);
    // After `=` a word of its own begins, for bash.
    assert_eq!(
        Ended::of(bash.output().unwrap()).good(),
        "<null-aio ><null-co >"
    );
    assert!(qmp.say("man").good().contains(".SH SYNOPSIS"));
}

/// Whether a shell is installed; tests need not have all of them.
fn has_shell(name: &str) -> bool {
    let is_there = Command::new(name).arg("--version").output().is_ok();
    if !is_there {
        tell(&format!("SKIPPED completion: {name} is not installed"));
    }
    is_there
}

#[test]
fn in_bash_as_typed() {
    let Some((_server, qmp)) = daemon() else {
        return;
    };
    let shell = Terminal::of(&qmp, "bash", &["--norc", "--noprofile", "-i"]);
    shell.types("PS1='ready> '; source <(qmp completions bash)\r");
    shell.sees("ready> ");
    shell.types("qmp blockdev-add driver=null-c\t");
    shell.sees("qmp blockdev-add driver=null-co ");
    shell.types("node-na\t");
    shell.sees("driver=null-co node-name=");
}

#[test]
fn in_zsh_as_typed() {
    let Some((server, qmp)) = daemon() else {
        return;
    };
    if !has_shell("zsh") {
        return;
    }
    let image = server.path("disk image.raw");
    fs::write(&image, "").unwrap();
    let shell = Terminal::of(&qmp, "zsh", &["-f", "-i"]);
    shell.types(
        "PS1='ready> '; autoload -Uz compinit; compinit -u -D; source <(qmp completions zsh)\r",
    );
    shell.sees("ready> ");
    shell.types("qmp blockdev-add driver=null-c\t");
    shell.sees("qmp blockdev-add driver=null-co ");
    shell.types("node-na\t");
    shell.sees("driver=null-co node-name=");
    shell.types("\x15qmp query-vers\t");
    shell.sees("ready> qmp query-version ");
    // What the server does not know may be a file.
    let folder = server.path("");
    shell.types(&format!(
        "\x15qmp blockdev-add driver=raw file.filename={}disk\t",
        folder.display()
    ));
    shell.waits(
        |screen| screen.replace('\n', "").contains("disk\\ image.raw"),
        "the file",
    );
    // With what it is for beside it.
    shell.types("\x15qmp query-block\t");
    shell.sees("query-blockstats  -- [query-nodes]");
}

#[test]
fn in_fish() {
    let Some((server, qmp)) = daemon() else {
        return;
    };
    if !has_shell("fish") {
        return;
    }
    fs::write(server.path("disk.raw"), "").unwrap();
    let complete = |line: &str| {
        let mut fish = Command::new("fish");
        let script = format!("qmp completions fish | source; complete -C '{line}'");
        fish.args(["--no-config", "-c", &script])
            .env("PATH", search_path());
        fish.env("HOME", &qmp.home).env("QMP_SOCKET", &qmp.socket);
        Ended::of(fish.output().unwrap()).good()
    };
    assert_eq!(
        complete("qmp blockdev-add driver=null-"),
        "driver=null-aio\ndriver=null-co\n"
    );
    let commands = complete("qmp query-j");
    assert!(commands.starts_with("query-jobs"), "{commands}");
    let options = complete("qmp events --unt");
    assert!(
        options.starts_with("--until\tEnd with this event"),
        "{options}"
    );
    let sockets = complete(&format!("qmp -s {}/m", server.path("").display()));
    assert!(sockets.contains("/m0"), "{sockets}");
    let folder = server.path("");
    let files = complete(&format!(
        "qmp blockdev-add file.filename={}di",
        folder.display()
    ));
    assert!(files.contains("disk.raw"), "{files}");
    let files = complete(&format!("qmp run {}di", folder.display()));
    assert!(files.contains("disk.raw"), "{files}");
}
