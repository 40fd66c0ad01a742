//! A look at the caller's Rust code that needs no parser: enough to keep it from changing what the
//! code around it means.

/// Whether this is a path without generic arguments.
pub(super) fn is_path(text: &str) -> bool {
    let text = text.strip_prefix("::").unwrap_or(text);
    text.split("::").all(|segment| {
        let segment = segment.strip_prefix("r#").unwrap_or(segment);
        segment.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && segment.chars().all(|c| c.is_alphanumeric() || c == '_')
    })
}

/// Whether this is an attribute.
pub(super) fn is_attribute(text: &str) -> bool {
    text.strip_prefix("#[")
        .and_then(|rest| rest.strip_suffix(']'))
        .is_some_and(is_predicate)
}

/// Whether this is some text on one line whose brackets and quotes close.
pub(super) fn is_predicate(text: &str) -> bool {
    let mut expected = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '(' => expected.push(')'),
            '[' => expected.push(']'),
            '{' => expected.push('}'),
            ')' | ']' | '}' if expected.pop() != Some(c) => return false,
            '\n' | '\r' => return false,
            '/' if matches!(chars.peek(), Some('/' | '*')) => return false,
            '"' => loop {
                match chars.next() {
                    Some('"') => break,
                    Some('\\') => drop(chars.next()),
                    Some(c) if c != '\n' => {}
                    _ => return false,
                }
            },
            _ => {}
        }
    }
    expected.is_empty() && !text.trim().is_empty()
}
