//! Diagnostics for programs.

use super::short;
use crate::diagnostic::Diagnostic;
use crate::json::line;
use crate::source::{Position, SourceMap, Span};
use serde_json::{Map, Value, json};

/// A diagnostic as one JSON object on one line, without a line ending.
///
/// | key | value |
/// |---|---|
/// | `code` | the rule's code, such as `"T4"` |
/// | `family` | the letters of the code |
/// | `rule` | the rule, in one sentence |
/// | `severity` | `"error"` |
/// | `message` | what is wrong |
/// | `file`, `line`, `column` | the location of one-line formats; each null where there is none |
/// | `definition` | `{"kind", "name"}` of the definition the error is in, or null |
/// | `included_from` | `[{"file", "line", "column"}]`, outermost first |
/// | `spans` | the places, the primary one first |
/// | `notes`, `help` | arrays of strings |
/// | `rendered` | the text of [`short`](super::short()) |
///
/// A span is `{"file", "byte_start", "byte_end", "line_start", "column_start", "line_end",
/// "column_end", "primary", "label"}`. Lines and columns count from 1, columns in characters;
/// bytes count from 0 in the file's text, in which each invalid UTF-8 sequence counts as the three
/// bytes of U+FFFD. The end is exclusive. `label` is null if the message says it all.
pub fn json(diagnostic: &Diagnostic, sources: &SourceMap) -> String {
    let code = diagnostic.code.as_str();
    let location = diagnostic.location(sources);
    let trail = location
        .as_ref()
        .map(|l| sources.include_trail(l.position.file));
    let included_from = trail.into_iter().flatten();
    let included_from: Vec<Value> = included_from
        .map(|include| place(sources, &sources.start(include), true).into())
        .collect();
    let primary = diagnostic.primary.iter();
    let primary = primary.map(|&it| span(sources, it, true, &diagnostic.primary_label));
    let labels = diagnostic.labels.iter();
    let labels = labels.map(|label| span(sources, label.span, false, &label.message));
    let mut value = match &location {
        Some(location) => place(sources, &location.position, location.with_column),
        None => ["file", "line", "column"]
            .map(|key| (key.to_owned(), Value::Null))
            .into_iter()
            .collect(),
    };
    let definition = diagnostic.definition.as_ref();
    let definition =
        definition.map(|(kind, name)| json!({"kind": kind.as_str(), "name": name.as_str()}));
    let others = [
        ("code", code.into()),
        (
            "family",
            code.trim_end_matches(|c: char| c.is_ascii_digit()).into(),
        ),
        ("rule", diagnostic.code.rule().into()),
        ("severity", "error".into()),
        ("message", diagnostic.message.as_str().into()),
        ("definition", definition.into()),
        ("included_from", included_from.into()),
        ("spans", primary.chain(labels).collect()),
        ("notes", diagnostic.notes.as_slice().into()),
        ("help", diagnostic.help.as_slice().into()),
        ("rendered", short(diagnostic, sources).into()),
    ];
    value.extend(others.map(|(key, value)| (key.to_owned(), value)));
    line(&value.into())
}

fn place(sources: &SourceMap, at: &Position, with_column: bool) -> Map<String, Value> {
    let column = with_column.then_some(at.column);
    let place = [
        ("file", sources.file(at.file).name().into()),
        ("line", at.line.into()),
        ("column", column.into()),
    ];
    place
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
}

fn span(sources: &SourceMap, span: Span, primary: bool, label: &str) -> Value {
    let (start, end) = (sources.start(span), sources.end(span));
    json!({
        "file": sources.file(start.file).name(),
        "byte_start": start.offset,
        "byte_end": end.offset,
        "line_start": start.line,
        "column_start": start.column,
        "line_end": end.line,
        "column_end": end.column,
        "primary": primary,
        "label": (!label.is_empty()).then_some(label),
    })
}
