//! Diagnostics for people, with excerpts of the source.

use super::{is_hostile, printable};
use crate::diagnostic::Diagnostic;
use crate::source::{FileId, SourceMap, Span};
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

/// How to dress the text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// Plain text.
    #[default]
    Plain,
    /// With escape sequences for colours, as terminals understand them.
    Colored,
}

/// Beyond this column a line is not excerpted: its place is named instead.
const MAX_COLUMN: usize = 400;
/// Places in one file that are at most that many lines apart share an excerpt.
const MAX_GAP: usize = 40;
/// How many labels are shown.
const MAX_LABELS: usize = 8;
/// How many includes of a trail are shown from either end.
const TRAIL_END: usize = 4;

/// A diagnostic as several lines, with excerpts that show the places it is about. Every line
/// ends with LF.
///
/// A place that covers several lines is marked on the first of them.
pub fn human(diagnostic: &Diagnostic, sources: &SourceMap, style: Style) -> String {
    let title = Level::ERROR
        .primary_title(printable(&diagnostic.message))
        .id(diagnostic.code.as_str());
    let mut group = Group::with_title(title);
    let marks = marks(diagnostic, sources);
    let shows_anchor = diagnostic.anchor.is_some_and(|anchor| {
        let at = sources.start(anchor);
        let same_line = |m: &Mark| (m.file, m.line) == (at.file, at.line as usize);
        marks.iter().any(same_line)
    });
    for excerpt in excerpts(marks) {
        group = match &excerpt[..] {
            [mark] if mark.start > MAX_COLUMN => {
                let group = group.element(origin(mark, sources));
                match mark.label {
                    "" => group,
                    label => group.element(Level::NOTE.message(printable(label))),
                }
            }
            marks => group.element(snippet(marks, sources)),
        };
    }
    if let Some(more) = diagnostic
        .labels
        .len()
        .checked_sub(MAX_LABELS)
        .filter(|&n| n > 0)
    {
        group = group.element(Level::NOTE.message(format!("{more} more places are not shown")));
    }
    if let Some((kind, name)) = &diagnostic.definition
        && !shows_anchor
    {
        group = group.element(Level::NOTE.message(format!("in {kind} '{}'", printable(name))));
    }
    if let Some(location) = diagnostic.location(sources)
        && let Some(trail) = trail(location.position.file, sources)
    {
        group = group.element(Level::NOTE.message(trail));
    }
    for note in &diagnostic.notes {
        group = group.element(Level::NOTE.message(printable(note)));
    }
    for help in &diagnostic.help {
        group = group.element(Level::HELP.message(printable(help)));
    }
    let renderer = match style {
        Style::Plain => Renderer::plain(),
        Style::Colored => Renderer::styled(),
    };
    let mut text = renderer.render(&[group]);
    text.push('\n');
    text
}

/// A place on one line.
struct Mark<'d> {
    file: FileId,
    line: usize,
    /// Columns from 1; the end is exclusive.
    start: usize,
    end: usize,
    kind: AnnotationKind,
    label: &'d str,
}

impl<'d> Mark<'d> {
    fn new(sources: &SourceMap, span: Span, kind: AnnotationKind, label: &'d str) -> Mark<'d> {
        let (start, end) = (sources.start(span), sources.end(span));
        Mark {
            file: start.file,
            line: start.line as usize,
            start: start.column as usize,
            end: match end.line == start.line {
                true => end.column as usize,
                false => usize::MAX,
            },
            kind,
            label,
        }
    }
}

/// What to show of the source; the primary place first.
fn marks<'d>(diagnostic: &'d Diagnostic, sources: &SourceMap) -> Vec<Mark<'d>> {
    let Some(primary) = diagnostic.primary else {
        return Vec::new();
    };
    let mark = |span, kind, label| Mark::new(sources, span, kind, label);
    let mut marks = vec![mark(
        primary,
        AnnotationKind::Primary,
        &diagnostic.primary_label,
    )];
    for label in diagnostic.labels.iter().take(MAX_LABELS) {
        marks.push(mark(label.span, AnnotationKind::Context, &label.message));
    }
    if let Some(anchor) = diagnostic.anchor {
        let anchor = mark(anchor, AnnotationKind::Visible, "");
        let near = |other: &Mark| {
            other.file == anchor.file && (1..=MAX_GAP).contains(&other.line.abs_diff(anchor.line))
        };
        if near(&marks[0]) && marks[0].start <= MAX_COLUMN && anchor.start <= MAX_COLUMN {
            marks.push(anchor);
        }
    }
    marks
}

