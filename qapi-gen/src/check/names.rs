//! What names look like.

use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;
use std::fmt::Display;

/// Which letters and punctuation a name may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Case {
    /// Lower case and `-`.
    Lower,
    /// Lower case, `-` and `_`.
    LowerUnderscore,
    /// Anything that the general pattern allows.
    Mixed,
    /// Upper case and `_`.
    Upper,
    /// CamelCase.
    Camel,
}

/// What is wrong with a name, if anything; `what` describes its bearer, as in "struct" or "member 'x'".
pub(super) fn fault(
    name: &str,
    span: Span,
    what: &dyn Display,
    case: Case,
    code: Code,
) -> Option<Diagnostic> {
    // A value may start with a digit, for which a letter stands in.
    let digit = code == Code::ValueNameCase && name.starts_with(|c: char| c.is_ascii_digit());
    let stand_in = digit.then(|| format!("d{name}"));
    let name = stand_in.as_deref().unwrap_or(name);
    let Some(stem) = stem(name).filter(|_| !is_reserved(name)) else {
        let diagnostic = Diagnostic::new(
            Code::InvalidName,
            span,
            format!("{what} has an invalid name"),
        );
        return Some(if is_reserved(name) {
            diagnostic.note("names that start with 'q_' or 'q-' are reserved")
        } else {
            diagnostic
                .note("a name starts with a letter and consists of letters, digits, '-' and '_'")
        });
    };
    let upper = stem.bytes().any(|b| b.is_ascii_uppercase());
    let lower = stem.bytes().any(|b| b.is_ascii_lowercase());
    let good = match case {
        Case::Mixed => true,
        Case::Lower => !upper && !stem.contains('_'),
        Case::LowerUnderscore => !upper,
        Case::Upper => !lower && !stem.contains('-'),
        Case::Camel => {
            lower
                && stem.starts_with(|c: char| c.is_ascii_uppercase())
                && stem.bytes().all(|b| b.is_ascii_alphanumeric())
        }
    };
    if good {
        return None;
    }
    let rule = match case {
        Case::Mixed => return None,
        Case::Lower => "must be in lower case, with '-' between words",
        Case::LowerUnderscore => "must be in lower case",
        Case::Upper => "must be in upper case, with '_' between words",
        Case::Camel => "must be in CamelCase",
    };
    let diagnostic = Diagnostic::new(code, span, format!("the name of {what} {rule}"));
    #[cfg(feature = "human")]
    let diagnostic = {
        let prefix = &name[..name.len() - stem.len()];
        let name = format!("{prefix}{}", better(stem, case));
        diagnostic.help(format!("'{}' would do", &name[usize::from(digit)..]))
    };
    Some(diagnostic)
}

/// A name near to what was written that keeps to the rule.
#[cfg(feature = "human")]
fn better(stem: &str, case: Case) -> String {
    use heck::{ToKebabCase, ToShoutySnakeCase, ToUpperCamelCase};

    match case {
        Case::Mixed => stem.to_owned(),
        Case::Lower => stem.to_kebab_case(),
        Case::LowerUnderscore if stem.contains('_') => stem.to_ascii_lowercase(),
        Case::LowerUnderscore => stem.to_kebab_case(),
        Case::Upper => stem.to_shouty_snake_case(),
        Case::Camel => {
            let mut name = stem.to_upper_camel_case();
            if !name.bytes().any(|b| b.is_ascii_lowercase()) {
                name.push_str("Type");
            }
            name
        }
    }
}

/// Whether a member's name is one that generated C needs for itself.
pub(super) fn is_reserved_member(name: &str) -> bool {
    name == "u"
        || name
            .strip_prefix("has")
            .is_some_and(|rest| !rest.is_empty() && fold(rest.as_bytes()[0]) == b'_')
}

/// Names with the same folded form are one name in generated code.
pub(super) fn folded(name: &str) -> String {
    name.bytes().map(|b| char::from(fold(b))).collect()
}

