//! Tokens on one line, and where that line may be broken.

use super::code::{Code, GLUE, NEVER, Role, SPACE, Token, Tokens, WORD};

/// A part of the line.
#[derive(Clone, Copy)]
pub(super) struct Node {
    pub(super) start: usize,
    pub(super) end: usize,
    /// The elements of a group; the groups and the `=` of an element: the first one among the parts that are whole.
    first: usize,
    /// How many of them there are. More than four bytes can tell would not fit memory.
    count: u32,
    pub(super) kind: Kind,
    /// Whether it takes several lines.
    pub(super) tall: bool,
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

/// Everything on one line.
#[derive(Default)]
pub(super) struct Line {
    pub(super) text: String,
    /// How much the last token wants a space behind it.
    after: i8,
    /// Parts of the line that others consist of.
    whole: Vec<Node>,
    /// The elements before the one that is read, its parts; where it starts, and whether it ends unless the next token goes on.
    pub(super) nodes: Vec<Node>,
    start: usize,
    ended: bool,
}

impl Line {
    pub(super) fn new(code: &Code) -> Line {
        let room = code.room();
        let mut line = Line {
            text: String::with_capacity(room.bytes + room.tokens / 2),
            whole: Vec::with_capacity(room.tokens / 2),
            ..Line::default()
        };
        line.tokens(&mut code.tokens(), false);
        line.split();
        line
    }

    pub(super) fn parts(&self, node: &Node) -> &[Node] {
        &self.whole[node.first..][..node.count as usize]
    }

    /// Reads tokens to the end of the group that they are in, or to the `>` of angle brackets: whether there was one.
    fn tokens(&mut self, tokens: &mut Tokens, angles: bool) -> bool {
        while tokens.peek().is_some_and(|role| role != Role::Close)
            && let Some((text, token)) = tokens.next()
        {
            match token.role {
                Role::Greater if angles => return true,
                Role::Less => self.brackets(Kind::Angles, ["<", ">"], tokens),
                Role::Open => self.group(text, tokens),
                _ => self.token(text, token),
            }
        }
        false
    }

    /// Writes a word or an operator.
    fn token(&mut self, text: &str, token: Token) {
        let is_second = token.role == Role::Pipe && self.after == WORD;
        let (before, after) = match is_second {
            true => (NEVER, SPACE),
            false => (token.before, token.after),
        };
        self.space(before, matches!(token.role, Role::Separator | Role::GoesOn));
        self.text.push_str(text);
        self.after = after;
        match token.role {
            Role::Separator => self.split(),
            Role::Equals => self.push(Kind::Equals, self.text.len()),
            _ => {}
        }
    }

    fn group(&mut self, open: &str, tokens: &mut Tokens) {
        let is_tight = self.after == NEVER || tokens.peek() == Some(Role::Close);
        let (kind, brackets) = match open {
            "(" => (Kind::List, ["(", ")"]),
            "[" => (Kind::List, ["[", "]"]),
            _ if is_tight => (self.braces(), ["{", "}"]),
            _ => (self.braces(), ["{ ", " }"]),
        };
        self.brackets(kind, brackets, tokens);
        tokens.next();
        self.ended = kind != Kind::List || self.text[self.start..].trim_start().starts_with('#');
    }

    /// What braces are, by what stands before them in their element.
    fn braces(&self) -> Kind {
        let before = &self.text[self.start..];
        let told = before.split([' ', '<']).find_map(|word| match word {
            "impl" | "trait" | "mod" => Some(Kind::Items),
            "fn" | "struct" | "enum" | "if" | "else" | "loop" | "match" => Some(Kind::Block),
            _ => None,
        });
        // Arms and macros have no keyword.
        let block = before.ends_with(['>', '!']).then_some(Kind::Block);
        told.or(block).unwrap_or(Kind::List)
    }

    fn brackets(&mut self, kind: Kind, [open, close]: [&str; 2], inner: &mut Tokens) {
        self.space(if open.starts_with('{') { SPACE } else { GLUE }, false);
        let (around, start) = (self.start, self.text.len());
        self.text.push_str(open);
        (self.start, self.after) = (self.text.len(), NEVER);
        let is_closed = self.tokens(inner, kind == Kind::Angles) || kind != Kind::Angles;
        self.split();
        // Otherwise it was an operator.
        self.text.push_str(if is_closed { close } else { "" });
        self.push(kind, start);
        (self.start, self.after, self.ended) = (around, WORD, false);
    }

    /// Writes the space before a token, which may go on with an element that has ended.
    fn space(&mut self, before: i8, goes_on: bool) {
        if std::mem::take(&mut self.ended) && !goes_on {
            self.split();
        }
        if self.after + before >= SPACE {
            self.text.push(' ');
        }
    }

    /// Ends an element.
    fn split(&mut self) {
        self.push(Kind::Element, self.start);
        self.start = self.text.len();
    }

    /// Makes a node of the text behind `start`, unless there is nothing in it.
    fn push(&mut self, kind: Kind, mut start: usize) {
        let inside = self.nodes.iter().rev();
        let inside = inside.take_while(|node| node.start >= start).count();
        let first = self.nodes.len() - inside;
        start += usize::from(self.text[start..].starts_with(' '));
        let tall = matches!(kind, Kind::Block | Kind::Items)
            || self.text[start..].starts_with('#')
            || self.nodes[first..].iter().any(|part| part.tall);
        let end = self.text.len();
        let node = Node {
            start,
            end,
            first: self.whole.len(),
            count: inside as u32,
            kind,
            tall,
        };
        self.whole.extend_from_slice(&self.nodes[first..]);
        self.nodes.truncate(first);
        if kind == Kind::Equals || kind == Kind::Element && start < end || inside > 0 {
            self.nodes.push(node);
        }
    }
}
