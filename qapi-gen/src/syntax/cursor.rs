//! Where in a file reading is.

use crate::source::FileId;
use crate::syntax::lexer::{Lexer, Token};
use crate::syntax::parsed::Parsed;

pub(crate) struct Cursor {
    pub(crate) lexer: Lexer,
    pub(crate) token: Token,
    /// Whether the next advance stays at the current token.
    pub(super) held: bool,
}

/// Reads one file.
pub(crate) struct FileParser<'p> {
    pub(crate) cursor: &'p mut Cursor,
    pub(super) file: FileId,
    pub(crate) shared: &'p mut Parsed,
}

impl FileParser<'_> {
    pub(crate) fn advance(&mut self) {
        self.read_token(false);
    }

    pub(crate) fn advance_in_doc(&mut self) {
        self.read_token(true);
    }

    fn read_token(&mut self, in_doc: bool) {
        if !std::mem::take(&mut self.cursor.held) {
            let Parsed { names, report, .. } = self.shared;
            self.cursor.token = self.cursor.lexer.next(in_doc, names, report);
        }
    }

    /// Makes the next advance stay at the current token.
    pub(crate) fn hold_token(&mut self) {
        self.cursor.held = true;
    }
}
