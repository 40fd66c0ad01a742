//! One line per diagnostic, as compilers do.

use super::printable::printable;
use crate::diagnostic::{Diagnostic, Errors};
use crate::source::SourceMap;
use std::fmt::Write as _;

/// A diagnostic as `FILE:LINE: message [CODE]` or `FILE:LINE:COLUMN: message [CODE]`, for tools
/// that read compilers' output. Every line ends with LF.
///
/// The line is preceded by `In file included from FILE:LINE:` for each include that led to the
/// file, outermost first, and by `FILE: In KIND 'NAME':` if the error is in a definition. Labels
/// follow as `FILE:LINE:COLUMN: note: ...` where they point to another line. Without any source
/// text there is only the message.
///
/// See [`Diagnostic::location`] for what the line is, and whether there is a column.
pub fn short(diagnostic: &Diagnostic, sources: &SourceMap) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = write(&mut out, diagnostic, sources);
    out
}

fn write(out: &mut String, diagnostic: &Diagnostic, sources: &SourceMap) -> std::fmt::Result {
    let message = printable(&diagnostic.message);
    let code = diagnostic.code;
    let Some(location) = diagnostic.location(sources) else {
        return writeln!(out, "{message} [{code}]");
    };
    let position = location.position;
    let name = |file| printable(sources.file(file).name());
    let file = name(position.file);
    for include in sources.include_trail(position.file) {
        let from = sources.start(include);
        let file = name(from.file);
        writeln!(out, "In file included from {file}:{}:", from.line)?;
    }
    if let Some((kind, definition)) = &diagnostic.definition {
        writeln!(out, "{file}: In {kind} '{}':", printable(definition))?;
    }
    write!(out, "{file}:{}", position.line)?;
    if location.with_column {
        write!(out, ":{}", position.column)?;
    }
    writeln!(out, ": {message} [{code}]")?;
    for label in &diagnostic.labels {
        let at = sources.start(label.span);
        if (at.file, at.line) != (position.file, position.line) {
            let file = name(at.file);
            let message = printable(&label.message);
            writeln!(out, "{file}:{}:{}: note: {message}", at.line, at.column)?;
        }
    }
    Ok(())
}

impl std::fmt::Display for Errors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (i, diagnostic) in self.diagnostics.iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            f.write_str(short(diagnostic, &self.sources).trim_end())?;
        }
        Ok(())
    }
}
