//! Tokens.

use crate::diagnostic::{Code, Diagnostic, Log};
use crate::names::{Interner, Symbol};
use crate::source::Span;
use std::sync::Arc;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// One of `{ } [ ] : ,`.
    Punct(u8),
    Str(Symbol),
    Bool(bool),
    /// A comment line; outside documentation only `##…` becomes a token.
    Comment,
    Eof,
    /// Not a token; a diagnostic was reported.
    Error,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) span: Span,
}

pub(crate) struct Lexer {
    text: Arc<String>,
    base: u32,
    pos: usize,
    /// Whether any escape is understood, as releases before 4.2 did.
    lenient: bool,
}

impl Lexer {
    pub(crate) fn new(text: Arc<String>, base: u32, lenient: bool) -> Lexer {
        Lexer {
            text,
            base,
            pos: 0,
            lenient,
        }
    }

    pub(crate) fn span(&self, start: usize, end: usize) -> Span {
        Span {
            start: self.base + start as u32,
            end: self.base + end as u32,
        }
    }

    /// The source text of a token of this file.
    pub(crate) fn slice(&self, span: Span) -> &str {
        &self.text[(span.start - self.base) as usize..(span.end - self.base) as usize]
    }

    /// The text of the file.
    pub(crate) fn text(&self) -> Arc<String> {
        Arc::clone(&self.text)
    }

    /// The offset of a span's start in this file.
    pub(crate) fn offset(&self, span: Span) -> usize {
        (span.start - self.base) as usize
    }

    /// Goes on reading at an offset in the file.
    pub(crate) fn seek(&mut self, offset: usize) {
        self.pos = offset;
    }

    /// Reads a token; in documentation, every comment line is one.
    pub(crate) fn next(&mut self, in_doc: bool, names: &mut Interner, report: &mut Log) -> Token {
        let text = Arc::clone(&self.text);
        let bytes = text.as_bytes();
        loop {
            let start = self.pos;
            let Some(&byte) = bytes.get(start) else {
                // The end is reported on the last line, not on an empty one after it.
                let text = text.strip_suffix('\n').unwrap_or(&text);
                let at = text.strip_suffix('\r').unwrap_or(text).len();
                return Token {
                    kind: Kind::Eof,
                    span: self.span(at, at),
                };
            };
            self.pos += 1;
            match byte {
                b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c | 0x1c..=0x1f => {}
                b'#' => {
                    self.pos = line_end(bytes, self.pos);
                    if in_doc || bytes.get(start + 1) == Some(&b'#') {
                        return self.token(Kind::Comment, start);
                    }
                }
                b'{' | b'}' | b'[' | b']' | b':' | b',' => {
                    return self.token(Kind::Punct(byte), start);
                }
                b'\'' => return self.string(&text, start, names, report),
                b't' if text[start..].starts_with("true") => {
                    self.pos = start + 4;
                    return self.token(Kind::Bool(true), start);
                }
                b'f' if text[start..].starts_with("false") => {
                    self.pos = start + 5;
                    return self.token(Kind::Bool(false), start);
                }
                _ => {
                    let c = text[start..].chars().next().expect("not at the end");
                    if c.is_whitespace() {
                        self.pos = start + c.len_utf8();
                        continue;
                    }
                    let len = text[start..]
                        .find(|c: char| is_space(c) || "{}[]:,'".contains(c))
                        .unwrap_or(text.len() - start);
                    self.pos = start + len;
                    report.push(stray(&text[start..self.pos], self.span(start, self.pos)));
                    return self.token(Kind::Error, start);
                }
            }
        }
    }

