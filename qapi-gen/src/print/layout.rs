//! Breaks lines that are too long.

use super::Printer;
use super::flat::{Body, Flat, Kind, Mark};
use std::borrow::Cow;
use std::ops::Range;

/// The width that lines are kept within where there is a place to break them.
const WIDTH: usize = 100;

/// Part of a flat line: its text, and the marks in it.
#[derive(Clone)]
struct Part<'f> {
    flat: &'f Flat,
    text: Range<usize>,
    marks: Range<usize>,
}

impl<'f> Part<'f> {
    fn text(&self) -> &'f str {
        self.flat.text[self.text.clone()].trim_ascii()
    }

    /// The marks that are in none of its groups, each with its index.
    fn outer(&self) -> impl Iterator<Item = (usize, &'f Mark)> + use<'f> {
        let (flat, end) = (self.flat, self.marks.end);
        let mut next = self.marks.start;
        std::iter::from_fn(move || {
            let (at, mark) = (next, flat.marks[..end].get(next)?);
            next = match mark.kind {
                Kind::Open { close, .. } => close + 1,
                _ => next + 1,
            };
            Some((at, mark))
        })
    }

    /// What is in the group that opens and closes with these marks.
    fn group(&self, open: usize, close: usize) -> Part<'f> {
        let marks = &self.flat.marks;
        let text = marks[open].end..marks[close].start;
        let marks = open + 1..close;
        Part {
            text,
            marks,
            ..*self
        }
    }
}

impl Printer {
    pub(super) fn flat(&mut self, flat: &Flat) {
        let (text, marks) = (0..flat.text.len(), 0..flat.marks.len());
        let before = (!std::mem::take(&mut self.first)).then_some(true);
        self.body(Body::Items, Part { flat, text, marks }, before, "");
    }

    /// Prints each item, statement, row or element. An empty line comes between items if one of them takes several lines, as
    /// what is `before` does or does not. `comma` is what the last element needs behind it.
    fn body(&mut self, body: Body, part: Part, mut before: Option<bool>, comma: &str) {
        let mut rest = part.clone();
        let mut tall = false;
        for (at, mark) in part.outer() {
            let (mut end, mut next) = (mark.end, at + 1);
            let ends = match mark.kind {
                Kind::Comma => matches!(body, Body::Rows | Body::List),
                Kind::Semicolon => matches!(body, Body::Items | Body::Statements),
                Kind::Open { body, close, .. } => {
                    (end, next) = (part.flat.marks[close].end, close + 1);
                    let after = part.flat.text[end..].trim_ascii_start();
                    let goes_on = after.starts_with([';', ',', '.', '?', ')']);
                    body != Body::List && !goes_on && !after.starts_with("else ")
                }
                Kind::Attribute | Kind::Close | Kind::Equals => false,
            };
            tall |= mark.is_tall();
            if ends {
                let (text, marks) = (rest.text.start..end, rest.marks.start..next);
                let apart = body == Body::Items && before.is_some_and(|before| before || tall);
                self.element(
                    Part {
                        text,
                        marks,
                        ..part
                    },
                    apart,
                    "",
                );
                (rest.text.start, rest.marks.start) = (end, next);
                (before, tall) = (Some(tall), false);
            }
        }
        if !rest.text().is_empty() {
            self.element(rest, body == Body::Items && before.is_some(), comma);
        }
    }

    fn element(&mut self, mut part: Part, apart: bool, comma: &str) {
        if !self.formatted {
            self.out.extend([part.text(), "\n"]);
            return;
        }
        if apart {
            self.out.push('\n');
        }
        for (at, mark) in part.clone().outer() {
            let between = &part.flat.text[part.text.start..mark.start];
            if mark.kind != Kind::Attribute || !between.trim_ascii_start().is_empty() {
                break;
            }
            self.attribute(&part.flat.text[mark.start..mark.end]);
            (part.text.start, part.marks.start) = (mark.end, at + 1);
        }
        if !part.text().is_empty() {
            self.line(&[]);
            self.part(part, comma.len());
            self.out.extend([comma, "\n"]);
        }
    }

