//! The shape of expressions: keys, names and values, as far as one expression tells.

use super::defs::{Body, Data, Def, Flags, TypeRef};
use super::names::{self, Case};
use super::shaper::Shape;
use super::{Context, Report};
use crate::diagnostic::{Code, DefinitionKind, Diagnostic};
use crate::names::{Symbol, sym};
use crate::source::FileId;
use crate::syntax::Parsed;
use crate::syntax::ast::{
    DocComment, DocSectionKind, DocState, Expression, Item, Object, Str, Value,
};

const KINDS: [(Symbol, DefinitionKind); 6] = [
    (sym::ENUM, DefinitionKind::Enum),
    (sym::STRUCT, DefinitionKind::Struct),
    (sym::UNION, DefinitionKind::Union),
    (sym::ALTERNATE, DefinitionKind::Alternate),
    (sym::COMMAND, DefinitionKind::Command),
    (sym::EVENT, DefinitionKind::Event),
];

/// Free-form documentation, with the number of definitions of the schema that precede it.
pub(super) type FreeForm = (FileId, usize, DocComment);

/// Checks every expression by itself.
pub(super) fn check(
    items: Vec<Item>,
    parsed: &mut Parsed,
    report: &mut Report,
) -> (Vec<Def>, Vec<FreeForm>) {
    let mut defs = Vec::new();
    let mut free_form = Vec::new();
    for item in items {
        match item {
            Item::FreeForm(file, doc) => free_form.push((file, defs.len(), *doc)),
            Item::Definition(expression) => {
                let mut shape = Shape {
                    parsed,
                    report,
                    context: Context {
                        span: expression.object.span,
                        definition: None,
                    },
                    faulty: false,
                };
                defs.extend(shape.definition(expression));
            }
        }
    }
    (defs, free_form)
}

