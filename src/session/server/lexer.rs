//! Finds where the values of a stream end that arrive in pieces, and where to go on after an error.
//!
//! This is the lexical half of JSON as QEMU reads it. Brackets are only counted; whether the tokens of a value make
//! sense is found out by [`Document::parse`](qapi_types::Document::parse) once it is complete.

use qapi_types::Syntax;

/// Bytes that one token, and all tokens of one value, may have.
const MAX_TEXT: usize = 64 << 20;
/// Tokens that one value may have.
const MAX_TOKENS: usize = 1 << 21;
/// Objects and arrays that may be open at once.
const MAX_DEPTH: i32 = 1024;
/// How much of a stray token is told. The peer knows it, and an echo of megabytes would only cost.
const MAX_STRAY: usize = 64 << 10;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Between tokens.
    Start,
    /// After a lexical error, until something promising comes.
    Recovery,
    /// In a string with this quote.
    String(u8),
    /// After a backslash in it.
    Escape(u8),
    /// After `-`.
    Sign,
    /// After a leading zero, which is all of the integer part.
    Zero,
    Digits,
    /// After the decimal point.
    Point,
    Fraction,
    /// After `e`.
    Exponent,
    ExponentSign,
    ExponentDigits,
    Keyword,
}

/// What a byte does to the token at hand.
enum Step {
    To(State),
    /// The token ends with this byte.
    Ends,
    /// The token ended before this byte.
    Ended,
    Stray,
}

/// What came to an end.
#[derive(Debug)]
pub(super) enum Found {
    /// A value, whose text is to be taken with [`Lexer::take`].
    Value,
    /// Whatever was collected is dropped.
    Error(Syntax),
}

#[derive(Debug)]
pub(super) struct Lexer {
    state: State,
    /// The value so far. White space between tokens is reduced to one space, so that it needs no limit.
    text: Vec<u8>,
    /// Where the token at hand starts in `text`.
    token: usize,
    /// Complete tokens.
    tokens: usize,
    /// Their bytes.
    size: usize,
    /// Braces open, or −1 if one too many was closed.
    braces: i32,
    brackets: i32,
}

impl Lexer {
    pub(super) const fn new() -> Self {
        Self {
            state: State::Start,
            text: Vec::new(),
            token: 0,
            tokens: 0,
            size: 0,
            braces: 0,
            brackets: 0,
        }
    }

    /// Whether nothing has come yet of the next value.
    pub(super) fn is_idle(&self) -> bool {
        self.state == State::Start && self.text.is_empty()
    }

    /// The text of the value that was found.
    pub(super) fn take(&mut self) -> Vec<u8> {
        self.token = 0;
        std::mem::take(&mut self.text)
    }

    /// Reads until something comes to an end; says how far it got.
    pub(super) fn feed(&mut self, input: &[u8]) -> (usize, Option<Found>) {
        let mut at = 0;
        while let Some(&byte) = input.get(at) {
            let found = match self.state {
                State::Start if is_space(byte) => {
                    at += 1;
                    self.space();
                    None
                }
                State::Recovery => {
                    if is_promising(byte) {
                        self.state = State::Start;
                    } else {
                        at += 1;
                    }
                    None
                }
                State::String(quote) if is_plain(byte, quote) => {
                    let rest = &input[at..];
                    let room = MAX_TEXT + 1 - self.token_len();
                    let rest = &rest[..rest.len().min(room)];
                    let plain = &rest[..plain_run(rest, quote)];
                    self.text.extend_from_slice(plain);
                    at += plain.len();
                    self.check_token()
                }
                state => {
                    let step = step(state, byte);
                    if let Step::Ended = step {
                        self.end_token()
                    } else {
                        at += 1;
                        self.text.push(byte);
                        match step {
                            Step::To(state) => {
                                self.state = state;
                                self.check_token()
                            }
                            Step::Stray => Some(self.stray()),
                            _ => self.end_token(),
                        }
                    }
                }
            };
            if found.is_some() {
                return (at, found);
            }
        }
        (at, None)
    }

    fn space(&mut self) {
        if !matches!(self.text.last(), None | Some(b' ')) {
            self.text.push(b' ');
            self.token = self.text.len();
        }
    }

    fn token_len(&self) -> usize {
        self.text.len() - self.token
    }

    fn check_token(&mut self) -> Option<Found> {
        (self.token_len() > MAX_TEXT).then(|| self.fail(Syntax::TokenSize))
    }

