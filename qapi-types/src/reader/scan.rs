//! Looking ahead for the tag of a union.
//!
//! The tag may stand anywhere in the object, and values that come before it may hold unions whose tags come last
//! too. Looking ahead at every level would visit the innermost values once for each level around them. So the
//! first scan notes where each container in its way ends, and where those that are objects have a member of the
//! same name, which most often is their tag; later scans over the same text jump.
//!
//! Only brackets and strings are looked at. Whatever is passed over is read afterwards, and found out if it is not
//! JSON.

use std::borrow::Cow;
use std::ops::Range;

use super::string::string_end;
use super::{Dialect, Kind, Reader, past_space};
use crate::error::{Result, Syntax};

/// Where containers end, in the order in which they start.
#[derive(Debug)]
pub(super) struct Tape {
    spans: Vec<Span>,
    /// All containers that start from here on, up to `end`, are on the tape.
    start: usize,
    end: usize,
    /// The member that is noted.
    name: &'static str,
}

/// Offsets are below 2^32: looking ahead in longer texts is refused.
#[derive(Debug)]
struct Span {
    start: u32,
    /// Until the end is known, the span around this one.
    end: u32,
    /// The first span that is not within this one.
    next: u32,
    /// Where the value of the member noted starts; 0 if there is none.
    member: u32,
}

/// The value of a tag that was looked up already.
#[derive(Clone, Copy, Debug)]
pub(super) struct KnownTag {
    /// Where the string starts and ends, quotes included.
    start: u32,
    end: u32,
    /// Which of the enumeration's names it is.
    index: u32,
}

impl KnownTag {
    pub(super) const NONE: KnownTag = KnownTag {
        start: 0,
        end: 0,
        index: 0,
    };
}

/// No span.
const OUTSIDE: u32 = u32::MAX;

impl Tape {
    pub(super) const fn new() -> Tape {
        Tape {
            spans: Vec::new(),
            start: 0,
            end: 0,
            name: "",
        }
    }

    /// Where the value of a member of the object that starts at `object` is, 0 for nowhere; `None` if that was not
    /// noted.
    fn noted(&self, object: usize, name: &str) -> Option<usize> {
        if self.name != name {
            return None;
        }
        let spans = &self.spans;
        let index = spans.binary_search_by_key(&object, |span| span.start as usize);
        Some(spans[index.ok()?].member as usize)
    }

    /// The index of the first span from `at` on. Starts anew if `at` is not on the tape.
    fn seek(&mut self, at: usize, name: &'static str) -> usize {
        if !(self.start..self.end).contains(&at) {
            self.spans.clear();
            self.start = at;
            self.end = at;
            self.name = name;
        }
        self.spans
            .partition_point(|span| (span.start as usize) < at)
    }
}

impl<'a> Reader<'a> {
    /// Looks for a member of the object at hand, which starts at `object`, from the value on that stands here, and gives its
    /// value and the place of that if it is a string. Comes back here.
    ///
    /// # Errors
    /// When the text is not JSON.
    pub(crate) fn find_member(
        &mut self,
        object: usize,
        name: &'static str,
    ) -> Result<Option<(Cow<'a, str>, Range<usize>)>> {
        let at = match self.tape.noted(object, name) {
            Some(0) => None,
            Some(at) if at > self.pos => Some(at),
            _ => self.look_ahead(name)?,
        };
        #[cfg(test)]
        tests::count(1);
        let Some(at) = at else { return Ok(None) };
        let here = std::mem::replace(&mut self.pos, at);
        let found = match self.peek() {
            Ok(Kind::String) => self.string().map(|value| Some((value, at..self.pos))),
            _ => Ok(None),
        };
        self.pos = here;
        found
    }

    /// Remembers which of an enumeration's names stands at a place ahead, as the value of a member of the object at hand.
    pub(crate) fn foresee(&mut self, place: Range<usize>, index: usize) {
        self.tags[self.depth as usize % 4] = KnownTag {
            start: place.start as u32,
            end: place.end as u32,
            index: index as u32,
        };
    }

    /// Steps over the string here and says which of `names` it is, if that was [foreseen](Self::foresee).
    #[inline]
    pub(crate) fn foreseen(&mut self, names: &[&str]) -> Option<usize> {
        let tag = self.tags[self.depth as usize % 4];
        if tag.start as usize != self.pos {
            return None;
        }
        let (end, index) = (tag.end as usize, tag.index as usize);
        let [_, value @ .., _] = self.text.as_bytes().get(self.pos..end)? else {
            return None;
        };
        // It may have been foreseen for another enumeration.
        if names.get(index)?.as_bytes() != value {
            return None;
        }
        self.pos = end;
        Some(index)
    }

