//! Files that commands write, and what is there before.

use crate::common::run::{Run, Scratch};

const MAIN: &str = "{ 'include': 'part.json' }\n{ 'command': 'ping', 'data': { 'e': 'Choice' } }\n";
const PART: &str = "{ 'enum': 'Choice', 'data': [ 'a' ] }\n";

/// Commands that write a file, up to its name.
const WRITERS: [&[&str]; 8] = [
    &["export", "--format", "json-schema", "main.json", "-o"],
    &["export", "--format", "openrpc", "main.json", "-o"],
    &["export", "--format", "typescript", "main.json", "-o"],
    &["import", "answer.json", "--names-from", "main.json", "-o"],
    &["reference", "--format", "markdown", "main.json", "-o"],
    &["reference", "--format", "text", "main.json", "-o"],
    &["generate", "main.json", "-o"],
    &["generate", "main.json", "--used-list"],
];

fn with<'a>(writer: &[&'a str], file: &'a str) -> Vec<&'a str> {
    [writer, &[file]].concat()
}

/// A schema, and introspection of it.
fn scratch(test: &str) -> Scratch {
    let dir = Scratch::new(test, &[("main.json", MAIN), ("part.json", PART)]);
    let run = dir.run(&["introspect", "main.json"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    dir.write("answer.json", &run.stdout);
    dir
}

impl Scratch {
    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.0.join(name), text).unwrap();
    }

    fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.0.join(name)).unwrap()
    }

    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.0).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    fn done(&self, arguments: &[&str]) {
        let run = self.run(arguments);
        assert_eq!(run.status, 0, "{arguments:?}: {}", run.stderr);
    }

    /// Runs with files limited in size, as if the disk were full after `blocks` of half a kilobyte.
    #[cfg(unix)]
    fn run_on_full_disk(&self, blocks: u32, arguments: &[&str]) -> Run {
        let mut shell = std::process::Command::new("sh");
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
        shell.args(["-c", &script, env!("CARGO_BIN_EXE_qapi-gen")]);
        Run::new(shell.args(arguments).current_dir(&self.0).output().unwrap())
    }
}

#[test]
fn a_file_is_replaced_and_nothing_is_left_beside_it() {
    let dir = scratch("replaced");
    for writer in WRITERS {
        dir.done(&with(writer, "out"));
        let fresh = dir.text("out");
        assert!(!fresh.is_empty(), "{writer:?}");
        dir.write("out", &"old\n".repeat(10_000));
        dir.done(&with(writer, "out"));
        assert!(dir.text("out") == fresh, "{writer:?}");
    }
    let names = ["answer.json", "main.json", "out", "part.json"];
    assert_eq!(dir.names(), names);
}

#[cfg(unix)]
#[test]
fn what_cannot_be_written_whole_is_not_written() {
    let dir = scratch("whole");
    // More than fits, so that a part of it is written.
    let many: String = (0..200)
        .map(|i| format!("{{ 'command': 'c{i}', 'data': {{ 'e': 'Choice' }} }}\n"))
        .collect();
    dir.write("main.json", &format!("{MAIN}{many}"));
    let run = dir.run(&["introspect", "main.json"]);
    dir.write("answer.json", &run.stdout);
    for writer in WRITERS {
        for old in [Some("old"), None] {
            match old {
                Some(text) => dir.write("out", text),
                None => std::fs::remove_file(dir.0.join("out")).unwrap(),
            }
            let before = dir.names();
            let run = dir.run_on_full_disk(2, &with(writer, "out"));
            assert_eq!(run.status, 2, "{writer:?}: {}", run.stderr);
            let message = "qapi-gen: cannot write out: ";
            assert!(run.stderr.contains(message), "{}", run.stderr);
            assert_eq!(dir.names(), before, "{writer:?}");
            if let Some(text) = old {
                assert_eq!(dir.text("out"), text, "{writer:?}");
            }
        }
    }
}

#[cfg(unix)]
#[test]
fn formatting_that_fails_keeps_the_file() {
    let dir = Scratch::new("fmt", &[]);
    let doc = |i| {
        format!(
            "##\n# @c{i}:\n#\n#          Do it,   now.  \n#\n#\n#\n# Since: 1.0\n##\n{{ 'command': 'c{i}' }}\n\n"
        )
    };
    let text: String = (0..100).map(doc).collect();
    dir.write("a.json", &text);
    let run = dir.run_on_full_disk(2, &["fmt", "a.json"]);
    assert_eq!(run.status, 2, "{}", run.stderr);
    assert_eq!(dir.names(), ["a.json"]);
    assert!(dir.text("a.json") == text);
    dir.done(&["fmt", "a.json"]);
    assert!(dir.text("a.json") != text);
}

