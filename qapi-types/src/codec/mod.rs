//! What generated code is written against.
//!
//! Generated methods are small and `#[inline]`; what they call is generic, outlined, and compiled once for each type
//! that a program really uses.

mod write;

use std::borrow::Cow;

use serde_json::Value;

pub use crate::error::{Error, Result};
pub use crate::reader::{Kind, Mode, Reader, Release};
pub use crate::union::{Branch, Branches, branch_finish, branch_finish_untagged, branch_member};
pub use crate::writer::Writer;
pub use write::{
    encode_enum, encode_object, put, put_kept, put_marked, put_open, put_opt, put_opt_marked,
    put_rest, put_tag,
};

use crate::error::{ErrorKind, Syntax};
use crate::open::{Object, UnknownValue, Unrecognized, UnrecognizedMembers};

/// A type that can be read from JSON.
pub trait Decode: Sized {
    /// Reads one value. On an error of shape the value may be left unread or half read.
    ///
    /// # Errors
    /// When the value is not of this type, or not JSON.
    fn decode(r: &mut Reader<'_>) -> Result<Self>;

    /// Reads one value into memory of its own. Objects are put together there, not on the stack, so that types that
    /// contain themselves need little of it for each level.
    ///
    /// # Errors
    /// As for [`decode`](Self::decode).
    #[inline]
    fn decode_boxed(r: &mut Reader<'_>) -> Result<Box<Self>> {
        Self::decode(r).map(Box::new)
    }
}

/// A type that can be written as JSON.
pub trait Encode {
    /// Writes one value.
    fn encode(&self, w: &mut Writer<'_>);
}

/// An object type: its members can be read and written without the braces, so that a union's branch, itself perhaps a
/// union, takes its members from the same object.
pub trait Members: Sized {
    /// The members read so far.
    type Partial;

    /// Nothing read yet.
    fn begin() -> Self::Partial;

