use std::fmt;

use crate::error::ErrorKind;

/// Why an operation did not come to its end, or to a bad one.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// A command could not be carried out or was refused. Unless that is the command that should have started it, the
    /// operation may go on.
    Call(crate::Error),
    /// The [deadline](crate::blocking::Running::deadline) of all of it passed. The server goes on.
    Deadline {
        /// What was waited for.
        waited_for: String,
        /// What was seen of it last, if anything was.
        last_seen: Option<String>,
    },
    /// It failed; holds what the server says of it.
    Failed(String),
    /// It was cancelled, by this client or another.
    Cancelled,
    /// It is over, but somebody dismissed it, and with it what is known of its end; or there never was such a job, or no migration.
    Gone,
}

impl Error {
    pub(super) fn call(kind: ErrorKind, command: &'static str) -> Self {
        Self::Call(crate::Error::new(kind).of(command))
    }
}

impl From<crate::Error> for Error {
    fn from(error: crate::Error) -> Self {
        Self::Call(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call(error) => error.fmt(f),
            Self::Deadline {
                waited_for,
                last_seen,
            } => {
                write!(f, "the deadline passed while waiting for {waited_for}")?;
                match last_seen {
                    Some(seen) => write!(f, "; last seen {seen}"),
                    None => Ok(()),
                }
            }
            Self::Failed(desc) => f.write_str(desc),
            Self::Cancelled => f.write_str("cancelled"),
            Self::Gone => f.write_str("gone, and with it how it ended, or never there"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Call(error) => Some(error),
            _ => None,
        }
    }
}
