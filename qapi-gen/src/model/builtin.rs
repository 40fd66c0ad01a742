//! Types that every schema has.

/// The built-in scalar types.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Builtin {
    /// A JSON string.
    Str,
    /// A JSON number.
    Number,
    /// A 64-bit signed integer.
    Int,
    /// An 8-bit signed integer.
    Int8,
    /// A 16-bit signed integer.
    Int16,
    /// A 32-bit signed integer.
    Int32,
    /// A 64-bit signed integer.
    Int64,
    /// An 8-bit unsigned integer.
    Uint8,
    /// A 16-bit unsigned integer.
    Uint16,
    /// A 32-bit unsigned integer.
    Uint32,
    /// A 64-bit unsigned integer.
    Uint64,
    /// A 64-bit unsigned integer that is a number of bytes.
    Size,
    /// A JSON boolean.
    Bool,
    /// JSON null.
    Null,
    /// Any JSON value.
    Any,
}

impl Builtin {
    /// Every built-in type.
    pub const ALL: [Builtin; 15] = [
        Builtin::Str,
        Builtin::Number,
        Builtin::Int,
        Builtin::Int8,
        Builtin::Int16,
        Builtin::Int32,
        Builtin::Int64,
        Builtin::Uint8,
        Builtin::Uint16,
        Builtin::Uint32,
        Builtin::Uint64,
        Builtin::Size,
        Builtin::Bool,
        Builtin::Null,
        Builtin::Any,
    ];

    /// The name in a schema.
    pub fn name(self) -> &'static str {
        match self {
            Builtin::Str => "str",
            Builtin::Number => "number",
            Builtin::Int => "int",
            Builtin::Int8 => "int8",
            Builtin::Int16 => "int16",
            Builtin::Int32 => "int32",
            Builtin::Int64 => "int64",
            Builtin::Uint8 => "uint8",
            Builtin::Uint16 => "uint16",
            Builtin::Uint32 => "uint32",
            Builtin::Uint64 => "uint64",
            Builtin::Size => "size",
            Builtin::Bool => "bool",
            Builtin::Null => "null",
            Builtin::Any => "any",
        }
    }

    /// The built-in type of that name.
    pub fn from_name(name: &str) -> Option<Builtin> {
        Builtin::ALL.into_iter().find(|b| b.name() == name)
    }

    /// The kind of JSON value on the wire.
    pub fn json_kind(self) -> JsonKind {
        match self {
            Builtin::Str => JsonKind::String,
            Builtin::Number => JsonKind::Number,
            Builtin::Bool => JsonKind::Boolean,
            Builtin::Null => JsonKind::Null,
            Builtin::Any => JsonKind::Value,
            _ => JsonKind::Int,
        }
    }
}

/// The kinds of JSON value that types stand for, as introspection names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum JsonKind {
    /// A string.
    String,
    /// A number, with or without a fraction.
    Number,
    /// A number that is an integer.
    Int,
    /// `true` or `false`.
    Boolean,
    /// `null`.
    Null,
    /// An object.
    Object,
    /// An array.
    Array,
    /// Any value.
    Value,
}

impl JsonKind {
    /// The name in `query-qmp-schema`'s `json-type`.
    pub fn as_str(self) -> &'static str {
        match self {
            JsonKind::String => "string",
            JsonKind::Number => "number",
            JsonKind::Int => "int",
            JsonKind::Boolean => "boolean",
            JsonKind::Null => "null",
            JsonKind::Object => "object",
            JsonKind::Array => "array",
            JsonKind::Value => "value",
        }
    }
}
