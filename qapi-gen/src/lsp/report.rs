//! Diagnostics as the protocol has them.

use super::files::Files;
use super::text::{Encoding, Lines};
use crate::diagnostic::{Code, Diagnostic};
use crate::explain::{SOURCE, anchor, explain};
use crate::names::FastMap;
use crate::source::{SourceMap, Span};
use serde_json::{Value, json};
use std::ops::Range;
use std::path::PathBuf;

/// Something wrong in a file.
#[derive(Clone)]
pub(super) struct Found {
    pub(super) code: Code,
    /// Where, in the file's text.
    pub(super) range: Range<usize>,
    pub(super) json: Value,
    /// A change of the text that would do: what it is, where, and the new text.
    pub(super) fix: Option<(String, Range<usize>, String)>,
}

struct Places<'s> {
    sources: &'s SourceMap,
    encoding: Encoding,
    lines: FastMap<usize, Lines>,
    links: FastMap<Code, String>,
}

impl Places<'_> {
    /// The file and range of a span.
    fn of(&mut self, span: Span) -> (usize, Range<usize>, Value) {
        let id = self.sources.file_of(span);
        let file = id.0 as usize;
        let text = self.sources.file(id).text();
        let base = self.sources.start_of(id);
        let range = (span.start - base) as usize..(span.end - base) as usize;
        let lines = self.lines.entry(file).or_insert_with(|| Lines::new(text));
        let json = lines.range(text, range.clone(), self.encoding);
        (file, range, json)
    }
}

/// Each diagnostic, with the file that it is in where it is in any.
pub(super) fn convert(
    diagnostics: Vec<Diagnostic>,
    sources: &SourceMap,
    paths: &[PathBuf],
    files: &Files,
    encoding: Encoding,
) -> Vec<(Option<usize>, Found)> {
    let mut places = Places {
        sources,
        encoding,
        lines: FastMap::default(),
        links: FastMap::default(),
    };
    let mut all = Vec::with_capacity(diagnostics.len());
    for diagnostic in diagnostics {
        let start = json!({ "line": 0, "character": 0 });
        let nowhere = json!({ "start": start, "end": start });
        let (file, range, place) = match diagnostic.primary {
            Some(span) => {
                let (file, range, place) = places.of(span);
                (Some(file), range, place)
            }
            None => (None, 0..0, nowhere),
        };
        let remarks = diagnostic.labels.iter();
        let remarks = remarks.map(|label| {
            let (file, _, range) = places.of(label.span);
            let location = json!({ "uri": files.uri(&paths[file]), "range": range });
            json!({ "location": location, "message": label.message })
        });
        let related: Vec<Value> = remarks.collect::<Vec<_>>();
        let mut message = diagnostic.message.clone();
        for line in diagnostic.notes.iter().chain(&diagnostic.help) {
            message = message + "\n" + line;
        }
        let code = diagnostic.code;
        let link = places.links.entry(code);
        let link = link.or_insert_with(|| format!("{SOURCE}#{}", anchor(explain(code).section)));
        let severity = if code.is_style() { 2 } else { 1 };
        let json = json!({
            "range": place,
            "severity": severity,
            "code": code.as_str(),
            "codeDescription": { "href": link },
            "source": "qapi-gen",
            "message": message,
            "relatedInformation": related,
        });
        let found = Found {
            code,
            fix: fix(&diagnostic, sources, &range),
            range,
            json,
        };
        all.push((file, found));
    }
    all
}

/// The change that a diagnostic proposes, where it does.
fn fix(
    diagnostic: &Diagnostic,
    sources: &SourceMap,
    range: &Range<usize>,
) -> Option<(String, Range<usize>, String)> {
    let written = sources.text(diagnostic.primary?);
    if diagnostic.code == Code::DocSentenceSpacing {
        let end = range.end..range.end;
        return Some((
            "Put two spaces between the sentences".to_owned(),
            end,
            " ".to_owned(),
        ));
    }
    let proposed = diagnostic.help.iter().find_map(|help| {
        let rest = help.strip_prefix("did you mean '")?;
        rest.strip_suffix("'?")
    })?;
    let name = written.strip_prefix('\'')?.strip_suffix('\'')?;
    let start = range.start + 1 + usize::from(name.starts_with('*'));
    let change = start..range.end - 1;
    Some((format!("Write '{proposed}'"), change, proposed.to_owned()))
}
