//! A look at the caller's Rust code with a parser.

use syn::parse::Parser;

/// Whether this is a path without generic arguments.
pub(super) fn is_path(text: &str) -> bool {
    syn::parse_str::<syn::Path>(text)
        .is_ok_and(|path| path.segments.iter().all(|s| s.arguments.is_none()))
}

/// Whether this is an attribute.
pub(super) fn is_attribute(text: &str) -> bool {
    let parsed = syn::Attribute::parse_outer.parse_str(text);
    is_one_line(text) && parsed.is_ok_and(|attributes| attributes.len() == 1)
}

/// Whether this may stand in `cfg(…)`.
pub(super) fn is_predicate(text: &str) -> bool {
    is_one_line(text) && syn::parse_str::<syn::Meta>(text).is_ok()
}

/// Whether this is code without comments and line breaks, as the generated code has it.
fn is_one_line(text: &str) -> bool {
    let tokens = text.parse::<proc_macro2::TokenStream>();
    !text.contains(['\n', '\r']) && tokens.is_ok_and(|t| !t.is_empty()) && !has_comment(text)
}

fn has_comment(text: &str) -> bool {
    let mut quoted = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' if quoted => drop(chars.next()),
            '"' => quoted = !quoted,
            '/' if !quoted && matches!(chars.peek(), Some('/' | '*')) => return true,
            _ => {}
        }
    }
    false
}
