//! Terminals that can show lines and nothing else.

use crate::setup::{daemon, machine};
use crate::terminal::Terminal;

#[test]
fn without_colours() {
    let Some((_server, qmp)) = daemon() else {
        return;
    };
    for kind in ["dumb", ""] {
        let terminal = Terminal::of_kind(&qmp, kind, &["query-version"]);
        terminal.sees("\"major\"");
        assert!(!terminal.has_escaped());
        let terminal = Terminal::of_kind(&qmp, kind, &["query-version", "--color", "always"]);
        terminal.sees("\"major\"");
        assert!(terminal.has_escaped());
    }
}

#[test]
fn without_a_bar() {
    let Some((_server, qmp)) = daemon() else {
        return;
    };
    for name in ["a", "b"] {
        qmp.say(&format!(
            "blockdev-add driver=null-co node-name={name} size=1M"
        ))
        .good();
    }
    let words = "--wait blockdev-backup device=a target=b sync=full job-id=j";
    let words: Vec<_> = words.split(' ').collect();
    let terminal = Terminal::of_kind(&qmp, "dumb", &words);
    terminal.sees("concluded");
    assert!(!terminal.has_escaped());
}

#[test]
fn the_shell_reads_lines() {
    let Some((_server, qmp)) = machine("none") else {
        return;
    };
    for kind in ["dumb", ""] {
        let shell = Terminal::of_kind(&qmp, kind, &[]);
        shell.enters("query-status");
        shell.sees("\"running\"");
        shell.enters("nonsense");
        shell.sees("error: The command nonsense has not been found");
        // It may have been meant for the shell.
        shell.enters("quit");
        shell.sees("quit ends the server");
        shell.enters("events on");
        shell.sees("this terminal has no room for events");
        shell.prompts();
        shell.types("\x04");
        assert!(!shell.has_escaped());
        assert_eq!(shell.ends(), 0);
    }
    let shell = Terminal::of_kind(&qmp, "dumb", &[]);
    shell.enters("quit");
    shell.enters("quit");
    shell.enters("query-status");
    assert_ne!(shell.ends(), 0);
}
