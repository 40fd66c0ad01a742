//! Splits what a server sends into messages.
//!
//! A message is one JSON object. Servers end each one with a line break, and one that is not configured to write
//! prettily puts it on one line. Line breaks cannot stand within JSON strings, so a line that opens and closes an object
//! is taken for a message and needs no scanning, if it proves to be one when it is parsed. Otherwise brackets are counted.

use std::mem;

use memchr::{memchr, memchr_iter, memchr2};

use crate::types;

/// A message this long is handed on in the buffer it was received in rather than copied out of it.
const WORTH_MOVING: usize = 4096;

/// A buffer larger than that, which a long message needed, is not kept for the next.
const WORTH_KEEPING: usize = 64 << 10;

/// Collects bytes and gives messages.
#[derive(Debug)]
pub(crate) struct Splitter {
    buffer: Vec<u8>,
    /// Where the next message begins, or white space before it.
    start: usize,
    /// There is no line break from `start` up to here.
    searched: usize,
    /// Up to here lines are known not to be messages.
    exact_to: usize,
    /// Under way if the message at hand is not a line.
    scan: Option<Scan>,
    limit: usize,
}

/// Where counting brackets got to.
#[derive(Clone, Copy, Debug)]
struct Scan {
    at: usize,
    depth: u32,
    in_string: bool,
    /// The last byte outside of strings that is no white space.
    last: u8,
}

/// Why a stream holds no more messages.
#[derive(Debug)]
pub(crate) enum Fault {
    /// A message is longer than the limit.
    TooLong,
    /// Something other than an object stands where a message should begin.
    Garbage(Vec<u8>),
    /// An object is not a message.
    Message(types::Error, Vec<u8>),
    /// A message does not end, and where the next one seems to begin.
    Unfinished(Vec<u8>),
}

