//! Reading a schema's files: includes are followed as they are met.

use crate::diagnostic::{Code, Diagnostic};
use crate::loader::Loader;
use crate::names::FastSet;
use crate::source::{FileId, Span};
use crate::syntax::cursor::{Cursor, FileParser};
use crate::syntax::lexer::Lexer;
use crate::syntax::parsed::{Options, Parsed};
use crate::syntax::parser::{Include, Pending, Step};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// Where files come from.
#[derive(Clone, Copy)]
pub(crate) struct Input<'i> {
    pub(crate) loader: &'i dyn Loader,
    /// Directories in which included files are looked for that are not beside the including one.
    pub(crate) search: &'i [PathBuf],
    /// Files that extend the schema.
    pub(crate) extensions: &'i [PathBuf],
}

/// Reads a schema from its root file, and what extends it.
pub(crate) fn parse(root: &Path, text: Option<Vec<u8>>, input: Input, options: Options) -> Parsed {
    let mut parsed = Parsed::new(options);
    read(root, text, input, &mut parsed);
    parsed.own_files = parsed.modules.len();
    for extension in input.extensions {
        read(extension, None, input, &mut parsed);
    }
    parsed
}

/// Reads a file and what it includes.
fn read(root: &Path, text: Option<Vec<u8>>, input: Input, parsed: &mut Parsed) {
    let text = match text.map_or_else(|| input.loader.load(root), Ok) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::FileTooLarge => {
            parsed.report.push(too_large(None));
            return;
        }
        Err(error) => {
            let message = format!("cannot read '{}': {}", root.display(), reason(&error));
            let diagnostic = Diagnostic::without_place(Code::UnreadableRoot, message);
            parsed.report.push(diagnostic);
            return;
        }
    };
    let place = Place {
        path: root.to_owned(),
        base: root.parent().unwrap_or(Path::new("")).to_owned(),
        identity: input.loader.identity(root),
    };
    let mut reading = Reading {
        input,
        read: FastSet::from_iter([place.identity.clone()]),
        open: FastSet::from_iter([place.identity.clone()]),
        stack: Vec::new(),
    };
    reading.stack.extend(parsed.open(place, text, None));
    while let Some(frame) = reading.stack.last_mut() {
        let mut parser = FileParser {
            cursor: &mut frame.cursor,
            file: frame.file,
            shared: parsed,
        };
        match parser.step(&mut frame.doc) {
            Step::Next => {}
            Step::End => {
                reading.open.remove(&frame.place.identity);
                reading.stack.pop();
            }
            Step::Include(include) => reading.include(&include, parsed),
        }
    }
}

/// The state of reading all files.
struct Reading<'i> {
    input: Input<'i>,
    /// Files that were read, or that cannot be.
    read: FastSet<PathBuf>,
    /// Files whose reading goes on.
    open: FastSet<PathBuf>,
    /// The same, innermost last.
    stack: Vec<Frame>,
}

/// Where a file is.
struct Place {
    path: PathBuf,
    /// The directory that names of modules are relative to.
    base: PathBuf,
    identity: PathBuf,
}

/// A file whose reading goes on.
struct Frame {
    place: Place,
    cursor: Cursor,
    file: FileId,
    doc: Pending,
}

