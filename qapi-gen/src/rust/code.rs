//! The Rust code that the caller's options contain. It is checked before anything is written, so that a mistake is reported where
//! it was made and not somewhere in the generated file.

use super::error::Error;
use super::options::{Decision, Options};
use super::template::Piece;
use crate::print::Code;
use proc_macro2::{Spacing, TokenStream, TokenTree};

/// A path of the caller's, without generic arguments.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Path(String);

impl Path {
    pub(crate) fn new(path: &str) -> Path {
        let segments: Vec<&str> = path.split("::").map(str::trim).collect();
        Path(segments.join("::"))
    }
}

impl Piece for Path {
    fn put(&self, code: &mut Code) {
        code.path(&self.0);
    }
}

/// Finds the first option that is not what it should be.
pub(crate) fn check(options: &Options) -> Result<(), Error> {
    let check = |good: bool, option, value: &str, expected| match good {
        true => Ok(()),
        false => Err(Error::Option {
            option,
            value: value.to_owned(),
            expected,
        }),
    };
    let krate = &options.types_crate;
    check(is_path(krate), "types_crate", krate, "a path")?;
    #[cfg(feature = "service")]
    if let Some(service) = &options.service {
        let krate = &service.runtime_crate;
        check(is_path(krate), "runtime_crate", krate, "a path")?;
        if let Some(path) = &service.types {
            check(is_path(path), "types_from", path, "a path")?;
        }
    }
    for (_, path) in &options.extern_paths {
        check(is_path(path), "extern_path", path, "a path")?;
    }
    for (module, _) in &options.extern_schemas {
        let named = options.extern_paths.iter().any(|(_, path)| path == module);
        check(
            named,
            "extern_schema",
            module,
            "a module that 'extern_path' names",
        )?;
    }
    for (_, derive) in &options.derives {
        let good = derive.split(',').all(|path| is_path(path.trim()));
        check(good, "derive", derive, "a list of paths")?;
    }
    for (_, attribute) in &options.attributes {
        let good = is_attribute(attribute);
        check(good, "attribute", attribute, "an attribute in #[…]")?;
    }
    for (_, predicate) in &options.file_cfgs {
        let good = is_predicate(predicate);
        check(good, "file_cfg", predicate, "a predicate of cfg")?;
    }
    for decision in options.conditions.values() {
        if let Decision::Cfg(predicate) = decision {
            let good = is_predicate(predicate);
            check(good, "condition", predicate, "a predicate of cfg")?;
        }
    }
    Ok(())
}

/// The tokens of a piece of code that is on one line and has no comments; otherwise `None`.
fn lexed(code: &str) -> Option<Vec<TokenTree>> {
    let tokens: TokenStream = code.parse().ok()?;
    let one_line = !code.contains(['\n', '\r']) && !has_comment(code);
    one_line.then(|| tokens.into_iter().collect())
}

fn has_comment(code: &str) -> bool {
    let mut quoted = false;
    let mut chars = code.chars().peekable();
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

/// Whether this is a path without generic arguments.
fn is_path(code: &str) -> bool {
    let Some(tokens) = lexed(code) else {
        return false;
    };
    // `a::b`, perhaps with `::` before it.
    let mut named = false;
    let mut tokens = tokens.into_iter();
    let mut first = true;
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Ident(_) if !named => named = true,
            TokenTree::Punct(colon) if (named || first) && colon.spacing() == Spacing::Joint => {
                let second = tokens.next().map(|token| token.to_string());
                if colon.as_char() != ':' || second.as_deref() != Some(":") {
                    return false;
                }
                named = false;
            }
            _ => return false,
        }
        first = false;
    }
    named
}

/// Whether this is an attribute.
#[cfg(feature = "syn")]
fn is_attribute(code: &str) -> bool {
    use syn::parse::Parser as _;
    let parsed = syn::Attribute::parse_outer.parse_str(code);
    lexed(code).is_some() && parsed.is_ok_and(|attributes| attributes.len() == 1)
}

/// Whether this may stand in `cfg(…)`.
#[cfg(feature = "syn")]
fn is_predicate(code: &str) -> bool {
    lexed(code).is_some() && syn::parse_str::<syn::Meta>(code).is_ok()
}

/// Whether this looks like an attribute.
#[cfg(not(feature = "syn"))]
fn is_attribute(code: &str) -> bool {
    let inner = code
        .strip_prefix("#[")
        .and_then(|rest| rest.strip_suffix(']'));
    inner.is_some_and(is_predicate)
}

/// Whether this is some code whose brackets and quotes close: enough to keep it from changing what the code around it means.
#[cfg(not(feature = "syn"))]
fn is_predicate(code: &str) -> bool {
    lexed(code).is_some_and(|tokens| !tokens.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rust::template::code_of;

    #[test]
    fn paths() {
        for good in ["::qapi_types", "crate::generated::qmp", "Ord", "r#type::X"] {
            assert!(is_path(good), "{good}");
            let path = Path::new(good);
            assert_eq!(code!(path => #path), code_of(good));
        }
        for bad in [
            "", "::", "a b", "a::<T>", "a-b", "::a::", "a: :b", "a:b", "1",
        ] {
            assert!(!is_path(bad), "{bad}");
        }
    }

    #[test]
    fn predicates_and_attributes() {
        for good in [
            "target_os = \"linux\"",
            "any(unix, feature = \")\")",
            "doc = \"\\\"(//\"",
        ] {
            assert!(is_predicate(good), "{good}");
            assert!(is_attribute(&format!("#[{good}]")), "{good}");
        }
        for bad in ["", "all(a", "a)", "(]", "x = \"", "a\nb", "a // b"] {
            assert!(!is_predicate(bad), "{bad}");
            assert!(!is_attribute(&format!("#[{bad}]")), "{bad}");
        }
        assert!(!is_attribute("allow(x)"));
    }
}
