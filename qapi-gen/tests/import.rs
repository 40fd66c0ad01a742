//! Schemas from introspection: what comes out introspects to what went in.

/// What the command makes of [`SCHEMA`]'s introspection, without its names.
#[allow(dead_code, unreachable_pub)]
#[rustfmt::skip]
mod generated;
mod hostile;
mod old;

use crate::common;
use crate::common::run::Scratch;
use qapi_gen::diff::{ChangeCode, diff};
use qapi_gen::import::{Imported, import};
use qapi_gen::introspect::{Options, schema_info};
use qapi_gen::model::Schema;
use qapi_gen::{Frontend, Interface};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn told(schema: &Schema, unmask: bool) -> String {
    let options = Options {
        unmask,
        ..Options::default()
    };
    schema_info(schema, &options)
}

fn imported(introspection: &str, names: Option<&Interface>) -> Imported {
    import(
        &Interface::from_introspection(introspection).unwrap(),
        names,
    )
    .unwrap()
}

fn read(text: &str) -> Schema {
    match Frontend::new().read_text("imported.json", text) {
        Ok(schema) => schema,
        Err(errors) => panic!("{errors}\n{text}"),
    }
}

/// QEMU's schemas, from the crate qapi-schema.
fn qemu() -> impl Iterator<Item = Schema> {
    let roots = [
        "qapi/qapi-schema.json",
        "storage-daemon/qapi/qapi-schema.json",
        "qga/qapi-schema.json",
    ];
    let read = |root| Frontend::new().read(common::data().join(root)).unwrap();
    roots.into_iter().map(read)
}

#[test]
fn what_is_imported_introspects_to_what_it_was_made_from() {
    for schema in qemu() {
        for unmask in [false, true] {
            let introspection = told(&schema, unmask);
            let text = imported(&introspection, None).text;
            assert_eq!(told(&read(&text), unmask), introspection);
        }
    }
}

#[test]
fn with_its_own_names_a_schema_comes_back() {
    for schema in qemu() {
        let own = Interface::of(&schema);
        let back = imported(&told(&schema, false), Some(&own));
        let again = read(&back.text);
        assert_eq!(told(&again, true), told(&schema, true));
        let report = diff(&own, &Interface::of(&again));
        for change in &report.changes {
            assert_eq!(change.code, ChangeCode::ConditionRemoved, "{change:?}");
        }
        assert_eq!(back.text, imported(&told(&schema, false), Some(&own)).text);
    }
}

const SCHEMA: &str = "
{ 'enum': 'Kind', 'data': [ 'one', { 'name': 'two', 'features': [ 'deprecated' ] }, 'three' ] }
{ 'struct': 'Base', 'data': { '*id': 'uint8' } }
{ 'struct': 'Node', 'base': 'Base', 'data': { 'Name': 'str', 'next': 'NodeRef' } }
{ 'struct': 'Nothing', 'data': {} }
{ 'alternate': 'NodeRef', 'data': { 'node': 'Node', 'name': 'str', 'none': 'null' } }
{ 'union': 'Shape', 'base': { 'kind': 'Kind', 'sizes': ['uint16'] }, 'discriminator': 'kind',
  'data': { 'three': 'Node', 'two': 'Nothing' }, 'features': [ 'round' ] }
{ 'command': 'draw_it', 'data': 'Shape', 'boxed': true, 'returns': ['any'], 'allow-oob': true }
{ 'event': 'DRAWN', 'data': { 'shape': 'Shape' }, 'features': [ 'unstable' ] }
{ 'command': 'stop', 'data': 'Nothing' }
{ 'command': 'undo', 'data': { 'id': 'Base' }, 'returns': 'Base', 'allow-preconfig': true }
{ 'pragma': { 'command-name-exceptions': [ 'draw_it' ], 'command-returns-exceptions': [ 'draw_it' ],
              'member-name-exceptions': [ 'Node' ] } }
";

