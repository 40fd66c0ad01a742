//! One command at a time.

use std::fs;
use std::io::Write as _;
use std::process::Stdio;

use qapi_tests::peers::qemu;

use crate::setup::{Ended, Qmp, daemon, machine};

#[test]
fn a_command_without_arguments_asks_for_no_schema() {
    let Some((_server, qmp)) = machine("none") else {
        return;
    };
    let reply = qmp.say("query-version").good();
    assert!(
        reply.starts_with(r#"{"qemu": {"#) && reply.ends_with("}\n"),
        "{reply}"
    );
    let ended = qmp.say("--trace query-status");
    assert_eq!(ended.code, Some(0));
    assert!(!ended.err.contains("query-qmp-schema"), "{}", ended.err);
    assert!(
        ended.err.contains(r#"C: {"execute":"query-status"}"#),
        "{}",
        ended.err
    );
    assert!(!qmp.home.join(".cache").exists());
}

#[test]
fn forms_of_output() {
    let Some((_server, qmp)) = daemon() else {
        return;
    };
    qmp.say("blockdev-add driver=null-co node-name=n0 size=1M")
        .good();
    let query = "query-named-block-nodes flat=on";
    let json = qmp.say(query).good();
    assert_eq!(json.lines().count(), 1);
    assert!(json.contains(r#""node-name": "n0""#), "{json}");
    let pretty = qmp.say(&format!("-o pretty {query}")).good();
    assert!(pretty.contains("\n    \"node-name\": \"n0\""), "{pretty}");
    let yaml = qmp.say(&format!("{query} --output yaml")).good();
    assert!(yaml.contains("\n  node-name: n0\n"), "{yaml}");
    let table = qmp.say(&format!("{query} -o table")).good();
    let [titles, row] = &table.lines().collect::<Vec<_>>()[..] else {
        panic!("{table}")
    };
    let at = titles.find("NODE-NAME").expect("a column");
    let cell: String = row.chars().skip(at).take(3).collect();
    assert_eq!(cell, "n0 ", "{table}");
    let coloured = qmp.say(&format!("-o pretty --color always {query}")).good();
    assert!(coloured.contains("\u{1b}["));
    assert!(!pretty.contains('\u{1b}'));
}

#[test]
fn several_values_in_yaml_are_documents() {
    let Some((server, qmp)) = machine("none") else {
        return;
    };
    let script = server.path("script");
    fs::write(&script, "query-name\nstop\nquery-uuid\n").unwrap();
    let script = script.to_str().unwrap();
    let out = qmp.run(["-o", "yaml", "run", script]).good();
    let uuid = r#"UUID: "00000000-0000-0000-0000-000000000000""#;
    assert_eq!(out, format!("{{}}\n---\n{{}}\n---\n{uuid}\n"));
}

#[test]
fn texts_get_their_types_from_the_server() {
    let Some((_server, qmp)) = daemon() else {
        return;
    };
    let ended = qmp.say("--trace blockdev-add driver=quorum node-name=q vote-threshold=0x1 read-only=on \
         children.0.driver=null-co children.0.size=1K children.1:={\"driver\":\"null-co\",\"size\":1024}");
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let sent = r#"C: {"execute":"blockdev-add","arguments":{"children":[{"driver":"null-co","size":1024},{"driver":"null-co","size":1024}],"driver":"quorum","node-name":"q","read-only":true,"vote-threshold":1}}"#;
    assert!(ended.err.contains(sent), "{}", ended.err);
    // In QEMU's own form, the tag's key is implied.
    qmp.say("blockdev-add --keyval null-co,node-name=n1,size=4k")
        .good();
    let json = r#"{"driver": "null-co", "node-name": "n2"}"#;
    qmp.run(["blockdev-add", "--json", json]).good();
    qmp.run(["--json", json, "blockdev-add", "node-name=n3"])
        .good();
    let nodes = qmp.say("query-named-block-nodes").good();
    for name in ["n1", "n2", "n3"] {
        assert!(
            nodes.contains(&format!(r#""node-name": "{name}""#)),
            "{nodes}"
        );
    }
}

#[test]
fn arguments_from_standard_input() {
    let Some((_server, qmp)) = daemon() else {
        return;
    };
    let mut command = qmp.command();
    command.args(["blockdev-add", "--json", "-"]);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program was built");
    let mut input = child.stdin.take().expect("a pipe");
    input
        .write_all(br#"{"driver": "null-co", "node-name": "n"}"#)
        .expect("it reads");
    drop(input);
    assert_eq!(
        Ended::of(child.wait_with_output().expect("it ends")).good(),
        "{}\n"
    );
}

#[test]
fn mistakes_are_caught_before_anything_is_sent() {
    let Some((_server, qmp)) = daemon() else {
        return;
    };
    for (line, error) in [
        (
            "blockdev-add driver=qcow3",
            "'driver': value 'qcow3' is not known; did you mean 'qcow2'?",
        ),
        (
            "blockdev-add driver=null-co sise=1",
            "'sise' is not known; did you mean 'size'?",
        ),
        (
            "blockdev-add driver=null-co size=big",
            "'size' expects an integer",
        ),
        (
            "blockdev-add driver=null-co size:=\"1\"",
            "'size' is of the wrong type: an integer is expected",
        ),
        (
            "blockdev-add driver=raw file.driver=file",
            "'file.filename' is missing: a string is expected",
        ),
        (
            "blockdev-add driver=raw file.driver=file file.filename=f file.aio=fast",
            "'file.aio': value 'fast' is not known; it is one of threads, native, io_uring",
        ),
        (
            "blockdev-ad driver=raw",
            "the command 'blockdev-ad' is not known; did you mean 'blockdev-add'?",
        ),
        ("blockdev-add nonsense", "'nonsense' is not key=value"),
        ("blockdev-add a:={", "'a' is not JSON"),
        ("blockdev-add --json []", "the arguments are no JSON object"),
    ] {
        let (code, err) = qmp.say(&format!("--trace {line}")).bad();
        assert_eq!(code, 2, "{line}: {err}");
        assert!(
            err.lines()
                .any(|line| line.starts_with(&format!("error: {error}"))),
            "{line}: {err}"
        );
        assert!(!err.contains(r#"C: {"execute":"blockdev"#), "{line}: {err}");
    }
    let (code, err) = qmp
        .say("blockdev-add driver=null-co size=big --unchecked")
        .bad();
    assert_eq!((code, &*err), (2, "error: 'size' expects an integer\n"));
}

#[test]
fn the_server_refuses_in_its_own_words() {
    let Some((_server, qmp)) = daemon() else {
        return;
    };
    let (code, err) = qmp.say("blockdev-del node-name=none").bad();
    assert_eq!(
        (code, &*err),
        (
            1,
            "error: Failed to find node with node-name='none' (GenericError)\n"
        )
    );
    let (code, err) = qmp.say("query-statu").bad();
    assert_eq!(code, 1);
    assert!(
        err.starts_with("error: The command query-statu has not been found (CommandNotFound)"),
        "{err}"
    );
    let (code, err) = qmp
        .say("blockdev-add driver=raw sise=1 file=f --unchecked")
        .bad();
    assert_eq!(code, 1, "{err}");
}

#[test]
fn without_a_connection() {
    let Some((server, qmp)) = daemon() else {
        return;
    };
    let (code, err) = qmp.say("-s nowhere.sock query-version").bad();
    assert_eq!(code, 3);
    assert!(err.contains("nowhere.sock"), "{err}");
    let (code, err) = Ended::of(
        qmp.command()
            .env_remove("QMP_SOCKET")
            .arg("query-version")
            .output()
            .unwrap(),
    )
    .bad();
    assert_eq!(code, 2);
    assert!(err.starts_with("error: which server?"), "{err}");
    // The option counts more than the environment.
    let path = server.socket();
    let words = ["-s", path.to_str().unwrap(), "query-version"];
    Ended::of(
        qmp.command()
            .env("QMP_SOCKET", "nowhere")
            .args(words)
            .output()
            .unwrap(),
    )
    .good();
}

#[test]
fn a_deadline_that_passes_leaves_the_outcome_open() {
    let Some((server, qmp)) = daemon() else {
        return;
    };
    // The file is a pipe that nobody writes to, so opening it takes until somebody does.
    let fifo = server.path("fifo");
    assert!(
        std::process::Command::new("mkfifo")
            .arg(&fifo)
            .status()
            .unwrap()
            .success()
    );
    // Its schema is known before, so that the time is the command's.
    qmp.say("commands").good();
    let line = format!(
        "blockdev-add driver=blkdebug node-name=b config={} image.driver=null-co --timeout 3s",
        fifo.display()
    );
    let (code, err) = qmp.say(&line).bad();
    assert_eq!(code, 4, "{err}");
    assert!(err.contains("may have been executed"), "{err}");
}

#[test]
fn deprecated_things_are_warned_of() {
    let Some((_server, qmp)) = machine("none") else {
        return;
    };
    let ended = qmp.say("eject device=none");
    assert_eq!(ended.code, Some(1));
    assert!(
        ended
            .err
            .starts_with("warning: eject: 'device' is deprecated\n"),
        "{}",
        ended.err
    );
    assert!(!qmp.say("-q eject device=none").err.contains("warning"));
}

#[test]
fn properties_of_devices_get_their_types() {
    let Some((_server, qmp)) = machine("q35") else {
        return;
    };
    let ended = qmp.say("--trace device_add driver=virtio-rng-pci max-bytes=1k multifunction=yes");
    let sent = r#"C: {"execute":"device_add","arguments":{"driver":"virtio-rng-pci","max-bytes":1024,"multifunction":true}}"#;
    assert!(ended.err.contains(sent), "{}", ended.err);
    let (code, err) = qmp
        .say("device_add driver=virtio-rng-pci max-bytes=many")
        .bad();
    assert_eq!(
        (code, &*err),
        (2, "error: 'max-bytes' expects a value of type uint64\n")
    );
}

#[test]
fn descriptors_are_handed_over() {
    let Some((server, qmp)) = machine("none") else {
        return;
    };
    let file = server.path("file");
    fs::write(&file, "").unwrap();
    let file = file.display();
    qmp.say(&format!("add-fd fdset-id=3 opaque=file --fd {file}"))
        .good();
    // A name is gone with the connection, so that this succeeds shows that it was given.
    qmp.say(&format!("closefd fdname=f --fd f={file}")).good();
    let (code, err) = qmp.say("closefd fdname=f --fd f=nowhere").bad();
    assert_eq!(code, 2);
    assert!(err.contains("nowhere: No such file"), "{err}");
}

#[test]
fn what_the_schema_says() {
    let Some((_server, qmp)) = daemon() else {
        return;
    };
    let described = qmp
        .say("describe blockdev-add driver=null-co -o pretty")
        .good();
    assert!(
        described.starts_with("blockdev-add, command, since QEMU 2.9\n"),
        "{described}"
    );
    assert!(described.contains("\n  size?: an integer\n"), "{described}");
    assert!(!described.contains("filename"), "{described}");
    let json = qmp.say("describe nbd-server-stop").good();
    assert!(json.contains(r#""arguments": []"#), "{json}");
    let event = qmp.say("describe BLOCK_JOB_READY -o pretty").good();
    assert!(
        event.starts_with("BLOCK_JOB_READY, event, since QEMU 1.3\n"),
        "{event}"
    );
    assert!(
        event.contains("#event-QMP-block-core.BLOCK_JOB_READY\n"),
        "{event}"
    );
    let (code, err) = qmp.say("describe blockdev-ad").bad();
    assert_eq!(
        (code, &*err),
        (
            1,
            "error: the server has no 'blockdev-ad'; did you mean 'blockdev-add'?\n"
        )
    );

    let commands = qmp.say("commands query-* -o pretty").good();
    assert!(
        commands.lines().all(|line| line.starts_with("query-")),
        "{commands}"
    );
    assert!(
        commands.lines().any(|line| line == "query-jobs"),
        "{commands}"
    );
    let events = qmp
        .say("events --list --filter BLOCK_JOB_* -o pretty")
        .good();
    assert!(
        events.lines().all(|line| line.starts_with("BLOCK_JOB_")),
        "{events}"
    );

    assert_eq!(qmp.say("supports blockdev-add driver=nbd").good(), "true\n");
    let ended = qmp.say("supports blockdev-add driver=nbd tls-host=x");
    let error = "error: 'tls-host' is not known; did you mean 'tls-hostname'?\n";
    assert_eq!(
        (ended.code, &*ended.out, &*ended.err),
        (Some(1), "false\n", error)
    );
    let file = qmp.say("schema blockdev-add/arg-type/+file").good();
    assert!(
        file.contains(r#"{"name": "filename", "type": "a string", "optional": false}"#),
        "{file}"
    );
    assert_eq!(
        qmp.say("schema blockdev-add/arg-type/driver/^nbd").good(),
        "true\n"
    );
    assert_eq!(qmp.say("schema blockdev-add/arg-type/+none").bad().0, 1);
    assert_eq!(qmp.say("schema blockdev-add//").bad().0, 2);
}

#[test]
fn a_schema_that_is_kept_refuses_nothing() {
    let Some((_server, qmp)) = daemon() else {
        return;
    };
    let commands = qmp.say("commands -o pretty").good();
    let cache = qmp.home.join(".cache/qmp");
    let kept: Vec<_> = fs::read_dir(&cache)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    let [file] = &kept[..] else {
        panic!("{kept:?}")
    };
    // One in which much is missing.
    let text = fs::read_to_string(file).unwrap();
    let key = text.lines().next().unwrap();
    let little = r#"[{"name": "quit", "meta-type": "command", "arg-type": "0", "ret-type": "0"}, {"name": "0", "meta-type": "object", "members": []}]"#;
    fs::write(file, format!("{key}\n{little}")).unwrap();
    assert_eq!(qmp.say("commands -o pretty").good(), "quit\n");
    qmp.say("blockdev-add driver=null-co node-name=n size=1K")
        .good();
    assert_eq!(qmp.say("commands -o pretty").good(), commands);
    fs::write(file, format!("{key}\n{little}")).unwrap();
    assert_eq!(qmp.say("--fresh commands -o pretty").good(), commands);
    fs::write(file, format!("{key}\n{little}")).unwrap();
    qmp.say("describe blockdev-add driver=null-co").good();
    // For another server, and one that was cut off.
    for broken in [
        format!("other\n{little}"),
        key.to_owned(),
        format!("{key}\n["),
    ] {
        fs::write(file, broken).unwrap();
        assert_eq!(qmp.say("commands -o pretty").good(), commands);
    }
}

#[test]
fn the_human_monitor() {
    let Some((_server, qmp)) = machine("none") else {
        return;
    };
    assert_eq!(qmp.say("hmp info status").good(), "VM status: running\n");
    let json = qmp.say("hmp info status -o json").good();
    assert_eq!(json, "\"VM status: running\\r\\n\"\n");
}

#[test]
fn sockets_of_machines() {
    let Some(launch) = qemu("none") else { return };
    let server = launch.args(["-name", "guest=testvm"]).start_ready();
    let qmp = Qmp::of(&server);
    let path = server.socket();
    let list = qmp.say("ls").good();
    let row = r#""machine": "testvm", "kind": "qmp", "state": "free", "pid": "#;
    assert!(
        list.contains(row) && list.contains(path.to_str().unwrap()),
        "{list}"
    );
    qmp.say("-s testvm query-version").good();
    for (address, is_name) in [("testvn", true), ("@testvn", false)] {
        let (code, err) = qmp.run(["-s", address, "query-version"]).bad();
        assert_eq!(code, 3, "{err}");
        assert_eq!(
            err.contains("`qmp ls` shows no such machine"),
            is_name,
            "{err}"
        );
    }
}

#[test]
fn a_command_as_the_other_end() {
    let Some((server, qmp)) = daemon() else {
        return;
    };
    // The program itself is no relay; that of Python is everywhere where QEMU is.
    let relay = server.path("relay.py");
    let text = "import os, select, socket, sys\n\
         s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])\n\
         while True:\n    for f in select.select([0, s], [], [])[0]:\n        \
         b = os.read(0, 9999) if f == 0 else s.recv(9999)\n        \
         if not b: sys.exit()\n        s.sendall(b) if f == 0 else os.write(1, b)\n";
    fs::write(&relay, text).unwrap();
    let address = format!(
        "exec:python3 {} {}",
        relay.display(),
        server.socket().display()
    );
    assert!(
        qmp.run(["-s", &address, "query-version"])
            .good()
            .contains("qemu")
    );
    let (code, _) = qmp.run(["-s", "exec:false", "query-version"]).bad();
    assert_eq!(code, 3);
}

#[test]
fn wrong_usage_and_help() {
    let Some((_server, qmp)) = daemon() else {
        return;
    };
    for line in [
        "--nonsense",
        "query-version --nonsense",
        "--timeout soon query-version",
        "-o xml query-version",
        "describe",
        "events --count 0",
    ] {
        assert_eq!(qmp.say(line).bad().0, 2, "{line}");
    }
    let help = qmp.say("--help").good();
    assert!(
        help.contains("Exit codes:") && help.contains("blockdev-add driver=qcow2"),
        "{help}"
    );
    assert!(qmp.say("query-version --help").good().contains("--json"));
    assert!(qmp.say("--version").good().starts_with("qmp "));
}
