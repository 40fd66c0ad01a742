//! What a line of the shell, or of a script, does.

use std::io::Write as _;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use clap::{ArgMatches, Command};

use super::current::{Current, current};
use super::events::Watch;
use super::secrets::{is_masked, masked};
use super::source;
use crate::call::{self, Typed};
use crate::cli;
use crate::describe;
use crate::events::{check_patterns, fits_any};
use crate::failure::{CONNECTION, Failure, INTERRUPTED, UNKNOWN};
use crate::hmp;
use crate::job::{self, Wait};
use crate::output::{Role, harmless, print};
use crate::pasted;
use crate::record;
use crate::session::Session;
use crate::settings::Settings;
use crate::words;

/// What comes after a line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Next,
    Leave,
}

/// Those that are of no use in a file.
const NOT_KEPT: [&str; 5] = ["events", "exit", "save", "source", "timing"];

/// Executes lines.
pub(crate) struct Interpreter {
    settings: Settings,
    pub(super) session: Current,
    pub(super) watch: Option<Watch>,
    /// Whether a person types the lines.
    is_interactive: bool,
    timing: bool,
    /// What a person had executed, secrets masked. A script has it already, and may be of any length.
    done: Vec<String>,
    has_executed: bool,
    /// Whether lines come from standard input, so that nothing else is to be read from there.
    is_input: bool,
    /// How deep files that are read from files are.
    depth: usize,
    /// Whether the line before was `quit`.
    about_to_quit: bool,
}

impl Interpreter {
    /// For a script.
    pub(crate) fn new(settings: &Settings) -> Result<Self, Failure> {
        let mut settings = settings.clone();
        settings.is_shell = true;
        // Which lines need it is not known before they are read.
        settings.oob = true;
        let session = Session::connect(&settings)?;
        Ok(Self {
            settings,
            session: Arc::new(Mutex::new(Arc::new(session))),
            watch: None,
            is_interactive: false,
            timing: false,
            done: Vec::new(),
            has_executed: false,
            is_input: false,
            depth: 0,
            about_to_quit: false,
        })
    }

    /// For a person, who sees events and may see the server come back.
    pub(crate) fn interactive(settings: &Settings) -> Result<Self, Failure> {
        let mut settings = settings.clone();
        settings.early_events = true;
        let mut interpreter = Self::new(&settings)?;
        let watch = Watch::start(&interpreter.settings, &interpreter.session);
        interpreter.watch = Some(watch);
        interpreter.is_interactive = true;
        Ok(interpreter)
    }

