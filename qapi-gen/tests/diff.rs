//! What changed between two interfaces: each kind of change, reports, and the command.

mod cases;
mod corpus;
mod used_by;
mod wording;

use crate::common::run::Scratch;
use cases::CASES;
use qapi_gen::diff::{ChangeCode, Direction, Level, Report, Uses, diff};
use qapi_gen::introspect::{Options, schema_info};
use qapi_gen::model::Schema;
use qapi_gen::{Frontend, Interface};
use std::collections::BTreeSet;
use std::path::Path;

fn schema(text: &str) -> Schema {
    match Frontend::new().read_text("main.json", text) {
        Ok(schema) => schema,
        Err(errors) => panic!("{errors}\n{text}"),
    }
}

fn compare(old: &str, new: &str) -> Report {
    diff(&Interface::of(&schema(old)), &Interface::of(&schema(new)))
}

/// Changes as lines: code, directions, subject.
fn lines(report: &Report) -> Vec<String> {
    let line = |c: &qapi_gen::diff::Change| {
        let ways: Vec<&str> = c.directions.iter().map(|d| d.as_str()).collect();
        format!("{} {} {}", c.code, ways.join("+"), c.subject)
    };
    report.changes.iter().map(line).collect()
}

#[test]
fn each_kind_of_change_is_found() {
    for (old, new, expected) in CASES {
        assert_eq!(lines(&compare(old, new)), *expected, "{old}\n{new}");
    }
    let words = CASES.iter().flat_map(|(_, _, lines)| *lines);
    let tested: BTreeSet<&str> = words.filter_map(|line| line.split(' ').next()).collect();
    let back: BTreeSet<&str> = tested
        .iter()
        .map(|code| ChangeCode::from_name(code).unwrap().inverse().as_str())
        .collect();
    for code in ChangeCode::ALL.iter().map(|c| c.as_str()) {
        assert!(tested.contains(code) || back.contains(code), "{code}");
    }
}

#[test]
fn the_way_back_has_the_changes_back_and_breaks_the_others() {
    for (old, new, _) in CASES {
        let (there, back) = (compare(old, new), compare(new, old));
        let codes = |report: &Report, inverse: bool| -> BTreeSet<(ChangeCode, Level, Level)> {
            let of = |c: &qapi_gen::diff::Change| match inverse {
                true => (c.code.inverse(), c.server, c.client),
                false => (c.code, c.client, c.server),
            };
            report.changes.iter().map(of).collect()
        };
        // What an unstable interface promises depends on which side it is unstable in.
        if there
            .changes
            .iter()
            .chain(&back.changes)
            .all(|c| !c.unstable)
        {
            assert_eq!(codes(&there, false), codes(&back, true), "{old}\n{new}");
        }
    }
}

#[test]
fn introspection_tells_the_same_but_for_ranges_conditions_and_flags() {
    let hidden = [
        ChangeCode::RangeWidened,
        ChangeCode::RangeNarrowed,
        ChangeCode::ConditionAdded,
        ChangeCode::ConditionRemoved,
        ChangeCode::ConditionChanged,
        ChangeCode::PreconfigAllowed,
        ChangeCode::PreconfigForbidden,
        ChangeCode::ResponseChanged,
        ChangeCode::OpenBegun,
        ChangeCode::OpenEnded,
    ];
    for (old, new, _) in CASES {
        let told = |schema: &Schema| {
            Interface::from_introspection(&schema_info(schema, &Options::default())).unwrap()
        };
        let (old, new) = (schema(old), schema(new));
        let whole = diff(&Interface::of(&old), &Interface::of(&new));
        let masked = diff(&told(&old), &told(&new));
        assert!(masked.notes[0].contains("introspection"));
        let facts = |report: &Report| -> BTreeSet<(ChangeCode, Direction, Option<String>)> {
            let changes = report.changes.iter().filter(|c| !hidden.contains(&c.code));
            let facts = changes.flat_map(|c| {
                let part = c.subject.part().map(|part| part.name().to_owned());
                c.directions.iter().map(move |d| (c.code, *d, part.clone()))
            });
            facts.collect()
        };
        assert_eq!(facts(&whole), facts(&masked));
    }
}

