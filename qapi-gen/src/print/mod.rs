//! Turns tokens of Rust into text for people. It knows tokens and widths, and nothing of what the tokens are for.

mod flat;
mod layout;
#[cfg(test)]
mod tests;

use flat::Flat;
use proc_macro2::TokenStream;

/// Rust source under construction, an item after the other.
pub(crate) struct Printer {
    out: String,
    indent: usize,
    /// Whether items are laid out for people; otherwise each is a line.
    formatted: bool,
    /// Whether what comes next is the first in its block.
    first: bool,
    /// Where the last line begins.
    line: usize,
    /// What the last items were on one line: the next ones take its space.
    flat: Flat,
}

impl Printer {
    pub(crate) fn new(formatted: bool) -> Printer {
        Printer {
            out: String::new(),
            indent: 0,
            formatted,
            first: false,
            line: 0,
            flat: Flat::default(),
        }
    }

    /// For items that will be put in here by [`text`](Printer::text).
    pub(crate) fn beside(&self) -> Printer {
        let indent = self.indent;
        Printer {
            indent,
            ..Printer::new(self.formatted)
        }
    }

    /// What was printed.
    pub(crate) fn printed(&self) -> &str {
        &self.out
    }

    /// Forgets what was printed.
    pub(crate) fn clear(&mut self) {
        self.out.clear();
    }

    pub(crate) fn items(&mut self, tokens: TokenStream) {
        let mut flat = std::mem::take(&mut self.flat);
        flat.read(tokens);
        self.flat(&flat);
        self.flat = flat;
    }

    /// Items printed elsewhere, or comments.
    pub(crate) fn text(&mut self, text: &str) {
        let first = std::mem::take(&mut self.first);
        let text = text.strip_prefix('\n').filter(|_| first).unwrap_or(text);
        self.out.push_str(text);
    }

    /// The head of a module, or of what else has items in it.
    pub(crate) fn open(&mut self, head: TokenStream) {
        self.items(head);
        self.out.truncate(self.out.trim_end().len());
        self.out.push_str(" {\n");
        self.indent += 1;
        self.first = true;
    }

    /// The end of what [`open`](Printer::open) began.
    pub(crate) fn close(&mut self) {
        self.indent -= 1;
        self.margin();
        self.out.push_str("}\n");
    }

    fn margin(&mut self) {
        let levels = if self.formatted { self.indent } else { 0 };
        self.out.extend(std::iter::repeat_n("    ", levels));
    }
}
