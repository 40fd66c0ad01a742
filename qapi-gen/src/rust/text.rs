//! Writes Rust source text that is formatted as rustfmt would.
//!
//! Generated code has few shapes, so laying them out while writing is far cheaper than building a
//! syntax tree and printing that.

use crate::compact::{cat, join};

mod arms;

/// The width that rustfmt keeps lines within.
const MAX_WIDTH: usize = 100;
/// The width that rustfmt keeps the arguments of one call within.
pub(crate) const CALL_WIDTH: usize = 60;
/// The width that rustfmt keeps a chain of calls on one line within.
const CHAIN_WIDTH: usize = 60;
/// Items up to this width rustfmt packs, as many on a line as fit.
const SHORT_ITEM: usize = 10;
/// The width that rustfmt keeps the elements of an array on one line within.
const ARRAY_WIDTH: usize = 60;

/// What rustfmt leaves out when it looks whether a type `impl …` fits.
const UNCOUNTED: usize = "impl ".len();
/// The width that rustfmt keeps the fields of a struct expression on one line within.
const LITERAL_WIDTH: usize = 18;

/// Rust source under construction.
#[derive(Default)]
pub(crate) struct Text {
    out: String,
    indent: usize,
    at_start: bool,
}

/// How a list breaks that is too long for its line.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fit {
    /// By the line alone: parameters, tuples, generic arguments.
    Line,
    /// By the width of a call's arguments too.
    Call,
    /// By the line alone, as many items on each as fit: names in a `use`.
    Packed,
}

impl Text {
    /// `expected` is the size that the text may come to, in bytes.
    pub(crate) fn new(expected: usize) -> Text {
        Text {
            out: String::with_capacity(expected),
            indent: 0,
            at_start: false,
        }
    }

    pub(crate) fn finish(self) -> String {
        self.out
    }

    fn margin(&mut self) {
        for _ in 0..self.indent {
            self.out.push_str("    ");
        }
    }

    /// The columns that an indented line has left.
    fn room(&self) -> usize {
        MAX_WIDTH.saturating_sub(4 * self.indent)
    }

    /// A line made of these parts.
    pub(crate) fn line(&mut self, parts: &[&str]) {
        self.margin();
        parts.iter().for_each(|part| self.out.push_str(part));
        self.out.push('\n');
    }

    /// An empty line; none at the start of a block.
    pub(crate) fn blank(&mut self) {
        if !std::mem::take(&mut self.at_start) {
            self.out.push('\n');
        }
    }

    /// No empty line is to come next.
    pub(crate) fn start_block(&mut self) {
        self.at_start = true;
    }

    /// A line, and what follows is indented.
    pub(crate) fn open(&mut self, parts: &[&str]) {
        self.line(parts);
        self.indent += 1;
    }

    /// The end of what [`open`](Text::open) began.
    pub(crate) fn close(&mut self, text: &str) {
        self.indent -= 1;
        self.line(&[text]);
    }

    /// `HEAD VALUE`, the value on a line of its own if they do not fit: after `=`, or a field's type.
    pub(crate) fn assign(&mut self, head: &str, value: &str) {
        if head.len() + " ".len() + value.len() <= self.room() {
            self.line(&[head, " ", value]);
        } else {
            self.open(&[head]);
            self.line(&[value]);
            self.indent -= 1;
        }
    }

    /// `impl TRAIT for TYPE {`; what follows is indented.
    pub(crate) fn open_impl(&mut self, trait_: &str, ty: &str) {
        // rustfmt leaves out the indentation here.
        if "impl  for  {".len() + trait_.len() + ty.len() <= MAX_WIDTH {
            self.line(&["impl ", trait_, " for ", ty, " {"]);
        } else {
            self.open(&["impl ", trait_]);
            self.line(&["for ", ty]);
            self.indent -= 1;
            self.line(&["{"]);
        }
        self.indent += 1;
    }