#[test]
fn what_is_unstable_breaks_no_promise() {
    let text = |member: &str| {
        format!(
            "{{ 'struct': 'Inner', 'data': {{ {member} }} }}
             {{ 'command': 'x-go', 'data': {{ 'inner': 'Inner' }}, 'features': [ 'unstable' ] }}
             {{ 'command': 'go', 'data': {{ '*inner': {{ 'type': 'Inner', 'features': [ 'unstable' ] }} }} }}"
        )
    };
    let report = compare(&text("'a': 'int'"), &text("'b': 'int'"));
    assert_eq!(report.changes.len(), 2);
    for change in &report.changes {
        assert!(change.unstable, "{change:?}");
        assert_eq!(
            (change.client, change.server),
            (Level::Warning, Level::Warning)
        );
        let users: Vec<&str> = change.used_by.iter().map(String::as_str).collect();
        assert_eq!(users, ["go", "x-go"]);
    }
    // Over one stable way there is a promise.
    let stable = |text: String| text + "{ 'event': 'GONE', 'data': 'Inner' }";
    let report = compare(&stable(text("'a': 'int'")), &stable(text("'b': 'int'")));
    assert_eq!(report.changes[0].client, Level::Breaking);
}

const OLD: &str = "{ 'command': 'eject',\n  'data': { 'id': 'str',\n            '*force': 'bool' } }\n{ 'event': 'LID' }\n";
const NEW: &str = "{ 'command': 'eject',\n  'data': { 'id': 'str',\n            'slot': 'int' } }\n{ 'event': 'LID' }\n{ 'event': 'TRAY' }\n";

fn scratch(test: &str) -> Scratch {
    Scratch::new(test, &[("old.json", OLD), ("new.json", NEW)])
}

#[test]
fn reports_come_in_four_formats() {
    let dir = scratch("formats");
    let report = |format: &str| -> String {
        let run = dir.run(&["diff", "--format", format, "old.json", "new.json"]);
        assert_eq!((run.status, run.stderr.as_str()), (0, ""));
        run.stdout
    };
    assert_eq!(
        report("human"),
        "Breaks clients: 2\n\
         \n\
         \x20 command 'eject', argument 'force' is gone\n\
         \x20     member-removed\n\
         \x20 command 'eject', argument 'slot' is new, and mandatory: int\n\
         \x20     mandatory-member-added; breaks servers, too\n\
         \n\
         Breaks servers: 1\n\
         \n\
         \x20 event 'TRAY' is new\n\
         \x20     event-added\n\
         \n\
         3 changes from old.json to new.json: 2 break clients of the old that talk to the new, 2 break servers of the old \
         whose clients are of the new.\n"
    );
    let page = include_str!("../../docs/guide/diff.md");
    assert!(page.contains(&report("human")));
    let markdown = report("markdown");
    let item = "- command `eject`, argument `force` is gone (member-removed)\n";
    assert!(markdown.contains(item), "{markdown}");
    let github = report("github");
    assert!(
        github.contains("::error file=new.json,line=3,title=mandatory-member-added::command 'eject', argument 'slot' is new"),
        "{github}"
    );
    assert!(
        github.contains("::error file=old.json,line=3,title=member-removed::"),
        "{github}"
    );
    let json: serde_json::Value = serde_json::from_str(&report("json")).unwrap();
    let first = &json["changes"][0];
    assert_eq!(first["code"], "member-removed");
    assert_eq!(first["subject"]["part"]["name"], "force");
    assert_eq!(
        (&first["client"], &first["server"]),
        (&"breaking".into(), &"info".into())
    );
    assert_eq!(
        (&first["file"], &first["line"]),
        (&"old.json".into(), &3.into())
    );
    let nothing = dir.run(&["diff", "old.json", "old.json"]);
    assert_eq!(
        nothing.stdout,
        "Nothing changed from old.json to old.json.\n"
    );
}

#[test]
fn breakage_fails_whom_it_concerns() {
    let dir = scratch("fail-on");
    std::fs::write(
        dir.0.join("levels"),
        "# none of ours\nmember-removed ignore\nmandatory-member-added client info\n",
    )
    .unwrap();
    std::fs::write(dir.0.join("log"), "12:00 > {\"exec-oob\":\"eject\"}\n").unwrap();
    std::fs::write(dir.0.join("list"), "LID # only this\n").unwrap();
    let status = |arguments: &[&str]| {
        let run = dir.run(&[&["diff"], arguments, &["old.json", "new.json"]].concat());
        assert_eq!(run.stderr, "");
        run.status
    };
    assert_eq!(status(&[]), 0);
    for whom in ["client", "server", "any"] {
        assert_eq!(status(&["--fail-on", whom]), 1);
        assert_eq!(status(&["--fail-on", whom, "--used-by", "log"]), 1);
        assert_eq!(status(&["--fail-on", whom, "--used-by", "list"]), 0);
    }
    assert_eq!(status(&["--fail-on", "client", "--levels", "levels"]), 0);
    assert_eq!(status(&["--fail-on", "server", "--levels", "levels"]), 1);
    let codes = dir.run(&["diff", "--level-codes"]);
    assert!(
        codes
            .stdout
            .contains("| `member-removed` | breaking | warning | info | info |")
    );
}

