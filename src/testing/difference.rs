//! Where two values differ, for people.

use std::fmt::Write as _;

use qapi_types::Value;

/// One line for each place in which `got` is not `wanted`, nothing if they are equal.
pub(super) fn lines(wanted: &Value, got: &Value) -> String {
    let mut out = String::new();
    compare(&mut String::new(), wanted, got, &mut out);
    out
}

fn compare(path: &mut String, wanted: &Value, got: &Value, out: &mut String) {
    match (wanted, got) {
        (Value::Object(wanted), Value::Object(got)) => {
            for (name, value) in wanted {
                within(path, name, |path| match got.get(name) {
                    Some(got) => compare(path, value, got, out),
                    None => tell(path, &format!("is missing, {value} was expected"), out),
                });
            }
            for (name, value) in got {
                if !wanted.contains_key(name) {
                    within(path, name, |path| {
                        tell(path, &format!("is {value}, and was not expected"), out);
                    });
                }
            }
        }
        (Value::Array(wanted), Value::Array(got)) if wanted.len() == got.len() => {
            for (at, (wanted, got)) in wanted.iter().zip(got).enumerate() {
                let length = path.len();
                let _ = write!(path, "[{at}]");
                compare(path, wanted, got, out);
                path.truncate(length);
            }
        }
        _ if wanted == got => {}
        _ => tell(path, &format!("is {got}, {wanted} was expected"), out),
    }
}

fn within(path: &mut String, name: &str, visit: impl FnOnce(&mut String)) {
    let length = path.len();
    if !path.is_empty() {
        path.push('.');
    }
    path.push_str(name);
    visit(path);
    path.truncate(length);
}

fn tell(path: &str, what: &str, out: &mut String) {
    let path = if path.is_empty() { "the value" } else { path };
    let _ = writeln!(out, "    {path} {what}");
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::lines;

    #[test]
    fn every_place_is_named() {
        let wanted = json!({"a": 1, "b": {"c": [1, {"d": null}]}, "e": "x"});
        let got = json!({"a": 2, "b": {"c": [1, {"d": false}], "f": 0}});
        let expected = "    a is 2, 1 was expected\n    \
            b.c[1].d is false, null was expected\n    \
            b.f is 0, and was not expected\n    \
            e is missing, \"x\" was expected\n";
        assert_eq!(lines(&wanted, &got), expected);
        assert_eq!(lines(&got, &got), "");
    }
}
