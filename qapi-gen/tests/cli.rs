//! The command `qapi-gen` as its users run it.

mod outputs;

use crate::common::run::{Run, Scratch};
use std::process::{Command, Stdio};

const GOOD: &str = "{ 'command': 'ping', 'data': { 'n': 'uint8' } }\n";
const BAD: &str = "{ 'command': 'ping', 'data': 'Missing' }\n";

#[test]
fn an_accepted_schema_is_nothing_to_talk_about() {
    let dir = Scratch::new("accepted", &[("a.json", GOOD)]);
    for format in ["human", "short", "json"] {
        let run = dir.run(&["check", "--message-format", format, "a.json"]);
        let silent = Run {
            status: 0,
            stdout: String::new(),
            stderr: String::new(),
        };
        assert_eq!(run, silent);
    }
}

#[test]
fn errors_go_to_stderr_for_people_and_to_stdout_for_programs() {
    let dir = Scratch::new("formats", &[("bad.json", BAD)]);
    let human = dir.run(&["check", "bad.json"]);
    assert_eq!((human.status, human.stdout.as_str()), (1, ""));
    assert!(human.stderr.starts_with("error[T4]: "), "{}", human.stderr);
    assert!(human.stderr.contains("--> bad.json:1:"), "{}", human.stderr);
    assert!(
        human.stderr.ends_with(
            "\n\n1 error in bad.json\nhelp: 'qapi-gen explain T4' says more about a rule\n"
        ),
        "{}",
        human.stderr
    );

    let short = dir.run(&["check", "--message-format", "short", "bad.json"]);
    assert_eq!((short.status, short.stdout.as_str()), (1, ""));
    let lines: Vec<&str> = short.stderr.lines().collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert_eq!(lines[0], "bad.json: In command 'ping':");
    assert!(lines[1].starts_with("bad.json:1: "), "{lines:?}");

    let json = dir.run(&["check", "--message-format=json", "bad.json"]);
    assert_eq!((json.status, json.stderr.as_str()), (1, ""));
    let lines: Vec<serde_json::Value> = json
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["code"], "T4");
    assert_eq!(lines[0]["spans"][0]["file"], "bad.json");
}

#[test]
fn the_worst_of_several_schemas_decides() {
    let dir = Scratch::new("several", &[("good.json", GOOD), ("bad.json", BAD)]);
    let run = dir.run(&["check", "bad.json", "good.json"]);
    assert_eq!(run.status, 1);
    let run = dir.run(&["check", "bad.json", "absent.json", "good.json"]);
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("1 error in bad.json"), "{}", run.stderr);
    assert!(run.stderr.contains("absent.json"), "{}", run.stderr);
}

#[test]
fn an_unreadable_root_has_a_message_without_location() {
    let dir = Scratch::new("unreadable", &[("sub/a.json", GOOD)]);
    for root in ["absent.json", "sub"] {
        for command in ["check", "introspect"] {
            let run = dir.run(&[command, root]);
            assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{root}");
            assert!(run.stderr.contains(root), "{}", run.stderr);
            assert!(!run.stderr.contains("-->"), "{}", run.stderr);
        }
        let run = dir.run(&["check", "--message-format", "short", root]);
        assert_eq!(run.status, 2);
        assert_eq!(run.stderr.lines().count(), 1, "{}", run.stderr);
        let run = dir.run(&["check", "--message-format", "json", root]);
        assert_eq!(run.status, 2);
        let line: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
        assert_eq!(line["file"], serde_json::Value::Null);
        assert_eq!(line["spans"], serde_json::json!([]));
    }
}

#[test]
fn an_include_that_cannot_be_read_is_an_error_of_the_schema() {
    let dir = Scratch::new("include", &[("a.json", "{ 'include': 'absent.json' }\n")]);
    assert_eq!(dir.run(&["check", "a.json"]).status, 1);
}