impl Shape<'_> {
    fn definition(&mut self, expression: Expression) -> Option<Def> {
        let Expression { file, object, doc } = expression;
        let symbol = match &doc {
            DocState::Present(doc) => doc.symbol.map(|(symbol, _)| symbol),
            _ => None,
        };
        let Some((key, kind, value)) = self.kind(&object) else {
            self.parsed.poisoned.extend(symbol);
            return None;
        };
        let Value::Str(name) = *value else {
            self.error(Diagnostic::new(
                Code::NameNotString,
                value.span(),
                format!(
                    "'{kind}' requires a name, which is a string, not {}",
                    value.kind()
                ),
            ));
            self.parsed.incomplete = true;
            return None;
        };
        let text = self.parsed.names.name(name.symbol).clone();
        self.context.definition = Some((kind, text.clone()));
        let sound_name = self.name(kind, name, &text);
        let doc = self.doc(doc, &object, kind, name, sound_name);
        let body = self.body(&object, kind, key, name.symbol);
        let condition = self.condition(&object, || kind.to_string());
        let features = self.features(&object);
        self.flags(&object, kind);
        Some(Def {
            kind,
            name,
            file,
            span: object.span,
            doc,
            condition,
            features,
            body,
            sound_name,
            faulty: self.faulty,
        })
    }

    /// The one key that says what is defined.
    fn kind<'o>(&mut self, object: &'o Object) -> Option<(Symbol, DefinitionKind, &'o Value)> {
        let mut found = object.members.iter().filter_map(|(key, value)| {
            let (symbol, kind) = *KINDS.iter().find(|(s, _)| *s == key.symbol)?;
            Some((key, symbol, kind, value))
        });
        let Some((_, symbol, kind, value)) = found.next() else {
            let at = object
                .members
                .first()
                .map_or(object.span, |(key, _)| key.span);
            let mut diagnostic = Diagnostic::new(
                Code::DefinitionKey,
                at,
                "an expression must have one of the keys 'enum', 'struct', 'union', 'alternate', 'command', 'event'",
            );
            if object.get(sym::TYPE).is_some() {
                diagnostic = diagnostic
                    .help("since QEMU 2.4 'type' is written 'struct'; older schemas are read as legacy input");
            } else {
                let words = KINDS.map(|(_, kind)| kind.as_str());
                for (key, value) in &object.members {
                    if matches!(value, Value::Str(_)) && diagnostic.help.is_empty() {
                        let written = self.parsed.names.str(key.symbol).to_owned();
                        diagnostic =
                            self.report
                                .suggest(diagnostic, &written, &mut words.into_iter());
                    }
                }
            }
            self.error(diagnostic);
            self.poison(object);
            return None;
        };
        if let Some((second, ..)) = found.next() {
            let diagnostic = Diagnostic::new(
                Code::DefinitionKey,
                second.span,
                format!(
                    "an expression defines one thing, and this one has the key '{kind}' already"
                ),
            );
            self.error(diagnostic);
            self.poison(object);
            return None;
        }
        Some((symbol, kind, value))
    }

    /// Any string in an expression of unknown kind may be the name that it was to define.
    fn poison(&mut self, object: &Object) {
        let strings = object.members.iter().filter_map(|(_, value)| match value {
            Value::Str(s) => Some(s.symbol),
            _ => None,
        });
        let before = self.parsed.poisoned.len();
        self.parsed.poisoned.extend(strings);
        self.parsed.incomplete |= self.parsed.poisoned.len() == before;
    }

    /// Whether a name keeps to the rules for its kind of definition.
    fn name(&mut self, kind: DefinitionKind, name: Str, text: &str) -> bool {
        if self.parsed.options.legacy {
            return true;
        }
        let (case, code) = match kind {
            DefinitionKind::Event => (Case::Upper, Code::EventNameCase),
            DefinitionKind::Command => {
                let excepted = &self.parsed.pragmas.command_name_exceptions;
                if excepted.contains(&name.symbol) || !self.parsed.exceptions_known() {
                    (Case::LowerUnderscore, Code::CommandNameCase)
                } else {
                    (Case::Lower, Code::CommandNameCase)
                }
            }
            _ => (Case::Camel, Code::TypeNameCase),
        };
        let fault = match names::fault(text, name.span, &kind.as_str(), case, code) {
            Some(diagnostic) => diagnostic,
            None if case == Case::Camel && text.ends_with("List") => Diagnostic::new(
                Code::TypeNameList,
                name.span,
                format!("the name of {kind} must not end in 'List'"),
            )
            .note("such names belong to array types in generated code"),
            None => return true,
        };
        self.error(fault);
        false
    }

    fn doc(
        &mut self,
        doc: DocState,
        object: &Object,
        kind: DefinitionKind,
        name: Str,
        sound_name: bool,
    ) -> DocState {
        if self.parsed.options.legacy {
            let symbol = match &doc {
                DocState::Present(doc) => doc.symbol,
                _ => None,
            };
            return match symbol {
                Some((symbol, _)) if symbol == name.symbol => doc,
                _ => DocState::Absent,
            };
        }
        match doc {
            DocState::Absent => {
                let elsewhere = self.parsed.misplaced_docs.contains(&name.symbol);
                if self.parsed.pragmas.doc_required && !elsewhere {
                    let message = format!("{kind} lacks documentation");
                    let diagnostic = Diagnostic::new(Code::DocMissing, name.span, message)
                        .note("the pragma 'doc-required' asks for a documentation comment");
                    self.error(diagnostic);
                }
                DocState::Absent
            }
            DocState::Broken => DocState::Broken,
            DocState::Present(doc) => {
                let (symbol, span) = doc.symbol.expect("free-form documentation is not attached");
                if symbol != name.symbol && !sound_name {
                    return DocState::Broken;
                }
                if symbol != name.symbol {
                    let message = format!(
                        "the documentation is for '{}', the definition is of '{}'",
                        self.parsed.names.str(symbol),
                        self.parsed.names.str(name.symbol)
                    );
                    self.parsed.poisoned.insert(symbol);
                    self.error(
                        Diagnostic::new(Code::DocWrongSymbol, span, message)
                            .label(name.span, "defined here"),
                    );
                    return DocState::Broken;
                }
                self.doc_sections(&doc, object, kind);
                DocState::Present(doc)
            }
        }
    }

    /// `Returns:` and `Errors:` belong to commands.
    fn doc_sections(&mut self, doc: &DocComment, object: &Object, kind: DefinitionKind) {
        for (section_kind, tag) in [
            (DocSectionKind::Returns, "Returns"),
            (DocSectionKind::Errors, "Errors"),
        ] {
            let Some(section) = doc.sections.iter().find(|s| s.kind == section_kind) else {
                continue;
            };
            let returns = section_kind == DocSectionKind::Returns;
            let message = if kind != DefinitionKind::Command {
                format!("a '{tag}:' section is for commands only")
            } else if returns && object.get(sym::RETURNS).is_none() {
                "a 'Returns:' section, but the command returns nothing".to_owned()
            } else {
                continue;
            };
            // 'Errors:' was text like any other.
            let was_right = !returns || kind == DefinitionKind::Command;
            let diagnostic = Diagnostic::new(Code::DocSectionNotApplicable, section.span, message)
                .taken_until(was_right.then_some((8, 2)))
                .anchored(section.span);
            self.report.found.push(diagnostic);
        }
    }

    fn body(&mut self, object: &Object, kind: DefinitionKind, key: Symbol, name: Symbol) -> Body {
        let what = kind.as_str();
        match kind {
            DefinitionKind::Enum => {
                self.keys(
                    object,
                    what,
                    &[key, sym::DATA],
                    &[sym::IF, sym::FEATURES, sym::PREFIX],
                );
                self.enum_body(object, name)
            }
            DefinitionKind::Struct => {
                self.keys(
                    object,
                    what,
                    &[key, sym::DATA],
                    &[sym::BASE, sym::IF, sym::FEATURES],
                );
                let members = object
                    .get(sym::DATA)
                    .map(|data| self.members(data, "'data'", "member", Some(name)));
                let base = object
                    .get(sym::BASE)
                    .and_then(|base| self.type_name(base, &"'base'", Code::TypeNameExpected));
                Body::Struct {
                    base,
                    members: members.flatten().unwrap_or_default(),
                }
            }
            DefinitionKind::Union => {
                self.keys(
                    object,
                    what,
                    &[key, sym::BASE, sym::DISCRIMINATOR, sym::DATA],
                    &[sym::IF, sym::FEATURES],
                );
                self.union_body(object, name)
            }
            DefinitionKind::Alternate => {
                self.keys(object, what, &[key, sym::DATA], &[sym::IF, sym::FEATURES]);
                self.alternate_body(object)
            }
            DefinitionKind::Command => {
                self.keys(
                    object,
                    what,
                    &[key],
                    &[
                        sym::DATA,
                        sym::RETURNS,
                        sym::BOXED,
                        sym::IF,
                        sym::FEATURES,
                        sym::GEN,
                        sym::SUCCESS_RESPONSE,
                        sym::ALLOW_OOB,
                        sym::ALLOW_PRECONFIG,
                        sym::COROUTINE,
                    ],
                );
                let data = self.data(object, Code::CommandData, Code::CommandBoxed);
                let returns = object
                    .get(sym::RETURNS)
                    .map(|value| self.type_ref(value, &"'returns'", Code::ReturnsShape))
                    .filter(|ty| !matches!(ty, TypeRef::Name(name) if self.is_empty(*name)));
                let set = |flag: Symbol, value: bool| matches!(object.get(flag), Some(Value::Bool(b, _)) if *b == value);
                Body::Command {
                    data,
                    returns,
                    flags: Flags {
                        boxed: object.get(sym::BOXED).is_some(),
                        no_gen: set(sym::GEN, false),
                        no_success_response: set(sym::SUCCESS_RESPONSE, false),
                        allow_oob: set(sym::ALLOW_OOB, true),
                        allow_preconfig: set(sym::ALLOW_PRECONFIG, true),
                        coroutine: set(sym::COROUTINE, true),
                    },
                }
            }
            DefinitionKind::Event => {
                self.keys(
                    object,
                    what,
                    &[key],
                    &[sym::DATA, sym::BOXED, sym::IF, sym::FEATURES],
                );
                Body::Event {
                    data: self.data(object, Code::EventData, Code::EventBoxed),
                    boxed: object.get(sym::BOXED).is_some(),
                }
            }
        }
    }

    fn data(&mut self, object: &Object, shape: Code, boxed_rule: Code) -> Data {
        let boxed = match object.entry(sym::BOXED) {
            Some((key, Value::Bool(true, _))) => Some(key.span),
            _ => None,
        };
        let data = object.get(sym::DATA);
        match (data, boxed) {
            (None, None) => Data::None,
            (None, Some(flag)) => {
                self.error(Diagnostic::new(
                    boxed_rule,
                    flag,
                    "'boxed': true requires 'data'",
                ));
                Data::Broken
            }
            (Some(Value::Str(name)), _) if self.is_empty(*name) => Data::None,
            (Some(Value::Str(name)), _) => Data::Name(*name),
            (Some(data @ Value::Object(_)), None) => {
                match self.members(data, "'data'", "parameter", None) {
                    Some(members) => Data::Inline(members),
                    None => Data::Broken,
                }
            }
            (Some(other), boxed) => {
                let (code, expected) = match (boxed, other) {
                    (Some(_), Value::Object(_)) => {
                        (boxed_rule, "boxed 'data' should be a type name")
                    }
                    (Some(_), _) => (Code::TypeNameExpected, "boxed 'data' should be a type name"),
                    (None, _) => (shape, "'data' should be an object or a type name"),
                };
                let message = format!("{expected}, not {}", other.kind());
                self.error(Diagnostic::new(code, other.span(), message));
                self.faulty = true;
                Data::Broken
            }
        }
    }

    /// QEMU's generator takes an empty name of a base, of data or of a result as none at all.
    fn is_empty(&self, name: Str) -> bool {
        self.parsed.names.str(name.symbol).is_empty()
    }
}
