//! What reading the files of a schema gives.

use crate::diagnostic::Log;
use crate::names::{FastSet, Interner, Symbol};
use crate::source::{FileId, SourceMap};
use crate::syntax::ast::Item;
use crate::syntax::pragma::Pragmas;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    pub(crate) legacy: bool,
    pub(crate) style: bool,
    /// Whether the text of documentation is kept.
    pub(crate) docs: bool,
}

/// Everything that reading the files of a schema gives.
pub(crate) struct Parsed {
    pub(crate) options: Options,
    pub(crate) sources: SourceMap,
    pub(crate) names: Interner,
    pub(crate) report: Log,
    /// Definitions and free-form documentation, in reading order.
    pub(crate) items: Vec<Item>,
    /// The path of each file, by [`FileId`], relative to the root's directory or to the one where a
    /// search found it. Files are numbered in the order in which modules are first mentioned.
    pub(crate) modules: Vec<String>,
    /// How many of the files are the schema's own. The others extend it.
    pub(crate) own_files: usize,
    /// The include expressions: which file has them, and the path as written.
    pub(crate) includes: Vec<(FileId, Symbol)>,
    pub(crate) pragmas: Pragmas,
    /// Names that faulty expressions seem to define.
    pub(crate) poisoned: FastSet<Symbol>,
    /// Whether definitions may be missing, so that an unknown name may be a consequence.
    pub(crate) incomplete: bool,
    /// Whether a pragma could not be read, so that exceptions from rules may be missing.
    pub(crate) unread_pragma: bool,
    /// Definitions whose documentation stands elsewhere, which was reported.
    pub(crate) misplaced_docs: FastSet<Symbol>,
    /// Whether documentation in the form before 2.9 was seen.
    pub(crate) text_docs: bool,
    /// Whether a form was seen that 6.2 dropped.
    pub(crate) old_expressions: bool,
}

impl Parsed {
    pub(super) fn new(options: Options) -> Parsed {
        Parsed {
            options,
            sources: SourceMap::default(),
            names: Interner::new(),
            report: Log::default(),
            items: Vec::new(),
            modules: Vec::new(),
            own_files: 0,
            includes: Vec::new(),
            pragmas: Pragmas::default(),
            poisoned: FastSet::default(),
            incomplete: false,
            unread_pragma: false,
            misplaced_docs: FastSet::default(),
            text_docs: false,
            old_expressions: false,
        }
    }

    /// Whether the exceptions from rules are known, as far as pragmas tell.
    pub(crate) fn exceptions_known(&self) -> bool {
        !self.unread_pragma && !self.incomplete
    }
}
