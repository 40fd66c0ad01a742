//! Servers: what answers like QEMU.
//!
//! A server drives a [`Dispatch`](crate::service::Dispatch): a service made from a schema's trait, or a router. The rules of
//! the protocols are those of [`session::server`](crate::session::server).

#[cfg(any(target_os = "linux", target_os = "android"))]
pub mod blocking;
mod connection;
mod core;
mod library;
mod listener;
mod options;
#[cfg(unix)]
mod receive;
#[cfg(feature = "tokio")]
mod stream;
#[cfg(feature = "tokio")]
mod tokio;

pub use self::listener::Listener;
pub use self::options::Options;
#[cfg(feature = "tokio")]
pub use self::tokio::Server;
