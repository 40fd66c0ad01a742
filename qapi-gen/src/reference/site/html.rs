//! HTML text, escaped.

use crate::render::is_hostile;

/// HTML under construction.
#[derive(Clone, Default)]
pub(super) struct Html(String);

impl Html {
    /// Markup of our own.
    pub(super) fn raw(&mut self, markup: &str) {
        self.0.push_str(markup);
    }

    /// Text that may contain anything, as content or as the value of an attribute in double quotes.
    pub(super) fn text(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                '\n' | '\t' => self.0.push(c),
                c if is_hostile(c) => self.0.push('\u{fffd}'),
                c => self.0.push(c),
            }
        }
    }

    /// An element with nothing but text in it.
    pub(super) fn element(&mut self, tag: &str, class: &str, text: &str) {
        self.raw("<");
        self.raw(tag);
        if !class.is_empty() {
            self.raw(" class=\"");
            self.raw(class);
            self.raw("\"");
        }
        self.raw(">");
        self.text(text);
        self.raw("</");
        self.raw(tag);
        self.raw(">");
    }

    pub(super) fn link(&mut self, class: &str, href: &str, text: &str) {
        self.raw("<a");
        if !class.is_empty() {
            self.raw(" class=\"");
            self.raw(class);
            self.raw("\"");
        }
        self.raw(" href=\"");
        self.text(href);
        self.raw("\">");
        self.text(text);
        self.raw("</a>");
    }

    pub(super) fn append(&mut self, other: Html) {
        self.0.push_str(&other.0);
    }

    pub(super) fn finish(self) -> String {
        self.0
    }
}
