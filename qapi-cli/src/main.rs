//! `qmp`: a terminal for QEMU, its storage daemon and its guest agent.

#![forbid(unsafe_code)]

mod agent;
mod arguments;
mod call;
mod cli;
mod complete;
mod connect;
mod describe;
mod events;
mod explain;
mod failure;
mod hmp;
mod interrupts;
mod job;
mod known;
mod machines;
mod man;
mod output;
mod pasted;
mod processes;
mod record;
mod replay;
mod schema;
mod session;
mod settings;
mod shell;
mod time;
mod trace;
mod words;

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::ArgMatches;

use crate::arguments::Given;
use crate::call::Typed;
use crate::cli::{flag, merged};
use crate::events::Wanted;
use crate::failure::Failure;
use crate::interrupts::Interrupts;
use crate::job::Wait;
use crate::output::{Form, Output, harmless, print};
use crate::session::Session;
use crate::settings::Settings;

fn main() -> ExitCode {
    start(std::env::args_os().collect())
}

fn start(words: Vec<OsString>) -> ExitCode {
    let matches = match cli::command_for(&words).try_get_matches_from(words) {
        Ok(matches) => matches,
        Err(error) => return usage(&error),
    };
    if let Some(("help", help)) = matches.subcommand() {
        let of = help.get_many::<String>("command").unwrap_or_default();
        let words = ["qmp"].into_iter().chain(of.map(String::as_str));
        return start(words.chain(["--help"]).map(OsString::from).collect());
    }
    if let Some(("agent", agent)) = matches.subcommand()
        && let Some(("help", help)) = agent.subcommand()
    {
        let of = help.get_many::<String>("").unwrap_or_default();
        let words = ["qmp", "agent"].into_iter().chain(of.map(String::as_str));
        return start(words.chain(["--help"]).map(OsString::from).collect());
    }
    let behind = match behind(&matches) {
        Ok(behind) => behind,
        Err(error) => return usage(&error),
    };
    let settings = match settings(&behind, &matches) {
        Ok(settings) => settings,
        Err(failure) => return end(&failure, None),
    };
    match run(&matches, &behind, &settings) {
        Ok(code) => code.into(),
        Err(failure) => end(&failure, Some(settings.output)),
    }
}

/// What was said behind the name of the command, be it one of a server, of a guest agent or of this program.
fn behind(matches: &ArgMatches) -> Result<ArgMatches, clap::Error> {
    let (is_own, behind) = match matches.subcommand() {
        Some(("agent", agent)) => match agent.subcommand() {
            Some((name, behind)) => (cli::agent::is_own(name), behind),
            None => (true, agent),
        },
        Some((name, behind)) => (cli::is_own(name), behind),
        None => return Ok(ArgMatches::default()),
    };
    if is_own {
        return Ok(behind.clone());
    }
    match behind.get_many::<String>("") {
        Some(words) if words.len() > 0 => call::grammar().try_get_matches_from(words),
        // The most usual is not to wait for a grammar.
        _ => Ok(cli::nothing()),
    }
}

/// What clap says: help goes to standard output.
fn usage(error: &clap::Error) -> ExitCode {
    let _ = error.print();
    if error.use_stderr() {
        failure::USAGE.into()
    } else {
        ExitCode::SUCCESS
    }
}

fn end(failure: &Failure, output: Option<Output>) -> ExitCode {
    let plain = Output::new(None, None, false);
    let output = output.unwrap_or(plain);
    output.tell(failure);
    let _ = io::stderr().flush();
    failure.code.into()
}