#[test]
fn names_are_made_from_use() {
    let introspection = told(&read(SCHEMA), false);
    let back = imported(&introspection, None);
    assert_eq!(told(&read(&back.text), false), introspection);
    for definition in [
        "{\n  'command': 'draw_it',\n  'data': 'DrawItArguments',\n  'returns': ['any'],\n  'boxed': true,\n  'allow-oob': true\n}",
        "'member-name-exceptions': ['DrawItArgumentsThree']",
        "{ 'struct': 'StopArguments', 'data': {} }",
        "'next': 'DrawItArgumentsThreeNext'",
        "{ 'command': 'undo', 'data': { 'id': 'UndoReply' }, 'returns': 'UndoReply' }",
    ] {
        let found = back.text.replace("[ ", "[").replace(" ]", "]");
        assert!(found.contains(definition), "{definition}\n{found}");
    }
    assert!(
        back.notes
            .iter()
            .any(|n| n.contains("Names of 6 types are made")),
        "{:?}",
        back.notes
    );
    assert!(back.notes[0].contains("3 are `int`"), "{:?}", back.notes);
}

#[test]
fn names_widths_and_flags_come_from_another_release() {
    let newer = SCHEMA.replace("'Kind'", "'Sort'").replace(
        "'data': { '*id': 'uint8' }",
        "'data': { '*id': 'uint8', 'since': 'int64' }",
    ) + "{ 'event': 'NEW', 'data': { 'more': 'More' } } { 'struct': 'More', 'data': { 'x': 'bool' } }";
    let old = Interface::of(&read(SCHEMA));
    let back = imported(&told(&read(&newer), false), Some(&old));
    let again = read(&back.text);
    assert_eq!(told(&again, false), told(&read(&newer), false));
    let report = diff(&Interface::of(&read(&newer)), &Interface::of(&again));
    assert!(report.changes.is_empty(), "{:?}", report.changes);
    for name in ["Kind", "Node", "NodeRef", "Shape", "NewMore"] {
        assert!(again.definition(name).is_some(), "{name}");
    }
    assert!(
        back.text.contains("'sizes': [ 'uint16' ]") || back.text.contains("'sizes': ['uint16']")
    );
}

#[test]
fn what_a_build_lacks_leaves_no_gap() {
    let schema = read(
        "{ 'enum': 'Kind', 'data': [ 'a', 'b', { 'name': 'c', 'if': 'C' } ] }
         { 'struct': 'Some', 'data': { 'x': { 'type': 'int', 'if': 'X' }, 'more': 'Kind' } }
         { 'union': 'Shape', 'base': { 'kind': 'Kind' }, 'discriminator': 'kind',
           'data': { 'a': 'Some', 'b': { 'type': 'Some', 'if': 'B' } } }
         { 'event': 'DRAWN', 'data': { 'shape': 'Shape' } } { 'event': 'GONE', 'if': 'G' }",
    );
    let options = Options {
        defined: Some(&|_| false),
        ..Options::default()
    };
    let introspection = schema_info(&schema, &options);
    let back = imported(&introspection, None);
    let missing = back
        .notes
        .iter()
        .any(|note| note.contains("'b' of DrawnShape"));
    assert!(missing, "{:?}", back.notes);
    let (was, is) = (
        Interface::from_introspection(&introspection).unwrap(),
        Interface::of(&read(&back.text)),
    );
    assert!(diff(&was, &is).changes.is_empty());
}

#[test]
fn the_command_writes_a_schema_that_generates() {
    let dir = Scratch::new("command", &[("schema.json", SCHEMA), ("answer.json", "")]);
    let reply = format!(
        "{{\"QMP\": {{}}}}\n{{\"return\": {}}}",
        told(&read(SCHEMA), false)
    );
    std::fs::write(dir.0.join("answer.json"), reply).unwrap();
    let run = dir.run(&[
        "import",
        "answer.json",
        "--names-from",
        "schema.json",
        "-o",
        "back.json",
    ]);
    assert_eq!((run.status, run.stdout.as_str()), (0, ""));
    assert!(
        run.stderr.starts_with("note: Introspection does not tell"),
        "{}",
        run.stderr
    );
    assert_eq!(dir.run(&["check", "back.json"]).status, 0);
    let generated = dir.run(&["generate", "--service", "back.json"]);
    assert_eq!(generated.status, 0);
    assert!(generated.stdout.contains("pub struct Shape"));
    let printed = dir.run(&["import", "answer.json", "--names-from", "schema.json"]);
    let written = std::fs::read_to_string(dir.0.join("back.json")).unwrap();
    assert_eq!(printed.stdout, written);
}

