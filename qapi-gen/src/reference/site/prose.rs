//! Prose and examples as HTML.

use super::Site;
use super::html::Html;
use crate::model::Definition;
use crate::reference::book::Entry;
use crate::reference::example::{TokenKind, tokens};
use crate::rst::{Block, Bullet, Inline};

/// Writes prose on a page.
pub(super) struct Prose<'a> {
    pub(super) site: &'a Site<'a>,
    pub(super) page: Option<usize>,
    /// The definition that it is about, whose members it names.
    pub(super) entry: Option<&'a Entry<'a>>,
    /// The level of elements for headings of the first level.
    pub(super) level: usize,
}

impl Prose<'_> {
    pub(super) fn write(&self, text: &str, html: &mut Html) {
        self.blocks(&self.site.read(text, self.page), html);
    }

    pub(super) fn blocks(&self, blocks: &[Block], html: &mut Html) {
        for block in blocks {
            self.block(block, html);
        }
    }

    fn block(&self, block: &Block, html: &mut Html) {
        match block {
            Block::Paragraph(text) => self.wrapped("p", text, html),
            Block::Heading { level, text } => {
                let level = (level + self.level - 1).min(6);
                self.wrapped(&format!("h{level}"), text, html);
            }
            Block::Code {
                lines,
                messages: false,
            } => {
                html.raw("<pre tabindex=\"0\"><code>");
                html.text(&lines.join("\n"));
                html.raw("</code></pre>\n");
            }
            Block::Code { lines, .. } => self.messages(lines, html),
            Block::Example { title, body } => {
                html.raw("<div class=\"example\"><p class=\"caption\">Example");
                if !title.is_empty() {
                    html.raw(": ");
                    self.inline(title, html);
                }
                html.raw("</p>\n");
                self.blocks(body, html);
                html.raw("</div>\n");
            }
            Block::Quote(body) => self.around("blockquote", "", body, html),
            Block::Admonition { title, body, .. } => {
                html.raw("<div class=\"note\"><p class=\"caption\">");
                self.inline(title, html);
                html.raw("</p>\n");
                self.blocks(body, html);
                html.raw("</div>\n");
            }
            Block::Tagged { tag, body } => {
                html.raw("<div class=\"note\">");
                html.element("p", "caption", tag);
                html.raw("\n");
                self.blocks(body, html);
                html.raw("</div>\n");
            }
            Block::Footnote { label, body } => {
                html.raw("<div class=\"footnote\"><p>[");
                self.inline(label, html);
                html.raw("]</p>\n");
                self.blocks(body, html);
                html.raw("</div>\n");
            }
            Block::List { items, loose } => {
                let numbered = items.first().map(|item| item.bullet);
                let tag = match numbered {
                    Some(Bullet::Number(_) | Bullet::Letter(_)) => "ol",
                    _ => "ul",
                };
                html.raw("<");
                html.raw(tag);
                match numbered {
                    Some(Bullet::Number(first)) if first != 1 => {
                        html.raw(&format!(" start=\"{first}\""))
                    }
                    Some(Bullet::Letter(_)) => html.raw(" type=\"a\""),
                    _ => {}
                }
                html.raw(">\n");
                for item in items {
                    html.raw("<li>");
                    match item.body.as_slice() {
                        [Block::Paragraph(text), rest @ ..] if !loose => {
                            self.inline(text, html);
                            self.blocks(rest, html);
                        }
                        body => self.blocks(body, html),
                    }
                    html.raw("</li>\n");
                }
                html.raw("</");
                html.raw(tag);
                html.raw(">\n");
            }
            Block::Definition { term, body } => {
                html.raw("<dl><dt>");
                self.inline(term, html);
                html.raw("</dt>");
                self.around("dd", "", body, html);
                html.raw("</dl>\n");
            }
            Block::Caption(text) => {
                html.raw("<p class=\"caption\">");
                self.inline(text, html);
                html.raw("</p>\n");
            }
            Block::Table { header, rows } => {
                html.raw("<div class=\"table\" tabindex=\"0\"><table>\n");
                for (cell, rows) in [("th", header), ("td", rows)] {
                    for row in rows {
                        html.raw("<tr>");
                        row.iter().for_each(|text| self.wrapped(cell, text, html));
                        html.raw("</tr>\n");
                    }
                }
                html.raw("</table></div>\n");
            }
            Block::Rule => html.raw("<hr>\n"),
        }
    }

    fn around(&self, tag: &str, class: &str, body: &[Block], html: &mut Html) {
        html.raw("<");
        html.raw(tag);
        html.raw(class);
        html.raw(">");
        self.blocks(body, html);
        html.raw("</");
        html.raw(tag);
        html.raw(">\n");
    }

    fn wrapped(&self, tag: &str, text: &[Inline], html: &mut Html) {
        html.raw("<");
        html.raw(tag);
        html.raw(">");
        self.inline(text, html);
        html.raw("</");
        html.raw(tag);
        html.raw(">\n");
    }

    fn inline(&self, text: &[Inline], html: &mut Html) {
        for part in text {
            match part {
                Inline::Text(text) => html.text(text),
                Inline::Code(text) => html.element("code", "", text),
                Inline::Name(name) => match self.own(name) {
                    Some(href) => {
                        html.raw("<code>");
                        html.link("", &href, name);
                        html.raw("</code>");
                    }
                    None => html.element("code", "", name),
                },
                Inline::Strong(text) => html.element("strong", "", text),
                Inline::Emphasis(text) => html.element("em", "", text),
                Inline::Item { title, target } => {
                    html.raw("<code>");
                    html.link("", target, title);
                    html.raw("</code>");
                }
                Inline::Link { title, url } => {
                    html.raw("<a rel=\"noreferrer\" href=\"");
                    html.text(url);
                    html.raw("\">");
                    html.text(title.as_ref().unwrap_or(url));
                    html.raw("</a>");
                }
            }
        }
    }

    /// Where the definition describes what it calls by this name.
    fn own(&self, name: &str) -> Option<String> {
        let entry = self.entry?;
        if entry.parts.iter().any(|part| part.name == name) {
            return Some(format!("#{}", entry.part_anchor(name)));
        }
        let feature = entry.features.iter().any(|feature| feature.name == name);
        feature.then(|| format!("#{}", entry.feature_anchor(name)))
    }

    /// An exchange of messages, with the names of commands and events linked.
    fn messages(&self, lines: &[String], html: &mut Html) {
        html.raw("<pre class=\"messages\" tabindex=\"0\"><code>");
        for (at, line) in lines.iter().enumerate() {
            if at > 0 {
                html.raw("\n");
            }
            for token in tokens(line) {
                let class = match token.kind {
                    TokenKind::Arrow => "a",
                    TokenKind::Key => "k",
                    TokenKind::String => "s",
                    TokenKind::Number => "n",
                    TokenKind::Literal => "l",
                    TokenKind::Other => {
                        html.text(token.text);
                        continue;
                    }
                };
                let target = Some(token.text.trim_matches('"')).filter(|_| token.is_name);
                match target.and_then(|name| self.called(name)) {
                    Some(href) => html.link(class, &href, token.text),
                    None => html.element("span", class, token.text),
                }
            }
        }
        html.raw("</code></pre>\n");
    }

    fn called(&self, name: &str) -> Option<String> {
        let definition = self.site.book.schema.definition(name)?;
        matches!(definition, Definition::Command(_) | Definition::Event(_))
            .then(|| self.site.definition_href(definition, self.page))?
    }
}
