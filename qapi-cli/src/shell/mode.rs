//! The terminal while a command runs, so that what is typed ahead is there for the lines after it.

use std::io;

use crossterm::terminal;
use rustix::stdio::stdin;
use rustix::termios::{
    InputModes, LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
};

/// Has keys kept as they are while no line is read, and not shown. Ctrl-C is still a signal. Dropped, the terminal is as before.
pub(super) struct Ahead {
    before: Termios,
}

impl Ahead {
    pub(super) fn start() -> io::Result<Self> {
        let before = tcgetattr(stdin())?;
        let mut modes = before.clone();
        // Enter has to stay what it is: the editor tells lines from each other by it.
        modes
            .input_modes
            .remove(InputModes::ICRNL | InputModes::IGNCR);
        modes.input_modes.insert(InputModes::INLCR);
        modes
            .local_modes
            .remove(LocalModes::ICANON | LocalModes::ECHO);
        modes.special_codes[SpecialCodeIndex::VMIN] = 1;
        modes.special_codes[SpecialCodeIndex::VTIME] = 0;
        tcsetattr(stdin(), OptionalActions::Now, &modes)?;
        Ok(Self { before })
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        // There is no terminal any more.
        let _ = tcsetattr(stdin(), OptionalActions::Now, &self.before);
    }
}

/// Columns of a terminal that does not say how many it has.
const USUAL: usize = 80;

/// How many columns there are.
pub(super) fn columns() -> usize {
    match terminal::size() {
        Ok((columns @ 1.., _)) => columns.into(),
        _ => USUAL,
    }
}

/// As the editor does before it reads a line. But a line end is as good as Enter, since programs that type end lines so.
pub(super) fn raw() -> io::Result<()> {
    terminal::enable_raw_mode()?;
    let mut modes = tcgetattr(stdin())?;
    modes.input_modes.insert(InputModes::INLCR);
    Ok(tcsetattr(stdin(), OptionalActions::Now, &modes)?)
}
