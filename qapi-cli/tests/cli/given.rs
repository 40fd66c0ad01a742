//! Arguments that are given in several ways, more than once, or not at all.

use std::fs;
use std::io::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::mistakes::Fake;
use crate::setup::{daemon, machine};
use crate::terminal::Terminal;

#[test]
fn nothing_is_given_twice() {
    let Some((server, qmp)) = daemon() else {
        return;
    };
    let file = server.path("file");
    fs::write(&file, "").unwrap();
    let fds = format!("closefd fdname=f --fd f={0} --fd f={0}", file.display());
    for (line, key) in [
        ("blockdev-add driver=null-co driver=null-aio", "driver"),
        ("blockdev-add driver=null-co size=1 size:=2", "size"),
        (
            "blockdev-add driver=raw file.driver=null-co file.driver=null-aio",
            "file.driver",
        ),
        (
            "supports blockdev-add driver=null-co driver=null-co",
            "driver",
        ),
        ("describe blockdev-add driver=raw driver=raw", "driver"),
        (&fds, "f"),
    ] {
        let (code, err) = qmp.say(line).bad();
        let expected = format!("error: '{key}' is given twice\n");
        assert_eq!((code, err), (2, expected), "{line}");
    }
    // In that form the last one counts, as on QEMU's command line.
    qmp.say("blockdev-add --keyval null-co,node-name=m,node-name=n")
        .good();
    qmp.say("blockdev-del node-name=n").good();
}

