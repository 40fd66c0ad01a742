//! What stands in which brackets, and where lines may be broken.

use super::code::{Code, Role, Token};
use std::iter::successors;

/// A part of the text. What it consists of follows it in the tree.
pub(super) struct Node {
    pub(super) start: usize,
    pub(super) end: usize,
    /// The number of the first node that is not in it.
    next: usize,
    pub(super) kind: Kind,
    /// Whether it takes several lines.
    pub(super) tall: bool,
    /// Whether it ends with a bracket.
    closed: bool,
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

/// The tree of an item: elements consist of groups and `=`, groups of elements. Groups with nothing in them are not in it.
pub(super) struct Tree<'c> {
    pub(super) text: &'c str,
    /// Those that are not read yet, and where they begin.
    tokens: &'c [Token],
    at: usize,
    nodes: Vec<Node>,
}

impl<'c> Tree<'c> {
    /// Memory for nodes may be handed over from one tree to the next.
    pub(super) fn new(code: &'c Code, nodes: Vec<Node>) -> Tree<'c> {
        Tree {
            text: code.text(),
            tokens: code.tokens(),
            at: 0,
            nodes,
        }
    }

    pub(super) fn into_nodes(self) -> Vec<Node> {
        self.nodes
    }

    /// Reads the next item, or attribute of one. Its node has the number 0.
    pub(super) fn read_item(&mut self) -> bool {
        self.nodes.clear();
        self.element(false).is_some()
    }

    pub(super) fn node(&self, number: usize) -> &Node {
        &self.nodes[number]
    }

    pub(super) fn text_of(&self, number: usize) -> &'c str {
        let node = &self.nodes[number];
        &self.text[node.start..node.end]
    }

    /// What a node consists of.
    pub(super) fn parts(&self, number: usize) -> impl Iterator<Item = usize> + Clone {
        let end = self.nodes[number].next;
        let within = move |part: &usize| *part < end;
        let next = move |part: &usize| Some(self.nodes[*part].next).filter(within);
        successors(Some(number + 1).filter(within), next)
    }

    /// Where the bracket is that ends a group.
    pub(super) fn closing(&self, group: usize) -> usize {
        let node = &self.nodes[group];
        node.end - usize::from(node.closed)
    }

    /// Reads an element of a group, perhaps of one in angle brackets: whether it is tall; `None` if there is none.
    fn element(&mut self, in_angles: bool) -> Option<bool> {
        let first = self.tokens.first()?;
        if first.role == Role::Close || in_angles && first.role == Role::Greater {
            return None;
        }
        let (number, start) = (self.nodes.len(), self.at + first.space());
        self.push(Kind::Element, start);
        let is_attribute = self.text.as_bytes().get(start) == Some(&b'#');
        let mut tall = is_attribute;
        // Whether it ends unless the next token goes on.
        let mut ended = false;
        while let Some((&token, rest)) = self.tokens.split_first() {
            match token.role {
                Role::Close => break,
                Role::Greater if in_angles => break,
                Role::Separator => {
                    self.step(token, rest);
                    break;
                }
                Role::GoesOn => {
                    self.step(token, rest);
                    ended = false;
                }
                _ if ended => break,
                Role::Open => {
                    let kind = self.kind_of_group(start, token);
                    tall |= self.group(kind, token, rest);
                    ended = kind != Kind::List || is_attribute;
                }
                Role::Less => tall |= self.group(Kind::Angles, token, rest),
                Role::Equals => {
                    self.step(token, rest);
                    self.push(Kind::Equals, self.at);
                }
                Role::Attribute => {
                    self.step(token, rest);
                    ended = true;
                }
                Role::Greater | Role::Other => self.step(token, rest),
            }
        }
        self.finish(number, tall, false);
        Some(tall)
    }

    /// Reads a group, behind its first token: whether it is tall.
    fn group(&mut self, kind: Kind, open: Token, rest: &'c [Token]) -> bool {
        let (number, start) = (self.nodes.len(), self.at + open.space());
        self.push(kind, start);
        self.step(open, rest);
        let mut tall = matches!(kind, Kind::Block | Kind::Items);
        while let Some(element) = self.element(kind == Kind::Angles) {
            tall |= element;
        }
        // Otherwise `<` was an operator.
        let is_closing = |token: Token| (token.role == Role::Greater) == (kind == Kind::Angles);
        let mut closed = false;
        if let Some((&token, rest)) = self.tokens.split_first()
            && is_closing(token)
        {
            self.step(token, rest);
            closed = true;
        }
        let is_empty = self.nodes.len() == number + 1;
        if is_empty {
            self.nodes.pop();
            return false;
        }
        self.finish(number, tall, closed);
        tall
    }

    /// What a group is that this token opens, in an element that starts there: braces by what stands before them.
    fn kind_of_group(&self, start: usize, open: Token) -> Kind {
        let open = self.at + open.space();
        if !self.text[open..].starts_with('{') {
            return Kind::List;
        }
        let before = self.text.as_bytes()[start..open].trim_ascii_end();
        let mut words = before.split(|byte| matches!(byte, b' ' | b'<'));
        let told = words.find_map(|word| match word {
            b"impl" | b"trait" | b"mod" => Some(Kind::Items),
            b"fn" | b"struct" | b"enum" | b"if" | b"else" | b"loop" | b"match" => Some(Kind::Block),
            _ => None,
        });
        // Arms and macros have no keyword.
        let block = matches!(before, [.., b'>' | b'!']).then_some(Kind::Block);
        told.or(block).unwrap_or(Kind::List)
    }

    fn step(&mut self, token: Token, rest: &'c [Token]) {
        self.at += token.space() + token.len();
        self.tokens = rest;
    }

    /// Adds a node, of which so much is known.
    fn push(&mut self, kind: Kind, start: usize) {
        self.nodes.push(Node {
            start,
            end: start,
            next: self.nodes.len() + 1,
            kind,
            tall: false,
            closed: false,
        });
    }

    /// Ends a node.
    fn finish(&mut self, number: usize, tall: bool, closed: bool) {
        let (end, next) = (self.at, self.nodes.len());
        let node = &mut self.nodes[number];
        (node.end, node.next, node.tall, node.closed) = (end, next, tall, closed);
    }
}
