//! From tokens to the values that expressions are made of: QEMU's dialect of JSON.

use crate::diagnostic::{Code, Diagnostic};
use crate::names::{FastSet, Symbol};
use crate::source::Span;
use crate::syntax::ast::{Array, Object, Str, Value};
use crate::syntax::cursor::FileParser;
use crate::syntax::lexer::{Kind, Token};

/// How deep objects and arrays may nest. The language needs less than ten but for conditions,
/// and the bound keeps recursion within any thread's stack.
const MAX_DEPTH: usize = 1000;

/// A diagnostic was reported, and the expression cannot be used.
pub(super) struct Fault;

impl FileParser<'_> {
    /// Reads the value that begins at the current token.
    pub(super) fn value(&mut self, depth: usize) -> Result<Value, Fault> {
        let Token { kind, span } = self.cursor.token;
        if depth > MAX_DEPTH {
            let message = format!("objects and arrays nest more than {MAX_DEPTH} deep");
            return self.fail(Diagnostic::new(Code::NestingTooDeep, span, message));
        }
        match kind {
            Kind::Punct(b'{') => {
                self.advance();
                self.object(span, depth)
            }
            Kind::Punct(b'[') => {
                self.advance();
                self.array(span, depth)
            }
            Kind::Str(symbol) => {
                self.advance();
                Ok(Value::Str(Str { symbol, span }))
            }
            Kind::Bool(value) => {
                self.advance();
                Ok(Value::Bool(value, span))
            }
            _ => self.expected(Code::ValueExpected, "'{', '[', a string or a boolean", None),
        }
    }

    fn object(&mut self, open: Span, depth: usize) -> Result<Value, Fault> {
        let code = Code::ObjectSyntax;
        let legacy = self.shared.options.legacy;
        let mut members: Vec<(Str, Value)> = Vec::new();
        let mut keys = FastSet::default();
        if self.cursor.token.kind != Kind::Punct(b'}') {
            loop {
                let Kind::Str(symbol) = self.cursor.token.kind else {
                    let what = if members.is_empty() {
                        "a string or '}'"
                    } else {
                        "a string"
                    };
                    return self.expected(code, what, Some(open));
                };
                let key = Str {
                    symbol,
                    span: self.cursor.token.span,
                };
                self.advance();
                if self.cursor.token.kind != Kind::Punct(b':') {
                    return self.expected(code, "':'", None);
                }
                self.advance();
                if self.cursor.token.kind == Kind::Error {
                    return Err(Fault);
                }
                if is_repeated(&members, &mut keys, symbol) {
                    self.duplicate(&members, key);
                }
                let value = self.value(depth + 1)?;
                members.push((key, value));
                match self.cursor.token.kind {
                    Kind::Punct(b'}') => break,
                    Kind::Punct(b',') => self.advance(),
                    Kind::Str(_) if legacy => {}
                    _ => return self.expected(code, "',' or '}'", Some(open)),
                }
                if legacy && self.cursor.token.kind == Kind::Punct(b'}') {
                    break;
                }
            }
        }
        let span = open.to(self.cursor.token.span);
        self.advance();
        Ok(Value::Object(Box::new(Object { span, members })))
    }

    fn array(&mut self, open: Span, depth: usize) -> Result<Value, Fault> {
        let code = Code::ArraySyntax;
        let legacy = self.shared.options.legacy;
        let mut items = Vec::new();
        if self.cursor.token.kind != Kind::Punct(b']') {
            if matches!(self.cursor.token.kind, Kind::Punct(b'}' | b',' | b':')) {
                return self.expected(code, "'{', '[', ']', a string or a boolean", Some(open));
            }
            loop {
                items.push(self.value(depth + 1)?);
                match self.cursor.token.kind {
                    Kind::Punct(b']') => break,
                    Kind::Punct(b',') => self.advance(),
                    Kind::Str(_) | Kind::Punct(b'{') if legacy => {}
                    _ => return self.expected(code, "',' or ']'", Some(open)),
                }
                if legacy && self.cursor.token.kind == Kind::Punct(b']') {
                    break;
                }
            }
        }
        let span = open.to(self.cursor.token.span);
        self.advance();
        Ok(Value::Array(Box::new(Array { span, items })))
    }

    fn duplicate(&mut self, members: &[(Str, Value)], key: Str) {
        let message = format!("duplicate key '{}'", self.shared.names.str(key.symbol));
        let mut diagnostic = Diagnostic::new(Code::DuplicateKey, key.span, message);
        if let Some((first, _)) = members.iter().find(|(k, _)| k.symbol == key.symbol) {
            diagnostic = diagnostic.label(first.span, "the key appears here first");
        }
        self.shared.report.push(diagnostic);
    }

    /// Reports that something else than the current token should stand here.
    fn expected<T>(&mut self, code: Code, what: &str, open: Option<Span>) -> Result<T, Fault> {
        let Token { kind, span } = self.cursor.token;
        let found = match kind {
            Kind::Error => return Err(Fault),
            Kind::Eof => "the end of the file".to_owned(),
            Kind::Comment => "a documentation comment".to_owned(),
            Kind::Str(_) => "a string".to_owned(),
            Kind::Punct(_) | Kind::Bool(_) => format!("'{}'", self.cursor.lexer.slice(span)),
        };
        let mut diagnostic = Diagnostic::new(code, span, format!("expected {what}, found {found}"))
            .here(format!("expected {what}"));
        if let Some(open) = open {
            diagnostic = diagnostic.label(open, "to go with this bracket");
        }
        if kind == Kind::Comment {
            diagnostic = diagnostic.note("documentation stands between top-level expressions only");
        }
        self.fail(diagnostic)
    }

    fn fail<T>(&mut self, diagnostic: Diagnostic) -> Result<T, Fault> {
        self.shared.report.push(diagnostic);
        Err(Fault)
    }
}

/// Whether an object has a key already. Few objects are so large that a set pays.
fn is_repeated(members: &[(Str, Value)], keys: &mut FastSet<Symbol>, symbol: Symbol) -> bool {
    const SMALL: usize = 16;
    if members.len() < SMALL {
        return members.iter().any(|(k, _)| k.symbol == symbol);
    }
    if keys.is_empty() {
        keys.extend(members.iter().map(|(k, _)| k.symbol));
    }
    !keys.insert(symbol)
}
