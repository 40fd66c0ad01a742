//! Files read and written whole.

use std::collections::VecDeque;
use std::mem;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Line, Operation, Step, answer, decode};
use crate::error::{Error, ErrorKind, Violation};
use crate::types::Command as _;
use crate::types::qga::commands;

/// What goes in one command unless something else is said.
const CHUNK: usize = 1 << 20;

/// The most an agent gives at once.
const LONGEST_READ: usize = 48 << 20;

/// The most an agent takes at once: in Base64 it makes a command of the 64 MiB that its parser accepts, less some room for
/// the rest of the command.
const LONGEST_WRITE: usize = (48 << 20) - 3072;

/// How many files are remembered that are still to be closed.
const MOST_LEFT: usize = 64;

/// A file of the guest to be read whole.
#[derive(Clone, Debug)]
#[must_use = "nothing is read yet"]
pub struct ReadFile {
    path: String,
    limit: usize,
    chunk: usize,
}

impl ReadFile {
    /// A file by its path.
    pub fn new(path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            limit: 64 << 20,
            chunk: CHUNK,
        }
    }

    /// How many bytes to accept; 64 MiB unless set. Of a longer file nothing is given.
    pub fn limit(mut self, bytes: usize) -> Self {
        self.limit = bytes;
        self
    }

    /// How many bytes to ask for at once; 1 MiB unless set, 48 MiB at most. The deadline holds for each.
    pub fn chunk(mut self, bytes: usize) -> Self {
        self.chunk = bytes.clamp(1, LONGEST_READ);
        self
    }

    pub(crate) fn start(self) -> Reading {
        Reading {
            chunk: self.chunk,
            limit: self.limit,
            contents: Vec::new(),
            file: Open::new(self.path, "rb"),
        }
    }
}

impl<T: Into<String>> From<T> for ReadFile {
    fn from(path: T) -> Self {
        Self::new(path)
    }
}

/// A file of the guest to be written whole.
#[derive(Clone, Debug)]
#[must_use = "nothing is written yet"]
pub struct WriteFile {
    path: String,
    append: bool,
    chunk: usize,
}

impl WriteFile {
    /// A file by its path. It is made if it is not there, otherwise written over.
    pub fn new(path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            append: false,
            chunk: CHUNK,
        }
    }

    /// Writes after what is there.
    pub fn append(mut self) -> Self {
        self.append = true;
        self
    }

    /// How many bytes to send at once; 1 MiB unless set, 3 KiB less than 48 MiB at most. The deadline holds for each.
    pub fn chunk(mut self, bytes: usize) -> Self {
        self.chunk = bytes.clamp(1, LONGEST_WRITE);
        self
    }

    pub(crate) fn start(self, contents: &[u8]) -> Writing<'_> {
        Writing {
            chunk: self.chunk,
            contents,
            file: Open::new(self.path, if self.append { "ab" } else { "wb" }),
        }
    }
}

impl<T: Into<String>> From<T> for WriteFile {
    fn from(path: T) -> Self {
        Self::new(path)
    }
}

/// Files that are open in the agent on a client's account. Those that a call given up did not close, later ones do.
#[derive(Debug, Default)]
pub(crate) struct OpenFiles {
    /// That of the call at hand.
    current: Option<i64>,
    left: VecDeque<i64>,
}

impl OpenFiles {
    /// A call begins, so the one before closes nothing any more.
    pub(crate) fn begin(&mut self) {
        if let Some(handle) = self.current.take() {
            self.leave(handle);
        }
    }

    /// Takes note of a reply to an operation's command.
    pub(crate) fn note(&mut self, command: &str, reply: &Result<Vec<u8>, Error>) {
        match (command, reply) {
            (commands::GuestFileOpen::NAME, Ok(message)) => self.current = decode(message).ok(),
            (commands::GuestFileClose::NAME, Ok(_)) => self.current = None,
            _ => {}
        }
    }

    /// Takes note of the reply to a `guest-file-open` that was given up.
    pub(crate) fn note_late(&mut self, reply: &[u8]) {
        if let Ok(handle) = decode(reply) {
            self.leave(handle);
        }
    }

    fn leave(&mut self, handle: i64) {
        // The guest decides how many there are.
        if self.left.len() == MOST_LEFT {
            self.left.pop_front();
        }
        self.left.push_back(handle);
    }

    /// Closes the next file that was left open.
    pub(crate) fn close(&self) -> Option<Line> {
        let handle = *self.left.front()?;
        Line::new(&commands::GuestFileClose::new(handle)).ok()
    }

    /// Takes note that the agent answered that.
    pub(crate) fn closed(&mut self) {
        self.left.pop_front();
    }
}

/// Where reading or writing is.
enum Place {
    Opening(commands::GuestFileOpen),
    Open(i64),
    Closed,
}

/// A file from its opening to its closing. It is closed even if something failed in between.
struct Open {
    place: Place,
    /// Whether all is done but closing it.
    done: bool,
    error: Option<Error>,
}