    /// A chain of method calls: on one line if that is short or a single call, otherwise one a line.
    pub(crate) fn chain(&mut self, parts: &[String], tail: &str) {
        let width: usize = parts.iter().map(String::len).sum();
        let limit = if parts.len() <= 2 {
            MAX_WIDTH
        } else {
            CHAIN_WIDTH
        };
        if width <= limit && width + tail.len() <= self.room() {
            self.line(&[&join(parts, ""), tail]);
            return;
        }
        if let [call] = parts
            && let Some((callee, argument)) = call.split_once('(')
        {
            self.open(&[callee, "("]);
            self.line(&[argument.trim_end_matches(')'), ","]);
            self.close(&cat(&[")", tail]));
            return;
        }
        for (index, part) in parts.iter().enumerate() {
            match index {
                0 => {
                    self.line(&[part]);
                    self.indent += 1;
                }
                _ if index + 1 == parts.len() => self.line(&[part, tail]),
                _ => self.line(&[part]),
            }
        }
        self.indent -= 1;
    }

    /// Documentation: Markdown, one `///` a line.
    pub(crate) fn doc(&mut self, markdown: &str) {
        for line in markdown.lines() {
            match line {
                "" => self.line(&["///"]),
                _ => self.line(&["/// ", line]),
            }
        }
    }

    /// Documentation of several paragraphs.
    pub(crate) fn docs(&mut self, parts: &[String]) {
        for (index, part) in parts.iter().enumerate() {
            if index > 0 {
                self.line(&["///"]);
            }
            self.doc(part);
        }
    }

