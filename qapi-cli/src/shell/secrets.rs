//! What the history and saved scripts have in place of secrets.

use qapi_rt::mask_secrets;
use qapi_rt::types::{Mode, Object, Value, from_str};

use crate::pasted;
use crate::words;

/// A line with secrets replaced. The rules are those of the library's log, which reads JSON: so words become that.
pub(crate) fn masked(line: &str) -> String {
    if line.trim_start().starts_with('{') {
        return mask_secrets(line.trim()).into_owned();
    }
    if let Some(message) = pasted::received(line) {
        return format!("S: {}", mask_secrets(message));
    }
    if pasted::unmarked(line) != line {
        let messages = words::statements(line).into_iter();
        let messages: Vec<_> = messages.map(|(_, message)| masked(&message)).collect();
        return messages.join("\n");
    }
    let words = words::split(line);
    let mut members = Object::new();
    for word in &words {
        if let Some((key, value)) = word.text.split_once('=') {
            members.insert(key.trim_end_matches(':').to_owned(), value.into());
        }
    }
    if words.first().is_some_and(|word| word.text == "hmp") {
        let typed = words[1..].iter().map(|word| &*word.text);
        let typed = typed.collect::<Vec<_>>().join(" ");
        let command = Object::from_iter([("command-line".to_owned(), Value::from(typed))]);
        let text = Value::Object(command).to_string();
        if mask_secrets(&text) != text {
            return "hmp '***'".to_owned();
        }
    }
    let text = Value::Object(members.clone()).to_string();
    let safe = from_str::<Object>(&mask_secrets(&text), Mode::Lenient).unwrap_or_default();
    let mut out = String::new();
    let mut end = 0;
    for (index, word) in words.iter().enumerate() {
        let before = index.checked_sub(1).map(|index| &*words[index].text);
        let masked = match word.text.split_once('=') {
            Some((key, value)) => {
                let name = key.trim_end_matches(':');
                let new = safe.get(name).and_then(Value::as_str);
                let old = members.get(name).and_then(Value::as_str);
                match new {
                    Some(new) if Some(new) != old => Some(format!("{key}={}", shown(new))),
                    _ if key.ends_with(':') && value.starts_with(['{', '[']) => {
                        let new = json(value);
                        (new != value).then(|| format!("{key}={}", words::quote(&new)))
                    }
                    _ => None,
                }
            }
            None => None,
        };
        let masked = option(before, &word.text).or(masked);
        out += &line[end..word.span.start];
        out += masked.as_deref().unwrap_or(&line[word.span.clone()]);
        end = word.span.end;
    }
    out + &line[end..]
}

/// A word that is the value of `--json` or `--keyval`, or has it behind `=`.
fn option(before: Option<&str>, word: &str) -> Option<String> {
    for (option, masked) in [("--json", json as fn(&str) -> String), ("--keyval", keyval)] {
        if before == Some(option) {
            return Some(words::quote(&masked(word)));
        }
        let value = word.strip_prefix(option);
        if let Some(value) = value.and_then(|rest| rest.strip_prefix('=')) {
            return Some(format!("{option}={}", words::quote(&masked(value))));
        }
    }
    None
}

fn json(text: &str) -> String {
    match text {
        // Standard input.
        "-" => text.to_owned(),
        text => mask_secrets(text).into_owned(),
    }
}

/// QEMU's own form: pairs separated by commas, where two of them are one in a value.
fn keyval(text: &str) -> String {
    // None has a line end in its text.
    let text = text.replace(",,", "\n");
    let parts: Vec<_> = text.split(',').collect();
    let mut members = Object::new();
    for (index, part) in parts.iter().enumerate() {
        let (key, value) = match part.split_once('=') {
            // It is the kind of an object, where there are secrets.
            None if index == 0 => ("qom-type", *part),
            None => continue,
            Some(pair) => pair,
        };
        members.insert(key.to_owned(), value.replace('\n', ",").into());
    }
    let whole = Value::Object(members.clone()).to_string();
    let safe = from_str::<Object>(&mask_secrets(&whole), Mode::Lenient).unwrap_or_default();
    let parts = parts.into_iter().map(|part| {
        let new = part.split_once('=').and_then(|(key, _)| {
            let (old, new) = (members.get(key)?, safe.get(key)?.as_str()?);
            (old.as_str() != Some(new)).then(|| format!("{key}={}", new.replace(',', "\n")))
        });
        new.unwrap_or_else(|| part.to_owned())
    });
    parts.collect::<Vec<_>>().join(",").replace('\n', ",,")
}

