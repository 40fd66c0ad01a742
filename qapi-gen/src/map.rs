//! Maps and sets that cost little to compile.
//!
//! Where entries are is found by code that is not generic. Each instance of the standard library's
//! map is a hash table of its own, and two dozen of them took an eighth of a build script's time to
//! be compiled.

use crate::names::FastHasher;
use std::borrow::Borrow;
use std::hash::{Hash, Hasher};

/// As many entries are looked through one by one.
const FEW: usize = 8;

/// A hash map. Its entries stay in the order in which they came.
#[derive(Clone, Debug)]
pub(crate) struct FastMap<K, V> {
    index: Index,
    /// `None` where one was removed.
    entries: Vec<Option<(K, V)>>,
    len: usize,
}

/// A set of the same kind.
#[derive(Clone, Debug)]
pub(crate) struct FastSet<K>(FastMap<K, ()>);

/// Positions of entries by their hashes.
#[derive(Clone, Debug, Default)]
struct Index {
    hashes: Vec<u32>,
    /// Open addressing; 0 is a free slot, otherwise position + 1. Empty if there are few entries.
    table: Vec<u32>,
}

impl Index {
    /// The next entry with this hash; the search starts with `step` 0.
    fn next(&self, hash: u32, step: &mut usize) -> Option<usize> {
        if self.table.is_empty() {
            let rest = self.hashes.get(*step..)?;
            let found = *step + rest.iter().position(|&other| other == hash)?;
            *step = found + 1;
            return Some(found);
        }
        let mask = self.table.len() - 1;
        loop {
            let slot = self.table[(hash as usize).wrapping_add(*step) & mask];
            *step += 1;
            let position = slot.checked_sub(1)? as usize;
            if self.hashes[position] == hash {
                return Some(position);
            }
        }
    }

    fn push(&mut self, hash: u32) {
        self.hashes.push(hash);
        if self.hashes.len() <= FEW {
            return;
        }
        if self.hashes.len() * 2 > self.table.len() {
            self.table = vec![0; (self.hashes.len() * 4).next_power_of_two()];
            (0..self.hashes.len()).for_each(|position| self.enter(position));
        } else {
            self.enter(self.hashes.len() - 1);
        }
    }

    fn enter(&mut self, position: usize) {
        let mask = self.table.len() - 1;
        let mut slot = self.hashes[position] as usize & mask;
        while self.table[slot] != 0 {
            slot = (slot + 1) & mask;
        }
        self.table[slot] = position as u32 + 1;
    }
}

fn hash<Q: Hash + ?Sized>(key: &Q) -> u32 {
    let mut hasher = FastHasher::default();
    key.hash(&mut hasher);
    hasher.finish() as u32
}

impl<K, V> Default for FastMap<K, V> {
    fn default() -> Self {
        FastMap {
            index: Index::default(),
            entries: Vec::new(),
            len: 0,
        }
    }
}

impl<K: Hash + Eq, V> FastMap<K, V> {
    fn find<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<usize>
    where
        K: Borrow<Q>,
    {
        let hash = hash(key);
        let mut step = 0;
        while let Some(position) = self.index.next(hash, &mut step) {
            if matches!(&self.entries[position], Some((k, _)) if k.borrow() == key) {
                return Some(position);
            }
        }
        None
    }

    fn push(&mut self, key: K, value: V) {
        self.index.push(hash(&key));
        self.entries.push(Some((key, value)));
        self.len += 1;
    }

    pub(crate) fn get<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        let (_, value) = self.entries[self.find(key)?].as_ref()?;
        Some(value)
    }

    pub(crate) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        let position = self.find(key)?;
        let (_, value) = self.entries[position].as_mut()?;
        Some(value)
    }

    pub(crate) fn contains_key(&self, key: &K) -> bool {
        self.find(key).is_some()
    }

    /// Puts a value in place of the one that was there, which is returned.
    pub(crate) fn insert(&mut self, key: K, value: V) -> Option<V> {
        match self.get_mut(&key) {
            Some(old) => Some(std::mem::replace(old, value)),
            None => {
                self.push(key, value);
                None
            }
        }
    }

    /// The value of a key; if there is none, one is made.
    pub(crate) fn get_or_insert_with(&mut self, key: K, make: impl FnOnce() -> V) -> &mut V {
        let position = self.find(&key).unwrap_or(self.entries.len());
        if position == self.entries.len() {
            self.push(key, make());
        }
        let (_, value) = self.entries[position].as_mut().expect("found or put there");
        value
    }

    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        let position = self.find(key)?;
        let (_, value) = self.entries[position].take()?;
        self.len -= 1;
        Some(value)
    }
}

impl<K, V> FastMap<K, V> {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &(K, V)> {
        // `flatten` is three times as much code to compile.
        self.entries.iter().filter_map(Option::as_ref)
    }
}

impl<K: Hash + Eq, V> FromIterator<(K, V)> for FastMap<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut map = FastMap::default();
        for (key, value) in entries {
            map.insert(key, value);
        }
        map
    }
}

impl<K> Default for FastSet<K> {
    fn default() -> Self {
        FastSet(FastMap::default())
    }
}

impl<K: Hash + Eq> FastSet<K> {
    /// Whether it is new.
    pub(crate) fn insert(&mut self, key: K) -> bool {
        self.0.insert(key, ()).is_none()
    }

    pub(crate) fn contains(&self, key: &K) -> bool {
        self.0.contains_key(key)
    }

    pub(crate) fn remove(&mut self, key: &K) {
        self.0.remove(key);
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<K: Hash + Eq> Extend<K> for FastSet<K> {
    fn extend<I: IntoIterator<Item = K>>(&mut self, keys: I) {
        for key in keys {
            self.insert(key);
        }
    }
}

impl<K: Hash + Eq> FromIterator<K> for FastSet<K> {
    fn from_iter<I: IntoIterator<Item = K>>(keys: I) -> Self {
        let mut set = FastSet::default();
        for key in keys {
            set.insert(key);
        }
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    #[test]
    fn few_and_many_entries_are_found() {
        for n in [0_u32, 1, 8, 9, 10, 1000] {
            let mut map: FastMap<u32, u32> = (0..n).map(|i| (i * 7, i)).collect();
            for i in 0..n {
                assert_eq!(map.get(&(i * 7)), Some(&i));
                assert_eq!(map.get(&(i * 7 + 1)), None);
                assert_eq!(map.insert(i * 7, i + 1), Some(i));
            }
            assert_eq!(map.insert(3, 3), None);
            assert_eq!(map.get_mut(&3), Some(&mut 3));
        }
    }

    #[test]
    fn it_does_what_the_standard_librarys_does() {
        // A small generator of numbers: which does not matter, so long as keys repeat.
        let mut seed = 1_u32;
        let mut next = |below: u32| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 16) % below
        };
        let (mut ours, mut theirs) = (FastMap::default(), HashMap::new());
        for round in 0..20_000 {
            let key = next(300).to_string();
            match next(4) {
                0 => assert_eq!(ours.remove(&key), theirs.remove(&key)),
                1 => assert_eq!(
                    ours.get_or_insert_with(key.clone(), || round),
                    theirs.entry(key).or_insert(round)
                ),
                2 => assert_eq!(ours.insert(key.clone(), round), theirs.insert(key, round)),
                _ => assert_eq!(ours.get(key.as_str()), theirs.get(&key)),
            }
            assert_eq!(
                (ours.len(), ours.iter().count()),
                (theirs.len(), theirs.len())
            );
        }
    }
}
