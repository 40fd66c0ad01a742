//! Interned names.

use std::borrow::Borrow;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::hash::{BuildHasher, Hasher};
use std::ops::Deref;
use std::sync::Arc;

/// A name as the schema spells it. Cheap to clone; compares and hashes like `str`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(Arc<str>);

impl Name {
    /// The name as a string slice.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Deref for Name {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Name {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Name {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Name {
    fn from(s: &str) -> Name {
        Name(s.into())
    }
}

impl PartialEq<str> for Name {
    fn eq(&self, other: &str) -> bool {
        &*self.0 == other
    }
}

impl PartialEq<&str> for Name {
    fn eq(&self, other: &&str) -> bool {
        &*self.0 == *other
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

/// An interned name, within one [`Interner`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Symbol(pub(crate) u32);

macro_rules! keywords {
    ($($konst:ident $text:literal),* $(,)?) => {
        /// Symbols that every interner starts with.
        pub(crate) mod sym {
            use super::Symbol;
            #[allow(non_camel_case_types, clippy::upper_case_acronyms)]
            enum Index { $($konst),* }
            $(pub(crate) const $konst: Symbol = Symbol(Index::$konst as u32);)*
        }
        const KEYWORDS: &[&str] = &[$($text),*];
    };
}

keywords! {
    INCLUDE "include", PRAGMA "pragma", ENUM "enum", STRUCT "struct", UNION "union",
    ALTERNATE "alternate", COMMAND "command", EVENT "event", TYPE "type", DATA "data",
    BASE "base", DISCRIMINATOR "discriminator", RETURNS "returns", IF "if",
    FEATURES "features", PREFIX "prefix", NAME "name", BOXED "boxed", GEN "gen",
    SUCCESS_RESPONSE "success-response", ALLOW_OOB "allow-oob",
    ALLOW_PRECONFIG "allow-preconfig", COROUTINE "coroutine", ALL "all", ANY "any", NOT "not",
    DEPRECATED "deprecated", UNSTABLE "unstable", Q_EMPTY "q_empty",
}

/// Maps strings to small numbers, so that names are compared and looked up without their text.
#[derive(Debug)]
pub(crate) struct Interner {
    names: Vec<Name>,
    // Open addressing; 0 is a free slot, otherwise index + 1.
    table: Vec<u32>,
}

impl Interner {
    pub(crate) fn new() -> Interner {
        let mut interner = Interner {
            names: Vec::with_capacity(1024),
            table: vec![0; 4096],
        };
        for word in KEYWORDS {
            interner.intern(word);
        }
        interner
    }

    pub(crate) fn intern(&mut self, text: &str) -> Symbol {
        match self.slot(text) {
            Ok(symbol) => symbol,
            Err(slot) => {
                self.names.push(Name(text.into()));
                let index = self.names.len() as u32;
                self.table[slot] = index;
                if self.names.len() * 2 > self.table.len() {
                    self.grow();
                }
                Symbol(index - 1)
            }
        }
    }

    pub(crate) fn get(&self, text: &str) -> Option<Symbol> {
        self.slot(text).ok()
    }

    pub(crate) fn name(&self, symbol: Symbol) -> &Name {
        &self.names[symbol.0 as usize]
    }

    pub(crate) fn str(&self, symbol: Symbol) -> &str {
        &self.names[symbol.0 as usize]
    }

    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }

    fn slot(&self, text: &str) -> Result<Symbol, usize> {
        let mask = self.table.len() - 1;
        let mut slot = hash(text) as usize & mask;
        loop {
            match self.table[slot] {
                0 => return Err(slot),
                n if self.names[n as usize - 1].as_str() == text => return Ok(Symbol(n - 1)),
                _ => slot = (slot + 1) & mask,
            }
        }
    }

    fn grow(&mut self) {
        let len = self.table.len() * 4;
        self.table = vec![0; len];
        for (i, name) in self.names.iter().enumerate() {
            let mut slot = hash(name) as usize & (len - 1);
            while self.table[slot] != 0 {
                slot = (slot + 1) & (len - 1);
            }
            self.table[slot] = i as u32 + 1;
        }
    }
}

fn hash(text: &str) -> u64 {
    let mut hasher = FastHasher::default();
    hasher.write(text.as_bytes());
    hasher.finish()
}

/// Multiply-and-fold hashing: a schema is trusted enough not to attack its reader's hash table,
/// and SipHash costs a visible share of a whole run.
#[derive(Clone, Copy, Default)]
pub(crate) struct FastHasher(u64);

impl FastHasher {
    fn add(&mut self, word: u64) {
        const K: u64 = 0x9e37_79b9_7f4a_7c15;
        let product = u128::from(self.0 ^ word ^ K) * u128::from(K);
        self.0 = (product as u64) ^ ((product >> 64) as u64);
    }
}

impl Hasher for FastHasher {
    fn write(&mut self, bytes: &[u8]) {
        let mut chunks = bytes.chunks_exact(8);
        for chunk in &mut chunks {
            self.add(u64::from_le_bytes(chunk.try_into().expect("8 bytes")));
        }
        let mut last = [0; 8];
        let rest = chunks.remainder();
        last[..rest.len()].copy_from_slice(rest);
        self.add(u64::from_le_bytes(last) ^ (bytes.len() as u64) << 56);
    }

    fn write_u32(&mut self, n: u32) {
        self.add(u64::from(n));
    }

    fn write_u64(&mut self, n: u64) {
        self.add(n);
    }

    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 29)
    }
}

impl BuildHasher for FastHasher {
    type Hasher = FastHasher;
    fn build_hasher(&self) -> FastHasher {
        FastHasher::default()
    }
}

pub(crate) type FastMap<K, V> = HashMap<K, V, FastHasher>;
pub(crate) type FastSet<K> = HashSet<K, FastHasher>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_are_stable_while_the_table_grows() {
        let mut interner = Interner::new();
        assert_eq!(interner.intern("include"), sym::INCLUDE);
        assert_eq!(interner.intern("q_empty"), sym::Q_EMPTY);
        let symbols: Vec<Symbol> = (0..20_000)
            .map(|i| interner.intern(&format!("name-{i}")))
            .collect();
        for (i, symbol) in symbols.into_iter().enumerate() {
            let text = format!("name-{i}");
            assert_eq!(interner.get(&text), Some(symbol));
            assert_eq!(interner.str(symbol), text);
        }
        assert_eq!(interner.get("absent"), None);
    }
}
