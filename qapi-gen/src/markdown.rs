//! Texts of any kind as Markdown shows them.

/// A code span.
pub(crate) fn code(text: &str) -> String {
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

/// Text that Markdown shows as it is.
#[cfg(any(feature = "docs", feature = "diff"))]
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut before = None;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        escape(c, before, chars.peek().copied(), &mut out);
        before = Some(c);
    }
    out
}

/// Writes a character so that Markdown shows it as it is.
#[cfg(any(feature = "docs", feature = "diff"))]
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
