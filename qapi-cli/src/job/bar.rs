//! How far something is, in a line that is written over.

use std::io::{self, IsTerminal as _, Write as _};

use rustix::stdio::stderr;
use rustix::termios::tcgetwinsize;

use crate::output::{Role, is_dumb};
use crate::session::Session;

/// Characters of the bar.
const WIDEST: usize = 30;
/// A shorter bar says less than the figures.
const SHORTEST: usize = 5;
/// Columns of a terminal that does not say how many it has.
const USUAL: usize = 80;

/// On standard error, if that is a terminal.
pub(super) struct Bar<'s> {
    session: &'s Session,
    is_on: bool,
    is_shown: bool,
}

impl<'s> Bar<'s> {
    pub(super) fn new(session: &'s Session) -> Self {
        Self {
            session,
            is_on: io::stderr().is_terminal() && !is_dumb() && !session.settings.quiet,
            is_shown: false,
        }
    }

    pub(super) fn show(&mut self, current: u64, total: u64) {
        if !self.is_on || total == 0 {
            return;
        }
        let columns = match tcgetwinsize(stderr()) {
            Ok(size) if size.ws_col > 0 => size.ws_col.into(),
            _ => USUAL,
        };
        let (bar, text) = line(current, total, columns);
        let bar = self.session.output().notes.paint(Role::Text, &bar);
        let _ = write!(io::stderr(), "\r\x1b[K{bar}{text}");
        self.is_shown = true;
    }

    pub(super) fn clear(&self) {
        if self.is_shown {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}

/// The bar and the figures behind it, in so many columns at most: what does not fit in one row stays when the row is written
/// over. The last column is left free, since some terminals go on in the next row at once.
fn line(current: u64, total: u64, columns: usize) -> (String, String) {
    let share = current.min(total) as f64 / total as f64;
    let text = format!(" {:3.0} %  {current} of {total}", share * 100.0);
    let room = columns.saturating_sub(1);
    let length = room.saturating_sub(text.len()).min(WIDEST);
    if length < SHORTEST {
        let text = text.trim_start().chars().take(room).collect();
        return (String::new(), text);
    }
    let full = (share * length as f64) as usize;
    let bar = "█".repeat(full) + &"░".repeat(length - full);
    (bar, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_wider_than_the_terminal() {
        let line = |columns| {
            let (bar, text) = line(1 << 25, 1 << 26, columns);
            bar + &text
        };
        let figures = "50 %  33554432 of 67108864";
        assert_eq!(line(100), format!("{0:█<15}{0:░<15}  {figures}", ""));
        assert_eq!(line(40), format!("{0:█<5}{0:░<6}  {figures}", ""));
        assert_eq!(line(30), figures);
        assert_eq!(line(20), "50 %  33554432 of 6");
        for columns in 0..120 {
            let length = line(columns).chars().count();
            assert!(length <= columns.saturating_sub(1), "{columns}: {length}");
        }
    }
}
