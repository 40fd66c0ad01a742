//! Checks a text token by token, as QEMU's lexer and parser do.

use std::borrow::Cow;
use std::collections::HashSet;

use super::{Document, MAX_TEXT, spell_nul};
use crate::error::{Error, Result, Syntax};
use crate::reader::MAX_DEPTH;
use crate::reader::string::{is_character, plain_end, unicode_escape};

/// Tokens that one value may have.
const MAX_TOKENS: usize = 1 << 21;

/// An object or array that is open.
enum Open<'a> {
    Array,
    Object(Keys<'a>),
    /// In the place of a key a value that is none starts here. QEMU reads it before it says so.
    Key(usize),
}

/// The keys of an object so far.
struct Keys<'a> {
    /// That whose value is being read.
    last: Cow<'a, [u8]>,
    /// Where those before it start among the keys of all open objects.
    first: usize,
    /// Those before it, once they are too many to be compared one by one.
    index: Option<HashSet<Cow<'a, [u8]>>>,
}

/// Keys that are compared one by one.
const FEW_KEYS: usize = 16;

pub(super) struct Check<'a> {
    bytes: &'a [u8],
    pub(super) pos: usize,
    tokens: usize,
    /// Bytes of the tokens.
    size: usize,
    /// Objects and arrays open.
    depth: u32,
    /// The keys of all open objects but the last of each, from the outside in.
    keys: Vec<Cow<'a, [u8]>>,
    /// What is open around the innermost.
    stack: Vec<Open<'a>>,
    /// Whether a string holds U+0000 as C0 80.
    pub(super) long_nul: bool,
}

