//! A command of the server.

use std::collections::HashSet;
use std::fs::OpenOptions;
use std::os::fd::OwnedFd;

use clap::{Arg, ArgMatches, Command};
use qapi_rt::types::Object;

use crate::arguments::{self, Given};
use crate::cli::{self, flag, merged};
use crate::failure::Failure;
use crate::interrupts::Interrupts;
use crate::job::{self, Wait};
use crate::pasted;
use crate::session::{Call, Session};

/// A command and what goes with it, as typed.
#[derive(Debug)]
pub(crate) struct Typed {
    name: String,
    arguments: Arguments,
    fds: Vec<String>,
    pub(crate) oob: bool,
    wait: Wait,
}

#[derive(Debug)]
enum Arguments {
    /// Words and options.
    Given { given: Given, unchecked: bool },
    /// Those of a whole message, which are sent as they are.
    Whole(Object),
}

/// The grammar of what comes after the command's name.
pub(crate) fn grammar() -> Command {
    grammar_with(cli::call_arguments())
}

/// The same within the shell, where what is said of all commands was said before.
pub(crate) fn shell_grammar() -> Command {
    grammar_with(cli::call_only())
}

fn grammar_with(options: impl IntoIterator<Item = Arg>) -> Command {
    Command::new("command")
        .no_binary_name(true)
        .disable_version_flag(true)
        .about("A command of the server; `qmp describe` says what it takes")
        .override_usage("qmp [OPTIONS] COMMAND [KEY=VALUE | KEY:=JSON]...")
        .arg(Arg::new("words").num_args(0..).help("Arguments"))
        .args(options)
}

impl Typed {
    /// `before` is what was said before the command's name, which may be a whole message, as from a log.
    pub(crate) fn new(
        name: &str,
        behind: &ArgMatches,
        before: &ArgMatches,
        interrupts: &Interrupts,
    ) -> Result<Self, Failure> {
        if let Some(message) = pasted::message(name) {
            refuse_arguments(behind, before)?;
            let (name, arguments, oob) = pasted::parts(message)?;
            let arguments = Arguments::Whole(arguments);
            let typed = Self::with(&name, arguments, behind, before)?;
            return Ok(Self {
                oob: typed.oob || oob,
                ..typed
            });
        }
        named(name)?;
        let words = cli::words_of(behind);
        let json = merged::<String>(behind, before, "json");
        let arguments = Arguments::Given {
            given: Given::words(words)?
                .json(json.as_deref(), interrupts)?
                .keyval(merged(behind, before, "keyval")),
            unchecked: flag(behind, before, "unchecked"),
        };
        Self::with(name, arguments, behind, before)
    }

    fn with(
        name: &str,
        arguments: Arguments,
        behind: &ArgMatches,
        before: &ArgMatches,
    ) -> Result<Self, Failure> {
        let fds = [before, behind]
            .into_iter()
            .filter_map(|matches| matches.try_get_many::<String>("fd").ok().flatten())
            .flatten();
        let mut names = HashSet::new();
        for (name, _) in fds.clone().filter_map(|fd| fd.split_once('=')) {
            if !names.insert(name) {
                return Err(Failure::usage(arguments::twice(name)));
            }
        }
        Ok(Self {
            name: name.to_owned(),
            arguments,
            fds: fds.cloned().collect(),
            oob: flag(behind, before, "oob"),
            wait: Wait::new(
                flag(behind, before, "wait"),
                flag(behind, before, "complete"),
            ),
        })
    }

    pub(crate) fn run(self, session: &Session) -> Result<(), Failure> {
        if self.oob && self.wait != Wait::No {
            return Err(Failure::usage(
                "--oob does not go with --wait and --complete: no job is started out of band",
            ));
        }
        let before = |failure: Failure| failure.before(&self.name);
        let arguments = match self.arguments {
            // It was done when the connection was made.
            Arguments::Whole(_) if self.name == "qmp_capabilities" => return Ok(()),
            Arguments::Whole(arguments) => arguments,
            Arguments::Given { given, unchecked } => {
                arguments::resolve(session, &self.name, &given, unchecked).map_err(before)?
            }
        };
        let mut fds = Vec::new();
        for fd in &self.fds {
            fds.push(open(fd)?);
        }
        let takes_it = matches!(&*self.name, "getfd" | "add-fd");
        let (sent, named): (Vec<_>, Vec<_>) = fds
            .into_iter()
            .partition(|(name, _)| takes_it || name.is_empty());
        hand_over(session, named).map_err(before)?;
        let sent = sent.into_iter().map(|(_, file)| file).collect();
        if self.wait != Wait::No {
            return job::start(session, &self.name, arguments, sent, self.wait);
        }
        let call = Call::new(&self.name, arguments);
        let reply = session.execute_as(call, self.oob, sent)?;
        session.output().reply(&reply)
    }
}

/// Refuses what goes with no whole message, which has its arguments.
pub(crate) fn refuse_arguments(behind: &ArgMatches, before: &ArgMatches) -> Result<(), Failure> {
    let is_given = |name: &&str| merged::<String>(behind, before, name).is_some();
    let option = ["json", "keyval"].into_iter().find(is_given);
    let word = cli::words_of(behind).next().map(|word| format!("'{word}'"));
    match word.or(option.map(|name| format!("--{name}"))) {
        Some(extra) => Err(Failure::usage(format!(
            "{extra} is too much beside a whole message"
        ))),
        None => Ok(()),
    }
}

/// Refuses what is no name.
pub(crate) fn named(name: &str) -> Result<(), Failure> {
    match name.trim() {
        "" => Err(Failure::usage("the name of the command is empty")),
        _ => Ok(()),
    }
}

/// Gives the server descriptors under their names.
fn hand_over(session: &Session, fds: Vec<(String, OwnedFd)>) -> Result<(), Failure> {
    for (name, file) in fds {
        session.client.getfd(&name, file)?;
    }
    Ok(())
}

/// Opens `NAME=FILE` and gives the server its descriptor under the name.
pub(crate) fn give(session: &Session, text: &str) -> Result<(), Failure> {
    match open(text)? {
        (name, _) if name.is_empty() => Err(Failure::usage("under which name? fd NAME=FILE")),
        named => hand_over(session, vec![named]),
    }
}

/// `NAME=FILE`, or a file without a name. One that cannot be written is opened for reading.
fn open(text: &str) -> Result<(String, OwnedFd), Failure> {
    let (name, path) = text.split_once('=').unwrap_or(("", text));
    let file = OpenOptions::new().read(true).write(true).open(path);
    let file = file.or_else(|_| OpenOptions::new().read(true).open(path));
    match file {
        Ok(file) => Ok((name.to_owned(), file.into())),
        Err(error) => Err(Failure::usage(format!("{path}: {error}"))),
    }
}

/// Arguments of one member, for commands that this program sends by itself.
pub(crate) fn one(name: &str, value: &str) -> Object {
    Object::from_iter([(name.to_owned(), value.into())])
}