    fn look_ahead(&mut self, name: &'static str) -> Result<Option<usize>> {
        if u32::try_from(self.text.len()).is_err() {
            return Err(self.syntax(Syntax::TokenSize));
        }
        let mut tape = std::mem::replace(&mut self.tape, Tape::new());
        let found = self.scan(&mut tape, name);
        self.tape = tape;
        Ok(found)
    }

    fn scan(&mut self, tape: &mut Tape, name: &'static str) -> Option<usize> {
        let bytes = self.text.as_bytes();
        let mut at = self.pos;
        let mut cursor = tape.seek(at, name);
        let mut open = OUTSIDE;
        #[cfg(test)]
        let mut from = at;
        let found = loop {
            let Some(&byte) = bytes.get(at) else {
                // What is open now has no end.
                *tape = Tape::new();
                return None;
            };
            match byte {
                b'{' | b'[' => {
                    if open == OUTSIDE
                        && let Some(span) = tape.spans.get(cursor)
                        && span.start as usize == at
                    {
                        #[cfg(test)]
                        tests::count(at - from + 1);
                        at = span.end as usize;
                        cursor = span.next as usize;
                        #[cfg(test)]
                        (from = at);
                        continue;
                    }
                    let span = Span {
                        start: at as u32,
                        end: open,
                        next: 0,
                        member: 0,
                    };
                    open = tape.spans.len() as u32;
                    tape.spans.push(span);
                    at += 1;
                }
                b'}' | b']' => {
                    at += 1;
                    if open == OUTSIDE {
                        break None;
                    }
                    let next = tape.spans.len();
                    let span = &mut tape.spans[open as usize];
                    open = std::mem::replace(&mut span.end, at as u32);
                    span.next = next as u32;
                    cursor = next;
                }
                mut quote @ (b'"' | b'\'') if quote == b'"' || self.dialect == Dialect::Qemu => {
                    let wanted = if open == OUTSIDE { name } else { tape.name };
                    let same = loop {
                        if self.compare(&mut at, quote, wanted) {
                            break true;
                        }
                        // Most often another string follows, and what is between need not be looked at.
                        let Some([b':' | b',', b' ', next, ..]) = bytes.get(at..) else {
                            break false;
                        };
                        at += 2;
                        if *next != b'"' {
                            break false;
                        }
                        quote = b'"';
                    };
                    if !same {
                        continue;
                    }
                    let colon = past_space(bytes, at);
                    if bytes.get(colon) != Some(&b':') {
                        continue;
                    }
                    at = past_space(bytes, colon + 1);
                    match tape.spans.get_mut(open as usize) {
                        None => break Some(at),
                        Some(span) if span.member == 0 => span.member = at as u32,
                        Some(_) => {}
                    }
                }
                _ => at += 1,
            }
        };
        tape.end = tape.end.max(at);
        #[cfg(test)]
        tests::count(at - from);
        found
    }

    /// Goes to the end of the string that starts at `at`, and says whether its value is `wanted`.
    #[inline]
    fn compare(&mut self, at: &mut usize, quote: u8, wanted: &str) -> bool {
        let bytes = self.text.as_bytes();
        let start = *at + 1;
        let end = string_end(bytes, start, quote);
        if bytes.get(end) != Some(&quote) {
            return self.compare_escaped(at, end, quote, wanted);
        }
        *at = end + 1;
        end - start == wanted.len() && bytes[start..end] == *wanted.as_bytes()
    }

    #[cold]
    #[inline(never)]
    fn compare_escaped(&mut self, at: &mut usize, mut end: usize, quote: u8, wanted: &str) -> bool {
        let bytes = self.text.as_bytes();
        while let Some(&b) = bytes.get(end)
            && b != quote
        {
            end = string_end(bytes, end + 1 + usize::from(b == b'\\'), quote);
        }
        let here = std::mem::replace(&mut self.pos, *at);
        let same = self.string().is_ok_and(|value| value == wanted);
        self.pos = here;
        *at = end + 1;
        same
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::cell::Cell;

    thread_local! {
        static WORK: Cell<usize> = const { Cell::new(0) };
    }

    /// Counts bytes visited beyond plain reading, a jump as one.
    pub(in crate::reader) fn count(bytes: usize) {
        WORK.with(|work| work.set(work.get() + bytes));
    }

    /// How much was counted since the last call.
    pub(crate) fn take_work() -> usize {
        WORK.with(Cell::take)
    }
}