#[cfg(unix)]
#[test]
fn links_stay_and_permissions_too() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let dir = scratch("links");
    std::fs::create_dir(dir.0.join("sub")).unwrap();
    let writer = WRITERS[0];
    dir.done(&with(writer, "plain"));
    symlink("sub/there", dir.0.join("link")).unwrap();
    symlink("link", dir.0.join("again")).unwrap();
    // The first time there is nothing behind the links.
    for mode in [0o600, 0o640] {
        dir.done(&with(writer, "again"));
        assert!(dir.text("sub/there") == dir.text("plain"));
        for link in ["link", "again"] {
            assert!(dir.0.join(link).is_symlink());
        }
        let there = dir.0.join("sub/there");
        std::fs::set_permissions(&there, PermissionsExt::from_mode(mode)).unwrap();
        dir.done(&with(writer, "again"));
        let now = std::fs::metadata(there).unwrap().permissions().mode();
        assert_eq!(now & 0o777, mode);
    }
    assert_eq!(std::fs::read_dir(dir.0.join("sub")).unwrap().count(), 1);

    symlink("circle", dir.0.join("circle")).unwrap();
    assert_eq!(dir.run(&with(writer, "circle")).status, 2);
}

#[cfg(target_os = "linux")]
#[test]
fn what_is_no_file_is_written_through() {
    let dir = scratch("through");
    for writer in WRITERS {
        dir.done(&with(writer, "plain"));
        let plain = dir.text("plain");
        let run = dir.run(&with(writer, "/dev/stdout"));
        assert_eq!(run.status, 0, "{writer:?}: {}", run.stderr);
        assert!(run.stdout.starts_with(&plain), "{writer:?}");
        let dash = dir.run(&with(writer, "-"));
        assert!(dash.stdout.starts_with(&plain), "{writer:?}");
        assert!(!dir.0.join("-").exists());
        dir.done(&with(writer, "/dev/null"));
        // Standard output that is a file has other text before and after.
        let script = "(echo first; \"$0\" \"$@\"; echo last) >redirected";
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", script, env!("CARGO_BIN_EXE_qapi-gen")]);
        shell.args(with(writer, "/dev/stdout"));
        shell.stderr(std::process::Stdio::null());
        assert!(shell.current_dir(&dir.0).status().unwrap().success());
        let redirected = dir.text("redirected");
        assert!(
            redirected.starts_with(&format!("first\n{plain}")),
            "{writer:?}"
        );
        assert!(redirected.ends_with("\nlast\n"), "{writer:?}");
    }
    assert!(!std::path::Path::new("/dev/null").is_file());

    let script = "mkfifo fifo && { cat fifo >got & } && \"$0\" \"$@\" && wait";
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", script, env!("CARGO_BIN_EXE_qapi-gen")]);
    shell.args(with(WRITERS[0], "fifo"));
    assert!(shell.current_dir(&dir.0).status().unwrap().success());
    dir.done(&with(WRITERS[0], "plain"));
    assert!(dir.text("got") == dir.text("plain"));
}

/// What a descriptor has open is whoever's who opened it, whatever its name is by now.
#[cfg(target_os = "linux")]
#[test]
fn a_descriptor_is_written_to() {
    let dir = scratch("descriptor");
    dir.done(&with(WRITERS[0], "plain"));
    let script = "exec 3>opened && mv opened moved && \"$0\" \"$@\"";
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", script, env!("CARGO_BIN_EXE_qapi-gen")]);
    shell.args(with(WRITERS[0], "/dev/fd/3"));
    assert!(shell.current_dir(&dir.0).status().unwrap().success());
    assert!(dir.text("moved") == dir.text("plain"));
    assert!(!dir.0.join("opened").exists());
}