    /// Attributes, each on a line of its own.
    pub(crate) fn attributes<'a>(&mut self, attributes: impl IntoIterator<Item = &'a str>) {
        for attribute in attributes {
            self.line(&[attribute]);
        }
    }

    /// `HEAD item, item TAIL`, with the items on lines of their own if they do not fit.
    pub(crate) fn list(&mut self, head: &str, items: &[&str], tail: &str, fit: Fit) {
        let width = width_of(items);
        let limit = match fit {
            Fit::Line | Fit::Packed => usize::MAX,
            Fit::Call => CALL_WIDTH,
        };
        if width <= limit {
            if head.len() + width + tail.len() <= self.room() {
                self.line(&[head, &join(items, ", "), tail]);
                return;
            }
            // The value of an assignment may have a line of its own.
            if fit == Fit::Call
                && let Some((name, value)) = head.split_once(" = ")
                && value.len() + width + tail.len() + 4 <= self.room()
            {
                self.open(&[name, " ="]);
                self.line(&[value, &join(items, ", "), tail]);
                self.indent -= 1;
                return;
            }
        }
        let mut head = head;
        if head.len() > self.room() + "(".len()
            && let Some((name, value)) = head.split_once(" = ")
            && width > limit
            && value.len() + 4 < self.room()
        {
            self.open(&[name, " ="]);
            self.list(value, items, tail, fit);
            self.indent -= 1;
            return;
        }
        if head.len() > self.room() + "(".len()
            && let Some((callee, arguments)) = head.split_once("::<")
            && let Some(argument) = arguments.strip_suffix(">(")
        {
            self.open(&[callee, "::<"]);
            self.line(&[argument, ","]);
            self.indent -= 1;
            head = ">(";
            // By trial: rustfmt takes the brackets and more into account.
            if width + 8 <= limit {
                self.line(&[head, &join(items, ", "), tail]);
                return;
            }
            if width <= limit {
                self.open(&[head]);
                self.line(&[&join(items, ", ")]);
                self.close(tail);
                return;
            }
        }
        self.open(&[head]);
        if !items.is_empty() {
            self.items(items, fit);
        }
        self.close(tail);
    }

    /// The items of a list, each with a comma.
    fn items(&mut self, items: &[&str], fit: Fit) {
        let packed = match fit {
            Fit::Line => false,
            Fit::Call => items.iter().all(|item| is_short(item)),
            Fit::Packed => true,
        };
        if !packed {
            items.iter().for_each(|item| self.item(item));
        } else {
            self.packed(items.iter().copied());
        }
    }

    /// An item on a line of its own; on several if it is too long.
    fn item(&mut self, item: &str) {
        let width = item.len() + ",".len();
        let fits =
            width <= self.room() || (width <= self.room() + UNCOUNTED && item.contains(": impl "));
        let array = item.strip_prefix("&[").and_then(|i| i.strip_suffix(']'));
        let tuple = item.strip_prefix('(').and_then(|i| i.strip_suffix(')'));
        if let Some(inner) = tuple.filter(|inner| !fits || inner.len() > CALL_WIDTH) {
            self.open(&["("]);
            split(inner).for_each(|item| self.item(item));
            self.close("),");
        } else if let Some(inner) = array.filter(|inner| !fits || inner.len() > ARRAY_WIDTH) {
            self.open(&["&["]);
            let items: Vec<&str> = split(inner).collect();
            self.items(&items, Fit::Call);
            self.close("],");
        } else if fits {
            self.line(&[item, ","]);
        } else if let Some((head, inner)) = item.strip_suffix('>').and_then(|i| i.split_once('<')) {
            self.open(&[head, "<"]);
            self.item(inner);
            self.close(">,");
        } else if let Some((name, value)) = item.split_once(": ")
            && let Some(converted) = value.strip_suffix(".into()")
        {
            if name.len() + ": ".len() + converted.len() <= self.room() {
                self.open(&[name, ": ", converted]);
                self.line(&[".into(),"]);
            } else {
                self.open(&[name, ":"]);
                self.line(&[value, ","]);
            }
            self.indent -= 1;
        } else {
            self.line(&[item, ","]);
        }
    }

    /// Short items, as many on a line as fit, each with a comma.
    fn packed<'a>(&mut self, items: impl Iterator<Item = &'a str>) {
        let mut line = String::new();
        for item in items {
            // Before the last column: rustfmt wants room for a bracket.
            if line.len() + item.len() + " ,".len() >= self.room() {
                self.line(&[&line]);
                line.clear();
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(item);
            line.push(',');
        }
        self.line(&[&line]);
    }

    /// `HEAD OUTPUT REPLY>> BOUND END`: closes a list of parameters and gives the return type. What
    /// follows is indented if a block begins.
    #[cfg(feature = "service")]
    pub(crate) fn return_type(
        &mut self,
        head: &str,
        output: &str,
        reply: &str,
        bound: &str,
        end: &str,
    ) {
        self.indent -= 1;
        let width = head.len() + output.len() + reply.len() + ">>".len();
        if width + bound.len() <= self.room() + ") ".len() + UNCOUNTED {
            let fits = end == ";" || width + bound.len() + end.len() + 4 <= self.room();
            self.line(&[
                head,
                output,
                reply,
                ">>",
                bound,
                if fits { end } else { "" },
            ]);
            if !fits {
                self.line(&[end.trim_start()]);
            }
        } else if width <= self.room() + ")".len() && !bound.is_empty() {
            self.line(&[head, output, reply, ">>"]);
            self.line(&[bound.trim_start(), end]);
        } else {
            self.open(&[head]);
            if output.len() + reply.len() + ">,".len() <= self.room() {
                self.line(&[output, reply, ">,"]);
            } else {
                self.open(&[output]);
                self.line(&[reply, ","]);
                self.close(">,");
            }
            self.close(&cat(&[">", bound, end]));
        }
        if end == " {" {
            self.indent += 1;
        }
    }

    /// As [`list`](Text::list); what follows is indented.
    pub(crate) fn open_list(&mut self, head: &str, items: &[&str], tail: &str) {
        self.list(head, items, tail, Fit::Line);
        self.indent += 1;
    }

    /// `HEAD { field, … }TAIL`. Fields may come with an attribute.
    pub(crate) fn struct_literal(
        &mut self,
        head: &str,
        fields: &[(Option<String>, String)],
        tail: &str,
    ) {
        let plain = fields.iter().all(|(attribute, _)| attribute.is_none());
        let joined: Vec<&str> = fields.iter().map(|(_, field)| field.as_str()).collect();
        let joined = join(&joined, ", ");
        if plain && joined.len() <= LITERAL_WIDTH {
            self.line(&[head, " { ", &joined, " }", tail]);
            return;
        }
        self.open(&[head, " {"]);
        for (attribute, field) in fields {
            self.attributes(attribute.as_deref());
            self.item(field);
        }
        self.close(&cat(&["}", tail]));
    }

    /// `let PATTERN = p else {`, after which what follows is indented.
    /// Parts may come with an attribute.
    pub(crate) fn pattern(&mut self, head: &str, parts: &[(Option<String>, String)], end: &str) {
        let plain = parts.iter().all(|(attribute, _)| attribute.is_none());
        let joined: Vec<&str> = parts.iter().map(|(_, part)| part.as_str()).collect();
        let joined = join(&joined, ", ");
        let tail = " = p else {";
        let space = if head.ends_with('{') { " " } else { "" };
        let width = head.len() + 2 * space.len() + joined.len() + end.len();
        // As rustfmt has it, not in the last column.
        if plain && width + tail.len() < self.room() {
            self.line(&[head, space, &joined, space, end, tail]);
        } else if plain && width + "=".len() <= self.room() {
            let pattern = cat(&[head, space, &joined, space, end, " ="]);
            if width + " = p;".len() <= self.room() {
                self.line(&[&pattern, " p"]);
            } else {
                self.open(&[&pattern]);
                self.line(&["p"]);
                self.indent -= 1;
            }
            self.line(&["else {"]);
        } else {
            self.open(&[head]);
            for (attribute, part) in parts {
                self.attributes(attribute.as_deref());
                // As rustfmt has it.
                let more = usize::from(attribute.is_some() && part.contains(": "));
                self.indent += more;
                self.line(&[part, ","]);
                self.indent -= more;
            }
            self.close(&cat(&[end, " = p"]));
            self.line(&["else {"]);
        }
        self.indent += 1;
    }

    /// `HEAD&[item, …];`. Items may come with an attribute.
    pub(crate) fn slice(&mut self, head: &str, items: &[(Option<String>, String)]) {
        let plain = items.iter().all(|(attribute, _)| attribute.is_none());
        let joined: Vec<&str> = items.iter().map(|(_, item)| item.as_str()).collect();
        let joined = join(&joined, ", ");
        let line = head.len() + joined.len() + "&[];".len();
        // A tuple alone is not counted as an array's element.
        let alone = matches!(items, [(_, item)] if item.starts_with('('));
        let limit = if alone {
            CALL_WIDTH + "()".len()
        } else {
            ARRAY_WIDTH
        };
        if plain && joined.len() <= limit {
            if line <= self.room() {
                self.line(&[head, "&[", &joined, "];"]);
                return;
            }
            if line - head.len() + 4 <= self.room() {
                self.open(&[head.trim_end()]);
                self.line(&["&[", &joined, "];"]);
                self.indent -= 1;
                return;
            }
        }
        if let [(None, item)] = items
            && let Some(inner) = item.strip_prefix('(').and_then(|i| i.strip_suffix(')'))
        {
            self.open(&[head, "&[("]);
            split(inner).for_each(|item| self.item(item));
            self.close(")];");
            return;
        }
        self.open(&[head, "&["]);
        if plain && items.iter().all(|(_, item)| is_short(item)) {
            self.packed(items.iter().map(|(_, item)| item.as_str()));
        } else {
            for (attribute, item) in items {
                self.attributes(attribute.as_deref());
                self.item(item);
            }
        }
        self.close("];");
    }
}

