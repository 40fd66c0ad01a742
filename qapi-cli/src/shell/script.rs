//! The lines of a file or of standard input, put together to statements.

use crate::failure::{Failure, INTERRUPTED};
use crate::interrupts::Interrupts;
use crate::words::Statements;

/// A file is read as a whole. Of standard input no more is waited for than the next statement needs, since whoever writes it may
/// wait for what comes of the one before.
pub(super) struct Script {
    /// How errors name it.
    name: String,
    bytes: Vec<u8>,
    /// So much of that is done.
    at: usize,
    /// For standard input, until it ends.
    interrupts: Option<Interrupts>,
    statements: Statements,
}

impl Script {
    pub(super) fn open(path: &str, interrupts: &Interrupts) -> Result<Self, Failure> {
        let (name, text, interrupts) = match path {
            "-" => ("standard input", String::new(), Some(interrupts.clone())),
            path => {
                let text = std::fs::read_to_string(path);
                let text = text.map_err(|error| Failure::usage(format!("{path}: {error}")))?;
                (path, text, None)
            }
        };
        Ok(Self {
            name: name.to_owned(),
            bytes: text.into_bytes(),
            at: 0,
            interrupts,
            statements: Statements::default(),
        })
    }

    /// The next statement, with the number of its first line.
    pub(super) fn next(&mut self) -> Result<Option<(usize, String)>, Failure> {
        while let Some(line) = self.line()? {
            let number = self.statements.lines() + 1;
            let line = String::from_utf8(line)
                .map_err(|_| self.failed(number, Failure::usage("it is not UTF-8")))?;
            if let Some(statement) = self.statements.add(&line) {
                return Ok(Some(statement));
            }
        }
        Ok(self.statements.end())
    }

    /// What went wrong, with the place.
    pub(super) fn failed(&self, line: usize, mut failure: Failure) -> Failure {
        if failure.code != INTERRUPTED && !failure.message.is_empty() {
            let messages = std::iter::once(&mut failure.message).chain(&mut failure.others);
            for message in messages {
                *message = format!("{}:{line}: {message}", self.name);
            }
        }
        failure
    }

    /// The next line, less its end.
    fn line(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        let mut line = Vec::new();
        loop {
            let rest = &self.bytes[self.at..];
            if let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
                line.extend_from_slice(&rest[..end]);
                self.at += end + 1;
                line.pop_if(|last| *last == b'\r');
                return Ok(Some(line));
            }
            line.extend_from_slice(rest);
            (self.bytes, self.at) = (self.more()?, 0);
            if self.bytes.is_empty() {
                return Ok((!line.is_empty()).then_some(line));
            }
        }
    }

    /// What comes behind what was read; nothing at the end, which a terminal would have to say again.
    fn more(&mut self) -> Result<Vec<u8>, Failure> {
        let Some(interrupts) = &self.interrupts else {
            return Ok(Vec::new());
        };
        let bytes = interrupts.some_input()?;
        if bytes.is_empty() {
            self.interrupts = None;
        }
        Ok(bytes)
    }
}
