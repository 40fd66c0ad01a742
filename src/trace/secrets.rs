//! Hides what should not be in a log.
//!
//! What is masked, and what is not recognised, is in the crate's documentation under *Logs*. Some particulars:
//!
//! - a member's name is what comes after the last dot, so that of `file.password` is `password`,
//! - `data`, `props` and `rawdata` of an object with a `qom-type` of `secret…`, as in `object-add`, and `value` beside a
//!   `property` with one of those names, as in `qom-set`,
//! - `secret` of `sev-inject-launch-secret`,
//! - a `key` that is a string; as an object it is one of a keyboard.

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
        // Spans may overlap.
        if span.start >= shown {
            out.push_str(&text[shown..span.start]);
            out.push_str(mask);
        }
        shown = shown.max(span.end);
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
            within(message, start..r.offset(), spans);
            Ok(())
        }
        _ => r.skip(),
    }
}

/// What is to be masked within a string: what stands between `://` and `@` if a password is in it, and what follows
/// `json:`, in place of a file name, if it may hold a secret.
fn within(message: &[u8], string: Range<usize>, spans: &mut Vec<Span>) {
    let Ok(text) = std::str::from_utf8(&message[string.clone()]) else {
        return;
    };
    for (at, scheme_end) in text.match_indices("://") {
        let start = at + scheme_end.len();
        let authority = text[start..].split(['/', '"', '?', '#']).next();
        let length = authority.and_then(|authority| authority.rfind('@'));
        if let Some(length) = length.filter(|length| text[start..start + *length].contains(':')) {
            let start = string.start + start;
            spans.push((start..start + length, MASK_WITHIN));
        }
    }
    if let Some((before, json)) = text.split_once("json:")
        && may_hold_secret(json)
    {
        let start = string.start + before.len() + "json:".len();
        // Up to the quote at the end.
        spans.push((start..string.end - 1, MASK_WITHIN));
    }
}

/// Whether JSON in a JSON string may name a secret. Ids of secrets are none. What is escaped may be anything.
fn may_hold_secret(json: &str) -> bool {
    let rest = ["password-secret", "key-secret", "cookie-secret"]
        .iter()
        .fold(Cow::Borrowed(json), |rest, id| rest.replace(id, "").into());
    ["passw", "secret", "cookie", "key\\\"", "\\u"]
        .iter()
        .any(|word| rest.contains(word))
}

/// The part of a member's name that says what it is: `file.password` is the `password` of `file`.
fn last(key: &str) -> &str {
    key.rsplit('.').next().unwrap_or(key)
}

fn is_always(name: &str, is_string: bool) -> bool {
    ALWAYS.contains(&name) || (is_string && name == "key")
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
                within(message, start..r.offset(), spans);
            }
            _ => value(r, message, spans)?,
        }
        let span = (start..r.offset(), MASK);
        match &*key {
            key if is_always(last(key), is_string) => spans.push(span),
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
