//! Paragraphs whose lines are too long.

/// Columns that a line has, but for the marker of the comment.
const WIDTH: usize = 68;

/// The lines of a paragraph, filled anew if one is too long and none is markup that needs its line.
pub(super) fn paragraph(lines: &[&str], indent: &str) -> Vec<String> {
    let is_long = |line: &&&str| line.chars().count() > WIDTH && line.trim().contains(' ');
    let is_plain = |(at, line): (usize, &&str)| {
        let text = line.trim_start_matches(' ');
        let indented = line.len() - text.len();
        // The first line of a section has its name.
        let aligned = indented == indent.len() || (at == 0 && indented == 0);
        aligned && !is_markup(text)
    };
    let keep = lines.iter().find(is_long).is_none() || !lines.iter().enumerate().all(is_plain);
    if keep || announces_literal(lines) {
        return lines
            .iter()
            .map(|line| (*line).to_owned())
            .collect::<Vec<_>>();
    }
    let mut out: Vec<String> = Vec::new();
    let mut line = String::new();
    for (at, text) in lines.iter().enumerate() {
        if at == 0 && text.starts_with(' ') {
            line.push_str(indent);
        }
        let mut rest = text.trim_start_matches(' ');
        let mut space = if at == 0 { 0 } else { joint(&line, rest) };
        while !rest.is_empty() {
            let end = rest.find(' ').unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            if line.chars().count() + space + word.chars().count() > WIDTH
                && !line.trim().is_empty()
            {
                out.push(std::mem::replace(&mut line, indent.to_owned()));
                space = 0;
            }
            line.extend(std::iter::repeat_n(' ', space));
            line.push_str(word);
            rest = after.trim_start_matches(' ');
            space = after.len() - rest.len();
        }
    }
    out.push(line);
    out
}

/// How many spaces stand between two lines that are joined: two after a sentence.
fn joint(before: &str, after: &str) -> usize {
    let ended = before.ends_with(['.', '!', '?']);
    let begins =
        after.starts_with(|c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '(');
    if ended && begins { 2 } else { 1 }
}

/// Whether what follows a paragraph is taken literally, or is a directive's.
pub(super) fn announces_literal(lines: &[&str]) -> bool {
    lines.last().is_some_and(|line| line.ends_with("::"))
        || lines
            .first()
            .is_some_and(|line| line.trim_start().starts_with(".. "))
}

/// Whether a line is an item of a list, of a table, or the like.
fn is_markup(line: &str) -> bool {
    let word = line.split(' ').next().unwrap_or_default();
    let number = word.trim_end_matches(['.', ')']);
    let numbered =
        number.len() < word.len() && number.bytes().all(|b| b.is_ascii_digit() || b == b'#');
    let underline = !line.is_empty() && line.chars().all(|c| c.is_ascii_punctuation());
    numbered
        || underline
        || matches!(word, "-" | "*" | "+" | "..")
        || line.starts_with(['|', '+', '>', ':', '='])
}
