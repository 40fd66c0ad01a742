//! Addresses of files as editors write them.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// The path that an address names. What is no file, such as an unsaved buffer without a name, has a path of its own that no
/// file has.
pub(super) fn to_path(uri: &str) -> PathBuf {
    let Some(rest) = uri.strip_prefix("file://") else {
        return PathBuf::from(uri);
    };
    // `file://localhost/a` is `file:///a`.
    let path = decode(&rest[rest.find('/').unwrap_or(rest.len())..]);
    let drive = path.as_bytes().get(2) == Some(&b':');
    match cfg!(windows) && drive {
        true => PathBuf::from(&path[1..]),
        false => PathBuf::from(path),
    }
}

pub(super) fn of_path(path: &Path) -> String {
    let text = path.to_string_lossy();
    let mut uri = String::from("file://");
    if cfg!(windows) {
        uri.push('/');
    }
    for byte in text.bytes() {
        match byte {
            b'\\' if cfg!(windows) => uri.push('/'),
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' | b'~' => {
                uri.push(byte.into());
            }
            _ => _ = write!(uri, "%{byte:02X}"),
        }
    }
    uri
}

fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = bytes.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        let byte = hex
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        out.push(byte.unwrap_or(bytes[at]));
        at += if byte.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn every_path_comes_back() {
        for path in ["/a b/ü%41.json", "/x/#y?.json", "/a:b/c"] {
            let path = Path::new(path);
            assert_eq!(to_path(&of_path(path)), path);
        }
        assert_eq!(to_path("file:///a%20b%zz%"), Path::new("/a b%zz%"));
        assert_eq!(to_path("file://localhost/a"), Path::new("/a"));
    }
}