fn fold(byte: u8) -> u8 {
    if byte.is_ascii_alphanumeric() {
        byte
    } else {
        b'_'
    }
}

fn is_reserved(name: &str) -> bool {
    let bytes = name.as_bytes();
    bytes.first() == Some(&b'q') && bytes.get(1).is_some_and(|&b| fold(b) == b'_')
}

/// The part of a name behind a downstream prefix `__RFQDN_` and the mark `x-`.
fn stem(name: &str) -> Option<&str> {
    let is_stem = |s: &str| {
        s.starts_with(|c: char| c.is_ascii_alphabetic())
            && s.bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    let mut rest = name;
    if let Some(domain) = name.strip_prefix("__") {
        let end = domain.find(|c: char| !(c.is_ascii_alphanumeric() || c == '.' || c == '-'))?;
        if end == 0 {
            return None;
        }
        rest = domain[end..].strip_prefix('_')?;
    }
    let unmarked = rest.strip_prefix("x-").or_else(|| rest.strip_prefix("X-"));
    unmarked
        .filter(|s| is_stem(s))
        .or(Some(rest).filter(|s| is_stem(s)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(name: &str, case: Case) -> Option<Code> {
        let span = Span { start: 0, end: 0 };
        fault(name, span, &"x", case, Code::TypeNameCase).map(|d| d.code)
    }

    #[test]
    #[cfg(feature = "human")]
    fn a_name_that_would_do_is_proposed() {
        for (name, case, expected) in [
            ("disk_FORMAT", Case::Camel, "DiskFormat"),
            ("A", Case::Camel, "AType"),
            ("diskFormat", Case::Lower, "disk-format"),
            ("disk-added", Case::Upper, "DISK_ADDED"),
            ("Disk-Format", Case::LowerUnderscore, "disk-format"),
            ("Disk_Format", Case::LowerUnderscore, "disk_format"),
            ("BrewCoffee", Case::LowerUnderscore, "brew-coffee"),
            ("BrewCoffee", Case::Lower, "brew-coffee"),
        ] {
            assert_eq!(better(name, case), expected);
        }
    }

    #[test]
    #[cfg(feature = "human")]
    fn a_digit_may_come_first_in_a_value() {
        let span = Span { start: 0, end: 0 };
        let value = |name| fault(name, span, &"x", Case::Lower, Code::ValueNameCase);
        assert!(value("2-5").is_none());
        assert_eq!(value("2_5").unwrap().help, ["'2-5' would do"]);
    }

    #[test]
    fn case_rules_apply_behind_prefixes() {
        for (name, case) in [
            ("a", Case::Lower),
            ("x-a1-b", Case::Lower),
            ("x-", Case::Lower),
            ("x-1a", Case::Lower),
            ("__com.Example-x_do-it", Case::Lower),
            ("__com_x-a_b", Case::LowerUnderscore),
            ("X-FOO_1", Case::Upper),
            ("A1b", Case::Camel),
            ("__o_x-Abc", Case::Camel),
            ("qapi", Case::Lower),
            ("x-q-y", Case::Lower),
        ] {
            assert_eq!(code(name, case), None, "{name}");
        }
        for name in [
            "", "1a", "-a", "_a", "__a", "__a.b", "__a__b", "a.b", "a b", "q-a", "q_a", "q-",
        ] {
            assert_eq!(code(name, Case::Mixed), Some(Code::InvalidName), "{name}");
        }
        for (name, case) in [
            ("a_b", Case::Lower),
            ("aB", Case::Lower),
            ("aB", Case::LowerUnderscore),
            ("A-B", Case::Upper),
            ("a", Case::Upper),
            ("AB", Case::Camel),
            ("ab", Case::Camel),
            ("A-b", Case::Camel),
        ] {
            assert_eq!(code(name, case), Some(Code::TypeNameCase), "{name}");
        }
        for (name, reserved) in [
            ("u", true),
            ("has-a", true),
            ("has_a", true),
            ("has", false),
            ("hash", false),
        ] {
            assert_eq!(is_reserved_member(name), reserved, "{name}");
        }
    }
}