/// As containers have single files.
#[cfg(target_os = "linux")]
#[test]
fn a_file_that_is_mounted_is_written() {
    let dir = scratch("mounted");
    dir.done(&with(WRITERS[0], "plain"));
    dir.write("outside", &"old\n".repeat(10_000));
    dir.write("inside", "");
    let script = "mount --bind outside inside || exit 77; \"$0\" \"$@\"";
    let mut command = std::process::Command::new("unshare");
    command.args(["-rm", "sh", "-c", script, env!("CARGO_BIN_EXE_qapi-gen")]);
    command.args(with(WRITERS[0], "inside"));
    match command.current_dir(&dir.0).output().map(Run::new) {
        Ok(run) if run.status == 0 => {
            assert!(dir.text("outside") == dir.text("plain"));
            assert_eq!(dir.text("inside"), "");
            let names = [
                "answer.json",
                "inside",
                "main.json",
                "outside",
                "part.json",
                "plain",
            ];
            assert_eq!(dir.names(), names);
        }
        Ok(run) if run.status != 77 && !run.stderr.contains("unshare: ") => {
            panic!("{}", run.stderr)
        }
        _ => eprintln!("SKIPPED: nothing can be mounted here"),
    }
}

/// A name may leave no room for a longer one beside it.
#[cfg(unix)]
#[test]
fn the_longest_name_will_do() {
    let dir = scratch("long");
    let name = "x".repeat(255);
    let run = dir.run(&with(WRITERS[0], &name));
    assert_eq!(run.status, 0, "{}", run.stderr);
    dir.done(&with(WRITERS[0], "plain"));
    assert!(dir.text(&name) == dir.text("plain"));
}

#[test]
fn inputs_are_not_overwritten() {
    let dir = scratch("inputs");
    dir.write("more.json", "{ 'command': 'pong' }\n");
    dir.write("releases.txt", "releases 1.0 2.0\n");
    std::fs::hard_link(dir.0.join("part.json"), dir.0.join("hard")).unwrap();
    let extended: &[&str] = &[
        "reference",
        "--format",
        "text",
        "main.json",
        "--extend",
        "more.json",
        "--releases",
        "releases.txt",
        "-o",
    ];
    let mut cases: Vec<(&[&str], &str)> = WRITERS
        .iter()
        .flat_map(|writer| ["./main.json", "part.json", "hard"].map(|file| (*writer, file)))
        .collect();
    cases.push((WRITERS[3], "answer.json"));
    cases.push((
        &["export", "--format", "openrpc", "answer.json", "-o"],
        "answer.json",
    ));
    cases.extend(["more.json", "releases.txt"].map(|file| (extended, file)));
    for (writer, file) in cases {
        let before = dir.text(file);
        let run = dir.run(&with(writer, file));
        assert_eq!(run.status, 2, "{writer:?} {file}");
        let message = format!("qapi-gen: cannot write {file}: it is the same file as ");
        assert!(run.stderr.contains(&message), "{}", run.stderr);
        assert!(dir.text(file) == before, "{writer:?} {file}");
    }
    dir.done(&with(extended, "out"));
}

#[cfg(target_os = "linux")]
#[test]
fn standard_input_is_not_overwritten() {
    let dir = scratch("stdin");
    for (command, input) in [("generate", "main.json"), ("import", "answer.json")] {
        let mut command = dir.command(&[command, "-", "-o", input]);
        command.stdin(std::fs::File::open(dir.0.join(input)).unwrap());
        let before = dir.text(input);
        let run = Run::new(command.output().unwrap());
        assert_eq!(run.status, 2, "{}", run.stderr);
        assert!(dir.text(input) == before);
    }
}

#[test]
fn a_schema_that_only_older_releases_take_is_noted() {
    let old = "{ 'command': 'Foo_Bar', 'data': { 'aB': 'int' } }\n";
    let dir = Scratch::new("older", &[("old.json", old), ("new.json", PART)]);
    let commands: [&[&str]; 4] = [
        &["export", "--format", "typescript", "old.json"],
        &["reference", "--format", "text", "old.json"],
        &["diff", "old.json", "new.json"],
        &["diff", "new.json", "old.json"],
    ];
    let note = "note: old.json has errors by today's rules, which 'qapi-gen check' shows, ";
    for command in commands {
        let run = dir.run(command);
        assert_eq!(run.status, 0, "{command:?}: {}", run.stderr);
        assert!(run.stderr.starts_with(note), "{command:?}: {}", run.stderr);
        assert_eq!(run.stderr.lines().count(), 1, "{}", run.stderr);
        let meant = dir.run(&with(command, "--legacy"));
        assert_eq!(
            (meant.status, meant.stderr.as_str()),
            (0, ""),
            "{command:?}"
        );
        assert!(meant.stdout == run.stdout, "{command:?}");
    }
    assert_eq!(dir.run(&["diff", "new.json", "new.json"]).stderr, "");
}
