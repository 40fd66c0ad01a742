//! What generated code is written against.
//!
//! Generated methods are small and `#[inline]`; what they call is generic, outlined, and compiled once for each type
//! that a program really uses.

mod seen;
mod write;

use std::borrow::Cow;

use serde_json::Value;

pub use crate::error::{Error, Result};
pub use crate::reader::{Kind, Mode, Reader, Release};
pub use crate::union::{Branches, branch_finish, branch_finish_untagged, branch_member, tag};
pub use crate::writer::Writer;
pub(crate) use seen::Found;
pub use seen::{Demanded, Seen};
pub use write::{
    encode_enum, encode_object, put, put_kept, put_marked, put_open, put_opt, put_opt_marked,
    put_rest, put_tag,
};

use crate::error::{ErrorKind, Syntax};
use crate::open::{Object, UnknownValue, Unrecognized, UnrecognizedMembers};

/// A type that can be read from JSON.
pub trait Decode: Sized {
    /// A value to be [read over](Self::decode_into), whatever it is. Making it costs as little as the type allows.
    fn blank() -> Self;

    /// Reads one value. On an error of shape the value may be left unread or half read.
    ///
    /// # Errors
    /// When the value is not of this type, or not JSON.
    fn decode(r: &mut Reader<'_>) -> Result<Self>;

    /// Reads one value where it is to stay, over one that is [blank](Self::blank): objects are put together in place, so that
    /// none is moved, and types that contain themselves need little of the stack for each level. After an error what is
    /// there may be half read.
    ///
    /// # Errors
    /// As for [`decode`](Self::decode).
    #[inline]
    fn decode_into(&mut self, r: &mut Reader<'_>) -> Result<()> {
        match Self::decode(r) {
            Ok(value) => {
                *self = value;
                Ok(())
            }
            Err(error) => Err(error),
        }
    }
}

/// A type that can be written as JSON.
pub trait Encode {
    /// Writes one value.
    fn encode(&self, w: &mut Writer<'_>);
}

/// An object type: its members can be read and written without the braces, so that a union's branch, itself perhaps a
/// union, takes its members from the same object.
///
/// A member is known by its place among those of its type.
pub trait Members: Sized {
    /// The members that must be there.
    const MANDATORY: Demanded = &[];
    /// Those that the schema demands but not every release of the peer sends: only strict mode insists.
    const LATE: Demanded = &[];

    /// As [`Decode::blank`].
    fn blank() -> Self;

    /// Reads the value of the member `key`, and notes it, if it is one of this type's.
    ///
    /// # Errors
    /// When the value cannot be read.
    fn member(&mut self, key: &str, seen: &mut Seen, r: &mut Reader<'_>) -> Result<()>;

    /// Ends reading: notes the first member that is missing.
    #[inline]
    fn finish(&mut self, seen: &mut Seen, r: &Reader<'_>) {
        seen.demand::<Self>(r);
    }

    /// Writes the members into an object that is open.
    fn put(&self, w: &mut Writer<'_>);
}

/// An enumeration.
pub trait Enum: Sized + Clone + 'static {
    /// The values of the schema, in its order.
    const VALUES: &'static [Self];
    /// Their names on the wire.
    const NAMES: &'static [&'static str];
    /// Those that the schema marks as `deprecated` or `unstable`: name and features.
    const MARKED: &'static [(&'static str, &'static [&'static str])] = &[];
    /// Those that the newest release does not have: name and the last release that has it. A server of a later one refuses
    /// them.
    const DROPPED: &'static [(&'static str, Release)] = &[];

    /// A value that the schema does not have.
    fn unrecognized(name: Unrecognized) -> Self;

    /// The name on the wire.
    fn name(&self) -> &str;
}

/// Reads the value of a mandatory member into its field. `place` is that of the member.
///
/// # Errors
/// When the value cannot be read.
#[inline(never)]
pub fn get<T: Decode>(
    field: &mut T,
    place: u32,
    seen: &mut Seen,
    r: &mut Reader<'_>,
) -> Result<()> {
    if seen.enter(place) {
        *field = T::blank();
    }
    field.decode_into(r)
}

/// As [`get`], for a member that may be absent.
///
/// # Errors
/// As there.
#[inline(never)]
pub fn get_opt<T: Decode>(
    field: &mut Option<T>,
    place: u32,
    seen: &mut Seen,
    r: &mut Reader<'_>,
) -> Result<()> {
    seen.enter(place);
    field.insert(T::blank()).decode_into(r)
}

