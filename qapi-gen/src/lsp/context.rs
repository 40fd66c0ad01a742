//! What a place in half-typed text is: its tokens up to there are all that counts.

use std::ops::Range;

/// A place in a schema file.
#[derive(Debug, PartialEq)]
pub(super) enum Place {
    /// In a comment: the line up to the place, without its marker.
    Comment(String),
    Code(Code),
}

/// A place in an expression, or between expressions.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Code {
    /// The objects and arrays that are open, outermost first.
    pub(super) frames: Vec<Frame>,
    /// The part of a string that is there already, up to its end.
    pub(super) word: Range<usize>,
    /// Whether that is in quotes.
    pub(super) quoted: bool,
    /// Strings that are values of the outermost object, by their keys.
    pub(super) settings: Vec<(String, String)>,
}

#[derive(Debug, Default, PartialEq)]
pub(super) struct Frame {
    pub(super) array: bool,
    /// Keys that are there already.
    pub(super) keys: Vec<String>,
    /// The key whose value is next. Without one, the next string is a key, or an item.
    pub(super) key: Option<String>,
}

impl Code {
    pub(super) fn setting(&self, key: &str) -> Option<&str> {
        let mut settings = self.settings.iter();
        Some(&settings.find(|(k, _)| k == key)?.1)
    }

    /// The key of the value that a frame is, or is in.
    pub(super) fn key(&self, depth: usize) -> Option<&str> {
        self.frames.get(depth)?.key.as_deref()
    }

    /// Whether the place is in the value of a keyword. A member may be named like one.
    pub(super) fn is_in(&self, keyword: &str) -> bool {
        let names = matches!(self.key(0), Some("data" | "base")).then_some(1);
        (0..self.frames.len()).any(|depth| Some(depth) != names && self.key(depth) == Some(keyword))
    }
}

pub(super) fn place(text: &str, offset: usize) -> Place {
    let before = &text[..offset];
    let line_start = before.rfind(['\n', '\r']).map_or(0, |at| at + 1);
    let line = &before[line_start..];
    if let Some(comment) = line.trim_start().strip_prefix('#') {
        let comment = comment.strip_prefix(' ').unwrap_or(comment);
        return Place::Comment(comment.to_owned());
    }
    Place::Code(code(text, start_of_expression(text, line_start), offset))
}

/// Where the expression starts that a line is in: expressions start at the beginning of a line.
fn start_of_expression(text: &str, line_start: usize) -> usize {
    let mut start = line_start;
    loop {
        let rest = &text[start..];
        if rest.starts_with('{') || start == 0 {
            return start;
        }
        let before = text[..start - 1].rfind(['\n', '\r']).map_or(0, |at| at + 1);
        if text[before..].starts_with("##") {
            return start;
        }
        start = before;
    }
}

fn code(text: &str, start: usize, offset: usize) -> Code {
    let bytes = text.as_bytes();
    let mut code = Code {
        word: offset..offset,
        ..Code::default()
    };
    let mut at = start;
    while at < offset {
        let byte = bytes[at];
        at += 1;
        match byte {
            b'#' => {
                let rest = bytes[at..].iter().take_while(|b| !is_line_end(**b));
                at += rest.count();
            }
            b'{' | b'[' => code.frames.push(Frame {
                array: byte == b'[',
                ..Frame::default()
            }),
            b'}' | b']' => {
                code.frames.pop();
            }
            b',' => {
                if let Some(frame) = code.frames.last_mut() {
                    frame.key = None;
                }
            }
            b'\'' => {
                let content = bytes[at..].iter();
                let length = content
                    .take_while(|b| **b != b'\'' && !is_line_end(**b))
                    .count();
                let end = at + length;
                if offset <= end {
                    code.quoted = true;
                    let name = bytes[at..end].iter().take_while(|b| in_word(**b)).count();
                    // Without the closing quote, the rest of the line is something else.
                    let closed = bytes.get(end) == Some(&b'\'') && at + name == end;
                    code.word = at..if closed { end } else { offset };
                    return code;
                }
                string(&mut code, &text[at..end], &bytes[end..]);
                at = end + usize::from(bytes.get(end) == Some(&b'\''));
            }
            _ => {}
        }
    }
    let typed = bytes[start..offset].iter().rev();
    let typed = typed.take_while(|b| in_word(**b)).count();
    code.word = offset - typed..offset;
    code
}

/// A complete string.
fn string(code: &mut Code, text: &str, after: &[u8]) {
    let depth = code.frames.len();
    let Some(frame) = code.frames.last_mut() else {
        return;
    };
    if frame.array {
        frame.keys.push(text.to_owned());
    } else if let Some(key) = &frame.key {
        if depth == 1 {
            code.settings.push((key.clone(), text.to_owned()));
        }
    } else {
        let after = after.get(1..).unwrap_or_default().iter();
        let colon = after.copied().find(|b| !b.is_ascii_whitespace()) == Some(b':');
        frame.keys.push(text.to_owned());
        frame.key = colon.then(|| text.to_owned());
    }
}

fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

fn in_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'*' | b'/')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The place marked by `|`: open frames, word, whether it is in quotes.
    fn at(text: &str) -> (String, String, bool) {
        let offset = text.find('|').unwrap();
        let text = text.replacen('|', "", 1);
        let Place::Code(code) = place(&text, offset) else {
            return ("comment".to_owned(), String::new(), false);
        };
        let frames = code.frames.iter().map(|frame| {
            let bracket = if frame.array { "[" } else { "{" };
            format!("{bracket}{}", frame.key.as_deref().unwrap_or_default())
        });
        let frames = frames.collect::<Vec<_>>().join(" ");
        (frames, text[code.word].to_owned(), code.quoted)
    }

    fn expect(text: &str, frames: &str, word: &str, quoted: bool) {
        assert_eq!(
            at(text),
            (frames.to_owned(), word.to_owned(), quoted),
            "{text}"
        );
    }

    #[test]
    fn half_typed_text_has_a_place_all_the_same() {
        expect("{ '|", "{", "", true);
        expect("{ 'struct': 'A', 'da|", "{", "da", true);
        expect("{ 'struct': 'A', |'data': {} }", "{", "", false);
        expect(
            "{ 'struct': 'A', 'data': { 'a': 'in|t' } }",
            "{data {a",
            "int",
            true,
        );
        expect(
            "{ 'struct': 'A', 'data': { 'a': 'in|\n} }",
            "{data {a",
            "in",
            true,
        );
        expect(
            "{ 'struct': 'A', 'data': { 'a': ['|'] } }",
            "{data {a [",
            "",
            true,
        );
        expect(
            "{ 'struct': 'A',\n # 'x': {\n 'base': B|",
            "{base",
            "B",
            false,
        );
        expect("{ 'enum': 'E', 'data': [\n{ 'enum': '|", "{enum", "", true);
        expect("##\n# x\n##\n|", "", "", false);
        expect("# @a|", "comment", "", false);
        expect("}}]]'|", "", "", true);
        expect("é'ü|'", "", "ü", true);
    }
}
