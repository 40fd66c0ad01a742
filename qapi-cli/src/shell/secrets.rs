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
            Some((key, _)) => {
                let name = key.trim_end_matches(':');
                let new = safe.get(name).and_then(Value::as_str);
                let old = members.get(name).and_then(Value::as_str);
                match new {
                    Some(new) if Some(new) != old => Some(format!("{key}={}", shown(new))),
                    _ => None,
                }
            }
            None if before == Some("--json") => Some(words::quote(&mask_secrets(&word.text))),
            None => None,
        };
        out += &line[end..word.span.start];
        out += masked.as_deref().unwrap_or(&line[word.span.clone()]);
        end = word.span.end;
    }
    out + &line[end..]
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
    use super::masked;

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
            ("hmp change vnc password geheim", "hmp '***'"),
            ("hmp info status", "hmp info status"),
            ("a  'b c'  d=e", "a  'b c'  d=e"),
        ] {
            assert_eq!(masked(line), expected);
        }
    }
}
