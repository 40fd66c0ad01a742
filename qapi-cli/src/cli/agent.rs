//! The command line behind `qmp agent`.

use clap::{Arg, ArgAction, Command, value_parser};

pub(crate) fn grammar() -> Command {
    Command::new("agent")
        .about("A guest agent: information, programs, files, freezing, any of its commands")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .allow_external_subcommands(true)
        .external_subcommand_value_parser(value_parser!(String))
        .subcommands([
            Command::new("info").about("The agent's version and what it says of the guest"),
            Command::new("commands").about("The agent's commands"),
            Command::new("describe")
                .about(concat!(
                    "What a command takes and returns, as of QEMU ",
                    env!("SCHEMA_VERSION")
                ))
                .arg(Arg::new("name").required(true)),
            Command::new("run")
                .about("Run a program in the guest, to its end, with its output and exit code")
                .arg(
                    Arg::new("stdin")
                        .long("stdin")
                        .action(ArgAction::SetTrue)
                        .help("Give it what standard input has"),
                )
                .arg(
                    Arg::new("command")
                        .required(true)
                        .num_args(1..)
                        .trailing_var_arg(true)
                        .allow_hyphen_values(true)
                        .help("The program and its arguments; there is no shell"),
                ),
            Command::new("cp")
                .about("Copy a file into the guest or out of it; a path there is guest:PATH, - a standard stream; into a directory it keeps its name: guest:PATH/")
                .arg(Arg::new("from").required(true))
                .arg(Arg::new("to").required(true)),
            Command::new("fsfreeze").about("Freeze the guest's file systems, thaw them, or say how they are").arg(
                Arg::new("what")
                    .required(true)
                    .value_parser(["status", "freeze", "thaw"]),
            ),
        ])
}

/// Whether a command behind `agent` is one of this program.
pub(crate) fn is_own(name: &str) -> bool {
    name == "help" || grammar().find_subcommand(name).is_some()
}
