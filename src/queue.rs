//! A queue from whose middle entries are taken.

use std::collections::VecDeque;

/// Places that may be empty beyond as many as are taken, before they are closed up.
const SLACK: usize = 16;

/// A number given in turn.
pub(crate) trait Key: Copy + Ord {
    fn number(self) -> u64;
}

impl Key for u64 {
    fn number(self) -> u64 {
        self
    }
}

/// Values in the order of their keys. What is taken from the middle leaves its place empty for a while, so that taking one
/// of many does not move the others.
#[derive(Debug)]
pub(crate) struct Queue<K, V> {
    /// The first and the last are not empty.
    places: VecDeque<(K, Option<V>)>,
    len: usize,
}

impl<K, V> Default for Queue<K, V> {
    fn default() -> Self {
        Self {
            places: VecDeque::new(),
            len: 0,
        }
    }
}

impl<K: Key, V> Queue<K, V> {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &V> {
        self.places.iter().filter_map(|(_, value)| value.as_ref())
    }

    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.places
            .iter_mut()
            .filter_map(|(_, value)| value.as_mut())
    }

    pub(crate) fn first(&self) -> Option<&V> {
        self.places.front()?.1.as_ref()
    }

    pub(crate) fn last(&self) -> Option<&V> {
        self.places.back()?.1.as_ref()
    }

    /// Puts a value behind all others; its key is the greatest.
    pub(crate) fn push(&mut self, key: K, value: V) {
        debug_assert!(self.places.back().is_none_or(|(last, _)| *last < key));
        if self.places.capacity() == 0 {
            // Most connections have one call at a time, and a program may have thousands of them.
            self.places.reserve_exact(1);
        }
        self.places.push_back((key, Some(value)));
        self.len += 1;
    }

    pub(crate) fn pop(&mut self) -> Option<(K, V)> {
        let (key, value) = self.places.pop_front()?;
        self.taken();
        Some((key, value?))
    }

    pub(crate) fn get(&self, key: K) -> Option<&V> {
        self.places[self.find(key)?].1.as_ref()
    }

    pub(crate) fn get_mut(&mut self, key: K) -> Option<&mut V> {
        let place = self.find(key)?;
        self.places[place].1.as_mut()
    }

    pub(crate) fn remove(&mut self, key: K) -> Option<V> {
        let place = self.find(key)?;
        if place == 0 {
            return Some(self.pop()?.1);
        }
        let value = self.places[place].1.take()?;
        self.taken();
        Some(value)
    }

    /// Takes those out for which `condition` holds.
    pub(crate) fn extract(&mut self, condition: impl Fn(&V) -> bool) -> Vec<V> {
        let mut taken = Vec::new();
        for (key, value) in std::mem::take(&mut self.places) {
            match value {
                Some(value) if condition(&value) => taken.push(value),
                Some(value) => self.places.push_back((key, Some(value))),
                None => {}
            }
        }
        self.len = self.places.len();
        taken
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    fn find(&self, key: K) -> Option<usize> {
        // Mostly none is missing between the first and this one.
        let (first, _) = self.places.front()?;
        let place = usize::try_from(key.number().checked_sub(first.number())?).ok()?;
        match self.places.get(place) {
            Some((found, _)) if *found == key => Some(place),
            _ => self.places.binary_search_by_key(&key, |(key, _)| *key).ok(),
        }
    }

    /// Puts things in order after one was taken.
    fn taken(&mut self) {
        self.len -= 1;
        while let Some((_, None)) = self.places.front() {
            self.places.pop_front();
        }
        while let Some((_, None)) = self.places.back() {
            self.places.pop_back();
        }
        if self.places.len() > 2 * self.len + SLACK {
            self.places.retain(|(_, value)| value.is_some());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_does_what_a_map_does(steps in prop::collection::vec((0..6, 0..64_u64), 0..400)) {
            let (mut queue, mut map) = (Queue::<u64, u64>::default(), BTreeMap::new());
            let mut last = 0;
            for (step, key) in steps {
                match step {
                    0 | 1 => {
                        last += 1;
                        queue.push(last, last);
                        map.insert(last, last);
                    }
                    2 => prop_assert_eq!(queue.pop(), map.pop_first()),
                    3 => prop_assert_eq!(queue.remove(key), map.remove(&key)),
                    4 => prop_assert_eq!(queue.get_mut(key), map.get_mut(&key)),
                    _ if key == 0 => {
                        let odd: Vec<u64> = map.values().copied().filter(|n| n % 2 == 1).collect();
                        prop_assert_eq!(queue.extract(|n| n % 2 == 1), odd);
                        map.retain(|_, n| *n % 2 == 0);
                    }
                    _ => {}
                }
                prop_assert_eq!((queue.len(), queue.is_empty()), (map.len(), map.is_empty()));
                prop_assert_eq!(queue.get(key), map.get(&key));
                prop_assert_eq!(queue.first(), map.values().next());
                prop_assert_eq!(queue.last(), map.values().next_back());
                prop_assert!(queue.values().eq(map.values()));
                prop_assert!(queue.places.len() <= 2 * queue.len() + SLACK);
            }
        }
    }
}
