//! Reads, checks and explains [QAPI] schemas, QEMU's description of its control interface.
//!
//! [QAPI]: https://www.qemu.org/docs/master/devel/qapi-code-gen.html

pub mod diagnostic;
mod frontend;
pub mod introspect;
mod json;
mod loader;
pub mod model;
mod names;
pub mod render;
pub mod source;
mod suggest;

pub use frontend::Frontend;
pub use loader::{DiskLoader, Loader, MemoryLoader};
pub use names::Name;
