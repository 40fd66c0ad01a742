//! From files to expressions: includes are followed as they are met.

use crate::compact::PushAll as _;
use crate::diagnostic::{Code, Diagnostic, Log};
use crate::loader::Loader;
use crate::names::{FastSet, Interner, Symbol, sym};
use crate::source::{FileId, SourceMap, Span};
use crate::syntax::ast::{DocState, Expression, Item, Object, Str, Value};
use crate::syntax::doc::{self, DocComment};
use crate::syntax::lexer::{Kind, Lexer, Token};
use crate::syntax::pragma::Pragmas;
use std::path::{Path, PathBuf};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    pub(crate) legacy: bool,
    pub(crate) style: bool,
    /// Whether the text of documentation is kept.
    pub(crate) docs: bool,
}

/// Everything that reading the files of a schema gives.
pub(crate) struct Parsed {
    pub(crate) options: Options,
    pub(crate) sources: SourceMap,
    pub(crate) names: Interner,
    pub(crate) report: Log,
    /// Definitions and free-form documentation, in reading order.
    pub(crate) items: Vec<Item>,
    /// The path of each file relative to the root's directory, by [`FileId`]: files are numbered
    /// in the order in which modules are first mentioned.
    pub(crate) modules: Vec<String>,
    /// The include expressions: which file has them, and the path as written.
    pub(crate) includes: Vec<(FileId, Symbol)>,
    pub(crate) pragmas: Pragmas,
    /// Names that faulty expressions seem to define.
    pub(crate) poisoned: FastSet<Symbol>,
    /// Whether definitions may be missing, so that an unknown name may be a consequence.
    pub(crate) incomplete: bool,
    /// Whether a pragma could not be read, so that exceptions from rules may be missing.
    pub(crate) unread_pragma: bool,
    /// Definitions whose documentation stands elsewhere, which was reported.
    pub(crate) misplaced_docs: FastSet<Symbol>,
    /// Whether documentation in the form before 2.9 was seen.
    pub(crate) text_docs: bool,
    /// Whether a form was seen that 6.2 dropped.
    pub(crate) old_expressions: bool,
}

/// Reads a schema from its root file.
pub(crate) fn parse(
    root: &Path,
    text: Option<Vec<u8>>,
    loader: &dyn Loader,
    options: Options,
) -> Parsed {
    let mut parsed = Parsed {
        options,
        sources: SourceMap::default(),
        names: Interner::new(),
        report: Log::default(),
        items: Vec::new(),
        modules: Vec::new(),
        includes: Vec::new(),
        pragmas: Pragmas::default(),
        poisoned: FastSet::default(),
        incomplete: false,
        unread_pragma: false,
        misplaced_docs: FastSet::default(),
        text_docs: false,
        old_expressions: false,
    };
    let text = match text.map_or_else(|| loader.load(root), Ok) {
        Ok(text) => text,
        Err(error) => {
            let message = format!("cannot read '{}': {}", root.display(), reason(&error));
            let diagnostic = Diagnostic::without_place(Code::UnreadableRoot, message);
            parsed.report.push(diagnostic);
            return parsed;
        }
    };
    let root_dir = root.parent().unwrap_or(Path::new(""));
    let identity = loader.identity(root);
    // Files ever read, and those whose reading goes on.
    let mut read = FastSet::from_iter([identity.clone()]);
    let mut open = read.clone();
    let mut stack = Vec::new();
    stack.push_all(parsed.open(root.to_owned(), identity, root_dir, text, None));
    while let Some(frame) = stack.last_mut() {
        let mut parser = FileParser {
            cursor: &mut frame.cursor,
            file: frame.file,
            shared: &mut parsed,
        };
        match parser.step(&mut frame.doc) {
            Step::Next => {}
            Step::End => {
                open.remove(&frame.identity);
                stack.pop();
            }
            Step::Include {
                path: name,
                span,
                anchor,
            } => {
                let path = frame.path.parent().unwrap_or(Path::new("")).join(&name);
                let identity = loader.identity(&path);
                if open.contains(&identity) {
                    let first = stack.iter().position(|f| f.identity == identity);
                    let via = stack[first.unwrap_or(0) + 1..]
                        .iter()
                        .filter_map(|f| parsed.sources.file(f.file).included_from());
                    let mut diagnostic = Diagnostic::new(
                        Code::IncludeLoop,
                        span,
                        format!("'{name}' includes itself"),
                    )
                    .anchored(anchor);
                    // Long loops are told by their first steps.
                    for step in via.take(8) {
                        diagnostic = diagnostic.label(step, "by way of this include");
                    }
                    parsed.report.push(diagnostic);
                } else if !read.contains(&identity) {
                    match loader.load(&path) {
                        Ok(text) => {
                            read.insert(identity.clone());
                            open.insert(identity.clone());
                            stack.push_all(parsed.open(
                                path,
                                identity,
                                root_dir,
                                text,
                                Some(anchor),
                            ));
                        }
                        Err(error) => {
                            let message = format!(
                                "cannot read include file '{}': {}",
                                path.display(),
                                reason(&error)
                            );
                            parsed.incomplete = true;
                            // One report is enough for a file that several others include.
                            read.insert(identity);
                            parsed.report.push(
                                Diagnostic::new(Code::IncludeUnreadable, span, message)
                                    .anchored(anchor),
                            );
                        }
                    }
                }
            }
        }
    }
    parsed
}

