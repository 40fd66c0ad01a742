//! The protocols' rules without I/O: bytes in, bytes out, and what happened.

#[cfg(feature = "client")]
pub mod agent;
#[cfg(feature = "client")]
pub mod client;
#[cfg(feature = "server")]
pub mod server;