/// Whether the reader knows a member that the newest release does not have: a server of a release after `last` does not.
#[must_use]
#[inline(never)]
pub fn has_until(last: Release, r: &Reader<'_>) -> bool {
    !r.is_after(last)
}

/// Keeps what is wrong with the member at hand, and goes on behind it; in lenient mode, and where the text is not JSON, it is
/// the end.
#[cold]
#[inline(never)]
fn failed(
    error: Error,
    key: &str,
    seen: &mut Seen,
    r: &mut Reader<'_>,
    (start, depth): (usize, u32),
) -> Result<()> {
    let error = error.in_member(key);
    if error.is_syntax() || !r.is_strict() {
        return Err(error);
    }
    seen.keep(seen.at, error);
    r.recover(start, depth)
}

#[cold]
#[inline(never)]
fn duplicate(r: &Reader<'_>) -> Result<()> {
    if r.is_strict() {
        return Err(Error::syntax(Syntax::DuplicateKey, r.offset()));
    }
    Ok(())
}

/// Objects and arrays that may be open around a typed value. Decoding recurses with the nesting of types, and what a
/// level takes of the stack (as do `Clone`, `Debug` and dropping afterwards) depends on them; this many fit a thread's
/// usual 2 MiB in every build. What is skipped or decoded as `any` may nest deeper.
pub(crate) const MAX_TYPED_DEPTH: u32 = 256;

/// Reads an object.
///
/// # Errors
/// As for [`Decode::decode`].
#[inline(never)]
pub fn object<T: Members>(r: &mut Reader<'_>) -> Result<T> {
    let mut object = T::blank();
    match fill(&mut object, r) {
        Ok(()) => Ok(object),
        Err(error) => Err(error),
    }
}

/// Reads an object as [`Decode::decode_into`] does.
///
/// # Errors
/// As for [`Decode::decode`].
#[inline]
pub fn object_into<T: Members>(object: &mut T, r: &mut Reader<'_>) -> Result<()> {
    fill(object, r)
}

/// A value in memory of its own that is read over. Apart, so that it does not stay on the caller's stack.
#[inline(never)]
#[must_use]
pub fn boxed<T: Members>() -> Box<T> {
    Box::new(T::blank())
}

