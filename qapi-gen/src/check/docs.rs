//! Documentation and what it describes.

use super::Report;
use super::define::context;
use super::defs::{Body, Def};
use crate::diagnostic::{Code, DefinitionKind, Diagnostic, Release};
use crate::model::{Doc, Section, SectionKind, Text};
use crate::names::{FastMap, FastSet, Symbol};
use crate::source::Span;
use crate::suggest::closest;
use crate::syntax::Parsed;
use crate::syntax::ast::{DocComment, DocSectionKind, DocState};

/// Something that documentation must describe.
struct Wanted {
    name: Symbol,
    span: Span,
    role: &'static str,
    /// Whether it is an error if it is not described.
    required: bool,
    /// The last release in which it was none.
    free_until: Option<Release>,
}

/// Reports members and features that are not described. Returns the faults of descriptions
/// without a member, which are reported when all definitions were looked at. Without
/// `members_known`, the definition's members are those of a type that could not be found.
pub(super) fn check(
    def: &Def,
    members_known: bool,
    parsed: &Parsed,
    report: &mut Report,
) -> Vec<Diagnostic> {
    let DocState::Present(doc) = &def.doc else {
        return Vec::new();
    };
    if parsed.options.legacy || doc.faulty {
        return Vec::new();
    }
    let features = def.all_features().into_iter().map(|feature| Wanted {
        name: feature.name,
        span: feature.span,
        role: "feature",
        required: feature.sound,
        free_until: None,
    });
    let excepted = &parsed.pragmas.documentation_exceptions;
    let required = !excepted.contains(&def.name.symbol) && parsed.exceptions_known();
    let role = match def.kind {
        DefinitionKind::Struct | DefinitionKind::Enum => "member",
        DefinitionKind::Union => "base member",
        DefinitionKind::Alternate => "alternative",
        DefinitionKind::Command | DefinitionKind::Event => "parameter",
    };
    let members = def.own_members().iter().map(|member| Wanted {
        name: member.name,
        span: member.span,
        role,
        required: required && member.sound,
        free_until: Some((8, 2)),
    });
    let values = match &def.body {
        Body::Enum { values, .. } => values.as_slice(),
        _ => &[],
    };
    let values = values.iter().map(|value| Wanted {
        name: value.name,
        span: value.span,
        role: "value",
        required: required && value.sound,
        free_until: Some((8, 2)),
    });
    let (features, members): (Vec<_>, Vec<_>) = (
        features.collect::<Vec<_>>(),
        members.chain(values).collect::<Vec<_>>(),
    );
    let mut described = (Vec::new(), Vec::new());
    for section in &doc.sections {
        match section.kind {
            DocSectionKind::Member(name) => described.0.push((name, section.span)),
            DocSectionKind::Feature(name) => described.1.push((name, section.span)),
            _ => {}
        }
    }
    if described.0.len() != members.len() || described.1.len() != features.len() {
        // What stands among the wrong descriptions is missing among the right ones, and no more.
        let misplaced = (
            misplaced(&described.0, &members, &described.1, &features),
            misplaced(&described.1, &features, &described.0, &members),
        );
        described.0.retain(|(name, _)| !misplaced.0.contains(name));
        described.1.retain(|(name, _)| !misplaced.1.contains(name));
    }
    let mut check = Check {
        def,
        doc,
        parsed,
        report,
    };
    let features = check.compare("feature", features, described.1);
    let members = check.compare("member", members, described.0);
    let members = members.filter(|_| members_known);
    members.into_iter().chain(features).collect::<Vec<_>>()
}

/// Which of these descriptions have a subject among the others, and lack there.
fn misplaced(
    described: &[(Symbol, Span)],
    own: &[Wanted],
    described_others: &[(Symbol, Span)],
    others: &[Wanted],
) -> FastSet<Symbol> {
    let names = |wanted: &[Wanted]| wanted.iter().map(|w| w.name).collect::<FastSet<_>>();
    let (own, mut missing) = (names(own), names(others));
    for (name, _) in described_others {
        missing.remove(name);
    }
    let described = described.iter().map(|(name, _)| *name);
    described
        .filter(|name| !own.contains(name) && missing.contains(name))
        .collect()
}

struct Check<'a> {
    def: &'a Def,
    doc: &'a DocComment,
    parsed: &'a Parsed,
    report: &'a mut Report,
}

impl Check<'_> {
    /// Reports what is wanted and not described, returns the fault of what is described and not
    /// wanted. A pair of one and the other with similar names is one fault.
    fn compare(
        &mut self,
        what: &str,
        wanted: Vec<Wanted>,
        described: Vec<(Symbol, Span)>,
    ) -> Option<Diagnostic> {
        // Nearly always everything is described once, in the order of the definition.
        let names = wanted.iter().map(|w| w.name);
        if names.eq(described.iter().map(|(name, _)| *name)) {
            return None;
        }
        let text = |symbol: Symbol| self.parsed.names.str(symbol);
        let known: FastSet<Symbol> = wanted.iter().map(|w| w.name).collect();
        let mut seen: FastSet<Symbol> = described.iter().map(|(name, _)| *name).collect();
        let mut bogus: Vec<(Symbol, Span)> = described
            .into_iter()
            .filter(|(name, _)| !known.contains(name))
            .collect::<Vec<_>>();
        for Wanted {
            name,
            span,
            role,
            required,
            free_until,
        } in wanted
        {
            if !seen.insert(name) || !required {
                continue;
            }
            let message = format!("{role} '{}' lacks documentation", text(name));
            let mut diagnostic =
                Diagnostic::new(Code::DocMissingDescription, span, message).taken_until(free_until);
            // Each candidate is tried once at the most, so this stays cheap.
            let mut candidates = bogus.iter().take(20).map(|(n, _)| text(*n));
            let close = closest(text(name), &mut candidates)
                .and_then(|close| bogus.iter().position(|(n, _)| text(*n) == close));
            diagnostic = match close.map(|index| bogus.remove(index)) {
                Some((described, place)) => {
                    // `@name :` was text up to 8.2; what else describes nothing was never right.
                    let was_text = text(described).contains(' ');
                    diagnostic
                        .taken_until(free_until.filter(|_| was_text))
                        .label(place, "this names something that does not exist")
                }
                None => diagnostic.label(first_line(self.doc), "the documentation is here"),
            };
            self.report.add(&context(self.def, self.parsed), diagnostic);
        }
        // What the documentation describes may have been lost to another fault.
        let (first, rest) = bogus.split_first().filter(|_| !self.def.faulty)?;
        let names: Vec<&str> = bogus
            .iter()
            .map(|(name, _)| text(*name))
            .collect::<Vec<_>>();
        let (plural, verb) = if rest.is_empty() {
            ("", "does")
        } else {
            ("s", "do")
        };
        let message = format!(
            "documented {what}{plural} '{}' {verb} not exist",
            names.join("', '")
        );
        let diagnostic = Diagnostic::new(Code::DocNoSuchMember, first.1, message)
            .anchored(first.1)
            .label(self.def.name.span, "documented here");
        Some(rest.iter().fold(diagnostic, |diagnostic, (_, span)| {
            diagnostic.label(*span, "does not exist either")
        }))
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
    pub(super) fn new(doc: DocState, keep: bool) -> Texts {
        let mut texts = Texts::default();
        let (DocState::Present(doc), true) = (doc, keep) else {
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
