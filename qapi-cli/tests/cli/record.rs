//! Sessions written down, and said again.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;

use qapi_rt::blocking::Client;

use crate::setup::{Ended, Qmp, daemon};
use crate::terminal::Terminal;

#[test]
fn a_session_is_written_down_and_said_again() {
    let Some((server, qmp)) = daemon() else {
        return;
    };
    let file = server.path("session");
    let path = file.to_str().unwrap();
    let mut command = qmp.command();
    command.args(["record", path]).stdin(Stdio::piped());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    input
        .write_all(b"blockdev-add driver=null-co node-name=n\nblockdev-del node-name=n\n")
        .unwrap();
    drop(input);
    let out = Ended::of(child.wait_with_output().unwrap()).good();
    assert_eq!(out, "{}\n{}\n");
    let text = fs::read_to_string(&file).unwrap();
    let says = |line: &str| line.starts_with("C: ") && line.contains("blockdev-add");
    assert!(text.lines().any(says), "{text}");

    assert_eq!(qmp.run(["replay", path]).good(), "");
    // With the node there already it goes differently.
    qmp.say("blockdev-add driver=null-co node-name=n").good();
    let ended = qmp.run(["replay", path]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.out.contains("blockdev-add"), "{}", ended.out);
    assert_eq!(qmp.run(["replay", "nowhere"]).bad().0, 2);
}

#[test]
fn nothing_is_written_over_unasked() {
    let Some((server, qmp)) = daemon() else {
        return;
    };
    let file = server.path("session");
    let path = file.to_str().unwrap();
    fs::write(&file, "precious").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let (code, err) = qmp.run(["record", path]).bad();
    assert_eq!(code, 2);
    assert!(err.contains("--force writes over it"), "{err}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "precious");
    qmp.run(["record", "-f", path]).good();
    assert!(fs::read_to_string(&file).unwrap().contains("\"QMP\""));
    let mode = fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    // What is no file stays what it is.
    qmp.run(["record", "/dev/null"]).good();
}

#[test]
fn a_recording_that_cannot_be_written_is_told() {
    let Some((server, qmp)) = daemon() else {
        return;
    };
    let (code, err) = qmp.run(["record", "/dev/full"]).bad();
    assert_eq!(code, 4);
    assert!(err.starts_with("error: the recording: "), "{err}");

    // A disk that is full after a kilobyte.
    let mut command = qmp.command();
    let program = command.get_program().to_owned();
    let mut shell = std::process::Command::new("sh");
    let limited = "trap '' XFSZ; ulimit -f 1; exec \"$@\"";
    shell.args(["-c", limited, "sh"]).arg(program);
    shell.args(command.get_args()).envs(
        command
            .get_envs()
            .filter_map(|(key, value)| Some((key, value?))),
    );
    command = shell;
    command
        .arg("record")
        .arg(server.path("session"))
        .stdin(Stdio::piped());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    input
        .write_all(b"query-version\nquery-commands\nquery-version\n")
        .unwrap();
    drop(input);
    let ended = Ended::of(child.wait_with_output().unwrap());
    assert_eq!(ended.code, Some(4), "{ended:?}");
    assert!(ended.err.contains(":2: the recording: "), "{}", ended.err);
}

#[test]
fn a_connection_made_again_has_a_recording_of_its_own() {
    let Some((mut server, qmp)) = daemon() else {
        return;
    };
    let [first, second] = ["session", "session.2"].map(|name| server.path(name));
    let shell = Terminal::start(&qmp, &["record", first.to_str().unwrap()]);
    shell.enters("blockdev-add driver=null-co node-name=first");
    shell.enters("query-named-block-nodes");
    shell.sees("\"node-name\": \"first\"");
    server.kill();
    shell.sees("the connection has ended");
    server.restart();
    shell.sees("connected again; recorded in ");
    shell.enters("blockdev-add driver=null-co node-name=second");
    shell.enters("query-named-block-nodes");
    shell.sees("\"node-name\": \"second\"");
    shell.prompts();
    shell.types("\x04");
    assert_eq!(shell.ends(), 0);
    for (file, has, has_not) in [(&first, "first", "second"), (&second, "second", "first")] {
        let text = fs::read_to_string(file).unwrap();
        let (has, has_not) = (format!("\"{has}\""), format!("\"{has_not}\""));
        assert!(text.contains(&has) && !text.contains(&has_not), "{text}");
    }
    // Each can be said again.
    server.kill();
    server.restart();
    let qmp = Qmp::of(&server);
    qmp.run(["replay", second.to_str().unwrap()]).good();
}

#[test]
fn where_another_client_holds_the_monitor() {
    let Some((server, qmp)) = daemon() else {
        return;
    };
    let file = server.path("session");
    fs::write(&file, "S: {\"QMP\": {}}\n").unwrap();
    let recording = server.path("recording");
    let _holder = Client::connect_unix(server.socket()).unwrap();
    // Those that have left stay in the queue, which soon is full.
    for _ in 0..3 {
        for (command, file) in [("record", &recording), ("replay", &file)] {
            let words = [command, file.to_str().unwrap(), "--timeout", "100ms"];
            let (code, err) = qmp.run(words).bad();
            assert_eq!(code, 3, "{command}: {err}");
            assert!(err.contains("one client a monitor"), "{command}: {err}");
        }
    }
}
