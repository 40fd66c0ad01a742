//! Reads what stands beside each other: text, names, links.

use super::scan::{Kind, Scan, name_length, role_length, url_length};
use super::{Inline, Resolve};
use std::collections::HashMap;

/// Reads markup within lines.
pub(super) struct Reader<'r> {
    resolve: &'r Resolve<'r>,
    /// The URLs of named targets, by name in lower case.
    targets: HashMap<String, String>,
}

impl<'r> Reader<'r> {
    /// Takes the named targets from the text.
    pub(super) fn new(lines: &[&str], resolve: &'r Resolve<'r>) -> Self {
        let target = |line: &&str| {
            let (name, url) = line.trim().strip_prefix(".. _")?.split_once(": ")?;
            Some((name.trim_matches('`').to_lowercase(), url.trim().to_owned()))
        };
        let is_url = |(_, url): &(String, String)| url_length(url) == Some(url.len());
        Reader {
            resolve,
            targets: lines.iter().filter_map(target).filter(is_url).collect(),
        }
    }

    pub(super) fn read(&self, text: &str) -> Vec<Inline> {
        let mut scan = Scan::new(text);
        let mut out = Vec::new();
        let mut plain = String::new();
        loop {
            plain.push_str(scan.plain());
            let Some(c) = scan.text[scan.at..].chars().next() else {
                break;
            };
            match self.markup(&mut scan, c) {
                // What was escaped goes on with the text around it.
                Some(Inline::Text(text)) => plain.push_str(&text),
                Some(markup) => {
                    flush(&mut plain, &mut out);
                    out.push(markup);
                }
                None => {
                    scan.at += c.len_utf8();
                    plain.push(c);
                    scan.before = Some(c);
                }
            }
        }
        flush(&mut plain, &mut out);
        out
    }

    /// Markup at the current position, which starts with `c`; moves past it if there is some.
    fn markup(&self, scan: &mut Scan, c: char) -> Option<Inline> {
        let rest = &scan.text[scan.at..];
        match c {
            '\\' => {
                let next = rest[1..].chars().next()?;
                let mut out = String::new();
                if next.is_ascii_punctuation() {
                    out.push(next);
                } else if !next.is_whitespace() {
                    return None;
                }
                scan.skip(1 + next.len_utf8());
                Some(Inline::Text(out))
            }
            '`' => {
                if let Some(literal) = scan.span(Kind::Literal) {
                    return Some(Inline::Code(literal.to_owned()));
                }
                let name = scan.span(Kind::Name)?;
                Some(self.reference(scan, false, name))
            }
            ':' => {
                let length = role_length(rest)?;
                let before = scan.before;
                scan.skip(length);
                match scan.span(Kind::Name) {
                    Some(name) => Some(self.reference(scan, true, name)),
                    None => {
                        scan.at -= length;
                        scan.before = before;
                        None
                    }
                }
            }
            '*' => {
                if let Some(strong) = scan.span(Kind::Strong) {
                    return Some(Inline::Strong(unescaped(strong)));
                }
                let emphasis = scan.span(Kind::Emphasis)?;
                Some(Inline::Emphasis(unescaped(emphasis)))
            }
            '@' => {
                let length = name_length(&rest[1..]);
                if length == 0 || scan.before.is_some_and(|b| b.is_alphanumeric() || b == '@') {
                    return None;
                }
                scan.skip(1 + length);
                Some(Inline::Name(rest[1..=length].to_owned()))
            }
            '#' if scan.before.is_none_or(|b| !b.is_alphanumeric()) => {
                let name = &rest[1..=name_length(&rest[1..])];
                let target = (self.resolve)(name)?;
                scan.skip(1 + name.len());
                let title = name.to_owned();
                Some(Inline::Item { title, target })
            }
            '<' => {
                let length = url_length(&rest[1..])?;
                rest[1 + length..].starts_with('>').then(|| {
                    scan.skip(length + 2);
                    let url = rest[1..=length].to_owned();
                    Inline::Link { title: None, url }
                })
            }
            'h' | 'f' if scan.before.is_none_or(|b| !b.is_alphanumeric()) => {
                let length = url_length(rest)?;
                scan.skip(length);
                let url = rest[..length].to_owned();
                Some(Inline::Link { title: None, url })
            }
            _ => None,
        }
    }

    /// Text in single backquotes, with or without a role before it; `scan` stands behind it.
    fn reference(&self, scan: &mut Scan, has_role: bool, content: &str) -> Inline {
        let content = content.split_whitespace().collect::<Vec<_>>().join(" ");
        let underscores = scan.text[scan.at..].bytes().take_while(|&b| b == b'_');
        let named = match underscores.count() {
            n @ 1..=2 if !has_role => {
                scan.skip(n);
                self.targets.get(&content.to_lowercase())
            }
            _ => None,
        };
        let explicit = content
            .strip_suffix('>')
            .and_then(|c| c.rsplit_once('<'))
            .filter(|(title, _)| !title.trim().is_empty());
        let (title, target) = match explicit {
            Some((title, target)) => (title.trim(), target),
            None => (content.as_str(), content.trim_start_matches(['~', '!'])),
        };
        let link = |url: &str| Inline::Link {
            title: Some(unescaped(title)),
            url: url.to_owned(),
        };
        if let Some(url) = named {
            return link(url);
        }
        if explicit.is_some() && url_length(target) == Some(target.len()) {
            return link(target);
        }
        let bare = target.rsplit(':').next().unwrap_or(target);
        let item = (self.resolve)(target).or_else(|| (self.resolve)(bare));
        match (item, explicit) {
            (Some(target), explicit) => Inline::Item {
                title: explicit.map_or(bare, |_| title).to_owned(),
                target,
            },
            (None, Some(_)) => Inline::Text(unescaped(title)),
            (None, None) => Inline::Code(target.to_owned()),
        }
    }
}

fn flush(plain: &mut String, out: &mut Vec<Inline>) {
    if !plain.is_empty() {
        out.push(Inline::Text(std::mem::take(plain)));
    }
}

/// Text without markup, on one line.
fn unescaped(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('\\', Some(&next)) if next.is_ascii_punctuation() => {
                out.push(next);
                chars.next();
            }
            ('\n', _) => out.push(' '),
            (c, _) => out.push(c),
        }
    }
    out
}
