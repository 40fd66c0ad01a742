//! A bounded list of errors.

use super::{Diagnostic, Release};

/// How many errors are kept. A file that breaks a rule on every line would otherwise take a
/// hundred times its size in memory, and nobody reads on that far.
pub(crate) const MAX_ERRORS: usize = 10_000;

/// The errors found so far.
#[derive(Debug, Default)]
pub(crate) struct Log {
    kept: Vec<Diagnostic>,
    omitted: usize,
}

impl Log {
    pub(crate) fn push(&mut self, diagnostic: Diagnostic) {
        if self.kept.len() < MAX_ERRORS {
            self.kept.push(diagnostic);
        } else {
            self.omitted += 1;
        }
    }

    /// How many errors were found, omitted ones included.
    pub(crate) fn len(&self) -> usize {
        self.kept.len() + self.omitted
    }

    /// The kept errors from the given count on.
    pub(crate) fn since(&self, count: usize) -> &[Diagnostic] {
        &self.kept[count.min(self.kept.len())..]
    }

    /// States of the errors from the given count on up to which release they were right.
    pub(crate) fn taken_until(&mut self, count: usize, release: Release) {
        let from = count.min(self.kept.len());
        for diagnostic in &mut self.kept[from..] {
            diagnostic.taken_until = Some(release);
        }
    }

    /// The kept errors, and how many there are beside.
    pub(crate) fn into_parts(self) -> (Vec<Diagnostic>, usize) {
        (self.kept, self.omitted)
    }
}

impl Extend<Diagnostic> for Log {
    fn extend<I: IntoIterator<Item = Diagnostic>>(&mut self, diagnostics: I) {
        diagnostics.into_iter().for_each(|d| self.push(d));
    }
}
