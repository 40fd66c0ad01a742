//! Looking ahead for the tag of a union.
//!
//! The tag may stand anywhere in the object, and values that come before it may hold unions whose tags come last
//! too. Looking ahead at every level would visit the innermost values once for each level around them. So the
//! first scan notes where each container in its way ends, and later scans over the same text jump.

use std::borrow::Cow;

use super::{Kind, Reader};
use crate::error::Result;

/// Where containers end, in the order in which they start.
#[derive(Debug, Default)]
pub(super) struct Tape {
    spans: Vec<Span>,
    /// All containers that start from here on, up to `end`, are on the tape.
    start: usize,
    end: usize,
}

#[derive(Debug)]
struct Span {
    start: usize,
    end: usize,
    /// The first span that is not within this one.
    next: usize,
}

impl Tape {
    /// The index of the first span from `pos` on. Starts anew if `pos` is not on the tape.
    fn seek(&mut self, pos: usize) -> usize {
        if !(self.start..self.end).contains(&pos) {
            self.spans.clear();
            self.start = pos;
            self.end = pos;
        }
        self.spans.partition_point(|span| span.start < pos)
    }
}

impl<'a> Reader<'a> {
    /// Looks for a member of the object at hand, from the value on that stands here, and gives its value if that is a
    /// string. Comes back here.
    ///
    /// # Errors
    /// When the text is not JSON.
    pub(crate) fn find_member(&mut self, name: &str) -> Result<Option<Cow<'a, str>>> {
        let mark = self.mark();
        let mut cursor = self.tape.seek(self.pos);
        let found = loop {
            cursor = self.scan_value(cursor)?;
            match self.next_key()? {
                None => break None,
                Some(key) if key == name => {
                    break match self.peek()? {
                        Kind::String => Some(self.string()?),
                        _ => None,
                    };
                }
                Some(_) => {}
            }
        };
        self.rewind(mark);
        Ok(found)
    }

    /// Steps over the value here, by the tape if it is there, whose next span is `cursor`.
    fn scan_value(&mut self, cursor: usize) -> Result<usize> {
        #[cfg(test)]
        let start = self.pos;
        let next = match self.peek()? {
            Kind::Object | Kind::Array => {
                if let Some(span) = self.tape.spans.get(cursor)
                    && span.start == self.pos
                {
                    self.pos = span.end;
                    #[cfg(test)]
                    tests::count(1);
                    return Ok(span.next);
                }
                self.record_container()?
            }
            kind => {
                self.skip_scalar(kind)?;
                cursor
            }
        };
        #[cfg(test)]
        tests::count(self.pos - start);
        Ok(next)
    }

    /// Steps over the container here, which comes behind all that is on the tape, and puts it there.
    fn record_container(&mut self) -> Result<usize> {
        let mut spans = std::mem::take(&mut self.tape.spans);
        let mut open = Vec::new();
        self.skip_container(|pos, start| {
            if start {
                open.push(spans.len());
                spans.push(Span {
                    start: pos,
                    end: 0,
                    next: 0,
                });
            } else if let Some(index) = open.pop() {
                let next = spans.len();
                spans[index].end = pos;
                spans[index].next = next;
            }
        })?;
        let next = spans.len();
        self.tape.spans = spans;
        self.tape.end = self.pos;
        Ok(next)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::cell::Cell;

    thread_local! {
        static WORK: Cell<usize> = const { Cell::new(0) };
    }

    /// Counts bytes visited beyond plain reading, a jump as one.
    pub(in crate::reader) fn count(bytes: usize) {
        WORK.with(|work| work.set(work.get() + bytes));
    }

    /// How much was counted since the last call.
    pub(in crate::reader) fn take_work() -> usize {
        WORK.with(Cell::take)
    }
}
