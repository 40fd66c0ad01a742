//! Tokens on one line, and marks of where that line may be broken.

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};
use std::fmt::{Display, Write as _};

/// Everything on one line.
#[derive(Default)]
pub(super) struct Flat {
    pub(super) text: String,
    pub(super) marks: Vec<Mark>,
    /// What the last token wants behind it.
    after: Gap,
}

/// A place in the line. Of punctuation only what is in no angle brackets is marked.
pub(super) struct Mark {
    pub(super) kind: Kind,
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Mark {
    /// Whether it has to begin a line, or has to be broken.
    pub(super) fn is_tall(&self) -> bool {
        matches!(self.kind, Kind::Attribute | Kind::Open { tall: true, .. })
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// An attribute of what follows.
    Attribute,
    /// The bracket that opens a group, and the mark of the one that closes it. What is tall cannot be on one line.
    Open {
        body: Body,
        close: usize,
        tall: bool,
    },
    Close,
    Comma,
    Semicolon,
    /// `=` or `=>`.
    Equals,
}

/// What is in a group.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Body {
    /// Items of a module, a trait or an implementation.
    Items,
    Statements,
    /// Fields, variants or arms: a line each.
    Rows,
    /// Things between commas, on one line if they fit.
    List,
}

/// Whether something wants a space on one of its sides.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Gap {
    #[default]
    No,
    /// Only if the other side insists.
    Glue,
    /// If the other side has nothing against it.
    Word,
    Yes,
}

impl Flat {
    /// Becomes what these tokens are.
    pub(super) fn read(&mut self, tokens: TokenStream) {
        self.text.clear();
        self.marks.clear();
        self.after = Gap::No;
        self.tokens(tokens);
    }

    fn tokens(&mut self, tokens: TokenStream) {
        // What the next group in braces is, if a keyword has told.
        let mut body = None;
        let (mut operator, mut angles, mut bars) = (String::new(), 0, 0);
        let mut tokens = tokens.into_iter().peekable();
        let mut around = Vec::new();
        loop {
            let Some(token) = tokens.next() else {
                match around.pop() {
                    Some(outer) => tokens = outer,
                    None => break,
                }
                continue;
            };
            match token {
                TokenTree::Punct(punct) => {
                    operator.push(punct.as_char());
                    let goes_on = punct.spacing() == Spacing::Joint
                        && match tokens.peek() {
                            Some(TokenTree::Punct(next)) => is_pair(&operator, next.as_char()),
                            // The quote of a lifetime.
                            next => matches!(next, Some(TokenTree::Ident(_))),
                        };
                    if !goes_on {
                        bars += usize::from(operator == "|");
                        self.operator(&operator, &mut angles, bars);
                        body = body.filter(|_| operator != ";");
                        operator.clear();
                    }
                }
                TokenTree::Ident(ident) => {
                    let start = self.word(&operator, &ident);
                    operator.clear();
                    let (after, told) = keyword(&self.text[start..]);
                    (self.after, body) = (after, body.or(told));
                }
                TokenTree::Literal(literal) => drop(self.word("", &literal)),
                TokenTree::Group(group) => {
                    let (delimiter, inner) = (group.delimiter(), group.stream());
                    // The inner tokens are copied unless they have one owner.
                    drop(group);
                    match delimiter {
                        Delimiter::Parenthesis => self.group(["(", "", ")"], inner, Body::List),
                        Delimiter::Bracket => self.group(["[", "", "]"], inner, Body::List),
                        Delimiter::Brace => self.braces(inner, body.take()),
                        Delimiter::None => {
                            let inner = inner.into_iter().peekable();
                            around.push(std::mem::replace(&mut tokens, inner));
                        }
                    }
                }
            }
        }
    }

    fn space(&mut self, before: Gap) {
        match (self.after, before) {
            (Gap::No, _) | (_, Gap::No) => {}
            (Gap::Yes, _) | (_, Gap::Yes) | (Gap::Word, Gap::Word) => self.text.push(' '),
            _ => {}
        }
    }

    fn mark(&mut self, kind: Kind, start: usize) {
        let end = self.text.len();
        self.marks.push(Mark { kind, start, end });
    }

