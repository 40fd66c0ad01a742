//! Writes prose as Markdown, of the kind that rustdoc and GitHub read.
//!
//! The output raises no rustdoc warning: whatever Markdown could take for markup is escaped, code is always fenced as `text`
//! (so that it is never a doctest), and the only links are URLs and what the caller resolves.

use super::{Block, Bullet, Inline, Resolve, read};
use crate::markdown::{code, escaped};

/// Turns documentation text into Markdown.
///
/// `resolve` maps the name of a definition of the schema to the target of a link, such as the
/// path of the Rust item made from it.
///
/// The label stands before the text, in a paragraph of its own if the text does not start with one: what is no paragraph
/// has to start a line.
pub(crate) fn labelled(label: &str, text: &str, resolve: &Resolve<'_>) -> String {
    let mut parts = parts(&read(text, resolve));
    if !label.is_empty() {
        let unlabelled = std::mem::take(&mut parts);
        lead(label, unlabelled, &mut parts);
    }
    join(parts)
}

/// A part of the text that blank lines set apart.
struct Part {
    text: String,
    /// Whether words can be put before it.
    paragraph: bool,
}

impl Part {
    fn paragraph(text: String) -> Part {
        Part {
            text,
            paragraph: true,
        }
    }

    fn other(text: String) -> Part {
        Part {
            text,
            paragraph: false,
        }
    }
}

fn parts(blocks: &[Block]) -> Vec<Part> {
    let mut out = Vec::with_capacity(blocks.len());
    for block in blocks {
        write(block, &mut out);
    }
    out
}

fn write(block: &Block, out: &mut Vec<Part>) {
    match block {
        Block::Paragraph(text) => out.push(paragraph(text)),
        Block::Heading { level, text } => {
            let level = "#".repeat((*level).min(6));
            out.push(Part::other(format!("{level} {}", line(text))));
        }
        Block::Code { lines, .. } => out.push(fenced(lines)),
        Block::Example { title, body } => {
            let title = match title.is_empty() {
                true => "**Example**".to_owned(),
                false => format!("**Example: {}**", line(title)),
            };
            out.push(Part::other(title));
            out.extend(parts(body));
        }
        Block::Quote(body) => out.push(quoted(parts(body))),
        Block::Admonition {
            title,
            standard,
            body,
        } => {
            let mut inner = Vec::new();
            match standard {
                true => lead(&format!("**{}:**", line(title)), parts(body), &mut inner),
                false => {
                    inner.push(Part::other(format!("**{}**", line(title))));
                    inner.extend(parts(body));
                }
            }
            out.push(quoted(inner));
        }
        Block::Tagged { tag, body } => lead(&format!("**{tag}:**"), parts(body), out),
        Block::Footnote { label, body } => {
            lead(&format!("\\[{}\\]", line(label)), parts(body), out);
        }
        Block::List { items, loose } => {
            let items: Vec<String> = items
                .iter()
                .map(|item| {
                    let bullet = match item.bullet {
                        Bullet::Number(number) => format!("{number}. "),
                        Bullet::Dot | Bullet::Letter(_) => "- ".to_owned(),
                    };
                    let mut body = parts(&item.body);
                    if let Bullet::Letter(letter) = item.bullet {
                        let unlabelled = std::mem::take(&mut body);
                        lead(&format!("({letter})"), unlabelled, &mut body);
                    }
                    prefixed(&join(body), &bullet, &" ".repeat(bullet.len()))
                })
                .collect();
            out.push(Part::other(items.join(if *loose { "\n\n" } else { "\n" })));
        }
        Block::Definition { term, body } => {
            let mut item = vec![paragraph(term)];
            item.extend(parts(body));
            out.push(Part::other(prefixed(&join(item), "- ", "  ")));
        }
        Block::Caption(text) => out.push(Part::other(format!("**{}**", line(text)))),
        Block::Table { header, rows } => out.push(table(header, rows)),
        Block::Rule => out.push(Part::other("* * *".to_owned())),
    }
}

fn join(parts: Vec<Part>) -> String {
    let mut parts = parts.into_iter();
    let mut text = parts.next().map_or_else(String::new, |first| first.text);
    for part in parts {
        text.push_str("\n\n");
        text.push_str(&part.text);
    }
    text
}

