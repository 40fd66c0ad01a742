//! Diagnostics: what is wrong with a schema, as values.
//!
//! The library returns them and never prints; [`render`](crate::render) turns them into text.

mod code;
mod log;

pub use code::Code;
pub(crate) use log::Log;

use crate::names::Name;
use crate::source::{Position, SourceMap, Span};
use std::fmt;

/// The kinds of top-level definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DefinitionKind {
    /// `enum`
    Enum,
    /// `struct`
    Struct,
    /// `union`
    Union,
    /// `alternate`
    Alternate,
    /// `command`
    Command,
    /// `event`
    Event,
}

impl DefinitionKind {
    /// The key that introduces such a definition.
    pub fn as_str(self) -> &'static str {
        match self {
            DefinitionKind::Enum => "enum",
            DefinitionKind::Struct => "struct",
            DefinitionKind::Union => "union",
            DefinitionKind::Alternate => "alternate",
            DefinitionKind::Command => "command",
            DefinitionKind::Event => "event",
        }
    }
}

impl fmt::Display for DefinitionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An error in a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Diagnostic {
    /// The rule that is broken.
    pub code: Code,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// The text that is wrong; `None` only where there is no source text at all.
    pub primary: Option<Span>,
    /// What to say at the primary span in an excerpt; empty where the message says it all.
    pub primary_label: String,
    /// The expression (or documentation section) that the error belongs to, where that is more
    /// than the primary span. Compilers' one-line formats name the line on which it starts.
    pub anchor: Option<Span>,
    /// Whether the error is one of syntax, so that one-line formats name its column as well.
    pub exact: bool,
    /// The definition that the error is in, once its kind and name are known.
    pub definition: Option<(DefinitionKind, Name)>,
    /// Other places that have to do with it.
    pub labels: Vec<Label>,
    /// Facts that explain the rule.
    pub notes: Vec<String>,
    /// What to do about it.
    pub help: Vec<String>,
    /// The last release of QEMU, from 6.0 on, whose generator took this; `None` if none did.
    /// Every one from 6.0 up to it did.
    pub taken_until: Option<Release>,
}

/// A release of QEMU: major and minor number.
pub type Release = (u32, u32);

/// A remark on a place other than the primary one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// What is there.
    pub message: String,
}

/// Where a one-line format places an error: the file and line, and the column where the error
/// is one of syntax. Errors of meaning are placed at the first line of the expression they are in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Location {
    /// The file and line; its column counts only if `with_column`.
    pub position: Position,
    /// Whether the column belongs to the location.
    pub with_column: bool,
}

impl Diagnostic {
    pub(crate) fn new(code: Code, primary: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            code,
            message: message.into(),
            primary: Some(primary),
            primary_label: String::new(),
            anchor: None,
            exact: true,
            definition: None,
            labels: Vec::new(),
            notes: Vec::new(),
            help: Vec::new(),
            taken_until: None,
        }
    }

    pub(crate) fn without_place(code: Code, message: impl Into<String>) -> Diagnostic {
        let nowhere = Span { start: 0, end: 0 };
        Diagnostic {
            primary: None,
            ..Diagnostic::new(code, nowhere, message)
        }
    }

    /// Places an error of meaning at the expression that it is in.
    pub(crate) fn anchored(mut self, anchor: Span) -> Diagnostic {
        self.anchor = Some(anchor);
        self.exact = false;
        self
    }

    /// Places an error of syntax at a token other than the primary span.
    pub(crate) fn at_token(mut self, token: Span) -> Diagnostic {
        self.anchor = Some(token);
        self
    }

    pub(crate) fn here(mut self, label: impl Into<String>) -> Diagnostic {
        self.primary_label = label.into();
        self
    }

    pub(crate) fn label(mut self, span: Span, message: impl Into<String>) -> Diagnostic {
        self.labels.push(Label {
            span,
            message: message.into(),
        });
        self
    }

    pub(crate) fn note(mut self, note: impl Into<String>) -> Diagnostic {
        self.notes.push(note.into());
        self
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help.push(help.into());
        self
    }

    /// States up to which release of QEMU this was right, where it was since 6.0.
    pub(crate) fn taken_until(mut self, release: impl Into<Option<Release>>) -> Diagnostic {
        self.taken_until = release.into();
        self
    }

    /// Adds "did you mean …" if one of the candidates is close to what was written.
    pub(crate) fn suggest(
        self,
        written: &str,
        candidates: &mut dyn Iterator<Item = &str>,
    ) -> Diagnostic {
        match crate::suggest::closest(written, candidates) {
            Some(candidate) => self.help(format!("did you mean '{candidate}'?")),
            None => self,
        }
    }

    /// Where one-line formats place this error.
    pub fn location(&self, sources: &SourceMap) -> Option<Location> {
        let span = self.anchor.or(self.primary)?;
        Some(Location {
            position: sources.start(span),
            with_column: self.exact,
        })
    }
}

/// What a rejected schema is rejected for: at least one diagnostic, and the sources they point to.
///
/// The first diagnostic is the error at which QEMU's own generator would stop; the others follow
/// in source order, file by file.
///
/// `Display` gives the one-line form of [`render::short`](crate::render::short).
#[derive(Debug)]
#[non_exhaustive]
pub struct Errors {
    /// The files that were read.
    pub sources: SourceMap,
    /// The errors; at most 10,000.
    pub diagnostics: Vec<Diagnostic>,
    /// How many more errors there are.
    pub omitted: usize,
    /// The first release of QEMU, from 6.0 on, whose generator took the forms that the schema uses and that are right, as far
    /// as it could be read. No generator took the schema if that is later than an error was
    /// [right](field@Diagnostic::taken_until).
    pub taken_from: Release,
}

impl std::error::Error for Errors {}
