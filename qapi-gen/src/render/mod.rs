//! Diagnostics as text.
//!
//! Three forms: [`short`] for editors and build logs, and with the cargo features of these names
//! [`json`](json()) for programs and [`human`](human()) for people. Whatever a schema contains, the text is safe to
//! show on a terminal: control characters are replaced, and lines have a bounded length.

#[cfg(feature = "human")]
mod human;
#[cfg(feature = "json")]
mod json;
mod printable;
mod short;

#[cfg(feature = "human")]
pub use human::{Style, human};
#[cfg(feature = "json")]
#[cfg_attr(docsrs, doc(cfg(feature = "json")))]
pub use json::json;
pub(crate) use printable::is_hostile;
pub use printable::printable;
pub use short::short;
