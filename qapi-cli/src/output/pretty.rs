//! JSON over several lines, with colours.

use super::{Json, Palette, Role, quoted};

/// Values that take no more than this stay on a line.
const WIDTH: usize = 72;

pub(super) fn text(value: &Json, palette: Palette) -> String {
    let mut out = String::new();
    write(value, palette, 0, &mut out);
    out
}

fn write(value: &Json, palette: Palette, indent: usize, out: &mut String) {
    let is_short = is_flat(value) && indent + value.compact().len() <= WIDTH;
    let (open, close, pieces) = match value {
        Json::Plain(text) => return out.push_str(&palette.paint(Role::Plain, text)),
        Json::Text(text) => return out.push_str(&palette.paint(Role::Text, &quoted(text))),
        Json::List(elements) => {
            let pieces = elements.iter().map(|element| (None, element));
            ('[', ']', pieces.collect::<Vec<_>>())
        }
        Json::Object(members) => {
            let pieces = members.iter().map(|(name, value)| (Some(name), value));
            ('{', '}', pieces.collect())
        }
    };
    out.push(open);
    for (index, (name, value)) in pieces.iter().enumerate() {
        match (index, is_short) {
            (0, true) => {}
            (_, true) => out.push_str(", "),
            (0, false) => line(indent + 2, out),
            (_, false) => {
                out.push(',');
                line(indent + 2, out);
            }
        }
        if let Some(name) = name {
            out.push_str(&palette.paint(Role::Name, &quoted(name)));
            out.push_str(": ");
        }
        write(value, palette, indent + 2, out);
    }
    if !is_short && !pieces.is_empty() {
        line(indent, out);
    }
    out.push(close);
}

/// Whether nothing with members is in it.
fn is_flat(value: &Json) -> bool {
    let is_scalar = |value: &Json| matches!(value, Json::Plain(_) | Json::Text(_));
    match value {
        Json::List(elements) => elements.iter().all(is_scalar),
        Json::Object(members) => members.len() <= 3 && members.iter().all(|(_, v)| is_scalar(v)),
        _ => true,
    }
}

fn line(indent: usize, out: &mut String) {
    out.push('\n');
    out.extend(std::iter::repeat_n(' ', indent));
}
