//! Rust identifiers for the names of a schema.
//!
//! Wire names are never derived from these: generated code carries both.

use super::template::Piece;
use crate::names::FastSet;
use crate::print::Code;
use std::ops::Deref;

/// An identifier as it is written, where a keyword has `r#`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ident(String);

impl Ident {
    /// An identifier as it has to be written, where a keyword needs `r#`.
    pub(crate) fn new(name: String) -> Ident {
        match KEYWORDS.binary_search(&name.as_str()) {
            Ok(_) => Ident(format!("r#{name}")),
            Err(_) => Ident(name),
        }
    }

    /// An identifier that is written like this.
    pub(crate) fn written(code: &str) -> Ident {
        Ident(code.to_owned())
    }
}

impl Deref for Ident {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl Piece for Ident {
    fn put(&self, code: &mut Code) {
        code.token(&self.0);
    }
}

/// A name of a type: kept as the schema spells it where that is an identifier, otherwise the
/// parts between other characters joined in upper camel case.
pub(crate) fn type_name(name: &str) -> String {
    if name.bytes().all(|b| b.is_ascii_alphanumeric()) {
        legal(capitalized(name, false))
    } else {
        camel(name)
    }
}

/// Upper camel case: for commands, events, enum values, branches and alternatives.
pub(crate) fn camel(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 1);
    for word in words(name) {
        // Without this `x86-64` and `x8664` would be the same.
        if out.ends_with(|c: char| c.is_ascii_digit())
            && word.starts_with(|c: char| c.is_ascii_digit())
        {
            out.push('_');
        }
        let shouted = !word.bytes().any(|b| b.is_ascii_lowercase());
        out.push_str(&capitalized(word, shouted));
    }
    legal(out)
}

/// Snake case: for members and the methods named after them, not yet escaped.
pub(crate) fn snake(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 1);
    for word in words(name) {
        if !out.is_empty() {
            out.push('_');
        }
        let mut after_lower = false;
        for c in word.chars() {
            if c.is_ascii_uppercase() && after_lower {
                out.push('_');
            }
            after_lower = c.is_ascii_lowercase() || c.is_ascii_digit();
            out.push(c.to_ascii_lowercase());
        }
    }
    legal(out)
}

/// The identifiers of one namespace. Whoever asks first gets the name, others get `_` appended.
#[derive(Default)]
pub(crate) struct Scope {
    taken: FastSet<String>,
}

impl Scope {
    /// A namespace in which some names are given.
    pub(crate) fn with<'a>(reserved: impl IntoIterator<Item = &'a str>) -> Scope {
        Scope {
            taken: reserved.into_iter().map(str::to_owned).collect(),
        }
    }

    /// Takes an identifier, changed if it is taken already, escaped if it is a keyword.
    pub(crate) fn claim(&mut self, mut ident: String) -> Ident {
        while !self.taken.insert(ident.clone()) {
            ident.push('_');
        }
        Ident::new(ident)
    }
}

fn words(name: &str) -> impl Iterator<Item = &str> {
    name.split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
}

fn capitalized(word: &str, lower_rest: bool) -> String {
    let mut out = String::with_capacity(word.len());
    for (i, c) in word.chars().enumerate() {
        out.push(match (i, lower_rest) {
            (0, _) => c.to_ascii_uppercase(),
            (_, true) => c.to_ascii_lowercase(),
            (_, false) => c,
        });
    }
    out
}

/// Makes an identifier of a sequence of letters, digits and `_`. Those that cannot even be raw
/// identifiers get `_` appended.
fn legal(mut ident: String) -> String {
    if ident.is_empty() || ident.starts_with(|c: char| c.is_ascii_digit()) {
        ident.insert(0, '_');
    }
    if matches!(ident.as_str(), "self" | "Self" | "super" | "crate" | "_") {
        ident.push('_');
    }
    ident
}

/// Keywords of every edition up to 2024, reserved ones included, that can be raw identifiers.
const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn",
    "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let",
    "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return",
    "static", "struct", "trait", "true", "try", "type", "typeof", "unsafe", "unsized", "use",
    "virtual", "where", "while", "yield",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_keep_their_spelling_where_possible() {
        assert_eq!(
            type_name("QCryptoBlockOptionsLUKS"),
            "QCryptoBlockOptionsLUKS"
        );
        assert_eq!(
            type_name("__com.example_VendorInfo"),
            "ComExampleVendorInfo"
        );
        assert_eq!(type_name("Self"), "Self_");
        assert_eq!(type_name("lower"), "Lower");
    }

    #[test]
    fn values_become_variants() {
        for (name, expected) in [
            ("block-job", "BlockJob"),
            ("BLOCK_JOB_COMPLETED", "BlockJobCompleted"),
            ("x86_64", "X86_64"),
            ("2-way", "_2Way"),
            ("2_5", "_2_5"),
            ("self", "Self_"),
            ("__com.example_x", "ComExampleX"),
            ("ColdPlug", "ColdPlug"),
            ("none", "None"),
        ] {
            assert_eq!(camel(name), expected);
        }
    }

    #[test]
    fn members_become_fields() {
        for (name, expected) in [
            ("node-name", "node_name"),
            ("CPU", "cpu"),
            ("fooBar", "foo_bar"),
            ("__com.example_x", "com_example_x"),
            ("64bit", "_64bit"),
            ("crate", "crate_"),
        ] {
            assert_eq!(snake(name), expected);
        }
    }

    #[test]
    fn keywords_are_raw_and_clashes_get_a_suffix() {
        let mut scope = Scope::with(["new"]);
        assert_eq!(&*scope.claim(snake("type")), "r#type");
        assert_eq!(&*scope.claim(snake("gen")), "r#gen");
        assert_eq!(&*scope.claim(snake("TYPE")), "type_");
        assert_eq!(&*scope.claim(snake("new")), "new_");
        assert_eq!(&*scope.claim(snake("a-b")), "a_b");
        assert_eq!(&*scope.claim(snake("a_b")), "a_b_");
    }

    #[test]
    fn the_keyword_table_is_sorted() {
        assert!(KEYWORDS.is_sorted());
    }
}
