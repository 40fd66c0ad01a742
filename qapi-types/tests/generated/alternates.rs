//! Alternates.

use super::{Colour, Power};
use ::qapi_types::codec::{self, Decode, Encode, Kind};
use ::qapi_types::{Null, Reader, Result, Value, Writer};

#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum PowerRef {
    Definition(Box<Power>),
    Reference(::std::string::String),
    Unrecognized(Value),
}

impl Decode for PowerRef {
    #[inline]
    fn decode(r: &mut Reader<'_>) -> Result<Self> {
        match r.peek()? {
            Kind::Object => Decode::decode(r).map(Self::Definition),
            Kind::String => Decode::decode(r).map(Self::Reference),
            _ => codec::other_kind("PowerRef", r).map(Self::Unrecognized),
        }
    }
}

impl Encode for PowerRef {
    #[inline]
    fn encode(&self, w: &mut Writer<'_>) {
        match self {
            Self::Definition(value) => value.encode(w),
            Self::Reference(value) => value.encode(w),
            Self::Unrecognized(value) => value.encode(w),
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum PowerRefOrNull {
    Definition(Box<Power>),
    Reference(::std::string::String),
    Null,
    Unrecognized(Value),
}

impl Decode for PowerRefOrNull {
    #[inline]
    fn decode(r: &mut Reader<'_>) -> Result<Self> {
        match r.peek()? {
            Kind::Object => Decode::decode(r).map(Self::Definition),
            Kind::String => Decode::decode(r).map(Self::Reference),
            Kind::Null => r.null().map(|()| Self::Null),
            _ => codec::other_kind("PowerRefOrNull", r).map(Self::Unrecognized),
        }
    }
}

impl Encode for PowerRefOrNull {
    #[inline]
    fn encode(&self, w: &mut Writer<'_>) {
        match self {
            Self::Definition(value) => value.encode(w),
            Self::Reference(value) => value.encode(w),
            Self::Null => w.null(),
            Self::Unrecognized(value) => value.encode(w),
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Setting {
    Step(i32),
    Colour(Colour),
    On(bool),
    Curve(Vec<u64>),
    Unrecognized(Value),
}

impl Decode for Setting {
    #[inline]
    fn decode(r: &mut Reader<'_>) -> Result<Self> {
        match r.peek()? {
            Kind::Number => Decode::decode(r).map(Self::Step),
            Kind::String => Decode::decode(r).map(Self::Colour),
            Kind::Bool => Decode::decode(r).map(Self::On),
            Kind::Array => Decode::decode(r).map(Self::Curve),
            _ => codec::other_kind("Setting", r).map(Self::Unrecognized),
        }
    }
}

impl Encode for Setting {
    #[inline]
    fn encode(&self, w: &mut Writer<'_>) {
        match self {
            Self::Step(value) => value.encode(w),
            Self::Colour(value) => value.encode(w),
            Self::On(value) => value.encode(w),
            Self::Curve(value) => value.encode(w),
            Self::Unrecognized(value) => value.encode(w),
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Dim {
    Level(f64),
    Off(Null),
    Unrecognized(Value),
}

impl Decode for Dim {
    #[inline]
    fn decode(r: &mut Reader<'_>) -> Result<Self> {
        match r.peek()? {
            Kind::Number => Decode::decode(r).map(Self::Level),
            Kind::Null => Decode::decode(r).map(Self::Off),
            _ => codec::other_kind("Dim", r).map(Self::Unrecognized),
        }
    }
}

impl Encode for Dim {
    #[inline]
    fn encode(&self, w: &mut Writer<'_>) {
        match self {
            Self::Level(value) => value.encode(w),
            Self::Off(value) => value.encode(w),
            Self::Unrecognized(value) => value.encode(w),
        }
    }
}

::qapi_types::impl_serde!(PowerRef, PowerRefOrNull, Setting, Dim);
