//! `qapi-gen generate` as its users run it.

use crate::common::run::{Run, Scratch};
use qapi_gen::{Builder, Condition, ServiceOptions};

const SCHEMA: &str = "\
{ 'include': 'common.json' }

##
# @query-a:
#
# Asks for a.
##
{ 'command': 'query-a', 'returns': 'Aa' }
{ 'command': 'query-b', 'if': 'HAVE_B' }
{ 'command': 'set-c', 'data': { 'c': 'Cc' } }
{ 'event': 'A_CHANGED', 'data': 'Aa' }
{ 'event': 'B_CHANGED', 'if': 'HAVE_B' }
";
const COMMON: &str = "\
{ 'struct': 'Aa', 'data': { 'n': 'int' } }
{ 'struct': 'Cc', 'data': { '*x': 'str' } }
";
const FILES: &[(&str, &str)] = &[("main.json", SCHEMA), ("common.json", COMMON)];

fn done(stdout: String) -> Run {
    Run {
        status: 0,
        stdout,
        stderr: String::new(),
    }
}

fn failed(status: i32, stderr: &str) -> Run {
    Run {
        status,
        stdout: String::new(),
        stderr: stderr.to_owned(),
    }
}

#[test]
fn options_do_what_the_builder_does() {
    let dir = Scratch::new("options", FILES);
    let builder = || Builder::new(dir.0.join("main.json"));
    let cfg = |predicate| builder().condition("HAVE_B", Condition::Cfg(predicate));
    let cases: [(&[&str], Builder); 13] = [
        (&[], builder()),
        (&["--service"], builder().service(ServiceOptions::new())),
        (&["--command", "query-*"], builder().commands(["query-*"])),
        (
            &["--command", "set-?", "--command=query-b"],
            builder().commands(["set-?", "query-b"]),
        ),
        (&["--event", "A*"], builder().events(["A*"])),
        (
            &["--event", "*", "--command", "query-a"],
            builder().events(["*"]).commands(["query-a"]),
        ),
        (
            &["--condition", "HAVE_B=true"],
            builder().condition("HAVE_B", Condition::True),
        ),
        (
            &["--condition", "HAVE_B=false"],
            builder().condition("HAVE_B", Condition::False),
        ),
        (&["--condition", "HAVE_B=cfg"], cfg("HAVE_B")),
        (
            &["--condition", "HAVE_B=cfg(target_os = \"linux\")"],
            cfg("target_os = \"linux\""),
        ),
        (&["--no-docs"], builder().docs(false)),
        (&["--no-format"], builder().format(false)),
        (&["--legacy"], builder().legacy(true)),
    ];
    let mut codes = Vec::new();
    for (options, builder) in cases {
        let code = builder.generate_to_string().unwrap();
        let arguments = [&["generate"], options, &["main.json"]].concat();
        assert_eq!(dir.run(&arguments), done(code.clone()), "{options:?}");
        codes.push(code);
    }
    // No option is ignored: of all these, only `HAVE_B=true` and `--legacy` change nothing here.
    codes.sort();
    codes.dedup();
    assert_eq!(codes.len(), 11);
}

#[test]
fn output_goes_to_a_file_if_asked() {
    let dir = Scratch::new("file", FILES);
    let code = dir.run(&["generate", "main.json"]).stdout;
    for (option, file) in [("-o", "a.rs"), ("--output", "sub/b.rs")] {
        std::fs::create_dir_all(dir.0.join("sub")).unwrap();
        let run = dir.run(&["generate", option, file, "main.json"]);
        assert_eq!(run, done(String::new()));
        assert_eq!(std::fs::read_to_string(dir.0.join(file)).unwrap(), code);
    }
    let run = dir.run(&["generate", "-o", "absent/a.rs", "main.json"]);
    assert_eq!((run.status, run.stdout.as_str()), (2, ""));
    let message = "qapi-gen: cannot write absent/a.rs: ";
    assert_eq!(run.stderr.get(..message.len()), Some(message));
}

#[test]
fn the_schema_may_be_standard_input() {
    let dir = Scratch::new("stdin", FILES);
    let run = dir.run_with_input(&["generate", "--no-docs", "-"], SCHEMA);
    let named = dir.run(&["generate", "--no-docs", "main.json"]).stdout;
    assert_eq!(run, done(named.replace("main.json", "<stdin>")));
}

#[test]
fn a_rejected_schema_leaves_the_output_alone() {
    let bad = "{ 'command': 'ping', 'data': 'Missing' }\n";
    let dir = Scratch::new("rejected", &[("bad.json", bad), ("out.rs", "before")]);
    let run = dir.run(&["generate", "-o", "out.rs", "bad.json"]);
    // The same report as that of `check`, which has tests of its own.
    assert_eq!(run, dir.run(&["check", "bad.json"]));
    assert_eq!(run.status, 1);
    let out = std::fs::read_to_string(dir.0.join("out.rs")).unwrap();
    assert_eq!(out, "before");
    assert_eq!(
        dir.run(&["generate", "absent.json"]),
        dir.run(&["check", "absent.json"])
    );
}