/// What members are read into, whatever its type.
pub trait Fill {
    /// As [`Members::member`].
    ///
    /// # Errors
    /// As there.
    fn take(&mut self, key: &str, seen: &mut Seen, r: &mut Reader<'_>) -> Result<()>;

    /// As [`Members::finish`].
    fn end(&mut self, seen: &mut Seen, r: &Reader<'_>);
}

impl<T: Members> Fill for T {
    fn take(&mut self, key: &str, seen: &mut Seen, r: &mut Reader<'_>) -> Result<()> {
        self.member(key, seen, r)
    }

    fn end(&mut self, seen: &mut Seen, r: &Reader<'_>) {
        self.finish(seen, r);
    }
}

/// Takes any member.
impl Fill for Object {
    fn take(&mut self, key: &str, seen: &mut Seen, r: &mut Reader<'_>) -> Result<()> {
        open(self, key, seen, r)
    }

    fn end(&mut self, _: &mut Seen, _: &Reader<'_>) {}
}

/// Not generic, so that it is compiled once.
#[inline(never)]
fn fill(object: &mut dyn Fill, r: &mut Reader<'_>) -> Result<()> {
    let mut seen = Seen::new(r.offset());
    r.begin_object()?;
    if r.depth() > MAX_TYPED_DEPTH {
        return Err(r.too_deep());
    }
    let mut unexpected = None;
    loop {
        let before = r.mark();
        if let Some(key) = r.likely_key() {
            seen.is_raw = true;
            if take(object, key, &mut seen, r)? {
                continue;
            }
            r.rewind(before);
        }
        let Some(key) = r.next_key()? else { break };
        seen.is_raw = false;
        if !take(object, &key, &mut seen, r)? {
            unknown(key, &mut unexpected, r)?;
        }
    }
    object.end(&mut seen, r);
    match seen.fault().or(unexpected) {
        None => Ok(()),
        Some(error) => Err(error),
    }
}

/// Reads a member, if it is one; in strict mode fails only when the text is not JSON.
#[inline(always)]
fn take(object: &mut dyn Fill, key: &str, seen: &mut Seen, r: &mut Reader<'_>) -> Result<bool> {
    let here = (r.offset(), r.depth());
    seen.found = Found::Nothing;
    if let Err(error) = object.take(key, seen, r) {
        return failed(error, key, seen, r, here).map(|()| true);
    }
    if seen.found == Found::Again {
        duplicate(r)?;
    }
    Ok(seen.found != Found::Nothing)
}

#[inline(never)]
fn unknown(key: Cow<'_, str>, unexpected: &mut Option<Error>, r: &mut Reader<'_>) -> Result<()> {
    if r.is_strict() && unexpected.is_none() {
        *unexpected = Some(Error::new(ErrorKind::Unexpected, r.offset()).in_member(&key));
    }
    r.skip()
}

/// Reads a member that the schema does not list, for types that are open to any.
///
/// # Errors
/// When the text is not JSON.
#[inline(never)]
pub fn open(rest: &mut Object, key: &str, seen: &mut Seen, r: &mut Reader<'_>) -> Result<()> {
    if !seen.is_raw {
        let value = r.any()?;
        seen.find(rest.insert(key.to_owned(), value).is_some());
    }
    Ok(())
}

/// Keeps a member that neither the type nor a branch has, as a newer or older peer sends it; not in strict mode.
///
/// # Errors
/// When the text is not JSON.
#[inline(never)]
pub fn keep(
    rest: &mut UnrecognizedMembers,
    key: &str,
    seen: &mut Seen,
    r: &mut Reader<'_>,
) -> Result<()> {
    match seen.found == Found::Nothing && !seen.is_raw && !r.is_strict() {
        true => open(rest, key, seen, r),
        false => Ok(()),
    }
}

/// A value of an enumeration, before it has its type.
enum Named {
    /// One of the schema's, by its place.
    Known(usize),
    Unrecognized(Unrecognized),
}

impl Named {
    #[inline]
    fn into_value<T: Enum>(self) -> T {
        match self {
            Self::Known(index) => T::VALUES[index].clone(),
            Self::Unrecognized(name) => T::unrecognized(name),
        }
    }
}

/// Reads a value of an enumeration.
///
/// # Errors
/// When it is not a string or (in strict mode) not a known value.
#[inline(never)]
pub fn enumeration<T: Enum>(r: &mut Reader<'_>) -> Result<T> {
    named(T::NAMES, T::DROPPED, r).map(Named::into_value)
}

/// Not generic, so that it is compiled once.
#[inline(never)]
fn named(names: &[&str], dropped: &[(&str, Release)], r: &mut Reader<'_>) -> Result<Named> {
    if let Some(index) = r.foreseen(names) {
        return Ok(Named::Known(index));
    }
    let start = r.offset();
    let name = r.string()?;
    match known(names, dropped, &name, r) {
        Some(index) => Ok(Named::Known(index)),
        None if r.is_strict() => Err(Error::new(ErrorKind::Value((&*name).into()), start)),
        None => Ok(Named::Unrecognized(Unrecognized::new(&*name))),
    }
}

/// Which of the names it is, if the reader's release has it.
#[inline]
pub(crate) fn known(
    names: &[&str],
    dropped: &[(&str, Release)],
    name: &str,
    r: &Reader<'_>,
) -> Option<usize> {
    let is_dropped = |&(known, last): &(&str, Release)| known == name && r.is_after(last);
    find(names, name).filter(|_| !dropped.iter().any(is_dropped))
}

/// Which of the names it is.
#[inline(never)]
pub(crate) fn find(names: &[&str], name: &str) -> Option<usize> {
    // Most differ in length or in the last character, and calling memcmp costs more than looking at both.
    let last = name.as_bytes().last();
    let same = |known: &&str| {
        known.len() == name.len() && known.as_bytes().last() == last && *known == name
    };
    names.iter().position(same)
}

/// For `FromStr` of an enumeration.
///
/// # Errors
/// When the schema has no such value.
#[inline]
pub fn parse<T: Enum>(name: &str) -> Result<T, UnknownValue> {
    match find(T::NAMES, name) {
        Some(index) => Ok(T::VALUES[index].clone()),
        None => Err(UnknownValue(name.into())),
    }
}

/// Reads a value of a kind for which an alternate has no branch; a newer peer may have sent it. `name` is the
/// alternate's name in the schema.
///
/// # Errors
/// In strict mode always.
#[cold]
#[inline(never)]
pub fn other_kind(name: &'static str, r: &mut Reader<'_>) -> Result<Value> {
    if r.is_strict() {
        return Err(r.wrong(ErrorKind::Alternate(name)));
    }
    r.any()
}

#[cfg(test)]
mod tests;
