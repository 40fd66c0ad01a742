//! Release numbers.

use std::fmt;

/// A release number; a patch level of 0 is not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version {
    major: u32,
    minor: u32,
    patch: u32,
}

impl Version {
    /// The number at the start of a text, such as `8.1` or `0.15.0`.
    pub(crate) fn at_start(text: &str) -> Option<Version> {
        let text = text.trim_start();
        let end = text
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(text.len());
        let mut parts = text[..end].trim_end_matches('.').split('.');
        let version = Version {
            major: parts.next()?.parse().ok()?,
            minor: parts.next()?.parse().ok()?,
            patch: parts.next().map_or(Ok(0), str::parse).ok()?,
        };
        parts.next().is_none().then_some(version)
    }

    /// A text that is a release number and nothing else.
    pub(crate) fn parse(text: &str) -> Option<Version> {
        let bare = text.bytes().all(|b| b.is_ascii_digit() || b == b'.') && !text.ends_with('.');
        bare.then(|| Version::at_start(text)).flatten()
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)?;
        match self.patch {
            0 => Ok(()),
            patch => write!(f, ".{patch}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_numbers_with_dots() {
        let at = |text| Version::at_start(text).map(|v| v.to_string());
        assert_eq!(at(" 8.1"), Some("8.1".into()));
        assert_eq!(at("0.15.0 as another command"), Some("0.15".into()));
        assert_eq!(at("2.4.1."), Some("2.4.1".into()));
        assert_eq!(at("Linux 2.6"), None);
        assert_eq!(at("8"), None);
        assert_eq!(at("1.2.3.4"), None);
        assert_eq!(at("99999999999.0"), None);
        assert!(Version::parse("10.2.0") > Version::parse("9.2"));
        assert_eq!(Version::parse("10.2-rc0"), None);
        assert_eq!(Version::parse("10.2."), None);
    }
}
