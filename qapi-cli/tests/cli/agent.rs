//! The guest agent, which acts on this machine.

use std::fs;
use std::io::Read as _;
use std::os::unix::net::UnixListener;
use std::time::Duration;

use qapi_rt::blocking::Agent;
use qapi_tests::peers::guest_agent;

use crate::setup::{Ended, Qmp};
use crate::terminal::Terminal;

pub(crate) fn start() -> Option<(qapi_tests::peers::Server, Qmp)> {
    let server = guest_agent()?.start();
    let agent = Agent::builder().connect_deadline(Duration::from_secs(60));
    drop(
        agent
            .connect_unix(server.socket())
            .expect("the agent starts"),
    );
    let qmp = Qmp::at(&server.socket(), &server.path("home"));
    Some((server, qmp))
}

#[test]
fn programs() {
    let Some((_server, qmp)) = start() else {
        return;
    };
    assert_eq!(
        qmp.run(["agent", "run", "--", "echo", "-n", "a b"]).good(),
        "a b"
    );
    let ended = qmp.run(["agent", "run", "sh", "-c", "echo out; echo err >&2; exit 7"]);
    assert_eq!(
        (ended.code, &*ended.out, &*ended.err),
        (Some(7), "out\n", "err\n")
    );
    let ended = qmp.run(["agent", "run", "--", "sh", "-c", "kill -9 $$"]);
    assert_eq!(ended.code, Some(137));
    assert_eq!(qmp.run(["agent", "run", "nonexistent-program"]).bad().0, 1);
}

#[test]
fn files() {
    let Some((server, qmp)) = start() else { return };
    let [here, there, back] = ["here", "there", "back"].map(|name| server.path(name));
    let contents: Vec<u8> = (0..=255).cycle().take(3 << 20).collect();
    fs::write(&here, &contents).unwrap();
    let guest = format!("guest:{}", there.display());
    qmp.run(["agent", "cp", here.to_str().unwrap(), &guest])
        .good();
    assert!(fs::read(&there).unwrap() == contents);
    qmp.run(["agent", "cp", &guest, back.to_str().unwrap()])
        .good();
    assert!(fs::read(&back).unwrap() == contents);
    fs::write(&there, "text").unwrap();
    assert_eq!(qmp.run(["agent", "cp", &guest, "-"]).good(), "text");
    fs::write(&there, "").unwrap();
    let copy = ["agent", "cp", &guest, back.to_str().unwrap()];
    qmp.run(copy).good();
    assert_eq!(fs::read(&back).unwrap(), b"");
    // A copy that is there stays if there is nothing to be copied.
    fs::write(&back, "old").unwrap();
    for to in ["-", back.to_str().unwrap()] {
        let words = ["agent", "cp", "guest:/nonexistent/file", to];
        assert_eq!(qmp.run(words).bad().0, 1);
    }
    assert_eq!(fs::read_to_string(&back).unwrap(), "old");
    let (code, err) = qmp.run(["agent", "cp", "/", &guest]).bad();
    assert_eq!((code, err.contains("is a directory")), (2, true), "{err}");
    fs::write(&there, "text").unwrap();
    let (code, err) = qmp.run(["agent", "cp", &guest, "/dev/full"]).bad();
    assert_eq!((code, err.contains("/dev/full: ")), (4, true), "{err}");
    let mut command = qmp.command();
    command.args(["agent", "cp", "-", &guest]);
    command.stdin(fs::File::open(&here).unwrap());
    Ended::of(command.output().unwrap()).good();
    assert!(fs::read(&there).unwrap() == contents);
    assert_eq!(qmp.run(["agent", "cp", "a", "b"]).bad().0, 2);
}