/// The parts between commas that are in no brackets.
fn split(items: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0;
    let parts = items.split(move |c| {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            _ => {}
        }
        c == ',' && depth == 0
    });
    parts.map(str::trim_start)
}

/// Whether rustfmt packs such items: literals and the like, but no paths.
fn is_short(item: &str) -> bool {
    item.len() <= SHORT_ITEM && !item.contains("::")
}

/// The width of items with commas between them.
fn width_of(items: &[&str]) -> usize {
    let each: usize = items.iter().map(|item| item.len() + 2).sum();
    each.saturating_sub(2)
}

/// A Rust string literal.
pub(crate) fn literal(text: &str) -> String {
    let plain = |b: u8| matches!(b, b' '..=b'~') && b != b'"' && b != b'\\';
    match text.bytes().all(plain) {
        true => cat(&["\"", text, "\""]),
        false => format!("{text:?}"),
    }
}

/// Text that may contain anything, as a comment shows it.
pub(crate) fn on_one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        line.push(if is_hostile(c) { ' ' } else { c });
    }
    line
}

/// Whether a character ends a line, or steers those around it, which rustc refuses in comments.
pub(crate) fn is_hostile(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Strings as slices.
pub(crate) fn refs(strings: &[String]) -> Vec<&str> {
    strings.iter().map(String::as_str).collect()
}
