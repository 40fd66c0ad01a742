//! What the shell takes besides commands of the server.

use clap::{Arg, ArgAction, Command};

/// Commands of the shell itself, and what is said of them.
pub(crate) const OWN: [(&str, &str); 15] = [
    ("commands", "[PATTERN]  the server's commands"),
    (
        "describe",
        "NAME [KEY=VALUE…]  what a command takes and returns, or what an event carries",
    ),
    (
        "events",
        "on | off | filter PATTERN… | list  which events are shown",
    ),
    ("exit", "leave the shell; so does Ctrl-D"),
    (
        "fd",
        "NAME=FILE  open a file and give the server its descriptor",
    ),
    ("help", "these lines"),
    ("hmp", "COMMAND  a command of the human monitor"),
    ("job", "[ID] [--wait | --complete]  a job, or all of them"),
    ("oob", "COMMAND [KEY=VALUE…]  execute a command out of band"),
    (
        "save",
        "FILE [--force]  write what was executed so far to a file, for `source` and `qmp run`",
    ),
    (
        "schema",
        "PATH  what a path leads to in the server's schema",
    ),
    (
        "source",
        "FILE  execute the lines of a file, up to the first that fails",
    ),
    (
        "supports",
        "COMMAND [KEY=VALUE…]  whether the server would take it",
    ),
    (
        "timing",
        "on | off  whether it is said how long a command took",
    ),
    ("version", "what the server is"),
];

/// Their names.
pub(crate) fn own<'a>() -> impl Iterator<Item = &'a str> {
    OWN.into_iter().map(|(name, _)| name)
}

/// The grammar of what comes after such a name: that of the command line where that has the same command. The rest look at their
/// words themselves.
pub(crate) fn grammar(name: &str) -> Option<Command> {
    let name = own().find(|own| *own == name)?;
    let grammar = match name {
        "exit" | "help" | "version" => Command::new(name),
        "fd" | "source" | "timing" => Command::new(name).arg(Arg::new("word")),
        "save" => Command::new(name).args([
            Arg::new("file").required(true),
            Arg::new("force")
                .short('f')
                .long("force")
                .action(ArgAction::SetTrue),
        ]),
        "commands" | "describe" | "job" | "schema" => {
            let mut all = super::subcommands().into_iter();
            all.find(|command| command.get_name() == name)?
        }
        _ => return None,
    };
    Some(grammar.no_binary_name(true).disable_help_flag(true))
}
