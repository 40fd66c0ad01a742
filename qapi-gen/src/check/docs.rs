//! Documentation and what it describes.

use super::Report;
use super::define::context;
use super::defs::{Body, Def};
use super::resolve::{all_features, own_members};
use crate::diagnostic::{Code, DefinitionKind, Diagnostic};
use crate::model::{Doc, Section, SectionKind, Text};
use crate::names::{FastMap, FastSet, Symbol};
use crate::source::Span;
use crate::syntax::Parsed;
use crate::syntax::ast::DocState;
use crate::syntax::doc::{DocComment, DocSection, DocSectionKind};

/// Reports members and features that are not described. Returns the faults of descriptions
/// without a member, which are reported when all definitions were looked at.
pub(super) fn check(def: &Def, parsed: &Parsed, report: &mut Report) -> Vec<Diagnostic> {
    let DocState::Present(doc) = &def.doc else {
        return Vec::new();
    };
    if parsed.options.legacy {
        return Vec::new();
    }
    let described = |features: bool| -> FastSet<Symbol> {
        let names = doc.sections.iter().filter_map(move |s| match s.kind {
            DocSectionKind::Member(name) => (!features).then_some(name),
            DocSectionKind::Feature(name) => features.then_some(name),
            _ => None,
        });
        names.collect()
    };
    let (members, features) = (described(false), described(true));
    let mut missing = |name: Symbol, span: Span, role: &str| {
        let message = format!("{role} '{}' lacks documentation", parsed.names.str(name));
        let diagnostic = Diagnostic::new(Code::DocMissingDescription, span, message)
            .label(first_line(doc), "the documentation is here");
        report.add(&context(def, parsed), diagnostic);
    };
    let mut known_features = FastSet::default();
    for feature in all_features(def) {
        if known_features.insert(feature.name) && !features.contains(&feature.name) {
            missing(feature.name, feature.span, "feature");
        }
    }
    let excepted = &parsed.pragmas.documentation_exceptions;
    let complete = !excepted.contains(&def.name.symbol);
    let mut known_members = FastSet::default();
    let mut member = |name: Symbol, span: Span, role: &str| {
        if known_members.insert(name) && complete && !members.contains(&name) {
            missing(name, span, role);
        }
    };
    if let Body::Enum { values, .. } = &def.body {
        for value in values {
            member(value.name, value.span, "value");
        }
    }
    let role = match def.kind {
        DefinitionKind::Struct => "member",
        DefinitionKind::Union => "base member",
        DefinitionKind::Alternate => "alternative",
        _ => "parameter",
    };
    for m in own_members(def) {
        member(m.name, m.span, role);
    }
    if def.faulty {
        return Vec::new();
    }
    let no_such = |what: &str, bogus: Vec<&DocSection>| {
        let (first, rest) = bogus.split_first()?;
        let names: Vec<&str> = bogus
            .iter()
            .map(|s| parsed.names.str(described_name(s)))
            .collect();
        let plural = if rest.is_empty() {
            (" ", "does")
        } else {
            ("s ", "do")
        };
        let message = format!(
            "documented {what}{}'{}' {} not exist",
            plural.0,
            names.join("', '"),
            plural.1
        );
        let mut diagnostic = Diagnostic::new(Code::DocNoSuchMember, first.span, message)
            .anchored(first.span)
            .label(def.name.span, "documented here");
        for section in rest {
            diagnostic = diagnostic.label(section.span, "does not exist either");
        }
        Some(diagnostic)
    };
    let bogus = |is_bogus: &dyn Fn(&DocSectionKind) -> bool| {
        doc.sections.iter().filter(|s| is_bogus(&s.kind)).collect()
    };
    let members = no_such(
        "member",
        bogus(&|k| matches!(k, DocSectionKind::Member(n) if !known_members.contains(n))),
    );
    let features = no_such(
        "feature",
        bogus(&|k| matches!(k, DocSectionKind::Feature(n) if !known_features.contains(n))),
    );
    members.into_iter().chain(features).collect()
}

fn described_name(section: &DocSection) -> Symbol {
    match section.kind {
        DocSectionKind::Member(name) | DocSectionKind::Feature(name) => name,
        _ => unreachable!("only descriptions have names"),
    }
}

fn first_line(doc: &DocComment) -> Span {
    doc.symbol.map_or(doc.span, |(_, span)| span)
}

/// Documentation on its way into the model.
#[derive(Default)]
pub(super) struct Texts {
    pub(super) doc: Option<Doc>,
    members: FastMap<Symbol, Text>,
    features: FastMap<Symbol, Text>,
}

impl Texts {
    pub(super) fn new(doc: DocState) -> Texts {
        let mut texts = Texts::default();
        let DocState::Present(doc) = doc else {
            return texts;
        };
        let mut sections = Vec::new();
        let mut trailing = false;
        for section in doc.sections {
            let text = Text {
                text: section.text,
                span: section.span,
            };
            let kind = match section.kind {
                DocSectionKind::Member(name) => {
                    texts.members.insert(name, text);
                    trailing = true;
                    continue;
                }
                DocSectionKind::Feature(name) => {
                    texts.features.insert(name, text);
                    trailing = true;
                    continue;
                }
                DocSectionKind::Plain | DocSectionKind::Obsolete => SectionKind::Plain,
                DocSectionKind::Returns => SectionKind::Returns,
                DocSectionKind::Errors => SectionKind::Errors,
                DocSectionKind::Since => SectionKind::Since,
                DocSectionKind::Todo => SectionKind::Todo,
            };
            sections.push(Section {
                kind,
                text,
                trailing,
            });
            trailing |= kind != SectionKind::Plain;
        }
        texts.doc = Some(Doc {
            span: doc.span,
            sections,
        });
        texts
    }

    pub(super) fn member(&mut self, name: Symbol) -> Option<Text> {
        self.members.remove(&name)
    }

    /// Features of several members share one description.
    pub(super) fn feature(&self, name: Symbol) -> Option<Text> {
        self.features.get(&name).cloned()
    }
}