#[test]
fn what_is_given_as_json_chooses_the_branch() {
    let Some((_server, qmp)) = daemon() else {
        return;
    };
    for (words, sent) in [
        (
            &[
                r#"{"driver": "null-co", "node-name": "a"}"#,
                "size=1M",
                "read-only=on",
            ][..],
            r#"{"driver":"null-co","node-name":"a","read-only":true,"size":1048576}"#,
        ),
        (
            &[
                r#"{"driver": "raw", "node-name": "b", "file": {"driver": "null-co"}}"#,
                "file.size=1K",
            ],
            r#"{"driver":"raw","file":{"driver":"null-co","size":1024},"node-name":"b"}"#,
        ),
        (
            &[
                r#"{"driver": "quorum", "node-name": "c", "children": [{"driver": "null-co"}]}"#,
                "vote-threshold=1",
                "children.0.size=1K",
                "children.1.driver=null-co",
                "children.1.size=1K",
            ],
            r#"{"children":[{"driver":"null-co","size":1024},{"driver":"null-co","size":1024}],"driver":"quorum","node-name":"c","vote-threshold":1}"#,
        ),
        (
            &[
                r#"{"node-name": "d"}"#,
                "--keyval",
                "size=1K",
                "driver=null-co",
            ],
            r#"{"driver":"null-co","node-name":"d","size":1024}"#,
        ),
    ] {
        let words = ["--trace", "blockdev-add", "--json"].iter().chain(words);
        let ended = qmp.run(words);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let sent = format!(r#""arguments":{sent}"#);
        assert!(ended.err.contains(&sent), "{}", ended.err);
    }
}

#[test]
fn words_go_over_what_stands_beside_them() {
    let Some((_server, qmp)) = daemon() else {
        return;
    };
    for (words, sent) in [
        (
            [
                "--json",
                r#"{"driver": "raw", "file": {"driver": "null-co"}, "node-name": "a"}"#,
                "file.driver=null-aio",
            ],
            r#"{"driver":"raw","file":{"driver":"null-aio"},"node-name":"a"}"#,
        ),
        (
            [
                "--json",
                r#"{"driver": "raw", "file": "none", "node-name": "b"}"#,
                "file.driver=null-co",
            ],
            r#"{"driver":"raw","file":{"driver":"null-co"},"node-name":"b"}"#,
        ),
        (
            ["--keyval", "null-co,node-name=x", "node-name=c"],
            r#"{"driver":"null-co","node-name":"c"}"#,
        ),
    ] {
        let ended = qmp.run(["--trace", "blockdev-add"].iter().chain(&words));
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let sent = format!(r#""arguments":{sent}"#);
        assert!(ended.err.contains(&sent), "{}", ended.err);
    }
}

#[test]
fn what_needs_arguments_is_not_sent_without_them() {
    let Some((_server, qmp)) = machine("none") else {
        return;
    };
    for (line, error) in [
        ("device_del", "'id' is missing: a string is expected"),
        ("qom-get", "'path' is missing: a string is expected"),
    ] {
        let (code, err) = qmp.say(&format!("--trace {line}")).bad();
        assert_eq!(code, 2, "{line}: {err}");
        assert!(err.contains(&format!("error: {error}\n")), "{line}: {err}");
        let sent = format!("C: {{\"execute\":\"{line}\"");
        assert!(!err.contains(&sent), "{line}: {err}");
    }
    assert_eq!(qmp.say("device_del --unchecked").bad().0, 1);
    // What is optional may be left out.
    let ended = qmp.say("--trace query-stats-schemas");
    assert!(!ended.err.contains("query-qmp-schema"), "{}", ended.err);
}

#[test]
fn what_the_schema_does_not_have_is_sent_unchecked() {
    let Some((_server, qmp)) = daemon() else {
        return;
    };
    for (words, sent) in [
        (&["--json", r#"{"a": 1}"#][..], r#"{"a":1}"#),
        (&["a.b=1", "c:=2"], r#"{"a":{"b":"1"},"c":2}"#),
    ] {
        let words = [&["--unchecked", "--trace", "x-raw"], words].concat();
        let (code, err) = qmp.run(words).bad();
        assert_eq!(code, 1, "{err}");
        let sent = format!(r#"C: {{"execute":"x-raw","arguments":{sent}}}"#);
        assert!(err.contains(&sent), "{err}");
    }
    let (code, err) = qmp.say("x-raw a=1").bad();
    let text = "error: the command 'x-raw' is not known to the server's schema; --unchecked sends it nevertheless\n";
    assert_eq!((code, &*err), (2, text));
    let ended = qmp.say("supports x-raw a=1");
    let text = "error: the command 'x-raw' is not known\n";
    assert_eq!((ended.code, &*ended.err), (Some(1), text));
}

#[test]
fn a_command_has_a_name() {
    let Some((_server, qmp)) = daemon() else {
        return;
    };
    for name in ["", " "] {
        let (code, err) = qmp.run([name]).bad();
        assert_eq!(
            (code, &*err),
            (2, "error: the name of the command is empty\n")
        );
    }
}

#[test]
fn a_table_that_is_piped_is_whole() {
    let Some((_server, qmp)) = machine("none") else {
        return;
    };
    let long = "x".repeat(90);
    qmp.say(&format!("object-add qom-type=iothread id={long}"))
        .good();
    let table = qmp.say("query-iothreads -o table").good();
    assert!(table.contains(&long) && !table.contains('…'), "{table}");
    assert_eq!(qmp.say("query-jobs -o table").good(), "");
}

#[test]
fn what_chooses_no_branch_is_told() {
    let Some((_server, qmp)) = machine("none") else {
        return;
    };
    for (line, error) in [
        (
            "blockdev-add driver=qcow22 backing=b",
            "'driver': value 'qcow22' is not known; did you mean 'qcow2'?",
        ),
        (
            "blockdev-add drivr=qcow2",
            "'drivr' is not known; did you mean 'driver'?",
        ),
        (
            "blockdev-add driver=qcow2 file.drivr=file",
            "'file.drivr' is not known; did you mean 'driver'?",
        ),
        (
            r#"blockdev-add file:={"driver":"nosuch"} driver=qcow2"#,
            "'file.driver': value 'nosuch' is not known",
        ),
        (
            "blockdev-add driver:=1",
            "'driver' is of the wrong type: one of ",
        ),
        ("blockdev-add driver:=qcow2", "'driver' is not JSON: "),
        (
            "query-memory-devices type=dim",
            "'type': value 'dim' is not known; did you mean 'dimm'?",
        ),
        (
            "BLOCK_JOB_READY typ=mirror",
            "'typ' is not known; did you mean 'type'?",
        ),
    ] {
        let words = ["describe"].into_iter().chain(line.split(' '));
        let (code, err) = qmp.run(words).bad();
        assert_eq!(code, 2, "{line}: {err}");
        assert!(err.starts_with(&format!("error: {error}")), "{line}: {err}");
        // The shell has the same.
        let said = qmp.reads(
            &[],
            format!("describe '{}'\n", line.replace(' ', "' '")).as_bytes(),
        );
        let (code, err) = said.bad();
        assert_eq!(code, 2, "{line}: {err}");
        assert!(err.contains(error), "{line}: {err}");
    }
}

#[test]
fn json_chooses_branches_too() {
    let Some((_server, qmp)) = machine("none") else {
        return;
    };
    for (words, member) in [
        (r#"blockdev-add driver:="qcow2""#, "lazy-refcounts"),
        (
            r#"blockdev-add driver=raw file:={"driver":"null-co"}"#,
            "latency-ns",
        ),
        (
            "blockdev-add driver=quorum children.0.driver=null-co",
            "latency-ns",
        ),
        (
            r#"transaction actions:=[{"type":"abort"},{"type":"block-dirty-bitmap-add"}]"#,
            "type: one of",
        ),
        ("query-memory-devices type=dimm", "hotplugged"),
        ("device_add driver=isa-serial chardev=c0", "bus?"),
    ] {
        let words = ["describe"].into_iter().chain(words.split(' '));
        let described = qmp.run(words.chain(["-o", "pretty"])).good();
        assert!(described.contains(member), "{member}: {described}");
    }
}

#[test]
fn ctrl_c_while_a_property_is_asked_for() {
    const SCHEMA: &str = r#"{"return": [
        {"name": "qom-set", "meta-type": "command", "arg-type": "1", "ret-type": "0"},
        {"name": "0", "meta-type": "object", "members": []},
        {"name": "1", "meta-type": "object", "members": [{"name": "path", "type": "str"},
            {"name": "property", "type": "str"}, {"name": "value", "type": "any"}]},
        {"name": "str", "meta-type": "builtin", "json-type": "string"},
        {"name": "any", "meta-type": "builtin", "json-type": "value"}]}"#;
    // It says what it takes, and then no more.
    let is_asked = AtomicBool::new(false);
    let (_fake, qmp) = Fake::start("taciturn", move |stream| {
        if !is_asked.swap(true, Ordering::Relaxed) {
            stream.write_all(SCHEMA.as_bytes()).unwrap();
        }
    });
    let words = ["--trace", "qom-set", "path=/x", "property=p", "value=1"];
    let terminal = Terminal::start(&qmp, &words);
    terminal.sees(r#""execute":"qom-list""#);
    terminal.types("\x03");
    terminal.sees("qom-set was not sent");
    assert_eq!(terminal.ends(), 130);
}

#[test]
fn descriptors_have_names_where_they_go_first() {
    let Some((server, qmp)) = machine("none") else {
        return;
    };
    let file = server.path("file");
    fs::write(&file, "").unwrap();
    let file = file.display();
    let (code, err) = qmp
        .say(&format!("--wait migrate uri=fd:x --fd {file}"))
        .bad();
    let text = "error: migrate takes descriptors by their names: --fd NAME=FILE\n";
    assert_eq!((code, &*err), (2, text));
    let (code, err) = qmp.reads(&[], format!("fd {file}\n").as_bytes()).bad();
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("under which name? fd NAME=FILE"), "{err}");
}

#[test]
fn out_of_band_is_not_passed_over() {
    let Some((server, qmp)) = machine("none") else {
        return;
    };
    let file = server.path("file");
    fs::write(&file, "").unwrap();
    for line in ["getfd fdname=f", "add-fd fdset-id=3"] {
        let (code, err) = qmp
            .say(&format!("{line} --fd {} --oob", file.display()))
            .bad();
        assert_eq!(code, 1, "{err}");
        assert!(err.contains("does not support OOB"), "{err}");
    }
    let create = r#"{"exec-oob": "blockdev-create", "arguments": {"job-id": "j", "options": {"driver": "file", "filename": "f", "size": 0}}}"#;
    for words in [
        &["--oob", "--wait", "block-stream", "device=a"][..],
        &["--oob", "--complete", "block-stream", "device=a"],
        &["--wait", create],
    ] {
        let (code, err) = qmp.run(words).bad();
        let text =
            "error: --oob does not go with --wait and --complete: no job is started out of band\n";
        assert_eq!((code, &*err), (2, text));
    }
}
