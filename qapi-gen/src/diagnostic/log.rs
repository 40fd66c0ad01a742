//! A bounded list of errors.

use super::{Code, Diagnostic, Release};

/// How many errors are kept. A file that breaks a rule on every line would otherwise take a
/// hundred times its size in memory, and nobody reads on that far.
pub(crate) const MAX_ERRORS: usize = 10_000;

/// The oldest release that [`Diagnostic::taken_until`] is about.
const OLDEST: Release = (6, 0);

/// The errors found so far.
#[derive(Debug)]
pub(crate) struct Log {
    kept: Vec<Diagnostic>,
    omitted: usize,
    taken_from: Release,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            kept: Vec::new(),
            omitted: 0,
            taken_from: OLDEST,
        }
    }
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

    /// States of the errors of one rule from the given count on that they were never right.
    pub(crate) fn never_taken(&mut self, count: usize, code: Code) {
        let from = count.min(self.kept.len());
        let found = self.kept[from..].iter_mut();
        for diagnostic in found.filter(|diagnostic| diagnostic.code == code) {
            diagnostic.taken_until = None;
        }
    }

    /// Notes that generators of releases before this one refuse something that is right today.
    pub(crate) fn needs(&mut self, release: Release) {
        self.taken_from = self.taken_from.max(release);
    }

    /// The first release whose generator took everything that is right today.
    pub(crate) fn taken_from(&self) -> Release {
        self.taken_from
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
