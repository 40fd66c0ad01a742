//! What connections are made of.

#[cfg(feature = "client")]
pub(crate) mod blocking;