    fn attribute(&mut self, attribute: &str) {
        let literal = attribute
            .strip_prefix("#[doc = ")
            .and_then(|rest| rest.strip_suffix(']'));
        match literal.and_then(value) {
            // What would be `///x` stays an attribute.
            Some(doc)
                if doc
                    .split('\n')
                    .all(|line| line.is_empty() || line.starts_with(' ')) =>
            {
                doc.split('\n')
                    .for_each(|line| self.line(&["///", line, "\n"]));
            }
            _ => self.line(&[attribute, "\n"]),
        }
    }

    /// Begins a line.
    fn line(&mut self, text: &[&str]) {
        self.line = self.out.len();
        self.margin();
        self.out.extend(text.iter().copied());
    }

    /// Whether this much more fits the line.
    fn fits(&self, width: usize) -> bool {
        self.out.len() - self.line + width <= WIDTH
    }

    /// Prints a part that has `more` behind it: on one line if it fits, otherwise with its value in the next line if that is
    /// enough, otherwise with brackets over several lines. A group stays on its line if what is up to the next bracket fits.
    fn part(&mut self, part: Part, more: usize) {
        let text = part.text();
        let tall = part.outer().any(|(_, mark)| mark.is_tall());
        if !tall && self.fits(text.len() + more) {
            return self.out.push_str(text);
        }
        let mut equals = part.outer().filter(|(_, mark)| mark.kind == Kind::Equals);
        if let Some((_, equals)) = equals.next().filter(|_| !tall) {
            let value = part.flat.text[equals.end..part.text.end].trim_ascii();
            let width = 4 * (self.indent + 1) + value.len() + more;
            if width <= WIDTH && !value.starts_with(['(', '[', '{', '&']) {
                self.out
                    .push_str(part.flat.text[part.text.start..equals.end].trim_ascii());
                self.out.push('\n');
                self.indent += 1;
                self.line(&[value]);
                self.indent -= 1;
                return;
            }
        }
        let groups = part.outer().filter_map(|(at, mark)| match mark.kind {
            Kind::Open { body, close, tall } => Some((body, part.group(at, close), tall)),
            _ => None,
        });
        let mut groups = groups
            .filter(|(_, group, _)| !group.text().is_empty())
            .peekable();
        let mut rest = part.text.start;
        while let Some((body, group, tall)) = groups.next() {
            let next = groups.peek().map(|(_, next, _)| next.text.start);
            if tall || !self.fits(next.unwrap_or(part.text.end + more) - rest) {
                self.out
                    .push_str(part.flat.text[rest..group.text.start].trim_ascii());
                rest = group.text.end;
                self.group(body, group);
            }
        }
        self.out
            .push_str(part.flat.text[rest..part.text.end].trim_ascii());
    }

    /// Prints what is in brackets, over several lines.
    fn group(&mut self, body: Body, group: Part) {
        let text = group.text();
        let several = group.outer().any(|(_, mark)| mark.kind == Kind::Comma);
        // A call with one argument in braces opens and closes with it.
        if body == Body::List && !several && text.ends_with('}') {
            return self.part(group, ")".len());
        }
        let before = group.flat.text[..group.text.start - 1].chars().next_back();
        let called = before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '>' | '!'));
        let open = body == Body::List && (several || called) && !text.ends_with([',', '.']);
        self.out.push('\n');
        self.indent += 1;
        self.body(body, group, None, if open { "," } else { "" });
        self.indent -= 1;
        self.line(&[]);
    }
}

/// The value of a string literal; `None` if a comment cannot show it.
fn value(literal: &str) -> Option<Cow<'_, str>> {
    if let Some(raw) = literal.strip_prefix('r') {
        let raw = raw.trim_matches('#').strip_prefix('"')?.strip_suffix('"')?;
        return Some(raw.into());
    }
    let mut rest = literal.strip_prefix('"')?.strip_suffix('"')?;
    let mut value = Cow::Borrowed("");
    while let Some((plain, escaped)) = rest.split_once('\\') {
        value += plain;
        value += match escaped.bytes().next()? {
            b'n' => "\n",
            b't' => "\t",
            b'"' | b'\'' | b'\\' => &escaped[..1],
            _ => return None,
        };
        rest = &escaped[1..];
    }
    value += rest;
    Some(value)
}
