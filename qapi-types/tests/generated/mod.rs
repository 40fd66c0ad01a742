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

mod alternates;
pub mod commands;
pub mod events;
mod lamps;
mod power;

pub use alternates::*;
pub use lamps::*;
pub use power::*;

use ::qapi_types::codec::{self, Members};
use ::qapi_types::message::{self, Raw};
use ::qapi_types::{Object, Result, Unrecognized, Writer};

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
