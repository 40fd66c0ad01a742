//! What generated code writes objects and enumerations with.

use super::{Branches, Encode, Enum, Members, Writer};
use crate::open::{Object, UnrecognizedMembers};
use crate::writer::Note;

/// Writes the member `name`.
#[inline(never)]
pub fn put<T: Encode + ?Sized>(w: &mut Writer<'_>, name: &'static str, value: &T) {
    w.schema_key(name);
    value.encode(w);
}

/// Writes the member `name` if it is present.
#[inline(never)]
pub fn put_opt<T: Encode>(w: &mut Writer<'_>, name: &'static str, value: &Option<T>) {
    if let Some(value) = value {
        put(w, name, value);
    }
}

/// Writes the member `name`, which has features that a [`Note`] is made of.
#[inline(never)]
pub fn put_marked<T: Encode>(
    w: &mut Writer<'_>,
    name: &'static str,
    value: &T,
    features: &'static [&'static str],
) {
    if !w.hides(features) {
        w.note(Note::Member { name, features });
        put(w, name, value);
    }
}

/// As [`put_marked`] if it is present.
#[inline(never)]
pub fn put_opt_marked<T: Encode>(
    w: &mut Writer<'_>,
    name: &'static str,
    value: &Option<T>,
    features: &'static [&'static str],
) {
    if let Some(value) = value {
        put_marked(w, name, value, features);
    }
}

/// Writes the tag of a union, which is called `name`.
#[inline]
pub fn put_tag<B: Branches>(w: &mut Writer<'_>, name: &'static str, branch: &B) {
    w.schema_key(name);
    put_name::<B::Tag>(w, branch.tag());
}

#[inline]
fn put_name<T: Enum>(w: &mut Writer<'_>, name: &str) {
    w.string(name);
    if !T::MARKED.is_empty() && w.is_noting() {
        note_value(w, name, T::MARKED);
    }
}

#[inline(never)]
fn note_value(
    w: &mut Writer<'_>,
    name: &str,
    marked: &'static [(&'static str, &'static [&'static str])],
) {
    if let Some((name, features)) = marked.iter().find(|(marked, _)| *marked == name) {
        w.note(Note::Value { name, features });
    }
}

/// Writes members that the schema does not have.
#[inline]
pub fn put_kept(w: &mut Writer<'_>, rest: &UnrecognizedMembers) {
    if let Some(rest) = rest.get() {
        put_open(w, rest);
    }
}

/// Writes members that the schema does not list.
#[inline]
pub fn put_open(w: &mut Writer<'_>, rest: &Object) {
    put_rest(w, rest, &[]);
}

/// Writes members that the schema does not list, but for those in `known`, which were written before: a server refuses
/// duplicate keys.
#[inline(never)]
pub fn put_rest(w: &mut Writer<'_>, rest: &Object, known: &[&str]) {
    for (key, value) in rest {
        if !known.contains(&key.as_str()) {
            w.key(key);
            value.encode(w);
        }
    }
}

/// Writes an object.
#[inline(never)]
pub fn encode_object<T: Members>(value: &T, w: &mut Writer<'_>) {
    w.begin_object();
    value.put(w);
    w.end_object();
}

/// Writes a value of an enumeration.
#[inline]
pub fn encode_enum<T: Enum>(value: &T, w: &mut Writer<'_>) {
    put_name::<T>(w, value.name());
}
