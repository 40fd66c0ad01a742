//! Files read and written whole, in pieces.

use std::collections::VecDeque;
use std::io;
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

/// The most of a file that is kept in memory unless something else is said.
const MOST_IN_MEMORY: usize = 64 << 20;

/// How many files are remembered that are still to be closed.
const MOST_LEFT: usize = 64;

/// A file of the guest to be read whole.
#[derive(Clone, Debug)]
#[must_use = "nothing is read yet"]
pub struct ReadFile {
    path: String,
    limit: Option<usize>,
    chunk: usize,
}

impl ReadFile {
    /// A file by its path.
    pub fn new(path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            limit: None,
            chunk: CHUNK,
        }
    }

    /// How many bytes to accept. Unless set, it is 64 MiB for a file that is given as a whole, and any number for one that is
    /// written elsewhere as it comes.
    pub fn limit(mut self, bytes: usize) -> Self {
        self.limit = Some(bytes);
        self
    }

    /// How many bytes to ask for at once; 1 MiB unless set, 48 MiB at most. The deadline holds for each.
    pub fn chunk(mut self, bytes: usize) -> Self {
        self.chunk = bytes.clamp(1, LONGEST_READ);
        self
    }

    /// The same with the limit for what is kept in memory, unless it has one.
    pub(crate) fn in_memory(mut self) -> Self {
        self.limit.get_or_insert(MOST_IN_MEMORY);
        self
    }

    pub(crate) fn start<S: Sink>(self, sink: S) -> Reading<S> {
        Reading {
            chunk: self.chunk,
            limit: self.limit.unwrap_or(usize::MAX),
            piece: Vec::new(),
            count: 0,
            sink,
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

    pub(crate) fn start<S: Source>(self, source: S) -> Writing<S> {
        Writing {
            chunk: self.chunk,
            piece: Vec::new(),
            written: 0,
            count: 0,
            source,
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

/// Where the contents of a guest's file go on this side.
pub(crate) trait Sink {
    async fn put(&mut self, piece: &[u8]) -> io::Result<()>;
}

/// Where they come from.
pub(crate) trait Source {
    /// As many bytes as are wanted; fewer only at the end.
    async fn get(&mut self, count: usize) -> io::Result<Vec<u8>>;
}

/// A file being read.
pub(crate) struct Reading<S> {
    file: Open,
    chunk: usize,
    limit: usize,
    /// What was read and has not been put anywhere.
    piece: Vec<u8>,
    /// How much was read.
    count: usize,
    sink: S,
}

impl<S> Reading<S> {
    fn take(&mut self, message: Result<Vec<u8>, Error>) -> Result<(), Error> {
        match self.file.place {
            Place::Opening(_) => {
                let handle = answer::<commands::GuestFileOpen>(message)?;
                self.file.place = Place::Open(handle);
            }
            Place::Open(_) if !self.file.done => {
                let name = commands::GuestFileRead::NAME;
                let read = answer::<commands::GuestFileRead>(message)?;
                let Ok(piece) = STANDARD.decode(&read.buf_b64) else {
                    let violation = Violation::NotBase64 { member: "buf-b64" };
                    return Err(super::violation(violation).of(name));
                };
                self.count = self.count.saturating_add(piece.len());
                if self.count > self.limit {
                    return Err(Error::new(ErrorKind::TooMuch(self.limit)).of(name));
                }
                self.file.done = read.eof || piece.is_empty();
                self.piece = piece;
            }
            Place::Open(_) | Place::Closed => {
                self.file.place = Place::Closed;
                answer::<commands::GuestFileClose>(message)?;
            }
        }
        Ok(())
    }
}

impl<S: Sink> Operation for Reading<S> {
    /// How many bytes that were.
    type Outcome = usize;

    fn deadline(&self, _: Duration) -> Option<Duration> {
        None
    }

    async fn between(&mut self) {
        let piece = mem::take(&mut self.piece);
        if !piece.is_empty()
            && let Err(error) = self.sink.put(&piece).await
        {
            self.file.fail(Error::new(ErrorKind::Local(error)));
        }
    }

    fn step(&mut self) -> Step<usize> {
        // One more than wanted, to see that there is more.
        let room = self.limit.saturating_add(1) - self.count.min(self.limit);
        let count = i64::try_from(self.chunk.min(room)).unwrap_or(i64::MAX);
        let next = self
            .file
            .step(|handle| Line::new(&commands::GuestFileRead::new(handle).count(count)));
        match next {
            Some(line) => Step::Send(line),
            None => Step::Done(self.file.end(self.count)),
        }
    }

    fn reply(&mut self, message: Result<Vec<u8>, Error>) -> Result<(), Error> {
        self.take(message)
            .inspect_err(|error| self.file.fail(error.clone()))
    }
}

/// A file being written.
pub(crate) struct Writing<S> {
    file: Open,
    chunk: usize,
    piece: Vec<u8>,
    /// How much of the piece was written.
    written: usize,
    /// How much was written in all.
    count: usize,
    source: S,
}

impl<S> Writing<S> {
    fn take(&mut self, message: Result<Vec<u8>, Error>) -> Result<(), Error> {
        match self.file.place {
            Place::Opening(_) => {
                let handle = answer::<commands::GuestFileOpen>(message)?;
                self.file.place = Place::Open(handle);
            }
            Place::Open(_) if !self.file.done => {
                let written = answer::<commands::GuestFileWrite>(message)?;
                let count = usize::try_from(written.count).unwrap_or(0);
                if count == 0 {
                    let violation = Violation::NothingWritten;
                    let error = super::violation(violation);
                    return Err(error.of(commands::GuestFileWrite::NAME));
                }
                let count = count.min(self.piece.len() - self.written);
                self.written += count;
                self.count += count;
            }
            Place::Open(_) | Place::Closed => {
                self.file.place = Place::Closed;
                answer::<commands::GuestFileClose>(message)?;
            }
        }
        Ok(())
    }
}

impl<S: Source> Operation for Writing<S> {
    /// How many bytes that were.
    type Outcome = usize;

    fn deadline(&self, _: Duration) -> Option<Duration> {
        None
    }

    async fn between(&mut self) {
        if self.file.done || self.written < self.piece.len() {
            return;
        }
        self.written = 0;
        match self.source.get(self.chunk).await {
            Ok(piece) => {
                self.file.done = piece.is_empty();
                self.piece = piece;
            }
            Err(error) => self.file.fail(Error::new(ErrorKind::Local(error))),
        }
    }

    fn step(&mut self) -> Step<usize> {
        let rest = &self.piece[self.written..];
        let next = self.file.step(|handle| {
            let text = STANDARD.encode(rest);
            Line::new(&commands::GuestFileWrite::new(handle, text))
        });
        match next {
            Some(line) => Step::Send(line),
            None => Step::Done(self.file.end(self.count)),
        }
    }

    fn reply(&mut self, message: Result<Vec<u8>, Error>) -> Result<(), Error> {
        self.take(message)
            .inspect_err(|error| self.file.fail(error.clone()))
    }
}
