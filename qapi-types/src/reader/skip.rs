//! Stepping over values.

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
        let mut containers = Containers {
            objects: [0; MAX_DEPTH as usize / 64 + 1],
            depth: 0,
        };
        loop {
            match self.peek()? {
                kind @ (Kind::Object | Kind::Array) => {
                    self.open()?;
                    containers.push(kind == Kind::Object);
                }
                kind => self.skip_scalar(kind)?,
            }
            while !self.next_value(containers.in_object())? {
                containers.pop();
                if containers.depth == 0 {
                    return Ok(());
                }
            }
        }
    }

    /// Goes to the next value of the container at hand, or leaves it.
    fn next_value(&mut self, in_object: Option<bool>) -> Result<bool> {
        if in_object == Some(true) {
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
