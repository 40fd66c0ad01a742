//! Documentation comments in the form that those of QEMU's schema have.
//!
//! ```
//! use qapi_gen::format::format;
//! let text = "##\n# @Disk:\n# @file:its name,\n#   or none\n# Since: 11.1\n##\n";
//! assert_eq!(
//!     format(text),
//!     "##\n# @Disk:\n#\n# @file: its name,\n#     or none\n#\n# Since: 11.1\n##\n"
//! );
//! ```
//!
//! A blank line stands between sections, text after the first line of a section is indented by four columns, and a paragraph
//! with a line of more than 70 columns is filled anew. What documentation says stays as it is, as does what is taken literally,
//! and expressions do.

mod fill;

use crate::diagnostic::Errors;
use crate::loader::MemoryLoader;
use crate::syntax::{self, ast::Item};
use std::ops::Range;
use std::path::Path;

/// A piece of text to replace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What is replaced, in bytes.
    pub range: Range<usize>,
    /// By what.
    pub text: String,
}

/// Whether a text, of the file that is called so, is one of a schema.
///
/// [`format()`] looks at comments alone, so that it can be used while an expression is half written, and takes anything. Who
/// changes files asks this first.
///
/// # Errors
///
/// Everything that is wrong with a text that has errors of syntax, and no definition or `include` that could be read in spite
/// of them.
pub fn check(name: impl AsRef<Path>, text: &str) -> Result<(), Errors> {
    let input = syntax::Input {
        loader: &MemoryLoader::default(),
        search: &[],
        extensions: &[],
    };
    let options = syntax::Options {
        legacy: true,
        style: false,
        docs: false,
    };
    let parsed = syntax::parse(name.as_ref(), Some(text.into()), input, options);
    let mut items = parsed.items.iter();
    let defines = items.any(|item| matches!(item, Item::Definition(_)));
    let mut errors = parsed.report.since(0).iter();
    let is_syntax = errors.any(|error| error.code.as_str().starts_with(['L', 'P']));
    match defines || !parsed.includes.is_empty() || !is_syntax {
        true => Ok(()),
        false => crate::check::check(parsed).map(drop),
    }
}

/// Formats the documentation in the text of a schema file.
pub fn format(text: &str) -> String {
    let mut out = text.to_owned();
    for change in changes(text).into_iter().rev() {
        out.replace_range(change.range, &change.text);
    }
    out
}

/// The changes that [`format()`] makes, in the order of the text; one a comment at the most.
pub fn changes(text: &str) -> Vec<Change> {
    let mut changes = Vec::new();
    let mut lines = Lines { text, at: 0 };
    while let Some(line) = lines.next() {
        if line.content != "##" {
            continue;
        }
        let start = lines.at;
        let mut content = Vec::new();
        let mut after = lines.clone();
        let close = loop {
            match after.next() {
                Some(line) if line.content.starts_with("##") => break Some(line),
                Some(line) if line.content.starts_with('#') => content.push(line.content),
                _ => break None,
            }
        };
        // Without an end it may be anything.
        let Some(close) = close else { continue };
        lines = after;
        let new = comment(&content, line.ending);
        if text[start..close.start] != new {
            changes.push(Change {
                range: start..close.start,
                text: new,
            });
        }
    }
    changes
}

/// The lines of a text, without their ends.
#[derive(Clone)]
struct Lines<'t> {
    text: &'t str,
    at: usize,
}

struct Line<'t> {
    start: usize,
    content: &'t str,
    ending: &'t str,
}

impl<'t> Lines<'t> {
    fn next(&mut self) -> Option<Line<'t>> {
        let rest = &self.text[self.at..];
        if rest.is_empty() {
            return None;
        }
        let start = self.at;
        let length = rest.find(['\n', '\r']).unwrap_or(rest.len());
        let ending = match &rest[length..] {
            end if end.starts_with("\r\n") => 2,
            end => end.len().min(1),
        };
        self.at += length + ending;
        Some(Line {
            start,
            content: &rest[..length],
            ending: &rest[length..length + ending],
        })
    }
}