#[test]
fn logs_have_anything_before_messages() {
    let dir = Scratch::new("logs", &[]);
    let answer = told(&read(SCHEMA), false);
    let mut written = Vec::new();
    for (from, to) in [("C: ", "S: "), ("-> ", "<- "), ("> ", "< "), ("", "")] {
        let ask = format!("{to}{{\"QMP\": {{}}}}\n{from}{{\"execute\": \"query-qmp-schema\"}}\n");
        std::fs::write(
            dir.0.join("log"),
            format!("{ask}{to}{{\"return\": {answer}}}\n"),
        )
        .unwrap();
        let run = dir.run(&["import", "log"]);
        assert_eq!(run.status, 0, "{}", run.stderr);
        written.push(run.stdout);
        std::fs::write(dir.0.join("log"), ask).unwrap();
        let run = dir.run(&["import", "log"]);
        assert_eq!((run.status, run.stdout.as_str()), (2, ""));
        assert!(
            run.stderr.contains("query-qmp-schema: it "),
            "{}",
            run.stderr
        );
        assert_eq!(run.stderr.lines().count(), 1, "{}", run.stderr);
    }
    assert!(written.iter().all(|text| *text == written[0]));
}

#[test]
fn what_is_imported_generates_code_that_compiles() {
    let dir = Scratch::new("generated", &[]);
    std::fs::write(dir.0.join("answer.json"), told(&read(SCHEMA), false)).unwrap();
    let run = dir.run(&["import", "answer.json", "-o", "imported.json"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let run = dir.run(&["generate", "--no-docs", "imported.json"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/import/generated.rs");
    if std::env::var_os("QAPI_BLESS").is_some() {
        std::fs::write(&path, &run.stdout).unwrap();
    }
    // What is compared is compiled into this test.
    let expected = std::fs::read_to_string(path).unwrap();
    assert_eq!(run.stdout, expected, "QAPI_BLESS=1 writes it anew");
}

#[test]
fn what_is_no_introspection_is_status_2_and_says_what_to_do() {
    let entry = |text: &str| format!("[{{\"meta-type\": \"command\", \"name\": \"go\", {text}}}]");
    let object = r#"{"meta-type": "object", "name": "0", "members": [], "tag": "a", "variants": [{"case": "x", "type": "0"}]}"#;
    let dir = Scratch::new("errors", &[("schema.json", SCHEMA)]);
    for (text, words) in [
        (SCHEMA.to_owned(), "is a schema already; qapi-gen introspect"),
        ("[1, 2".to_owned(), "error[L1]"),
        ("[{\"a\": 1}]".to_owned(), "has no array of SchemaInfo"),
        (entry("\"arg-type\": \"0\""), "command 'go' refers to type '0', which is not there"),
        (entry("\"arg-type\": 7"), "command 'go' has no 'arg-type' where one is due"),
        (format!("[{object}]"), "object '0' refers to a type of the wrong kind"),
        (format!("[{object}, {object}]"), "object '0' is there twice"),
        (
            r#"[{"meta-type": "enum", "name": "1", "values": ["x"]},
               {"meta-type": "object", "name": "0", "tag": "a",
                "members": [{"name": "a", "type": "1"}], "variants": [{"case": "x", "type": "0"}]}]"#.to_owned(),
            "object '0' has branches in branches without end",
        ),
        (
            r#"[{"meta-type": "enum", "name": "1", "values": ["x"]},
               {"meta-type": "event", "name": "GONE", "arg-type": "0"},
               {"meta-type": "object", "name": "0", "tag": "a", "variants": [],
                "members": [{"name": "a", "type": "1", "default": null}]}]"#.to_owned(),
            "what the schema language cannot say",
        ),
    ] {
        std::fs::write(dir.0.join("source"), &text).unwrap();
        let run = dir.run(&["import", "source", "-o", "out.json"]);
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{text}");
        assert!(run.stderr.contains(words), "{text}: {}", run.stderr);
        assert!(!dir.0.join("out.json").exists());
    }
}

/// The answers of QEMU's releases that the corpus has.
fn answers(corpus: &Path) -> Vec<PathBuf> {
    let files = std::fs::read_dir(corpus.join("introspection")).unwrap();
    let mut files: Vec<PathBuf> = files.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.to_string_lossy().ends_with("masked.json"));
    files.sort();
    files
}

#[test]
fn what_releases_of_qemu_tell_is_imported() {
    let Some(corpus) = common::corpus("introspection") else {
        return;
    };
    for path in answers(&corpus) {
        let text = std::fs::read_to_string(&path).unwrap();
        let back = imported(&text, None);
        let schema = Frontend::new()
            .legacy(true)
            .read_text("a.json", back.text)
            .unwrap();
        let name = path.file_name().unwrap().to_str().unwrap();
        let again = schema_info(
            &schema,
            &Options {
                unmask: name.contains("unmasked"),
                release: back.release,
                ..Options::default()
            },
        );
        assert_eq!(again, text, "{name}");
        let told = |text: &str| Interface::from_introspection(text).unwrap();
        assert!(
            diff(&told(&text), &told(&again)).changes.is_empty(),
            "{name}"
        );
    }
}

#[test]
fn the_names_of_10_2_give_the_schema_of_11_1() {
    let Some(corpus) = common::corpus("schemas") else {
        return;
    };
    let schema = |release: &str| {
        let root = corpus
            .join("schemas")
            .join(release)
            .join("qapi/qapi-schema.json");
        Interface::of(&Frontend::new().read(root).unwrap())
    };
    let text = |kind: &str| {
        let file = format!("introspection/11.1.0.qemu.{kind}.json");
        std::fs::read_to_string(corpus.join(file)).unwrap()
    };
    let back = imported(&text("masked"), Some(&schema("10.2.0")));
    let again = read(&back.text);
    // All but what introspection cannot tell, and what 10.2 could not know.
    let hidden = |code: ChangeCode| {
        matches!(
            code,
            ChangeCode::ConditionAdded | ChangeCode::RangeWidened | ChangeCode::RangeNarrowed
        )
    };
    let report = diff(&Interface::of(&again), &schema("11.1.0"));
    for change in &report.changes {
        assert!(hidden(change.code), "{change:?}");
    }
    let ranges = report
        .changes
        .iter()
        .filter(|c| c.code != ChangeCode::ConditionAdded);
    let ranges: std::collections::BTreeSet<_> = ranges.map(|c| c.subject.clone()).collect();
    let known = back.notes[0].contains("788 are taken");
    assert!(
        known && ranges.len() <= 30,
        "{} {:?}",
        ranges.len(),
        back.notes
    );
    // Entries by name: those of types that were renamed or are new have other names.
    let by_name = |text: &str| -> BTreeMap<String, serde_json::Value> {
        let entries = serde_json::from_str::<Vec<serde_json::Value>>(text).unwrap();
        let name = |e: &serde_json::Value| e["name"].as_str().unwrap().to_owned();
        entries.into_iter().map(|e| (name(&e), e)).collect()
    };
    let (ours, theirs) = (by_name(&told(&again, true)), by_name(&text("unmasked")));
    let other = theirs
        .iter()
        .filter(|(name, entry)| ours.get(*name) != Some(entry))
        .count();
    assert_eq!(ours.len(), theirs.len());
    assert!(other <= 40, "{other} of {}", theirs.len());
}

/// A real server, if there is one.
#[cfg(unix)]
#[test]
fn a_running_qemu_is_imported() {
    use std::process::{Command, Stdio};

    let dir = Scratch::new("qemu", &[]);
    let started = Command::new("qemu-system-x86_64")
        .args(["-nodefaults", "-machine", "none", "-display", "none", "-S"])
        .args([
            "-qmp",
            "unix:qmp,server=on,wait=off",
            "-pidfile",
            "pid",
            "-daemonize",
        ])
        .current_dir(&dir.0)
        .stderr(Stdio::null())
        .status();
    if !started.is_ok_and(|status| status.success()) {
        eprintln!("SKIPPED: qemu-system-x86_64 does not start");
        return;
    }
    let run = dir.run(&["import", "unix:qmp", "-o", "qemu.json"]);
    let pid = std::fs::read_to_string(dir.0.join("pid")).unwrap();
    let same = dir.run(&["diff", "unix:qmp", "qemu.json"]);
    Command::new("kill").arg(pid.trim()).status().unwrap();
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert_eq!(dir.run(&["check", "qemu.json"]).status, 0);
    assert!(
        same.stdout
            .contains("Nothing changed from unix:qmp to qemu.json."),
        "{}",
        same.stdout
    );
}
