//! From the text of one file to expressions, one step at a time.

use crate::diagnostic::{Code, Diagnostic};
use crate::names::sym;
use crate::source::Span;
use crate::syntax::ast::{DocComment, DocState, Expression, Item, Object, Str, Value};
use crate::syntax::cursor::FileParser;
use crate::syntax::doc;
use crate::syntax::lexer::Kind;
use crate::syntax::parsed::Parsed;

/// Documentation that waits for its definition.
pub(super) enum Pending {
    None,
    Broken,
    Doc(DocComment),
}

/// An include expression.
pub(super) struct Include {
    /// The path as written.
    pub(super) name: String,
    pub(super) span: Span,
    pub(super) anchor: Span,
}

/// What a step comes to.
pub(super) enum Step {
    Next,
    Include(Include),
    End,
}

impl FileParser<'_> {
    /// Reads the next expression or comment.
    pub(super) fn step(&mut self, pending: &mut Pending) -> Step {
        let start = self.cursor.token;
        match start.kind {
            Kind::Eof => {
                self.reject(pending);
                return Step::End;
            }
            Kind::Comment => {
                self.reject(pending);
                *pending = match doc::parse(self) {
                    Some(doc) => {
                        self.shared.text_docs |= doc.old;
                        Pending::Doc(doc)
                    }
                    None => {
                        if !matches!(
                            self.cursor.token.kind,
                            Kind::Punct(b'{') | Kind::Comment | Kind::Eof
                        ) {
                            self.recover(start.span, false);
                        }
                        Pending::Broken
                    }
                };
                return Step::Next;
            }
            Kind::Error => {
                self.recover(start.span, false);
                return Step::Next;
            }
            _ => {}
        }
        let errors = self.shared.report.len();
        let Ok(value) = self.value(0) else {
            self.recover(start.span, true);
            *pending = Pending::None;
            return Step::Next;
        };
        // The token behind the expression may be faulty too, which is another matter.
        let faulty = self
            .shared
            .report
            .since(errors)
            .iter()
            .any(|d| d.code == Code::DuplicateKey);
        if faulty {
            let text = self.cursor.lexer.slice(value.span()).to_owned();
            self.poison(&text);
            *pending = Pending::None;
            return Step::Next;
        }
        let object = match value {
            Value::Object(object) => *object,
            other => {
                let message = format!(
                    "a top-level expression must be an object, not {}",
                    other.kind()
                );
                let diagnostic = Diagnostic::new(Code::NotAnObject, other.span(), message)
                    .anchored(other.span());
                self.shared.report.push(diagnostic);
                *pending = Pending::None;
                self.recover(start.span, true);
                return Step::Next;
            }
        };
        if let Some((key, value)) = object.entry(sym::INCLUDE) {
            self.reject(pending);
            return self.include(&object, *key, value);
        }
        if let Some((key, value)) = object.entry(sym::PRAGMA) {
            self.reject(pending);
            if self.alone(&object, *key, Code::PragmaExtraKeys) {
                let Parsed {
                    pragmas,
                    names,
                    report,
                    options,
                    ..
                } = self.shared;
                let errors = report.len();
                pragmas.apply(value, object.span, options.legacy, names, report);
                self.shared.unread_pragma |= report.len() > errors;
            } else {
                self.shared.unread_pragma = true;
            }
            return Step::Next;
        }
        let doc = self.doc_for_definition(std::mem::replace(pending, Pending::None));
        self.shared.items.push(Item::Definition(Expression {
            file: self.file,
            object,
            doc,
        }));
        Step::Next
    }

    fn include(&mut self, object: &Object, key: Str, value: &Value) -> Step {
        if self.alone(object, key, Code::IncludeExtraKeys) {
            if let Value::Str(path) = value {
                self.shared.includes.push((self.file, path.symbol));
                return Step::Include(Include {
                    name: self.shared.names.str(path.symbol).to_owned(),
                    span: path.span,
                    anchor: object.span,
                });
            }
            let message = format!("'include' takes a string, not {}", value.kind());
            let diagnostic = Diagnostic::new(Code::IncludeNotString, value.span(), message)
                .anchored(object.span);
            self.shared.report.push(diagnostic);
        }
        self.shared.incomplete = true;
        Step::Next
    }

    /// Whether a directive's key is the only one.
    fn alone(&mut self, object: &Object, key: Str, code: Code) -> bool {
        let Some((other, _)) = object.members.iter().find(|(k, _)| k.symbol != key.symbol) else {
            return true;
        };
        let message = format!(
            "'{}' must be the only key",
            self.shared.names.str(key.symbol)
        );
        let diagnostic = Diagnostic::new(code, other.span, message).anchored(object.span);
        self.shared.report.push(diagnostic);
        false
    }

    /// Handles documentation that no definition follows.
    fn reject(&mut self, pending: &mut Pending) {
        let Pending::Doc(doc) = std::mem::replace(pending, Pending::None) else {
            return;
        };
        match doc.symbol {
            None => self
                .shared
                .items
                .push(Item::FreeForm(self.file, Box::new(doc))),
            Some((symbol, span)) if !self.shared.options.legacy => {
                let name = self.shared.names.str(symbol);
                let message =
                    format!("the documentation of '{name}' is not followed by its definition");
                let diagnostic =
                    Diagnostic::new(Code::DocWithoutDefinition, span, message).anchored(doc.span);
                self.shared.report.push(diagnostic);
                self.shared.misplaced_docs.insert(symbol);
                self.shared.poisoned.insert(symbol);
            }
            Some(_) => {}
        }
    }

    fn doc_for_definition(&mut self, pending: Pending) -> DocState {
        match pending {
            Pending::None => DocState::Absent,
            Pending::Broken => DocState::Broken,
            Pending::Doc(doc) if doc.symbol.is_some() => DocState::Present(Box::new(doc)),
            Pending::Doc(doc) => {
                if !self.shared.options.legacy && !doc.faulty {
                    let first = Span {
                        end: doc.span.start + 2,
                        ..doc.span
                    };
                    self.shared.report.push(
                        Diagnostic::new(
                            Code::DocFreeFormBeforeDefinition,
                            first,
                            "free-form documentation stands directly before a definition",
                        )
                        .anchored(doc.span)
                        .help("start it with a line '@NAME:' to document the definition"),
                    );
                }
                self.shared
                    .items
                    .push(Item::FreeForm(self.file, Box::new(doc)));
                DocState::Broken
            }
        }
    }
}
