//! What a file that extends the schema says of definitions that the schema has.

use super::defs::{Body, Data, Def};
use crate::names::Symbol;
use crate::syntax::ast::{DocSectionKind, DocState};
use std::collections::HashMap;

/// Moves the parts that definitions after the first `own` files repeat to the schema's own definitions of that name. What
/// does not fit stays, to be reported as defined twice.
pub(super) fn merge(defs: &mut Vec<Def>, own: usize) {
    let is_own = |def: &Def| (def.file.0 as usize) < own;
    if defs.iter().all(is_own) {
        return;
    }
    let mut first: HashMap<Symbol, usize> = HashMap::new();
    let mut kept: Vec<Def> = Vec::new();
    for def in std::mem::take(defs) {
        let name = def.name.symbol;
        let there = first.get(&name).copied().filter(|_| !is_own(&def));
        match there.map(|at| &mut kept[at]) {
            Some(whole) if whole.takes(&def) => whole.absorb(def),
            _ => {
                first.entry(name).or_insert(kept.len());
                kept.push(def);
            }
        }
    }
    *defs = kept;
}

impl Def {
    fn takes(&self, part: &Def) -> bool {
        let data = match (&self.body, &part.body) {
            (Body::Union { base, .. }, Body::Union { base: more, .. }) => (base, more),
            (Body::Command { data, .. }, Body::Command { data: more, .. })
            | (Body::Event { data, .. }, Body::Event { data: more, .. }) => (data, more),
            _ => return self.kind == part.kind,
        };
        match data {
            (Data::Name(_), Data::Inline(members)) => members.is_empty(),
            (own, Data::Name(_)) => matches!(own, Data::None),
            _ => true,
        }
    }

    fn absorb(&mut self, part: Def) {
        self.faulty |= part.faulty;
        match (&mut self.body, part.body) {
            (Body::Enum { values, .. }, Body::Enum { values: more, .. }) => values.extend(more),
            (Body::Struct { members, .. }, Body::Struct { members: more, .. }) => {
                members.extend(more);
            }
            (Body::Alternate { alternatives }, Body::Alternate { alternatives: more }) => {
                alternatives.extend(more)
            }
            (
                Body::Union { base, branches, .. },
                Body::Union {
                    base: data,
                    branches: more,
                    ..
                },
            ) => {
                base.absorb(data);
                branches.extend(more);
            }
            (Body::Command { data, .. }, Body::Command { data: more, .. })
            | (Body::Event { data, .. }, Body::Event { data: more, .. }) => data.absorb(more),
            _ => {}
        }
        match (&mut self.doc, part.doc) {
            (DocState::Present(doc), DocState::Present(more)) => {
                let parts = more.sections.into_iter().filter(|section| {
                    matches!(
                        section.kind,
                        DocSectionKind::Member(_) | DocSectionKind::Feature(_)
                    )
                });
                doc.sections.extend(parts);
            }
            (doc @ DocState::Absent, more) => *doc = more,
            _ => {}
        }
    }
}

impl Data {
    fn absorb(&mut self, part: Data) {
        match (self, part) {
            (Data::Inline(members), Data::Inline(more)) => members.extend(more),
            (data @ Data::None, more) => *data = more,
            _ => {}
        }
    }
}