impl<'a> Check<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            pos: 0,
            tokens: 0,
            size: 0,
            depth: 0,
            keys: Vec::new(),
            stack: Vec::new(),
            long_nul: false,
        }
    }

    /// The document of a text that was read without error.
    pub(super) fn document(self, text: &'a [u8]) -> Result<Document<'a>> {
        let text = if self.long_nul {
            String::from_utf8(spell_nul(text)).map(Cow::Owned).ok()
        } else {
            std::str::from_utf8(text).map(Cow::Borrowed).ok()
        };
        let text = text.ok_or_else(|| Error::syntax(Syntax::Utf8, 0))?;
        Ok(Document { text })
    }

    /// Reads a text that is one value.
    pub(super) fn whole(&mut self) -> Result<()> {
        self.space();
        self.value()?;
        self.space();
        if self.pos < self.bytes.len() {
            return Err(self.unexpected(Syntax::Trailing));
        }
        Ok(())
    }

    /// Reads one value.
    pub(super) fn value(&mut self) -> Result<()> {
        let mut innermost: Option<Open<'a>> = None;
        loop {
            if let Some(open) = self.enter()? {
                self.stack.extend(innermost.replace(open));
                continue;
            }
            // A value is complete, and with it perhaps what is around it.
            loop {
                let Some(open) = &mut innermost else {
                    return if self.size < MAX_TEXT {
                        Ok(())
                    } else {
                        Err(self.syntax(Syntax::TokenSize))
                    };
                };
                if !self.separator(open)? {
                    break;
                }
                innermost = self.stack.pop();
            }
            if let Some(Open::Object(keys)) = &mut innermost {
                match self.key()? {
                    Some(key) => self.keys.push(std::mem::replace(&mut keys.last, key)),
                    None => self.stack.extend(innermost.replace(Open::Key(self.pos))),
                }
            }
        }
    }

    /// Reads a scalar or an empty container, or enters one that is not.
    fn enter(&mut self) -> Result<Option<Open<'a>>> {
        match self.byte() {
            Some(bracket @ (b'{' | b'[')) => {
                if self.depth >= MAX_DEPTH {
                    return Err(self.syntax(Syntax::Nesting));
                }
                self.token()?;
                self.pos += 1;
                self.space();
                if self.byte() == Some(bracket + 2) {
                    self.token()?;
                    self.pos += 1;
                    return Ok(None);
                }
                self.depth += 1;
                if bracket == b'[' {
                    return Ok(Some(Open::Array));
                }
                let first = self.keys.len();
                let index = None;
                Ok(Some(match self.key()? {
                    Some(last) => Open::Object(Keys { last, first, index }),
                    None => Open::Key(self.pos),
                }))
            }
            Some(b'"' | b'\'') => self.string().map(|_| None),
            Some(b'-' | b'0'..=b'9') => self.number().map(|()| None),
            Some(b'a'..=b'z') => self.keyword().map(|()| None),
            _ => Err(self.unexpected(Syntax::ExpectingValue)),
        }
    }

    /// After a value in a container: goes to the next one, or says that the container is complete.
    fn separator(&mut self, open: &mut Open<'a>) -> Result<bool> {
        let (closing, wanted) = match open {
            Open::Array => (b']', Syntax::ListSeparator),
            Open::Object(keys) => {
                if !self.is_new(keys) {
                    return Err(self.syntax(Syntax::DuplicateKey));
                }
                (b'}', Syntax::DictSeparator)
            }
            Open::Key(start) => return Err(Error::syntax(Syntax::KeyNotString, *start)),
        };
        self.space();
        match self.byte() {
            Some(b',') => {
                self.token()?;
                self.pos += 1;
                self.space();
                Ok(false)
            }
            Some(b) if b == closing => {
                self.token()?;
                self.pos += 1;
                self.depth -= 1;
                if let Open::Object(keys) = open {
                    self.keys.truncate(keys.first);
                }
                Ok(true)
            }
            _ => Err(self.unexpected(wanted)),
        }
    }

    /// Whether the object's last key differs from those before it.
    fn is_new(&self, object: &mut Keys<'a>) -> bool {
        let before = &self.keys[object.first..];
        if before.len() < FEW_KEYS {
            return !before.contains(&object.last);
        }
        object
            .index
            .get_or_insert_with(|| before.iter().cloned().collect())
            .insert(object.last.clone())
    }

    /// Reads a key and the colon; none if something else stands there.
    fn key(&mut self) -> Result<Option<Cow<'a, [u8]>>> {
        let Some(b'"' | b'\'') = self.byte() else {
            return Ok(None);
        };
        let key = self.string()?;
        self.space();
        if self.byte() != Some(b':') {
            return Err(self.unexpected(Syntax::MissingColon));
        }
        self.token()?;
        self.pos += 1;
        self.space();
        Ok(Some(key))
    }

    fn keyword(&mut self) -> Result<()> {
        self.token()?;
        let rest = &self.bytes[self.pos..];
        let length = rest.iter().take_while(|b| b.is_ascii_lowercase()).count();
        let word = &rest[..length];
        if !matches!(word, b"true" | b"false" | b"null") {
            let word = String::from_utf8_lossy(word).into();
            return Err(self.syntax(Syntax::Keyword(word)));
        }
        self.pos += length;
        self.size += length - 1;
        Ok(())
    }

    fn number(&mut self) -> Result<()> {
        self.token()?;
        let start = self.pos;
        self.pos += usize::from(self.byte() == Some(b'-'));
        if self.byte() == Some(b'0') {
            self.pos += 1;
            if self.byte().is_some_and(|b| b.is_ascii_digit()) {
                return Err(self.stray(start));
            }
        } else {
            self.digits(start)?;
        }
        // A shorter integer cannot exceed a double's range.
        let mut finite = self.pos - start < 300;
        if self.byte() == Some(b'.') {
            self.pos += 1;
            self.digits(start)?;
        }
        if let Some(b'e' | b'E') = self.byte() {
            finite = false;
            self.pos += 1;
            self.pos += usize::from(matches!(self.byte(), Some(b'+' | b'-')));
            self.digits(start)?;
        }
        self.size += self.pos - start - 1;
        if finite {
            return Ok(());
        }
        let literal = std::str::from_utf8(&self.bytes[start..self.pos]);
        match literal.map(str::parse::<f64>) {
            Ok(Ok(value)) if value.is_finite() => Ok(()),
            _ => Err(Error::syntax(Syntax::NumberRange, start)),
        }
    }

    fn digits(&mut self, start: usize) -> Result<()> {
        let rest = &self.bytes[self.pos..];
        let count = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        self.pos += count;
        if count == 0 {
            return Err(self.stray(start));
        }
        Ok(())
    }

    /// Reads a string. Its content is only compared with that of others, so U+0000 may stay two bytes.
    fn string(&mut self) -> Result<Cow<'a, [u8]>> {
        self.token()?;
        let start = self.pos;
        let quote = self.bytes[start];
        let mut end = start + 1;
        let mut escaped = false;
        loop {
            end = plain_end(self.bytes, end, quote);
            match self.bytes.get(end) {
                Some(&b) if b == quote => break,
                // Whatever is escaped, the string goes on after it.
                Some(b'\\') if self.bytes.get(end + 1).is_some_and(|b| *b >= 0x20) => {
                    escaped = true;
                    end += 2;
                }
                Some(b'\\') => {
                    self.pos = end + 1;
                    return Err(self.stray(start));
                }
                _ => {
                    self.pos = end;
                    return Err(self.stray(start));
                }
            }
        }
        self.size += end - start;
        let raw = &self.bytes[start + 1..end];
        if !escaped && raw.is_ascii() {
            self.pos = end + 1;
            return Ok(Cow::Borrowed(raw));
        }
        if let Some(at) = raw.iter().position(|b| *b >= 0xFE) {
            self.pos = start + 1 + at;
            return Err(self.stray(start));
        }
        let content = self.content(start + 1, end)?;
        self.pos = end + 1;
        Ok(Cow::Owned(content))
    }

    /// The content of a string that goes from `start` to `end`.
    fn content(&mut self, start: usize, end: usize) -> Result<Vec<u8>> {
        let mut content = Vec::with_capacity(end - start);
        let mut at = start;
        while at < end {
            let plain = self.bytes[at..end]
                .iter()
                .take_while(|b| **b != b'\\')
                .count();
            self.characters(at, at + plain)?;
            content.extend_from_slice(&self.bytes[at..at + plain]);
            at += plain;
            if at < end {
                at = self.escape(at, end, &mut content)?;
            }
        }
        Ok(content)
    }

    /// Decodes the escape at `at` in a string that goes up to `end`, and says where it ends.
    fn escape(&self, at: usize, end: usize, content: &mut Vec<u8>) -> Result<usize> {
        content.push(match self.bytes[at + 1] {
            b @ (b'"' | b'\'' | b'\\' | b'/') => b,
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => {
                let (code, next) = unicode_escape(self.bytes, at);
                let c = code.and_then(char::from_u32).filter(|c| is_character(*c));
                let Some(c) = c else {
                    // At most up to the closing quote.
                    let quoted = &self.bytes[at..next.min(end + 1)];
                    return Err(Error::syntax(Syntax::Unicode(Syntax::quote(quoted)), at));
                };
                if c == '\0' {
                    content.extend_from_slice(&[0xC0, 0x80]);
                } else {
                    content.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                }
                return Ok(next);
            }
            _ => return Err(Error::syntax(Syntax::Escape, at)),
        });
        Ok(at + 2)
    }

    /// Checks characters that stand for themselves.
    fn characters(&mut self, start: usize, end: usize) -> Result<()> {
        let mut rest = &self.bytes[start..end];
        if rest.is_ascii() {
            return Ok(());
        }
        loop {
            let (valid, bad) = match std::str::from_utf8(rest) {
                Ok(text) => (text, None),
                Err(error) => {
                    let (valid, bad) = rest.split_at(error.valid_up_to());
                    (std::str::from_utf8(valid).unwrap_or_default(), Some(bad))
                }
            };
            if !valid.chars().all(is_character) {
                return Err(Error::syntax(Syntax::Utf8, start));
            }
            match bad {
                None => return Ok(()),
                Some([0xC0, 0x80, after @ ..]) => {
                    self.long_nul = true;
                    rest = after;
                }
                Some(_) => return Err(Error::syntax(Syntax::Utf8, start)),
            }
        }
    }

    fn byte(&self) -> Option<u8> {
        self.bytes.get(self.pos).copied()
    }

    pub(super) fn space(&mut self) {
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = self.byte() {
            self.pos += 1;
        }
    }

    fn token(&mut self) -> Result<()> {
        self.tokens += 1;
        self.size += 1;
        if self.tokens > MAX_TOKENS {
            return Err(self.syntax(Syntax::TokenCount));
        }
        Ok(())
    }

    #[cold]
    fn syntax(&self, what: Syntax) -> Error {
        Error::syntax(what, self.pos)
    }

    /// The token here is not the one wanted, or none at all.
    #[cold]
    fn unexpected(&self, what: Syntax) -> Error {
        match self.byte() {
            Some(
                b'{'
                | b'}'
                | b'['
                | b']'
                | b','
                | b':'
                | b'"'
                | b'\''
                | b'-'
                | b'0'..=b'9'
                | b'a'..=b'z',
            ) => self.syntax(what),
            _ => self.stray(self.pos),
        }
    }

    /// The byte here cannot be part of the token that starts at `start`.
    #[cold]
    fn stray(&self, start: usize) -> Error {
        if self.pos >= self.bytes.len() {
            return self.syntax(Syntax::UnexpectedEnd);
        }
        let text = Syntax::quote(&self.bytes[start..=self.pos]);
        self.syntax(Syntax::Stray(text))
    }
}
