//! The Rust types of values.

use super::{Module, Plan};
use crate::model::*;
use crate::print::Code;
use crate::rust::code::Path;
use crate::rust::names::Ident;
use crate::rust::template::Piece;

/// A Rust type. Paths are written in full: a schema may define types of any name.
#[derive(Clone, Debug)]
pub(crate) enum Ty<'p> {
    /// One of Rust's own.
    Primitive(Ident),
    String,
    Vec(Box<Ty<'p>>),
    /// One of the crate of the codec.
    Codec(&'p Path, Ident),
    /// One of the generated file: where it is used, the module that it is in, and its name there.
    Local(Module, Option<Ident>, &'p Ident),
}

impl Piece for Ty<'_> {
    fn put(&self, code: &mut Code) {
        match self {
            Ty::Primitive(name) => name.put(code),
            Ty::String => code.extend(code!(::std::string::String)),
            Ty::Vec(element) => {
                let element: &Ty = element;
                code.extend(code!(element => ::std::vec::Vec<#element>));
            }
            Ty::Codec(krate, name) => code.extend(code!(krate, name => #krate::#name)),
            Ty::Local(user, module, name) => {
                if *user == Module::Inner {
                    code.extend(code!(super::));
                }
                if let Some(module) = module {
                    code.extend(code!(module => #module::));
                }
                name.put(code);
            }
        }
    }
}

impl<'s> Plan<'s> {
    /// The Rust type for a type of the schema, as code in that module names it.
    pub(crate) fn ty(&self, ty: Type, user: Module) -> Ty<'_> {
        let primitive = |name| Ty::Primitive(Ident::written(name));
        let codec = |name| Ty::Codec(&self.types, Ident::written(name));
        let inner = |module, item| Ty::Local(user, Some(Ident::written(module)), item);
        match ty {
            Type::Builtin(builtin) => match builtin {
                Builtin::Str => Ty::String,
                Builtin::Number => primitive("f64"),
                Builtin::Int | Builtin::Int64 => primitive("i64"),
                Builtin::Int8 => primitive("i8"),
                Builtin::Int16 => primitive("i16"),
                Builtin::Int32 => primitive("i32"),
                Builtin::Uint8 => primitive("u8"),
                Builtin::Uint16 => primitive("u16"),
                Builtin::Uint32 => primitive("u32"),
                Builtin::Uint64 | Builtin::Size => primitive("u64"),
                Builtin::Bool => primitive("bool"),
                Builtin::Null => codec("Null"),
                Builtin::Any => codec("Value"),
            },
            Type::Enum(QTYPE) => codec("QType"),
            Type::Enum(id) => Ty::Local(user, None, &self.enum_item(id).ident),
            Type::Alternate(id) => Ty::Local(user, None, &self.alternate_item(id).ident),
            Type::Array(id) => Ty::Vec(Box::new(self.ty(self.schema.array(id).element, user))),
            Type::Object(id) => match self.schema.object(id).kind {
                ObjectKind::Empty => codec("Empty"),
                ObjectKind::Arguments(Root::Command(id)) => {
                    inner("commands", &self.command_item(id).ident)
                }
                ObjectKind::Arguments(Root::Event(id)) => {
                    inner("events", &self.event_item(id).ident)
                }
                _ => Ty::Local(user, None, &self.object_item(id).ident),
            },
        }
    }
}
