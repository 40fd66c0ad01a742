//! Why the program ends with another code than 0.

use std::io;

use qapi_rt::{Error, ErrorKind, Violation};

/// What is said, and the exit code.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    pub(crate) code: u8,
    pub(crate) message: String,
    /// What is wrong besides.
    pub(crate) others: Vec<String>,
}

/// The server refused.
pub(crate) const REFUSED: u8 = 1;
/// The command line, or something in it, is wrong; nothing was sent.
pub(crate) const USAGE: u8 = 2;
/// There is no connection, or not what is to be known before the command is sent; it was not executed.
pub(crate) const CONNECTION: u8 = 3;
/// The deadline passed, or the connection ended, after the command was sent; or what came of it cannot be written.
pub(crate) const UNKNOWN: u8 = 4;
/// Ctrl-C, as shells have it.
pub(crate) const INTERRUPTED: u8 = 130;

impl Failure {
    pub(crate) fn new(code: u8, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            others: Vec::new(),
        }
    }

    pub(crate) fn refused(message: impl Into<String>) -> Self {
        Self::new(REFUSED, message)
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(USAGE, message)
    }

    /// Several things are wrong.
    pub(crate) fn mistakes(mut messages: Vec<String>) -> Self {
        let others = messages.split_off(messages.len().min(1));
        Self {
            others,
            ..Self::usage(messages.concat())
        }
    }

    pub(crate) fn connection(message: impl Into<String>) -> Self {
        Self::new(CONNECTION, message)
    }

    pub(crate) fn unknown(message: impl Into<String>) -> Self {
        Self::new(UNKNOWN, message)
    }

    /// What came of a command cannot be read.
    pub(crate) fn unreadable(error: impl std::fmt::Display) -> Self {
        Self::unknown(format!(
            "it was executed, but the reply is not to be read: {error}"
        ))
    }

    /// What came of a command cannot be written.
    pub(crate) fn unwritten(place: &str, error: &io::Error) -> Self {
        Self::unknown(format!("{place}: {error}"))
    }

    /// As [`unwritten`](Self::unwritten), where nobody wants to read any more, which is said with no word.
    pub(crate) fn unread() -> Self {
        Self::unknown("")
    }

    pub(crate) fn interrupted(command: &str, may_be_executed: bool) -> Self {
        let what = if may_be_executed {
            "it was sent and may be executed"
        } else {
            "it was not sent"
        };
        Self::new(INTERRUPTED, format!("{command}: interrupted; {what}"))
    }
}

impl Failure {
    /// Before a command was sent.
    pub(crate) fn interrupted_before() -> Self {
        Self::new(INTERRUPTED, "interrupted; no command was sent")
    }

    /// Between two commands of a script.
    pub(crate) fn interrupted_between() -> Self {
        Self::new(INTERRUPTED, "interrupted; no further command was sent")
    }

    /// What kept a command from being sent. If that was Ctrl-C, or that what was asked before it has no answer, it is said of
    /// the command as well.
    pub(crate) fn before(mut self, command: &str) -> Self {
        if matches!(self.code, CONNECTION | UNKNOWN | INTERRUPTED) {
            self.message += &format!("; {command} was not sent");
        }
        if self.code == UNKNOWN {
            self.code = CONNECTION;
        }
        self
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let message = error.to_string();
        match error.kind() {
            ErrorKind::Command(reply) => Self::refused(format!("{} ({})", reply.desc, reply.class)),
            ErrorKind::Encode(_) | ErrorKind::NoOob | ErrorKind::Descriptors { .. } => {
                Self::usage(message)
            }
            // An agent's reply; what a monitor says against the rules ends its connection.
            ErrorKind::Protocol(violation)
                if error.connect_phase().is_none()
                    && !matches!(violation, Violation::NoSynchronization | Violation::Monitor) =>
            {
                Self::unknown(format!("{message}; it may have been executed"))
            }
            // It only asks; of the program that it asks about the message tells.
            ErrorKind::Deadline { sent: true } if error.command() == Some("guest-exec-status") => {
                Self::unknown(message)
            }
            _ if error.maybe_executed() => {
                Self::unknown(format!("{message}; it may have been executed"))
            }
            _ => Self::connection(message),
        }
    }
}

impl From<qapi_rt::jobs::Error> for Failure {
    fn from(error: qapi_rt::jobs::Error) -> Self {
        match error {
            qapi_rt::jobs::Error::Call(error) => error.into(),
            // The server goes on with it.
            error @ qapi_rt::jobs::Error::Deadline { .. } => Self::unknown(error.to_string()),
            error => Self::refused(error.to_string()),
        }
    }
}
