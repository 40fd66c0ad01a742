//! The shell, typed at in a terminal.

use std::fs;

use qapi_tests::peers::{qemu, storage_daemon};

use crate::setup::Qmp;
use crate::terminal::Terminal;

const CTRL_C: &str = "\x03";
const CTRL_D: &str = "\x04";

#[test]
fn commands_are_executed() {
    let Some(server) = qemu("none").map(|launch| launch.start()) else {
        return;
    };
    let shell = Terminal::shell(&Qmp::of(&server));
    shell.sees("QEMU ");
    shell.enters("query-status");
    shell.sees(r#""status": "running""#);
    shell.enters("query-nam");
    shell.sees("did you mean 'query-name'?");
    shell.enters("blockdev-add driver=null-co sise=1");
    shell.sees("'sise' is not known; did you mean 'size'?");
    shell.enters("hmp info status");
    shell.sees("VM status: running");
    shell.enters("describe eject");
    shell.sees("device?: a string (deprecated)");
    shell.enters("timing on");
    shell.enters("query-name");
    shell.sees(" ms");
    shell.enters("quit");
    shell.sees("Once more to do that");
    shell.prompts();
    shell.types(CTRL_D);
    assert_eq!(shell.ends(), 0);
}

#[test]
fn what_is_typed_is_completed() {
    let Some(server) = storage_daemon().map(|launch| launch.start()) else {
        return;
    };
    let qmp = Qmp::of(&server);
    qmp.say("blockdev-add driver=null-co node-name=my-disk")
        .good();
    let shell = Terminal::shell(&qmp);
    shell.types("blockdev-ad\t");
    shell.sees("blockdev-add");
    shell.types("dri\t");
    shell.sees("driver=");
    // A menu of many, and the first that is left.
    shell.types("null-\t");
    shell.sees("null-aio");
    shell.types(CTRL_C);
    shell.prompts();
    // What the server has right now.
    shell.types("blockdev-del node-name=my\t");
    shell.sees("node-name=my-disk");
    shell.types("\r");
    shell.enters("job");
    shell.sees("[]");
    shell.enters("blockdev-del node-name=my-disk");
    shell.sees("Failed to find node");
}

#[test]
fn events_come_above_the_line() {
    let Some(server) = qemu("none").map(|launch| launch.monitors(2).start()) else {
        return;
    };
    let qmp = Qmp::of(&server);
    let shell = Terminal::shell(&qmp);
    let other = Qmp::at(&server.monitor(1), &qmp.home);
    shell.types("query-na");
    shell.sees("> query-na");
    other.say("stop").good();
    shell.sees("STOP");
    shell.waits(
        |screen| {
            screen
                .trim_end()
                .lines()
                .last()
                .is_some_and(|line| line.contains("> query-na"))
        },
        "the line below",
    );
    shell.types("me\r");
    shell.sees("> query-name");
    shell.enters("events filter RESUME");
    shell.enters("query-version");
    shell.sees("\"major\"");
    other.say("cont").good();
    shell.sees("RESUME");
    other.say("stop").good();
    other.say("cont").good();
    shell.waits(
        |screen| screen.matches("RESUME {").count() + screen.matches("RESUME\n").count() >= 1,
        "another RESUME",
    );
    shell.enters("events off");
    shell.enters("query-uuid");
    shell.sees("UUID");
}

#[test]
fn ctrl_c_leaves_a_call() {
    let Some(server) = storage_daemon().map(|launch| launch.start()) else {
        return;
    };
    let qmp = Qmp::of(&server);
    let shell = Terminal::shell(&qmp);
    shell.types("some text");
    shell.sees("some text");
    shell.types(CTRL_C);
    let fifo = server.path("fifo");
    assert!(
        std::process::Command::new("mkfifo")
            .arg(&fifo)
            .status()
            .unwrap()
            .success()
    );
    shell.enters(&format!(
        "blockdev-add driver=blkdebug node-name=b config={} image.driver=null-co",
        fifo.display()
    ));
    // It counts once the call is under way.
    shell.insists(CTRL_C, "may be executed");
    // The daemon is still at it, but the shell is not.
    shell.enters("help");
    shell.sees("leave the shell");
}

#[test]
fn twenty_lines_are_pasted() {
    let Some(server) = storage_daemon().map(|launch| launch.start()) else {
        return;
    };
    let qmp = Qmp::of(&server);
    let shell = Terminal::shell(&qmp);
    let mut text = String::new();
    for n in 0..16 {
        text += &format!("blockdev-add driver=null-co node-name=n{n} size=1K\n");
    }
    // Four lines of one message, from a log.
    text += "{\"execute\": \"blockdev-add\",\n \"arguments\": {\n  \"driver\": \"null-co\", \"node-name\": \"json\"\n }, \"id\": 7}\n";
    assert_eq!(text.lines().count(), 20);
    shell.pastes(&text);
    shell.types("\r");
    shell.enters("query-block-exports");
    shell.sees("[]");
    // One client at a time.
    shell.prompts();
    shell.types(CTRL_D);
    assert_eq!(shell.ends(), 0);
    let nodes = qmp.say("query-named-block-nodes").good();
    for name in ["n0", "n15", "json"] {
        assert!(
            nodes.contains(&format!(r#""node-name": "{name}""#)),
            "{nodes}"
        );
    }
}

#[test]
fn the_window_changes_its_size() {
    let Some(server) = storage_daemon().map(|launch| launch.start()) else {
        return;
    };
    let shell = Terminal::shell(&Qmp::of(&server));
    shell.types("query-");
    shell.sees("> query-");
    shell.resizes(12, 60);
    shell.types("version");
    shell.sees("query-version");
    shell.types("\r");
    shell.sees("\"major\"");
}

#[test]
fn the_history_keeps_no_secrets() {
    let Some(server) = storage_daemon().map(|launch| launch.start()) else {
        return;
    };
    let qmp = Qmp::of(&server);
    let shell = Terminal::shell(&qmp);
    shell.enters("object-add qom-type=secret id=s0 data=geheim");
    shell.enters("query-version");
    shell.sees("\"major\"");
    let script = server.path("script");
    shell.enters(&format!("save {}", script.display()));
    shell.prompts();
    shell.types(CTRL_D);
    assert_eq!(shell.ends(), 0);
    let history = fs::read_to_string(qmp.home.join(".local/state/qmp/history")).unwrap();
    assert!(
        history.contains("object-add qom-type=secret id=s0 data=***\n"),
        "{history}"
    );
    assert!(!history.contains("geheim"));
    let script = fs::read_to_string(&script).unwrap();
    assert!(
        script.contains("data=***") && script.contains("\nquery-version\n"),
        "{script}"
    );
}

#[test]
fn the_server_comes_back() {
    let Some(mut server) = storage_daemon().map(|launch| launch.start()) else {
        return;
    };
    let shell = Terminal::shell(&Qmp::of(&server));
    server.kill();
    shell.sees("the connection has ended");
    server.restart();
    shell.sees("connected again");
    shell.enters("query-version");
    shell.sees("\"major\"");
}

#[test]
fn scripts() {
    let Some(server) = storage_daemon().map(|launch| launch.start()) else {
        return;
    };
    let qmp = Qmp::of(&server);
    let [good, bad] = ["good", "bad"].map(|name| server.path(name));
    fs::write(&good, "# nodes\nblockdev-add driver=null-co node-name=a\n\n{\"execute\": \"blockdev-del\",\n \"arguments\": {\"node-name\": \"a\"}}\n").unwrap();
    assert_eq!(qmp.run(["run", good.to_str().unwrap()]).good(), "{}\n{}\n");
    fs::write(
        &bad,
        format!(
            "source {}\nblockdev-del node-name=a\nquit\n",
            good.display()
        ),
    )
    .unwrap();
    let ended = qmp.run(["run", bad.to_str().unwrap()]);
    assert_eq!(ended.code, Some(1));
    assert_eq!(
        ended.err,
        format!(
            "error: {}:2: Failed to find node with node-name='a' (GenericError)\n",
            bad.display()
        )
    );
    // It was not executed.
    qmp.say("query-version").good();
    assert_eq!(qmp.say("run nowhere").bad().0, 2);
}
