//! Unions, one of them the branch of another.

use super::{Colour, PowerRef};
use ::qapi_types::codec::{self, Branch, Branches, Enum, Fault, Members};
use ::qapi_types::{Object, Reader, Result, Unrecognized, Writer};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PowerKind {
    Mains,
    Battery,
    None,
    Unrecognized(Unrecognized),
}

impl Enum for PowerKind {
    const VALUES: &'static [Self] = &[Self::Mains, Self::Battery, Self::None];
    const NAMES: &'static [&'static str] = &["mains", "battery", "none"];

    #[inline]
    fn unrecognized(name: Unrecognized) -> Self {
        Self::Unrecognized(name)
    }

    #[inline]
    fn name(&self) -> &str {
        match self {
            Self::Mains => "mains",
            Self::Battery => "battery",
            Self::None => "none",
            Self::Unrecognized(name) => name.as_str(),
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Power {
    pub fuse: Option<i64>,
    pub u: PowerBranch,
}

#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum PowerBranch {
    Mains(Box<Mains>),
    Battery(Box<Battery>),
    None,
    Unrecognized { tag: Unrecognized, members: Object },
}

#[doc(hidden)]
pub enum PowerBranchPartial {
    Mains(<Mains as Members>::Partial),
    Battery(<Battery as Members>::Partial),
    None,
    Unrecognized(Unrecognized, Object),
}

impl Members for Power {
    type Partial = (
        Fault,
        Option<PowerKind>,
        Option<i64>,
        Branch<PowerBranchPartial>,
    );

    #[inline]
    fn begin() -> Self::Partial {
        (Fault::new(), None, None, Branch::Unknown)
    }

    #[inline]
    fn member(p: &mut Self::Partial, key: &str, r: &mut Reader<'_>) -> Result<bool> {
        match key {
            "kind" => codec::get(&mut p.1, &mut p.0, 0, "kind", r),
            "fuse" => codec::get(&mut p.2, &mut p.0, 1, "fuse", r),
            _ => codec::branch_member::<PowerBranch>(&mut p.3, &p.1, "kind", key, r),
        }
    }

    #[inline]
    fn finish(p: Self::Partial, r: &Reader<'_>) -> Result<Self> {
        let mut fault = p.0;
        let tag = codec::need(p.1, &mut fault, 0, "kind", r)?;
        fault.check()?;
        Ok(Self {
            fuse: p.2,
            u: codec::branch_finish(p.3, &tag, r)?,
        })
    }

    #[inline]
    fn put(&self, w: &mut Writer<'_>) {
        w.key("kind");
        w.string(self.u.tag());
        codec::put_opt(w, "fuse", &self.fuse);
        self.u.put(w);
    }
}

impl Branches for PowerBranch {
    type Tag = PowerKind;
    type Partial = PowerBranchPartial;

    #[inline]
    fn begin(tag: &PowerKind) -> PowerBranchPartial {
        match tag {
            PowerKind::Mains => PowerBranchPartial::Mains(<Mains as Members>::begin()),
            PowerKind::Battery => PowerBranchPartial::Battery(<Battery as Members>::begin()),
            PowerKind::None => PowerBranchPartial::None,
            PowerKind::Unrecognized(tag) => {
                PowerBranchPartial::Unrecognized(tag.clone(), Object::new())
            }
        }
    }

    #[inline]
    fn member(p: &mut PowerBranchPartial, key: &str, r: &mut Reader<'_>) -> Result<bool> {
        match p {
            PowerBranchPartial::Mains(p) => <Mains as Members>::member(p, key, r),
            PowerBranchPartial::Battery(p) => <Battery as Members>::member(p, key, r),
            PowerBranchPartial::None => Ok(false),
            PowerBranchPartial::Unrecognized(_, members) => codec::open(members, key, r),
        }
    }

    #[inline]
    fn finish(p: PowerBranchPartial, r: &Reader<'_>) -> Result<Self> {
        Ok(match p {
            PowerBranchPartial::Mains(p) => Self::Mains(Box::new(Members::finish(p, r)?)),
            PowerBranchPartial::Battery(p) => Self::Battery(Box::new(Members::finish(p, r)?)),
            PowerBranchPartial::None => Self::None,
            PowerBranchPartial::Unrecognized(tag, members) => Self::Unrecognized { tag, members },
        })
    }

    #[inline]
    fn tag(&self) -> &str {
        match self {
            Self::Mains(_) => "mains",
            Self::Battery(_) => "battery",
            Self::None => "none",
            Self::Unrecognized { tag, .. } => tag.as_str(),
        }
    }

    #[inline]
    fn put(&self, w: &mut Writer<'_>) {
        match self {
            Self::Mains(branch) => branch.put(w),
            Self::Battery(branch) => branch.put(w),
            Self::None => {}
            Self::Unrecognized { members, .. } => codec::put_open(w, members),
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Mains {
    pub volts: u16,
    pub behind: Option<PowerRef>,
    pub backup: Option<Box<Mains>>,
}

impl Members for Mains {
    type Partial = (Fault, Option<u16>, Option<PowerRef>, Option<Box<Mains>>);

    #[inline]
    fn begin() -> Self::Partial {
        (Fault::new(), None, None, None)
    }

    #[inline]
    fn member(p: &mut Self::Partial, key: &str, r: &mut Reader<'_>) -> Result<bool> {
        match key {
            "volts" => codec::get(&mut p.1, &mut p.0, 0, "volts", r),
            "behind" => codec::get(&mut p.2, &mut p.0, 1, "behind", r),
            "backup" => codec::get(&mut p.3, &mut p.0, 2, "backup", r),
            _ => Ok(false),
        }
    }

    #[inline]
    fn finish(p: Self::Partial, r: &Reader<'_>) -> Result<Self> {
        let mut fault = p.0;
        let volts = codec::need(p.1, &mut fault, 0, "volts", r)?;
        fault.check()?;
        Ok(Self {
            volts,
            behind: p.2,
            backup: p.3,
        })
    }

    #[inline]
    fn put(&self, w: &mut Writer<'_>) {
        codec::put(w, "volts", &self.volts);
        codec::put_opt(w, "behind", &self.behind);
        codec::put_opt(w, "backup", &self.backup);
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Chemistry {
    Lithium,
    Lead,
    Unrecognized(Unrecognized),
}

impl Enum for Chemistry {
    const VALUES: &'static [Self] = &[Self::Lithium, Self::Lead];
    const NAMES: &'static [&'static str] = &["lithium", "lead"];

    #[inline]
    fn unrecognized(name: Unrecognized) -> Self {
        Self::Unrecognized(name)
    }

    #[inline]
    fn name(&self) -> &str {
        match self {
            Self::Lithium => "lithium",
            Self::Lead => "lead",
            Self::Unrecognized(name) => name.as_str(),
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Battery {
    pub u: BatteryBranch,
}

#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum BatteryBranch {
    Lithium(Box<Lithium>),
    Lead,
    Unrecognized { tag: Unrecognized, members: Object },
}

#[doc(hidden)]
pub enum BatteryBranchPartial {
    Lithium(<Lithium as Members>::Partial),
    Lead,
    Unrecognized(Unrecognized, Object),
}

impl Members for Battery {
    type Partial = (Fault, Option<Chemistry>, Branch<BatteryBranchPartial>);

    #[inline]
    fn begin() -> Self::Partial {
        (Fault::new(), None, Branch::Unknown)
    }

    #[inline]
    fn member(p: &mut Self::Partial, key: &str, r: &mut Reader<'_>) -> Result<bool> {
        match key {
            "chemistry" => codec::get(&mut p.1, &mut p.0, 0, "chemistry", r),
            _ => codec::branch_member::<BatteryBranch>(&mut p.2, &p.1, "chemistry", key, r),
        }
    }

    #[inline]
    fn finish(p: Self::Partial, r: &Reader<'_>) -> Result<Self> {
        let mut fault = p.0;
        let tag = codec::need(p.1, &mut fault, 0, "chemistry", r)?;
        fault.check()?;
        Ok(Self {
            u: codec::branch_finish(p.2, &tag, r)?,
        })
    }

    #[inline]
    fn put(&self, w: &mut Writer<'_>) {
        w.key("chemistry");
        w.string(self.u.tag());
        self.u.put(w);
    }
}

impl Branches for BatteryBranch {
    type Tag = Chemistry;
    type Partial = BatteryBranchPartial;

    #[inline]
    fn begin(tag: &Chemistry) -> BatteryBranchPartial {
        match tag {
            Chemistry::Lithium => BatteryBranchPartial::Lithium(<Lithium as Members>::begin()),
            Chemistry::Lead => BatteryBranchPartial::Lead,
            Chemistry::Unrecognized(tag) => {
                BatteryBranchPartial::Unrecognized(tag.clone(), Object::new())
            }
        }
    }

    #[inline]
    fn member(p: &mut BatteryBranchPartial, key: &str, r: &mut Reader<'_>) -> Result<bool> {
        match p {
            BatteryBranchPartial::Lithium(p) => <Lithium as Members>::member(p, key, r),
            BatteryBranchPartial::Lead => Ok(false),
            BatteryBranchPartial::Unrecognized(_, members) => codec::open(members, key, r),
        }
    }

    #[inline]
    fn finish(p: BatteryBranchPartial, r: &Reader<'_>) -> Result<Self> {
        Ok(match p {
            BatteryBranchPartial::Lithium(p) => Self::Lithium(Box::new(Members::finish(p, r)?)),
            BatteryBranchPartial::Lead => Self::Lead,
            BatteryBranchPartial::Unrecognized(tag, members) => Self::Unrecognized { tag, members },
        })
    }

    #[inline]
    fn tag(&self) -> &str {
        match self {
            Self::Lithium(_) => "lithium",
            Self::Lead => "lead",
            Self::Unrecognized { tag, .. } => tag.as_str(),
        }
    }

    #[inline]
    fn put(&self, w: &mut Writer<'_>) {
        match self {
            Self::Lithium(branch) => branch.put(w),
            Self::Lead => {}
            Self::Unrecognized { members, .. } => codec::put_open(w, members),
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Lithium {
    pub cells: u8,
    pub health: Option<Vec<Colour>>,
}

impl Members for Lithium {
    type Partial = (Fault, Option<u8>, Option<Vec<Colour>>);

    #[inline]
    fn begin() -> Self::Partial {
        (Fault::new(), None, None)
    }

    #[inline]
    fn member(p: &mut Self::Partial, key: &str, r: &mut Reader<'_>) -> Result<bool> {
        match key {
            "cells" => codec::get(&mut p.1, &mut p.0, 0, "cells", r),
            "health" => codec::get(&mut p.2, &mut p.0, 1, "health", r),
            _ => Ok(false),
        }
    }

    #[inline]
    fn finish(p: Self::Partial, r: &Reader<'_>) -> Result<Self> {
        let mut fault = p.0;
        let cells = codec::need(p.1, &mut fault, 0, "cells", r)?;
        fault.check()?;
        Ok(Self { cells, health: p.2 })
    }

    #[inline]
    fn put(&self, w: &mut Writer<'_>) {
        codec::put(w, "cells", &self.cells);
        codec::put_opt(w, "health", &self.health);
    }
}

::qapi_types::impl_enum!(PowerKind, Chemistry);
::qapi_types::impl_object!(Power, Mains, Battery, Lithium);
