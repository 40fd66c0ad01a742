//! Why nothing was generated.

use crate::diagnostic::Errors;
use std::fmt;
use std::io;
use std::path::PathBuf;

/// Why no code was generated.
///
/// `Debug` shows the same text as `Display`, so that a build script may return it from `main`.
#[non_exhaustive]
pub enum Error {
    /// The schema is rejected.
    Schema(Errors),
    /// The schema is rejected, but the builder's option `legacy` would accept it, as what an older release wrote.
    /// Without the feature `legacy` this is not found out.
    Legacy(Errors),
    /// The schema has nothing with a name that this pattern covers.
    NoMatch {
        /// `command`, `event`, `definition` or `file`.
        what: &'static str,
        /// The pattern.
        pattern: String,
        /// A name that is close to it.
        suggestion: Option<String>,
    },
    /// The service requires commands that this pattern covers, and none of them is generated: none is among those asked
    /// for, or conditions exclude them.
    NotGenerated {
        /// The pattern.
        pattern: String,
    },
    /// A type is left out by its condition, but something that uses it is not.
    Excluded {
        /// What uses the type.
        user: String,
        /// The type.
        ty: String,
    },
    /// An option has a value that is not Rust code of the kind it should be.
    Option {
        /// The option.
        option: &'static str,
        /// Its value.
        value: String,
        /// What it should be.
        expected: &'static str,
    },
    /// The environment variable `OUT_DIR` is not set: this is not a build script, and no output
    /// directory was given.
    NoOutDir,
    /// What is to take the code does not.
    Output(io::Error),
    /// A file cannot be written.
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

impl Error {
    pub(crate) fn no_match(what: &'static str, pattern: &str, names: &[&str]) -> Error {
        let suggestion = crate::suggest::closest(pattern, &mut names.iter().copied());
        Error::NoMatch {
            what,
            pattern: pattern.to_owned(),
            suggestion: suggestion.map(str::to_owned),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Schema(errors) => schema_errors(errors, f),
            Error::Legacy(errors) => {
                schema_errors(errors, f)?;
                f.write_str("\n\nhelp: the builder's option 'legacy', which reads ")?;
                f.write_str("what older releases wrote, accepts this schema")
            }
            Error::NoMatch {
                what,
                pattern,
                suggestion,
            } => {
                write!(f, "the schema has no {what} '{pattern}'")?;
                match suggestion {
                    Some(name) => write!(f, "; did you mean '{name}'?"),
                    None => Ok(()),
                }
            }
            Error::NotGenerated { pattern } => write!(
                f,
                "the service requires '{pattern}', which is not generated: \
                 it is not among the commands asked for, or its condition excludes it"
            ),
            Error::Excluded { user, ty } => write!(
                f,
                "'{user}' uses '{ty}', which its condition excludes as the symbols were set"
            ),
            Error::Option {
                option,
                value,
                expected,
            } => write!(f, "option '{option}': '{value}' is not {expected}"),
            Error::NoOutDir => {
                f.write_str("OUT_DIR is not set: call this from a build script, or set out_dir")
            }
            Error::Output(error) => write!(f, "cannot write output: {error}"),
            Error::Write { path, error } => write!(f, "cannot write {}: {error}", path.display()),
        }
    }
}

#[cfg(feature = "human")]
fn schema_errors(errors: &Errors, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    use crate::render::{Style, human};
    for diagnostic in &errors.diagnostics {
        f.write_str("\n")?;
        f.write_str(human(diagnostic, &errors.sources, Style::Plain).trim_end())?;
    }
    Ok(())
}

#[cfg(not(feature = "human"))]
fn schema_errors(errors: &Errors, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "{errors}")
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Output(error) | Error::Write { error, .. } => Some(error),
            _ => None,
        }
    }
}

impl From<Errors> for Error {
    fn from(errors: Errors) -> Error {
        Error::Schema(errors)
    }
}
