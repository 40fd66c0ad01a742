//! Schemas from what servers tell of theirs.
//!
//! Introspection hides the names of types, flattens objects, and does not tell the widths of integers, conditions, and some
//! flags of commands. Names are recovered from another schema, by where types are used and what they look like, and made
//! from their use otherwise. The schema that comes out introspects to what it was made from.
//!
//! ```
//! use qapi_gen::introspect::{Options, schema_info};
//! use qapi_gen::{Frontend, Interface, import::import};
//! let text = "{ 'command': 'move', 'data': { 'to': 'Point' } } { 'struct': 'Point', 'data': { 'x': 'int' } }";
//! let told = schema_info(&Frontend::new().read_text("a.json", text)?, &Options::default());
//! let imported = import(&Interface::from_introspection(&told).unwrap(), None).unwrap();
//! assert!(imported.text.contains("{ 'command': 'move', 'data': { 'to': 'MoveTo' } }"));
//! let schema = Frontend::new().read_text("b.json", imported.text.as_str())?;
//! assert_eq!(schema_info(&schema, &Options::default()), told);
//! # Ok::<(), qapi_gen::diagnostic::Errors>(())
//! ```

mod matching;
mod names;
mod simple;
mod uses;
mod write;

use crate::Frontend;
use crate::diagnostic::{Errors, Release};
use crate::interface::Interface;
use crate::render::printable;
use names::Named;
use std::fmt;
use write::Written;

/// A schema that was made from introspection.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Imported {
    /// The schema's text, a single file. The notes are comments in it.
    pub text: String,
    /// What one should know of it: what introspection does not tell, and what was done about it.
    pub notes: Vec<String>,
    /// The release as which the schema introspects to what it was made from, if that is not today's form:
    /// [`introspect::Options::release`](crate::introspect::Options::release).
    pub release: Option<Release>,
}

/// Why introspection gives no schema: it describes what the schema language cannot say.
#[derive(Clone, Debug)]
pub struct ImportError {
    errors: Vec<String>,
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "it describes what the schema language cannot say:\n{}",
            self.errors.join("\n")
        )
    }
}

impl std::error::Error for ImportError {}

/// Makes a schema of an interface, and checks it.
///
/// Names, widths of integers and flags of commands are taken from `names`, as far as it has the same.
///
/// # Errors
///
/// The interface is one that no schema describes.
pub fn import(interface: &Interface, names: Option<&Interface>) -> Result<Imported, ImportError> {
    let matches = names.map(|names| matching::Matches::of(interface, names));
    let named = Named::of(interface, matches.as_ref());
    let mut written = write::Writer::new(interface, &named, matches.as_ref()).written();
    if !written.quotes.is_empty() {
        let quotes = written.quotes.iter().take(MANY).map(|(offset, name)| {
            let origin = written.origin(interface, &named, *offset);
            printable(&format!("{origin}: the name {name:?} has a quote")).to_string()
        });
        return Err(ImportError {
            errors: quotes.collect(),
        });
    }
    let read = |legacy: bool, text: &str| {
        let mut frontend = Frontend::new();
        frontend.legacy = legacy;
        frontend.read_text("imported.json", text).map(drop)
    };
    if read(false, &written.text).is_err() {
        // Old servers have names that the language does not allow any more.
        read(true, &written.text).map_err(|errors| ImportError {
            errors: told(&errors, interface, &named, &written),
        })?;
        let note = "It breaks rules that are younger than the server, so that it has to be read with --legacy.";
        written.text.insert_str(0, &format!("# {note}\n#\n"));
        written.notes.push(note.to_owned());
    }
    Ok(Imported {
        text: written.text,
        notes: written.notes,
        release: interface.told_as,
    })
}

/// How many errors are told.
const MANY: usize = 20;

/// Errors by what they are about in the introspection, since nobody has the text.
fn told(errors: &Errors, interface: &Interface, named: &Named, written: &Written) -> Vec<String> {
    let mut lines = Vec::new();
    for diagnostic in errors.diagnostics.iter().take(MANY) {
        let span = diagnostic.anchor.or(diagnostic.primary);
        let offset = span.map_or(0, |span| errors.sources.start(span).offset);
        let origin = written.origin(interface, named, offset);
        let line = format!("{origin}: {} [{}]", diagnostic.message, diagnostic.code);
        lines.push(printable(&line).to_string());
    }
    let more = errors.diagnostics.len().saturating_sub(MANY) + errors.omitted;
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    lines
}