#[test]
fn a_dash_is_standard_input() {
    let dir = Scratch::new(
        "stdin",
        &[("part.json", "{ 'enum': 'Choice', 'data': [ 'a' ] }\n")],
    );
    let text = "{ 'include': 'part.json' }\n{ 'command': 'c', 'data': { 'e': 'Choice' } }\n";
    let run = dir.run_with_input(&["introspect", "--unmask", "-"], text);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    assert!(run.stdout.contains(r#""name": "Choice""#), "{}", run.stdout);
    let run = dir.run_with_input(&["check", "--message-format", "short", "-"], BAD);
    assert_eq!(run.status, 1);
    assert!(run.stderr.contains("\n<stdin>:1: "), "{}", run.stderr);
    let run = dir.run_with_input(&["check", "-", "-"], GOOD);
    assert_eq!(run.status, 2);
}

#[test]
fn introspection_is_json_with_lf_at_the_end() {
    let dir = Scratch::new("introspect", &[("a.json", GOOD), ("bad.json", BAD)]);
    let run = dir.run(&["introspect", "a.json"]);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    assert!(run.stdout.starts_with("[\n{\"arg-type\": \"0\""));
    assert!(run.stdout.ends_with("}\n]\n"));
    let pretty = dir.run(&["introspect", "--pretty", "--unmask", "a.json"]);
    assert!(
        pretty
            .stdout
            .contains("\n        \"arg-type\": \"q_obj_ping-arg\",\n")
    );
    let run = dir.run(&["introspect", "bad.json"]);
    assert_eq!((run.status, run.stdout.as_str()), (1, ""));
    assert!(run.stderr.starts_with("error[T4]: "), "{}", run.stderr);
}

#[test]
fn only_check_enforces_the_style_of_documentation() {
    let text = format!(
        "##\n# @ping:\n#\n# {}\n##\n{{ 'command': 'ping' }}\n",
        "x ".repeat(40)
    );
    let dir = Scratch::new("style", &[("a.json", &text)]);
    assert_eq!(dir.run(&["check", "a.json"]).status, 1);
    assert_eq!(dir.run(&["introspect", "a.json"]).status, 0);
}

#[test]
fn old_forms_need_legacy() {
    let dir = Scratch::new(
        "legacy",
        &[("a.json", "{ 'type': 'Old', 'data': { 'b': 'int' } }\n")],
    );
    for command in ["check", "introspect"] {
        assert_eq!(dir.run(&[command, "a.json"]).status, 1);
        assert_eq!(dir.run(&[command, "--legacy", "a.json"]).status, 0);
    }
}

#[test]
fn wrong_usage_is_status_2() {
    let dir = Scratch::new("usage", &[("a.json", GOOD)]);
    for arguments in [
        &[][..],
        &["check"],
        &["describe", "a.json"],
        &["check", "--message-format", "xml", "a.json"],
        &["check", "--pretty", "a.json"],
        &["introspect", "a.json", "a.json"],
    ] {
        let run = dir.run(arguments);
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(run.stderr.contains("Usage: qapi-gen") || run.stderr.contains("--help"));
    }
}

#[test]
fn there_are_no_colours_but_on_a_terminal() {
    let dir = Scratch::new("colour", &[("bad.json", BAD)]);
    let run = dir.run(&["check", "bad.json"]);
    assert!(!run.stderr.contains('\u{1b}'));
}

/// On a terminal, which script(1) provides where it is installed.
#[cfg(target_os = "linux")]
#[test]
fn no_color_is_respected_on_a_terminal() {
    let dir = Scratch::new("terminal", &[("bad.json", BAD)]);
    let on_terminal = |no_color: Option<&str>| {
        let mut command = Command::new("script");
        let check = format!("{} check bad.json", env!("CARGO_BIN_EXE_qapi-gen"));
        command.args(["-qec", &check, "/dev/null"]);
        command.current_dir(&dir.0).stdin(Stdio::null());
        command.env("TERM", "xterm").env_remove("NO_COLOR");
        if let Some(value) = no_color {
            command.env("NO_COLOR", value);
        }
        let output = command.output().ok()?;
        Some(String::from_utf8_lossy(&output.stdout).contains("\u{1b}["))
    };
    let Some(coloured) = on_terminal(None) else {
        eprintln!("SKIPPED: script(1) is not installed");
        return;
    };
    assert!(coloured);
    assert_eq!(on_terminal(Some("1")), Some(false));
    assert_eq!(on_terminal(Some("")), Some(true));
}

#[cfg(unix)]
#[test]
fn a_closed_pipe_ends_the_output_quietly() {
    let many: String = (0..5000)
        .map(|i| format!("{{ 'command': 'c{i}', 'data': 'Missing' }}\n"))
        .collect();
    let dir = Scratch::new("pipe", &[("bad.json", &many), ("good.json", GOOD)]);
    for (arguments, status) in [
        (&["check", "--message-format", "json", "bad.json"][..], 1),
        (&["introspect", "good.json"], 0),
        (&["completions", "zsh"], 0),
    ] {
        let mut child = dir
            .command(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let run = Run::new(child.wait_with_output().unwrap());
        assert_eq!(
            (run.status, run.stderr.as_str()),
            (status, ""),
            "{arguments:?}"
        );
    }
}

#[cfg(target_os = "linux")]
#[test]
fn output_that_cannot_be_written_is_reported() {
    let dir = Scratch::new("full", &[("good.json", GOOD)]);
    let Ok(full) = std::fs::OpenOptions::new().write(true).open("/dev/full") else {
        eprintln!("SKIPPED: there is no /dev/full");
        return;
    };
    let mut command = dir.command(&["introspect", "good.json"]);
    let run = Run::new(command.stdout(full).output().unwrap());
    assert_eq!(run.status, 2);
    assert!(
        run.stderr.starts_with("qapi-gen: cannot write output: "),
        "{}",
        run.stderr
    );
}

#[test]
fn completions_and_manual_pages_cover_every_subcommand() {
    let dir = Scratch::new("about", &[("man/.keep", "")]);
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let run = dir.run(&["completions", shell]);
        assert_eq!(run.status, 0);
        assert!(run.stdout.contains("message-format"), "{shell}");
    }
    let run = dir.run(&["man"]);
    assert_eq!(run.status, 0);
    assert!(run.stdout.contains(".TH qapi-gen 1"));
    assert_eq!(dir.run(&["man", "man"]).status, 0);
    let page = std::fs::read_to_string(dir.0.join("man/qapi-gen-check.1")).unwrap();
    assert!(page.contains(r"\-\-message\-format"));
    assert_eq!(dir.run(&["man", "absent"]).status, 2);
}

/// What somebody's own schema does with QEMU's.
#[test]
fn a_schema_extends_the_one_of_qemu() {
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/../schema");
    let scratch = Scratch::new(
        "extends",
        &[
            (
                "own.json",
                "{ 'include': 'qapi/common.json' }\n\
             { 'include': 'qapi/pragma.json' }\n\
             { 'command': 'x-query-lamps', 'returns': 'HumanReadableText', 'features': [ 'unstable' ] }\n",
            ),
            (
                "clash.json",
                "{ 'include': 'qapi/common.json' }\n{ 'include': 'qapi/pragma.json' }\n\
             { 'enum': 'HumanReadableText', 'data': [] }\n",
            ),
        ],
    );
    let builder = |name: &str| qapi_gen::Builder::new(scratch.0.join(name)).include_path(data);
    let code = builder("own.json").generate_to_string().unwrap();
    assert!(code.contains("pub struct HumanReadableText"), "{code}");

    assert!(!code.contains(data), "names of this machine are in it");

    let text = builder("clash.json")
        .generate_to_string()
        .unwrap_err()
        .to_string();
    let expected = format!("{}:3:", scratch.0.join("clash.json").display());
    assert!(text.contains(&expected), "{text}");

    let option = format!("-I{data}");
    for command in ["check", "introspect", "generate"] {
        let run = scratch.run(&[command, &option, "own.json"]);
        assert_eq!(run.status, 0, "{command}: {}", run.stderr);
    }
    assert_eq!(scratch.run(&["check", "own.json"]).status, 1);
}

#[test]
fn a_schema_is_read_within_a_folder() {
    let scratch = Scratch::new(
        "within",
        &[
            ("main.json", "{ 'include': 'part.json' }\n"),
            ("part.json", "{ 'command': 'go' }\n"),
        ],
    );
    let parent = scratch.0.parent().unwrap().to_str().unwrap();
    for command in ["check", "introspect", "generate"] {
        for folder in [".", parent] {
            let run = scratch.run(&[command, "--within", folder, "main.json"]);
            assert_eq!(run.status, 0, "{command}: {}", run.stderr);
        }
        let run = scratch.run(&[command, "--within", "elsewhere", "main.json"]);
        // As for any other that cannot be read.
        assert_eq!(run.status, 2, "{command}");
        let why = "outside of the folders that may be read";
        assert!(run.stderr.contains(why), "{}", run.stderr);
    }
}

#[test]
fn check_says_where_legacy_would_help() {
    let long = "x".repeat(100);
    let style = format!("##\n# @ping:\n#\n# {long}\n##\n{{ 'command': 'ping' }}\n");
    let dir = Scratch::new(
        "hint",
        &[
            ("old.json", "{ 'type': 'Old', 'data': {} }\n"),
            ("bad.json", BAD),
            ("style.json", &style),
        ],
    );
    let hint = "help: --legacy, which reads what older releases wrote, accepts this schema";
    let last_line = |arguments: &[&str]| {
        let run = dir.run(arguments);
        assert_eq!(run.status, 1);
        let lines: Vec<&str> = run.stderr.lines().collect();
        let [.., line, hint] = lines.as_slice() else {
            panic!("{}", run.stderr);
        };
        assert!(hint.starts_with("help: 'qapi-gen explain "), "{hint}");
        (*line).to_owned()
    };
    assert_eq!(last_line(&["check", "old.json"]), hint);
    assert_eq!(last_line(&["check", "bad.json"]), "1 error in bad.json");
    assert_eq!(last_line(&["check", "style.json"]), "1 error in style.json");
    // What other formats write is read by programs.
    let short = dir.run(&["check", "--message-format", "short", "old.json"]);
    assert!(!short.stderr.contains("help: "), "{}", short.stderr);
}

#[test]
fn a_guess_at_the_release_is_said() {
    let dir = Scratch::new("guess", &[("agent.json", GOOD)]);
    let silent = |arguments: &[&str]| {
        let run = dir.run(arguments);
        assert_eq!(run.status, 0, "{}", run.stderr);
        run.stderr.is_empty()
    };
    assert!(!silent(&["introspect", "--legacy", "agent.json"]));
    assert!(silent(&[
        "introspect",
        "--legacy",
        "--release",
        "2.11.0",
        "agent.json"
    ]));
    assert!(silent(&["introspect", "agent.json"]));
    let run = dir.run(&["introspect", "--release", "2", "agent.json"]);
    assert_eq!(run.status, 2);
}
