//! Text within a paragraph.

use std::collections::HashMap;

/// Longer text before a backquote is no role.
const MAX_ROLE: usize = 40;

/// Renders markup within lines.
pub(super) struct Inline<'r> {
    resolve: &'r dyn Fn(&str) -> Option<String>,
    /// The URLs of named targets, by name in lower case.
    targets: HashMap<String, String>,
}

impl<'r> Inline<'r> {
    /// Takes the named targets from the text.
    pub(super) fn new(lines: &[&str], resolve: &'r dyn Fn(&str) -> Option<String>) -> Self {
        let target = |line: &&str| {
            let (name, url) = line.trim().strip_prefix(".. _")?.split_once(": ")?;
            Some((name.trim_matches('`').to_lowercase(), url.trim().to_owned()))
        };
        let is_url = |(_, url): &(String, String)| url_length(url) == Some(url.len());
        Inline {
            resolve,
            targets: lines.iter().filter_map(target).filter(is_url).collect(),
        }
    }

    /// Text of several lines.
    pub(super) fn paragraph(&self, text: &str) -> String {
        let rendered = self.render(text);
        let mut out = String::with_capacity(rendered.len());
        for (i, line) in rendered.split('\n').enumerate() {
            if i > 0 {
                out.push('\n');
            }
            guard_start(line, &mut out);
        }
        out
    }

    /// Text on one line that starts with something else.
    pub(super) fn line(&self, text: &str) -> String {
        self.render(text).replace('\n', " ")
    }

    /// Text in a table.
    pub(super) fn cell(&self, text: &str) -> String {
        let mut out = String::new();
        let mut before = ' ';
        for c in self.line(text).chars() {
            if c == '|' && before != '\\' {
                out.push('\\');
            }
            out.push(c);
            before = c;
        }
        out
    }

    fn render(&self, text: &str) -> String {
        let mut scan = Scan {
            text,
            at: 0,
            before: None,
            unclosed: [false; 4],
        };
        let mut out = String::with_capacity(text.len() + text.len() / 8);
        loop {
            out.push_str(scan.plain());
            let Some(c) = scan.text[scan.at..].chars().next() else {
                return out;
            };
            match self.markup(&mut scan, c) {
                Some(markup) => {
                    // Two code spans would become one.
                    if out.ends_with('`') && markup.starts_with('`') {
                        out.push(' ');
                    }
                    out.push_str(&markup);
                }
                None => {
                    scan.at += c.len_utf8();
                    let after = scan.text[scan.at..].chars().next();
                    escape(c, scan.before, after, &mut out);
                    scan.before = Some(c);
                }
            }
        }
    }

    /// Markup at the current position, which starts with `c`; moves past it if there is some.
    fn markup(&self, scan: &mut Scan, c: char) -> Option<String> {
        let rest = &scan.text[scan.at..];
        match c {
            '\\' => {
                let mut following = rest[1..].chars();
                let next = following.next()?;
                let mut out = String::new();
                if next.is_ascii_punctuation() {
                    escape(next, scan.before, following.next(), &mut out);
                } else if !next.is_whitespace() {
                    return None;
                }
                scan.skip(1 + next.len_utf8());
                Some(out)
            }
            '`' => {
                if let Some(literal) = scan.span(Kind::Literal) {
                    return Some(code(literal));
                }
                let name = scan.span(Kind::Name)?;
                Some(self.reference(scan, "", name))
            }
            ':' => {
                let length = role_length(rest)?;
                let role = &rest[1..length - 1];
                let before = scan.before;
                scan.skip(length);
                match scan.span(Kind::Name) {
                    Some(name) => Some(self.reference(scan, role, name)),
                    None => {
                        scan.at -= length;
                        scan.before = before;
                        None
                    }
                }
            }
            '*' => {
                if let Some(strong) = scan.span(Kind::Strong) {
                    return Some(format!("**{}**", plain(strong)));
                }
                let emphasis = scan.span(Kind::Emphasis)?;
                Some(format!("*{}*", plain(emphasis)))
            }
            '@' => {
                let length = name_length(&rest[1..]);
                if length == 0 || scan.before.is_some_and(|b| b.is_alphanumeric() || b == '@') {
                    return None;
                }
                scan.skip(1 + length);
                Some(code(&rest[1..=length]))
            }
            '#' if scan.before.is_none_or(|b| !b.is_alphanumeric()) => {
                let name = &rest[1..=name_length(&rest[1..])];
                let target = (self.resolve)(name)?;
                scan.skip(1 + name.len());
                Some(link(name, &target))
            }
            '<' => {
                let length = url_length(&rest[1..])?;
                rest[1 + length..].starts_with('>').then(|| {
                    scan.skip(length + 2);
                    rest[..length + 2].to_owned()
                })
            }
            'h' | 'f' if scan.before.is_none_or(|b| !b.is_alphanumeric()) => {
                let length = url_length(rest)?;
                scan.skip(length);
                Some(format!("<{}>", &rest[..length]))
            }
            _ => None,
        }
    }

