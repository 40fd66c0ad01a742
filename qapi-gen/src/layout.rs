//! The canonical layout of schema expressions.

/// Columns that a line may take, but for one that cannot be broken.
const WIDTH: usize = 79;
const INDENT: usize = 2;

/// What an expression of the schema language is made of.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Object(Vec<(String, Value)>),
    Array(Vec<Value>),
    Str(String),
    Bool(bool),
}

impl Value {
    pub(crate) fn str(text: &str) -> Value {
        Value::Str(text.to_owned())
    }

    /// An object of entries with fixed keys.
    pub(crate) fn object<const N: usize>(entries: [(&str, Value); N]) -> Value {
        Value::Object(entries.map(|(key, value)| (key.to_owned(), value)).into())
    }

    /// The text: on one line if that fits, else with one entry a line.
    pub(crate) fn text(&self) -> String {
        let mut out = String::new();
        self.put(&mut out, 0, 0);
        out
    }

    /// `column`: where the value starts; `depth`: how many levels its line is indented.
    fn put(&self, out: &mut String, depth: usize, column: usize) {
        let flat = self.flat();
        // A comma may follow.
        if column + flat.chars().count() < WIDTH {
            out.push_str(&flat);
            return;
        }
        match self {
            Value::Object(entries) if !entries.is_empty() => {
                block(out, depth, ['{', '}'], entries, |out, (key, value)| {
                    let key = format!("{}: ", quoted(key));
                    out.push_str(&key);
                    let column = (depth + 1) * INDENT + key.chars().count();
                    value.put(out, depth + 1, column);
                });
            }
            Value::Array(items) if !items.is_empty() => {
                block(out, depth, ['[', ']'], items, |out, item| {
                    item.put(out, depth + 1, (depth + 1) * INDENT);
                });
            }
            _ => out.push_str(&flat),
        }
    }

    fn flat(&self) -> String {
        match self {
            Value::Object(entries) => {
                let entries = entries
                    .iter()
                    .map(|(key, value)| format!("{}: {}", quoted(key), value.flat()));
                bracketed("{", entries, "}")
            }
            Value::Array(items) => bracketed("[", items.iter().map(Value::flat), "]"),
            Value::Str(text) => quoted(text),
            Value::Bool(value) => value.to_string(),
        }
    }
}

fn block<T>(
    out: &mut String,
    depth: usize,
    [open, close]: [char; 2],
    entries: &[T],
    put: impl Fn(&mut String, &T),
) {
    let margin = |levels: usize| format!("\n{:1$}", "", levels * INDENT);
    out.push(open);
    for (i, entry) in entries.iter().enumerate() {
        out.push_str(if i == 0 { "" } else { "," });
        out.push_str(&margin(depth + 1));
        put(out, entry);
    }
    out.push_str(&margin(depth));
    out.push(close);
}

fn bracketed(open: &str, entries: impl Iterator<Item = String>, close: &str) -> String {
    let entries: Vec<String> = entries.collect();
    if entries.is_empty() {
        format!("{open}{close}")
    } else {
        format!("{open} {} {close}", entries.join(", "))
    }
}

/// A string of the schema language, whose only escape is the doubled backslash.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_stays_on_one_line() {
        let value = Value::object([
            ("struct", Value::str("A")),
            ("data", Value::Object(Vec::new())),
        ]);
        assert_eq!(value.text(), "{ 'struct': 'A', 'data': {} }");
    }

    #[test]
    fn what_does_not_fit_has_one_entry_a_line() {
        let long = Value::str(&"x".repeat(40));
        let value = Value::object([
            ("a", Value::Array(vec![long.clone(), long.clone()])),
            ("b", Value::Array(vec![long.clone()])),
        ]);
        let x = format!("'{}'", "x".repeat(40));
        assert_eq!(
            value.text(),
            format!("{{\n  'a': [\n    {x},\n    {x}\n  ],\n  'b': [ {x} ]\n}}")
        );
    }

    #[test]
    fn a_comma_counts_to_the_width() {
        let of = |n: usize| {
            let entry = || Value::str(&"x".repeat(n - 4));
            Value::Array(vec![entry(), Value::Array(vec![entry()])]).text()
        };
        assert!(of(72).lines().all(|l| l.len() <= WIDTH));
        assert!(of(73).lines().all(|l| l.len() <= WIDTH));
        assert_eq!(of(72).lines().count(), 4);
    }
}