/// The operating system's reason, without Rust's error number.
fn reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error ") {
        Some(at) => text[..at].to_owned(),
        None => text,
    }
}

/// A file whose reading goes on.
struct Frame {
    cursor: Cursor,
    file: FileId,
    path: PathBuf,
    identity: PathBuf,
    doc: Pending,
}

pub(crate) struct Cursor {
    pub(crate) lexer: Lexer,
    pub(crate) token: Token,
    /// Whether the next advance stays at the current token.
    pub(super) held: bool,
}

/// Documentation that waits for its definition.
enum Pending {
    None,
    Broken,
    Doc(DocComment),
}

enum Step {
    Next,
    Include {
        path: String,
        span: Span,
        anchor: Span,
    },
    End,
}

impl Parsed {
    /// Whether the exceptions from rules are known, as far as pragmas tell.
    pub(crate) fn exceptions_known(&self) -> bool {
        !self.unread_pragma && !self.incomplete
    }

    fn open(
        &mut self,
        path: PathBuf,
        identity: PathBuf,
        root_dir: &Path,
        text: Vec<u8>,
        from: Option<Span>,
    ) -> Option<Frame> {
        let (text, invalid_at) = match String::from_utf8(text) {
            Ok(text) => (text, None),
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
                (text, Some(at))
            }
        };
        let name = path.to_string_lossy().into_owned();
        let Some(file) = self.sources.add(name, text, from) else {
            let message = "the files of the schema exceed 4 GiB";
            self.report.push(match from {
                Some(span) => Diagnostic::new(Code::TooLarge, span, message),
                None => Diagnostic::without_place(Code::TooLarge, message),
            });
            self.incomplete = true;
            return None;
        };
        let module = path.strip_prefix(root_dir).unwrap_or(&path);
        self.modules.push(module.to_string_lossy().into_owned());
        let base = self.sources.start_of(file);
        let mut lexer = Lexer::new(self.sources.shared_text(file), base, self.options.legacy);
        if let Some(at) = invalid_at {
            let span = lexer.span(at, at + char::REPLACEMENT_CHARACTER.len_utf8());
            self.report.push(
                Diagnostic::new(Code::InvalidUtf8, span, "the file is not valid UTF-8 here")
                    .note("schema files are UTF-8 text"),
            );
            // What follows may be text of any kind.
            self.incomplete = true;
            lexer.seek(lexer.text().len());
        }
        let token = lexer.next(false, &mut self.names, &mut self.report);
        Some(Frame {
            cursor: Cursor {
                lexer,
                token,
                held: false,
            },
            file,
            path,
            identity,
            doc: Pending::None,
        })
    }
}

/// Reads one file.
pub(crate) struct FileParser<'p> {
    pub(crate) cursor: &'p mut Cursor,
    file: FileId,
    pub(crate) shared: &'p mut Parsed,
}

impl FileParser<'_> {
    pub(crate) fn advance(&mut self) {
        self.read_token(false);
    }

    pub(crate) fn advance_in_doc(&mut self) {
        self.read_token(true);
    }

    fn read_token(&mut self, in_doc: bool) {
        if !std::mem::take(&mut self.cursor.held) {
            let Parsed { names, report, .. } = self.shared;
            self.cursor.token = self.cursor.lexer.next(in_doc, names, report);
        }
    }

    /// Makes the next advance stay at the current token.
    pub(crate) fn hold_token(&mut self) {
        self.cursor.held = true;
    }

    fn step(&mut self, pending: &mut Pending) -> Step {
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
                return Step::Include {
                    path: self.shared.names.str(path.symbol).to_owned(),
                    span: path.span,
                    anchor: object.span,
                };
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
