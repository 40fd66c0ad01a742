//! What is known of an object while its members are read.

use super::Members;
use crate::error::{Error, ErrorKind};
use crate::reader::Reader;

/// Members that must be there, in the schema's order: place and name.
pub type Demanded = &'static [(u32, &'static str)];

/// Members among the first word's.
struct Mask(Option<u64>);

impl Mask {
    /// All of them, if they are among those.
    const fn of(members: Demanded) -> Mask {
        let (mut mask, mut index) = (0, 0);
        while index < members.len() {
            let place = members[index].0;
            if place >= u64::BITS {
                return Mask(None);
            }
            mask |= 1 << place;
            index += 1;
        }
        Mask(Some(mask))
    }

    #[inline]
    fn is_in(&self, word: u64) -> bool {
        self.0.is_some_and(|mask| word & mask == mask)
    }
}

/// Which members of an object came so far, and the first thing wrong with them, in the schema's order.
///
/// A member is known by its place among those of its type. Those of a union's branch follow the union's own.
#[derive(Debug, Default)]
pub struct Seen {
    /// Where the object starts.
    pub(crate) start: usize,
    /// The first members.
    words: [u64; WORDS],
    /// Where the members begin of the type at hand: a union, or the branch of one.
    pub(crate) from: u32,
    /// The member at hand.
    pub(super) at: u32,
    pub(super) found: Found,
    /// Whether the key at hand was not looked at: it is given again, if nothing has it for its name.
    pub(crate) is_raw: bool,
    rare: Option<Box<Rare>>,
}

/// What the key at hand turned out to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Found {
    /// So far no member's.
    #[default]
    Nothing,
    /// A member's.
    Member,
    /// That of a member that came before.
    Again,
}

/// What few objects have.
#[derive(Debug, Default)]
struct Rare {
    /// The members after the first.
    words: Vec<u64>,
    fault: Option<(u32, Error)>,
}

/// Enough for nearly all objects.
const WORDS: usize = 2;

impl Seen {
    /// Nothing of the object that starts there.
    #[must_use]
    #[inline]
    pub(super) fn new(start: usize) -> Self {
        Self {
            start,
            ..Self::default()
        }
    }

    /// Goes to a member of the type at hand, and says whether it came before.
    #[inline]
    pub(crate) fn enter(&mut self, place: u32) -> bool {
        self.at = self.from + place;
        let again = self.note(self.at);
        self.find(again);
        again
    }

    /// Says that the key at hand is a member's.
    #[inline]
    pub(crate) fn find(&mut self, again: bool) {
        self.found = if again { Found::Again } else { Found::Member };
    }

    /// Notes that a member came, and says whether it had come before.
    #[inline]
    pub(crate) fn note(&mut self, at: u32) -> bool {
        let bit = 1 << (at % u64::BITS);
        let word = match self.words.get_mut((at / u64::BITS) as usize) {
            Some(word) => word,
            None => self.later_word(at),
        };
        let before = *word & bit != 0;
        *word |= bit;
        before
    }

    /// Whether a member came.
    #[inline]
    pub(crate) fn has(&self, at: u32) -> bool {
        let index = (at / u64::BITS) as usize;
        let word = match (self.words.get(index), &self.rare) {
            (Some(word), _) => *word,
            (None, Some(rare)) => rare.words.get(index - WORDS).copied().unwrap_or(0),
            (None, None) => 0,
        };
        word >> (at % u64::BITS) & 1 != 0
    }

    #[cold]
    #[inline(never)]
    fn later_word(&mut self, at: u32) -> &mut u64 {
        let index = (at / u64::BITS) as usize - WORDS;
        let words = &mut self.rare.get_or_insert_default().words;
        if words.len() <= index {
            words.resize(index + 1, 0);
        }
        &mut words[index]
    }

    /// Keeps what is wrong with a member, unless something is with one before it.
    #[cold]
    #[inline(never)]
    pub(super) fn keep(&mut self, at: u32, error: Error) {
        let fault = &mut self.rare.get_or_insert_default().fault;
        if fault.as_ref().is_none_or(|(first, _)| at < *first) {
            *fault = Some((at, error));
        }
    }

    /// Notes that a member of the type at hand is missing.
    #[cold]
    #[inline(never)]
    pub(crate) fn miss(&mut self, place: u32, name: &str, r: &Reader<'_>) {
        let error = Error::new(ErrorKind::Missing, r.offset()).in_member(name);
        self.keep(self.from + place, error);
    }

    /// Notes the first member missing of the type at hand.
    #[inline]
    pub fn demand<T: Members>(&mut self, r: &Reader<'_>) {
        let mask = const { Mask::of(T::MANDATORY) };
        let is_whole = self.from == 0 && mask.is_in(self.words[0]);
        if !is_whole || !T::LATE.is_empty() && r.is_strict() {
            self.look_for(T::MANDATORY, T::LATE, r);
        }
    }

    #[inline(never)]
    fn look_for(&mut self, mandatory: Demanded, late: Demanded, r: &Reader<'_>) {
        let late = if r.is_strict() { late } else { &[] };
        for members in [mandatory, late] {
            let absent = members
                .iter()
                .find(|(place, _)| !self.has(self.from + place));
            if let Some(&(place, name)) = absent {
                self.miss(place, name, r);
            }
        }
    }

    /// The first thing wrong.
    #[inline]
    pub(super) fn fault(self) -> Option<Error> {
        let (_, error) = self.rare?.fault?;
        Some(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reader::Mode;

    #[test]
    fn every_member_is_known_by_its_place() {
        let mut seen = Seen::new(0);
        for at in [0, 1, 63, 64, 127, 128, 191, 1000] {
            assert!(!seen.has(at));
            assert!(!seen.note(at));
            assert!(seen.has(at));
            assert!(seen.note(at));
        }
        for at in [2, 62, 65, 126, 129, 192, 999, 1001, 70_000] {
            assert!(!seen.has(at), "{at}");
        }
    }

    #[test]
    fn the_first_fault_is_that_of_the_first_member() {
        let r = Reader::from_str("{}", Mode::Lenient);
        let mut seen = Seen::new(0);
        seen.note(5);
        for (from, members) in [
            (4, &[(0, "four"), (1, "five")]),
            (0, &[(1, "one"), (2, "two")]),
            (8, &[(0, "eight"), (1, "nine")]),
        ] {
            seen.from = from;
            seen.look_for(members, &[], &r);
        }
        let error = seen.fault().expect("five members are missing");
        assert_eq!(error.path(), "one");
    }

    #[test]
    fn what_not_every_release_sends_is_demanded_in_strict_mode() {
        for (mode, is_fault) in [(Mode::Lenient, false), (Mode::Strict, true)] {
            let r = Reader::from_str("{}", mode);
            let mut seen = Seen::new(0);
            seen.look_for(&[], &[(0, "late")], &r);
            assert_eq!(seen.fault().is_some(), is_fault);
        }
    }

    #[test]
    fn a_mask_has_all_members_or_is_none() {
        let mask = Mask::of(&[(0, "a"), (2, "c"), (63, "d")]);
        assert!(mask.is_in(1 << 63 | 0b101) && mask.is_in(u64::MAX));
        assert!(!mask.is_in(0b101) && !mask.is_in(0));
        assert!(Mask::of(&[]).is_in(0));
        assert!(!Mask::of(&[(0, "a"), (64, "e")]).is_in(u64::MAX));
    }
}