    /// Reads the value of the member `key`, or says `false` if it is not one of this type's.
    ///
    /// # Errors
    /// When the value cannot be read; in strict mode only when the text is not JSON.
    fn member(p: &mut Self::Partial, key: &str, r: &mut Reader<'_>) -> Result<bool>;

    /// Puts the members together.
    ///
    /// # Errors
    /// The first of the members, in the schema's order, that is missing or was not readable.
    fn finish(p: Self::Partial, r: &Reader<'_>) -> Result<Self>;

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

/// The first thing wrong, in the schema's order, with the members of one object. Part of each
/// [`Members::Partial`].
///
/// While nothing is wrong it holds `None`, which generated code checks in the pattern that takes the partial apart.
#[derive(Debug, Default)]
pub struct Fault(#[doc(hidden)] pub Option<Box<(u16, Error)>>);

impl Fault {
    /// Nothing wrong.
    #[must_use]
    #[inline]
    pub fn new() -> Self {
        Self(None)
    }

    #[cold]
    #[inline(never)]
    fn keep(&mut self, ordinal: u16, error: Error) {
        if self.0.as_ref().is_none_or(|first| ordinal < first.0) {
            self.0 = Some(Box::new((ordinal, error)));
        }
    }
}

/// Reads the value of the member `name` into `slot`, and says `true`. `ordinal` is its place among the members of its
/// type.
///
/// # Errors
/// When the value cannot be read; in strict mode only when the text is not JSON.
#[inline(never)]
#[expect(
    clippy::redundant_pattern_matching,
    reason = "a method would be compiled for each type"
)]
pub fn get<T: Decode>(
    slot: &mut Option<T>,
    fault: &mut Fault,
    ordinal: u16,
    name: &'static str,
    r: &mut Reader<'_>,
) -> Result<bool> {
    let (start, depth) = (r.offset(), r.depth());
    match T::decode(r) {
        Ok(value) => {
            let again = matches!(slot, Some(_));
            *slot = Some(value);
            filled(again, r)
        }
        Err(error) => failed(error, fault, ordinal, name, r, (start, depth)),
    }
}

/// As [`get`], for a member that the newest release does not have: for a server of a release after `last` it is none.
///
/// # Errors
/// As those of `get`.
#[inline(never)]
pub fn get_until<T: Decode>(
    last: Release,
    slot: &mut Option<T>,
    fault: &mut Fault,
    ordinal: u16,
    name: &'static str,
    r: &mut Reader<'_>,
) -> Result<bool> {
    match r.is_after(last) {
        true => Ok(false),
        false => get(slot, fault, ordinal, name, r),
    }
}

#[inline]
fn filled(again: bool, r: &Reader<'_>) -> Result<bool> {
    if again {
        duplicate(r)?;
    }
    Ok(true)
}

#[cold]
#[inline(never)]
fn failed(
    error: Error,
    fault: &mut Fault,
    ordinal: u16,
    name: &'static str,
    r: &mut Reader<'_>,
    (start, depth): (usize, u32),
) -> Result<bool> {
    let error = error.in_member(name);
    if error.is_syntax() || !r.is_strict() {
        return Err(error);
    }
    fault.keep(ordinal, error);
    r.recover(start, depth)?;
    Ok(true)
}

#[cold]
#[inline(never)]
pub(crate) fn duplicate(r: &Reader<'_>) -> Result<()> {
    if r.is_strict() {
        return Err(Error::syntax(Syntax::DuplicateKey, r.offset()));
    }
    Ok(())
}

/// Objects and arrays that may be open around a typed value. Decoding recurses with the nesting of types, and what a
/// level takes of the stack (as do `Clone`, `Debug` and dropping afterwards) depends on them; this many fit a thread's
/// usual 2 MiB in every build. What is skipped or decoded as `any` may nest deeper.
pub(crate) const MAX_TYPED_DEPTH: u32 = 256;

/// Notes that a member is missing that the schema demands but not every release of the peer sends: only strict mode
/// insists.
#[inline]
pub fn expect<T>(
    slot: &Option<T>,
    fault: &mut Fault,
    ordinal: u16,
    name: &'static str,
    r: &Reader<'_>,
) {
    if slot.is_none() && r.is_strict() {
        fault.keep(ordinal, missing(name, r));
    }
}

/// Why an object cannot be put together: `members` are the mandatory ones in the schema's order, each with whether it
/// is absent, its place and its name.
#[cold]
#[inline(never)]
#[must_use]
pub fn incomplete(
    mut fault: Fault,
    members: &[(bool, u16, &'static str)],
    r: &Reader<'_>,
) -> Error {
    if let Some((_, ordinal, name)) = members.iter().find(|(absent, ..)| *absent) {
        fault.keep(*ordinal, missing(name, r));
    }
    match fault.0 {
        Some(first) => first.1,
        None => missing("", r),
    }
}

fn missing(name: &str, r: &Reader<'_>) -> Error {
    Error::new(ErrorKind::Missing, r.offset()).in_member(name)
}

/// Reads an object.
///
/// # Errors
/// As for [`Decode::decode`].
#[inline(never)]
pub fn object<T: Members>(r: &mut Reader<'_>) -> Result<T> {
    let mut partial = T::begin();
    // Each `?` would be more code for each type.
    match members(&mut Filling::<T>(&mut partial), r) {
        Ok(None) => T::finish(partial, r),
        Ok(Some(unexpected)) => match T::finish(partial, r) {
            Ok(_) => Err(unexpected),
            Err(error) => Err(error),
        },
        Err(error) => Err(error),
    }
}

/// The most bytes of a type that contains itself that each level may put on the stack.
const MAX_ON_STACK: usize = 256;

/// Reads an object as [`Decode::decode_boxed`] does.
///
/// # Errors
/// As for [`Decode::decode`].
#[inline(never)]
pub fn object_boxed<T: Members>(r: &mut Reader<'_>) -> Result<Box<T>> {
    if const { size_of::<T::Partial>() <= MAX_ON_STACK } {
        return object(r).map(Box::new);
    }
    let mut partial = boxed_begin::<T>();
    match members(&mut Filling::<T>(&mut partial), r) {
        Ok(None) => boxed_finish::<T>(partial, r),
        Ok(Some(unexpected)) => match boxed_finish::<T>(partial, r) {
            Ok(_) => Err(unexpected),
            Err(error) => Err(error),
        },
        Err(error) => Err(error),
    }
}

/// The members read so far of an object that is put together in memory of its own.
pub type BoxedPartial<T> = Box<<T as Members>::Partial>;

/// As [`Members::begin`]. Apart, so that the partial does not stay on the caller's stack.
#[inline(never)]
#[must_use]
pub fn boxed_begin<T: Members>() -> BoxedPartial<T> {
    Box::new(T::begin())
}

/// As [`Members::finish`]. Apart for the same reason.
///
/// # Errors
/// As there.
#[inline(never)]
#[expect(
    clippy::boxed_local,
    reason = "what is boxed need not be copied to be passed"
)]
pub fn boxed_finish<T: Members>(partial: BoxedPartial<T>, r: &Reader<'_>) -> Result<Box<T>> {
    T::finish(*partial, r).map(Box::new)
}

/// Takes the members of an object.
trait Fill {
    /// As [`Members::member`].
    fn member(&mut self, key: &str, r: &mut Reader<'_>) -> Result<bool>;
}

struct Filling<'a, T: Members>(&'a mut T::Partial);

impl<T: Members> Fill for Filling<'_, T> {
    fn member(&mut self, key: &str, r: &mut Reader<'_>) -> Result<bool> {
        T::member(self.0, key, r)
    }
}

/// Reads the members of an object, and gives the error for the first that is not one of the type's. Not generic, so that
/// it is compiled once.
#[inline(never)]
fn members(partial: &mut dyn Fill, r: &mut Reader<'_>) -> Result<Option<Error>> {
    let start = r.offset();
    r.begin_object()?;
    if r.depth() > MAX_TYPED_DEPTH {
        return Err(r.too_deep());
    }
    let mut unexpected = None;
    while let Some(key) = r.next_key()? {
        r.set_object(start);
        if !partial.member(&key, r)? {
            unknown(key, &mut unexpected, r)?;
        }
    }
    Ok(unexpected)
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
pub fn open(rest: &mut Object, key: &str, r: &mut Reader<'_>) -> Result<bool> {
    let value = r.any()?;
    if rest.insert(key.to_owned(), value).is_some() {
        duplicate(r)?;
    }
    Ok(true)
}

/// Keeps a member that the schema does not have, as a newer or older peer sends it; in strict mode says `false`.
///
/// # Errors
/// When the text is not JSON.
#[inline(never)]
pub fn keep(rest: &mut UnrecognizedMembers, key: &str, r: &mut Reader<'_>) -> Result<bool> {
    if r.is_strict() {
        return Ok(false);
    }
    open(rest, key, r)
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
