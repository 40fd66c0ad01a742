//! Help, and the manual page.

use std::process::Command;

use crate::setup::daemon;

#[test]
fn help_of_commands() {
    let Some((_server, qmp)) = daemon() else {
        return;
    };
    for command in ["blockdev-add", "describe", "agent run", "agent guest-ping"] {
        let help = qmp.say(&format!("help {command}")).good();
        assert_eq!(help, qmp.say(&format!("{command} --help")).good());
    }
    let help = qmp.say("help").good();
    assert_eq!(help, qmp.say("--help").good());
    for option in ["--json", "--fd", "--keyval", "--unchecked"] {
        assert!(help.contains(option), "{option}: {help}");
    }
}

#[test]
fn one_manual_page() {
    let Some((server, qmp)) = daemon() else {
        return;
    };
    let page = qmp.say("man").good();
    let sections = page.lines().filter_map(|line| line.strip_prefix(".SH "));
    let sections: Vec<_> = sections.collect();
    let expected = [
        "NAME",
        "SYNOPSIS",
        "DESCRIPTION",
        "ARGUMENTS",
        "OPTIONS",
        "COMMANDS",
        "EXIT STATUS",
        "ENVIRONMENT",
        "EXAMPLES",
    ];
    assert_eq!(sections, expected);
    let plain = page.replace("\\-", "-");
    for text in [
        "--unchecked",
        "--keyval",
        "--json",
        "--fd",
        "--until",
        "--stdin",
        "agent run",
    ] {
        assert!(plain.contains(text), "{text}");
    }
    assert!(!plain.contains("(1)"), "{plain}");
    // No line of an example is joined with the next.
    let path = server.path("qmp.1");
    std::fs::write(&path, &page).unwrap();
    let Ok(groff) = Command::new("groff")
        .args(["-man", "-Tascii", "-ww"])
        .arg(&path)
        .output()
    else {
        eprintln!("skipped: groff is not installed");
        return;
    };
    assert_eq!(String::from_utf8_lossy(&groff.stderr), "");
    let text = String::from_utf8_lossy(&groff.stdout);
    assert!(text.lines().any(|line| line.trim() == "qmp ls"), "{text}");
}
