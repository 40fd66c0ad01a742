//! An interface as it is on the wire: what a schema and a server's answer to `query-qmp-schema` both describe.
//!
//! Objects are flat: an object has the members of its bases as well as its own. Types are told apart by number; what they
//! are called is a remark.

mod introspection;
mod messages;
mod schema;

pub use introspection::NotIntrospection;
pub(crate) use messages::messages;

use crate::diagnostic::Release;
use crate::model::{Builtin, JsonKind};
use crate::names::Name;
use std::collections::HashMap;

/// An interface as it is on the wire.
///
/// ```
/// use qapi_gen::Interface;
/// let text = r#"[
///     {"arg-type": "0", "meta-type": "command", "name": "ping", "ret-type": "0"},
///     {"members": [], "meta-type": "object", "name": "0"}
/// ]"#;
/// assert!(Interface::from_introspection(text).is_ok());
/// let error = Interface::from_introspection("{}").unwrap_err();
/// assert!(error.to_string().contains("query-qmp-schema"), "{error}");
/// ```
#[derive(Clone, Debug)]
pub struct Interface {
    pub(crate) commands: Vec<Command>,
    pub(crate) events: Vec<Event>,
    /// Both in their common order.
    pub(crate) roots: Vec<Root>,
    pub(crate) types: Vec<TypeDef>,
    /// Whether it comes from introspection, which does not tell the width of integers, conditions, and some flags of
    /// commands.
    pub(crate) introspected: bool,
    /// The newest release that tells interfaces in the form in which this one was told, if that is not today's.
    pub(crate) told_as: Option<Release>,
}

/// A command or event, by its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Root {
    Command(usize),
    Event(usize),
}

/// The place of a type in [`Interface::types`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct TypeId(pub(crate) usize);

/// A place in a schema file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) file: Name,
    pub(crate) line: u32,
}

#[derive(Clone, Debug)]
pub(crate) struct Command {
    pub(crate) name: Name,
    /// What it is; empty where nobody says.
    pub(crate) doc: String,
    pub(crate) arguments: TypeId,
    pub(crate) returns: TypeId,
    pub(crate) features: Vec<Name>,
    pub(crate) condition: Option<Name>,
    pub(crate) allow_oob: bool,
    pub(crate) allow_preconfig: bool,
    pub(crate) success_response: bool,
    /// Members beyond those of the argument type are taken.
    pub(crate) open: bool,
    pub(crate) place: Option<Place>,
}

#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) name: Name,
    /// What it is; empty where nobody says.
    pub(crate) doc: String,
    pub(crate) data: TypeId,
    pub(crate) features: Vec<Name>,
    pub(crate) condition: Option<Name>,
    pub(crate) place: Option<Place>,
}

#[derive(Clone, Debug)]
pub(crate) struct TypeDef {
    /// The name in the schema, or the number that hides it.
    pub(crate) name: Name,
    /// What it is; empty where nobody says.
    pub(crate) doc: String,
    /// The condition under which it exists.
    pub(crate) condition: Option<Name>,
    pub(crate) features: Vec<Name>,
    pub(crate) place: Option<Place>,
    pub(crate) shape: Shape,
}

#[derive(Clone, Debug)]
pub(crate) enum Shape {
    Builtin(Builtin),
    Enum(Vec<Value>),
    Array(TypeId),
    Object(Object),
    Alternate(Vec<TypeId>),
}

#[derive(Clone, Debug)]
pub(crate) struct Value {
    pub(crate) name: Name,
    pub(crate) features: Vec<Name>,
    pub(crate) condition: Option<Name>,
    pub(crate) line: Option<u32>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Object {
    pub(crate) members: Vec<Member>,
    /// The member that selects the variant.
    pub(crate) tag: Option<Name>,
    pub(crate) variants: Vec<Variant>,
}

#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) name: Name,
    /// What it is; empty where nobody says.
    pub(crate) doc: String,
    pub(crate) ty: TypeId,
    /// The type that declares it, if that is not the object: one of its bases.
    pub(crate) owner: Option<Name>,
    pub(crate) optional: bool,
    pub(crate) features: Vec<Name>,
    pub(crate) condition: Option<Name>,
    pub(crate) line: Option<u32>,
}

#[derive(Clone, Debug)]
pub(crate) struct Variant {
    pub(crate) case: Name,
    pub(crate) ty: TypeId,
    pub(crate) condition: Option<Name>,
}

pub(crate) fn has(features: &[Name], name: &str) -> bool {
    features.iter().any(|f| f == name)
}

impl Interface {
    pub(crate) fn ty(&self, id: TypeId) -> &TypeDef {
        &self.types[id.0]
    }

    pub(crate) fn shape(&self, id: TypeId) -> &Shape {
        &self.types[id.0].shape
    }

    pub(crate) fn object(&self, id: TypeId) -> Option<&Object> {
        match self.shape(id) {
            Shape::Object(object) => Some(object),
            _ => None,
        }
    }

    /// Whether it is an object without members and variants.
    pub(crate) fn is_empty(&self, id: TypeId) -> bool {
        self.object(id)
            .is_some_and(|o| o.members.is_empty() && o.tag.is_none())
    }

    /// What an alternate tells its alternatives by.
    pub(crate) fn kind(&self, id: TypeId) -> JsonKind {
        match self.shape(id) {
            Shape::Builtin(builtin) => builtin.json_kind(),
            Shape::Enum(_) => JsonKind::String,
            Shape::Object(_) => JsonKind::Object,
            Shape::Array(_) => JsonKind::Array,
            Shape::Alternate(_) => JsonKind::Value,
        }
    }

    /// A type for people: its name, or what it is where the name is hidden.
    pub(crate) fn describe(&self, id: TypeId) -> String {
        let ty = self.ty(id);
        match &ty.shape {
            Shape::Array(element) => format!("[{}]", self.describe(*element)),
            _ if !ty.is_hidden() => ty.name.to_string(),
            Shape::Enum(_) => "an enum".to_owned(),
            Shape::Alternate(alternatives) => {
                let kinds: Vec<&str> = alternatives
                    .iter()
                    .map(|a| self.kind(*a).as_str())
                    .collect();
                kinds.join(" or ")
            }
            _ => "an object".to_owned(),
        }
    }
}

impl TypeDef {
    /// Whether its name is hidden behind a number.
    pub(crate) fn is_hidden(&self) -> bool {
        self.name.starts_with(|c: char| c.is_ascii_digit())
    }

    /// Whether its name is not one that the schema gave it.
    pub(crate) fn is_nameless(&self) -> bool {
        self.is_hidden() || self.name.starts_with("q_") || self.name.starts_with(':')
    }
}

/// Things by name; the first of a name counts.
pub(crate) fn by_name<T>(items: &[T], name: impl Fn(&T) -> &Name) -> HashMap<&str, &T> {
    let mut map = HashMap::new();
    for item in items {
        map.entry(name(item).as_str()).or_insert(item);
    }
    map
}
