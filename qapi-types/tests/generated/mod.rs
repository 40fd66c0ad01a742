//! Types for a schema of lamps, written by hand in the form that generated code has.
//!
//! ```text
//! { 'enum': 'Colour', 'data': [ 'red', 'deep-blue', '2700k' ] }
//! { 'struct': 'Place', 'data': { 'room': 'str', '*shelf': 'uint8' } }
//! { 'struct': 'Lamp', 'base': 'Place',
//!   'data': { 'colour': 'Colour', '*level': 'number', 'tags': [ 'str' ], '*extra': 'any', '*power': 'PowerRefOrNull' } }
//!
//! { 'enum': 'PowerKind', 'data': [ 'mains', 'battery', 'none' ] }
//! { 'union': 'Power', 'base': { 'kind': 'PowerKind', '*fuse': 'int' }, 'discriminator': 'kind',
//!   'data': { 'mains': 'Mains', 'battery': 'Battery' } }
//! { 'struct': 'Mains', 'data': { 'volts': 'uint16', '*behind': 'PowerRef', '*backup': 'Mains' } }
//! { 'enum': 'Chemistry', 'data': [ 'lithium', 'lead' ] }
//! { 'union': 'Battery', 'base': { 'chemistry': 'Chemistry' }, 'discriminator': 'chemistry',
//!   'data': { 'lithium': 'Lithium' } }
//! { 'struct': 'Lithium', 'data': { 'cells': 'uint8', '*health': [ 'Colour' ] } }
//!
//! { 'alternate': 'PowerRef', 'data': { 'definition': 'Power', 'reference': 'str' } }
//! { 'alternate': 'PowerRefOrNull', 'data': { 'definition': 'Power', 'reference': 'str', 'none': 'null' } }
//! { 'alternate': 'Setting', 'data': { 'step': 'int32', 'colour': 'Colour', 'on': 'bool', 'curve': [ 'uint64' ] } }
//! { 'alternate': 'Dim', 'data': { 'level': 'number', 'off': 'null' } }
//!
//! { 'command': 'lamp-list', 'returns': [ 'Lamp' ], 'allow-preconfig': true }
//! { 'command': 'lamp-set', 'data': { 'name': 'str', '*setting': 'Setting', '*dim': 'Dim', '*at': 'int' },
//!   'allow-oob': true }
//! { 'command': 'power-add', 'data': 'Power', 'boxed': true }
//! { 'command': 'part-add', 'data': { 'driver': 'str', '*id': 'str' }, 'gen': false }
//! { 'command': 'lamp-shutdown', 'success-response': false }
//!
//! { 'event': 'LAMP_BROKEN', 'data': { 'name': 'str', '*power': 'Power' } }
//! { 'event': 'NIGHT' }
//! ```

use ::qapi_types::codec::{self, Branch, Branches, Decode, Encode, Enum, Fault, Kind, Members};
use ::qapi_types::message::{self, Raw};
use ::qapi_types::{Null, Object, Reader, Result, Unrecognized, Value, Writer};

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

/// All events.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Event {
    LampBroken(events::LampBroken),
    Night(events::Night),
    Unrecognized { name: Unrecognized, data: Object },
}

impl ::qapi_types::Events for Event {
    #[inline]
    fn decode(name: &str, data: Option<Raw<'_>>) -> Result<Self> {
        match name {
            "LAMP_BROKEN" => message::decode_event(data).map(Self::LampBroken),
            "NIGHT" => message::decode_event(data).map(Self::Night),
            _ => Ok(Self::Unrecognized {
                name: Unrecognized::new(name),
                data: message::decode_object(data)?,
            }),
        }
    }

    #[inline]
    fn name(&self) -> &str {
        match self {
            Self::LampBroken(_) => "LAMP_BROKEN",
            Self::Night(_) => "NIGHT",
            Self::Unrecognized { name, .. } => name.as_str(),
        }
    }

    #[inline]
    fn put(&self, w: &mut Writer<'_>) {
        match self {
            Self::LampBroken(event) => event.put(w),
            Self::Night(event) => event.put(w),
            Self::Unrecognized { data, .. } => codec::put_open(w, data),
        }
    }
}

::qapi_types::impl_enum!(Colour, PowerKind, Chemistry);
::qapi_types::impl_object!(Lamp, Power, Mains, Battery, Lithium);
::qapi_types::impl_serde!(PowerRef, PowerRefOrNull, Setting, Dim);

pub mod commands;
pub mod events;