#[test]
fn parts_that_nobody_uses_concern_nobody() {
    let old = "{ 'enum': 'Kind', 'data': [ 'a', 'b' ] }
        { 'struct': 'Info', 'data': { 'kind': 'Kind', 'x': 'int', 'y': 'int' } }
        { 'command': 'go', 'data': { '*fast': 'bool', '*far': 'bool' }, 'returns': 'Info' }
        { 'command': 'stop', 'data': { '*why': 'str' } }
        { 'event': 'GONE', 'data': { 'id': 'str', 'at': 'int' } }";
    let new = "{ 'enum': 'Kind', 'data': [ 'c' ] }
        { 'struct': 'Info', 'data': { 'kind': 'Kind' } }
        { 'command': 'go', 'data': { 'how': 'str' }, 'returns': 'Info' }
        { 'command': 'stop' }
        { 'event': 'GONE' }";
    let left = |uses: &str| {
        let mut report = compare(old, new);
        report.retain_used(&Uses::parse(uses));
        let changes = report.changes.iter();
        let mut left: Vec<String> = changes.map(|c| c.subject.to_string()).collect();
        left.sort();
        left
    };
    let how = "command 'go', argument 'how'";
    let fast = "command 'go', argument 'fast'";
    let far = "command 'go', argument 'far'";
    assert_eq!(left("stop"), ["command 'stop', argument 'why'"]);
    // Types are used as a whole unless their parts are named.
    let x = "type 'Info', member 'x'";
    let (c, b) = ("type 'Kind', value 'c'", "type 'Kind', value 'b'");
    assert_eq!(left("go.fast\nInfo.x\nKind.b"), [fast, how, x, b, c]);
    assert_eq!(left("Info.kind"), [] as [&str; 0]);
    let message = r#"C: {"execute": "go", "arguments": {"far": true}}"#;
    let left_by_log = left(message);
    assert!(left_by_log.contains(&far.to_owned()) && !left_by_log.contains(&fast.to_owned()));
    assert_eq!(left("GONE.id"), ["event 'GONE', member 'id'"]);
}

#[test]
fn generated_code_says_what_it_uses() {
    let schema = |data: &str| {
        format!(
            "{{ 'enum': 'Kind', 'data': [ 'a' ] }}
             {{ 'struct': 'Base', 'data': {{ 'id': 'str' }} }}
             {{ 'struct': 'Info', 'base': 'Base', 'data': {{ 'kind': 'Kind' }} }}
             {{ 'union': 'Which', 'base': {{ 'kind': 'Kind' }}, 'discriminator': 'kind', 'data': {{ 'a': 'Base' }} }}
             {{ 'alternate': 'Some', 'data': {{ 'n': 'int', 'w': 'Which' }} }}
             {{ 'struct': 'Other', 'data': {{ 'z': 'int' }} }}
             {{ 'command': 'go', 'data': {{ 'which': 'Some' }}, 'returns': 'Info' }}
             {{ 'command': 'stop', 'returns': 'Other' }}
             {{ 'event': 'GONE', 'data': {{ {data} }} }}"
        )
    };
    let (old, new) = (schema("'at': 'int', 'on': 'int'"), schema("'at': 'str'"));
    let dir = Scratch::new("used-list", &[("old.json", &old), ("new.json", &new)]);
    let generate = |arguments: &[&str]| {
        let start = [
            "generate",
            "old.json",
            "-o",
            "code.rs",
            "--used-list",
            "used",
        ];
        assert_eq!(dir.run(&[&start, arguments].concat()).status, 0);
        std::fs::read_to_string(dir.0.join("used")).unwrap()
    };
    let list = generate(&["--command", "go"]);
    let names: Vec<&str> = list.lines().skip(1).collect();
    assert_eq!(
        names,
        [
            "go",
            "Kind.a",
            "Base.id",
            "Info.kind",
            "Which.kind",
            "Which.a",
            "Some.int",
            "Some.object",
            "go.which",
        ]
    );
    let diff = [
        "diff",
        "old.json",
        "new.json",
        "--used-by",
        "used",
        "--fail-on",
        "client",
    ];
    assert_eq!(dir.run(&diff).status, 0);
    generate(&["--event", "GONE"]);
    let run = dir.run(&diff);
    assert_eq!(run.status, 1);
    assert!(
        run.stdout.contains("'at'") && run.stdout.contains("'on'"),
        "{}",
        run.stdout
    );
}

