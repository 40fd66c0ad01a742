//! Documentation comments: `##` blocks between top-level expressions.
//!
//! Faults are reported and reading goes on, so that one fault does not hide the next.

mod style;
mod text;

use crate::diagnostic::{Code, Diagnostic};
use crate::names::{FastSet, Symbol};
use crate::source::Span;
use crate::syntax::ast::{DocComment, DocSection, DocSectionKind};
use crate::syntax::cursor::FileParser;
use crate::syntax::lexer::Kind;
use style::Style;

/// Reads one comment, of which the parser's current token is the first line.
///
/// `None` if it has faults that make its symbol or end unreliable.
pub(crate) fn parse(parser: &mut FileParser<'_>) -> Option<DocComment> {
    let text = parser.cursor.lexer.text();
    let open = parser.cursor.token.span;
    let mut reader = Reader {
        text: &text,
        open,
        style: Style::new(),
        end: open,
        sound: true,
        faulty: false,
        sections: Vec::new(),
        described: FastSet::default(),
        late_text: FastSet::default(),
        parser,
    };
    if reader.slice(open) != "##" {
        reader.fault(
            Code::DocOpeningJunk,
            open,
            "text after '##' that opens documentation",
        );
    }
    let first = reader.line();
    let symbol = match first {
        Some(line) if reader.slice(line).starts_with('@') => Some(reader.symbol(line)),
        _ => None,
    };
    let (symbol, old) = match symbol {
        Some((symbol, old)) => {
            reader.definition_body(old);
            (symbol, old)
        }
        None => {
            reader.free_form(first);
            (None, false)
        }
    };
    reader.check_empty();
    let doc = DocComment {
        span: open.to(reader.end),
        symbol,
        sections: reader.sections,
        faulty: reader.faulty,
        old,
    };
    let sound = reader.sound;
    parser.advance();
    sound.then_some(doc)
}

struct Reader<'r, 'p> {
    parser: &'r mut FileParser<'p>,
    text: &'r str,
    open: Span,
    style: Style,
    end: Span,
    sound: bool,
    faulty: bool,
    sections: Vec<DocSection>,
    described: FastSet<(bool, Symbol)>,
    /// Sections in which generators before 9.0 found text, while it is a paragraph of its own today.
    late_text: FastSet<usize>,
}