/// Puts a label before the first paragraph, or in one of its own if there is none.
fn lead(label: &str, mut parts: Vec<Part>, out: &mut Vec<Part>) {
    match parts.first_mut() {
        Some(first) if first.paragraph => first.text.insert_str(0, &format!("{label} ")),
        _ => out.push(Part::paragraph(label.into())),
    }
    out.extend(parts);
}

fn quoted(parts: Vec<Part>) -> Part {
    Part::other(prefixed(&join(parts), "> ", "> "))
}

/// Puts `first` before the first line and `rest` before all others.
fn prefixed(text: &str, first: &str, rest: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    for (i, line) in text.split('\n').enumerate() {
        let prefix = if i == 0 { first } else { rest };
        if i > 0 {
            out.push('\n');
        }
        out.push_str(if line.is_empty() {
            prefix.trim_end()
        } else {
            prefix
        });
        out.push_str(line);
    }
    out
}

fn fenced(lines: &[String]) -> Part {
    let mut longest = 2;
    for line in lines {
        let mut run = 0;
        for c in line.chars() {
            run = if c == '`' { run + 1 } else { 0 };
            longest = longest.max(run);
        }
    }
    let fence = "`".repeat(longest + 1);
    Part::other(format!("{fence}text\n{}\n{fence}", lines.join("\n")))
}

fn table(header: &[Vec<Vec<Inline>>], rows: &[Vec<Vec<Inline>>]) -> Part {
    let write = |row: &Vec<Vec<Inline>>| {
        let cells = row.iter().map(|text| cell(text));
        format!("| {} |", cells.collect::<Vec<_>>().join(" | "))
    };
    let columns = rows.first().or(header.first()).map_or(0, Vec::len);
    let empty = vec![Vec::new(); columns];
    let mut out = vec![
        write(header.first().unwrap_or(&empty)),
        format!("|{}", " --- |".repeat(columns)),
    ];
    out.extend(header.iter().skip(1).chain(rows).map(write));
    Part::other(out.join("\n"))
}

/// Text of several lines.
fn paragraph(text: &[Inline]) -> Part {
    let rendered = inline(text);
    let mut out = String::with_capacity(rendered.len());
    for (i, line) in rendered.split('\n').enumerate() {
        if i > 0 {
            out.push('\n');
        }
        guard_start(line, &mut out);
    }
    Part::paragraph(out)
}

/// Text on one line that starts with something else.
fn line(text: &[Inline]) -> String {
    inline(text).replace('\n', " ")
}

/// Text in a table.
fn cell(text: &[Inline]) -> String {
    let mut out = String::new();
    let mut before = ' ';
    for c in line(text).chars() {
        if c == '|' && before != '\\' {
            out.push('\\');
        }
        out.push(c);
        before = c;
    }
    out
}

fn inline(text: &[Inline]) -> String {
    let mut out = String::new();
    for part in text {
        let markup = match part {
            Inline::Text(text) => escaped(text),
            Inline::Code(text) | Inline::Name(text) => code(text),
            Inline::Strong(text) => format!("**{}**", escaped(text)),
            Inline::Emphasis(text) => format!("*{}*", escaped(text)),
            Inline::Item { title, target } => link(title, target),
            Inline::Link { title: None, url } => format!("<{url}>"),
            Inline::Link {
                title: Some(title),
                url,
            } => format!("[{}](<{url}>)", escaped(title)),
        };
        // Two code spans would become one.
        if out.ends_with('`') && markup.starts_with('`') {
            out.push(' ');
        }
        out.push_str(&markup);
    }
    out
}

/// A link to an item, which rustdoc wants short if the item is its own title.
fn link(title: &str, item: &str) -> String {
    match title == item {
        true => format!("[{}]", code(title)),
        false => format!("[{}]({item})", code(title)),
    }
}

/// Keeps the start of a line from being taken for a list, heading or quotation.
fn guard_start(line: &str, out: &mut String) {
    let line = line.trim();
    let (at, rest) = match line.find(|c: char| !c.is_ascii_digit()) {
        Some(digits @ 1..=9) => (digits, line[digits..].strip_prefix(['.', ')'])),
        _ if line.starts_with(['>', '=']) => (0, Some(" ")),
        _ => (0, line.strip_prefix(['-', '+'])),
    };
    match rest {
        Some(rest) if rest.is_empty() || rest.starts_with(' ') => {
            out.push_str(&line[..at]);
            out.push('\\');
            out.push_str(&line[at..]);
        }
        _ => out.push_str(line),
    }
}
