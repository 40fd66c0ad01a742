//! Reads what stands below each other: paragraphs, lists, directives.

use super::inline::Reader as Inlines;
use super::{Block, Bullet, Item, is_blank, table};

/// Containers nested deeper than this are shown as plain paragraphs.
const MAX_DEPTH: usize = 16;

fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// Removes the indentation that all lines share, and blank lines at both ends.
fn dedent<'a>(lines: &[&'a str]) -> Vec<&'a str> {
    let text = || lines.iter().filter(|l| !is_blank(l));
    let shared = text().map(|l| indent(l)).min().unwrap_or(0);
    let first = lines.iter().position(|l| !is_blank(l)).unwrap_or(0);
    let end = lines
        .iter()
        .rposition(|l| !is_blank(l))
        .map_or(0, |i| i + 1);
    lines[first..end.max(first)]
        .iter()
        .map(|l| l.get(shared..).unwrap_or(""))
        .collect()
}

fn literal(lines: &[&str], messages: bool) -> Block {
    Block::Code {
        lines: lines.iter().map(|&line| line.to_owned()).collect(),
        messages: messages || lines.first().is_some_and(|line| is_example(line)),
    }
}

/// What starts an item of a list.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Marker {
    Bullet(char),
    /// The number, `None` for `#`.
    Number(Option<u32>),
    Letter(char),
}

impl Marker {
    fn continues(self, other: Marker) -> bool {
        match (self, other) {
            (Marker::Bullet(a), Marker::Bullet(b)) => a == b,
            (Marker::Number(_), Marker::Number(_)) | (Marker::Letter(_), Marker::Letter(_)) => true,
            _ => false,
        }
    }
}

/// The marker at the start of a line, and where the item's text starts.
fn marker(line: &str) -> Option<(Marker, usize)> {
    let word = line.split(' ').next()?;
    let text = line[word.len()..].trim_start();
    let start = line.len() - text.len();
    let kind = match word {
        "-" | "*" | "+" | "•" => Marker::Bullet(word.chars().next()?),
        _ if text.is_empty() => return None,
        "#." => Marker::Number(None),
        _ => {
            let opened = word.strip_prefix('(');
            let ordinal = match opened {
                Some(rest) => rest.strip_suffix(')')?,
                None => word.strip_suffix(['.', ')'])?,
            };
            let mut chars = ordinal.chars();
            match (chars.next()?, chars.next()) {
                (c, None) if c.is_ascii_alphabetic() && word.ends_with(')') => Marker::Letter(c),
                (c, _) if c.is_ascii_digit() && ordinal.len() <= 9 => {
                    Marker::Number(Some(ordinal.parse().ok()?))
                }
                _ => return None,
            }
        }
    };
    Some((kind, start))
}

/// Whether a line is a run of one punctuation character, as under a heading.
fn rule(line: &str) -> Option<char> {
    let first = line.chars().next().filter(char::is_ascii_punctuation)?;
    (line.len() >= 3 && line.chars().all(|c| c == first)).then_some(first)
}

/// Whether a line of an unmarked example starts here, as releases before 9.1 have them.
fn is_example(line: &str) -> bool {
    line.starts_with("-> ") || line.starts_with("<- ")
}

pub(super) struct Reader<'r> {
    pub(super) inline: Inlines<'r>,
}

