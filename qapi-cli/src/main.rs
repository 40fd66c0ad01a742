//! `qmp`: a terminal for QEMU, its storage daemon and its guest agent.

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
mod output;
mod processes;
mod record;
mod schema;
mod session;
mod shell;
mod trace;
mod words;

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
use crate::output::{Form, Output, Role, harmless, print};
use crate::session::{Session, Settings};

fn main() -> ExitCode {
    let words: Vec<_> = std::env::args_os().collect();
    let matches = match cli::command_for(&words).try_get_matches_from(words) {
        Ok(matches) => matches,
        Err(error) => return usage(&error),
    };
    let behind = match matches.subcommand() {
        Some((name, behind)) if !cli::is_own(name) => {
            let words = behind.get_many::<String>("").unwrap_or_default();
            match call::grammar().try_get_matches_from(words) {
                Ok(behind) => behind,
                Err(error) => return usage(&error),
            }
        }
        Some((_, behind)) => behind.clone(),
        None => ArgMatches::default(),
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
    for line in failure.message.lines() {
        output.note(Role::Error, "error", line);
    }
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
        record: None,
        interrupts: interrupts.map_err(|error| Failure::usage(format!("SIGINT: {error}")))?,
    })
}

/// The exit code, which may be that of a program in a guest.
fn run(matches: &ArgMatches, behind: &ArgMatches, settings: &Settings) -> Result<u8, Failure> {
    let Some((name, _)) = matches.subcommand() else {
        return shell::run(settings).map(|()| 0);
    };
    let text = |id: &str| behind.get_one::<String>(id).cloned();
    let texts = |id: &str| -> Vec<String> {
        let all = behind.get_many::<String>(id).unwrap_or_default();
        all.cloned().collect()
    };
    let connect = || Session::connect(settings);
    let done = match name {
        "agent" => return agent::run(settings, behind, matches),
        "ls" => machines::list(settings.output),
        "run" => shell::script(settings, &text("file").unwrap_or_default()),
        "record" => {
            let mut settings = settings.clone();
            settings.record = text("file").map(Into::into);
            shell::run(&settings)
        }
        "replay" => record::replay(settings, &text("file").unwrap_or_default()),
        "completions" => print(complete::script(&text("shell").unwrap_or_default())),
        "complete-line" => {
            let (shell, line) = (text("shell"), text("line"));
            let (shell, line) = (shell.unwrap_or_default(), line.unwrap_or_default());
            print(&harmless(&complete::for_shell(&shell, &line, settings)))
        }
        "man" => man(),
        "describe" => {
            let name = text("name").unwrap_or_default();
            describe::describe(&connect()?, &name, &texts("arguments"))
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
            let given = Given::words(texts("arguments"))?.json(text("json").as_deref())?;
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
        text if text.starts_with('{') => {
            let mut settings = settings.clone();
            settings.oob |= text.contains("\"exec-oob\"");
            shell::message(&Session::connect(&settings)?, text)
        }
        name => {
            let typed = Typed::new(name, behind, matches)?;
            typed.run(&connect()?)
        }
    };
    done.map(|()| 0)
}

/// `qmp man`.
fn man() -> Result<(), Failure> {
    let mut page = Vec::new();
    let rendered = clap_mangen::Man::new(cli::command()).render(&mut page);
    rendered.map_err(|error| Failure::usage(error.to_string()))?;
    print(&String::from_utf8_lossy(&page))
}
