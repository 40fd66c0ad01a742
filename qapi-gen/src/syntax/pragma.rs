//! Pragmas: settings for the whole schema.

use crate::diagnostic::{Code, Diagnostic, Log};
use crate::names::{FastSet, Interner, Symbol};
use crate::source::Span;
use crate::syntax::ast::{Object, Value};

/// The settings in force. A later pragma replaces an earlier one of the same name, and since
/// checking starts when everything is read, the last one counts for the whole schema.
#[derive(Debug, Default)]
pub(crate) struct Pragmas {
    pub(crate) doc_required: bool,
    pub(crate) command_name_exceptions: FastSet<Symbol>,
    pub(crate) command_returns_exceptions: FastSet<Symbol>,
    pub(crate) documentation_exceptions: FastSet<Symbol>,
    pub(crate) member_name_exceptions: FastSet<Symbol>,
    /// Whether a pragma of the generation before 6.0 was seen.
    pub(crate) whitelists: bool,
}

const KNOWN: [&str; 5] = [
    "doc-required",
    "command-name-exceptions",
    "command-returns-exceptions",
    "documentation-exceptions",
    "member-name-exceptions",
];

impl Pragmas {
    /// Applies the value of a `pragma` expression.
    pub(crate) fn apply(
        &mut self,
        value: &Value,
        anchor: Span,
        legacy: bool,
        names: &Interner,
        report: &mut Log,
    ) {
        let Value::Object(object) = value else {
            report.push(
                Diagnostic::new(
                    Code::PragmaNotObject,
                    value.span(),
                    format!("'pragma' takes an object, not {}", value.kind()),
                )
                .anchored(anchor),
            );
            return;
        };
        let Object { members, .. } = &**object;
        for (key, value) in members {
            let name = names.str(key.symbol);
            let (name, old) = match name {
                "returns-whitelist" => ("command-returns-exceptions", true),
                "name-case-whitelist" => ("member-name-exceptions", true),
                name => (name, false),
            };
            if old && !legacy {
                report.push(
                    Diagnostic::new(
                        Code::UnknownPragma,
                        key.span,
                        format!("unknown pragma '{}'", names.str(key.symbol)),
                    )
                    .anchored(anchor)
                    .help(format!("since QEMU 6.0 it is called '{name}'; older schemas are read as legacy input")),
                );
                continue;
            }
            self.whitelists |= old;
            let list = match name {
                "doc-required" => {
                    match value {
                        Value::Bool(required, _) => self.doc_required = *required,
                        other => report.push(
                            Diagnostic::new(
                                Code::PragmaNotBool,
                                other.span(),
                                format!(
                                    "pragma 'doc-required' takes a boolean, not {}",
                                    other.kind()
                                ),
                            )
                            .anchored(anchor),
                        ),
                    }
                    continue;
                }
                "command-name-exceptions" => &mut self.command_name_exceptions,
                "command-returns-exceptions" => &mut self.command_returns_exceptions,
                "documentation-exceptions" => {
                    report.needs((9, 0));
                    &mut self.documentation_exceptions
                }
                "member-name-exceptions" => &mut self.member_name_exceptions,
                _ => {
                    report.push(
                        Diagnostic::new(
                            Code::UnknownPragma,
                            key.span,
                            format!("unknown pragma '{name}'"),
                        )
                        .anchored(anchor)
                        .suggest(name, &mut KNOWN.into_iter()),
                    );
                    continue;
                }
            };
            match strings(value) {
                Ok(symbols) => *list = symbols,
                Err(span) => report.push(
                    Diagnostic::new(
                        Code::PragmaNotStrings,
                        span,
                        format!("pragma '{name}' takes a list of strings"),
                    )
                    .anchored(anchor),
                ),
            }
        }
    }
}

fn strings(value: &Value) -> Result<FastSet<Symbol>, Span> {
    let Value::Array(array) = value else {
        return Err(value.span());
    };
    array
        .items
        .iter()
        .map(|item| match item {
            Value::Str(s) => Ok(s.symbol),
            other => Err(other.span()),
        })
        .collect()
}
