//! The check of one expression by itself: its state, and what its parts have in common.

use super::defs::TypeRef;
use super::names::{self, Case};
use super::{Context, Report};
use crate::diagnostic::{Code, Diagnostic};
use crate::names::Symbol;
use crate::syntax::Parsed;
use crate::syntax::ast::{Str, Value};
use std::fmt::{self, Display, Formatter};

/// Checks one expression.
pub(super) struct Shape<'a> {
    pub(super) parsed: &'a mut Parsed,
    pub(super) report: &'a mut Report,
    pub(super) context: Context,
    /// See [`Def::faulty`](super::defs::Def::faulty).
    pub(super) faulty: bool,
}

/// How messages call a part of a definition, as in `member 'size'`. Nearly always there is nothing to say, and no text to make.
pub(super) struct What<'a>(pub(super) &'a str, pub(super) &'a str);

impl Display for What<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let What(role, name) = self;
        write!(f, "{role} '{name}'")
    }
}

impl Shape<'_> {
    pub(super) fn error(&mut self, diagnostic: Diagnostic) {
        self.report.add(&self.context, diagnostic);
    }

    pub(super) fn text(&self, symbol: Symbol) -> &str {
        self.parsed.names.str(symbol)
    }

    pub(super) fn member_case(&self, owner: Option<Symbol>) -> Case {
        let excepted = &self.parsed.pragmas.member_name_exceptions;
        match owner {
            Some(owner) if excepted.contains(&owner) => Case::Mixed,
            _ => Case::Lower,
        }
    }

    /// Whether a name keeps to the rules. Exceptions may come from a pragma that could not be
    /// read, and then case is no matter.
    pub(super) fn check_name(
        &mut self,
        text: &str,
        at: Str,
        what: &dyn Display,
        case: Case,
        code: Code,
    ) -> bool {
        if self.parsed.options.legacy {
            return true;
        }
        let case = if self.parsed.exceptions_known() {
            case
        } else {
            Case::Mixed
        };
        match names::fault(text, at.span, what, case, code) {
            None => true,
            Some(diagnostic) => {
                self.error(diagnostic);
                self.faulty = true;
                false
            }
        }
    }

    pub(super) fn name_string(&mut self, value: &Value, what: &str) -> Option<Str> {
        match value {
            Value::Str(name) => Some(*name),
            other => {
                let message = format!(
                    "{what} requires a name, which is a string, not {}",
                    other.kind()
                );
                self.error(Diagnostic::new(Code::NameExpected, other.span(), message));
                None
            }
        }
    }

    pub(super) fn type_name(
        &mut self,
        value: &Value,
        what: &dyn Display,
        code: Code,
    ) -> Option<Str> {
        match value {
            Value::Str(name) => Some(*name),
            other => {
                let message = format!(
                    "the type of {what} should be a type name, not {}",
                    other.kind()
                );
                self.error(Diagnostic::new(code, other.span(), message));
                None
            }
        }
    }

    pub(super) fn type_ref(&mut self, value: &Value, what: &dyn Display, code: Code) -> TypeRef {
        match value {
            Value::Str(name) => TypeRef::Name(*name),
            Value::Array(array) => match array.items.as_slice() {
                [Value::Str(name)] => TypeRef::Array(*name),
                _ => {
                    let message =
                        format!("the array type of {what} must consist of exactly one type name");
                    self.error(Diagnostic::new(Code::ArrayType, array.span, message));
                    TypeRef::Broken
                }
            },
            other => {
                let message = format!(
                    "the type of {what} should be a type name or an array of one, not {}",
                    other.kind()
                );
                self.error(Diagnostic::new(code, other.span(), message));
                TypeRef::Broken
            }
        }
    }
}
