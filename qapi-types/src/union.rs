//! Unions: which branch an object takes, wherever in it the tag stands.

use crate::codec::{Enum, Fill, Seen, enumeration, known};
use crate::error::Result;
use crate::open::Unrecognized;
use crate::reader::Reader;
use crate::writer::Writer;

/// The branches of a union: the enumeration in its field `u`.
pub trait Branches: Sized {
    /// The type of the discriminator.
    type Tag: Enum;

    /// Nothing read yet of the branch that `tag` selects.
    fn begin(tag: &Self::Tag) -> Self;

    /// Nothing read yet of the branch that older releases send without a tag; `None` if none does. Only lenient mode
    /// asks.
    #[inline]
    #[must_use]
    fn untagged() -> Option<Self> {
        None
    }

    /// What the branch's members are read into; `None` if it has none.
    fn branch(&mut self) -> Option<&mut dyn Fill>;

    /// The discriminator's value on the wire.
    fn tag(&self) -> &str;

    /// Writes the branch's members into an object that is open.
    fn put(&self, w: &mut Writer<'_>);
}

/// What is noted of a union's branch, from the place on that follows its own members. Nothing, as long as neither the tag
/// nor a member of a branch came.
const TAGGED: u32 = 0;
/// Members of the branch came, so that it stays, whatever tag comes.
const CHOSEN: u32 = 1;
/// There is no usable tag; that will be the error, and the members of branches cannot be judged.
const UNTAGGED: u32 = 2;
/// Where the members of the branch begin.
const BRANCH: u32 = 3;

/// Reads the tag of a union, and begins the branch that it selects. `count` is how many members the union has itself, and
/// `place` that of the tag among them.
///
/// # Errors
/// As for [`get`](crate::codec::get).
#[inline(never)]
pub fn tag<B: Branches>(
    branch: &mut B,
    (place, count): (u32, u32),
    seen: &mut Seen,
    r: &mut Reader<'_>,
) -> Result<()> {
    seen.enter(place);
    let tag = enumeration(r)?;
    let state = seen.from + count;
    if !seen.has(state + CHOSEN) {
        *branch = B::begin(&tag);
        seen.note(state + TAGGED);
    }
    Ok(())
}

/// Reads the member `key` of a union if it belongs to the branch. `name` is that of the tag, and `count` as for [`tag`].
///
/// # Errors
/// As for [`Members::member`](crate::codec::Members::member).
#[inline]
pub fn branch_member<B: Branches>(
    branch: &mut B,
    (name, count): (&'static str, u32),
    key: &str,
    seen: &mut Seen,
    r: &mut Reader<'_>,
) -> Result<()> {
    let state = seen.from + count;
    if !seen.has(state + CHOSEN) {
        // It may be the tag, written with escapes.
        if seen.is_raw {
            return Ok(());
        }
        if !choose(branch, state, name, seen, r)? {
            r.skip()?;
            seen.find(false);
            return Ok(());
        }
    }
    let Some(branch) = branch.branch() else {
        return Ok(());
    };
    seen.from = state + BRANCH;
    let read = branch.take(key, seen, r);
    seen.from = state - count;
    read
}

/// Settles for a branch, or says that there is none.
#[inline(never)]
fn choose<B: Branches>(
    branch: &mut B,
    state: u32,
    name: &'static str,
    seen: &mut Seen,
    r: &mut Reader<'_>,
) -> Result<bool> {
    if seen.has(state + UNTAGGED) {
        return Ok(false);
    }
    if !seen.has(state + TAGGED) {
        let begun = match r.find_member(seen.start, name)? {
            None if r.is_strict() => None,
            None => B::untagged(),
            Some((ahead, place)) => match known(B::Tag::NAMES, B::Tag::DROPPED, &ahead, r) {
                Some(index) => {
                    r.foresee(place, index);
                    Some(B::begin(&B::Tag::VALUES[index]))
                }
                None if r.is_strict() => None,
                None => Some(B::begin(&B::Tag::unrecognized(Unrecognized::new(&*ahead)))),
            },
        };
        let Some(begun) = begun else {
            seen.note(state + UNTAGGED);
            return Ok(false);
        };
        *branch = begun;
    }
    seen.note(state + CHOSEN);
    Ok(true)
}

/// Ends reading the branch. Without one the tag is missing or wrong, which has been noted.
#[inline]
pub fn branch_finish<B: Branches>(branch: &mut B, count: u32, seen: &mut Seen, r: &Reader<'_>) {
    let state = seen.from + count;
    if seen.has(state + CHOSEN) || seen.has(state + TAGGED) {
        finish(branch, count, seen, r);
    }
}

/// As [`branch_finish`], for a union that older releases send without a tag, whose place and name are given.
#[inline]
pub fn branch_finish_untagged<B: Branches>(
    branch: &mut B,
    (place, name, count): (u32, &'static str, u32),
    seen: &mut Seen,
    r: &Reader<'_>,
) {
    let state = seen.from + count;
    if !seen.has(state + CHOSEN) && !seen.has(state + TAGGED) {
        match B::untagged() {
            Some(untagged) => *branch = untagged,
            None => return seen.miss(place, name, r),
        }
    }
    finish(branch, count, seen, r);
}

fn finish<B: Branches>(branch: &mut B, count: u32, seen: &mut Seen, r: &Reader<'_>) {
    if let Some(branch) = branch.branch() {
        seen.from += count + BRANCH;
        branch.end(seen, r);
        seen.from -= count + BRANCH;
    }
}
