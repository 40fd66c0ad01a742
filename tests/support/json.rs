//! JSON values compared and written.

use qapi_types::Value;

use crate::generate::Source;

/// Where two values differ, as a path; numbers are equal whichever way they are written, and integers
/// modulo 2^64.
pub fn differ(a: &Value, b: &Value) -> Option<String> {
    let here = || Some(format!(": {a} and {b}"));
    match (a, b) {
        (Value::Number(x), Value::Number(y))
            if x == y || float_equal(a, b) || wrapped(a).is_some_and(|a| b.as_u64() == Some(a)) =>
        {
            None
        }
        (Value::Array(x), Value::Array(y)) if x.len() == y.len() => {
            let mut pairs = x.iter().zip(y).enumerate();
            pairs.find_map(|(i, (x, y))| differ(x, y).map(|path| format!("[{i}]{path}")))
        }
        (Value::Object(x), Value::Object(y)) => {
            // A key of both is looked at once: twice at every level would be two to the power of the nesting.
            let new = y.iter().find(|(key, _)| !x.contains_key(*key));
            if let Some((key, y)) = new {
                return Some(format!(".{key}: {y} came out of nowhere"));
            }
            x.iter().find_map(|(key, x)| {
                let difference = match y.get(key) {
                    Some(y) => differ(x, y),
                    None => Some(format!(": {x} is lost")),
                };
                difference.map(|path| format!(".{key}{path}"))
            })
        }
        _ if a == b => None,
        _ => here(),
    }
}

fn float_equal(a: &Value, b: &Value) -> bool {
    (a.is_f64() || b.is_f64()) && a.as_f64() == b.as_f64()
}

/// What QEMU makes of an integer where it wants an unsigned one.
fn wrapped(value: &Value) -> Option<u64> {
    value.as_i64().map(|value| value as u64)
}

/// A value as text, with the members of objects in any order.
pub fn to_text(value: &Value, order: &mut impl Source) -> String {
    let mut text = String::new();
    write(value, order, &mut text);
    text
}

fn write(value: &Value, order: &mut impl Source, text: &mut String) {
    match value {
        Value::Array(elements) => {
            text.push('[');
            for (i, element) in elements.iter().enumerate() {
                text.push_str(if i == 0 { "" } else { "," });
                write(element, order, text);
            }
            text.push(']');
        }
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            text.push('{');
            for i in 0..members.len() {
                let next = i + order.below(members.len() - i);
                members.swap(i, next);
                text.push_str(if i == 0 { "" } else { "," });
                text.push_str(&Value::from(members[i].0.as_str()).to_string());
                text.push(':');
                write(members[i].1, order, text);
            }
            text.push('}');
        }
        scalar => text.push_str(&scalar.to_string()),
    }
}
