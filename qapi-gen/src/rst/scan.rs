//! Finds the markup within a paragraph.

/// Longer text before a backquote is no role.
const MAX_ROLE: usize = 40;

/// Markup with a start and an end.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Literal,
    Name,
    Strong,
    Emphasis,
}

pub(super) struct Scan<'t> {
    pub(super) text: &'t str,
    pub(super) at: usize,
    /// The character before the current position, as far as it was ordinary text.
    pub(super) before: Option<char>,
    /// The kinds of markup of which no end follows: what keeps the search linear.
    unclosed: [bool; 4],
}

impl<'t> Scan<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Scan {
            text,
            at: 0,
            before: None,
            unclosed: [false; 4],
        }
    }

    pub(super) fn skip(&mut self, length: usize) {
        self.at += length;
        self.before = self.text[..self.at].chars().next_back();
    }

    /// The text from here on that neither is markup nor has to be escaped; moves past it.
    pub(super) fn plain(&mut self) -> &'t str {
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
    pub(super) fn span(&mut self, kind: Kind) -> Option<&'t str> {
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
pub(super) fn role_length(text: &str) -> Option<usize> {
    let end = text.bytes().take(MAX_ROLE).position(|b| b == b'`')?;
    let role = text[..end].strip_prefix(':')?.strip_suffix(':')?;
    let valid = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | ':' | '.' | '_');
    (!role.is_empty() && role.chars().all(valid)).then_some(end)
}

/// The length of the name of a definition or member at the start of a text.
pub(super) fn name_length(text: &str) -> usize {
    let inside = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let end = text.find(|c| !inside(c)).unwrap_or(text.len());
    text[..end].trim_end_matches('-').len()
}

/// The length of the URL at the start of a text, without punctuation that follows it.
pub(super) fn url_length(text: &str) -> Option<usize> {
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