    /// For a person whose terminal has no room for what happens meanwhile.
    pub(super) fn plain(settings: &Settings) -> Result<Self, Failure> {
        let mut interpreter = Self::new(settings)?;
        interpreter.is_interactive = true;
        interpreter.lines_are_input();
        print(&format!("{}\n", version(&current(&interpreter.session))))?;
        Ok(interpreter)
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Lines come from standard input from now on.
    pub(super) fn lines_are_input(&mut self) {
        self.is_input = true;
    }

    /// What kept the next line from being read.
    pub(super) fn unread(&self, failure: Failure) -> Failure {
        match failure.code {
            INTERRUPTED if self.has_executed => Failure::interrupted_between(),
            _ => failure,
        }
    }

    pub(super) fn greet(&self) -> Result<(), Failure> {
        let session = current(&self.session);
        let palette = self.settings.output.palette;
        let hint = palette.paint(
            Role::Dim,
            "help shows what there is, Tab completes, Ctrl-D leaves",
        );
        print(&format!("{}\n{hint}\n", version(&session)))
    }

    /// Executes one statement: JSON as it goes over the wire, or words.
    pub(crate) fn execute(&mut self, statement: &str) -> Result<Outcome, Failure> {
        let start = Instant::now();
        let statement = pasted::unmarked(statement).trim();
        if let Some(open) = words::unclosed(statement) {
            return Err(Failure::usage(format!("{open} is not closed")));
        }
        if pasted::received(statement).is_some() {
            if !self.settings.quiet {
                let text = "what a server said is passed over";
                self.settings.output.note(Role::Dim, "note", text);
            }
            return Ok(Outcome::Next);
        }
        let done = if is_masked(statement) {
            Err(Failure::usage(
                "a secret was left out here: put it in the place of ***",
            ))
        } else if statement.starts_with('{') {
            self.about_to_quit = false;
            let nothing = cli::nothing();
            Typed::new(statement, &nothing, &nothing, &self.settings.interrupts)
                .and_then(|typed| typed.run(&current(&self.session)))
                .map(|()| Outcome::Next)
        } else {
            let words = words::texts(statement).map_err(Failure::usage)?;
            self.words(&words)
        };
        if let Err(failure) = &done
            && matches!(failure.code, CONNECTION | UNKNOWN)
            && current(&self.session).client.closed().is_some()
            && let Some(watch) = &self.watch
        {
            watch.gone();
        }
        if self.timing {
            let took = start.elapsed().as_secs_f64() * 1000.0;
            let text = format!("{took:.1} ms\n");
            print(&self.settings.output.palette.paint(Role::Dim, &text))?;
        }
        let outcome = done?;
        self.has_executed = true;
        // What a file says was kept line by line.
        let name = statement.split_whitespace().next().unwrap_or_default();
        if self.is_interactive && !self.about_to_quit && !NOT_KEPT.contains(&name) {
            self.done.push(masked(statement));
        }
        current(&self.session).check_recording()?;
        Ok(outcome)
    }

    fn words(&mut self, words: &[String]) -> Result<Outcome, Failure> {
        let [name, rest @ ..] = words else {
            return Ok(Outcome::Next);
        };
        let quits = std::mem::take(&mut self.about_to_quit);
        let session = current(&self.session);
        let behind = match cli::shell::grammar(name) {
            Some(grammar) => parsed(grammar, rest)?,
            None => cli::nothing(),
        };
        let text = |id: &str| behind.try_get_one::<String>(id).ok().flatten();
        let required = |id: &str| text(id).map_or("", String::as_str);
        let flag = |id: &str| cli::flag(&behind, &cli::nothing(), id);
        let first = text("word").or(rest.first()).map(String::as_str);
        let needed = || first.ok_or_else(|| Failure::usage(format!("{name}: what? See help")));
        let output = self.settings.output;
        match &**name {
            "exit" => return Ok(Outcome::Leave),
            "help" => {
                let lines = cli::shell::OWN
                    .iter()
                    .map(|(name, about)| format!("{:10}{about}\n", name));
                print(&lines.collect::<String>())?;
                print(
                    "Everything else is a command of the server: NAME KEY=VALUE… with --json, --fd, --oob, --wait; or a JSON message\n",
                )
            }
            "version" => print(&format!("{}\n", version(&session))),
            "describe" => {
                let arguments = behind.get_many::<String>("arguments").unwrap_or_default();
                describe::describe(&session, required("name"), arguments)
            }
            "commands" => {
                let capabilities = session.needed_schema()?;
                let all = capabilities.commands();
                let all = all.map(|command| (command.name(), command.features().collect()));
                describe::names(output, all, text("pattern").map(String::as_str))
            }
            "schema" => describe::path(&session, required("path")),
            "supports" => {
                let given = crate::arguments::Given::words(rest.iter().skip(1))?;
                describe::supports(&session, needed()?, &given)
            }
            "hmp" => hmp::run(&session, &rest.join(" ")),
            "job" => {
                let wait = Wait::new(flag("wait"), flag("complete"));
                job::show(&session, text("id").map(String::as_str), wait)
            }
            "events" => self.events(&session, rest),
            "timing" => {
                self.timing = on_off(needed()?)?;
                Ok(())
            }
            "fd" => call::give(&session, needed()?),
            "save" if !self.is_interactive => Err(Failure::usage(
                "save is for the shell only: the lines of a script are there already",
            )),
            "save" => {
                let path = required("file");
                let lines = self.done.join("\n") + "\n";
                let lines = format!("# Commands for qmp run\n{lines}");
                let mut file = record::private(path.as_ref(), flag("force"))?;
                file.write_all(lines.as_bytes())
                    .map_err(|error| Failure::usage(format!("{path}: {error}")))
            }
            "source" => {
                let path = needed()?.to_owned();
                if path == "-" && self.is_interactive {
                    return Err(Failure::usage("source -: lines can be pasted here"));
                }
                if path == "-" && self.is_input {
                    return Err(Failure::usage("source -: lines come from there already"));
                }
                if self.depth == 16 {
                    return Err(Failure::usage(format!(
                        "{path}: too many files within files"
                    )));
                }
                self.depth += 1;
                let done = source(self, &path);
                self.depth -= 1;
                done
            }
            // It is what people type to leave.
            "quit" if self.is_interactive && rest.is_empty() && !quits => {
                self.about_to_quit = true;
                print("quit ends the server. Once more to do that; exit leaves the shell\n")
            }
            "oob" => {
                let name = needed()?.to_owned();
                self.call(&session, &name, &rest[1..], true)
            }
            name => self.call(&session, name, rest, false),
        }?;
        Ok(Outcome::Next)
    }

    /// A command of the server.
    fn call(
        &self,
        session: &Session,
        name: &str,
        words: &[String],
        oob: bool,
    ) -> Result<(), Failure> {
        let behind = parsed(call::shell_grammar(), words)?;
        // The lines come from there.
        let json = behind.get_one::<String>("json");
        if json.is_some_and(|text| text == "-") && (self.is_interactive || self.is_input) {
            return Err(Failure::usage(match self.is_interactive {
                true => "--json - is not for the shell; a whole JSON message can be pasted here",
                false => {
                    "--json - is not for lines of standard input; a whole JSON message can be one"
                }
            }));
        }
        let mut typed = Typed::new(name, &behind, &cli::nothing(), &self.settings.interrupts)?;
        typed.oob |= oob;
        typed.run(session)
    }

    fn events(&self, session: &Session, words: &[String]) -> Result<(), Failure> {
        let Some(watch) = &self.watch else {
            return Err(Failure::usage(match self.is_interactive {
                true => "this terminal has no room for events; see qmp events",
                false => "events are shown in the shell only; see qmp events",
            }));
        };
        let (what, patterns) = words
            .split_first()
            .map_or(("on", &[][..]), |(what, rest)| (what, rest));
        match what {
            "on" | "off" if !patterns.is_empty() => {
                return Err(Failure::usage(format!(
                    "events {what}: '{}' is too much",
                    patterns[0]
                )));
            }
            "on" => watch.filter(Some(Vec::new())),
            "off" => watch.filter(None),
            "filter" if patterns.is_empty() => {
                return Err(Failure::usage(
                    "events filter: which? Patterns follow, as BLOCK_JOB_*; events on shows all",
                ));
            }
            "filter" => {
                check_patterns(patterns)?;
                watch.filter(Some(patterns.to_vec()));
            }
            "list" => {
                let capabilities = session.needed_schema()?;
                let all = capabilities.events();
                let all = all.map(|event| (event.name(), event.features().collect()));
                let all = all.filter(|(name, _)| fits_any(patterns, name));
                return describe::names(self.settings.output, all, None);
            }
            _ => return Err(Failure::usage("events on | off | filter PATTERN… | list")),
        }
        Ok(())
    }
}

/// What words say by a grammar.
fn parsed(grammar: Command, words: &[String]) -> Result<ArgMatches, Failure> {
    grammar.try_get_matches_from(words).map_err(|error| {
        let text = error.render().to_string();
        Failure::usage(text.trim().trim_start_matches("error: ").to_owned())
    })
}

fn on_off(word: &str) -> Result<bool, Failure> {
    match word {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err(Failure::usage(format!("on or off, not '{word}'"))),
    }
}

/// What the server says that it is.
fn version(session: &Session) -> String {
    let version = &session.client.greeting().version;
    let qemu = &version.qemu;
    let package = match &*version.package {
        "" => String::new(),
        package => format!(" ({})", harmless(package)),
    };
    let address = session.settings.address.as_deref().unwrap_or_default();
    format!(
        "QEMU {}.{}.{}{package} at {address}",
        qemu.major, qemu.minor, qemu.micro
    )
}
