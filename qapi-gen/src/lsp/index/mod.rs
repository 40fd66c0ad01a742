//! What the names in a schema's files mean, and where each stands.
//!
//! It is made of what was parsed, so that it is there while the schema has errors.

mod build;
mod mentions;

use crate::diagnostic::DefinitionKind;
use crate::model::Builtin;
use crate::names::{FastMap, Name};
use crate::source::{FileId, SourceMap, Span};
use crate::syntax::Parsed;
use crate::syntax::ast::DocSectionKind;
use std::path::PathBuf;

pub(super) struct Index {
    pub(super) sources: SourceMap,
    /// Where each file is, by [`FileId`].
    pub(super) paths: Vec<PathBuf>,
    pub(super) definitions: Vec<Def>,
    by_name: FastMap<Name, usize>,
    /// In the order of the files and of their text.
    mentions: Vec<Mention>,
}

/// A definition.
pub(super) struct Def {
    pub(super) kind: DefinitionKind,
    pub(super) name: Name,
    /// The name, without its quotes.
    pub(super) name_span: Span,
    pub(super) span: Span,
    /// Members, values or alternatives that it lists.
    pub(super) parts: Vec<Part>,
    pub(super) features: Vec<Name>,
    /// The type whose members it has as well: a base, or the arguments.
    pub(super) members_of: Option<Name>,
    pub(super) discriminator: Option<Name>,
    /// The sections of its documentation that are about no part of it.
    pub(super) sections: Vec<(DocSectionKind, String)>,
    pub(super) feature_texts: Vec<(Name, String)>,
}

/// A member, value or alternative.
pub(super) struct Part {
    pub(super) name: Name,
    /// The name, without quotes and mark of the optional.
    pub(super) span: Span,
    /// The type, and whether it is an array of that.
    pub(super) ty: Option<(Name, bool)>,
    pub(super) optional: bool,
    pub(super) features: Vec<Name>,
    pub(super) text: String,
    pub(super) documented: bool,
}

/// What a name means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Definition(usize),
    /// Of a definition.
    Part(usize, usize),
    /// Of a definition or of its parts.
    Feature(usize, Name),
    Builtin(Builtin),
    /// In conditions.
    Symbol(Name),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Declaration,
    Use,
    /// In a comment.
    Documentation,
}

/// A name in the text of a file.
pub(super) struct Mention {
    pub(super) span: Span,
    pub(super) target: Target,
    pub(super) role: Role,
    /// The definition that it is in.
    pub(super) within: Option<usize>,
}

impl Index {
    pub(super) fn new(parsed: Parsed, paths: Vec<PathBuf>) -> Index {
        build::build(parsed, paths)
    }

    pub(super) fn file(&self, path: &std::path::Path) -> Option<FileId> {
        let at = self.paths.iter().position(|p| p == path)?;
        Some(FileId(at as u32))
    }

