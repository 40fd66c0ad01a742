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
    let mut written = 0;
    for (at, byte) in text.bytes().enumerate() {
        if is_markup(byte, text, at) {
            out.extend([&text[written..at], "\\"]);
            written = at;
        }
    }
    out.push_str(&text[written..]);
    out
}

/// Whether Markdown takes this byte of the text for more than it is.
#[cfg(any(feature = "docs", feature = "diff"))]
fn is_markup(byte: u8, text: &str, at: usize) -> bool {
    let word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let before = || text[..at].chars().next_back();
    let after = || text[at + 1..].chars().next();
    match byte {
        b'\\' | b'`' | b'*' | b'[' | b']' | b'<' | b'|' | b'~' | b'#' => true,
        b'_' => !(word(before()) && word(after())),
        b'&' => word(after()) || after() == Some('#'),
        // rustdoc makes a dash of two hyphens.
        b'-' => before() == Some('-') || after() == Some('-'),
        _ => false,
    }
}