#[test]
fn into_directories() {
    let Some((server, qmp)) = start() else { return };
    let [file, there, here] = ["file", "there", "here"].map(|name| server.path(name));
    fs::write(&file, "text").unwrap();
    for folder in [&there, &here] {
        fs::create_dir(folder).unwrap();
    }
    let [file, here] = [&file, &here].map(|path| path.to_str().unwrap());
    let folder = format!("guest:{}/", there.display());
    qmp.run(["agent", "cp", file, &folder]).good();
    assert_eq!(fs::read_to_string(there.join("file")).unwrap(), "text");
    let copy = format!("{folder}file");
    qmp.run(["agent", "cp", &copy, here]).good();
    assert_eq!(
        fs::read_to_string(server.path("here/file")).unwrap(),
        "text"
    );
    for to in ["/nonexistent/file", "/nonexistent/"] {
        let (code, err) = qmp.run(["agent", "cp", &copy, to]).bad();
        assert_eq!(code, 2, "{err}");
        assert!(err.contains("there is no such directory"), "{err}");
    }
    for (from, to) in [("-", &*folder), (&folder, here), ("guest:..", here)] {
        let (code, err) = qmp.run(["agent", "cp", from, to]).bad();
        assert_eq!(code, 2, "{err}");
        assert!(err.contains("has no name to be copied under"), "{err}");
    }
}

#[test]
fn the_time_is_over() {
    let Some((mut server, qmp)) = start() else {
        return;
    };
    // With its folder the file goes too, so that the program does not outlive a test that fails.
    let running = server.path("running");
    fs::write(&running, "").unwrap();
    let wait = format!("while [ -e {} ]; do sleep 0.1; done", running.display());
    let words = [
        "agent",
        "run",
        "--timeout",
        "300ms",
        "--",
        "sh",
        "-c",
        &wait,
    ];
    let (code, err) = qmp.run(words).bad();
    assert_eq!(code, 4, "{err}");
    assert!(err.contains("goes on in the guest, with pid "), "{err}");
    fs::remove_file(running).unwrap();
    // A file that does not end, and that the agent has closed afterwards.
    let copy = "agent cp guest:/dev/zero /dev/null --timeout 1s";
    let (code, err) = qmp.say(copy).bad();
    assert_eq!(code, 4, "{err}");
    let open = fs::read_dir(format!("/proc/{}/fd", server.child().id())).unwrap();
    let open = open.filter_map(|file| fs::read_link(file.ok()?.path()).ok());
    let zeros = open.filter(|file| file.as_os_str() == "/dev/zero");
    assert_eq!((zeros.count(), err.contains("still be open")), (0, false));
}

#[test]
fn ctrl_c_before_it_is_sent() {
    let Some((server, qmp)) = start() else {
        return;
    };
    // Nobody answers there, so that the synchronisation is all that is sent.
    let mute = server.path("mute");
    let listener = UnixListener::bind(&mute).unwrap();
    let qmp = Qmp::at(&mute, &qmp.home);
    for words in [&["agent", "guest-ping"][..], &["agent", "run", "true"]] {
        let terminal = Terminal::start(&qmp, words);
        let (mut stream, _) = listener.accept().unwrap();
        stream.read_exact(&mut [0]).unwrap();
        terminal.types("\x03");
        terminal.sees("interrupted; it was not sent");
        assert_eq!(terminal.ends(), 130);
    }
}

#[test]
fn ctrl_c_while_a_program_runs() {
    let Some((server, qmp)) = start() else {
        return;
    };
    let running = server.path("running");
    fs::write(&running, "").unwrap();
    let wait = format!("while [ -e {} ]; do sleep 0.1; done", running.display());
    let words = ["--trace", "agent", "run", "--", "sh", "-c", &wait];
    let terminal = Terminal::start(&qmp, &words);
    // Then its pid is known.
    terminal.sees("guest-exec-status");
    terminal.types("\x03");
    terminal.sees("interrupted; the program goes on in the guest, with pid ");
    assert_eq!(terminal.ends(), 130);
    fs::remove_file(running).unwrap();
}

#[test]
fn mistyped_names() {
    let Some((_server, qmp)) = start() else {
        return;
    };
    for (line, name) in [
        ("agent guest-pin", "guest-ping"),
        ("agent guest-get-osinf", "guest-get-osinfo"),
        ("agent inf", "info"),
        ("agent describe guest-exc", "guest-exec"),
    ] {
        let (code, err) = qmp.say(line).bad();
        assert_eq!(code, 1, "{line}: {err}");
        assert!(
            err.contains(&format!("did you mean '{name}'?")),
            "{line}: {err}"
        );
    }
    for (line, name) in [
        ("agent guest-file-open path=/x mod=r", "mode"),
        ("agent guest-suspend-ram x=1", ""),
        ("agent guest-shutdown mode=halt mod=1", "mode"),
        (
            "agent guest-exec path=x capture-output=seperated",
            "separated",
        ),
    ] {
        let (code, err) = qmp.say(line).bad();
        assert_eq!(code, 2, "{line}: {err}");
        let proposal = format!("did you mean '{name}'?");
        assert!(name.is_empty() || err.contains(&proposal), "{line}: {err}");
    }
    assert_eq!(qmp.say("agent guest-file-open").bad().0, 2);
    assert_eq!(qmp.run(["agent", ""]).bad().0, 2);
    let (code, err) = qmp.say("agent query-status").bad();
    assert_eq!(code, 1);
    assert!(err.contains("it is one of QMP monitors"), "{err}");
}

