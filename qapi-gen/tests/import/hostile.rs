//! Introspection that no schema has: errors are about what the introspection has, since nobody has the schema.

use crate::common::run::Scratch;
use qapi_gen::import::import;
use qapi_gen::{Frontend, Interface};

fn error(told: &str) -> String {
    let interface = Interface::from_introspection(told).unwrap();
    import(&interface, None).unwrap_err().to_string()
}

const EMPTY: &str = r#"{"meta-type": "object", "name": "0", "members": []}"#;

#[test]
fn errors_name_the_entry_and_where_it_is_used() {
    let told = format!(
        r#"[{EMPTY},
        {{"meta-type": "command", "name": "query-shapes", "arg-type": "0", "ret-type": "1"}},
        {{"meta-type": "event", "name": "MOVED", "arg-type": "2"}},
        {{"meta-type": "array", "name": "1", "element-type": "2"}},
        {{"meta-type": "object", "name": "2", "tag": "kind", "members": [{{"name": "kind", "type": "3"}}],
          "variants": [{{"case": "round", "type": "4"}}, {{"case": "any", "type": "0"}}]}},
        {{"meta-type": "enum", "name": "3", "values": ["round", "any"]}},
        {{"meta-type": "object", "name": "4", "members": [{{"name": "how", "type": "5"}}, {{"name": "how", "type": "5"}}]}},
        {{"meta-type": "enum", "name": "5", "values": ["far", "far"]}}]"#
    );
    let text = error(&told);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines,
        [
            "it describes what the schema language cannot say:",
            "object '4' (query-shapes: reply[](round)), called 'QueryShapesReplyRound' here: duplicate key 'how' [P4]",
            "enum '5' (query-shapes: reply[](round).how), called 'QueryShapesReplyRoundHow' here: value 'far' clashes with \
             value 'far' [M4]",
        ]
    );
    assert!(
        error(&told.replace("MOVED", "mov\u{e9}d"))
            .contains("event 'mov\u{e9}d': character U+00E9")
    );
}

#[test]
fn names_cannot_end_the_string_that_they_are_in() {
    let told = |name: &str| {
        let name = serde_json::Value::from(name);
        format!(
            r#"[{EMPTY}, {{"meta-type": "command", "name": {name}, "arg-type": "0", "ret-type": "0"}}]"#
        )
    };
    for name in ["a' } { 'command': 'b", "'", "it's"] {
        let text = error(&told(name));
        assert!(
            text.contains("has a quote") && text.contains("command '"),
            "{text}"
        );
    }
    assert!(error(&told("a\nb")).contains(r"command 'a\nb': "));
}

#[test]
fn many_errors_are_counted() {
    let values: Vec<String> = (0..30).map(|_| "\"same\"".to_owned()).collect();
    let told = format!(
        r#"[{EMPTY}, {{"meta-type": "event", "name": "GONE", "arg-type": "1"}},
        {{"meta-type": "object", "name": "1", "members": [{{"name": "a", "type": "2"}}]}},
        {{"meta-type": "enum", "name": "2", "values": [{}]}}]"#,
        values.join(", ")
    );
    let text = error(&told);
    assert!(text.lines().count() <= 22, "{text}");
    assert!(text.contains("(GONE: data.a)"), "{text}");
}

#[test]
fn deep_types_have_names_of_bounded_length() {
    let mut entries = vec![
        EMPTY.to_owned(),
        r#"{"meta-type": "command", "name": "query-the-whole-tree", "arg-type": "0", "ret-type": "1"}"#.to_owned(),
    ];
    const DEPTH: usize = 2000;
    for at in 1..=DEPTH {
        let next = at % DEPTH + 1;
        entries.push(format!(
            r#"{{"meta-type": "object", "name": "{at}", "members": [{{"name": "the-next-one", "type": "{next}", "default": null}}]}}"#
        ));
    }
    let told = format!("[{}]", entries.join(", "));
    let interface = Interface::from_introspection(&told).unwrap();
    let back = import(&interface, None).unwrap();
    let schema = Frontend::new()
        .read_text("a.json", back.text.as_str())
        .unwrap();
    let lines = back.text.lines().filter(|line| !line.starts_with('#'));
    let longest = lines.flat_map(|line| line.split('\'')).map(str::len).max();
    assert!(longest <= Some(64), "{longest:?}");
    assert!(
        schema
            .definition("QueryTheWholeTreeReplyTheNextOneTheNextOne")
            .is_some()
    );
    assert!(
        schema
            .definition("QueryTheWholeTreeReplyTheNextOne2")
            .is_some(),
        "{:.3000}",
        back.text
    );
    assert_eq!(back.text, import(&interface, None).unwrap().text);

    // A clash in the last of them is told with a path of bounded length.
    let told = told.replace(
        &format!(r#""name": "{DEPTH}", "members": ["#),
        &format!(r#""name": "{DEPTH}", "members": [{{"name": "x", "type": "0"}}, {{"name": "x", "type": "0"}}, "#),
    );
    let text = error(&told);
    assert!(
        text.contains("object '2000' (query-the-whole-tree: reply.the-next-one"),
        "{text}"
    );
    assert!(text.contains(" … ") && text.len() < 600, "{text}");
}

#[test]
fn readers_of_a_reference_are_told_the_same() {
    let told = format!(
        r#"[{EMPTY}, {{"meta-type": "command", "name": "go", "arg-type": "0", "ret-type": "1"}},
        {{"meta-type": "object", "name": "1", "members": [{{"name": "x", "type": "0"}}, {{"name": "x", "type": "0"}}]}}]"#
    );
    let dir = Scratch::new("reference", &[("told.json", told.as_str())]);
    for args in [
        &["import", "told.json"][..],
        &["reference", "told.json", "--format", "text"],
        &["export", "told.json", "--format", "typescript"],
    ] {
        let run = dir.run(args);
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{args:?}");
        let place =
            "told.json: it describes what the schema language cannot say:\nobject '1' (go: reply)";
        assert!(run.stderr.contains(place), "{args:?}: {}", run.stderr);
        assert!(!run.stderr.contains("imported.json"), "{}", run.stderr);
    }
}

#[cfg(unix)]
#[test]
fn what_never_ends_is_not_read() {
    let files = [("empty.json", "\n"), ("latin.json", "# \n# x\n")];
    let dir = Scratch::new("endless", &files);
    std::fs::write(dir.0.join("latin.json"), b"# \n# \xe9\n").unwrap();
    for (arguments, expected) in [
        (&["import", "/dev/zero"][..], "not a regular file"),
        (&["diff", "empty.json", "/dev/zero"], "not a regular file"),
        (&["fmt", "/dev/zero"], "not a regular file"),
        (&["fmt", "latin.json"], "line 2 is not UTF-8"),
        (&["import", "empty.json"], "empty.json is empty"),
    ] {
        let run = dir.run(arguments);
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(
            run.stderr.contains(expected),
            "{arguments:?}: {}",
            run.stderr
        );
    }
    let socket = std::os::unix::net::UnixListener::bind(dir.0.join("qmp.sock")).unwrap();
    let run = dir.run(&["import", "qmp.sock"]);
    assert_eq!(run.status, 2);
    assert!(
        run.stderr
            .contains("qmp.sock is a socket; unix:qmp.sock asks the server there")
    );
    drop(socket);
}