    /// Writes an identifier, a lifetime or a literal; where it starts.
    fn word(&mut self, prefix: &str, word: &dyn Display) -> usize {
        self.space(Gap::Word);
        self.text.push_str(prefix);
        let start = self.text.len();
        // Writing to a string does not fail.
        let _ = write!(self.text, "{word}");
        self.after = Gap::Word;
        start
    }

    fn operator(&mut self, operator: &str, angles: &mut usize, bars: usize) {
        let (before, after) = match operator {
            "," | ";" | ":" => (Gap::No, Gap::Yes),
            "." => (Gap::No, Gap::No),
            "?" | ">" => (Gap::No, Gap::Word),
            "::" | "!" | "<" => (Gap::Glue, Gap::No),
            "&" | "#" | "*" | ".." => (Gap::Word, Gap::No),
            "|" if bars.is_multiple_of(2) => (Gap::No, Gap::Yes),
            "|" => (Gap::Word, Gap::No),
            _ => (Gap::Yes, Gap::Yes),
        };
        self.space(before);
        let start = self.text.len();
        self.text.push_str(operator);
        self.after = after;
        let kind = match operator {
            "<" => return *angles += 1,
            ">" => return *angles = angles.saturating_sub(1),
            "," => Kind::Comma,
            ";" => Kind::Semicolon,
            "=" | "=>" => Kind::Equals,
            _ => return,
        };
        if *angles == 0 {
            self.mark(kind, start);
        }
    }

    /// Braces. A keyword has told what is in them, or what stands before them does.
    fn braces(&mut self, inner: TokenStream, told: Option<Body>) {
        let list = self.text.ends_with("::");
        let block = self.text.ends_with(['!', '>']);
        if !list && (block || self.after != Gap::No) {
            self.text.push(' ');
        }
        let padding = if list || inner.is_empty() { "" } else { " " };
        let body = told.unwrap_or(if block { Body::Statements } else { Body::List });
        self.after = Gap::No;
        self.group(["{", padding, "}"], inner, body);
    }

    fn group(&mut self, [open, padding, close]: [&str; 3], inner: TokenStream, body: Body) {
        let of_attribute = self.text.ends_with('#');
        self.space(Gap::Glue);
        let (start, first) = (self.text.len(), self.marks.len());
        let block = body != Body::List && !inner.is_empty();
        self.text.push_str(open);
        self.mark(Kind::Close, start);
        self.text.push_str(padding);
        self.after = Gap::No;
        self.tokens(inner);
        self.text.push_str(padding);
        let end = self.text.len();
        self.text.push_str(close);
        if of_attribute {
            self.marks.truncate(first);
            self.mark(Kind::Attribute, start - "#".len());
            return self.after = Gap::Yes;
        }
        let inside = &self.marks[first + 1..];
        let tall = block || inside.iter().any(Mark::is_tall);
        let close = self.marks.len();
        self.marks[first].kind = Kind::Open { body, close, tall };
        self.mark(Kind::Close, end);
        self.after = Gap::Word;
    }
}

/// Whether an operator goes on with this character.
fn is_pair(operator: &str, next: char) -> bool {
    match next {
        ':' | '.' | '&' | '|' => operator == next.encode_utf8(&mut [0; 4]),
        '>' => matches!(operator, "-" | "="),
        '=' => matches!(operator, "=" | "!" | ".." | "+"),
        _ => false,
    }
}

/// What a word wants behind it, and what the next group in braces is if it is a keyword that tells.
fn keyword(word: &str) -> (Gap, Option<Body>) {
    match word {
        "impl" | "trait" | "mod" => (Gap::Yes, Some(Body::Items)),
        "if" | "else" | "loop" | "while" => (Gap::Yes, Some(Body::Statements)),
        "fn" | "unsafe" => (Gap::Word, Some(Body::Statements)),
        "struct" | "enum" | "union" => (Gap::Word, Some(Body::Rows)),
        "match" => (Gap::Yes, Some(Body::Rows)),
        "as" | "const" | "dyn" | "for" | "in" | "let" | "move" | "mut" | "ref" | "return"
        | "static" | "type" | "use" | "where" => (Gap::Yes, None),
        _ => (Gap::Word, None),
    }
}
