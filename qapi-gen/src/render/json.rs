//! Diagnostics for programs.

use super::short;
use crate::diagnostic::Diagnostic;
use crate::json::{Layout, Writer};
use crate::source::{Position, SourceMap, Span};

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
    let mut w = Writer::new(Layout::Line);
    w.object(|w| {
        let code = diagnostic.code.as_str();
        let location = diagnostic.location(sources);
        w.key("code").string(code);
        let family = code.trim_end_matches(|c: char| c.is_ascii_digit());
        w.key("family").string(family);
        w.key("rule").string(diagnostic.code.rule());
        w.key("severity").string("error");
        w.key("message").string(&diagnostic.message);
        match &location {
            Some(location) => {
                place(w, sources, &location.position, location.with_column);
            }
            None => ["file", "line", "column"]
                .into_iter()
                .for_each(|key| w.key(key).null()),
        }
        match &diagnostic.definition {
            Some((kind, name)) => w.key("definition").object(|w| {
                w.key("kind").string(kind.as_str());
                w.key("name").string(name);
            }),
            None => w.key("definition").null(),
        }
        w.key("included_from").array(|w| {
            let trail = location.map(|l| sources.include_trail(l.position.file));
            for include in trail.into_iter().flatten() {
                w.object(|w| place(w, sources, &sources.start(include), true));
            }
        });
        w.key("spans").array(|w| {
            if let Some(primary) = diagnostic.primary {
                span(w, sources, primary, true, &diagnostic.primary_label);
            }
            for label in &diagnostic.labels {
                span(w, sources, label.span, false, &label.message);
            }
        });
        w.key("notes")
            .strings(diagnostic.notes.iter().map(String::as_str));
        w.key("help")
            .strings(diagnostic.help.iter().map(String::as_str));
        w.key("rendered").string(&short(diagnostic, sources));
    });
    w.finish()
}

fn place(w: &mut Writer, sources: &SourceMap, at: &Position, with_column: bool) {
    w.key("file").string(sources.file(at.file).name());
    w.key("line").number(at.line as usize);
    match with_column {
        true => w.key("column").number(at.column as usize),
        false => w.key("column").null(),
    }
}

fn span(w: &mut Writer, sources: &SourceMap, span: Span, primary: bool, label: &str) {
    let (start, end) = (sources.start(span), sources.end(span));
    w.object(|w| {
        w.key("file").string(sources.file(start.file).name());
        w.key("byte_start").number(start.offset);
        w.key("byte_end").number(end.offset);
        w.key("line_start").number(start.line as usize);
        w.key("column_start").number(start.column as usize);
        w.key("line_end").number(end.line as usize);
        w.key("column_end").number(end.column as usize);
        w.key("primary").bool(primary);
        match label {
            "" => w.key("label").null(),
            label => w.key("label").string(label),
        }
    });
}