#[test]
fn any_command() {
    let Some((_server, qmp)) = start() else {
        return;
    };
    assert_eq!(qmp.say("agent guest-ping").good(), "{}\n");
    assert_eq!(qmp.say("agent guest-sync id=0x10").good(), "16\n");
    let message = r#"C: {"execute": "guest-sync", "arguments": {"id": 16}}"#;
    assert_eq!(qmp.run(["agent", message]).good(), "16\n");
    for help in ["agent help", "agent --help"] {
        assert!(qmp.say(help).good().contains("fsfreeze"), "{help}");
    }
    assert!(qmp.say("agent help run").good().contains("--stdin"));
    let (code, err) = qmp.say("agent guest-sync id=x").bad();
    assert_eq!((code, &*err), (2, "error: 'id' expects an integer\n"));
    let (code, err) = qmp.say("agent guest-file-open pth=/x").bad();
    assert_eq!(code, 2);
    assert!(
        err.contains("'pth' is not known; did you mean 'path'?"),
        "{err}"
    );
    assert_eq!(qmp.say("agent guest-nonsense").bad().0, 1);
    assert_eq!(qmp.say("agent fsfreeze status").good(), "\"thawed\"\n");
    let info = qmp.say("agent info").good();
    assert!(
        info.contains(r#""version": ""#) && info.contains(r#""host-name": ""#),
        "{info}"
    );
    let commands = qmp.say("agent commands -o table").good();
    assert!(commands.contains("guest-ping"), "{commands}");
    let described = qmp.say("agent describe guest-exec -o pretty").good();
    assert!(described.contains("path: a string"), "{described}");
    assert_eq!(qmp.say("agent -s nowhere guest-ping").bad().0, 3);
}

#[test]
fn options_behind_a_command_of_the_guest() {
    let Some((_server, qmp)) = start() else {
        return;
    };
    let yaml = qmp.say("agent guest-get-osinfo -o yaml").good();
    assert!(
        yaml.contains("kernel-release: ") && !yaml.contains('{'),
        "{yaml}"
    );
    assert_eq!(yaml, qmp.say("-o yaml agent guest-get-osinfo").good());
    assert_eq!(qmp.say("agent guest-sync --keyval id=16").good(), "16\n");
    let ended = qmp.say("agent guest-ping --trace");
    assert!(ended.err.contains("guest-ping"), "{}", ended.err);
    assert_eq!(qmp.say("agent guest-ping -s nowhere").bad().0, 3);
    let (code, err) = qmp.say("agent guest-ping --oob").bad();
    assert_eq!((code, &*err), (2, "error: a guest agent has no --oob\n"));
    let (code, err) = qmp.say("agent guest-ping -o nonsense").bad();
    assert_eq!(code, 2);
    assert!(err.contains("yaml"), "{err}");
}

#[test]
fn completion_knows_the_agent() {
    let Some((_server, qmp)) = start() else {
        return;
    };
    let complete = |line: &str| qmp.run(["complete-line", "bash", line]).good();
    let commands = complete("qmp agent guest-get-os");
    assert_eq!(commands, "guest-get-osinfo \n");
    assert_eq!(complete("qmp agent fsfr"), "fsfreeze \n");
    assert_eq!(complete("qmp agent describe guest-pin"), "guest-ping \n");
    assert_eq!(complete("qmp agent guest-exec pa"), "path=\n");
    // Where there is none, those of the newest one.
    assert_eq!(complete("qmp agent -s nowhere guest-pin"), "guest-ping \n");
}
