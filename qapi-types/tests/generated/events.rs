//! The events of the schema.

use ::qapi_types::codec::{self, Fault, Members};
use ::qapi_types::{Event, Reader, Result, Writer};

#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct LampBroken {
    pub name: ::std::string::String,
    pub power: Option<super::Power>,
}

impl Members for LampBroken {
    type Partial = (Fault, Option<::std::string::String>, Option<super::Power>);

    #[inline]
    fn begin() -> Self::Partial {
        (Fault::new(), None, None)
    }

    #[inline]
    fn member(p: &mut Self::Partial, key: &str, r: &mut Reader<'_>) -> Result<bool> {
        match key {
            "name" => codec::get(&mut p.1, &mut p.0, 0, "name", r),
            "power" => codec::get(&mut p.2, &mut p.0, 1, "power", r),
            _ => Ok(false),
        }
    }

    #[inline]
    fn finish(p: Self::Partial, r: &Reader<'_>) -> Result<Self> {
        let mut fault = p.0;
        let name = codec::need(p.1, &mut fault, 0, "name", r)?;
        fault.check()?;
        Ok(Self { name, power: p.2 })
    }

    #[inline]
    fn put(&self, w: &mut Writer<'_>) {
        codec::put(w, "name", &self.name);
        codec::put_opt(w, "power", &self.power);
    }
}

impl Event for LampBroken {
    const NAME: &'static str = "LAMP_BROKEN";
}

#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Night {}

impl Members for Night {
    type Partial = ();

    #[inline]
    fn begin() -> Self::Partial {}

    #[inline]
    fn member(_: &mut Self::Partial, _: &str, _: &mut Reader<'_>) -> Result<bool> {
        Ok(false)
    }

    #[inline]
    fn finish((): Self::Partial, _: &Reader<'_>) -> Result<Self> {
        Ok(Self {})
    }

    #[inline]
    fn put(&self, _: &mut Writer<'_>) {}
}

impl Event for Night {
    const NAME: &'static str = "NIGHT";
}

::qapi_types::impl_object!(LampBroken, Night);
