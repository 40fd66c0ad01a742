//! Members that clash with inherited ones.
//!
//! Checking each struct against all that it inherits would cost the square of a chain's length.
//! Walking the trees of bases with a table of the names in scope costs each member one look-up.

use super::names;
use crate::model::ObjectId;
use crate::names::{FastMap, Interner, Symbol};

/// Numbers for names, equal where the names are the same in generated code.
pub(super) struct Folds {
    by_symbol: Vec<u32>,
    by_text: FastMap<String, u32>,
}

impl Folds {
    pub(super) fn new(names: &Interner) -> Folds {
        Folds {
            by_symbol: vec![u32::MAX; names.len()],
            by_text: FastMap::default(),
        }
    }

    pub(super) fn fold(&mut self, symbol: Symbol, names: &Interner) -> u32 {
        let known = &mut self.by_symbol[symbol.0 as usize];
        if *known == u32::MAX {
            let next = self.by_text.len() as u32;
            *known = *self
                .by_text
                .entry(names::folded(names.str(symbol)))
                .or_insert(next);
        }
        *known
    }
}

/// A member of an object type, by position.
pub(super) type Place = (ObjectId, usize);

/// For each member that clashes with an earlier one of its type or of a base, the earlier one.
///
/// `members` gives the folded names of an object's own members.
pub(super) fn inherited(
    bases: &[Option<ObjectId>],
    members: impl Fn(ObjectId) -> Vec<u32>,
) -> FastMap<Place, Place> {
    let mut derived: Vec<Vec<u32>> = vec![Vec::new(); bases.len()];
    let mut stack = Vec::new();
    for (index, base) in bases.iter().enumerate() {
        match base {
            Some(base) => derived[base.index()].push(index as u32),
            None => stack.push((ObjectId(index as u32), true)),
        }
    }
    let mut clashes = FastMap::default();
    let mut scope: FastMap<u32, Vec<Place>> = FastMap::default();
    while let Some((object, entering)) = stack.pop() {
        let names = members(object);
        if !entering {
            for name in names {
                scope.get_mut(&name).expect("entered before").pop();
            }
            continue;
        }
        for (index, name) in names.into_iter().enumerate() {
            let holders = scope.entry(name).or_default();
            if let Some(earlier) = holders.first() {
                clashes.insert((object, index), *earlier);
            }
            holders.push((object, index));
        }
        stack.push((object, false));
        stack.extend(derived[object.index()].iter().map(|&d| (ObjectId(d), true)));
    }
    clashes
}
