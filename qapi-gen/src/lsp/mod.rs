//! A server of the [Language Server Protocol] for schema files.
//!
//! It checks the schema that an open file belongs to after each change, with what is in the editor's buffers in place of what
//! is on disk, and answers what a name means, where it stands, and what may be written at a place.
//!
//! [Language Server Protocol]: https://microsoft.github.io/language-server-protocol/

mod actions;
mod complete;
mod context;
mod files;
mod hover;
mod index;
mod names;
mod options;
mod rename;
mod report;
mod request;
mod server;
mod symbols;
mod text;
mod transport;
mod uri;
mod workspace;

use std::io::{self, BufRead, Write};
use std::path::PathBuf;

/// How schemas are found and read.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Options {
    /// Root files of schemas. A file that none of them includes belongs to the next `qapi-schema.json` in its folder or
    /// those above that includes it, else to a file of its folder that does, else it is a root itself.
    pub roots: Vec<PathBuf>,
    /// Directories in which included files are looked for that are not beside the file that includes them.
    pub include_path: Vec<PathBuf>,
    /// Whether forms of the language that QEMU dropped are read too.
    pub legacy: bool,
}

/// How a session ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum End {
    /// By `shutdown` and `exit`: the process ends with status 0.
    Orderly,
    /// By `exit` alone, or the end of the input: the process ends with status 1.
    Abrupt,
}

/// Talks to an editor until it is done.
///
/// Input is read by a thread of its own, which goes on until the input ends.
///
/// # Errors
///
/// Input or output that fails, and input that is no message of the protocol, of which the end cannot be told.
pub fn serve(
    input: impl BufRead + Send + 'static,
    output: &mut dyn Write,
    options: Options,
) -> io::Result<End> {
    server::serve(input, output, options)
}
