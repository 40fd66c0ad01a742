//! The rules of the language.
//!
//! QEMU's generator works in phases and stops at the first error: it reads everything, checks the
//! shape of each expression, creates the definitions, resolves them one by one (a base, branch or
//! argument type before what contains it), and ends with checks of the whole. The phases here are
//! the same, but go on; the error that comes first in this order is reported first.

mod alternates;
mod assemble;
mod clash;
mod conditions;
mod define;
mod defs;
mod docs;
mod extend;
mod keys;
mod names;
mod object;
mod resolve;
mod resolver;
mod shape;
mod shape_parts;
mod shaper;
mod unions;
mod values;

use crate::diagnostic::{DefinitionKind, Diagnostic, Errors, Log};
use crate::model::Schema;
use crate::names::Name;
use crate::source::{SourceMap, Span};
use crate::syntax::Parsed;

/// Checks what was parsed.
pub(crate) fn check(mut parsed: Parsed) -> Result<Schema, Errors> {
    #[cfg(feature = "legacy")]
    if parsed.options.legacy {
        crate::legacy::lower(&mut parsed);
    }
    let mut report = Report {
        found: std::mem::take(&mut parsed.report),
        suggestions: 200_000,
    };
    let items = std::mem::take(&mut parsed.items);
    let (mut defs, free_form) = shape::check(items, &mut parsed, &mut report);
    extend::merge(&mut defs, parsed.own_files);
    let tables = define::define(&defs, &mut parsed, &mut report);
    let resolved = resolve::resolve(&defs, tables, &parsed, &mut report);
    if report.found.len() == 0 {
        Ok(assemble::assemble(defs, free_form, resolved, parsed))
    } else {
        Err(report.into_errors(parsed.sources))
    }
}

/// The errors so far, in the order in which QEMU's generator would meet them.
struct Report {
    found: Log,
    /// How many more candidates to try in the search for likely corrections, which takes time.
    suggestions: usize,
}

impl Report {
    /// Reports an error of meaning in a definition.
    fn add(&mut self, context: &Context, diagnostic: Diagnostic) {
        let mut diagnostic = diagnostic.anchored(context.span);
        diagnostic.definition.clone_from(&context.definition);
        self.found.push(diagnostic);
    }

    /// Adds a likely correction to a diagnostic, if there is one and time for it.
    fn suggest(
        &mut self,
        diagnostic: Diagnostic,
        written: &str,
        candidates: &mut dyn Iterator<Item = &str>,
    ) -> Diagnostic {
        if self.suggestions == 0 {
            return diagnostic;
        }
        let left = &mut self.suggestions;
        let candidates = candidates.take(*left);
        diagnostic.suggest(written, &mut candidates.inspect(|_| *left -= 1))
    }

    /// Keeps the first error first and sorts the others by place.
    fn into_errors(self, sources: SourceMap) -> Errors {
        let taken_from = self.found.taken_from();
        let (mut diagnostics, omitted) = self.found.into_parts();
        if let Some((_, others)) = diagnostics.split_first_mut() {
            others.sort_by_key(|found| found.primary.or(found.anchor));
        }
        Errors {
            sources,
            diagnostics,
            omitted,
            taken_from,
        }
    }
}

/// What an error of meaning is in.
#[derive(Clone)]
struct Context {
    span: Span,
    definition: Option<(DefinitionKind, Name)>,
}
