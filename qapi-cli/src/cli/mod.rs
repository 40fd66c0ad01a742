//! The command line.

pub(crate) mod agent;
pub(crate) mod shell;

use std::ffi::OsString;
use std::time::Duration;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

use crate::output::Form;

pub(crate) const EXAMPLES: [&str; 8] = [
    "qmp -s vm.sock query-status",
    "qmp -s vm.sock blockdev-add driver=qcow2 node-name=d0 file.driver=file file.filename=d.qcow2",
    "qmp -s vm.sock describe blockdev-add driver=qcow2",
    "qmp -s vm.sock --wait blockdev-backup device=d0 target=d1 sync=full",
    "qmp -s vm.sock events --filter 'BLOCK_JOB_*' --until SHUTDOWN",
    "qmp -s vm.sock hmp 'info registers'",
    "qmp agent -s ga.sock run -- uname -a",
    "qmp ls",
];

pub(crate) const EXIT_CODES: [(&str, &str); 6] = [
    ("0", "all went well"),
    (
        "1",
        "the server refused, or what was asked about is not so, or what events waited for did not come within the time",
    ),
    ("2", "wrong usage; nothing was sent"),
    (
        "3",
        "no connection, or no answer about the server's schema; the command was not sent",
    ),
    (
        "4",
        "the outcome is unknown: the deadline passed or the connection ended after the command was sent; or it was \
         executed, and what came of it could not be written; or what came is no JSON as QEMU has it",
    ),
    (
        "130",
        "interrupted; a message says whether the command may be executed",
    ),
];

/// What is said below the help.
fn more_help() -> String {
    let examples = EXAMPLES.map(|example| format!("  {example}\n")).concat();
    let codes = EXIT_CODES.map(|(code, about)| format!("  {code}  {about}\n"));
    format!(
        "With a command of the server go --json OBJECT, --keyval TEXT, --fd [NAME=]FILE, --oob, --wait, --complete and \
         --unchecked, too: qmp help COMMAND describes them\n\nExamples:\n{examples}\nExit codes:\n{}",
        codes.concat().trim_end()
    )
}

const ADDRESS: &str = "\
Where the server is: a path or unix:PATH, tcp:HOST:PORT, vsock:CID:PORT, fd:N, exec:COMMAND for a command's input and \
output, or the name of a machine that `qmp ls` shows. Otherwise it is what QMP_SOCKET says";

/// What can be said with every command.
fn global() -> [Arg; 8] {
    [
        Arg::new("socket")
            .short('s')
            .long("socket")
            .value_name("ADDRESS")
            .help(ADDRESS),
        Arg::new("output")
            .short('o')
            .long("output")
            .value_name("FORM")
            .value_parser(Form::NAMES)
            .help("How values are shown; pretty on a terminal, otherwise json, one text a line"),
        Arg::new("color")
            .long("color")
            .value_name("WHEN")
            .value_parser(["auto", "always", "never"])
            .help("Whether there are colours; auto, on a terminal, unless set"),
        Arg::new("timeout")
            .long("timeout")
            .value_name("TIME")
            .value_parser(duration)
            .help("How long a command may take, as 500ms, 10s, 2m; 30s unless set"),
        Arg::new("trace")
            .long("trace")
            .action(ArgAction::SetTrue)
            .help("Show each message on standard error, secrets masked"),
        Arg::new("quiet")
            .short('q')
            .long("quiet")
            .action(ArgAction::SetTrue)
            .help("No warnings, no progress"),
        Arg::new("show-secrets")
            .long("show-secrets")
            .action(ArgAction::SetTrue)
            .help("Do not mask secrets in what is shown on a terminal"),
        Arg::new("fresh")
            .long("fresh")
            .action(ArgAction::SetTrue)
            .help("Ask the server for its schema even if that is known from before"),
    ]
}

fn complete() -> Arg {
    Arg::new("complete")
        .long("complete")
        .action(ArgAction::SetTrue)
        .help("Wait to its end: a mirror that is ready switches over to its target")
}

/// What can be said with a command of the server.
pub(crate) fn call_arguments() -> impl Iterator<Item = Arg> {
    call_only().into_iter().chain(global())
}

