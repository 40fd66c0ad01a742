//! The style of documentation: how long lines are, and the space between sentences.

use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;

const LINE_WIDTH: usize = 70;

/// A stretch of reStructuredText that is taken literally, exempt from style rules.
#[derive(Clone, Copy)]
enum Literal {
    Off,
    /// Announced, but its first line is yet to come.
    Announced,
    /// Until a line with less indentation.
    Indented(usize),
}

/// What the lines of a comment so far say about the next.
pub(super) struct Style(Literal);

impl Style {
    pub(super) fn new() -> Style {
        Style(Literal::Off)
    }

    /// Whether nothing is wrong with the next line.
    pub(super) fn accepts(&mut self, line: &str) -> bool {
        self.is_literal(line) || (!is_long(line) && single_space(line).is_none())
    }

    fn is_literal(&mut self, line: &str) -> bool {
        if announces_literal(line) {
            self.0 = Literal::Announced;
        } else if !line.is_empty() {
            let indent = line.len() - line.trim_start_matches(' ').len();
            match self.0 {
                Literal::Announced if indent > 0 => self.0 = Literal::Indented(indent),
                Literal::Indented(needed) if indent < needed => self.0 = Literal::Off,
                _ => {}
            }
        }
        !matches!(self.0, Literal::Off)
    }
}

/// What is wrong with a line that is not accepted.
#[cold]
pub(super) fn faults(span: Span, line: &str) -> Vec<Diagnostic> {
    let mut faults = Vec::new();
    if is_long(line) {
        let message = format!("documentation line longer than {LINE_WIDTH} columns");
        let diagnostic = Diagnostic::new(Code::DocLongLine, span, message);
        faults.push(diagnostic.help("break the line; an address alone on a line may be longer"));
    }
    if let Some(at) = single_space(line) {
        let start = span.start + at as u32;
        let span = Span {
            start,
            end: start + 2,
        };
        let message = "one space between sentences, where two are the style";
        let diagnostic = Diagnostic::new(Code::DocSentenceSpacing, span, message);
        faults.push(diagnostic.help(
            "put two spaces there; if no sentence ends, break the line or write the abbreviation out",
        ));
    }
    faults
}

fn is_long(line: &str) -> bool {
    // Two columns belong to the comment marker.
    const WIDTH: usize = LINE_WIDTH - 2;
    line.len() > WIDTH && line.chars().count() > WIDTH && !is_url(line)
}

/// `::` alone, or the directive for examples.
fn announces_literal(line: &str) -> bool {
    let Some(line) = line.strip_suffix("::") else {
        return false;
    };
    let line = line.trim_end_matches(' ');
    line.is_empty()
        || line
            .strip_prefix(".. ")
            .is_some_and(|rest| rest.trim_start_matches(' ') == "qmp-example")
}

fn is_url(line: &str) -> bool {
    let line = line.trim_start_matches(' ');
    ["http://", "https://", "ftp://"]
        .into_iter()
        .any(|scheme| line.starts_with(scheme))
        && !line.contains(' ')
}

/// The byte offset of a full stop that only one space separates from the next sentence.
fn single_space(line: &str) -> Option<usize> {
    let bytes = line.as_bytes();
    let stops = |&(stop, space): &(&u8, &u8)| matches!(stop, b'.' | b'!' | b'?') & (*space == b' ');
    let pairs = bytes.iter().zip(bytes.get(1..)?);
    // Most lines have none, and without a branch for each byte many are compared at once.
    if !pairs.fold(false, |found, pair| found | stops(&pair)) {
        return None;
    }
    let starts_sentence = |b: &u8| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'(';
    bytes.windows(3).enumerate().find_map(|(i, window)| {
        let [stop @ (b'.' | b'!' | b'?'), b' ', next] = window else {
            return None;
        };
        if !starts_sentence(next) {
            return None;
        }
        let before = &line[..i];
        let list_number = before.trim_start_matches(' ').len() == 1
            && before.ends_with(|c: char| c.is_ascii_digit());
        let for_example = before
            .strip_suffix("e.g")
            .is_some_and(|b| !b.ends_with(|c: char| c.is_alphanumeric() || c == '_'));
        let exempt = *stop == b'.' && (list_number || for_example);
        (!exempt).then_some(i)
    })
}