impl<'r> Reader<'r, '_> {
    fn slice(&self, span: Span) -> &'r str {
        let start = self.parser.cursor.lexer.offset(span);
        &self.text[start..start + (span.end - span.start) as usize]
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        if !self.parser.shared.options.legacy {
            self.faulty |= !diagnostic.code.is_style();
            self.parser.shared.report.push(diagnostic);
        }
    }

    fn fault(&mut self, code: Code, span: Span, message: impl Into<String>) {
        self.report(Diagnostic::new(code, span, message));
    }

    /// Reads a line; `None` at the end of the comment. The span leaves out the `# `.
    fn line(&mut self) -> Option<Span> {
        self.parser.advance_in_doc();
        let token = self.parser.cursor.token;
        if token.kind != Kind::Comment {
            if token.kind != Kind::Error {
                let fault = Diagnostic::new(
                    Code::DocNotClosed,
                    token.span,
                    "documentation must be closed by a line '##'",
                )
                .label(self.open, "the documentation starts here");
                self.report(fault);
            }
            self.parser.hold_token();
            self.sound = false;
            return None;
        }
        self.end = token.span;
        let line = self.slice(token.span);
        if let Some(junk) = line.strip_prefix("##") {
            if !junk.is_empty() {
                self.fault(
                    Code::DocClosingJunk,
                    token.span,
                    "text after '##' that closes documentation",
                );
            }
            return None;
        }
        let skip = match line.as_bytes().get(1) {
            None => 1,
            Some(b' ') => 2,
            Some(_) => {
                self.fault(
                    Code::DocMissingSpace,
                    token.span,
                    "a space is missing after '#'",
                );
                1
            }
        };
        let content = line[skip..].trim_end_matches(super::lexer::is_space);
        let start = token.span.start + skip as u32;
        let span = Span {
            start,
            end: start + content.len() as u32,
        };
        if self.parser.shared.options.style && !self.style.accepts(content) {
            for fault in style::faults(span, content) {
                self.report(fault);
            }
        }
        Some(span)
    }

    /// Reads on to a line that is not blank.
    fn text_line(&mut self) -> Option<Span> {
        loop {
            let line = self.line()?;
            if line.start != line.end {
                return Some(line);
            }
        }
    }

    fn symbol(&mut self, line: Span) -> (Option<(Symbol, Span)>, bool) {
        let content = self.slice(line);
        let name = content[1..].strip_suffix(':');
        let old = name.is_none();
        if old {
            self.fault(Code::DocSymbolColon, line, "this line should end with ':'");
            self.sound &= self.parser.shared.options.legacy;
        }
        let name = name.unwrap_or(&content[1..]);
        if name.is_empty() && !old {
            self.fault(Code::DocSymbolEmpty, line, "a name is missing after '@'");
            self.sound = false;
        }
        let span = Span {
            start: line.start + 1,
            end: line.start + 1 + name.len() as u32,
        };
        let symbol = self.parser.shared.names.intern(name);
        (Some((symbol, span)), old)
    }

    fn free_form(&mut self, first: Option<Span>) {
        let mut next = first;
        let mut text = String::new();
        let start = first.unwrap_or(self.open);
        while let Some(line) = next {
            let content = self.slice(line);
            if let Some((name, _)) = name_colon(content) {
                let message = format!("'@{name}:' is not allowed in free-form documentation");
                self.report(
                    Diagnostic::new(Code::DocMemberInFreeForm, line, message)
                        .help("to document a definition, start the comment with a line '@NAME:'"),
                );
            }
            if self.parser.shared.options.docs {
                text.push_str(content);
                text.push('\n');
            }
            next = self.line();
        }
        self.sections.push(DocSection {
            kind: DocSectionKind::Plain,
            span: start,
            text: text.trim_matches('\n').to_owned(),
            has_text: true,
        });
    }

    fn definition_body(&mut self, old: bool) {
        let mut no_more_members = false;
        let mut features_seen = false;
        let so_far = self.parser.shared.report.len();
        let mut next = self.text_line();
        while let Some(line) = next {
            let content = self.slice(line);
            if content.is_empty() {
                next = self.text_line();
            } else if content == "Features:" {
                if features_seen {
                    self.fault(
                        Code::DocDuplicateFeatures,
                        line,
                        "a second 'Features:' line",
                    );
                }
                features_seen = true;
                next = self.text_line();
                let before = self.sections.len();
                next = self.descriptions(next, true, old);
                if self.sections.len() == before {
                    let at = next.unwrap_or(self.end);
                    let message = "descriptions of features are expected after 'Features:'";
                    self.report(
                        Diagnostic::new(Code::DocEmptyFeatures, at, message).taken_until((8, 2)),
                    );
                }
                no_more_members = true;
            } else if let Some((name, _)) = name_colon(content) {
                // Not behind one of these either, while they were allowed.
                let report = &mut self.parser.shared.report;
                report.never_taken(so_far, Code::DocObsoleteSection);
                if no_more_members {
                    let message = format!("the description of '@{name}:' follows another section");
                    self.fault(Code::DocMemberAfterSection, line, message);
                }
                next = self.descriptions(next, false, old);
                no_more_members = true;
            } else if let Some((tag, rest)) = tag(content) {
                no_more_members |= self.tagged(tag, line) != DocSectionKind::Obsolete;
                next = self.indented(content, rest);
            } else {
                next = self.paragraph(line);
            }
        }
    }

    /// A run of `@name: text`, of which `next` is the first line if there is any.
    fn descriptions(&mut self, mut next: Option<Span>, features: bool, old: bool) -> Option<Span> {
        while let Some(line) = next {
            let content = self.slice(line);
            let Some((name, rest)) = name_colon(content) else {
                break;
            };
            let symbol = self.parser.shared.names.intern(name);
            if name.is_empty() {
                self.report(
                    Diagnostic::new(Code::DocEmptyName, line, "a name is missing after '@'")
                        .anchored(line),
                );
            } else if !self.described.insert((features, symbol)) {
                let first = self.sections.iter().find(|s| match s.kind {
                    DocSectionKind::Member(n) => !features && n == symbol,
                    DocSectionKind::Feature(n) => features && n == symbol,
                    _ => false,
                });
                let diagnostic = Diagnostic::new(
                    Code::DocDuplicateDescription,
                    line,
                    format!("'{name}' is described twice"),
                )
                .anchored(line);
                let diagnostic = match first.map(|s| s.span) {
                    Some(span) => diagnostic.label(span, "the first description is here"),
                    None => diagnostic,
                };
                self.report(diagnostic);
            }
            let kind = if features {
                DocSectionKind::Feature(symbol)
            } else {
                DocSectionKind::Member(symbol)
            };
            self.section(kind, line);
            let rest = if old {
                rest.strip_prefix("#optional").unwrap_or(rest).trim_start()
            } else {
                rest
            };
            next = self.indented(content, rest);
        }
        next
    }

    fn tagged(&mut self, tag: &str, line: Span) -> DocSectionKind {
        let kind = match tag {
            "Returns" => DocSectionKind::Returns,
            "Errors" => DocSectionKind::Errors,
            "Since" => DocSectionKind::Since,
            "TODO" => DocSectionKind::Todo,
            _ => {
                let directive = if tag.starts_with("Note") {
                    "'.. note::'"
                } else {
                    "'.. qmp-example::'"
                };
                self.report(
                    Diagnostic::new(
                        Code::DocObsoleteSection,
                        line,
                        format!("the section '{tag}:' is no longer supported"),
                    )
                    .taken_until((9, 0))
                    .help(format!("use the directive {directive}")),
                );
                DocSectionKind::Obsolete
            }
        };
        let once = !matches!(kind, DocSectionKind::Todo | DocSectionKind::Obsolete);
        if once && let Some(first) = self.sections.iter().find(|s| s.kind == kind) {
            let diagnostic = Diagnostic::new(
                Code::DocDuplicateSection,
                line,
                format!("a second '{tag}:' section"),
            )
            .anchored(line)
            .label(first.span, "the first one is here");
            self.report(diagnostic);
        }
        self.section(kind, line);
        kind
    }
}

/// Splits `@name: text`.
fn name_colon(line: &str) -> Option<(&str, &str)> {
    let (name, text) = line.strip_prefix('@')?.split_once(':')?;
    Some((name, text.trim_start_matches(' ')))
}

/// Splits `Tag: text`; a tag with two colons is markup.
fn tag(line: &str) -> Option<(&str, &str)> {
    const TAGS: [&str; 8] = [
        "Returns", "Errors", "Since", "Notes", "Note", "Examples", "Example", "TODO",
    ];
    let tag = TAGS.into_iter().find(|tag| line.starts_with(tag))?;
    let text = line[tag.len()..].strip_prefix(':')?;
    (!text.starts_with(':')).then(|| (tag, text.trim_start_matches(' ')))
}

fn indent_of(line: &str) -> usize {
    line.len() - line.trim_start_matches(super::lexer::is_space).len()
}
