//! What connections are made of.

#[cfg(feature = "client")]
pub(crate) mod blocking;
#[cfg(all(feature = "client", feature = "tokio"))]
pub(crate) mod tokio;