impl Splitter {
    /// Messages may be `limit` bytes long.
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            buffer: Vec::new(),
            start: 0,
            searched: 0,
            exact_to: 0,
            scan: None,
            limit,
        }
    }

    /// Takes what was received.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        // What was handed on is dropped when it is the greater part, so that each byte is moved once on average.
        if self.start > self.buffer.len() / 2 {
            let gone = self.start;
            self.buffer.drain(..gone);
            self.start = 0;
            self.searched -= gone;
            self.exact_to = self.exact_to.saturating_sub(gone);
            if let Some(scan) = &mut self.scan {
                scan.at -= gone;
            }
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// Bytes of a message that is not complete.
    pub(crate) fn partial(&self) -> &[u8] {
        self.buffer[self.start..].trim_ascii()
    }

    /// The next message with what `parse` made of it; `None` if more has to be received first.
    ///
    /// After an error the stream cannot be followed any more.
    pub(crate) fn next<T>(
        &mut self,
        parse: impl Fn(&str) -> types::Result<T>,
    ) -> Result<Option<(String, T)>, Fault> {
        if self.scan.is_none() {
            match self.begin()? {
                Begin::Nothing => return Ok(None),
                Begin::Line { end, next } => {
                    if self.check(end - self.start).is_ok()
                        && let Ok(message) = self.take(end, next, &parse)
                    {
                        return Ok(Some(message));
                    }
                    self.exact_to = next;
                }
                Begin::Object => {}
            }
            self.scan = Some(Scan {
                at: self.start,
                depth: 0,
                in_string: false,
                last: b':',
            });
        }
        let Some(end) = self.scan_on()? else {
            self.check(self.buffer.len() - self.start)?;
            return Ok(None);
        };
        self.check(end - self.start)?;
        self.scan = None;
        match self.take(end, end, &parse) {
            Ok(message) => Ok(Some(message)),
            Err(error) => {
                let text = self.buffer[self.start..end].to_vec();
                Err(Fault::Message(error, text))
            }
        }
    }

    fn begin(&mut self) -> Result<Begin, Fault> {
        let rest = &self.buffer[self.start..];
        let space = rest.len() - rest.trim_ascii_start().len();
        if space > 0 {
            self.advance(self.start + space);
        }
        match self.buffer.get(self.start) {
            None => return Ok(Begin::Nothing),
            Some(b'{') => {}
            Some(_) => return Err(Fault::Garbage(self.buffer[self.start..].to_vec())),
        }
        if self.start < self.exact_to {
            return Ok(Begin::Object);
        }
        match memchr(b'\n', &self.buffer[self.searched..]) {
            Some(at) => {
                let line_break = self.searched + at;
                let line = self.buffer[self.start..line_break].trim_ascii_end();
                Ok(if line.ends_with(b"}") {
                    Begin::Line {
                        end: self.start + line.len(),
                        next: line_break + 1,
                    }
                } else {
                    Begin::Object
                })
            }
            None => {
                let complete = may_end(&self.buffer[self.searched..]);
                self.searched = self.buffer.len();
                if complete {
                    return Ok(Begin::Object);
                }
                self.check(self.buffer.len() - self.start)?;
                Ok(Begin::Nothing)
            }
        }
    }

    /// Counts brackets; gives the end of the object when there are as many closed as opened.
    fn scan_on(&mut self) -> Result<Option<usize>, Fault> {
        let Some(scan) = &mut self.scan else {
            return Ok(None);
        };
        while let Some(&byte) = self.buffer.get(scan.at) {
            if scan.in_string {
                let Some(found) = memchr2(b'"', b'\\', &self.buffer[scan.at..]) else {
                    scan.at = self.buffer.len();
                    return Ok(None);
                };
                scan.at += found;
                if self.buffer[scan.at] == b'"' {
                    scan.in_string = false;
                    scan.at += 1;
                } else if scan.at + 1 < self.buffer.len() {
                    scan.at += 2;
                } else {
                    return Ok(None);
                }
                continue;
            }
            let last = scan.last;
            if !byte.is_ascii_whitespace() {
                scan.last = byte;
            }
            scan.at += 1;
            match byte {
                b'"' => scan.in_string = true,
                // A value does not follow another one.
                b'{' if !matches!(last, b'{' | b'[' | b':' | b',') => {
                    let text = self.buffer[self.start..scan.at - 1].trim_ascii_end();
                    return Err(Fault::Unfinished(text.to_vec()));
                }
                b'{' | b'[' => scan.depth += 1,
                b'}' | b']' => {
                    scan.depth -= 1;
                    if scan.depth == 0 {
                        return Ok(Some(scan.at));
                    }
                }
                _ => {}
            }
        }
        Ok(None)
    }

    fn check(&self, length: usize) -> Result<(), Fault> {
        if length > self.limit {
            return Err(Fault::TooLong);
        }
        Ok(())
    }

    /// Hands on the message up to `end`, if `parse` takes it for one; the next begins at or after `next`.
    fn take<T>(
        &mut self,
        end: usize,
        next: usize,
        parse: impl Fn(&str) -> types::Result<T>,
    ) -> types::Result<(String, T)> {
        let text = types::utf8(&self.buffer[self.start..end])?;
        let parsed = parse(text)?;
        let alone = self.start == 0 && next == self.buffer.len();
        if !alone || text.len() < WORTH_MOVING {
            let text = text.to_owned();
            self.advance(next);
            return Ok((text, parsed));
        }
        let mut text = mem::take(&mut self.buffer);
        text.truncate(end);
        self.advance(0);
        Ok((string(text), parsed))
    }

    fn advance(&mut self, to: usize) {
        self.start = to;
        self.searched = to;
        self.scan = None;
        if to == self.buffer.len() {
            self.buffer.clear();
            if self.buffer.capacity() > WORTH_KEEPING {
                self.buffer = Vec::new();
            }
            self.start = 0;
            self.searched = 0;
            self.exact_to = 0;
        }
    }
}

/// What is known to be UTF-8.
fn string(text: Vec<u8>) -> String {
    String::from_utf8(text)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// Whether a message may end here without a line break. Where a bracket closes within one, only `,`, `}` or `]` may follow.
fn may_end(bytes: &[u8]) -> bool {
    memchr_iter(b'}', bytes).any(|at| {
        let next = bytes[at + 1..].trim_ascii_start().first();
        !matches!(next, Some(b',' | b'}' | b']'))
    })
}

/// What stands where a message should begin.
enum Begin {
    /// Nothing, or too little to be worth looking at.
    Nothing,
    /// What may be a message on a line of its own.
    Line { end: usize, next: usize },
    /// An object whose end has to be found.
    Object,
}

#[cfg(test)]
mod tests;