/// The lines between the markers.
fn comment(lines: &[&str], ending: &str) -> String {
    let lines = lines.iter().map(|line| {
        let line = &line[1..];
        line.strip_prefix(' ').unwrap_or(line).trim_end()
    });
    let lines: Vec<&str> = lines.collect::<Vec<_>>();
    let lines = match lines.first() {
        Some(first) if first.starts_with('@') => definition(&lines),
        _ => lines.into_iter().map(str::to_owned).collect::<Vec<_>>(),
    };
    let mut out = String::new();
    for line in lines {
        out.push('#');
        if !line.is_empty() {
            out.push(' ');
            out.push_str(&line);
        }
        out.push_str(ending);
    }
    out
}

/// The documentation of a definition: sections with blank lines between them.
fn definition(lines: &[&str]) -> Vec<String> {
    let mut out = vec![lines[0].to_owned()];
    let mut at = 1;
    // Blank lines of paragraphs stay; what follows may be literal.
    let mut blank = 0;
    let mut literal = false;
    while at < lines.len() {
        let line = lines[at];
        if line.is_empty() {
            blank += 1;
            at += 1;
            continue;
        }
        let section = match description(line).or_else(|| tag(line)) {
            Some((name, rest)) => {
                at += 1;
                let length = section_length(&lines[at..]);
                let text = section(name, rest, &lines[at..at + length]);
                at += length;
                Some(text)
            }
            None if line == "Features:" => {
                at += 1;
                Some(vec![line.to_owned()])
            }
            None => None,
        };
        let first = out.len() == 1;
        match section {
            Some(text) => {
                out.push(String::new());
                out.extend(text);
                literal = false;
            }
            None => {
                let end = lines[at..]
                    .iter()
                    .position(|line| line.is_empty() || starts_section(line));
                let paragraph = &lines[at..at + end.unwrap_or(lines.len() - at).max(1)];
                at += paragraph.len();
                let blank = if first { 1 } else { blank.max(1) };
                out.extend(std::iter::repeat_n(String::new(), blank));
                if !line.starts_with(' ') {
                    literal = false;
                }
                match literal {
                    true => out.extend(paragraph.iter().map(|line| (*line).to_owned())),
                    false => out.extend(fill::paragraph(paragraph, "")),
                }
                literal |= fill::announces_literal(paragraph);
            }
        }
        blank = 0;
    }
    out
}

fn starts_section(line: &str) -> bool {
    description(line).is_some() || tag(line).is_some() || line == "Features:"
}

/// How many lines after the first belong to a section: those that are indented, and blank ones between them.
fn section_length(lines: &[&str]) -> usize {
    let mut length = 0;
    for (at, line) in lines.iter().enumerate() {
        if line.starts_with(' ') {
            length = at + 1;
        } else if !line.is_empty() {
            break;
        }
    }
    length
}

/// A section: `@name:` or a tag, the text on its line, and the lines that follow.
fn section(name: &str, rest: &str, lines: &[&str]) -> Vec<String> {
    const INDENT: &str = "    ";
    let head = match rest {
        "" => name.to_owned(),
        rest => format!("{name} {rest}"),
    };
    let text = || lines.iter().filter(|line| !line.is_empty());
    let indent = text().next().map_or(0, |line| indent_of(line));
    if text().any(|line| indent_of(line) < indent) {
        // Where the text ends is not clear then, which is an error.
        let rest = lines.iter().map(|line| (*line).to_owned());
        return std::iter::once(head).chain(rest).collect::<Vec<_>>();
    }
    let moved = lines.iter().map(|line| match line.get(indent..) {
        Some(text) if !line.is_empty() => format!("{INDENT}{text}"),
        _ => String::new(),
    });
    let all: Vec<String> = std::iter::once(head).chain(moved).collect::<Vec<_>>();
    let mut out = Vec::new();
    let mut literal = false;
    for (at, paragraph) in all.split(String::is_empty).enumerate() {
        if at > 0 {
            out.push(String::new());
        }
        let paragraph: Vec<&str> = paragraph.iter().map(String::as_str).collect::<Vec<_>>();
        let deep = |line: &&str| indent_of(line) > INDENT.len();
        literal &= paragraph.first().is_none_or(deep);
        match literal {
            true => out.extend(paragraph.iter().map(|line| (*line).to_owned())),
            false => out.extend(fill::paragraph(&paragraph, INDENT)),
        }
        literal |= fill::announces_literal(&paragraph);
    }
    out
}

