//! Schemas in forms for other languages: JSON Schema, OpenRPC, TypeScript.
//!
//! ```
//! use qapi_gen::export::{Format, export};
//! use qapi_gen::{Frontend, Interface};
//! let text = "{ 'command': 'eject', 'data': { 'id': 'str', '*force': 'bool' } }";
//! let interface = Interface::of(&Frontend::new().read_text("a.json", text)?);
//! let declarations = export(&interface, Format::TypeScript, "example");
//! assert!(declarations.contains(r#""eject": { arguments: { "id": string; "force"?: boolean }"#));
//! # Ok::<(), qapi_gen::diagnostic::Errors>(())
//! ```

mod json_schema;
mod names;
mod openrpc;
mod shapes;
mod typescript;

use crate::interface::Interface;

/// What a schema is exported as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// [JSON Schema](https://json-schema.org/specification), 2020-12: types, and the messages of the protocol.
    JsonSchema,
    /// [OpenRPC](https://spec.open-rpc.org), 1.3: commands as methods, events as notifications.
    OpenRpc,
    /// Declarations of types and messages for TypeScript.
    TypeScript,
}

/// The interface in a form for other languages, as text that ends with LF. `title` says what it is.
///
/// The interface is one with names for its types: of a schema, not of introspection.
pub fn export(interface: &Interface, format: Format, title: &str) -> String {
    let reserved = match format {
        Format::JsonSchema | Format::OpenRpc => &[][..],
        Format::TypeScript => &typescript::RESERVED,
    };
    let names = names::Names::of(interface, reserved);
    match format {
        Format::JsonSchema => json_schema::document(interface, &names, title),
        Format::OpenRpc => openrpc::document(interface, &names, title),
        Format::TypeScript => typescript::declarations(interface, &names, title),
    }
}
