//! Reads, checks and explains [QAPI] schemas, QEMU's description of its control interface.
//!
//! Build scripts want to compile little, and leave out what they do not need
//! (`default-features = false`). Cargo features add:
//!
//! - `docs`: the schema's documentation becomes that of the generated code
//! - `human`: diagnostics with excerpts of the source
//! - `releases`: types for clients of several releases, see `Releases`
//! - `syn`: Rust code in the builder's options is parsed, so that a mistake is reported where it
//!   was made
//! - `cli` (default): the command `qapi-gen`, and all of these
//!
//! [QAPI]: https://www.qemu.org/docs/master/devel/qapi-code-gen.html
#![cfg_attr(docsrs, feature(doc_cfg))]

mod builder;
mod check;
pub mod diagnostic;
mod frontend;
pub mod introspect;
mod json;
mod legacy;
mod loader;
mod map;
pub mod model;
mod names;
#[cfg(feature = "releases")]
#[cfg_attr(docsrs, doc(cfg(feature = "releases")))]
pub mod releases;
pub mod render;
// Only the command restates schemas; build scripts are spared compiling it.
#[cfg(feature = "cli")]
pub mod restate;
mod rust;
pub mod source;
mod suggest;
mod syntax;

pub use builder::{Builder, Condition};
pub use frontend::Frontend;
pub use loader::{DiskLoader, Loader, MemoryLoader};
pub use names::Name;

#[cfg(feature = "releases")]
pub use releases::Releases;
pub use rust::{Error, ServiceOptions};