#[test]
fn what_cannot_be_compared_is_status_2_and_says_what_to_do() {
    let dir = scratch("errors");
    for (name, text) in [
        ("bad.json", "{ 'command': 'eject', 'data': 'Missing' }\n"),
        ("other.json", "{\"a\": 1}\n"),
        (
            "broken.json",
            r#"[{"meta-type": "object", "name": "0", "members": [{"name": "a", "type": "7"}]}]"#,
        ),
        ("levels", "member-gone ignore\n"),
        ("empty", "\n"),
    ] {
        std::fs::write(dir.0.join(name), text).unwrap();
    }
    std::fs::create_dir(dir.0.join("folder")).unwrap();
    for (arguments, words) in [
        (&["old.json", "bad.json"][..], "error[T4]"),
        (&["old.json", "absent.json"], "absent.json"),
        (
            &["old.json", "other.json"],
            "other.json is neither a schema nor",
        ),
        (
            &["old.json", "broken.json"],
            "object '0' refers to type '7', which is not there",
        ),
        (&["old.json", "folder"], "name the schema's root file"),
        (
            &["old.json", "unix:absent.sock"],
            "unix:absent.sock: cannot connect",
        ),
        (
            &["--levels", "levels", "old.json", "new.json"],
            "levels: line 1: there is no kind of change 'member-gone'",
        ),
        (
            &["--used-by", "empty", "old.json", "new.json"],
            "empty names no command, event or type of either side",
        ),
        (&["-", "-"], "only once"),
        (&["old.json"], "Usage: qapi-gen diff"),
    ] {
        let run = dir.run(&[&["diff"], arguments].concat());
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(run.stderr.contains(words), "{arguments:?}: {}", run.stderr);
    }
}

#[test]
fn the_page_has_the_kinds_of_change() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/guide/diff.md");
    let text = std::fs::read_to_string(&page).unwrap();
    let (before, rest) = text.split_once("<!-- codes -->\n").unwrap();
    let (_, after) = rest.split_once("<!-- end -->").unwrap();
    let table = qapi_gen::diff::table();
    let now = format!("{before}<!-- codes -->\n{table}<!-- end -->{after}");
    if std::env::var_os("QAPI_BLESS").is_some() {
        std::fs::write(&page, now).unwrap();
    } else {
        assert_eq!(text, now, "bless with QAPI_BLESS=1");
    }
}

/// What a server says before and after it is asked, in place of the server.
#[cfg(unix)]
#[test]
fn servers_are_asked() {
    use std::io::{BufRead, BufReader, Write};
    use std::os::unix::net::UnixListener;

    let dir = scratch("servers");
    let old = schema_info(&schema(OLD), &Options::default()).replace('\n', "");
    let told = format!("{{\"return\": {old}}}\r\n");
    let greeting = "{\r\n    \"QMP\": {\"version\": {}, \"capabilities\": []}\r\n}\r\n";
    let event = "{\"event\": \"LID\", \"timestamp\": {}}\r\n{\"return\": {}}\r\n";
    let refused = "{\"error\": {\"class\": \"CommandNotFound\", \"desc\": \"not here\"}}\r\n";
    for (name, says, words) in [
        ("good", &[greeting, event, &told][..], ""),
        (
            "agent",
            &["{\"return\": {}}\r\n"],
            "this is no QMP server, which greets",
        ),
        (
            "http",
            &["HTTP/1.1 400 Bad Request\r\n\r\n"],
            "this is no QMP server, whose greeting is JSON",
        ),
        (
            "old",
            &[greeting, "{\"return\": {}}\r\n", refused],
            "the server refused query-qmp-schema: not here",
        ),
        (
            "gone",
            &[greeting, ""],
            "closed the connection before its answer to qmp_capabilities",
        ),
    ] {
        let listener = UnixListener::bind(dir.0.join(name)).unwrap();
        let says: Vec<String> = says.iter().map(|text| text.to_string()).collect();
        let server = std::thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            let mut requests = BufReader::new(stream.try_clone().unwrap()).lines();
            for text in says {
                // Who has seen enough may have gone.
                let _ = (&stream).write_all(text.as_bytes());
                if text.is_empty() || requests.next().is_none() {
                    break;
                }
            }
        });
        let run = dir.run(&["diff", &format!("unix:{name}"), "old.json"]);
        server.join().unwrap();
        match words {
            "" => {
                assert_eq!((run.status, run.stderr.as_str()), (0, ""));
                assert!(
                    run.stdout
                        .ends_with("\nNothing changed from unix:good to old.json.\n")
                );
            }
            words => {
                assert_eq!(run.status, 2);
                assert!(run.stderr.contains(words), "{}", run.stderr);
            }
        }
    }
}
