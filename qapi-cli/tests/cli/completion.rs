//! Completion for shells.

use std::process::Command;

use qapi_tests::peers::{qemu, storage_daemon};

use crate::setup::{Ended, Qmp};

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
    let Some(server) = qemu("q35").map(|launch| launch.start()) else {
        return;
    };
    let qmp = Qmp::of(&server);
    qmp.say("blockdev-add driver=null-co node-name=node0")
        .good();
    qmp.say("object-add qom-type=iothread id=io0").good();
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
    let Some(server) = storage_daemon().map(|launch| launch.start()) else {
        return;
    };
    let qmp = Qmp::of(&server);
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
    for shell in ["zsh", "fish"] {
        assert!(
            qmp.run(["completions", shell])
                .good()
                .contains("complete-line")
        );
    }
    assert!(qmp.say("man").good().contains(".SH SYNOPSIS"));
}
