//! Turns tokens of Rust into text for people. It knows tokens and widths, and nothing of what the tokens are for.

mod code;
#[cfg(test)]
mod tests;
mod tree;

pub(crate) use code::Code;

use std::iter::once;
use std::mem::take;
use tree::{Kind, Node, Tree};

/// The width that lines are kept within where there is a place to break them.
const WIDTH: usize = 100;

/// Prints items one after the other. An empty line is before each that takes several lines or is behind one that does.
pub(crate) struct Printer {
    out: String,
    /// Where the last line of it starts.
    line: usize,
    indent: usize,
    /// Otherwise each item is a line.
    is_laid_out: bool,
    /// Whether what was printed last takes several lines; nothing behind an attribute.
    before: Option<bool>,
    /// Memory for trees.
    nodes: Vec<Node>,
}

impl Printer {
    /// Nothing printed yet. Items are indented by as many levels; without a number each is a line.
    pub(crate) fn new(indent: Option<usize>) -> Printer {
        Printer {
            out: String::new(),
            line: 0,
            indent: indent.unwrap_or(0),
            is_laid_out: indent.is_some(),
            before: Some(true),
            nodes: Vec::new(),
        }
    }

    /// What was printed.
    pub(crate) fn text(&self) -> &str {
        &self.out
    }

    /// Has the next item stand apart from those before it, as the first one does.
    pub(crate) fn apart(&mut self) {
        self.before = Some(true);
    }

    /// Prints items.
    pub(crate) fn items(&mut self, items: &Code) {
        let mut tree = Tree::new(items, take(&mut self.nodes));
        while tree.read_item() {
            if self.is_laid_out {
                self.before = self.elements(&tree, Kind::Items, once(0), self.before);
                continue;
            }
            let text = tree.text_of(0);
            let end = if text.starts_with('#') { " " } else { "\n" };
            self.out.extend([text, end]);
        }
        self.nodes = tree.into_nodes();
    }

    /// Prints elements of a group, each on lines of its own. `before` is whether what is before the first is tall; returned is whether
    /// what is before the next is.
    fn elements(
        &mut self,
        tree: &Tree,
        kind: Kind,
        elements: impl Iterator<Item = usize>,
        mut before: Option<bool>,
    ) -> Option<bool> {
        let mut commas = false;
        for number in elements {
            let tall = tree.node(number).tall;
            if kind == Kind::Items && before.is_some_and(|before| before || tall) {
                self.end_line();
            }
            self.indentation();
            let text = tree.text_of(number);
            before = (!text.starts_with('#')).then_some(tall);
            // The last one gets a comma if others have one.
            let is_last = !text.starts_with(['#', '.']) && !text.ends_with(',');
            let comma = is_last && commas && matches!(kind, Kind::List | Kind::Angles);
            commas |= text.ends_with(',');
            match documentation(text) {
                Some(doc) => self.out.extend(["///", doc]),
                None => self.element(tree, number, usize::from(comma)),
            }
            if comma {
                self.out.push(',');
            }
            self.end_line();
        }
        before
    }

    /// Prints an element that has `more` behind it. A group stays on its line if what is up to the next one fits. What is behind
    /// `=` goes to the next line if all of it fits there, or at least its beginning, which does not fit here.
    fn element(&mut self, tree: &Tree, number: usize, more: usize) {
        let (indent, element) = (self.indent, tree.node(number));
        let (mut rest, last, tall) = (element.start, element.end, element.tall);
        let end = last + more;
        let mut parts = tree.parts(number);
        while let Some(number) = parts.next() {
            if !tall && self.fits(end - rest) {
                break;
            }
            let part = tree.node(number);
            // Angle brackets are broken if nothing else helps; what is tall is broken anyway.
            let mut following = parts.clone().map(|next| tree.node(next));
            let next = following.find(|next| match next.kind {
                Kind::Angles => part.kind == Kind::Angles,
                Kind::Equals => !tall,
                _ => true,
            });
            let stop = next.map_or(end, |next| next.start + 1);
            if part.kind == Kind::Equals {
                let value = tree.text[part.end..].trim_start();
                let below = |to: usize| to + 4 * (self.indent + 1) <= part.end + 1 + WIDTH;
                let whole = !tall && below(end) && !value.starts_with(['(', '[', '{', '&']);
                if whole || below(stop) && !self.fits(stop - rest) {
                    self.out.push_str(&tree.text[rest..part.end]);
                    rest = tree.text.len() - value.len();
                    self.end_line();
                    self.indent += 1;
                    self.indentation();
                }
            } else if part.tall || !self.fits(stop - rest) {
                self.out.push_str(&tree.text[rest..=part.start]);
                rest = tree.closing(number);
                self.broken(tree, number, stop - rest);
            }
        }
        self.out.push_str(&tree.text[rest..last]);
        self.indent = indent;
    }

    /// Whether this much more fits the line.
    fn fits(&self, width: usize) -> bool {
        self.out.len() - self.line + width <= WIDTH
    }

    fn end_line(&mut self) {
        self.out.push('\n');
        self.line = self.out.len();
    }

    fn indentation(&mut self) {
        const SPACES: &str = "                                ";
        let mut spaces = 4 * self.indent;
        while spaces > 0 {
            let some = spaces.min(SPACES.len());
            self.out.push_str(&SPACES[..some]);
            spaces -= some;
        }
    }

    /// Prints what is in brackets on several lines. Those around a single group open and close with it.
    fn broken(&mut self, tree: &Tree, group: usize, more: usize) {
        let mut elements = tree.parts(group);
        if let (Some(only), None) = (elements.next(), elements.next())
            && let Some(last) = tree.parts(only).last()
        {
            let (element, last) = (tree.node(only), tree.node(last));
            let is_around =
                last.kind == Kind::Equals || last.end == element.end && last.kind != Kind::Angles;
            if is_around
                && tree.text_of(group).starts_with(['(', '['])
                && self.fits(last.start + 1 - element.start)
            {
                return self.element(tree, only, more);
            }
        }
        self.end_line();
        self.indent += 1;
        self.elements(tree, tree.node(group).kind, tree.parts(group), None);
        self.indent -= 1;
        self.indentation();
    }
}

/// What a comment can show of an attribute with documentation; `None` if it is something else or has escapes.
fn documentation(attribute: &str) -> Option<&str> {
    let literal = attribute.strip_prefix("#[doc = ")?.strip_suffix(']')?;
    let (is_raw, quoted) = match literal.strip_prefix('r') {
        Some(raw) => (true, raw.trim_matches('#')),
        None => (false, literal),
    };
    let text = quoted.strip_prefix('"')?.strip_suffix('"')?;
    let is_plain = !text.contains('\n') && (is_raw || !text.contains('\\'));
    // What would be `///x` stays an attribute.
    (is_plain && (text.is_empty() || text.starts_with(' '))).then_some(text)
}
