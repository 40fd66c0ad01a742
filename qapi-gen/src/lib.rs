//! Reads, checks and explains [QAPI] schemas, QEMU's description of its control interface.
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
pub mod model;
mod names;
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

pub use releases::Releases;
pub use rust::{Error, ServiceOptions};
