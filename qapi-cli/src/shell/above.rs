//! Lines shown above the one that is being typed.

use std::collections::VecDeque;
use std::io::{self, Write as _};
use std::sync::Mutex;

use reedline::ExternalPrinter;

use super::current::lock;
use super::mode::columns;

/// So many lines wait to be shown; of more the oldest are dropped.
const MOST: usize = 1000;

/// Hands the editor one row of the screen at a time. Given several at once it loses track of where its prompt is, and moves
/// all that is shown off the screen.
pub(super) struct Above {
    printer: ExternalPrinter<String>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<String>,
    dropped: usize,
    /// Whether the editor reads a line.
    is_reading: bool,
    /// Whether the editor has a row that it has not shown yet.
    is_handed: bool,
}

impl Above {
    pub(super) fn new() -> Self {
        Self {
            printer: ExternalPrinter::new(1),
            state: Mutex::default(),
        }
    }

    pub(super) fn printer(&self) -> ExternalPrinter<String> {
        self.printer.clone()
    }

    /// Shows a text at once if a line is being read, otherwise before the next one.
    pub(super) fn say(&self, text: &str) {
        let mut state = lock(&self.state);
        if state.waiting.len() >= MOST {
            state.waiting.pop_front();
            state.dropped += 1;
        }
        state.waiting.push_back(text.to_owned());
        self.hand(&mut state);
    }

    /// The same, but only while a line is being read. Says whether it is.
    pub(super) fn say_aside(&self, text: &str) -> bool {
        let is_reading = lock(&self.state).is_reading;
        if is_reading {
            self.say(text);
        }
        is_reading
    }

    /// Before a line is read, or read on. What has gathered is shown at once if the cursor is at the start of a row.
    pub(super) fn start(&self, is_new: bool) {
        let mut state = lock(&self.state);
        state.is_reading = true;
        if is_new {
            self.show(&mut state);
        }
    }

    fn show(&self, state: &mut State) {
        let dropped = std::mem::take(&mut state.dropped);
        let dropped = (dropped > 0).then(|| format!("{dropped} lines were dropped"));
        // Handed over when the line before was done.
        let handed = self.printer.get_line();
        state.is_handed = false;
        let mut out = io::stdout().lock();
        for line in dropped
            .into_iter()
            .chain(handed)
            .chain(state.waiting.drain(..))
        {
            // Nobody looks any more.
            let _ = writeln!(out, "{line}");
        }
        let _ = out.flush();
    }

    /// After a line was read.
    pub(super) fn end(&self) {
        lock(&self.state).is_reading = false;
    }

    /// The editor is about to show its prompt, after all that it was handed.
    pub(super) fn painted(&self) {
        let mut state = lock(&self.state);
        if self.printer.receiver().is_empty() {
            state.is_handed = false;
            self.hand(&mut state);
        }
    }

    fn hand(&self, state: &mut State) {
        if !state.is_reading || state.is_handed {
            return;
        }
        let Some(line) = state.waiting.pop_front() else {
            return;
        };
        let (row, rest) = cut(&line, columns());
        if !rest.is_empty() {
            state.waiting.push_front(rest.to_owned());
        }
        // There is room for one, and its receiver is here too.
        state.is_handed = self.printer.print(row.to_owned()).is_ok();
    }
}

/// What fits into a row, and what does not. Colours take no room.
fn cut(line: &str, width: usize) -> (&str, &str) {
    let (mut used, mut is_escape) = (0, false);
    for (at, c) in line.char_indices() {
        match c {
            '\x1b' => is_escape = true,
            _ if is_escape => is_escape = c != 'm',
            _ if used == width.max(1) => return line.split_at(at),
            _ => used += 1,
        }
    }
    (line, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows() {
        assert_eq!(cut("abc", 3), ("abc", ""));
        assert_eq!(cut("abcd", 3), ("abc", "d"));
        assert_eq!(cut("\x1b[35mabc\x1b[0md", 3), ("\x1b[35mabc\x1b[0m", "d"));
        assert_eq!(cut("äöü", 2), ("äö", "ü"));
        assert_eq!(cut("", 2), ("", ""));
    }

    #[test]
    fn one_at_a_time() {
        let above = Above::new();
        let editor = above.printer();
        above.say("before");
        assert_eq!(editor.get_line(), None);
        above.start(true);
        for line in ["a", "b"] {
            above.say(line);
        }
        // A key is pressed before it was taken.
        above.painted();
        assert_eq!(editor.get_line().as_deref(), Some("a"));
        assert_eq!(editor.get_line(), None);
        above.say("c");
        assert_eq!(editor.get_line(), None);
        above.painted();
        assert_eq!(editor.get_line().as_deref(), Some("b"));
        above.end();
        above.painted();
        assert_eq!(editor.get_line(), None);
    }
}