    fn string(
        &mut self,
        text: &str,
        start: usize,
        names: &mut Interner,
        report: &mut Log,
    ) -> Token {
        let bytes = text.as_bytes();
        let mut unescaped: Option<String> = None;
        let mut plain_from = self.pos;
        let fault = loop {
            match bytes.get(self.pos) {
                Some(b'\'') => break None,
                None | Some(b'\n' | b'\r') => {
                    break Some(
                        Diagnostic::new(
                            Code::UnterminatedString,
                            self.span(start, self.pos),
                            "this string is not closed on its line",
                        )
                        .here("a closing ' is missing"),
                    );
                }
                Some(b'\\') => match text[self.pos + 1..].chars().next() {
                    Some(c) if c == '\\' || (self.lenient && !matches!(c, '\n' | '\r')) => {
                        let buffer = unescaped.get_or_insert_default();
                        buffer.push_str(&text[plain_from..self.pos]);
                        buffer.push(c);
                        self.pos += 1 + c.len_utf8();
                        plain_from = self.pos;
                    }
                    Some('\n' | '\r') | None => self.pos += 1,
                    Some(c) => {
                        let at = self.span(self.pos, self.pos + 1 + c.len_utf8());
                        break Some(
                            self.in_string(
                                start,
                                Diagnostic::new(
                                    Code::UnknownEscape,
                                    at,
                                    format!("unknown escape \\{}", c.escape_default()),
                                )
                                .note(r"the only escape in a string is \\, for a backslash"),
                            ),
                        );
                    }
                },
                Some(32..=126) => self.pos += 1,
                Some(_) => {
                    let c = text[self.pos..].chars().next().expect("not at the end");
                    let at = self.span(self.pos, self.pos + c.len_utf8());
                    break Some(
                        self.in_string(
                            start,
                            Diagnostic::new(
                                Code::NonAsciiString,
                                at,
                                format!(
                                    "character U+{:04X} is not allowed in a string",
                                    u32::from(c)
                                ),
                            )
                            .note("strings consist of printable ASCII characters"),
                        ),
                    );
                }
            }
        };
        if let Some(fault) = fault {
            report.push(fault);
            self.pos = line_end(bytes, self.pos);
            return self.token(Kind::Error, start);
        }
        let plain = &text[plain_from..self.pos];
        self.pos += 1;
        let symbol = match unescaped {
            None => names.intern(plain),
            Some(mut buffer) => {
                buffer.push_str(plain);
                names.intern(&buffer)
            }
        };
        self.token(Kind::Str(symbol), start)
    }

    /// One-line formats place a fault inside a string at the string's start.
    fn in_string(&self, start: usize, diagnostic: Diagnostic) -> Diagnostic {
        diagnostic.at_token(self.span(start, start + 1))
    }

    fn token(&self, kind: Kind, start: usize) -> Token {
        Token {
            kind,
            span: self.span(start, self.pos),
        }
    }
}

/// White space as the language has it: Unicode's, and the four ASCII separators.
pub(crate) fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

/// Where the line ends that contains `from`.
fn line_end(bytes: &[u8], from: usize) -> usize {
    let ends = |byte: &u8| matches!(byte, b'\n' | b'\r');
    // Most of a schema is lines of documentation: many bytes are compared at once, without a branch for each.
    let blocks = bytes[from..].chunks_exact(16);
    let skipped = blocks.take_while(|block| !block.iter().fold(false, |found, b| found | ends(b)));
    let start = from + 16 * skipped.count();
    let rest = bytes[start..].iter().position(ends);
    rest.map_or(bytes.len(), |n| start + n)
}

fn stray(text: &str, span: Span) -> Diagnostic {
    let mut shown = String::new();
    for c in text.chars().take(40) {
        shown.extend(c.escape_debug());
    }
    let more = if text.chars().nth(40).is_some() {
        "…"
    } else {
        ""
    };
    let diagnostic = Diagnostic::new(
        Code::StrayToken,
        span,
        format!("stray '{shown}{more}' outside a string"),
    );
    match text.chars().next() {
        Some('"') => diagnostic.help("strings are written in single quotes"),
        Some('\u{feff}') => diagnostic.help("save the file without a byte-order mark"),
        Some('0'..='9' | '-') => diagnostic.note("the language has no numbers"),
        Some(_) if text == "null" => diagnostic.note("the language has no null"),
        Some(c) if c.is_ascii_alphabetic() => diagnostic.help(format!("write '{shown}' in quotes")),
        _ => diagnostic,
    }
}
