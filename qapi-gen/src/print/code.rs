//! Code as a row of tokens.

use std::fmt::{Display, Write as _};
use std::ops::AddAssign;

/// How much a token wants a space beside it: there is one if both sides come to `SPACE` together.
pub(super) const NEVER: i8 = -2;
pub(super) const GLUE: i8 = 0;
pub(super) const WORD: i8 = 1;
pub(super) const SPACE: i8 = 2;

/// Tokens of Rust, one behind the other: brackets are tokens as others are, an operator is one, and words at which no line is broken
/// are one together. Code is put together by copying text and tokens.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Code {
    text: String,
    tokens: Vec<Token>,
}

/// How much code takes.
#[derive(Clone, Copy, Default)]
pub(crate) struct Room {
    pub(crate) bytes: usize,
    pub(crate) tokens: usize,
}

impl AddAssign for Room {
    fn add_assign(&mut self, more: Room) {
        self.bytes += more.bytes;
        self.tokens += more.tokens;
    }
}

/// What the printer has to know of a token.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Token {
    pub(super) role: Role,
    pub(super) before: i8,
    pub(super) after: i8,
    /// How many bytes it is written with. Four bytes of length are not enough for all literals.
    len: [u8; 5],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Open,
    Close,
    Less,
    Greater,
    /// The first or second one of a closure.
    Pipe,
    /// Ends an element.
    Separator,
    /// Goes on with an element that may have ended.
    GoesOn,
    /// `=` or `=>`.
    Equals,
    Other,
}

impl Token {
    fn new(text: &str) -> Token {
        let (role, before, after) = match text {
            "(" | "[" => (Role::Open, GLUE, NEVER),
            "{" => (Role::Open, SPACE, NEVER),
            ")" | "]" | "}" => (Role::Close, GLUE, WORD),
            "<" => (Role::Less, GLUE, NEVER),
            ">" => (Role::Greater, NEVER, WORD),
            "," | ";" => (Role::Separator, NEVER, SPACE),
            ":" => (Role::Other, NEVER, SPACE),
            "." => (Role::GoesOn, NEVER, NEVER),
            "?" => (Role::GoesOn, NEVER, WORD),
            "else" => (Role::GoesOn, SPACE, SPACE),
            "::" => (Role::Other, GLUE, NEVER),
            "!" => (Role::Other, GLUE, GLUE),
            "&" | "#" | "*" | ".." | "'" => (Role::Other, WORD, NEVER),
            "|" => (Role::Pipe, WORD, NEVER),
            "=" | "=>" => (Role::Equals, SPACE, SPACE),
            "->" | "+" | "-" | "==" | "!=" | "&&" | "||" | "as" | "const" | "dyn" | "for"
            | "if" | "impl" | "in" | "let" | "match" | "mut" | "ref" | "return" | "static"
            | "use" | "where" | "while" => (Role::Other, SPACE, SPACE),
            _ => (Role::Other, WORD, WORD),
        };
        let token = Token {
            role,
            before,
            after,
            len: [0; 5],
        };
        token.longer(text.len())
    }

    /// The same with so many bytes more.
    fn longer(self, more: usize) -> Token {
        let [a, b, c, d, e, ..] = ((self.len() + more) as u64).to_le_bytes();
        Token {
            len: [a, b, c, d, e],
            ..self
        }
    }

    fn len(self) -> usize {
        let [a, b, c, d, e] = self.len;
        u64::from_le_bytes([a, b, c, d, e, 0, 0, 0]) as usize
    }
}

impl Code {
    /// Without tokens, but with that much room.
    pub(crate) fn with_room(room: Room) -> Code {
        Code {
            text: String::with_capacity(room.bytes),
            tokens: Vec::with_capacity(room.tokens),
        }
    }

    /// The room that it takes.
    pub(crate) fn room(&self) -> Room {
        Room {
            bytes: self.text.len(),
            tokens: self.tokens.len(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    /// Appends a token.
    pub(crate) fn token(&mut self, token: &str) {
        self.token_of([token]);
    }

    /// Appends what is written in pieces as one token.
    pub(crate) fn token_of<'a>(&mut self, pieces: impl IntoIterator<Item = &'a str>) {
        let start = self.text.len();
        self.text.extend(pieces);
        self.add(start);
    }

    /// Appends a word or a literal.
    pub(crate) fn word(&mut self, word: impl Display) {
        let start = self.text.len();
        // Writing to a string does not fail.
        let _ = write!(self.text, "{word}");
        self.add(start);
    }

    /// Makes a token of the text from there on, or a part of the token before, if lines are broken at neither.
    fn add(&mut self, start: usize) {
        let token = Token::new(&self.text[start..]);
        match self.tokens.last_mut() {
            Some(last) if last.role == Role::Other && token.role == Role::Other => {
                let is_apart = last.after + token.before >= SPACE;
                if is_apart {
                    self.text.insert(start, ' ');
                }
                *last = Token {
                    before: last.before,
                    ..token.longer(last.len() + usize::from(is_apart))
                };
            }
            _ => self.tokens.push(token),
        }
    }

    /// Appends the tokens of other code.
    pub(crate) fn append(&mut self, code: &Code) {
        self.text.push_str(&code.text);
        self.tokens.extend_from_slice(&code.tokens);
    }

    pub(super) fn tokens(&self) -> Tokens<'_> {
        Tokens {
            text: &self.text,
            tokens: self.tokens.iter(),
        }
    }
}

/// The tokens that are left.
pub(super) struct Tokens<'c> {
    text: &'c str,
    tokens: std::slice::Iter<'c, Token>,
}

impl Tokens<'_> {
    pub(super) fn peek(&self) -> Option<Role> {
        self.tokens.as_slice().first().map(|token| token.role)
    }
}

impl<'c> Iterator for Tokens<'c> {
    type Item = (&'c str, Token);

    fn next(&mut self) -> Option<(&'c str, Token)> {
        let token = *self.tokens.next()?;
        let (text, rest) = self.text.split_at(token.len());
        self.text = rest;
        Some((text, token))
    }
}
