//! The shell, typed at in a terminal.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use qapi_tests::peers::qemu;

use crate::setup::{Qmp, daemon, machine, machine_of_two};
use crate::terminal::Terminal;

const CTRL_C: &str = "\x03";
const CTRL_D: &str = "\x04";

#[test]
fn commands_are_executed() {
    let Some((_server, qmp)) = machine("none") else {
        return;
    };
    let shell = Terminal::shell(&qmp);
    shell.sees("QEMU ");
    shell.enters("query-status");
    shell.sees(r#""status": "running""#);
    shell.enters("query-nam");
    shell.sees("did you mean 'query-name'?");
    shell.enters("exti");
    shell.sees("did you mean 'exit'?");
    shell.enters("ls");
    shell.sees("`qmp ls` is not for the shell");
    shell.enters("query-name --output yaml");
    shell.sees("unexpected argument '--output'");
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
    let Some((_server, qmp)) = daemon() else {
        return;
    };
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
fn the_menu_is_no_wider_than_the_screen() {
    let Some((_server, qmp)) = daemon() else {
        return;
    };
    for (columns, row) in [
        (42, "│block-dirty-bitmap-disable│"),
        (16, "│block-dirty-b…│"),
    ] {
        let shell = Terminal::narrow(&qmp, columns, &[]);
        shell.prompts();
        shell.types("block-\t");
        // What does not fit goes on in the next row, and pushes the line off the screen.
        let fits = |screen: &str| {
            let rows: Vec<_> = screen.lines().map(str::trim).collect();
            rows.contains(&row) && rows.iter().any(|row| row.ends_with("> block-"))
        };
        shell.waits(fits, row);
        // One client at a time.
        shell.types(CTRL_C);
        shell.types(CTRL_C);
        shell.prompts();
        shell.types(CTRL_D);
        assert_eq!(shell.ends(), 0);
    }
}

#[test]
fn events_come_above_the_line() {
    let Some((_server, qmp, other)) = machine_of_two() else {
        return;
    };
    let shell = Terminal::shell(&qmp);
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
    shell.enters("events filter");
    shell.sees("events filter: which?");
    shell.enters("stop --json -");
    shell.sees("--json - is not for the shell");
    shell.enters("source -");
    shell.sees("lines can be pasted here");
    shell.enters("events off");
    shell.enters("query-uuid");
    shell.sees("UUID");
}

#[test]
fn ctrl_c_leaves_a_call() {
    let Some((server, qmp)) = daemon() else {
        return;
    };
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
fn messages_are_pasted_with_marks() {
    let Some((_server, qmp)) = machine("none") else {
        return;
    };
    // On the command line, too.
    let status = qmp.run(["C: {\"execute\": \"query-status\"}"]).good();
    assert!(status.contains("running"), "{status}");
    let shell = Terminal::shell(&qmp);
    shell.pastes(
        "C: {\"execute\":\"query-name\"}\nS: {\"return\": {}}\n-> { \"execute\":\n     \"query-status\" }\n<- { \"return\":\n     {} }\n> {\"execute\":\"query-uuid\"}",
    );
    shell.types("\r");
    shell.sees("\"status\": \"running\"");
    shell.sees("note: what a server said is passed over");
    shell.sees("\"UUID\"");
    shell.enters("{\"return\": {}}");
    shell.sees("a server says this");
}

#[test]
fn twenty_lines_are_pasted() {
    let Some((_server, qmp)) = daemon() else {
        return;
    };
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
fn brackets_of_json_go_on_in_the_next_row() {
    let Some((_server, qmp)) = daemon() else {
        return;
    };
    let shell = Terminal::shell(&qmp);
    shell.enters("query-block-jobs text=a[b");
    shell.sees("'text' is not known");
    shell.enters("blockdev-add node-name=a driver=null-co image:={\"a b\":");
    shell.sees("\n… ");
    shell.types("[1,\r 2]}\r");
    shell.sees("'image' is not known");
    shell.prompts();
}

#[test]
fn the_window_changes_its_size() {
    let Some((_server, qmp)) = daemon() else {
        return;
    };
    let shell = Terminal::shell(&qmp);
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
    let Some((server, qmp)) = daemon() else {
        return;
    };
    let shell = Terminal::shell(&qmp);
    shell.enters("events off");
    shell.enters("object-add qom-type=secret id=s0 data=geheim");
    shell.enters("object-add --keyval secret,id=s1,data=geheim");
    shell.enters("query-version");
    shell.sees("\"major\"");
    let script = server.path("script");
    fs::write(&script, "precious").unwrap();
    shell.enters(&format!("save {}", script.display()));
    shell.sees("--force writes over it");
    shell.enters(&format!("save --force {}", script.display()));
    shell.enters("commands query-status");
    shell.prompts();
    // A terminal may be closed, so it is there before the end.
    let history = fs::read_to_string(qmp.home.join(".local/state/qmp/history")).unwrap();
    assert!(history.contains("\nquery-version\n"), "{history}");
    shell.types(CTRL_D);
    assert_eq!(shell.ends(), 0);
    let history = fs::read_to_string(qmp.home.join(".local/state/qmp/history")).unwrap();
    assert!(
        history.contains("object-add qom-type=secret id=s0 data=***\n"),
        "{history}"
    );
    assert!(!history.contains("geheim"));
    let mode = fs::metadata(&script).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(
        fs::read_to_string(&script).unwrap(),
        "# Commands for qmp run\nobject-add qom-type=secret id=s0 data=***\n\
         object-add --keyval 'secret,id=s1,data=***'\nquery-version\n"
    );
    // That it sets another secret than was set is not to be found out later.
    let (code, err) = qmp.run(["run", script.to_str().unwrap()]).bad();
    let text = "a secret was left out here: put it in the place of ***";
    let expected = format!("error: {}:2: {text}\n", script.display());
    assert_eq!((code, err), (2, expected));
}

#[test]
fn the_server_comes_back() {
    let Some((mut server, qmp)) = daemon() else {
        return;
    };
    let shell = Terminal::shell(&qmp);
    server.kill();
    shell.sees("the connection has ended");
    server.restart();
    shell.sees("connected again");
    shell.enters("query-version");
    shell.sees("\"major\"");
}

#[test]
fn scripts() {
    let Some((server, qmp)) = daemon() else {
        return;
    };
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

#[test]
fn lines_typed_ahead_are_kept() {
    let Some((server, qmp)) = daemon() else {
        return;
    };
    let shell = Terminal::shell(&qmp);
    for (number, end) in ["\r", "\n"].into_iter().enumerate() {
        shell.prompts();
        // While it does not answer, lines are typed.
        server.pause();
        shell.types(&format!(
            "blockdev-add driver=null-co node-name=first{number}{end}"
        ));
        shell.executes();
        for line in ["a", "b", "c"] {
            shell.types(&format!(
                "blockdev-add driver=null-co node-name={line}{number}{end}"
            ));
        }
        shell.types("query-ver");
        server.resume();
        shell.has_typed("query-ver");
        shell.types(CTRL_C);
    }
    shell.prompts();
    shell.types(CTRL_D);
    assert_eq!(shell.ends(), 0);
    let nodes = qmp.say("query-named-block-nodes").good();
    for name in ["first0", "a0", "b0", "c0", "first1", "a1", "b1", "c1"] {
        let node = format!(r#""node-name": "{name}""#);
        assert!(nodes.contains(&node), "{name} is missing");
    }
}

#[test]
fn many_events_at_once_leave_the_screen_as_it_is() {
    let Some((_server, qmp, other)) = machine_of_two() else {
        return;
    };
    let shell = Terminal::shell(&qmp);
    // Nearly as long as a row, so that with what is right of it it would take two.
    let typed = format!("object-add qom-type=secret id={}", "x".repeat(50));
    shell.types(&typed);
    shell.has_typed(&typed);
    for _ in 0..4 {
        other.say("stop").good();
        other.say("cont").good();
    }
    shell.waits(
        |screen| screen.matches(" RESUME").count() == 4 && screen.matches(" STOP").count() == 4,
        "eight events",
    );
    shell.sees("Ctrl-D leaves");
    shell.has_typed(&typed);
}

#[test]
fn the_trace_is_above_the_line_too() {
    let Some((_server, qmp, other)) = machine_of_two() else {
        return;
    };
    let shell = Terminal::start(&qmp, &["--trace"]);
    shell.sees("Ctrl-D leaves");
    shell.prompts();
    shell.types("query-na");
    shell.has_typed("query-na");
    other.say("stop").good();
    shell.waits(
        |screen| {
            screen.contains("\nS: {\"timestamp\"")
                && screen.lines().any(|row| row.trim_end().ends_with(" STOP"))
        },
        "the event and its message",
    );
    shell.has_typed("query-na");
    shell.types("me\r");
    shell.sees("\nC: {\"execute\":\"query-name\"");
}

#[test]
fn the_prompt_says_how_far_jobs_are() {
    let Some((_server, qmp)) = daemon() else {
        return;
    };
    for name in ["a", "b"] {
        qmp.say(&format!(
            "blockdev-add driver=null-co node-name={name} size=64M"
        ))
        .good();
    }
    let shell = Terminal::shell(&qmp);
    shell.enters("events off");
    shell.enters("blockdev-backup device=a target=b sync=full job-id=copy speed=1M");
    shell.types("query-j");
    // What is typed stays while it counts.
    let says = |share: &str, screen: &str| {
        let mut lines = screen.lines().rev();
        lines.any(|line| line.contains("> query-j") && line.ends_with(&format!("copy {share} %")))
    };
    shell.waits(|screen| says("1", screen) || says("2", screen), "progress");
    shell.waits(
        |screen| says("5", screen) || says("6", screen),
        "more progress",
    );
    shell.types("obs\r");
    shell.sees(r#""id": "copy""#);
    shell.enters("job-cancel id=copy");
    shell.waits(
        |screen| {
            screen
                .lines()
                .last()
                .is_some_and(|line| !line.contains("copy"))
        },
        "no job",
    );
}

#[test]
fn files_are_for_their_owner() {
    let Some((server, qmp)) = daemon() else {
        return;
    };
    let recording = server.path("recording");
    let shell = Terminal::start(&qmp, &["record", recording.to_str().unwrap()]);
    shell.sees("Ctrl-D leaves");
    shell.enters("object-add qom-type=secret id=s0 data=geheim");
    shell.enters("qom-list path=/objects");
    shell.sees("s0");
    shell.prompts();
    shell.types(CTRL_D);
    assert_eq!(shell.ends(), 0);
    // A recording is of what was said.
    assert!(fs::read_to_string(&recording).unwrap().contains("geheim"));
    let cache = fs::read_dir(qmp.home.join(".cache/qmp")).unwrap();
    let cached = cache.map(|entry| entry.unwrap().path());
    for file in cached.chain([recording, qmp.home.join(".local/state/qmp/history")]) {
        let mode = fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", file.display());
    }
}

#[test]
fn what_a_terminal_shows_has_no_secrets() {
    let Some(launch) = qemu("none") else { return };
    let launch = launch.args(["-name", "guest=http://me:geheim@host/"]);
    let server = launch.start_ready();
    let qmp = Qmp::of(&server);
    let shell = Terminal::shell(&qmp);
    shell.enters("query-name");
    shell.sees("http://***@host/");
    shell.prompts();
    shell.waits(|screen| !screen.contains("geheim"), "no secret");
    shell.types(CTRL_D);
    shell.ends();
    let shown = Terminal::start(&qmp, &["query-name", "--show-secrets"]);
    shown.sees("me:geheim@");
    shown.ends();
    // A program gets what was said.
    assert!(qmp.say("query-name").good().contains("me:geheim@"));
}
