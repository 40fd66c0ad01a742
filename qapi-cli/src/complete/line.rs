//! Completion for bash, zsh and fish: `qmp completions SHELL` gives a script that runs this.

use std::sync::Arc;
use std::time::Duration;

use clap::Command;
use qapi_rt::capabilities::Capabilities;

use super::live::Nothing;
use super::{Candidate, arguments, commands, path};
use crate::agent;
use crate::cli;
use crate::hmp;
use crate::machines;
use crate::output::Form;
use crate::session::Session;
use crate::settings::Settings;
use crate::words;

/// A server that is busy is not waited for.
const DEADLINE: Duration = Duration::from_secs(1);

/// What may stand at the end of a line, a candidate a line, as the shell wants it.
pub(crate) fn for_shell(shell: &str, line: &str, settings: &Settings) -> String {
    let (before, word) = last_word(line);
    let mut candidates = of_line(&before, &word, settings);
    candidates.retain(|candidate| candidate.value.starts_with(&word));
    let mut out = String::new();
    for candidate in candidates {
        let value = &candidate.value;
        // bash takes `=` and `:` for the start of a word.
        let cut = word.rfind(['=', ':']).map_or(0, |at| at + 1);
        let end = if candidate.is_open() { "" } else { " " };
        out += &match shell {
            "bash" => format!("{}{end}\n", words::quote(&value[cut..])),
            _ if candidate.about.is_empty() => format!("{value}\n"),
            _ => format!("{value}\t{}\n", candidate.about),
        };
    }
    out
}

/// The words before the one at the end, which may be empty.
fn last_word(line: &str) -> (Vec<String>, String) {
    let mut words = words::split(line);
    let is_new = line.ends_with(char::is_whitespace) && words.last().is_none_or(|word| word.closed);
    let word = if is_new { None } else { words.pop() };
    let before = words.into_iter().map(|word| word.text);
    (
        before.collect(),
        word.map_or_else(String::new, |word| word.text),
    )
}

fn of_line(before: &[String], word: &str, settings: &Settings) -> Vec<Candidate> {
    let mut settings = settings.clone();
    settings.timeout = Some(DEADLINE);
    settings.quiet = true;
    let grammar = cli::command();
    let mut positional: Vec<&str> = Vec::new();
    // The program's own name is not looked at.
    let mut rest = before.iter().skip(1).map(String::as_str).peekable();
    while let Some(option) = rest.next() {
        if !option.starts_with('-') || positional.first() == Some(&"--") {
            positional.push(option);
            continue;
        }
        let name = option.split('=').next().unwrap_or(option);
        let takes_value = takes_value(&grammar, positional.first().copied(), name);
        let value = match option.split_once('=') {
            Some((_, value)) => Some(value),
            None if takes_value && rest.peek().is_none() => {
                return option_values(name, &settings);
            }
            None if takes_value => rest.next(),
            None => None,
        };
        if matches!(name, "-s" | "--socket") {
            settings.address = value.map(str::to_owned);
        }
    }
    if word.starts_with('-') {
        if let Some((name, _)) = word.split_once('=') {
            let values = option_values(name, &settings).into_iter();
            let whole = |it: Candidate| Candidate::new(format!("{name}={}", it.value), it.about);
            return values.map(whole).collect();
        }
        return options(&grammar, positional.first().copied());
    }
    let with_commands = |mut own: Vec<Candidate>| {
        if let Some((_, capabilities)) = server(&settings) {
            own.extend(commands(&capabilities));
        }
        own
    };
    match positional.as_slice() {
        [] => with_commands(subcommands(&grammar)),
        ["describe" | "supports" | "commands"] => with_commands(Vec::new()),
        ["help"] => with_commands(subcommands(&grammar)),
        ["agent"] => {
            let own = grammar.find_subcommand("agent");
            let mut all = own.map_or_else(Vec::new, subcommands);
            all.extend(agent::known_commands(&settings));
            all
        }
        ["agent", "describe"] => agent::known_commands(&settings),
        ["agent", "fsfreeze"] => plain(&["status", "freeze", "thaw"]),
        ["agent", command, others @ ..] => match agent::schema() {
            Ok(capabilities) => arguments(&capabilities, &Nothing, command, others, word),
            Err(_) => Vec::new(),
        },
        ["hmp", before @ ..] => match Session::connect_unwatched(&settings) {
            Ok(session) => hmp::candidates(&session, before),
            Err(_) => Vec::new(),
        },
        ["schema"] => server(&settings).map_or_else(Vec::new, |(_, capabilities)| {
            path::steps(&capabilities, word)
        }),
        ["completions"] => plain(&["bash", "zsh", "fish"]),
        [
            "ls" | "man" | "run" | "record" | "replay" | "schema" | "help",
            ..,
        ] => Vec::new(),
        ["events", ..] => events(&settings),
        ["describe" | "supports", command, others @ ..] | [command, others @ ..] => {
            let Some((session, capabilities)) = server(&settings) else {
                return Vec::new();
            };
            match *command {
                "job" => super::Live::values(&session, "job-cancel", &Default::default(), "id", ""),
                command => arguments(&capabilities, &session, command, others, word),
            }
        }
    }
}

