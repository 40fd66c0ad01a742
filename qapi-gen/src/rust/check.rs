//! Checks the Rust code that the caller's options contain, so that a mistake is reported where it
//! was made and not somewhere in the generated file.

#[cfg_attr(feature = "syn", path = "check/parsed.rs")]
#[cfg_attr(not(feature = "syn"), path = "check/balanced.rs")]
mod code;

use super::condition::Decision;
use super::error::Error;
use super::options::Options;
use code::{is_attribute, is_path, is_predicate};

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
    for (_, derive) in &options.derives {
        let good = derive.split(',').all(|path| is_path(path.trim()));
        check(good, "derive", derive, "a list of paths")?;
    }
    for (_, attribute) in &options.attributes {
        let good = is_attribute(attribute);
        check(good, "attribute", attribute, "an attribute in #[…]")?;
    }
    for (_, decision) in options.conditions.iter() {
        if let Decision::Cfg(predicate) = decision {
            check(
                is_predicate(predicate),
                "condition",
                predicate,
                "a predicate of cfg",
            )?;
        }
    }
    Ok(())
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
