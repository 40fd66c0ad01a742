//! Documentation as the schema attaches it to definitions.

use crate::source::Span;

/// Documentation text: reStructuredText, without comment markers and common indentation.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Text {
    /// The text; lines are separated by LF. Empty where the description is a stub.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

/// The documentation of a definition, but for what is attached to its members, values and features.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Doc {
    /// The whole comment.
    pub span: Span,
    /// The sections, in source order.
    pub sections: Vec<Section>,
}

/// A section of documentation.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Section {
    /// What it is about.
    pub kind: SectionKind,
    /// Its text.
    pub text: Text,
    /// Whether it stands after the descriptions of members or features, or after a tagged section.
    pub trailing: bool,
}

/// The kinds of section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SectionKind {
    /// Plain paragraphs.
    Plain,
    /// `Returns:`
    Returns,
    /// `Errors:`
    Errors,
    /// `Since:`
    Since,
    /// `TODO:`
    Todo,
}

impl Doc {
    /// The text of the first section of a kind.
    pub fn section(&self, kind: SectionKind) -> Option<&Text> {
        self.sections
            .iter()
            .find(|s| s.kind == kind)
            .map(|s| &s.text)
    }

    /// The release in which the definition appeared, as written after `Since:`.
    pub fn since(&self) -> Option<&str> {
        self.section(SectionKind::Since).map(|t| t.text.trim())
    }
}
