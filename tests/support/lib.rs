//! What the tests across the crates share: generated types by their name on the wire, values made from a schema, and an
//! interpreter of schemas as the judge of generated code.
#![forbid(unsafe_code)]

mod choices;
// The tables have every command, deprecated or not.
#[allow(deprecated)]
mod codecs;
mod corpus;
mod generate;
mod json;
mod models;
#[cfg(unix)]
pub mod peers;
mod visitor;

/// What the build script generates from a schema of this package.
#[allow(missing_docs)]
pub mod heater {
    include!(concat!(env!("OUT_DIR"), "/heater.rs"));
}

pub use choices::{Choice, choices};
pub use codecs::{Codec, Command, Event, HEATER, Interface, QGA, QMP, QSD, RecodeEvent};
pub use corpus::corpus;
pub use generate::{Bytes, Generator, Optional, Seeded, Source};
pub use json::{differ, to_text};
pub use models::{Model, heater_model, models};
pub use visitor::check;

/// The programs and schemas that pages for users show are compiled, and run where they need nothing.
#[cfg(doctest)]
mod pages {
    #[doc = include_str!("../../README.md")]
    struct Readme;
    #[doc = include_str!("../../qapi-gen/README.md")]
    struct Generator;
    #[doc = include_str!("../../qapi-types/README.md")]
    struct Types;
    #[doc = include_str!("../../docs/guide/how-do-i.md")]
    struct HowDoI;
    #[doc = include_str!("../../docs/guide/versions.md")]
    struct Versions;
    #[doc = include_str!("../../docs/guide/from-qapi-rs.md")]
    struct FromQapiRs;
}
