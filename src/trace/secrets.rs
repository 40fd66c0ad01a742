//! Hides what should not be in a log.
//!
//! Masked is, wherever it stands:
//!
//! - the value of a member called `password`, `passwd` or `cookie`,
//! - `data`, `props` and `rawdata` of an object with a `qom-type` of `secret…`, as in `object-add`, and `value` beside a
//!   `property` with one of those names, as in `qom-set`,
//! - `secret` of `sev-inject-launch-secret`,
//! - what goes to and comes from files and processes of the guest: `buf-b64`, `input-data`, `out-data`, `err-data`, and
//!   the environment `env` of `guest-exec`,
//! - `command-line` of `human-monitor-command` if it says anything of passwords, secrets or cookies,
//! - user and password in a URL.
//!
//! Ids of secret objects (`password-secret`, `key-secret`) are no secrets. Not recognised are secrets among the arguments
//! of a guest's process, in what is typed into it, and what `qom-get` returns.

use std::borrow::Cow;
use std::ops::Range;

use crate::types::{Kind, Mode, Reader, Result};

/// In place of a value, and of a part of a string.
const MASK: &str = "\"***\"";
const MASK_WITHIN: &str = "***";

type Span = (Range<usize>, &'static str);

/// Members that are masked in any object.
const ALWAYS: &[&str] = &[
    "password",
    "passwd",
    "cookie",
    "buf-b64",
    "input-data",
    "out-data",
    "err-data",
    "env",
];

/// Members of a secret, or properties by which one is set.
const OF_SECRETS: &[&str] = &["data", "rawdata", "password", "props"];

/// The message with secrets replaced; a remark instead if it is not JSON.
pub(super) fn masked(message: &[u8]) -> Cow<'_, str> {
    let spans = Reader::new(message, Mode::Lenient).and_then(|mut reader| {
        let mut spans = Vec::new();
        value(&mut reader, message, &mut spans)?;
        reader.end()?;
        Ok(spans)
    });
    let (Ok(mut spans), Ok(text)) = (spans, std::str::from_utf8(message)) else {
        return Cow::Owned(format!("({} bytes that are not JSON)", message.len()));
    };
    if spans.is_empty() {
        return Cow::Borrowed(text);
    }
    spans.sort_unstable_by_key(|(span, _)| span.start);
    let mut out = String::with_capacity(text.len());
    let mut shown = 0;
    for (span, mask) in spans {
        // A span may be in another one.
        if span.start >= shown {
            out.push_str(&text[shown..span.start]);
            out.push_str(mask);
            shown = span.end;
        }
    }
    out.push_str(&text[shown..]);
    Cow::Owned(out)
}

fn value(r: &mut Reader<'_>, message: &[u8], spans: &mut Vec<Span>) -> Result<()> {
    match r.peek()? {
        Kind::Object => object(r, message, spans),
        Kind::Array => {
            r.begin_array()?;
            while r.next_element()? {
                value(r, message, spans)?;
            }
            Ok(())
        }
        Kind::String => {
            let start = r.offset();
            r.skip()?;
            spans.extend(credentials(message, start..r.offset()));
            Ok(())
        }
        _ => r.skip(),
    }
}

/// What stands between `://` and `@`, if a password is in it.
fn credentials(message: &[u8], string: Range<usize>) -> Option<Span> {
    let text = std::str::from_utf8(&message[string.clone()]).ok()?;
    let start = text.find("://")? + 3;
    let authority = text[start..].split(['/', '"', '?', '#']).next()?;
    let length = authority.rfind('@')?;
    let start = string.start + start;
    authority[..length]
        .contains(':')
        .then_some((start..start + length, MASK_WITHIN))
}

fn object(r: &mut Reader<'_>, message: &[u8], spans: &mut Vec<Span>) -> Result<()> {
    // Members come in any order, so what decides about one may come after it.
    let (mut is_secret, mut sets_secret, mut injects) = (false, false, false);
    let (mut of_secret, mut value_set, mut injected) = (Vec::new(), None, None);
    r.begin_object()?;
    while let Some(key) = r.next_key()? {
        let start = r.offset();
        let is_string = r.peek()? == Kind::String;
        match &*key {
            "qom-type" if is_string => is_secret = r.string()?.starts_with("secret"),
            "property" if is_string => sets_secret = OF_SECRETS.contains(&&*r.string()?),
            "command-line" if is_string => {
                let line = r.string()?.to_ascii_lowercase();
                let words = ["passw", "secret", "cookie"];
                if words.iter().any(|word| line.contains(word)) {
                    spans.push((start..r.offset(), MASK));
                }
                spans.extend(credentials(message, start..r.offset()));
            }
            _ => value(r, message, spans)?,
        }
        let span = (start..r.offset(), MASK);
        match &*key {
            key if ALWAYS.contains(&key) => spans.push(span),
            key if OF_SECRETS.contains(&key) => of_secret.push(span),
            "value" => value_set = Some(span),
            "secret" => injected = Some(span),
            "packet-header" => injects = true,
            _ => {}
        }
    }
    if is_secret {
        spans.append(&mut of_secret);
    }
    if sets_secret {
        spans.extend(value_set);
    }
    if injects {
        spans.extend(injected);
    }
    Ok(())
}