/// Groups marks that are shown together, starting with the group of the first mark.
fn excerpts(marks: Vec<Mark<'_>>) -> Vec<Vec<Mark<'_>>> {
    let first = marks.first().map(|m| (m.file, m.line));
    let mut marks = marks;
    marks.sort_by_key(|m| (m.file, m.line));
    let mut groups: Vec<Vec<Mark>> = Vec::new();
    for mark in marks {
        match groups.last_mut() {
            Some(group)
                if group.last().is_some_and(|last| {
                    last.file == mark.file
                        && mark.line - last.line <= MAX_GAP
                        && last.start.max(mark.start) <= MAX_COLUMN
                }) =>
            {
                group.push(mark);
            }
            _ => groups.push(vec![mark]),
        }
    }
    let is_first = |group: &Vec<Mark>| group.iter().any(|m| Some((m.file, m.line)) == first);
    groups.sort_by_key(|group| !is_first(group));
    groups
}

fn origin<'a>(mark: &Mark, sources: &SourceMap) -> Origin<'a> {
    Origin::path(printable(sources.file(mark.file).name()))
        .line(mark.line)
        .char_column(mark.start)
}

fn snippet<'a>(
    marks: &[Mark<'a>],
    sources: &SourceMap,
) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
    let file = sources.file(marks[0].file);
    let lines = marks[0].line..=marks[marks.len() - 1].line;
    let mut text = String::new();
    let mut annotations = Vec::new();
    for number in lines.clone() {
        if number != *lines.start() {
            text.push('\n');
        }
        let start = text.len();
        text.extend(
            file.line(number as u32)
                .chars()
                .take(2 * MAX_COLUMN)
                .map(visible),
        );
        let shown = &text[start..];
        let offset = |column: usize| {
            let nth = shown.char_indices().nth(column - 1);
            start + nth.map_or(shown.len(), |(i, _)| i)
        };
        for mark in marks.iter().filter(|m| m.line == number) {
            let annotation = mark.kind.span(offset(mark.start)..offset(mark.end));
            annotations.push(match mark.label {
                "" => annotation,
                label => annotation.label(printable(label)),
            });
        }
    }
    Snippet::source(text)
        .path(printable(file.name()))
        .line_start(*lines.start())
        .annotations(annotations)
}

/// One character for one character, so that columns stay what they are.
fn visible(c: char) -> char {
    match c {
        '\t' => '\t',
        // The symbols for control characters, in the order of the characters.
        '\0'..='\u{1f}' => char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}'),
        c if is_hostile(c) => '\u{fffd}',
        c => c,
    }
}

fn trail(file: FileId, sources: &SourceMap) -> Option<String> {
    let mut trail = sources.include_trail(file);
    trail.reverse();
    let shown = |span: &Span| {
        let at = sources.start(*span);
        format!(
            "included from {}:{}",
            printable(sources.file(at.file).name()),
            at.line
        )
    };
    let lines: Vec<String> = if trail.len() > 2 * TRAIL_END + 1 {
        let (inner, outer) = (&trail[..TRAIL_END], &trail[trail.len() - TRAIL_END..]);
        let hidden = trail.len() - 2 * TRAIL_END;
        inner
            .iter()
            .map(shown)
            .chain([format!("... {hidden} more files ...")])
            .chain(outer.iter().map(shown))
            .collect()
    } else {
        trail.iter().map(shown).collect()
    };
    (!lines.is_empty()).then(|| lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Code;

    fn source(text: &str) -> (SourceMap, impl Fn(&str) -> Span) {
        let mut sources = SourceMap::default();
        sources.add("main.json".into(), text.into(), None).unwrap();
        let text = text.to_owned();
        let span = move |part: &str| {
            let start = text.find(part).unwrap() as u32;
            Span {
                start,
                end: start + part.len() as u32,
            }
        };
        (sources, span)
    }

    #[test]
    fn far_columns_are_named_instead_of_shown() {
        let text = format!("ab {}cd\nef", " ".repeat(100_000));
        let (sources, span) = source(&text);
        let diagnostic = Diagnostic::new(Code::StrayToken, span("cd"), "wrong")
            .here("here")
            .label(span("ab"), "this")
            .label(span("ef"), "that");
        assert_eq!(
            human(&diagnostic, &sources, Style::Plain),
            format!(
                "\
error[L1]: wrong
 --> main.json:1:100004
  = note: here
  |
 ::: main.json:1:1
  |
1 | ab{}...
  | -- this
2 | ef
  | -- that
",
                " ".repeat(131)
            )
        );
    }

    #[test]
    fn labels_are_bounded_and_places_are_grouped_by_line() {
        let lines: String = (10..90).map(|n| format!("line {n}\n")).collect();
        let (sources, span) = source(&lines);
        let mut diagnostic = Diagnostic::new(Code::StrayToken, span("80"), "wrong").here("here");
        for n in [10, 11, 12, 13, 82, 83, 84, 85, 86, 87] {
            diagnostic = diagnostic.label(span(&n.to_string()), format!("label {n}"));
        }
        let text = human(&diagnostic, &sources, Style::Plain);
        assert_eq!(
            text,
            "\
error[L1]: wrong
  --> main.json:71:6
   |
71 | line 80
   |      ^^ here
72 | line 81
73 | line 82
   |      -- label 82
74 | line 83
   |      -- label 83
75 | line 84
   |      -- label 84
76 | line 85
   |      -- label 85
   |
  ::: main.json:1:6
   |
 1 | line 10
   |      -- label 10
 2 | line 11
   |      -- label 11
 3 | line 12
   |      -- label 12
 4 | line 13
   |      -- label 13
   |
   = note: 2 more places are not shown
"
        );
    }
}