impl Reading<'_> {
    fn include(&mut self, include: &Include, parsed: &mut Parsed) {
        let mut missing = None;
        for place in self.places(&include.name) {
            if self.open.contains(&place.identity) {
                self.report_loop(include, &place, parsed);
                return;
            }
            if self.read.contains(&place.identity) {
                return;
            }
            match self.input.loader.load(&place.path) {
                Ok(text) => {
                    self.read.insert(place.identity.clone());
                    self.open.insert(place.identity.clone());
                    self.stack
                        .extend(parsed.open(place, text, Some(include.anchor)));
                    return;
                }
                Err(error) => {
                    let elsewhere =
                        matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory);
                    missing.get_or_insert((place, error));
                    if !elsewhere {
                        break;
                    }
                }
            }
        }
        if let Some((place, error)) = missing {
            self.report_missing(include, place, &error, parsed);
        }
    }

    /// Where an included file may be: beside the file that includes it, else in the directories to
    /// search.
    fn places(&self, name: &str) -> Vec<Place> {
        let place = |directory: &Path, base: &Path| {
            let path = directory.join(name);
            Place {
                identity: self.input.loader.identity(&path),
                base: base.to_owned(),
                path,
            }
        };
        let beside = self.stack.last().map(|frame| {
            let directory = frame.place.path.parent();
            place(directory.unwrap_or(Path::new("")), &frame.place.base)
        });
        let searched = self.input.search.iter().map(|dir| place(dir, dir));
        beside.into_iter().chain(searched).collect()
    }

    fn report_loop(&self, include: &Include, place: &Place, parsed: &mut Parsed) {
        let same = |frame: &Frame| frame.place.identity == place.identity;
        let first = self.stack.iter().position(same);
        let via = self.stack[first.unwrap_or(0) + 1..]
            .iter()
            .filter_map(|frame| parsed.sources.file(frame.file).included_from());
        let message = format!("'{}' includes itself", include.name);
        let diagnostic = Diagnostic::new(Code::IncludeLoop, include.span, message);
        // Long loops are told by their first steps.
        let diagnostic = via
            .take(8)
            .fold(diagnostic.anchored(include.anchor), |diagnostic, step| {
                diagnostic.label(step, "by way of this include")
            });
        parsed.report.push(diagnostic);
    }

    fn report_missing(
        &mut self,
        include: &Include,
        place: Place,
        error: &io::Error,
        parsed: &mut Parsed,
    ) {
        if error.kind() == ErrorKind::FileTooLarge {
            parsed.report.push(too_large(Some(include.anchor)));
            parsed.incomplete = true;
            self.read.insert(place.identity);
            return;
        }
        let (path, reason) = (place.path.display(), reason(error));
        let message = format!("cannot read include file '{path}': {reason}");
        let mut diagnostic = Diagnostic::new(Code::IncludeUnreadable, include.span, message)
            .anchored(include.anchor);
        for directory in self.input.search {
            diagnostic = diagnostic.note(format!("nor is it in {}", directory.display()));
        }
        if !parsed.incomplete {
            diagnostic = diagnostic.note(
                "until it is read, unknown types and the case of names are not reported, here and in other files",
            );
        }
        parsed.incomplete = true;
        // One report is enough for a file that several others include.
        self.read.insert(place.identity);
        parsed.report.push(diagnostic);
    }
}

/// The error of a file that is one too many, with where it is included.
fn too_large(from: Option<Span>) -> Diagnostic {
    let message = "the files of the schema exceed 4 GiB";
    match from {
        Some(span) => Diagnostic::new(Code::TooLarge, span, message),
        None => Diagnostic::without_place(Code::TooLarge, message),
    }
}

/// The operating system's reason, without Rust's error number.
fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error ") {
        Some(at) => text[..at].to_owned(),
        None => text,
    }
}

impl Parsed {
    fn open(&mut self, place: Place, text: Vec<u8>, from: Option<Span>) -> Option<Frame> {
        let (text, invalid_at) = match String::from_utf8(text) {
            Ok(text) => (text, None),
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
                (text, Some(at))
            }
        };
        let name = place.path.to_string_lossy().into_owned();
        let Some(file) = self.sources.add(name, text, from) else {
            self.report.push(too_large(from));
            self.incomplete = true;
            return None;
        };
        let module = place.path.strip_prefix(&place.base).unwrap_or(&place.path);
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
            place,
            cursor: Cursor {
                lexer,
                token,
                held: false,
            },
            file,
            doc: Pending::None,
        })
    }
}
