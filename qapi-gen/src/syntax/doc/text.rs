//! The text of sections: which lines belong to one, and what they are indented by.

use super::{Reader, indent_of, name_colon, tag};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::ast::{DocSection, DocSectionKind};

impl Reader<'_, '_> {
    pub(super) fn section(&mut self, kind: DocSectionKind, span: Span) {
        self.sections.push(DocSection {
            kind,
            span,
            text: String::new(),
            has_text: false,
        });
    }

    pub(super) fn append(&mut self, line: &str) {
        let keep = self.parser.shared.options.docs;
        let section = self.sections.last_mut().expect("a section was started");
        section.has_text |= !line.is_empty();
        if !keep {
            return;
        }
        if !section.text.is_empty() {
            section.text.push('\n');
        }
        section.text.push_str(line);
    }

    /// The rest of a description or tagged section, whose first line has `rest` for text; returns
    /// the first line after it.
    pub(super) fn indented(&mut self, first: &str, rest: &str) -> Option<Span> {
        self.append(rest);
        let column = match rest {
            "" => 0,
            rest => first.len() - rest.len(),
        };
        let result = self.continuation(column);
        let section = self.sections.last_mut().expect("a section was started");
        let trimmed = section.text.trim_matches('\n').len();
        if trimmed < section.text.len() {
            section.text = section.text.trim_matches('\n').to_owned();
        }
        result
    }

    /// The lines after the first one, on which text started at this column.
    fn continuation(&mut self, column: usize) -> Option<Span> {
        let mut next = self.line();
        let mut blank = false;
        while let Some(line) = next {
            if line.start != line.end {
                break;
            }
            self.append_blank();
            blank = true;
            next = self.line();
        }
        let first = next?;
        let content = self.slice(first);
        let indent = indent_of(content);
        let index = self.sections.len() - 1;
        let kind = self.sections[index].kind;
        if indent == 0 {
            let starts = name_colon(content).is_some() || tag(content).is_some();
            let described = matches!(kind, DocSectionKind::Member(_) | DocSectionKind::Feature(_));
            if !starts && content != "Features:" && !(described && blank) {
                self.late_text.insert(index);
            }
            return Some(first);
        }
        self.keeps_column(indent, column);
        self.append(&content[indent..]);
        let mut may_end = false;
        while let Some(line) = self.line() {
            let content = self.slice(line);
            if content.is_empty() {
                self.append_blank();
                may_end = true;
                continue;
            }
            if name_colon(content).is_some() {
                return Some(line);
            }
            let own = indent_of(content);
            if own < indent {
                if may_end {
                    return Some(line);
                }
                // Before 9.0 a tag always started a section, and before 8.1 the column of a section's
                // first text was the one to keep to.
                let last_taken = match tag(content) {
                    Some((tag, _)) if tag != "Errors" => Some((8, 2)),
                    _ if own >= column && kind != DocSectionKind::Errors => Some((8, 0)),
                    _ => None,
                };
                let message =
                    format!("less indentation than the line before, which has {indent} spaces");
                let diagnostic = Diagnostic::new(Code::DocIndentation, line, message)
                    .label(first, "indented here")
                    .taken_until(last_taken)
                    .help("a blank line ends the section; otherwise indent all its lines alike");
                self.report(diagnostic);
            }
            self.keeps_column(own, column);
            self.append(&content[own.min(indent)..]);
            // From here on less indentation ends the section, blank line or not: QEMU's generator
            // complains about the line after the first indented one only.
            may_end = true;
        }
        None
    }

    /// Up to 8.0 all lines had to keep to the column of a section's first text.
    fn keeps_column(&mut self, indent: usize, column: usize) {
        if (1..column).contains(&indent) {
            self.parser.shared.report.needs((8, 1));
        }
    }

    /// A blank line in a section; at its start there is nothing to separate yet.
    fn append_blank(&mut self) {
        if !self.parser.shared.options.docs {
            return;
        }
        let section = self.sections.last_mut().expect("a section was started");
        section.text.push('\n');
    }

    pub(super) fn paragraph(&mut self, first: Span) -> Option<Span> {
        match self.sections.last_mut() {
            Some(section) if section.kind == DocSectionKind::Plain => self.append_blank(),
            _ => self.section(DocSectionKind::Plain, first),
        }
        let mut line = first;
        loop {
            let content = self.slice(line);
            self.append(content);
            match self.line() {
                Some(next) if next.start != next.end => line = next,
                other => return other,
            }
        }
    }

    pub(super) fn check_empty(&mut self) {
        for i in 0..self.sections.len() {
            let section = &self.sections[i];
            if section.has_text {
                continue;
            }
            let name = match section.kind {
                DocSectionKind::Plain | DocSectionKind::Obsolete => continue,
                DocSectionKind::Member(name) | DocSectionKind::Feature(name) => {
                    format!("@{}", self.parser.shared.names.str(name))
                }
                DocSectionKind::Returns => "Returns".to_owned(),
                DocSectionKind::Errors => "Errors".to_owned(),
                DocSectionKind::Since => "Since".to_owned(),
                DocSectionKind::Todo => "TODO".to_owned(),
            };
            if name != "@" {
                let span = section.span;
                let message = format!("text is missing after '{name}:'");
                let late = self.late_text.contains(&i).then_some((8, 2));
                self.report(
                    Diagnostic::new(Code::DocEmptySection, span, message)
                        .taken_until(late)
                        .anchored(span),
                );
            }
        }
    }
}
