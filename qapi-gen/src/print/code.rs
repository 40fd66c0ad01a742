//! Code as a row of tokens.

use std::cell::RefCell;
use std::fmt::{Display, Write as _};
use std::mem::take;

/// How much a token wants a space beside it: there is one if both sides come to `SPACE` together.
const NEVER: i8 = -2;
const GLUE: i8 = 0;
const WORD: i8 = 1;
const SPACE: i8 = 2;
/// Even beside what wants none: inside braces that are not empty.
const ALWAYS: i8 = 4;

/// Tokens of Rust, one behind the other, as they stand on one line: brackets are tokens as others are, an operator is one, and words at
/// which no line is broken are one together. Code is put together by copying text and tokens.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Code {
    text: String,
    tokens: Vec<Token>,
    /// How much the first token wants a space before it, and the last one behind it.
    before: i8,
    after: i8,
}

/// Memory for code, of which much is made of a few templates and put into other code at once.
type Buffers = (String, Vec<Token>);

thread_local! {
    static SPARE: RefCell<Vec<Buffers>> = const { RefCell::new(Vec::new()) };
}

/// As much memory is kept for other code, and as many pieces: a definition of usual size takes less.
const MAX_SPARE_BYTES: usize = 1 << 14;
const MAX_SPARE: usize = 64;

impl Drop for Code {
    fn drop(&mut self) {
        let is_small = self.text.capacity() <= MAX_SPARE_BYTES;
        if self.text.capacity() == 0 || !is_small {
            return;
        }
        let (mut text, mut tokens) = (take(&mut self.text), take(&mut self.tokens));
        text.clear();
        tokens.clear();
        // A thread that ends keeps nothing.
        let _ = SPARE.try_with(|spare| {
            let mut spare = spare.borrow_mut();
            if spare.len() < MAX_SPARE {
                spare.push((text, tokens));
            }
        });
    }
}

impl Default for Code {
    fn default() -> Code {
        Code::new()
    }
}

/// What the printer has to know of a token.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Token {
    pub(super) role: Role,
    /// How many bytes it is written with, twice that and one more if there is a space before it. Four bytes are not enough for
    /// all literals.
    size: [u8; 7],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Open,
    Close,
    Less,
    Greater,
    /// Ends an element.
    Separator,
    /// Goes on with an element that may have ended.
    GoesOn,
    /// `=` or `=>`.
    Equals,
    /// A whole attribute.
    Attribute,
    Other,
}

impl Token {
    fn new(role: Role, len: usize, space: bool) -> Token {
        let [a, b, c, d, e, f, g, _] = ((len as u64) << 1 | u64::from(space)).to_le_bytes();
        let size = [a, b, c, d, e, f, g];
        Token { role, size }
    }

    fn size(self) -> usize {
        let [a, b, c, d, e, f, g] = self.size;
        u64::from_le_bytes([a, b, c, d, e, f, g, 0]) as usize
    }

    pub(super) fn len(self) -> usize {
        self.size() >> 1
    }

    /// The number of spaces before it.
    pub(super) fn space(self) -> usize {
        self.size() & 1
    }
}

/// What a token is, and how much it wants a space before and behind it.
fn kind(token: &str) -> (Role, i8, i8) {
    match token {
        "(" | "[" => (Role::Open, GLUE, NEVER),
        "{" => (Role::Open, SPACE, ALWAYS),
        ")" | "]" => (Role::Close, NEVER, WORD),
        "}" => (Role::Close, ALWAYS, WORD),
        "<" => (Role::Less, GLUE, NEVER),
        ">" => (Role::Greater, NEVER, WORD),
        "," | ";" => (Role::Separator, NEVER, SPACE),
        ":" => (Role::Other, NEVER, SPACE),
        "." => (Role::GoesOn, NEVER, NEVER),
        "?" => (Role::GoesOn, NEVER, WORD),
        "else" => (Role::GoesOn, SPACE, SPACE),
        "::" => (Role::Other, GLUE, NEVER),
        "!" => (Role::Other, GLUE, GLUE),
        "&" | "#" | "*" | ".." | "'" | "|" => (Role::Other, WORD, NEVER),
        "=" | "=>" => (Role::Equals, SPACE, SPACE),
        "->" | "+" | "-" | "==" | "!=" | "&&" | "||" | "as" | "const" | "dyn" | "for" | "if"
        | "impl" | "in" | "let" | "match" | "mut" | "ref" | "return" | "static" | "use"
        | "where" | "while" => (Role::Other, SPACE, SPACE),
        _ => (Role::Other, WORD, WORD),
    }
}

