//! Finds where the values of a stream end that arrive in pieces, and where to go on after an error.
//!
//! This is the lexical half of JSON as QEMU reads it. Before 11.1 brackets are only counted; whether the tokens of a value
//! make sense is found out by [`Document::parse`](qapi_types::Document::parse) once it is complete. From 11.1 on each
//! token is checked as it comes.

use qapi_types::Syntax;

use super::limits::{MAX_DEPTH, MAX_TEXT, MAX_TOKENS};
use super::tokens::{Checked, Place, Tokens};

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
    /// Whatever was collected is dropped; holds what to tell.
    Error(String),
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
    place: Place,
    /// Where the token at hand starts in the stream.
    started: Place,
    /// What follows a token that was too long is taken to start where that did.
    goes_on: bool,
    /// Checks tokens as they come, unless that has to wait for the end of the value.
    checker: Option<Box<Tokens>>,
}

impl Lexer {
    /// At the start of a stream; `at_once` says whether errors are told before the value that they are in is complete.
    pub(super) fn new(at_once: bool) -> Self {
        Self {
            state: State::Start,
            text: Vec::new(),
            token: 0,
            tokens: 0,
            size: 0,
            braces: 0,
            brackets: 0,
            place: Place::default(),
            started: Place::default(),
            goes_on: false,
            checker: at_once.then(Box::default),
        }
    }

    /// Without what has come of a value, at the same place.
    pub(super) fn anew(&self) -> Self {
        Self {
            place: self.place,
            ..Self::new(self.checker.is_some())
        }
    }

    /// White space, or values whole, that somebody else has read.
    pub(super) fn advance(&mut self, bytes: &[u8]) {
        self.place.advance(bytes);
        if bytes.last().is_some_and(u8::is_ascii_alphanumeric) {
            self.place.look_again();
        }
    }

    /// Whether nothing has come yet of the next value.
    pub(super) fn is_idle(&self) -> bool {
        let skipping = self.checker.as_ref().is_some_and(|c| c.is_skipping());
        self.state == State::Start && self.text.is_empty() && !skipping
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
                    self.place.advance(&[byte]);
                    self.space();
                    None
                }
                State::Recovery => {
                    at += self.recover(&input[at..]);
                    None
                }
                State::String(quote) if is_plain(byte, quote) => {
                    let rest = &input[at..];
                    let room = MAX_TEXT + 1 - self.token_len();
                    let rest = &rest[..rest.len().min(room)];
                    let plain = &rest[..plain_run(rest, quote)];
                    self.text.extend_from_slice(plain);
                    self.place.advance(plain);
                    at += plain.len();
                    self.check_token()
                }
                state => {
                    if state == State::Start && !std::mem::take(&mut self.goes_on) {
                        self.started = self.place;
                    }
                    let step = step(state, byte);
                    if let Step::Ended = step {
                        self.place.look_again();
                        self.end_token()
                    } else {
                        at += 1;
                        self.place.advance(&[byte]);
                        self.text.push(byte);
                        match step {
                            Step::To(state) => {
                                self.state = state;
                                self.check_token()
                            }
                            Step::Stray => self.stray(),
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

    /// Whether what comes is left out after a lexical error.
    pub(super) fn is_recovering(&self) -> bool {
        self.state == State::Recovery
    }

    /// Leaves out what is to be left out; says how much that is.
    pub(super) fn recover(&mut self, input: &[u8]) -> usize {
        let end = input.iter().position(|byte| is_promising(*byte));
        let left_out = end.unwrap_or(input.len());
        self.place.advance(&input[..left_out]);
        if end.is_some() {
            self.state = State::Start;
            self.place.look_again();
        }
        left_out
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
        if self.token_len() <= MAX_TEXT {
            return None;
        }
        let Some(checker) = &mut self.checker else {
            return Some(self.fail(&Syntax::TokenSize));
        };
        self.goes_on = true;
        let checked = checker.too_long(self.started);
        self.checked(checked)
    }

    fn checked(&mut self, checked: Checked) -> Option<Found> {
        self.state = State::Start;
        match checked {
            Checked::Part => {
                self.token = self.text.len();
                return None;
            }
            Checked::Value => return Some(Found::Value),
            Checked::Nothing | Checked::Error(_) => drop(self.take()),
        }
        match checked {
            Checked::Error(desc) => Some(Found::Error(desc)),
            _ => None,
        }
    }

    /// The token at hand is complete.
    fn end_token(&mut self) -> Option<Found> {
        if let Some(checker) = &mut self.checker {
            let checked = checker.check(&self.text[self.token..], self.started);
            return self.checked(checked);
        }
        match self.text[self.token] {
            b'{' => self.braces += 1,
            b'}' => self.braces -= 1,
            b'[' => self.brackets += 1,
            b']' => self.brackets -= 1,
            _ => {}
        }
        if self.size + self.token_len() + 1 > MAX_TEXT {
            return Some(self.fail(&Syntax::TokenSize));
        }
        if self.tokens + 1 > MAX_TOKENS {
            return Some(self.fail(&Syntax::TokenCount));
        }
        if self.braces + self.brackets > MAX_DEPTH as i32 {
            return Some(self.fail(&Syntax::Nesting));
        }
        self.state = State::Start;
        self.size += self.token_len();
        self.tokens += 1;
        self.token = self.text.len();
        let open = self.braces > 0 || self.brackets > 0;
        if open && self.braces >= 0 && self.brackets >= 0 {
            return None;
        }
        self.forget();
        Some(Found::Value)
    }

    /// The value is over; its text may still be taken.
    fn forget(&mut self) {
        (self.state, self.tokens, self.size) = (State::Start, 0, 0);
        (self.braces, self.brackets) = (0, 0);
    }

    fn fail(&mut self, what: &Syntax) -> Found {
        self.forget();
        drop(self.take());
        Found::Error(what.to_string())
    }

    fn stray(&mut self) -> Option<Found> {
        let token = &self.text[self.token..];
        let what = Syntax::Stray(Syntax::quote(&token[..token.len().min(MAX_STRAY)]));
        let found = match &mut self.checker {
            Some(checker) => {
                let checked = checker.stray(&what, self.started);
                self.checked(checked)
            }
            None => Some(self.fail(&what)),
        };
        self.state = State::Recovery;
        found
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
