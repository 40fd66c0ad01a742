//! What is wrong with keys and values.

use std::fmt;

/// What is wrong with [`KeyValues`](super::KeyValues), and where.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyValueError {
    /// The key, as far as it matters.
    pub key: String,
    /// What.
    pub problem: KeyValueProblem,
}

/// What a [`KeyValueError`] is about.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyValueProblem {
    /// The server does not have the command.
    UnknownCommand,
    /// It is not a key.
    InvalidKey,
    /// It has more than 250 parts.
    TooDeep,
    /// There is no `=` after it.
    NoValue,
    /// It has a value and others below it, or names and indices below it.
    Inconsistent,
    /// It is an element of a list that is not there though later ones are.
    MissingElement,
    /// The text has no meaning for the type, which this describes.
    Expects(String),
    /// The text is `010` or the like, which is octal for an integer and decimal for a size. The schema of a server does
    /// not tell these apart.
    LeadingZero,
}

impl KeyValueError {
    pub(super) fn new(key: impl Into<String>, problem: KeyValueProblem) -> Self {
        let key = key.into();
        Self { key, problem }
    }
}

impl fmt::Display for KeyValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = &self.key;
        match &self.problem {
            KeyValueProblem::UnknownCommand => write!(f, "the command '{key}' is not known"),
            KeyValueProblem::InvalidKey => write!(f, "'{key}' is not a key"),
            KeyValueProblem::TooDeep => {
                write!(f, "a key that begins with '{key}' has too many parts")
            }
            KeyValueProblem::NoValue => write!(f, "'{key}' lacks '=' and a value"),
            KeyValueProblem::Inconsistent => {
                write!(f, "'{key}' is given as values of different kinds")
            }
            KeyValueProblem::MissingElement => write!(f, "'{key}' is missing"),
            KeyValueProblem::Expects(what) => write!(f, "'{key}' expects {what}"),
            KeyValueProblem::LeadingZero => {
                write!(f, "'{key}' expects a number without leading zeros")
            }
        }
    }
}

impl std::error::Error for KeyValueError {}