    /// The token at hand is complete.
    fn end_token(&mut self) -> Option<Found> {
        match self.text[self.token] {
            b'{' => self.braces += 1,
            b'}' => self.braces -= 1,
            b'[' => self.brackets += 1,
            b']' => self.brackets -= 1,
            _ => {}
        }
        if self.size + self.token_len() + 1 > MAX_TEXT {
            return Some(self.fail(Syntax::TokenSize));
        }
        if self.tokens + 1 > MAX_TOKENS {
            return Some(self.fail(Syntax::TokenCount));
        }
        if self.braces + self.brackets > MAX_DEPTH {
            return Some(self.fail(Syntax::Nesting));
        }
        self.state = State::Start;
        self.size += self.token_len();
        self.tokens += 1;
        self.token = self.text.len();
        let open = self.braces > 0 || self.brackets > 0;
        if open && self.braces >= 0 && self.brackets >= 0 {
            return None;
        }
        let text = self.take();
        *self = Self {
            text,
            ..Self::new()
        };
        Some(Found::Value)
    }

    fn fail(&mut self, what: Syntax) -> Found {
        *self = Self::new();
        Found::Error(what)
    }

    fn stray(&mut self) -> Found {
        let token = &self.text[self.token..];
        let text = Syntax::quote(&token[..token.len().min(MAX_STRAY)]);
        *self = Self {
            state: State::Recovery,
            ..Self::new()
        };
        Found::Error(Syntax::Stray(text))
    }
}

fn step(state: State, byte: u8) -> Step {
    Step::To(match (state, byte) {
        (State::Start, b'{' | b'}' | b'[' | b']' | b',' | b':') => return Step::Ends,
        (State::Start, b'"' | b'\'') => State::String(byte),
        (State::Start, b'-') => State::Sign,
        (State::Start | State::Sign, b'0') => State::Zero,
        (State::Start | State::Sign | State::Digits, b'0'..=b'9') => State::Digits,
        (State::Start | State::Keyword, b'a'..=b'z') => State::Keyword,
        (State::String(quote), _) if byte == quote => return Step::Ends,
        (State::String(quote), b'\\') => State::Escape(quote),
        (State::String(quote) | State::Escape(quote), 0x20..=0xFD) => State::String(quote),
        (State::Zero, b'0'..=b'9') => return Step::Stray,
        (State::Zero | State::Digits, b'.') => State::Point,
        (State::Point | State::Fraction, b'0'..=b'9') => State::Fraction,
        (State::Zero | State::Digits | State::Fraction, b'e' | b'E') => State::Exponent,
        (State::Exponent, b'+' | b'-') => State::ExponentSign,
        (State::Exponent | State::ExponentSign | State::ExponentDigits, b'0'..=b'9') => {
            State::ExponentDigits
        }
        (
            State::Zero | State::Digits | State::Fraction | State::ExponentDigits | State::Keyword,
            _,
        ) => return Step::Ended,
        _ => return Step::Stray,
    })
}

pub(super) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// Whether a byte stands for itself in a string.
fn is_plain(byte: u8, quote: u8) -> bool {
    (0x20..=0xFD).contains(&byte) && byte != quote && byte != b'\\'
}

/// How many bytes from the first on stand for themselves in a string.
fn plain_run(text: &[u8], quote: u8) -> usize {
    const LOW: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let (words, _) = text.as_chunks::<8>();
    let plain = words.iter().take_while(|word| {
        let word = u64::from_le_bytes(**word);
        // The high bit of every byte that is zero, and perhaps of some above one.
        let zero = |x: u64| x.wrapping_sub(LOW) & !x;
        let is = |byte: u8| zero(word ^ (LOW * u64::from(byte)));
        let control = word.wrapping_sub(LOW * 0x20) & !word;
        (is(quote) | is(b'\\') | is(0xFE) | is(0xFF) | control) & HIGH == 0
    });
    let start = 8 * plain.count();
    let rest = text[start..].iter().take_while(|b| is_plain(**b, quote));
    start + rest.count()
}

/// Whether reading starts again at this byte after a lexical error.
fn is_promising(byte: u8) -> bool {
    matches!(byte, b'{' | b'}' | b'[' | b']' | b',' | b':' | 0xFE | 0xFF)
        || byte < 0x20 && byte != b'\t'
}
