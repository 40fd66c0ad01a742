//! Which types may be written at a place.

use super::super::context::{Code, Frame};
use super::super::index::Index;
use super::{Item, item, symbol_kind};
use crate::diagnostic::DefinitionKind;
use crate::model::Builtin;

/// Which types a place takes.
#[derive(Clone, Copy, PartialEq)]
enum Allowed {
    Any,
    /// Those that have a kind of JSON value for themselves.
    Alternatives,
    /// Those with members.
    Objects,
    Structs,
}

/// Which types a place in `base`, `returns` or `data` takes; `None` if it takes none.
fn allowed(code: &Code, kind: Option<DefinitionKind>) -> Option<Allowed> {
    use DefinitionKind::{Alternate, Command, Enum, Event, Struct, Union};
    let outer = code.key(0)?;
    let inner = &code.frames[1..];
    let is_array = |frame: &Frame| frame.array;
    let is_type = |frame: &Frame| frame.key.as_deref() == Some("type");
    // A type alone, one in an array, and both of a member, as it is or in the long form.
    let (of_member, in_array) = match inner {
        [] => (false, false),
        [array] if is_array(array) => (false, true),
        [_] => (true, false),
        [members, array] if !is_array(members) && is_array(array) => (true, true),
        [members, long] if !is_array(members) && is_type(long) => (true, false),
        [members, long, array] if !is_array(members) && is_type(long) && is_array(array) => {
            (true, true)
        }
        _ => return None,
    };
    match (outer, kind, of_member, in_array) {
        (_, Some(Enum), ..) => None,
        ("base", Some(Struct | Union) | None, false, false) => Some(Allowed::Structs),
        ("base", Some(Union) | None, true, _) => Some(Allowed::Any),
        ("returns", _, false, _) => Some(Allowed::Any),
        ("data", Some(Command | Event) | None, false, false) => Some(Allowed::Objects),
        ("data", Some(Union), true, false) => Some(Allowed::Objects),
        ("data", Some(Alternate), true, false) => Some(Allowed::Alternatives),
        ("data", Some(Union), true, true) => None,
        ("data", _, true, _) => Some(Allowed::Any),
        _ => None,
    }
}

/// The types that may be written in `base`, `returns` or `data`.
pub(super) fn types(index: &Index, code: &Code, kind: Option<DefinitionKind>) -> Vec<Item> {
    use DefinitionKind::{Alternate, Command, Enum, Event, Struct, Union};
    let Some(allowed) = allowed(code, kind) else {
        return Vec::new();
    };
    let objects_only = matches!(allowed, Allowed::Objects | Allowed::Structs);
    let defs = index.definitions.iter().filter(|def| match def.kind {
        Command | Event => false,
        Enum => !objects_only,
        Alternate => allowed == Allowed::Any,
        Union => allowed != Allowed::Structs,
        Struct => true,
    });
    let builtins = Builtin::ALL.iter().filter(|builtin| match allowed {
        Allowed::Any => true,
        Allowed::Alternatives => **builtin != Builtin::Any,
        Allowed::Objects | Allowed::Structs => false,
    });
    let builtins =
        builtins.map(|builtin| item(builtin.name(), super::kind::KEYWORD, "built-in type"));
    let defs = defs.map(|def| item(def.name.as_str(), symbol_kind(def.kind), def.kind.as_str()));
    builtins.chain(defs).collect::<Vec<_>>()
}
