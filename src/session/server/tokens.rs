//! Checks tokens as they come, and says where they stand, as QEMU does since 11.1: an error is told before the value that
//! it is in has come to an end, with the line and the column of the token at fault.

use std::collections::HashSet;

use qapi_types::codec::Decode as _;
use qapi_types::{Document, ErrorKind, Mode, Syntax};

use super::limits::{MAX_DEPTH, MAX_TEXT, MAX_TOKENS};

/// How far a stream has been read, in lines and bytes of the last one.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Place {
    line: u64,
    column: u64,
    /// The next byte has been looked at before: it ended a token without being part of it, or the search for a promising
    /// one. QEMU counts it twice if a token starts with it.
    again: bool,
}

impl Place {
    pub(super) fn advance(&mut self, bytes: &[u8]) {
        let Some(last) = memchr::memrchr(b'\n', bytes) else {
            self.column += bytes.len() as u64;
            self.again &= bytes.is_empty();
            return;
        };
        self.line += memchr::memchr_iter(b'\n', bytes).count() as u64;
        self.column = (bytes.len() - last - 1) as u64;
        self.again = false;
    }

    pub(super) fn look_again(&mut self) {
        self.again = true;
    }

    /// Has the prefix of a token that starts here.
    fn tell(self, desc: &str) -> String {
        let column = self.column + 1 + u64::from(self.again);
        format!("{}:{column}: {desc}", self.line + 1)
    }
}

/// What a token did.
#[derive(Debug)]
pub(super) enum Checked {
    /// It is part of a value that has not come to its end.
    Part,
    /// It ended a value.
    Value,
    /// It was wrong: what to tell.
    Error(String),
    /// It was passed over, as what is left of a value in which an error was.
    Nothing,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Expects {
    #[default]
    Value,
    ValueOrEnd,
    Key,
    KeyOrEnd,
    Colon,
    Separator,
}

#[derive(Debug)]
enum Open {
    Array,
    /// The keys of complete members, and the key of the one at hand.
    Object(HashSet<String>, String),
}

/// The tokens of one value.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    open: Vec<Open>,
    expects: Expects,
    count: usize,
    /// Their bytes.
    size: usize,
    braces: usize,
    brackets: usize,
    /// Passing over what is left, until brackets balance or something else shows that this leads nowhere.
    skipping: bool,
}

impl Tokens {
    pub(super) fn is_skipping(&self) -> bool {
        self.skipping
    }

    /// A complete token that starts at this place.
    pub(super) fn check(&mut self, token: &[u8], place: Place) -> Checked {
        match token[0] {
            b'{' => self.braces += 1,
            b'[' => self.brackets += 1,
            b'}' if self.braces > 0 => self.braces -= 1,
            b']' if self.brackets > 0 => self.brackets -= 1,
            b'}' | b']' => (self.braces, self.brackets) = (0, 0),
            _ => {}
        }
        self.count += 1;
        self.size += token.len();
        let checked = if self.skipping {
            Checked::Nothing
        } else {
            match self.limits().and_then(|()| self.token(token)) {
                Ok(true) => Checked::Value,
                Ok(false) => Checked::Part,
                Err(what) => self.fail(&what, place),
            }
        };
        if self.braces == 0 && self.brackets == 0 {
            *self = Self::default();
        }
        checked
    }

    /// A token without end.
    pub(super) fn too_long(&mut self, place: Place) -> Checked {
        let checked = self.fail(&Syntax::TokenSize, place);
        self.skipping &= self.braces > 0 || self.brackets > 0;
        checked
    }

    /// Something that is no token. It ends all that was open.
    pub(super) fn stray(&mut self, what: &Syntax, place: Place) -> Checked {
        let checked = self.fail(what, place);
        *self = Self::default();
        checked
    }

    fn fail(&mut self, what: &Syntax, place: Place) -> Checked {
        if self.skipping {
            return Checked::Nothing;
        }
        self.skipping = true;
        Checked::Error(match what {
            Syntax::TokenSize | Syntax::TokenCount | Syntax::Nesting => what.to_string(),
            Syntax::MissingColon => place.tell("JSON parse error, expecting ':'"),
            Syntax::KeyNotString => place.tell("JSON parse error, expecting key"),
            Syntax::DictSeparator => place.tell("JSON parse error, expected ',' or '}'"),
            Syntax::ListSeparator => place.tell("JSON parse error, expected ',' or ']'"),
            what => place.tell(&what.to_string()),
        })
    }

    fn limits(&self) -> Result<(), Syntax> {
        if self.size > MAX_TEXT {
            Err(Syntax::TokenSize)
        } else if self.count > MAX_TOKENS {
            Err(Syntax::TokenCount)
        } else if self.braces + self.brackets > MAX_DEPTH {
            Err(Syntax::Nesting)
        } else {
            Ok(())
        }
    }

    /// Whether it ends the outermost value.
    fn token(&mut self, token: &[u8]) -> Result<bool, Syntax> {
        use Expects::{Colon, Key, KeyOrEnd, Separator, Value, ValueOrEnd};
        let in_array = matches!(self.open.last(), Some(Open::Array));
        self.expects = match (self.expects, token[0]) {
            (ValueOrEnd, b']') | (KeyOrEnd, b'}') => return self.close(),
            (Separator, b']') if in_array => return self.close(),
            (Separator, b'}') if !in_array => return self.close(),
            (Value | ValueOrEnd, b'[') => {
                self.open.push(Open::Array);
                ValueOrEnd
            }
            (Value | ValueOrEnd, b'{') => {
                self.open.push(Open::Object(HashSet::new(), String::new()));
                KeyOrEnd
            }
            (Value | ValueOrEnd, b'}' | b']' | b',' | b':') => return Err(Syntax::ExpectingValue),
            (Value | ValueOrEnd, _) => {
                scalar(token)?;
                return self.value();
            }
            (Key | KeyOrEnd, b'"' | b'\'') => {
                let document = scalar(token)?;
                let decoded = String::decode(&mut document.reader(Mode::Strict));
                if let (Some(Open::Object(_, key)), Ok(decoded)) = (self.open.last_mut(), decoded) {
                    *key = decoded;
                }
                Colon
            }
            (Key | KeyOrEnd, _) => return Err(Syntax::KeyNotString),
            (Colon, b':') => Value,
            (Colon, _) => return Err(Syntax::MissingColon),
            (Separator, b',') if in_array => Value,
            (Separator, b',') => Key,
            (Separator, _) if in_array => return Err(Syntax::ListSeparator),
            (Separator, _) => return Err(Syntax::DictSeparator),
        };
        Ok(false)
    }

    fn close(&mut self) -> Result<bool, Syntax> {
        self.open.pop();
        self.value()
    }

    /// A value is complete.
    fn value(&mut self) -> Result<bool, Syntax> {
        self.expects = Expects::Separator;
        match self.open.last_mut() {
            None => return Ok(true),
            Some(Open::Array) => {}
            Some(Open::Object(keys, key)) => {
                if !keys.insert(std::mem::take(key)) {
                    return Err(Syntax::DuplicateKey);
                }
            }
        }
        Ok(false)
    }
}

/// A string, number or keyword.
fn scalar(token: &[u8]) -> Result<Document<'_>, Syntax> {
    Document::parse(token).map_err(|error| match error.kind() {
        ErrorKind::Syntax(what) => what.clone(),
        _ => Syntax::ExpectingValue,
    })
}
