//! The commands of the schema.

use ::qapi_types::codec::{self, Fault, Members};
use ::qapi_types::{Command, Empty, Object, Reader, Result, Writer};

#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct LampList {}

impl Members for LampList {
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

impl Command for LampList {
    type Reply = Vec<super::Lamp>;
    const NAME: &'static str = "lamp-list";
    const ALLOW_PRECONFIG: bool = true;
}

#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct LampSet {
    pub name: ::std::string::String,
    pub setting: Option<super::Setting>,
    pub dim: Option<super::Dim>,
    pub at: Option<i64>,
}

impl LampSet {
    #[must_use]
    pub fn new(name: impl Into<::std::string::String>) -> Self {
        Self {
            name: name.into(),
            setting: None,
            dim: None,
            at: None,
        }
    }
}

impl Members for LampSet {
    type Partial = (
        Fault,
        Option<::std::string::String>,
        Option<super::Setting>,
        Option<super::Dim>,
        Option<i64>,
    );

    #[inline]
    fn begin() -> Self::Partial {
        (Fault::new(), None, None, None, None)
    }

    #[inline]
    fn member(p: &mut Self::Partial, key: &str, r: &mut Reader<'_>) -> Result<bool> {
        match key {
            "name" => codec::get(&mut p.1, &mut p.0, 0, "name", r),
            "setting" => codec::get(&mut p.2, &mut p.0, 1, "setting", r),
            "dim" => codec::get(&mut p.3, &mut p.0, 2, "dim", r),
            "at" => codec::get(&mut p.4, &mut p.0, 3, "at", r),
            _ => Ok(false),
        }
    }

    #[inline]
    fn finish(p: Self::Partial, r: &Reader<'_>) -> Result<Self> {
        let mut fault = p.0;
        let name = codec::need(p.1, &mut fault, 0, "name", r)?;
        fault.check()?;
        Ok(Self {
            name,
            setting: p.2,
            dim: p.3,
            at: p.4,
        })
    }

    #[inline]
    fn put(&self, w: &mut Writer<'_>) {
        codec::put(w, "name", &self.name);
        codec::put_opt(w, "setting", &self.setting);
        codec::put_opt(w, "dim", &self.dim);
        codec::put_opt(w, "at", &self.at);
    }
}

impl Command for LampSet {
    type Reply = Empty;
    const NAME: &'static str = "lamp-set";
    const ALLOW_OOB: bool = true;
}

#[derive(Clone, Debug, PartialEq)]
pub struct PowerAdd(pub super::Power);

impl Members for PowerAdd {
    type Partial = <super::Power as Members>::Partial;

    #[inline]
    fn begin() -> Self::Partial {
        <super::Power as Members>::begin()
    }

    #[inline]
    fn member(p: &mut Self::Partial, key: &str, r: &mut Reader<'_>) -> Result<bool> {
        <super::Power as Members>::member(p, key, r)
    }

    #[inline]
    fn finish(p: Self::Partial, r: &Reader<'_>) -> Result<Self> {
        Members::finish(p, r).map(Self)
    }

    #[inline]
    fn put(&self, w: &mut Writer<'_>) {
        self.0.put(w);
    }
}

impl Command for PowerAdd {
    type Reply = Empty;
    const NAME: &'static str = "power-add";
}

#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct PartAdd {
    pub driver: ::std::string::String,
    pub id: Option<::std::string::String>,
    pub arguments: Object,
}

impl Members for PartAdd {
    type Partial = (
        Fault,
        Option<::std::string::String>,
        Option<::std::string::String>,
        Object,
    );

    #[inline]
    fn begin() -> Self::Partial {
        (Fault::new(), None, None, Object::new())
    }

    #[inline]
    fn member(p: &mut Self::Partial, key: &str, r: &mut Reader<'_>) -> Result<bool> {
        match key {
            "driver" => codec::get(&mut p.1, &mut p.0, 0, "driver", r),
            "id" => codec::get(&mut p.2, &mut p.0, 1, "id", r),
            _ => codec::open(&mut p.3, key, r),
        }
    }

    #[inline]
    fn finish(p: Self::Partial, r: &Reader<'_>) -> Result<Self> {
        let mut fault = p.0;
        let driver = codec::need(p.1, &mut fault, 0, "driver", r)?;
        fault.check()?;
        Ok(Self {
            driver,
            id: p.2,
            arguments: p.3,
        })
    }

    #[inline]
    fn put(&self, w: &mut Writer<'_>) {
        codec::put(w, "driver", &self.driver);
        codec::put_opt(w, "id", &self.id);
        codec::put_rest(w, &self.arguments, &["driver", "id"]);
    }
}

impl Command for PartAdd {
    type Reply = Empty;
    const NAME: &'static str = "part-add";
}

#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct LampShutdown {}

impl Members for LampShutdown {
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

impl Command for LampShutdown {
    type Reply = Empty;
    const NAME: &'static str = "lamp-shutdown";
    const SUCCESS_RESPONSE: bool = false;
}

::qapi_types::impl_object!(LampList, LampSet, PowerAdd, PartAdd, LampShutdown);