    /// Text in single backquotes, with the role before it; `scan` stands behind it.
    fn reference(&self, scan: &mut Scan, role: &str, content: &str) -> String {
        let content = content.split_whitespace().collect::<Vec<_>>().join(" ");
        let underscores = scan.text[scan.at..].bytes().take_while(|&b| b == b'_');
        let named = match underscores.count() {
            n @ 1..=2 if role.is_empty() => {
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
        if let Some(url) = named {
            return format!("[{}](<{url}>)", plain(title));
        }
        if explicit.is_some() && url_length(target) == Some(target.len()) {
            return format!("[{}](<{target}>)", plain(title));
        }
        let bare = target.rsplit(':').next().unwrap_or(target);
        match (self.resolve)(target).or_else(|| (self.resolve)(bare)) {
            Some(item) if explicit.is_some() => link(title, &item),
            Some(item) => link(bare, &item),
            None if explicit.is_some() => plain(title),
            None => code(target),
        }
    }
}

/// Markup with a start and an end.
#[derive(Clone, Copy)]
enum Kind {
    Literal,
    Name,
    Strong,
    Emphasis,
}

struct Scan<'t> {
    text: &'t str,
    at: usize,
    /// The character before the current position, as far as it was ordinary text.
    before: Option<char>,
    /// The kinds of markup of which no end follows: what keeps the search linear.
    unclosed: [bool; 4],
}

impl<'t> Scan<'t> {
    fn skip(&mut self, length: usize) {
        self.at += length;
        self.before = self.text[..self.at].chars().next_back();
    }

    /// The text from here on that neither is markup nor has to be escaped; moves past it.
    fn plain(&mut self) -> &'t str {
        let bytes = self.text.as_bytes();
        let at = |i: usize| bytes.get(i).copied().unwrap_or(b' ');
        let word = |b: u8| b.is_ascii_alphanumeric();
        let mut before = match self.before {
            Some(c) if c.is_ascii() => c as u8,
            Some(_) => b'-',
            None => b' ',
        };
        let mut end = self.at;
        while let Some(&byte) = bytes.get(end) {
            let plain = match byte {
                // A URL may start here.
                b'h' | b'f' => word(before),
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b' ' | b'\n' => true,
                b'.' | b',' | b';' | b'(' | b')' | b'\'' | b'"' | b'/' | b'=' | b'!' | b'?' => true,
                b':' => matches!(at(end + 1), b' ' | b'\n'),
                b'-' => before != b'-' && at(end + 1) != b'-',
                b'_' => word(before) && word(at(end + 1)),
                _ => false,
            };
            if !plain {
                break;
            }
            before = byte;
            end += 1;
        }
        let text = &self.text[self.at..end];
        if !text.is_empty() {
            self.at = end;
            self.before = Some(char::from(before));
        }
        text
    }

    /// The content of markup of this kind at the current position; moves past it.
    fn span(&mut self, kind: Kind) -> Option<&'t str> {
        let delimiter = match kind {
            Kind::Literal => "``",
            Kind::Name => "`",
            Kind::Strong => "**",
            Kind::Emphasis => "*",
        };
        let content = self.text[self.at..].strip_prefix(delimiter)?;
        let first = content.chars().next().filter(|c| !c.is_whitespace())?;
        if matches!(kind, Kind::Name) && first == '`' {
            return None;
        }
        if !may_start(self.before, first) || self.unclosed[kind as usize] {
            return None;
        }
        let mut from = first.len_utf8();
        while let Some(found) = content[from..].find(delimiter) {
            let mut end = from + found;
            // ```` ``a``` ```` ends with the last of the backquotes.
            if matches!(kind, Kind::Literal) {
                while content[end + 1..].starts_with(delimiter) {
                    end += 1;
                }
            }
            let last = content[..end].chars().next_back()?;
            let escaped = last == '\\' && !matches!(kind, Kind::Literal);
            let after = content[end + delimiter.len()..].chars().next();
            if !last.is_whitespace() && !escaped && may_end(kind, after) {
                self.skip(2 * delimiter.len() + end);
                return Some(&content[..end]);
            }
            from = end + delimiter.len();
        }
        self.unclosed[kind as usize] = true;
        None
    }
}

