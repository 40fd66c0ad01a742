//! Unions: which branch an object takes, wherever in it the tag stands.

use crate::codec::{Enum, known};
use crate::error::{Error, ErrorKind, Result};
use crate::open::Unrecognized;
use crate::reader::Reader;
use crate::writer::Writer;

/// The branches of a union: the enumeration in its field `u`.
pub trait Branches: Sized {
    /// The type of the discriminator.
    type Tag: Enum;
    /// The members of one branch read so far.
    type Partial;

    /// Nothing read yet of the branch that `tag` selects.
    fn begin(tag: &Self::Tag) -> Self::Partial;

    /// Nothing read yet of the branch that older releases send without a tag; `None` if none does. Only lenient mode
    /// asks.
    #[inline]
    #[must_use]
    fn untagged() -> Option<Self::Partial> {
        None
    }

    /// As [`Members::member`](crate::codec::Members::member), for the branch selected.
    ///
    /// # Errors
    /// As there.
    fn member(p: &mut Self::Partial, key: &str, r: &mut Reader<'_>) -> Result<bool>;

    /// As [`Members::finish`](crate::codec::Members::finish), for the branch selected.
    ///
    /// # Errors
    /// As there.
    fn finish(p: Self::Partial, r: &Reader<'_>) -> Result<Self>;

    /// The discriminator's value on the wire.
    fn tag(&self) -> &str;

    /// Writes the branch's members into an object that is open.
    fn put(&self, w: &mut Writer<'_>);
}

/// What is known of a union's branch while its object is being read.
#[derive(Debug)]
pub enum Branch<P> {
    /// No member of a branch came up yet.
    Unknown,
    /// There is no usable tag; that will be the error, and the members of branches cannot be judged.
    Untagged,
    /// The members of the branch read so far.
    Chosen(P),
}

/// Reads the member `key` of a union if it belongs to the branch. `tag` is what was read of the discriminator, and
/// `name` the name of that member.
///
/// # Errors
/// As for [`Members::member`](crate::codec::Members::member).
#[inline]
pub fn branch_member<B: Branches>(
    branch: &mut Branch<B::Partial>,
    tag: &Option<B::Tag>,
    name: &'static str,
    key: &str,
    r: &mut Reader<'_>,
) -> Result<bool> {
    if matches!(branch, Branch::Unknown) {
        *branch = choose::<B>(tag, name, r)?;
    }
    match branch {
        Branch::Chosen(partial) => B::member(partial, key, r),
        _ => r.skip().map(|()| true),
    }
}

#[inline(never)]
fn choose<B: Branches>(
    tag: &Option<B::Tag>,
    name: &'static str,
    r: &mut Reader<'_>,
) -> Result<Branch<B::Partial>> {
    if let Some(tag) = tag {
        return Ok(Branch::Chosen(B::begin(tag)));
    }
    let Some((ahead, place)) = r.find_member(name)? else {
        return Ok(match B::untagged() {
            Some(partial) if !r.is_strict() => Branch::Chosen(partial),
            _ => Branch::Untagged,
        });
    };
    Ok(match known(B::Tag::NAMES, B::Tag::DROPPED, &ahead, r) {
        Some(index) => {
            r.foresee(place, index);
            Branch::Chosen(B::begin(&B::Tag::VALUES[index]))
        }
        None if r.is_strict() => Branch::Untagged,
        None => Branch::Chosen(B::begin(&B::Tag::unrecognized(Unrecognized::new(&*ahead)))),
    })
}

/// Puts the branch together. To be called after the base's members, the discriminator among them, proved good.
///
/// # Errors
/// As for [`Members::finish`](crate::codec::Members::finish).
#[inline]
pub fn branch_finish<B: Branches>(
    branch: Branch<B::Partial>,
    tag: &B::Tag,
    r: &Reader<'_>,
) -> Result<B> {
    match branch {
        Branch::Chosen(partial) => B::finish(partial, r),
        _ => B::finish(B::begin(tag), r),
    }
}

/// As [`branch_finish`], for a union that older releases send without a tag, whose name is `name`.
///
/// # Errors
/// As there.
#[inline]
pub fn branch_finish_untagged<B: Branches>(
    branch: Branch<B::Partial>,
    tag: Option<&B::Tag>,
    name: &'static str,
    r: &Reader<'_>,
) -> Result<B> {
    let partial = match (branch, tag) {
        (Branch::Chosen(partial), _) => Some(partial),
        (_, Some(tag)) => Some(B::begin(tag)),
        (_, None) => B::untagged(),
    };
    match partial {
        Some(partial) => B::finish(partial, r),
        None => Err(Error::new(ErrorKind::Missing, r.offset()).in_member(name)),
    }
}