fn settings(behind: &ArgMatches, before: &ArgMatches) -> Result<Settings, Failure> {
    let form = merged::<String>(behind, before, "output");
    let colour = match merged::<String>(behind, before, "color").as_deref() {
        Some("always") => Some(true),
        Some("never") => Some(false),
        _ => None,
    };
    let show_secrets = flag(behind, before, "show-secrets");
    let output = Output::new(form.as_deref().and_then(Form::named), colour, show_secrets);
    if flag(behind, before, "trace") {
        trace::start(output.notes);
    }
    let address = merged(behind, before, "socket").or_else(|| std::env::var("QMP_SOCKET").ok());
    let interrupts = Interrupts::install();
    Ok(Settings {
        address: address.filter(|address| !address.is_empty()),
        output,
        form_given: form.is_some(),
        timeout: merged(behind, before, "timeout"),
        quiet: flag(behind, before, "quiet"),
        fresh: flag(behind, before, "fresh"),
        oob: flag(behind, before, "oob"),
        early_events: matches!(before.subcommand_name(), Some("events")),
        record: None,
        is_shell: false,
        interrupts: interrupts.map_err(|error| Failure::usage(format!("SIGINT: {error}")))?,
    })
}

/// The exit code, which may be that of a program in a guest.
fn run(matches: &ArgMatches, behind: &ArgMatches, settings: &Settings) -> Result<u8, Failure> {
    let Some((name, own)) = matches.subcommand() else {
        return shell::run(settings).map(|()| 0);
    };
    let text = |id: &str| behind.get_one::<String>(id).cloned();
    let texts = |id: &str| -> Vec<String> {
        let all = behind.get_many::<String>(id).unwrap_or_default();
        all.cloned().collect()
    };
    let connect = || Session::connect(settings);
    let done = match name {
        "agent" => return agent::run(settings, own, behind, matches),
        "ls" => machines::list(settings.output),
        "run" => shell::script(settings, &text("file").unwrap_or_default()),
        "record" => {
            let mut settings = settings.clone();
            settings.record = text("file").map(|file| record::Wanted {
                file: file.into(),
                force: behind.get_flag("force"),
            });
            shell::run(&settings)
        }
        "replay" => replay::replay(settings, &text("file").unwrap_or_default()),
        "completions" => print(complete::script(&text("shell").unwrap_or_default())),
        "complete-line" => {
            let (shell, line) = (text("shell"), text("line"));
            let (shell, line) = (shell.unwrap_or_default(), line.unwrap_or_default());
            print(&harmless(&complete::for_shell(&shell, &line, settings)))
        }
        "man" => print(&man::page()),
        "describe" => {
            let name = text("name").unwrap_or_default();
            describe::describe(&connect()?, &name, texts("arguments"))
        }
        "commands" => {
            let capabilities = connect()?.needed_schema()?;
            let all = capabilities.commands();
            let all = all.map(|command| (command.name(), command.features().collect()));
            describe::names(settings.output, all, text("pattern").as_deref())
        }
        "events" => {
            let session = connect()?;
            let filters = texts("filter");
            if behind.get_flag("list") {
                let capabilities = session.needed_schema()?;
                let all = capabilities.events();
                let all = all.map(|event| (event.name(), event.features().collect()));
                let all = all.filter(|(name, _)| events::fits_any(&filters, name));
                return describe::names(settings.output, all, None).map(|()| 0);
            }
            let wanted = Wanted {
                filters,
                until: text("until"),
                count: behind.get_one("count").copied(),
            };
            events::follow(&session, &wanted)
        }
        "schema" => describe::path(&connect()?, &text("path").unwrap_or_default()),
        "supports" => {
            let given = Given::words(texts("arguments"))?
                .json(text("json").as_deref(), &settings.interrupts)?;
            describe::supports(&connect()?, &text("name").unwrap_or_default(), &given)
        }
        "job" => job::show(
            &connect()?,
            text("id").as_deref(),
            Wait::new(
                flag(behind, matches, "wait"),
                flag(behind, matches, "complete"),
            ),
        ),
        "hmp" => hmp::run(&connect()?, &texts("line").join(" ")),
        name => {
            let typed = Typed::new(name, behind, matches, &settings.interrupts)?;
            let mut settings = settings.clone();
            settings.oob = typed.oob;
            typed.run(&Session::connect(&settings)?)
        }
    };
    done.map(|()| 0)
}
