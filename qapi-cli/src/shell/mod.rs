//! The shell: `qmp` without a command.

mod above;
mod current;
mod editor;
mod events;
mod interpret;
mod menu;
mod mode;
mod progress;
mod script;
mod secrets;

use std::io::{self, IsTerminal as _};

use reedline::Signal;

use crate::failure::Failure;
use crate::output::{is_dumb, print};
use crate::settings::Settings;
use crate::words;

use current::current;
use interpret::{Interpreter, Outcome};
use mode::Ahead;
use script::Script;

/// `qmp` without a command: a shell on a terminal, a script otherwise.
pub(crate) fn run(settings: &Settings) -> Result<(), Failure> {
    if !io::stdin().is_terminal() {
        return script(settings, "-");
    }
    if is_dumb() {
        return lines(settings);
    }
    let mut interpreter = Interpreter::interactive(settings)?;
    interpreter.greet()?;
    let (mut editor, prompt) = editor::editor(&interpreter);
    // Ctrl-C ends what is under way, but not the shell.
    let _held = settings.interrupts.hold();
    let the_terminal = |error| Failure::usage(format!("the terminal: {error}"));
    let _ahead = Ahead::start().map_err(the_terminal)?;
    let mut is_new = true;
    loop {
        prompt.starts(is_new);
        mode::raw().map_err(the_terminal)?;
        let read = editor.read_line(&prompt);
        prompt.ends();
        is_new = !matches!(read, Ok(Signal::ExternalBreak(_)));
        let line = match read {
            Ok(Signal::Success(line)) => line,
            // What the prompt says has changed; what was typed stays.
            Ok(Signal::CtrlC | Signal::ExternalBreak(_)) => continue,
            Ok(_) => return Ok(()),
            Err(error) => return Err(the_terminal(error)),
        };
        for (_, statement) in words::statements(&line) {
            match interpreter.execute(&statement) {
                Ok(Outcome::Next) => {}
                Ok(Outcome::Leave) => return Ok(()),
                Err(failure) => {
                    interpreter.settings().output.tell(&failure);
                    // What was pasted with it may count on it.
                    break;
                }
            }
        }
    }
}

/// The shell where the terminal is no place for an editor: lines up to the end of input or of the connection.
fn lines(settings: &Settings) -> Result<(), Failure> {
    let mut interpreter = Interpreter::plain(settings)?;
    let prompt = editor::name(&interpreter) + "> ";
    let mut script = Script::open("-", &settings.interrupts)?;
    loop {
        print(&prompt)?;
        let Some((_, statement)) = script.next()? else {
            return print("\n");
        };
        match interpreter.execute(&statement) {
            Ok(Outcome::Next) => {}
            Ok(Outcome::Leave) => return Ok(()),
            Err(failure) if current(&interpreter.session).client.closed().is_some() => {
                return Err(failure);
            }
            Err(failure) => settings.output.tell(&failure),
        }
    }
}

/// `qmp run`: the lines of a file, or of standard input for `-`, up to the first that fails.
pub(crate) fn script(settings: &Settings, path: &str) -> Result<(), Failure> {
    let mut interpreter = Interpreter::new(settings)?;
    source(&mut interpreter, path)
}

pub(crate) fn source(interpreter: &mut Interpreter, path: &str) -> Result<(), Failure> {
    let mut script = Script::open(path, &interpreter.settings().interrupts)?;
    if path == "-" {
        interpreter.lines_are_input();
    }
    loop {
        let next = script.next().map_err(|failure| interpreter.unread(failure));
        let Some((line, statement)) = next? else {
            return Ok(());
        };
        match interpreter.execute(&statement) {
            Ok(Outcome::Next) => {}
            Ok(Outcome::Leave) => return Ok(()),
            Err(failure) => return Err(script.failed(line, failure)),
        }
    }
}
