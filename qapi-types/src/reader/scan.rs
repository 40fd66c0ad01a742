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
    /// All containers that start before this place and after the first span are on the tape.
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
    /// The index of the first span from `pos` on.
    fn find(&self, pos: usize) -> usize {
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
        if self.pos >= self.tape.end {
            self.tape.spans.clear();
            self.tape.end = self.pos;
        }
        let mut cursor = self.tape.find(self.pos);
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
        let kind = self.peek()?;
        #[cfg(test)]
        let start = self.pos;
        let next = match kind {
            Kind::Object | Kind::Array if self.pos < self.tape.end => {
                let span = &self.tape.spans[cursor];
                debug_assert_eq!(span.start, self.pos);
                self.pos = span.end;
                #[cfg(test)]
                tests::count(1);
                return Ok(span.next);
            }
            Kind::Object | Kind::Array => {
                let mut spans = std::mem::take(&mut self.tape.spans);
                let mut open = Vec::new();
                let result = self.skip_container(|pos, start| {
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
                });
                result?;
                let next = spans.len();
                self.tape.spans = spans;
                self.tape.end = self.pos;
                next
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
