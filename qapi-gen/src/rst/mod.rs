//! Reads the prose of documentation: the part of reStructuredText that schemas use, and, in old releases, text that only
//! looks like it.
//!
//! Reading never fails and keeps every word. What is made of it decides whoever writes it: [`markdown`] for rustdoc and
//! for Markdown, the backend `reference` for web pages and terminals.

mod blocks;
mod inline;
pub(crate) mod markdown;
mod scan;
mod table;
#[cfg(test)]
mod tests;

use crate::render::is_hostile;
use inline::Reader;
use std::borrow::Cow;

/// What stands below each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Block {
    Paragraph(Vec<Inline>),
    Heading {
        /// From 1.
        level: usize,
        text: Vec<Inline>,
    },
    /// Text to be shown as it is.
    Code {
        lines: Vec<String>,
        /// Whether it is an exchange of messages, each of which starts with `->` or `<-`.
        messages: bool,
    },
    /// An example of the protocol.
    Example {
        title: Vec<Inline>,
        body: Vec<Block>,
    },
    Quote(Vec<Block>),
    /// A note, a warning.
    Admonition {
        title: Vec<Inline>,
        /// Whether the title is a word of the language, such as `Note`, and not the author's.
        standard: bool,
        body: Vec<Block>,
    },
    /// What a word and a colon introduce, as `Note:`.
    Tagged {
        tag: &'static str,
        body: Vec<Block>,
    },
    Footnote {
        label: Vec<Inline>,
        body: Vec<Block>,
    },
    List {
        items: Vec<Item>,
        /// Whether items are set apart.
        loose: bool,
    },
    Definition {
        term: Vec<Inline>,
        body: Vec<Block>,
    },
    Caption(Vec<Inline>),
    Table {
        header: Vec<Vec<Vec<Inline>>>,
        rows: Vec<Vec<Vec<Inline>>>,
    },
    Rule,
}

/// An item of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) bullet: Bullet,
    pub(crate) body: Vec<Block>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bullet {
    Dot,
    Number(u32),
    Letter(char),
}

/// What stands beside each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Inline {
    Text(String),
    Code(String),
    /// The name of a member, value or feature, as `@name`.
    Name(String),
    Strong(String),
    Emphasis(String),
    /// What the schema defines, and what the name resolves to.
    Item {
        title: String,
        target: String,
    },
    Link {
        title: Option<String>,
        url: String,
    },
}

/// Maps the name of a definition to the target of a link, if there is one.
pub(crate) type Resolve<'r> = dyn Fn(&str) -> Option<String> + 'r;

/// Reads documentation text.
pub(crate) fn read(text: &str, resolve: &Resolve<'_>) -> Vec<Block> {
    let lines: Vec<Cow<'_, str>> = text.lines().map(expand_tabs).collect();
    let lines: Vec<&str> = lines.iter().map(|l| l.trim_end()).collect();
    let inline = Reader::new(&lines, resolve);
    blocks::Reader { inline }.blocks(&lines, 0)
}

fn expand_tabs(line: &str) -> Cow<'_, str> {
    if line.bytes().all(|b| (b' '..=b'~').contains(&b)) {
        return Cow::Borrowed(line);
    }
    let mut out = String::with_capacity(line.len());
    let mut column = 0;
    for c in line.chars() {
        let width = if c == '\t' { 8 - column % 8 } else { 1 };
        match c {
            c if is_hostile(c) => out.extend(std::iter::repeat_n(' ', width)),
            c => out.push(c),
        }
        column += width;
    }
    Cow::Owned(out)
}

fn is_blank(line: &str) -> bool {
    line.trim().is_empty()
}