/// Of that, what goes with nothing else.
pub(crate) fn call_only() -> [Arg; 7] {
    [
        Arg::new("json")
            .long("json")
            .value_name("OBJECT")
            .help("The arguments as a JSON object; - reads it from standard input"),
        Arg::new("keyval")
            .long("keyval")
            .value_name("TEXT")
            .help("Arguments as QEMU's command line takes them, key=value,key=value"),
        Arg::new("fd")
            .long("fd")
            .value_name("[NAME=]FILE")
            .action(ArgAction::Append)
            .help("Open a file and give the server its descriptor: first, under this name, or with the command"),
        Arg::new("oob")
            .long("oob")
            .action(ArgAction::SetTrue)
            .help("Execute it out of band"),
        Arg::new("wait")
            .long("wait")
            .action(ArgAction::SetTrue)
            .help("Wait for the job that it starts, until it ends or is ready for job-complete"),
        complete(),
        Arg::new("unchecked")
            .long("unchecked")
            .action(ArgAction::SetTrue)
            .help("Send it even if the server's schema says that it will be refused"),
    ]
}

/// The commands of this program.
const OWN: [&str; 16] = [
    "describe",
    "commands",
    "events",
    "schema",
    "supports",
    "job",
    "hmp",
    "agent",
    "ls",
    "run",
    "record",
    "replay",
    "complete-line",
    "completions",
    "man",
    "help",
];

/// Whether a command is one of this program.
pub(crate) fn is_own(name: &str) -> bool {
    OWN.contains(&name)
}

/// Those that a mistyped name may stand for.
pub(crate) fn own<'a>() -> impl Iterator<Item = &'a str> {
    OWN.into_iter().filter(|name| *name != "complete-line")
}

/// What is needed to read a command line. To make all commands takes as long as all else that is done for one of the server.
pub(crate) fn command_for(words: &[OsString]) -> Command {
    let is_own = |word: &str| is_own(word) || matches!(word, "-h" | "--help");
    match words.iter().any(|word| word.to_str().is_none_or(is_own)) {
        true => command(),
        false => without_own(),
    }
}

pub(crate) fn command() -> Command {
    without_own()
        .after_help(more_help())
        .subcommands(subcommands())
}

fn without_own() -> Command {
    Command::new("qmp")
        .version(env!("CARGO_PKG_VERSION"))
        .about("A terminal for QEMU, its storage daemon and its guest agent. Without a command it is a shell")
        .disable_help_subcommand(true)
        .allow_external_subcommands(true)
        .external_subcommand_value_parser(value_parser!(String))
        .subcommand_value_name("COMMAND")
        .subcommand_help_heading("Commands of its own, beside those of the server")
        .args(global().map(|arg| arg.global(true)))
        .args(call_only().map(|arg| arg.hide(true)))
}

fn words(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).num_args(0..).help(help)
}

