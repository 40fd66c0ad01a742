//! What the server at the other end can do, asked of its own schema.
//!
//! `query-qmp-schema` (QEMU 2.5 and newer) describes every command and event of a server, as it was configured and
//! built. [`Capabilities`] indexes the reply once and is then asked in three ways: by walking from a
//! [`Command`] or [`Event`], by a path in libvirt's notation ([`Capabilities::has`]), or with the very arguments that
//! are to be sent ([`Capabilities::examine`]). It also gives types to arguments that people write as `key=value`
//! ([`Capabilities::arguments`]).
//!
//! Up to QEMU 11.0 the schema has what the one target has that the binary is for. From 11.1
//! on it is the same for all targets: that a command is in it says that the build knows it, not that this machine has
//! what the command is about. `query-gic-capabilities`, for one, is there on x86, and answers with an error.
//!
//! ```
//! use qapi_rt::capabilities::Capabilities;
//!
//! let reply = br#"[
//!     {"name": "eject", "meta-type": "command", "arg-type": "1", "ret-type": "0"},
//!     {"name": "0", "meta-type": "object", "members": []},
//!     {"name": "1", "meta-type": "object", "members": [
//!         {"name": "device", "type": "str", "default": null, "features": ["deprecated"]},
//!         {"name": "id", "type": "str", "default": null}]},
//!     {"name": "str", "meta-type": "builtin", "json-type": "string"}]"#;
//! let capabilities = Capabilities::parse(reply)?;
//!
//! let eject = capabilities.command("eject").unwrap();
//! assert!(eject.argument("device").unwrap().is_deprecated());
//! assert!(capabilities.has("eject/arg-type/*id/!string")?);
//! assert!(!capabilities.has("eject/arg-type/force")?);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod examine;
mod index;
mod keyval;
mod path;
#[cfg(test)]
mod tests;
mod view;

use std::fmt;

pub use examine::{Finding, Problem};
pub use keyval::{KeyValueError, KeyValueProblem, KeyValues};
pub use path::PathError;
pub use view::{Command, Event, JsonType, Member, Type, TypeKind, Value};

use index::{Entity, Kind, Names, Slot};

/// The schema of a server, indexed.
#[derive(Default)]
pub struct Capabilities {
    names: Names,
    entities: Vec<Entity>,
    slots: Vec<Slot>,
    features: Vec<u32>,
    /// Entities, sorted by name.
    by_name: Vec<u32>,
}

impl Capabilities {
    /// Indexes what `query-qmp-schema` returned, as JSON text.
    ///
    /// # Errors
    /// When the text is not JSON, or not a schema: an entry lacks what belongs to its meta-type, two entries have one
    /// name, or a type is used that is not there. Meta-types and members that are not known are passed over.
    pub fn parse(reply: &[u8]) -> Result<Self, SchemaError> {
        index::build(reply)
    }

    /// The command `name`, if the server has it.
    #[must_use]
    pub fn command(&self, name: &str) -> Option<Command<'_>> {
        self.as_command(self.find(name)?)
    }

    /// The event `name`, if the server may send it.
    #[must_use]
    pub fn event(&self, name: &str) -> Option<Event<'_>> {
        self.as_event(self.find(name)?)
    }

    /// All commands, by name.
    pub fn commands(&self) -> impl Iterator<Item = Command<'_>> {
        let entities = self.by_name.iter();
        entities.filter_map(|entity| self.as_command(*entity))
    }

    /// All events, by name.
    pub fn events(&self) -> impl Iterator<Item = Event<'_>> {
        let entities = self.by_name.iter();
        entities.filter_map(|entity| self.as_event(*entity))
    }

    fn as_command(&self, entity: u32) -> Option<Command<'_>> {
        match *self.kind(entity) {
            Kind::Command {
                arguments,
                reply,
                oob,
            } => Some(Command {
                capabilities: self,
                entity,
                arguments,
                reply,
                oob,
            }),
            _ => None,
        }
    }

    fn as_event(&self, entity: u32) -> Option<Event<'_>> {
        match *self.kind(entity) {
            Kind::Event(data) => Some(Event {
                capabilities: self,
                entity,
                data,
            }),
            _ => None,
        }
    }
}

impl fmt::Debug for Capabilities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Capabilities")
            .field("entries", &self.entities.len())
            .finish_non_exhaustive()
    }
}

/// Why a reply cannot be indexed.
#[derive(Debug)]
#[non_exhaustive]
pub enum SchemaError {
    /// It is not JSON, or a value is of another kind than it should be.
    Json(qapi_types::Error),
    /// An entry lacks something.
    Incomplete {
        /// Its name, or its place if that is what it lacks.
        entry: String,
        /// What it lacks.
        member: &'static str,
    },
    /// An entry uses a type that is not there.
    UnknownType {
        /// Its name.
        entry: String,
        /// The type's.
        name: String,
    },
    /// Two entries have the same name.
    Duplicate {
        /// That name.
        name: String,
    },
    /// The text is 4 GiB or more.
    TooLarge,
}

impl From<qapi_types::Error> for SchemaError {
    fn from(error: qapi_types::Error) -> Self {
        Self::Json(error)
    }
}

impl fmt::Display for SchemaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(error) => write!(f, "at byte {}: {error}", error.offset()),
            Self::Incomplete { entry, member } => {
                write!(f, "schema entry '{entry}' lacks '{member}'")
            }
            Self::UnknownType { entry, name } => {
                write!(
                    f,
                    "schema entry '{entry}' uses type '{name}', which is not there"
                )
            }
            Self::Duplicate { name } => write!(f, "the schema has two entries '{name}'"),
            Self::TooLarge => f.write_str("the schema is larger than 4 GiB"),
        }
    }
}

impl std::error::Error for SchemaError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Json(error) => Some(error),
            _ => None,
        }
    }
}
