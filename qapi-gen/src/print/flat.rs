//! Tokens on one line, and where that line may be broken.

use super::Printer;
use proc_macro2::{Delimiter, Group, Spacing, TokenTree, token_stream::IntoIter};
use std::fmt::Write as _;
use std::iter::Peekable;

// How much a token wants a space beside it: there is one if both sides come to `SPACE` together.
const NEVER: i32 = -2;
const GLUE: i32 = 0;
const WORD: i32 = 1;
const SPACE: i32 = 2;

/// A part of the line.
pub(super) struct Node {
    pub(super) kind: Kind,
    pub(super) start: usize,
    pub(super) end: usize,
    /// Whether it takes several lines.
    pub(super) tall: bool,
    /// The elements of a group; the groups and the `=` of an element.
    pub(super) parts: Vec<Node>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A group of elements between commas.
    List,
    /// The same in `<>`.
    Angles,
    /// A group of statements, fields, variants or arms.
    Block,
    /// A group of items.
    Items,
    /// An element of a group with the separator behind it, or an attribute of the next one.
    Element,
    /// The end of `=` or `=>`.
    Equals,
}

impl Printer {
    /// Reads tokens to their end, or to the `>` of angle brackets: whether there was one.
    pub(super) fn tokens(&mut self, tokens: &mut Peekable<IntoIter>, angles: bool) -> bool {
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Group(group) => self.group(group),
                TokenTree::Punct(punct) => {
                    self.token.push(punct.as_char());
                    if let Some(TokenTree::Punct(next)) = tokens.peek()
                        && punct.spacing() == Spacing::Joint
                        && is_pair(punct.as_char(), next.as_char())
                    {
                        continue;
                    }
                }
                // Writing to a string does not fail.
                word => drop(write!(self.token, "{word}")),
            }
            let token = std::mem::take(&mut self.token);
            match token.as_str() {
                "" => {}
                ">" if angles => return true,
                "<" => self.brackets(Kind::Angles, ["<", ">"], tokens),
                token => self.token(token),
            }
            self.token = token;
            self.token.clear();
        }
        false
    }

    /// Writes a word or an operator.
    fn token(&mut self, token: &str) {
        let (before, after) = match token {
            "," | ";" | ":" => (NEVER, SPACE),
            "." => (NEVER, NEVER),
            "?" | ">" => (NEVER, WORD),
            "::" => (GLUE, NEVER),
            "!" => (GLUE, GLUE),
            "&" | "#" | "*" | ".." | "'" => (WORD, NEVER),
            // The second one of a closure, and the first one.
            "|" if self.after == WORD => (NEVER, SPACE),
            "|" => (WORD, NEVER),
            "=" | "=>" | "->" | "+" | "-" | "==" | "!=" | "&&" | "||" | "as" | "const" | "dyn"
            | "else" | "for" | "if" | "impl" | "in" | "let" | "match" | "mut" | "ref"
            | "return" | "static" | "use" | "where" | "while" => (SPACE, SPACE),
            _ => (WORD, WORD),
        };
        self.space(before, matches!(token, "," | ";" | "." | "?" | "else"));
        self.flat.push_str(token);
        self.after = after;
        match token {
            "," | ";" => self.split(),
            "=" | "=>" => self.push(Kind::Equals, self.flat.len()),
            _ => {}
        }
    }

    fn group(&mut self, group: Group) {
        let (delimiter, inner) = (group.delimiter(), group.stream());
        // The inner tokens are copied unless they have one owner.
        drop(group);
        let is_tight = self.after == NEVER || inner.is_empty();
        let (kind, brackets) = match delimiter {
            Delimiter::Parenthesis => (Kind::List, ["(", ")"]),
            Delimiter::Bracket => (Kind::List, ["[", "]"]),
            Delimiter::Brace if is_tight => (self.braces(), ["{", "}"]),
            Delimiter::Brace => (self.braces(), ["{ ", " }"]),
            Delimiter::None => {
                self.tokens(&mut inner.into_iter().peekable(), false);
                return;
            }
        };
        self.brackets(kind, brackets, &mut inner.into_iter().peekable());
        self.ended = kind != Kind::List || self.flat[self.start..].trim_start().starts_with('#');
    }

    /// What braces are, by what stands before them in their element.
    fn braces(&self) -> Kind {
        let before = &self.flat[self.start..];
        let told = before.split([' ', '<']).find_map(|word| match word {
            "impl" | "trait" | "mod" => Some(Kind::Items),
            "fn" | "struct" | "enum" | "if" | "else" | "loop" | "match" => Some(Kind::Block),
            _ => None,
        });
        // Arms and macros have no keyword.
        let block = before.ends_with(['>', '!']).then_some(Kind::Block);
        told.or(block).unwrap_or(Kind::List)
    }

    fn brackets(&mut self, kind: Kind, [open, close]: [&str; 2], inner: &mut Peekable<IntoIter>) {
        self.space(if open.starts_with('{') { SPACE } else { GLUE }, false);
        let (around, start) = (self.start, self.flat.len());
        self.flat.push_str(open);
        (self.start, self.after) = (self.flat.len(), NEVER);
        let is_closed = self.tokens(inner, kind == Kind::Angles) || kind != Kind::Angles;
        self.split();
        // Otherwise it was an operator.
        self.flat.push_str(if is_closed { close } else { "" });
        self.push(kind, start);
        (self.start, self.after, self.ended) = (around, WORD, false);
    }

    /// Writes the space before a token, which may go on with an element that has ended.
    fn space(&mut self, before: i32, goes_on: bool) {
        if std::mem::take(&mut self.ended) && !goes_on {
            self.split();
        }
        if self.after + before >= SPACE {
            self.flat.push(' ');
        }
    }

    /// Ends an element.
    pub(super) fn split(&mut self) {
        self.push(Kind::Element, self.start);
        self.start = self.flat.len();
    }

    /// Makes a node of the text behind `start`, unless there is nothing in it.
    fn push(&mut self, kind: Kind, mut start: usize) {
        let first = self.nodes.partition_point(|node| node.start < start);
        start += usize::from(self.flat[start..].starts_with(' '));
        let tall = matches!(kind, Kind::Block | Kind::Items)
            || self.flat[start..].starts_with('#')
            || self.nodes[first..].iter().any(|part| part.tall);
        let (end, parts) = (self.flat.len(), self.nodes.split_off(first));
        if kind == Kind::Equals || kind == Kind::Element && start < end || !parts.is_empty() {
            self.nodes.push(Node {
                kind,
                start,
                end,
                tall,
                parts,
            });
        }
    }
}

/// Whether two characters are of one operator.
fn is_pair(left: char, right: char) -> bool {
    (left == right && ":.&|".contains(left))
        || (right == '>' && "-=".contains(left))
        || (right == '=' && "=!.+-*/%^&|<>".contains(left))
}
