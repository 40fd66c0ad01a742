//! Paths that generated code uses, all in full: a schema may define types of any name.

use crate::compact::cat;

/// Paths into the crate of the codec.
pub(crate) struct Paths {
    pub(crate) root: String,
    pub(crate) codec: String,
    pub(crate) reader: String,
    pub(crate) writer: String,
    pub(crate) result: String,
    pub(crate) unrecognized: String,
    pub(crate) object: String,
    pub(crate) kept: String,
    pub(crate) value: String,
}

impl Paths {
    pub(crate) fn new(root: &str) -> Paths {
        let path = |tail: &str| cat(&[root, "::", tail]);
        Paths {
            root: root.to_owned(),
            codec: path("codec"),
            reader: path("Reader<'_>"),
            writer: path("Writer<'_>"),
            result: path("Result"),
            unrecognized: path("Unrecognized"),
            object: path("Object"),
            kept: path("UnrecognizedMembers"),
            value: path("Value"),
        }
    }
}

pub(crate) const OPTION: &str = "::core::option::Option";
pub(crate) const BOX: &str = "::std::boxed::Box";
pub(crate) const INTO: &str = "::core::convert::Into";
pub(crate) const FROM: &str = "::core::convert::From";
pub(crate) const STRING: &str = "::std::string::String";
pub(crate) const VEC: &str = "::std::vec::Vec";