impl Reader<'_> {
    pub(super) fn blocks(&self, lines: &[&str], depth: usize) -> Vec<Block> {
        let mut out = Vec::new();
        let mut rest = lines;
        loop {
            let blanks = rest.iter().take_while(|l| is_blank(l)).count();
            rest = &rest[blanks..];
            if rest.is_empty() {
                return out;
            }
            let taken = if depth >= MAX_DEPTH {
                let flat: Vec<&str> = rest.iter().map(|l| l.trim()).collect();
                out.push(self.paragraph(&flat));
                rest.len()
            } else {
                self.block(rest, depth, &mut out)
            };
            rest = &rest[taken..];
        }
    }

    /// Reads the block at the start of `lines`, which is not blank; returns its length.
    fn block(&self, lines: &[&str], depth: usize, out: &mut Vec<Block>) -> usize {
        let line = lines[0];
        if indent(line) > 0 {
            return self.quotation(lines, depth, out);
        }
        if let Some((block, taken)) = self.heading(lines) {
            out.push(block);
            return taken;
        }
        if line == ".." || line.starts_with(".. ") {
            return self.explicit(lines, depth, out);
        }
        if let Some((table, taken)) = table::simple(lines, &self.inline) {
            out.push(table);
            return taken;
        }
        if table::is_grid(line) {
            let taken = lines.iter().take_while(|l| !is_blank(l)).count();
            out.push(literal(&lines[..taken], false));
            return taken;
        }
        if let Some(taken) = self.list(lines, depth, out) {
            return taken;
        }
        if line.len() >= 4 && rule(line).is_some() {
            out.push(Block::Rule);
            return 1;
        }
        if let Some((tag, text)) = tagged(line) {
            let taken = 1 + Self::indented(&lines[1..]);
            let mut body = vec![text];
            body.extend(dedent(&lines[1..taken]));
            let body = self.blocks(&body, depth + 1);
            out.push(Block::Tagged { tag, body });
            return taken;
        }
        let next = lines.get(1).copied().unwrap_or("");
        let defines = !is_blank(next) && !line.ends_with("::") && !is_example(line);
        if indent(next) > 0 && defines {
            return self.definitions(lines, depth, out);
        }
        self.text(lines, out)
    }

    /// The length of the indented lines at the start.
    fn indented(lines: &[&str]) -> usize {
        let end = lines
            .iter()
            .take_while(|l| is_blank(l) || indent(l) > 0)
            .count();
        lines[..end]
            .iter()
            .rposition(|l| !is_blank(l))
            .map_or(0, |i| i + 1)
    }

    fn quotation(&self, lines: &[&str], depth: usize, out: &mut Vec<Block>) -> usize {
        let taken = Self::indented(lines);
        let body = dedent(&lines[..taken]);
        if is_example(body[0]) {
            out.push(literal(&body, true));
        } else {
            let quoted = self.blocks(&body, depth + 1);
            if !quoted.is_empty() {
                out.push(Block::Quote(quoted));
            }
        }
        taken
    }

    fn heading(&self, lines: &[&str]) -> Option<(Block, usize)> {
        let (level, title, taken) = match *lines {
            // The form of releases before 10.1.
            [title, ref rest @ ..]
                if title.starts_with('=') && rest.first().is_none_or(|l| is_blank(l)) =>
            {
                let text = title.trim_start_matches('=');
                (title.len() - text.len(), text.strip_prefix(' ')?, 1)
            }
            [over, title, under, ..] if rule(over).is_some() && over == under => (1, title, 3),
            [title, under, ..]
                if under.len() >= title.chars().count().min(4)
                    && rule(title).is_none()
                    && table::ruler(title).is_none() =>
            {
                let level = match rule(under)? {
                    '=' => 2,
                    '-' => 3,
                    _ => 4,
                };
                (level, title, 2)
            }
            _ => return None,
        };
        let title = title.trim();
        if title.is_empty() {
            return None;
        }
        let text = self.inline.read(title);
        Some((Block::Heading { level, text }, taken))
    }

    /// `..`: a directive, a footnote, or something that is not shown.
    fn explicit(&self, lines: &[&str], depth: usize, out: &mut Vec<Block>) -> usize {
        let taken = 1 + Self::indented(&lines[1..]);
        let head = lines[0][2..].trim();
        if let Some((name, argument)) = directive(head) {
            self.directive(name, argument, dedent(&lines[1..taken]), depth, out);
        } else if let Some((label, text)) = head.strip_prefix('[').and_then(|h| h.split_once(']')) {
            let mut body = vec![text.trim()];
            body.extend(dedent(&lines[1..taken]));
            let label = self.inline.read(label);
            let body = self.blocks(&body, depth + 1);
            out.push(Block::Footnote { label, body });
        }
        taken
    }

    fn directive<'a>(
        &self,
        name: &str,
        argument: &'a str,
        mut body: Vec<&'a str>,
        depth: usize,
        out: &mut Vec<Block>,
    ) {
        let admonition = match name {
            "note" => "Note",
            "caution" => "Caution",
            "warning" => "Warning",
            "important" => "Important",
            "attention" => "Attention",
            "danger" => "Danger",
            "hint" => "Hint",
            "tip" => "Tip",
            "error" => "Error",
            "seealso" => "See also",
            "todo" => "To do",
            _ => "",
        };
        if !admonition.is_empty() {
            body.insert(0, argument);
            out.push(Block::Admonition {
                title: vec![super::Inline::Text(admonition.to_owned())],
                standard: true,
                body: self.blocks(&body, depth + 1),
            });
            return;
        }
        let mut options = Vec::new();
        while let Some(option) = body.first().and_then(|l| l.strip_prefix(':')) {
            let Some((key, value)) = option.split_once(':') else {
                break;
            };
            options.push((key, value.trim()));
            body.remove(0);
        }
        let option = |key| options.iter().find(|(k, _)| *k == key).map(|(_, v)| *v);
        let body = dedent(&body);
        match name {
            "qmp-example" => {
                let title = option("title").map_or_else(Vec::new, |title| self.inline.read(title));
                let body = match option("annotated") {
                    Some(_) => self.blocks(&body, depth + 1),
                    None if body.is_empty() => Vec::new(),
                    None => vec![literal(&body, true)],
                };
                out.push(Block::Example { title, body });
            }
            "code-block" | "code" | "sourcecode" | "parsed-literal" | "literalinclude" => {
                if !body.is_empty() {
                    out.push(literal(&body, false));
                }
            }
            "admonition" => out.push(Block::Admonition {
                title: self.inline.read(argument),
                standard: false,
                body: self.blocks(&body, depth + 1),
            }),
            "table" => {
                out.push(Block::Caption(self.inline.read(argument)));
                out.extend(self.blocks(&body, depth + 1));
            }
            "contents" | "toctree" | "index" | "raw" | "include" | "image" => {}
            _ => {
                if !argument.is_empty() {
                    out.push(self.paragraph(&[argument]));
                }
                out.extend(self.blocks(&body, depth + 1));
            }
        }
    }

    fn list(&self, lines: &[&str], depth: usize, out: &mut Vec<Block>) -> Option<usize> {
        let (first, _) = marker(lines[0])?;
        // A numbered line whose text goes on below the number is a sentence.
        if let (false, Some(next)) = (matches!(first, Marker::Bullet(_)), lines.get(1))
            && !is_blank(next)
            && indent(next) == 0
            && marker(next).is_none()
        {
            return None;
        }
        let mut items = Vec::new();
        let mut taken = 0;
        let mut number = 0;
        loop {
            let blanks = lines[taken..].iter().take_while(|l| is_blank(l)).count();
            let Some(line) = lines.get(taken + blanks) else {
                break;
            };
            let Some((kind, start)) = marker(line).filter(|(k, _)| first.continues(*k)) else {
                break;
            };
            taken += blanks;
            let end = taken + 1 + Self::indented(&lines[taken + 1..]);
            let rest = &lines[taken + 1..end];
            let text = rest.iter().filter(|l| !is_blank(l));
            let shift = text.map(|l| indent(l)).min().unwrap_or(0).min(start);
            let mut body = vec![&line[start..]];
            body.extend(rest.iter().map(|l| l.get(shift..).unwrap_or("")));
            let bullet = match kind {
                Marker::Number(n) => {
                    number = n.unwrap_or(number + 1);
                    Bullet::Number(number)
                }
                Marker::Bullet(_) => Bullet::Dot,
                Marker::Letter(letter) => Bullet::Letter(letter),
            };
            let body = self.blocks(&body, depth + 1);
            items.push(Item { bullet, body });
            taken = end;
        }
        let loose = lines[..taken].iter().any(|l| is_blank(l));
        out.push(Block::List { items, loose });
        Some(taken)
    }

    /// Terms, each with an indented description below it.
    fn definitions(&self, lines: &[&str], depth: usize, out: &mut Vec<Block>) -> usize {
        let body = Self::indented(&lines[1..]);
        out.push(Block::Definition {
            term: self.inline.read(lines[0]),
            body: self.blocks(&dedent(&lines[1..=body]), depth + 1),
        });
        1 + body
    }

    /// A paragraph, and the literal block that `::` at its end announces.
    fn text(&self, lines: &[&str], out: &mut Vec<Block>) -> usize {
        let mut end = 1;
        while let Some(line) = lines.get(end)
            && !is_blank(line)
            && !lines[end - 1].ends_with("::")
            // Not so in reStructuredText; but a list is what it is meant to be.
            && !(lines[end - 1].ends_with(':')
                && matches!(marker(line), Some((Marker::Bullet(_), _))))
        {
            end += 1;
        }
        let text = &lines[..end];
        if is_example(text[0]) {
            out.push(literal(text, true));
            return end;
        }
        let Some(last) = text[end - 1].strip_suffix("::") else {
            out.push(self.paragraph(text));
            return end;
        };
        let mut text = text.to_vec();
        text[end - 1] = match last.trim_end() {
            bare if bare.len() < last.len() => bare,
            _ => &lines[end - 1][..=last.len()],
        };
        if text.len() > 1 || text[0] != ":" {
            out.push(self.paragraph(&text));
        }
        let code = Self::indented(&lines[end..]);
        if code > 0 {
            out.push(literal(&dedent(&lines[end..end + code]), false));
        }
        end + code
    }

    fn paragraph(&self, lines: &[&str]) -> Block {
        Block::Paragraph(self.inline.read(&lines.join("\n")))
    }
}

/// Splits `TAG: TEXT` for the tags of releases before 9.1.
fn tagged(line: &str) -> Option<(&'static str, &str)> {
    let (tag, text) = line.split_once(':')?;
    let tags = ["Note", "Notes", "Example", "Examples"];
    let tag = tags.into_iter().find(|known| *known == tag)?;
    (text.is_empty() || text.starts_with(' ')).then(|| (tag, text.trim_start()))
}

/// Splits `NAME:: ARGUMENT`.
fn directive(head: &str) -> Option<(&str, &str)> {
    let (name, argument) = match head.split_once(":: ") {
        Some((name, argument)) => (name, argument.trim()),
        None => (head.strip_suffix("::")?, ""),
    };
    let valid = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ':' | '.' | '+');
    (name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.chars().all(valid))
        .then_some((name, argument))
}