fn indent_of(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// Splits `@name: text` after the colon.
fn description(line: &str) -> Option<(&str, &str)> {
    let colon = line.strip_prefix('@')?.find(':')? + 2;
    Some((&line[..colon], line[colon..].trim_start_matches(' ')))
}

/// Splits `Tag: text` after the colon; a tag with two is markup.
fn tag(line: &str) -> Option<(&str, &str)> {
    const TAGS: [&str; 4] = ["Returns:", "Errors:", "Since:", "TODO:"];
    let tag = TAGS.into_iter().find(|tag| line.starts_with(tag))?;
    let rest = &line[tag.len()..];
    (!rest.starts_with(':')).then(|| (tag, rest.trim_start_matches(' ')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expect(text: &str, expected: &str) {
        assert_eq!(format(text), expected);
        assert_eq!(format(expected), expected, "it changes again");
    }

    #[test]
    fn sections_are_told_apart_by_blank_lines_and_indented_alike() {
        expect(
            "##\n#@A:\n# Text.\n#\n# @b:   one\n#   two\n#\n#     three\n# @c:\n#           four\n# Features:\n# @d: five\n#\n#\n# Since: 1\n#\n##\n{ 'x':   1 }\n",
            "##\n# @A:\n#\n# Text.\n#\n# @b: one\n#     two\n#\n#       three\n#\n# @c:\n#     four\n#\n# Features:\n#\n# @d: five\n#\n# Since: 1\n##\n{ 'x':   1 }\n",
        );
    }

    #[test]
    fn what_is_no_documentation_of_a_definition_keeps_its_lines() {
        for text in [
            "##\n# = Title\n#   indented\n##\n",
            "##\n# @A:\n{}\n",
            "# @A:\n# @b: c\n",
            "##\n",
            "",
            "##x\n# @A:\n# @b: c\n##\n",
            "##\n# @A:\n#\n# .. qmp-example::\n#\n#   -> { \"a\":\n#\n#\n#        1 }\n##\n",
            "##\n# @A:\n#\n# Text::\n#\n#   literal, which is so long that it would be broken were it not literal text\n##\n",
        ] {
            expect(text, text);
        }
    }

    #[test]
    fn what_has_nothing_of_a_schema_is_none() {
        for text in [
            "",
            "# text\n",
            "##\n# @A:\n# text without a definition\n##\n",
            "{ 'include': 'absent.json' }\n",
            "{ 'include': 'absent.json' }\n{ 'struct': ",
            "{ 'command': 'a' }\nb\n",
            "{ 'type': 'Old', 'data': { 'a': '**' } }\n",
        ] {
            assert!(check("a.json", text).is_ok(), "{text}");
        }
        for (text, code) in [
            ("not json at all\n##\n", "L1"),
            ("##\n# @A:\n# text\n##\n{ 'struct': ", "P3"),
            ("[]\n", "P5"),
        ] {
            let errors = check("a.json", text).expect_err(text);
            let first = &errors.diagnostics[0];
            assert_eq!(first.code.as_str(), code, "{text}");
            assert!(first.location(&errors.sources).is_some(), "{text}");
        }
    }

    #[test]
    fn long_lines_are_filled_and_line_ends_kept() {
        expect(
            "##\r\n# @A:\r\n# @b: a line that is much longer than the language allows, as it has more than seventy columns.  End.\r\n##\r\n",
            "##\r\n# @A:\r\n#\r\n# @b: a line that is much longer than the language allows, as it has\r\n#     more than seventy columns.  End.\r\n##\r\n",
        );
    }
}
