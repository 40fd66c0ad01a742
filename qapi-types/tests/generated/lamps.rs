//! An enumeration, and a struct with members of most types.

use super::PowerRefOrNull;
use ::qapi_types::codec::{self, Enum, Fault, Members};
use ::qapi_types::{Reader, Result, Unrecognized, Value, Writer};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Colour {
    Red,
    DeepBlue,
    _2700k,
    Unrecognized(Unrecognized),
}

impl Enum for Colour {
    const VALUES: &'static [Self] = &[Self::Red, Self::DeepBlue, Self::_2700k];
    const NAMES: &'static [&'static str] = &["red", "deep-blue", "2700k"];

    #[inline]
    fn unrecognized(name: Unrecognized) -> Self {
        Self::Unrecognized(name)
    }

    #[inline]
    fn name(&self) -> &str {
        match self {
            Self::Red => "red",
            Self::DeepBlue => "deep-blue",
            Self::_2700k => "2700k",
            Self::Unrecognized(name) => name.as_str(),
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Lamp {
    pub room: ::std::string::String,
    pub shelf: Option<u8>,
    pub colour: Colour,
    pub level: Option<f64>,
    pub tags: Vec<::std::string::String>,
    pub extra: Option<Value>,
    pub power: Option<PowerRefOrNull>,
}

impl Members for Lamp {
    type Partial = (
        Fault,
        Option<::std::string::String>,
        Option<u8>,
        Option<Colour>,
        Option<f64>,
        Option<Vec<::std::string::String>>,
        Option<Value>,
        Option<PowerRefOrNull>,
    );

    #[inline]
    fn begin() -> Self::Partial {
        (Fault::new(), None, None, None, None, None, None, None)
    }

    #[inline]
    fn member(p: &mut Self::Partial, key: &str, r: &mut Reader<'_>) -> Result<bool> {
        match key {
            "room" => codec::get(&mut p.1, &mut p.0, 0, "room", r),
            "shelf" => codec::get(&mut p.2, &mut p.0, 1, "shelf", r),
            "colour" => codec::get(&mut p.3, &mut p.0, 2, "colour", r),
            "level" => codec::get(&mut p.4, &mut p.0, 3, "level", r),
            "tags" => codec::get(&mut p.5, &mut p.0, 4, "tags", r),
            "extra" => codec::get(&mut p.6, &mut p.0, 5, "extra", r),
            "power" => codec::get(&mut p.7, &mut p.0, 6, "power", r),
            _ => Ok(false),
        }
    }

    #[inline]
    fn finish(p: Self::Partial, r: &Reader<'_>) -> Result<Self> {
        let mut fault = p.0;
        let room = codec::need(p.1, &mut fault, 0, "room", r)?;
        let colour = codec::need(p.3, &mut fault, 2, "colour", r)?;
        let tags = codec::need(p.5, &mut fault, 4, "tags", r)?;
        fault.check()?;
        Ok(Self {
            room,
            shelf: p.2,
            colour,
            level: p.4,
            tags,
            extra: p.6,
            power: p.7,
        })
    }

    #[inline]
    fn put(&self, w: &mut Writer<'_>) {
        codec::put(w, "room", &self.room);
        codec::put_opt(w, "shelf", &self.shelf);
        codec::put(w, "colour", &self.colour);
        codec::put_opt(w, "level", &self.level);
        codec::put(w, "tags", &self.tags);
        codec::put_opt(w, "extra", &self.extra);
        codec::put_opt(w, "power", &self.power);
    }
}

::qapi_types::impl_enum!(Colour);
::qapi_types::impl_object!(Lamp);
