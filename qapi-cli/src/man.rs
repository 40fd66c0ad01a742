//! `qmp man`: the manual page, made of what the command line is.

use std::fmt::Write as _;

use clap::{Arg, Command};

use crate::cli;

const DESCRIPTION: &str = "A terminal for QEMU, its storage daemon and its guest agent. With a command it executes that and ends. \
Without one it is a shell on a terminal; otherwise it executes the lines of standard input, up to the first that fails.";

const ARGUMENTS: [(&str, &str); 4] = [
    (
        "KEY=VALUE",
        "An argument as text, which gets its type from the server's schema. Dots lead into objects, numbers between them are \
         indices of lists, as in children.0.driver=null-co.",
    ),
    (
        "KEY:=JSON",
        "An argument of whatever type, as in actions:=[].",
    ),
    (
        "COMMAND",
        "A command of the server. What the server would refuse is refused before anything is sent.",
    ),
    (
        "MESSAGE",
        "A whole JSON message in place of a command, as {\"execute\": \"query-status\"}.",
    ),
];

const ENVIRONMENT: [(&str, &str); 2] = [
    (
        "QMP_SOCKET",
        "Where the server is, unless --socket says it.",
    ),
    (
        "NO_COLOR",
        "If it is set and not empty, there are no colours.",
    ),
];

/// In roff.
pub(crate) fn page() -> String {
    let mut program = cli::command();
    program.build();
    let mut page = Page(String::new());
    let version = env!("CARGO_PKG_VERSION");
    page.0 += &format!(".TH QMP 1 \"\" \"qmp {version}\" \"User Commands\"\n");
    page.section("NAME");
    page.text("qmp - a terminal for QEMU, its storage daemon and its guest agent");
    page.section("SYNOPSIS");
    for line in [
        "[OPTIONS]",
        "[OPTIONS] COMMAND [KEY=VALUE | KEY:=JSON]...",
        "[OPTIONS] MESSAGE",
    ] {
        page.bold_then("qmp", line);
        page.0 += ".br\n";
    }
    page.section("DESCRIPTION");
    page.text(DESCRIPTION);
    page.section("ARGUMENTS");
    page.entries(ARGUMENTS);
    page.section("OPTIONS");
    page.arguments(program.get_arguments().filter(|arg| arg.is_global_set()));
    page.subsection("With a command of the server");
    page.arguments(cli::call_only().iter());
    page.section("COMMANDS");
    page.text("Besides those of the server:");
    page.commands(&mut program);
    page.section("EXIT STATUS");
    page.entries(cli::EXIT_CODES);
    page.section("ENVIRONMENT");
    page.entries(ENVIRONMENT);
    page.section("EXAMPLES");
    page.0 += ".nf\n";
    for example in cli::EXAMPLES {
        page.text(example);
    }
    page.0 += ".fi\n";
    page.0
}

struct Page(String);

impl Page {
    fn section(&mut self, title: &str) {
        self.line(".SH", title);
    }

    fn subsection(&mut self, title: &str) {
        self.line(".SS", title);
    }

    fn line(&mut self, request: &str, text: &str) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.0, "{request} {}", escaped(text).replace('"', "\\(dq"));
    }

    fn text(&mut self, text: &str) {
        self.0 += &escaped(text);
        self.0.push('\n');
    }

    fn bold_then(&mut self, bold: &str, rest: &str) {
        let _ = writeln!(self.0, "\\fB{}\\fR {}", escaped(bold), escaped(rest));
    }

    fn entries<'t>(&mut self, entries: impl IntoIterator<Item = (&'t str, &'t str)>) {
        for (name, about) in entries {
            self.0 += ".TP\n";
            self.bold_then(name, "");
            self.text(about);
        }
    }

    fn arguments<'a>(&mut self, arguments: impl Iterator<Item = &'a Arg>) {
        for arg in arguments.filter(|arg| arg.get_id() != "help") {
            let short = arg.get_short().map(|short| format!("-{short}"));
            let long = arg.get_long().map(|long| format!("--{long}"));
            let names: Vec<_> = short.into_iter().chain(long).collect();
            let takes_value = arg.get_action().takes_values();
            let values = arg.get_value_names().filter(|_| takes_value);
            let values = values.unwrap_or_default().join(" ");
            self.0 += ".TP\n";
            match names.as_slice() {
                [] => self.bold_then(arg.get_id().as_str(), ""),
                names => self.bold_then(&names.join(", "), &values),
            }
            let choices = arg.get_possible_values();
            let choices: Vec<_> = choices.iter().map(|choice| choice.get_name()).collect();
            let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
            let choices = match choices.as_slice() {
                [] => String::new(),
                _ if !takes_value => String::new(),
                choices => format!(" [{}]", choices.join(", ")),
            };
            self.text(format!("{help}{choices}").trim_start());
        }
    }

    /// Each with its options, and those within it after it.
    fn commands(&mut self, of: &mut Command) {
        let is_shown = |command: &&mut Command| !command.is_hide_set();
        let is_agent = of.get_name() == "agent";
        for command in of.get_subcommands_mut().filter(is_shown) {
            if is_agent && command.get_name() == "help" {
                continue;
            }
            let usage = command.render_usage().to_string();
            let usage = usage.strip_prefix("Usage: ").unwrap_or(&usage);
            self.subsection(&usage.replace(" [OPTIONS]", ""));
            let about = command.get_about().map(ToString::to_string);
            self.text(&(about.unwrap_or_default() + "."));
            let own = command.get_arguments();
            let own: Vec<_> = own.filter(|arg| !arg.is_global_set()).collect();
            // Of what has no help the name says all.
            self.arguments(own.into_iter().filter(|arg| arg.get_help().is_some()));
            self.commands(command);
        }
    }
}

/// Text that roff takes as it is.
fn escaped(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-");
    match text.starts_with(['.', '\'']) {
        true => format!("\\&{text}"),
        false => text,
    }
}
