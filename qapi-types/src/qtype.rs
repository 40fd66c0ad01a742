//! The schema language's only built-in enumeration.

use crate::codec::Enum;
use crate::open::Unrecognized;

/// The schema's type `QType`: what QEMU calls the kinds of JSON values.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum QType {
    /// No value.
    None,
    /// `null`
    Qnull,
    /// A number.
    Qnum,
    /// A string.
    Qstring,
    /// An object.
    Qdict,
    /// An array.
    Qlist,
    /// `true` or `false`
    Qbool,
    /// A kind this version does not know.
    Unrecognized(Unrecognized),
}

impl Enum for QType {
    const VALUES: &'static [Self] = &[
        Self::None,
        Self::Qnull,
        Self::Qnum,
        Self::Qstring,
        Self::Qdict,
        Self::Qlist,
        Self::Qbool,
    ];
    const NAMES: &'static [&'static str] = &[
        "none", "qnull", "qnum", "qstring", "qdict", "qlist", "qbool",
    ];

    fn unrecognized(name: Unrecognized) -> Self {
        Self::Unrecognized(name)
    }

    fn name(&self) -> &str {
        match self {
            Self::None => "none",
            Self::Qnull => "qnull",
            Self::Qnum => "qnum",
            Self::Qstring => "qstring",
            Self::Qdict => "qdict",
            Self::Qlist => "qlist",
            Self::Qbool => "qbool",
            Self::Unrecognized(name) => name.as_str(),
        }
    }
}

crate::impl_enum!(QType);