fn may_start(before: Option<char>, first: char) -> bool {
    let Some(before) = before else {
        return true;
    };
    let closing = match before {
        '\'' | '"' => before,
        '(' => ')',
        '[' => ']',
        '{' => '}',
        '<' => '>',
        '-' | '/' | ':' => '\0',
        c => return c.is_whitespace(),
    };
    first != closing
}

fn may_end(kind: Kind, after: Option<char>) -> bool {
    match after {
        None => true,
        Some('_') => matches!(kind, Kind::Name),
        Some(c) => c.is_whitespace() || (c.is_ascii_punctuation() && c != '*' && c != '`'),
    }
}

/// The length of `:NAME:` before a backquote.
fn role_length(text: &str) -> Option<usize> {
    let end = text.bytes().take(MAX_ROLE).position(|b| b == b'`')?;
    let role = text[..end].strip_prefix(':')?.strip_suffix(':')?;
    let valid = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | ':' | '.' | '_');
    (!role.is_empty() && role.chars().all(valid)).then_some(end)
}

/// The length of the name of a definition or member at the start of a text.
fn name_length(text: &str) -> usize {
    let inside = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let end = text.find(|c| !inside(c)).unwrap_or(text.len());
    text[..end].trim_end_matches('-').len()
}

/// The length of the URL at the start of a text, without punctuation that follows it.
fn url_length(text: &str) -> Option<usize> {
    let host = ["https://", "http://", "ftp://"]
        .iter()
        .find_map(|scheme| text.strip_prefix(scheme))?;
    let ends = |c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | '\'' | '`' | '\\');
    let end = text.find(ends).unwrap_or(text.len());
    let mut url = &text[..end];
    for _ in 0..4 {
        let unopened = |close: char, open: char| {
            url.ends_with(close) && url.matches(close).count() > url.matches(open).count()
        };
        if url.ends_with(['.', ',', ';', ':', '!', '?', '*', '_'])
            || unopened(')', '(')
            || unopened(']', '[')
        {
            url = &url[..url.len() - 1];
        }
    }
    let host_start = text.len() - host.len();
    let host = url.get(host_start..)?;
    host.starts_with(|c: char| c.is_alphanumeric() || c == '[')
        .then_some(url.len())
}

/// A link to an item, which rustdoc wants short if the item is its own title.
fn link(title: &str, item: &str) -> String {
    match title == item {
        true => format!("[{}]", code(title)),
        false => format!("[{}]({item})", code(title)),
    }
}

/// A code span.
fn code(text: &str) -> String {
    if !text.contains(|c: char| c == '`' || c.is_whitespace()) {
        return format!("`{text}`");
    }
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut fence = String::from("`");
    while text.contains(&fence) {
        fence.push('`');
    }
    let pad = if text.starts_with('`') || text.ends_with('`') {
        " "
    } else {
        ""
    };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// Text without markup, on one line.
fn plain(text: &str) -> String {
    let mut out = String::new();
    let mut before = None;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('\\', Some(next)) if next.is_ascii_punctuation() => {}
            ('\n', _) => out.push(' '),
            (c, after) if before == Some('\\') => escape(c, None, after.copied(), &mut out),
            (c, after) => escape(c, before, after.copied(), &mut out),
        }
        before = Some(c);
    }
    out
}

/// Writes a character so that Markdown shows it as it is.
fn escape(c: char, before: Option<char>, after: Option<char>, out: &mut String) {
    let word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let special = match c {
        '\\' | '`' | '*' | '[' | ']' | '<' | '|' | '~' | '#' => true,
        '_' => !(word(before) && word(after)),
        '&' => word(after) || after == Some('#'),
        // rustdoc makes a dash of two hyphens.
        '-' => before == Some('-') || after == Some('-'),
        _ => false,
    };
    if special {
        out.push('\\');
    }
    out.push(c);
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
