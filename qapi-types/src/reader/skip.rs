//! Stepping over values.

use super::string::plain_end;
use super::{Kind, MAX_DEPTH, Reader};
use crate::error::{Result, Syntax};

/// Which of the open containers are objects, one bit each, so that skipping needs no recursion.
struct Containers {
    objects: [u64; MAX_DEPTH as usize / 64 + 1],
    depth: u32,
}

impl Containers {
    fn push(&mut self, object: bool) {
        let (word, bit) = (self.depth as usize / 64, self.depth % 64);
        self.objects[word] = self.objects[word] & !(1 << bit) | u64::from(object) << bit;
        self.depth += 1;
    }

    fn pop(&mut self) {
        self.depth -= 1;
    }

    /// Whether the innermost container is an object; `None` if none is open.
    fn in_object(&self) -> Option<bool> {
        let index = self.depth.checked_sub(1)?;
        Some(self.objects[index as usize / 64] >> (index % 64) & 1 == 1)
    }
}

impl Reader<'_> {
    /// Steps over a value of any kind. It is checked to be JSON all the same, but for duplicate keys.
    ///
    /// # Errors
    /// When the text is not JSON, or nested too deep.
    #[inline]
    pub fn skip(&mut self) -> Result<()> {
        match self.peek()? {
            Kind::Object | Kind::Array => self.skip_container(),
            kind => self.skip_scalar(kind),
        }
    }

    fn skip_scalar(&mut self, kind: Kind) -> Result<()> {
        match kind {
            Kind::String => self.skip_string(),
            Kind::Number => self.skip_number(),
            Kind::Bool => self.bool().map(drop),
            _ => self.null(),
        }
    }

    /// Steps over an object or array.
    #[inline(never)]
    fn skip_container(&mut self) -> Result<()> {
        let bytes = self.text.as_bytes();
        let mut containers = Containers {
            objects: [0; MAX_DEPTH as usize / 64 + 1],
            depth: 0,
        };
        let mut in_object = false;
        let mut at = self.pos;
        loop {
            if let Some(end) = plain_scalar(bytes, at) {
                at = end;
            } else {
                self.pos = at;
                match self.peek()? {
                    kind @ (Kind::Object | Kind::Array) => {
                        self.open()?;
                        in_object = kind == Kind::Object;
                        containers.push(in_object);
                    }
                    kind => self.skip_scalar(kind)?,
                }
                at = self.pos;
            }
            // Goes to the next value, or leaves containers that have no more.
            loop {
                if !self.fresh
                    && let Some(next) = plain_next(bytes, at, in_object)
                {
                    at = next;
                    break;
                }
                self.pos = at;
                let more = self.next_value(in_object)?;
                at = self.pos;
                if more {
                    break;
                }
                containers.pop();
                match containers.in_object() {
                    Some(object) => in_object = object,
                    None => return Ok(()),
                }
            }
        }
    }

    /// Goes to the next value of the container at hand, or leaves it.
    fn next_value(&mut self, in_object: bool) -> Result<bool> {
        if in_object {
            if let Some((_, end)) = self.plain_key() {
                self.pass_key(end);
                return Ok(true);
            }
            if !self.at_key()? {
                return Ok(false);
            }
            self.check_key()?;
            self.skip_string()?;
            self.colon()?;
            Ok(true)
        } else {
            self.next_element()
        }
    }

    /// Gets past a value that was refused, wherever within it reading stopped: `start` is where the value starts, and
    /// `depth` how many containers are open around it. Errors in the rest of the value go unnoticed, as that is
    /// refused already; each byte is still visited only once, however deep the value nests.
    pub(crate) fn recover(&mut self, start: usize, depth: u32) -> Result<()> {
        if self.depth == depth {
            return if self.pos == start {
                self.skip()
            } else {
                Ok(())
            };
        }
        self.fresh = false;
        #[cfg(test)]
        let before = self.pos;
        while self.depth > depth {
            match self.byte() {
                b'"' => self.skip_string()?,
                b'\'' if self.check_key().is_ok() => self.skip_string()?,
                b'{' | b'[' => self.open()?,
                b'}' | b']' => {
                    self.pos += 1;
                    self.depth -= 1;
                }
                _ if self.pos >= self.text.len() => {
                    return Err(self.syntax(Syntax::UnexpectedEnd));
                }
                b if b.is_ascii() => self.pos += 1,
                _ => return Err(self.no_value()),
            }
        }
        self.fresh = false;
        #[cfg(test)]
        super::scan::tests::count(self.pos - before);
        Ok(())
    }

    #[inline]
    pub(crate) fn depth(&self) -> u32 {
        self.depth
    }
}

/// Where the string or integer ends that starts at `at`, if it is plain: without escapes, of few digits.
#[inline(always)]
fn plain_scalar(bytes: &[u8], at: usize) -> Option<usize> {
    match bytes.get(at)? {
        b'"' => {
            let end = plain_end(bytes, at + 1, b'"');
            (*bytes.get(end)? == b'"').then_some(end + 1)
        }
        b'1'..=b'9' => {
            let digits = bytes[at..].iter().take(19);
            let end = at + digits.take_while(|b| b.is_ascii_digit()).count();
            (!matches!(bytes.get(end)?, b'0'..=b'9' | b'.' | b'e' | b'E')).then_some(end)
        }
        b'0' if matches!(bytes.get(at + 1)?, b',' | b'}' | b']') => Some(at + 1),
        _ => None,
    }
}

/// Where the next value of a container starts, if there is one after a comma at `at`, and it is laid out as QEMU does.
#[inline(always)]
fn plain_next(bytes: &[u8], at: usize, in_object: bool) -> Option<usize> {
    let next = match bytes.get(at..)? {
        [b',', b' ', ..] => at + 2,
        [b',', ..] => at + 1,
        _ => return None,
    };
    if !in_object {
        return (*bytes.get(next)? > b' ').then_some(next);
    }
    if *bytes.get(next)? != b'"' {
        return None;
    }
    let end = plain_end(bytes, next + 1, b'"');
    match bytes.get(end..)? {
        [b'"', b':', b' ', value, ..] if *value > b' ' => Some(end + 3),
        [b'"', b':', value, ..] if *value > b' ' => Some(end + 2),
        _ => None,
    }
}