fn subcommands() -> Vec<Command> {
    let list = |name| {
        Arg::new(name)
            .value_name("PATTERN")
            .help("Only those that fit, as 'query-*'")
    };
    vec![
        Command::new("describe")
            .about("What a command takes and returns, or what an event carries")
            .arg(Arg::new("name").required(true).help("The command or event"))
            .arg(words(
                "arguments",
                "Arguments, so that the branches which they choose are described",
            )),
        Command::new("commands")
            .about("The server's commands")
            .arg(list("pattern")),
        Command::new("events")
            .about("Events as they happen")
            .arg(
                Arg::new("list")
                    .long("list")
                    .action(ArgAction::SetTrue)
                    .help("Those that the server may send"),
            )
            .arg(
                Arg::new("filter")
                    .long("filter")
                    .value_name("PATTERN")
                    .action(ArgAction::Append)
                    .help("Only those that fit, as 'BLOCK_JOB_*'"),
            )
            .arg(
                Arg::new("until")
                    .long("until")
                    .value_name("NAME")
                    .help("End with this event"),
            )
            .arg(
                Arg::new("count")
                    .long("count")
                    .value_name("N")
                    .value_parser(value_parser!(u64).range(1..))
                    .help("End after so many"),
            ),
        Command::new("schema")
            .about("What a path leads to in the server's schema, as blockdev-add/arg-type/+file")
            .arg(
                Arg::new("path")
                    .required(true)
                    .help("A path in libvirt's notation"),
            ),
        Command::new("supports")
            .about("Whether the server would take a command with these arguments")
            .arg(Arg::new("name").required(true).help("The command"))
            .arg(
                Arg::new("json")
                    .long("json")
                    .value_name("OBJECT")
                    .help("The arguments as a JSON object"),
            )
            .arg(words("arguments", "Arguments as key=value")),
        Command::new("job")
            .about("A job: how it stands, or with --wait what becomes of it")
            .arg(Arg::new("id").help("The job; all of them if it is left out"))
            .arg(
                Arg::new("wait")
                    .long("wait")
                    .action(ArgAction::SetTrue)
                    .help("Follow it until it ends or is ready for job-complete"),
            )
            .arg(complete()),
        Command::new("hmp")
            .about("A command of the human monitor")
            .arg(
                Arg::new("line")
                    .required(true)
                    .num_args(1..)
                    .help("The command, as 'info registers'"),
            ),
        agent::grammar(),
        Command::new("ls").about("The QMP and agent sockets of machines that run here"),
        Command::new("run")
            .about(
                "Execute the lines of a file, as the shell takes them, up to the first that fails",
            )
            .arg(
                Arg::new("file")
                    .required(true)
                    .help("The file; - is standard input"),
            ),
        Command::new("record")
            .about("A shell, or the lines of standard input, with all messages written to a file, secrets too")
            .arg(Arg::new("file").required(true).help("The recording"))
            .arg(
                Arg::new("force")
                    .short('f')
                    .long("force")
                    .action(ArgAction::SetTrue)
                    .help("Write over a file that is there"),
            ),
        Command::new("replay")
            .about("Say to the server what a recording's client said, and tell where it goes differently")
            .arg(Arg::new("file").required(true).help("The recording")),
        Command::new("complete-line")
            .hide(true)
            .arg(Arg::new("shell").required(true))
            .arg(Arg::new("line").required(true).allow_hyphen_values(true)),
        Command::new("completions")
            .about("A script that completes commands as they are typed, for a shell")
            .arg(
                Arg::new("shell")
                    .required(true)
                    .value_parser(["bash", "zsh", "fish"]),
            ),
        Command::new("man").about("The manual page, in roff"),
        Command::new("help")
            .about("What a command takes, as COMMAND --help")
            .arg(
                Arg::new("command")
                    .num_args(0..)
                    .help("The command; without one it is all of the program"),
            ),
    ]
}

/// For what nothing was said about.
pub(crate) fn nothing() -> ArgMatches {
    ArgMatches::default()
}

/// What stands behind a command of the server or of an agent, options aside.
pub(crate) fn words_of(behind: &ArgMatches) -> impl Iterator<Item = &String> {
    let words = behind.try_get_many::<String>("words");
    words.ok().flatten().unwrap_or_default()
}

/// `500ms`, `10s`, `2m`, `1h`; seconds if there is no unit.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "ms" => 0.001,
        "" | "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return Err("units are ms, s, m and h".into()),
    };
    let number: f64 = digits
        .parse()
        .map_err(|_| "a number is wanted, as in 10s")?;
    Duration::try_from_secs_f64(number * unit).map_err(|error| error.to_string())
}

/// What was said in both places: that behind the command's name counts.
pub(crate) fn merged<T: Clone + Send + Sync + 'static>(
    behind: &ArgMatches,
    before: &ArgMatches,
    name: &str,
) -> Option<T> {
    let value = |matches: &ArgMatches| matches.try_get_one::<T>(name).ok().flatten().cloned();
    value(behind).or_else(|| value(before))
}

pub(crate) fn flag(behind: &ArgMatches, before: &ArgMatches, name: &str) -> bool {
    let is_set = |matches: &ArgMatches| {
        matches
            .try_get_one::<bool>(name)
            .ok()
            .flatten()
            .is_some_and(|set| *set)
    };
    is_set(behind) || is_set(before)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_its_own() {
        let commands = subcommands();
        let names: Vec<_> = commands.iter().map(Command::get_name).collect();
        assert_eq!(names, OWN);
    }
}
