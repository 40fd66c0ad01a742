//! Stand-ins for parts of the standard library that take long to compile, since every build script compiles this crate.

use std::cmp::Ordering;

/// Collecting into vectors. What the standard library does to know a length before it allocates takes 350 lines of LLVM
/// IR for each iterator; this takes 40.
pub(crate) trait CollectVec: Iterator + Sized {
    fn collect_vec(self) -> Vec<Self::Item> {
        let mut items = Vec::new();
        for item in self {
            items.push(item);
        }
        items
    }
}

impl<I: Iterator> CollectVec for I {}

/// Extending vectors, at as little cost.
pub(crate) trait PushAll<T> {
    fn push_all(&mut self, items: impl IntoIterator<Item = T>);
}

impl<T> PushAll<T> for Vec<T> {
    fn push_all(&mut self, items: impl IntoIterator<Item = T>) {
        for item in items {
            self.push(item);
        }
    }
}

/// The places of things in their order. A build script needs no other sorting; each instance of the standard library's
/// takes 2,000 lines.
pub(crate) fn order(len: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let mut places = (0..len).collect_vec();
    places.sort_unstable_by(|&a, &b| compare(a, b).then(a.cmp(&b)));
    places
}

/// Names in their order.
pub(crate) fn sort_names(names: &mut [&str]) {
    let unsorted = names.to_vec();
    let places = order(names.len(), &|a, b| unsorted[a].cmp(unsorted[b]));
    for (name, place) in names.iter_mut().zip(places) {
        *name = unsorted[place];
    }
}

/// Parts with a separator between them.
pub(crate) fn join<S: AsRef<str>>(parts: &[S], separator: &str) -> String {
    let mut joined = String::new();
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            joined.push_str(separator);
        }
        joined.push_str(part.as_ref());
    }
    joined
}