#[test]
fn options_that_do_not_fit_the_schema_are_refused() {
    let dir = Scratch::new("unfit", FILES);
    for (options, message) in [
        (
            &["--command", "querry-a"][..],
            "qapi-gen: the schema has no command 'querry-a'; did you mean 'query-a'?\n",
        ),
        (
            &["--command", "query-*", "--event", "X_*"],
            "qapi-gen: the schema has no event 'X_*'\n",
        ),
        (
            &["--condition", "HAVE_B=cfg(all(unix)"],
            "qapi-gen: option 'condition': 'all(unix' is not a predicate of cfg\n",
        ),
    ] {
        let arguments = [&["generate"], options, &["main.json"]].concat();
        assert_eq!(dir.run(&arguments), failed(2, message));
    }
}

#[test]
fn wrong_usage_is_told_from_a_wrong_schema() {
    let dir = Scratch::new("usage", FILES);
    for arguments in [
        &["generate"][..],
        &["generate", "main.json", "main.json"],
        &["generate", "--condition", "HAVE_B", "main.json"],
        &["generate", "--condition", "HAVE_B=maybe", "main.json"],
        &["generate", "--docs", "main.json"],
    ] {
        let run = dir.run(arguments);
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(run.stderr.starts_with("error: "), "{}", run.stderr);
    }
}

#[test]
fn old_forms_need_legacy() {
    let dir = Scratch::new(
        "legacy",
        &[("a.json", "{ 'type': 'Old', 'data': { 'b': 'int' } }\n")],
    );
    let run = dir.run(&["generate", "a.json"]);
    assert_eq!(run.status, 1);
    let help = "help: --legacy, which reads what older releases wrote, accepts this schema";
    assert!(
        run.stderr.lines().any(|line| line == help),
        "{}",
        run.stderr
    );
    let builder = Builder::new(dir.0.join("a.json"));
    let error = builder.generate_to_string().unwrap_err();
    assert!(matches!(error, qapi_gen::Error::Legacy(_)));
    let help = "help: the builder's option 'legacy', which reads what older releases wrote, accepts this schema";
    assert_eq!(error.to_string().lines().last(), Some(help));
    let builder = builder.legacy(true);
    let code = builder.generate_to_string().unwrap();
    assert_eq!(dir.run(&["generate", "--legacy", "a.json"]), done(code));
}

#[test]
fn schemas_since_6_0_need_no_option() {
    let dir = Scratch::new(
        "since-6.0",
        &[
            (
                "simple.json",
                "{ 'union': 'Old', 'data': { 'a': 'int' } }\n{ 'command': 'c', 'data': { 'old': 'Old' } }\n",
            ),
            (
                "c.json",
                "{ 'struct': 'Old', 'data': {}, 'if': 'defined(A)' }\n",
            ),
            (
                "docs.json",
                "##\n# @Old:\n#\n# Note: old\n##\n{ 'struct': 'Old', 'data': {} }\n",
            ),
        ],
    );
    for (file, last) in [
        ("simple.json", "6.1"),
        ("c.json", "6.1"),
        ("docs.json", "9.0"),
    ] {
        assert_eq!(dir.run(&["introspect", file]).status, 1);
        let run = dir.run(&["generate", file]);
        let meant = dir.run(&["generate", "--legacy", file]);
        assert_eq!((run.status, run.stdout), (0, meant.stdout));
        assert_eq!(meant.stderr, "");
        let warning =
            format!("warning: {file} is read as QEMU {last} and older releases wrote it: ");
        assert!(run.stderr.starts_with(&warning), "{}", run.stderr);
    }
}

#[test]
fn what_no_release_since_6_0_took_is_an_error() {
    let typo = "{ 'struct': 'Abc', 'data': { 'm': { 'typ': 'int' } } }\n";
    let dir = Scratch::new("typo", &[("typo.json", typo)]);
    let run = dir.run(&["generate", "typo.json"]);
    assert_eq!((run.status, run.stdout.as_str()), (1, ""));
    assert!(run.stderr.contains("misses key 'type'"), "{}", run.stderr);

    // The one went when the other came.
    let both = "{ 'event': 'OLD', 'if': 'defined(A)' }\n{ 'event': 'NEW', 'if': { 'not': 'B' } }\n";
    let dir = Scratch::new("both", &[("both.json", both)]);
    let run = dir.run(&["generate", "both.json"]);
    assert_eq!((run.status, run.stdout.as_str()), (1, ""));
    assert!(run.stderr.contains("defined(A)"), "{}", run.stderr);
    assert_eq!(dir.run(&["generate", "--legacy", "both.json"]).status, 0);
}