impl Code {
    /// Without tokens.
    pub(crate) fn new() -> Code {
        let kept = SPARE.with_borrow_mut(Vec::pop);
        let (text, tokens) = kept.unwrap_or_default();
        Code {
            text,
            tokens,
            before: GLUE,
            after: GLUE,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    /// Whether what comes next stands close to the last token in any case.
    pub(crate) fn is_tight(&self) -> bool {
        self.after == NEVER
    }

    /// Appends a token.
    pub(crate) fn token(&mut self, token: &str) {
        self.add(kind(token), [token]);
    }

    /// Appends a brace that stands close to what is in it.
    pub(crate) fn tight_brace(&mut self, brace: &str) {
        let (role, before, after) = match brace {
            "{" => (Role::Open, SPACE, NEVER),
            _ => (Role::Close, NEVER, WORD),
        };
        self.add((role, before, after), [brace]);
    }

    /// Appends the bar that ends the parameters of a closure.
    pub(crate) fn closing_bar(&mut self) {
        self.add((Role::Other, NEVER, SPACE), ["|"]);
    }

    /// Appends what is written in pieces as one word or literal.
    pub(crate) fn token_of<'a>(&mut self, pieces: impl IntoIterator<Item = &'a str>) {
        self.add((Role::Other, WORD, WORD), pieces);
    }

    /// Appends a path without spaces.
    pub(crate) fn path(&mut self, path: &str) {
        let before = if path.starts_with(':') { GLUE } else { WORD };
        self.add((Role::Other, before, WORD), [path]);
    }

    /// Appends an attribute, written in pieces.
    pub(crate) fn attribute<'a>(&mut self, pieces: impl IntoIterator<Item = &'a str>) {
        self.add((Role::Attribute, WORD, WORD), pieces);
    }

    /// Appends a word or a literal.
    pub(crate) fn word(&mut self, word: impl Display) {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = write!(text, "{word}");
        self.token(&text);
    }

    /// Appends a token, or makes it a part of the one before, if lines are broken at neither.
    fn add<'a>(
        &mut self,
        (role, before, after): (Role, i8, i8),
        pieces: impl IntoIterator<Item = &'a str>,
    ) {
        let space = self.join(role, before);
        let start = self.text.len();
        self.text.extend(pieces);
        let len = self.text.len() - start;
        self.after = after;
        match self.tokens.last_mut() {
            Some(last) if last.role == Role::Other && role == Role::Other => {
                let len = last.len() + usize::from(space) + len;
                *last = Token::new(role, len, last.space() > 0);
            }
            _ => self.tokens.push(Token::new(role, len, space)),
        }
    }

    /// Writes the space before a token, if there is one: whether there is.
    fn join(&mut self, role: Role, before: i8) -> bool {
        let Some(last) = self.tokens.last() else {
            self.before = before;
            return false;
        };
        let is_empty_group = last.role == Role::Open && role == Role::Close;
        let space = self.after + before >= SPACE && !is_empty_group;
        if space {
            self.text.push(' ');
        }
        space
    }

    /// Appends the tokens of other code.
    pub(crate) fn append(&mut self, code: &Code) {
        let Some(first) = code.tokens.first() else {
            return;
        };
        let space = self.join(first.role, code.before);
        self.text.push_str(&code.text);
        let joined = self.tokens.len();
        self.tokens.extend_from_slice(&code.tokens);
        self.tokens[joined] = Token::new(first.role, first.len(), space);
        self.after = code.after;
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn tokens(&self) -> &[Token] {
        &self.tokens
    }
}
