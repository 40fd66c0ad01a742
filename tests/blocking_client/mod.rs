//! The blocking client against servers that do what they should not, and against real ones.

#[cfg(unix)]
mod blocking;
#[cfg(unix)]
mod descriptors;
#[cfg(unix)]
pub(crate) mod fake;
