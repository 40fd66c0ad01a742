//! Diagnostics as text.
//!
//! Three forms: [`short`] for editors and build logs, [`json`] for programs, and (with the cargo
//! feature `human`) [`human`](human()) for people. Whatever a schema contains, the text is safe to
//! show on a terminal: control characters are replaced, and lines have a bounded length.

#[cfg(feature = "human")]
mod human;
mod json;
mod printable;
mod short;

#[cfg(feature = "human")]
pub use human::{Style, human};
pub use json::json;
pub(crate) use printable::is_hostile;
pub use printable::printable;
pub use short::short;