/// Whether a line has a mask in the place of a secret.
pub(crate) fn is_masked(line: &str) -> bool {
    let all = line.match_indices("***");
    line.trim() == "hmp '***'"
        || all.into_iter().any(|(at, mask)| {
            let (before, behind) = (&line[..at], &line[at + mask.len()..]);
            let ends = |c: char| c.is_whitespace() || ",'\"".contains(c);
            before.ends_with('=') && (behind.is_empty() || behind.starts_with(ends))
                || before.ends_with('"') && behind.starts_with('"')
                || before.ends_with("://") && (behind.is_empty() || behind.starts_with('@'))
                || before.ends_with("json:")
        })
}

/// The mask needs no quotes.
fn shown(value: &str) -> String {
    match value {
        "***" => value.to_owned(),
        value => words::quote(value),
    }
}

#[cfg(test)]
mod tests {
    use super::{is_masked, masked};

    #[test]
    fn by_the_rules_of_the_log() {
        for (line, expected) in [
            (
                "object-add qom-type=secret id=s data=geheim",
                "object-add qom-type=secret id=s data=***",
            ),
            (
                "set_password protocol=vnc password='a b'",
                "set_password protocol=vnc password=***",
            ),
            (
                "blockdev-add file.password=x driver=ssh",
                "blockdev-add file.password=*** driver=ssh",
            ),
            ("x url=http://u:p@h/", "x url='http://***@h/'"),
            (
                "x props:={\"password\":\"a b\"} y:=1G",
                "x props:='{\"password\":\"***\"}' y:=1G",
            ),
            (
                "x 'all:=[{\"password\":\"a b\"}]' y:={}",
                "x all:='[{\"password\":\"***\"}]' y:={}",
            ),
            (
                "object-add --json '{\"qom-type\":\"secret\",\"data\":\"x\"}'",
                "object-add --json '{\"qom-type\":\"secret\",\"data\":\"***\"}'",
            ),
            (
                "{\"execute\":\"x\",\"arguments\":{\"password\":\"x\"}}",
                "{\"execute\":\"x\",\"arguments\":{\"password\":\"***\"}}",
            ),
            (
                "C: {\"execute\":\"x\"}\n-> {\"arguments\":{\"password\":\"x\"}}",
                "{\"execute\":\"x\"}\n{\"arguments\":{\"password\":\"***\"}}",
            ),
            (
                "<- {\"return\":{\"password\":\"x\"}}",
                "S: {\"return\":{\"password\":\"***\"}}",
            ),
            (
                "object-add --keyval secret,id=s,data=a,,b",
                "object-add --keyval 'secret,id=s,data=***'",
            ),
            (
                "object-add --keyval=qom-type=secret,data=x,id=a,,b",
                "object-add --keyval='qom-type=secret,data=***,id=a,,b'",
            ),
            (
                "blockdev-add --keyval ssh,file.password=x",
                "blockdev-add --keyval 'ssh,file.password=***'",
            ),
            (
                "object-add --keyval rng-random,id=r,data=x",
                "object-add --keyval rng-random,id=r,data=x",
            ),
            (
                "object-add --json='{\"password\":\"x\"}'",
                "object-add --json='{\"password\":\"***\"}'",
            ),
            ("hmp change vnc password geheim", "hmp '***'"),
            ("hmp info status", "hmp info status"),
            ("stop --json -", "stop --json -"),
            ("a  'b c'  d=e", "a  'b c'  d=e"),
        ] {
            assert_eq!(masked(line), expected);
            assert_eq!(is_masked(expected), line != expected, "{expected}");
            assert!(!is_masked(line), "{line}");
        }
    }
}