impl Open {
    fn new(path: String, mode: &str) -> Self {
        Self {
            place: Place::Opening(commands::GuestFileOpen::new(path).mode(mode)),
            done: false,
            error: None,
        }
    }

    /// The next command; `None` if it is over. `go_on` makes one for the handle.
    fn step(&mut self, go_on: impl FnOnce(i64) -> Result<Line, Error>) -> Option<Line> {
        let line = match &self.place {
            Place::Opening(open) => Line::new(open),
            Place::Open(handle) if self.done => Line::new(&commands::GuestFileClose::new(*handle)),
            Place::Open(handle) => go_on(*handle),
            Place::Closed => return None,
        };
        line.map_err(|error| self.fail(error)).ok()
    }

    fn fail(&mut self, error: Error) {
        // The agent could not close it now. The client remembers it.
        if error.is_disconnected() || error.is_deadline() || matches!(self.place, Place::Opening(_))
        {
            self.place = Place::Closed;
        }
        self.done = true;
        self.error.get_or_insert(error);
    }

    fn end<T>(&mut self, value: T) -> Result<T, Error> {
        self.error.take().map_or(Ok(value), Err)
    }
}

/// A file being read.
pub(crate) struct Reading {
    file: Open,
    chunk: usize,
    limit: usize,
    contents: Vec<u8>,
}

impl Reading {
    fn take(&mut self, message: Result<Vec<u8>, Error>) -> Result<(), Error> {
        match self.file.place {
            Place::Opening(_) => {
                let handle = answer::<commands::GuestFileOpen>(message)?;
                self.file.place = Place::Open(handle);
            }
            Place::Open(_) if !self.file.done => {
                let name = commands::GuestFileRead::NAME;
                let read = answer::<commands::GuestFileRead>(message)?;
                let before = self.contents.len();
                if STANDARD
                    .decode_vec(&read.buf_b64, &mut self.contents)
                    .is_err()
                {
                    let violation = Violation::NotBase64 { member: "buf-b64" };
                    return Err(super::violation(violation).of(name));
                }
                if self.contents.len() > self.limit {
                    return Err(Error::new(ErrorKind::TooMuch(self.limit)).of(name));
                }
                self.file.done = read.eof || self.contents.len() == before;
            }
            Place::Open(_) | Place::Closed => {
                self.file.place = Place::Closed;
                answer::<commands::GuestFileClose>(message)?;
            }
        }
        Ok(())
    }
}

impl Operation for Reading {
    type Outcome = Vec<u8>;

    fn deadline(&self, _: Duration) -> Option<Duration> {
        None
    }

    fn step(&mut self) -> Step<Vec<u8>> {
        // One more than wanted, to see that there is more.
        let room = self.limit.saturating_add(1) - self.contents.len().min(self.limit);
        let count = i64::try_from(self.chunk.min(room)).unwrap_or(i64::MAX);
        let next = self
            .file
            .step(|handle| Line::new(&commands::GuestFileRead::new(handle).count(count)));
        match next {
            Some(line) => Step::Send(line),
            None => Step::Done(self.file.end(mem::take(&mut self.contents))),
        }
    }

    fn reply(&mut self, message: Result<Vec<u8>, Error>) -> Result<(), Error> {
        self.take(message)
            .inspect_err(|error| self.file.fail(error.clone()))
    }
}

/// A file being written.
pub(crate) struct Writing<'a> {
    file: Open,
    chunk: usize,
    /// What is still to be written.
    contents: &'a [u8],
}

impl Writing<'_> {
    fn take(&mut self, message: Result<Vec<u8>, Error>) -> Result<(), Error> {
        match self.file.place {
            Place::Opening(_) => {
                let handle = answer::<commands::GuestFileOpen>(message)?;
                self.file.place = Place::Open(handle);
            }
            Place::Open(_) if !self.file.done => {
                let written = answer::<commands::GuestFileWrite>(message)?;
                let count = usize::try_from(written.count).unwrap_or(0);
                self.contents = self.contents.get(count..).unwrap_or_default();
                if count == 0 {
                    let violation = Violation::NothingWritten;
                    let error = super::violation(violation);
                    return Err(error.of(commands::GuestFileWrite::NAME));
                }
            }
            Place::Open(_) | Place::Closed => {
                self.file.place = Place::Closed;
                answer::<commands::GuestFileClose>(message)?;
            }
        }
        self.file.done |= self.contents.is_empty();
        Ok(())
    }
}

impl Operation for Writing<'_> {
    type Outcome = ();

    fn deadline(&self, _: Duration) -> Option<Duration> {
        None
    }

    fn step(&mut self) -> Step<()> {
        let chunk = &self.contents[..self.chunk.min(self.contents.len())];
        let next = self.file.step(|handle| {
            let text = STANDARD.encode(chunk);
            Line::new(&commands::GuestFileWrite::new(handle, text))
        });
        match next {
            Some(line) => Step::Send(line),
            None => Step::Done(self.file.end(())),
        }
    }

    fn reply(&mut self, message: Result<Vec<u8>, Error>) -> Result<(), Error> {
        self.take(message)
            .inspect_err(|error| self.file.fail(error.clone()))
    }
}
