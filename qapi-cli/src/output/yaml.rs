//! YAML 1.2, of which JSON is a part: whatever might be read as something else is quoted as in JSON.

use super::{Json, Palette, Role, quoted};

/// What stands between two documents.
pub(super) const NEXT: &str = "---\n";

pub(super) fn text(value: &Json, palette: Palette) -> String {
    let mut out = String::new();
    write(value, palette, 0, &mut out);
    out
}

/// Leaves the cursor at the start of a line.
fn write(value: &Json, palette: Palette, indent: usize, out: &mut String) {
    match value {
        Json::Object(members) if !members.is_empty() => {
            for (index, (name, value)) in members.iter().enumerate() {
                // The first stands behind the dash of a list, or at the start of the line.
                if index > 0 {
                    out.extend(std::iter::repeat_n(' ', indent));
                }
                out.push_str(&palette.paint(Role::Name, &scalar(name)));
                out.push(':');
                below(value, palette, indent + 2, out);
            }
        }
        Json::List(elements) if !elements.is_empty() => {
            for (index, element) in elements.iter().enumerate() {
                if index > 0 {
                    out.extend(std::iter::repeat_n(' ', indent));
                }
                out.push_str("- ");
                write(element, palette, indent + 2, out);
            }
        }
        Json::Text(text) => {
            out.push_str(&palette.paint(Role::Text, &scalar(text)));
            out.push('\n');
        }
        other => {
            out.push_str(&palette.paint(Role::Plain, &other.compact()));
            out.push('\n');
        }
    }
}

fn below(value: &Json, palette: Palette, indent: usize, out: &mut String) {
    let has_lines = matches!(value, Json::Object(_) | Json::List(_)) && !value.is_empty();
    if has_lines {
        out.push('\n');
        out.extend(std::iter::repeat_n(' ', indent));
    } else {
        out.push(' ');
    }
    write(value, palette, indent, out);
}

fn scalar(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '/' | '.');
    let may_mean_more = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"]
        .contains(&text.to_ascii_lowercase().as_str());
    let starts_well = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/');
    if starts_well && !may_mean_more && text.chars().all(is_plain) {
        text.to_owned()
    } else {
        quoted(text)
    }
}
