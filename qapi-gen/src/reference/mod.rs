//! Schemas as people read them: a web site that works from disk, one file of Markdown, or text for a terminal.
//!
//! ```
//! use qapi_gen::Frontend;
//! use qapi_gen::reference::Reference;
//! let text = "{ 'enum': 'Mode', 'data': [ 'off', 'eco' ] } { 'command': 'mode-set', 'data': { 'mode': 'Mode' } }";
//! let schema = Frontend::new().read_text("heater.json", text)?;
//! let reference = Reference::new(&schema, "Heater");
//! assert!(reference.text().contains("mode-set(mode: Mode)"));
//! let site = reference.site();
//! let page = site.iter().find(|file| file.name == "heater.html").unwrap();
//! assert!(page.text.contains("id=\"command-mode-set:mode\""));
//! # Ok::<(), qapi_gen::diagnostic::Errors>(())
//! ```

mod book;
mod check;
mod example;
mod facts;
mod kind;
mod markdown;
mod signature;
mod site;
mod text;
mod uses;

use crate::Releases;
use crate::model::Schema;
use book::Book;
use std::fmt;

/// The reference of a schema, to be written in one of several forms.
pub struct Reference<'s> {
    book: Book<'s>,
}

/// A file of a site.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct File {
    /// The name, without a folder.
    pub name: String,
    /// What is in it.
    pub text: String,
}

/// An example in the documentation that is not what the schema says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Warning {
    /// The schema file.
    pub file: String,
    /// The line of the message in the example, from 1.
    pub line: u32,
    /// What does not fit.
    pub message: String,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let printable = crate::render::printable;
        let (file, message) = (printable(&self.file), printable(&self.message));
        write!(f, "{file}:{}: warning: {message}", self.line)
    }
}

impl<'s> Reference<'s> {
    /// A reference with a title.
    pub fn new(schema: &'s Schema, title: &str) -> Self {
        Reference::with_releases(schema, title, None)
    }

    /// A reference that also tells in which releases something is, as far as the facts do.
    pub fn with_releases(schema: &'s Schema, title: &str, releases: Option<&'s Releases>) -> Self {
        Reference {
            book: Book::new(schema, title, releases),
        }
    }

    /// Leaves out where things are defined, for a schema whose files nobody has.
    #[must_use]
    pub fn without_places(mut self) -> Self {
        self.book.places = false;
        self
    }

    /// The examples that are not what the schema says: requests, and replies and events as well. Where an author left
    /// something out (`...`), a message is not checked.
    pub fn warnings(&self) -> Vec<Warning> {
        check::warnings(&self.book)
    }

    /// The files of a web site, which belong into one folder. It starts at `index.html`, needs no server, and loads
    /// nothing from elsewhere.
    pub fn site(&self) -> Vec<File> {
        site::files(&self.book)
    }

    /// One file of Markdown.
    pub fn markdown(&self) -> String {
        markdown::document(&self.book)
    }

    /// Text for a terminal: at most 79 columns where words allow it, without control characters.
    pub fn text(&self) -> String {
        text::document(&self.book)
    }
}
