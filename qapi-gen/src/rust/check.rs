//! Checks the Rust code that the caller's options contain, so that a mistake is reported where it
//! was made and not somewhere in the generated file.

use super::condition::Decision;
use super::error::Error;
use super::options::Options;

/// Finds the first option that is not what it should be.
pub(crate) fn options(options: &Options) -> Result<(), Error> {
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
    for (_, path) in &options.extern_paths {
        check(is_path(path), "extern_path", path, "a path")?;
    }
    for (_, derive) in &options.derives {
        let good = derive.split(',').all(|path| is_path(path.trim()));
        check(good, "derive", derive, "a list of paths")?;
    }
    for (_, attribute) in &options.attributes {
        let inner = attribute
            .strip_prefix("#[")
            .and_then(|rest| rest.strip_suffix(']'));
        let good = inner.is_some_and(is_balanced);
        check(good, "attribute", attribute, "an attribute in #[…]")?;
    }
    for decision in options.conditions.values() {
        if let Decision::Cfg(predicate) = decision {
            check(
                is_balanced(predicate),
                "condition",
                predicate,
                "a predicate of cfg",
            )?;
        }
    }
    Ok(())
}

/// Whether this is a path without generic arguments.
fn is_path(text: &str) -> bool {
    let text = text.strip_prefix("::").unwrap_or(text);
    text.split("::").all(|segment| {
        let segment = segment.strip_prefix("r#").unwrap_or(segment);
        segment.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && segment.chars().all(|c| c.is_alphanumeric() || c == '_')
    })
}

/// Whether this is some text on one line whose brackets and quotes close.
fn is_balanced(text: &str) -> bool {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        for good in ["::qapi_types", "crate::generated::qmp", "Ord", "r#type::X"] {
            assert!(is_path(good), "{good}");
        }
        for bad in ["", "::", "a b", "a::<T>", "a-b", "::a::"] {
            assert!(!is_path(bad), "{bad}");
        }
    }

    #[test]
    fn brackets_and_quotes() {
        for good in [
            "target_os = \"linux\"",
            "any(unix, feature = \")\")",
            "doc = \"\\\"(//\"",
        ] {
            assert!(is_balanced(good), "{good}");
        }
        for bad in ["", "all(a", "a)", "(]", "x = \"", "a\nb", "a // b"] {
            assert!(!is_balanced(bad), "{bad}");
        }
    }
}
