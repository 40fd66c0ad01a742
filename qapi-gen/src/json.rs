//! Writes JSON text.

use std::fmt::Write as _;

/// Where line breaks go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// Everything on one line.
    Line,
    /// Each element of the outermost array or object on a line of its own.
    #[cfg(feature = "service")]
    Rows,
    /// Each element at every level on a line of its own, indented by four spaces a level.
    Indented,
}

/// Appends JSON values to a string; the caller nests them properly.
#[derive(Debug)]
pub(crate) struct Writer {
    out: String,
    layout: Layout,
    /// Per open array or object: whether it has an element yet.
    open: Vec<bool>,
    after_key: bool,
}

impl Writer {
    pub(crate) fn new(layout: Layout) -> Writer {
        Writer {
            out: String::new(),
            layout,
            open: Vec::new(),
            after_key: false,
        }
    }

    pub(crate) fn finish(self) -> String {
        debug_assert!(self.open.is_empty());
        self.out
    }

    fn open(&mut self, bracket: char) {
        self.element();
        self.out.push(bracket);
        self.open.push(false);
    }

    fn close(&mut self, bracket: char) {
        let breaks = self.breaks_line();
        if self.open.pop() == Some(true) && breaks {
            self.line_break();
        }
        self.out.push(bracket);
    }

    pub(crate) fn array(&mut self, fill: impl FnOnce(&mut Self)) {
        self.open('[');
        fill(self);
        self.close(']');
    }

    pub(crate) fn object(&mut self, fill: impl FnOnce(&mut Self)) {
        self.open('{');
        fill(self);
        self.close('}');
    }

    pub(crate) fn key(&mut self, key: &str) -> &mut Self {
        self.element();
        self.quoted(key);
        self.out.push_str(": ");
        self.after_key = true;
        self
    }

    pub(crate) fn string(&mut self, text: &str) {
        self.element();
        self.quoted(text);
    }

    pub(crate) fn number(&mut self, number: usize) {
        self.element();
        let _ = write!(self.out, "{number}");
    }

    pub(crate) fn bool(&mut self, value: bool) {
        self.element();
        self.out.push_str(if value { "true" } else { "false" });
    }

    pub(crate) fn null(&mut self) {
        self.element();
        self.out.push_str("null");
    }

    pub(crate) fn strings<'a>(&mut self, strings: impl IntoIterator<Item = &'a str>) {
        self.array(|w| strings.into_iter().for_each(|s| w.string(s)));
    }

    fn element(&mut self) {
        if std::mem::take(&mut self.after_key) {
            return;
        }
        let Some(has_elements) = self.open.last_mut() else {
            return;
        };
        if std::mem::replace(has_elements, true) {
            self.out.push(',');
            if !self.breaks_line() {
                self.out.push(' ');
            }
        }
        if self.breaks_line() {
            self.line_break();
        }
    }

    fn breaks_line(&self) -> bool {
        match self.layout {
            Layout::Line => false,
            #[cfg(feature = "service")]
            Layout::Rows => self.open.len() <= 1,
            Layout::Indented => true,
        }
    }

    fn line_break(&mut self) {
        self.out.push('\n');
        if self.layout == Layout::Indented {
            for _ in &self.open {
                self.out.push_str("    ");
            }
        }
    }

    /// Control characters are escaped even where JSON allows them, so that the text is safe to
    /// show on a terminal.
    fn quoted(&mut self, text: &str) {
        self.out.push('"');
        for c in text.chars() {
            match c {
                '"' => self.out.push_str("\\\""),
                '\\' => self.out.push_str("\\\\"),
                '\n' => self.out.push_str("\\n"),
                '\t' => self.out.push_str("\\t"),
                c if c.is_control() => {
                    let _ = write!(self.out, "\\u{:04x}", u32::from(c));
                }
                c => self.out.push(c),
            }
        }
        self.out.push('"');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(layout: Layout) -> String {
        let mut w = Writer::new(layout);
        w.array(|w| {
            w.object(|w| {
                w.key("a").strings(["x", "y"]);
                w.key("b").object(|_| {});
            });
            w.number(1);
            w.null();
        });
        w.finish()
    }

    #[test]
    fn layouts_differ_in_line_breaks_only() {
        assert_eq!(
            sample(Layout::Line),
            r#"[{"a": ["x", "y"], "b": {}}, 1, null]"#
        );
        assert_eq!(
            sample(Layout::Rows),
            "[\n{\"a\": [\"x\", \"y\"], \"b\": {}},\n1,\nnull\n]"
        );
        assert_eq!(
            sample(Layout::Indented),
            r#"[
    {
        "a": [
            "x",
            "y"
        ],
        "b": {}
    },
    1,
    null
]"#
        );
    }

    #[test]
    fn no_control_character_gets_through() {
        let mut w = Writer::new(Layout::Line);
        w.string("\"\\\n\u{1b}[0m\u{9b}é");
        assert_eq!(w.finish(), r#""\"\\\n\u001b[0m\u009bé""#);
    }
}