/// The server, if it is there and has a schema.
fn server(settings: &Settings) -> Option<(Session, Arc<Capabilities>)> {
    let session = Session::connect_unwatched(settings).ok()?;
    let capabilities = session.schema().ok()??.capabilities;
    Some((session, capabilities))
}

fn events(settings: &Settings) -> Vec<Candidate> {
    server(settings).map_or_else(Vec::new, |(_, capabilities)| {
        let all = capabilities.events();
        all.map(|event| Candidate::new(event.name(), "")).collect()
    })
}

fn plain(values: &[&str]) -> Vec<Candidate> {
    values
        .iter()
        .map(|value| Candidate::new(*value, ""))
        .collect()
}

fn subcommands(grammar: &Command) -> Vec<Candidate> {
    let all = grammar
        .get_subcommands()
        .filter(|command| !command.is_hide_set());
    all.map(|command| {
        let about = command.get_about().map(ToString::to_string);
        Candidate::new(command.get_name(), about.unwrap_or_default())
    })
    .collect()
}

/// The options of the program and of the command at hand.
fn all_options(grammar: &Command, command: Option<&str>) -> Vec<clap::Arg> {
    let own = command.and_then(|name| grammar.find_subcommand(name));
    let mut all: Vec<_> = cli::call_arguments().collect();
    all.extend(own.into_iter().flat_map(Command::get_arguments).cloned());
    all.retain(|option| !option.is_positional());
    all
}

fn takes_value(grammar: &Command, command: Option<&str>, name: &str) -> bool {
    let all = all_options(grammar, command);
    all.iter().any(|option| {
        let is_it = match name.strip_prefix("--") {
            Some(long) => option.get_long() == Some(long),
            None => option.get_short() == name.chars().nth(1),
        };
        is_it && option.get_action().takes_values()
    })
}

fn options(grammar: &Command, command: Option<&str>) -> Vec<Candidate> {
    let all = all_options(grammar, command);
    let mut found: Vec<_> = all
        .iter()
        .filter_map(|option| {
            let about = option.get_help().map(ToString::to_string);
            let about = about.unwrap_or_default();
            Some(Candidate::new(format!("--{}", option.get_long()?), about))
        })
        .collect();
    found.dedup_by(|a, b| a.value == b.value);
    found
}

fn option_values(name: &str, settings: &Settings) -> Vec<Candidate> {
    match name {
        "--filter" | "--until" => events(settings),
        "-s" | "--socket" => machines::known(),
        "-o" | "--output" => plain(&Form::NAMES),
        "--color" => plain(&["auto", "always", "never"]),
        // Files, which the shell knows.
        _ => Vec::new(),
    }
}

/// What `qmp completions` prints.
pub(crate) fn script(shell: &str) -> &'static str {
    match shell {
        "bash" => include_str!("scripts/qmp.bash"),
        "zsh" => include_str!("scripts/qmp.zsh"),
        _ => include_str!("scripts/qmp.fish"),
    }
}
