//! Reads, checks and explains [QAPI] schemas, QEMU's description of its control interface.
//!
//! [QAPI]: https://www.qemu.org/docs/master/devel/qapi-code-gen.html

mod check;
pub mod diagnostic;
mod frontend;
pub mod introspect;
mod json;
mod legacy;
mod loader;
pub mod model;
mod names;
pub mod render;
pub mod source;
mod suggest;
mod syntax;

pub use frontend::Frontend;
pub use loader::{DiskLoader, Loader, MemoryLoader};
pub use names::Name;

pub mod releases;
pub mod restate;
pub use releases::Releases;
