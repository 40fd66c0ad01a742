//! Turns tokens of Rust into text for people. It knows tokens and widths, and nothing of what the tokens are for.

mod code;
mod flat;
#[cfg(test)]
mod tests;

pub(crate) use code::{Code, Room};

use flat::{Kind, Line, Node};
use std::iter::repeat_n;

/// The width that lines are kept within where there is a place to break them.
const WIDTH: usize = 100;

/// Prints items, indented by as many levels. An empty line is before each that takes several lines or is behind one that does.
/// Without a number each item is a line.
pub(crate) fn print(items: &Code, indent: Option<usize>) -> String {
    let line = Line::new(items);
    let mut printer = Printer {
        line: &line,
        out: String::with_capacity(line.text.len() * 5 / 4),
        indent: indent.unwrap_or(0),
    };
    if indent.is_some() {
        printer.elements(Kind::Items, &line.nodes, Some(true));
    } else {
        for item in &line.nodes {
            let text = &line.text[item.start..item.end];
            let end = if text.starts_with('#') { " " } else { "\n" };
            printer.out.extend([text, end]);
        }
    }
    printer.out
}

struct Printer<'l> {
    line: &'l Line,
    out: String,
    indent: usize,
}

impl<'l> Printer<'l> {
    /// Prints the elements of a group, each on lines of its own. `before` is whether what is before the first is tall.
    fn elements(&mut self, kind: Kind, elements: &[Node], mut before: Option<bool>) {
        let mut commas = false;
        for node in elements {
            if kind == Kind::Items && before.is_some_and(|tall| tall || node.tall) {
                self.out.push('\n');
            }
            self.out.extend(repeat_n("    ", self.indent));
            let text = &self.line.text[node.start..node.end];
            before = (!text.starts_with('#')).then_some(node.tall);
            // The last one gets a comma if others have one.
            let is_last = !text.starts_with(['#', '.']) && !text.ends_with(',');
            let comma = is_last && commas && matches!(kind, Kind::List | Kind::Angles);
            commas |= text.ends_with(',');
            match documentation(text) {
                Some(doc) => self.out.extend(["///", doc]),
                None => self.element(node, usize::from(comma)),
            }
            self.out.push_str(if comma { ",\n" } else { "\n" });
        }
    }

    /// Prints an element that has `more` behind it. A group stays on its line if what is up to the next one fits. What is behind
    /// `=` goes to the next line if all of it fits there, or at least its beginning, which does not fit here.
    fn element(&mut self, node: &Node, more: usize) {
        let (indent, mut rest, end) = (self.indent, node.start, node.end + more);
        let parts = self.line.parts(node);
        for (i, part) in parts.iter().enumerate() {
            if !node.tall && self.fits(end - rest) {
                break;
            }
            // Angle brackets are broken if nothing else helps; what is tall is broken anyway.
            let next = parts[i + 1..].iter().find(|next| match next.kind {
                Kind::Angles => part.kind == Kind::Angles,
                Kind::Equals => !node.tall,
                _ => true,
            });
            let stop = next.map_or(end, |next| next.start + 1);
            if part.kind == Kind::Equals {
                let value = self.line.text[part.end..].trim_start();
                let below = |to: usize| to + 4 * (self.indent + 1) <= part.end + 1 + WIDTH;
                let whole = !node.tall && below(end) && !value.starts_with(['(', '[', '{', '&']);
                if whole || below(stop) && !self.fits(stop - rest) {
                    self.out.extend([&self.line.text[rest..part.end], "\n"]);
                    rest = self.line.text.len() - value.len();
                    self.indent += 1;
                    self.out.extend(repeat_n("    ", self.indent));
                }
            } else if part.tall || !self.fits(stop - rest) {
                self.out.push_str(&self.line.text[rest..=part.start]);
                let inner = self
                    .line
                    .parts(part)
                    .last()
                    .map_or(part.end, |last| last.end);
                rest = part.end - self.line.text[inner..part.end].trim_start().len();
                self.broken(part, stop - rest);
            }
        }
        self.out.push_str(&self.line.text[rest..node.end]);
        self.indent = indent;
    }

    /// Whether this much more fits the line.
    fn fits(&self, width: usize) -> bool {
        let line = self.out.rfind('\n').map_or(0, |end| end + 1);
        self.out.len() - line + width <= WIDTH
    }

    /// Prints what is in brackets on several lines. Those around a single group open and close with it.
    fn broken(&mut self, group: &Node, more: usize) {
        if let [only] = self.line.parts(group)
            && let Some(last) = self.line.parts(only).last()
            && (last.kind == Kind::Equals || last.end == only.end && last.kind != Kind::Angles)
            && self.line.text[group.start..].starts_with(['(', '['])
            && self.fits(last.start + 1 - only.start)
        {
            return self.element(only, more);
        }
        self.out.push('\n');
        self.indent += 1;
        self.elements(group.kind, self.line.parts(group), None);
        self.indent -= 1;
        self.out.extend(repeat_n("    ", self.indent));
    }
}

/// What a comment can show of an attribute with documentation; `None` if it is something else or has escapes.
fn documentation(attribute: &str) -> Option<&str> {
    let literal = attribute.strip_prefix("#[doc = ")?.strip_suffix(']')?;
    let quoted = literal.trim_matches(['r', '#']);
    let text = quoted.strip_prefix('"')?.strip_suffix('"')?;
    let is_plain = !text.contains('\n') && (literal.starts_with('r') || !text.contains('\\'));
    // What would be `///x` stays an attribute.
    (is_plain && (text.is_empty() || text.starts_with(' '))).then_some(text)
}