    pub(super) fn named(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    /// The mention at an offset in a file, which may be just behind it.
    pub(super) fn mention_at(&self, file: FileId, offset: usize) -> Option<&Mention> {
        let at = self.sources.start_of(file) + offset as u32;
        let after = self.mentions.partition_point(|m| m.span.start <= at);
        let before = self.mentions[..after].iter().rev().take(2);
        before
            .into_iter()
            .find(|m| m.span.start <= at && at <= m.span.end)
    }

    pub(super) fn mentions_of<'i>(
        &'i self,
        target: &'i Target,
    ) -> impl Iterator<Item = &'i Mention> {
        self.mentions.iter().filter(move |m| m.target == *target)
    }

    pub(super) fn symbols(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self
            .mentions
            .iter()
            .filter_map(|m| match &m.target {
                Target::Symbol(name) => Some(name.as_str()),
                _ => None,
            })
            .collect::<Vec<_>>();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The first definition of a file that ends after an offset.
    pub(super) fn definition_after(&self, file: FileId, offset: usize) -> Option<&Def> {
        let at = self.sources.start_of(file) + offset as u32;
        let defs = self.definitions.iter().filter(|def| def.span.end > at);
        defs.filter(|def| self.sources.file_of(def.span) == file)
            .min_by_key(|def| def.span.start)
    }

    pub(super) fn in_file(&self, file: FileId) -> impl Iterator<Item = &Def> {
        let here = move |def: &&Def| self.sources.file_of(def.span) == file;
        self.definitions.iter().filter(here)
    }

    /// A part of a definition, or of the types whose members it has as well.
    pub(super) fn part(&self, def: usize, name: &str) -> Option<(usize, usize)> {
        self.lineage(def).into_iter().find_map(|def| {
            let parts = &self.definitions[def].parts;
            Some((def, parts.iter().position(|part| part.name == name)?))
        })
    }

    /// A definition, and the types whose members it has as well.
    pub(super) fn lineage(&self, def: usize) -> Vec<usize> {
        let mut line = vec![def];
        while let Some(next) = self.definitions[line[line.len() - 1]]
            .members_of
            .as_ref()
            .and_then(|name| self.named(name))
            .filter(|next| !line.contains(next))
        {
            line.push(next);
        }
        line
    }

    /// The enum whose values are the branches of a union.
    pub(super) fn tag_enum(&self, union: usize) -> Option<usize> {
        let tag = self.definitions[union].discriminator.as_ref()?;
        let (def, part) = self.part(union, tag)?;
        let (name, _) = self.definitions[def].parts[part].ty.as_ref()?;
        self.named(name)
            .filter(|def| self.definitions[*def].kind == DefinitionKind::Enum)
    }

    pub(super) fn name_of(&self, target: &Target) -> Name {
        match target {
            Target::Definition(def) => self.definitions[*def].name.clone(),
            Target::Part(def, part) => self.definitions[*def].parts[*part].name.clone(),
            Target::Feature(_, name) | Target::Symbol(name) => name.clone(),
            Target::Builtin(builtin) => builtin.name().into(),
        }
    }

    /// What to call the parts of a definition, and things that stand for one name.
    pub(super) fn describe(&self, target: &Target) -> String {
        match target {
            Target::Definition(def) => {
                let def = &self.definitions[*def];
                format!("{} '{}'", def.kind, def.name)
            }
            Target::Part(def, part) => {
                let def = &self.definitions[*def];
                format!(
                    "{} '{}' of {} '{}'",
                    def.part_kind(),
                    def.parts[*part].name,
                    def.kind,
                    def.name
                )
            }
            Target::Feature(def, name) => {
                let def = &self.definitions[*def];
                format!("feature '{name}' of {} '{}'", def.kind, def.name)
            }
            Target::Builtin(builtin) => format!("built-in type '{}'", builtin.name()),
            Target::Symbol(name) => format!("condition '{name}'"),
        }
    }
}

impl Def {
    pub(super) fn part_kind(&self) -> &'static str {
        match self.kind {
            DefinitionKind::Enum => "value",
            DefinitionKind::Alternate => "alternative",
            _ => "member",
        }
    }

    /// The names of a kind of its parts that lack documentation.
    pub(super) fn undocumented(&self, features: bool) -> Vec<&Name> {
        if !features {
            let parts = self.parts.iter().filter(|part| !part.documented);
            return parts.map(|part| &part.name).collect::<Vec<_>>();
        }
        let all = self
            .features
            .iter()
            .chain(self.parts.iter().flat_map(|part| &part.features));
        let mut names: Vec<&Name> = all
            .filter(|name| self.feature_texts.iter().all(|(n, _)| n != *name))
            .collect::<Vec<_>>();
        names.dedup();
        names
    }

    pub(super) fn section(&self, kind: DocSectionKind) -> Option<&str> {
        let mut sections = self.sections.iter();
        Some(sections.find(|(k, _)| *k == kind)?.1.trim())
    }
}
