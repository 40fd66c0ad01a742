//! Clients and servers of QEMU's control protocols: the machine protocol (QMP), which QEMU and its storage daemon
//! speak, and the guest agent's.
//!
//! All rules of the protocols are in [`session`], which does no I/O. Blocking and asynchronous transports drive the same
//! sessions.
//!
//! # Logs
//!
//! With a `tracing` subscriber in place, the target `qapi_rt::wire` logs at trace level each message a client sends (`C:`)
//! and receives (`S:`); passwords, secrets, and what goes to and comes from files and processes of a guest are masked. The
//! targets `qapi_rt::deprecated` and `qapi_rt::unstable` warn of commands, members, values and events that are going to be
//! removed or may change without notice, once each for every connection.
#![cfg_attr(docsrs, feature(doc_cfg))]

// Generated code names this crate the same way everywhere.
#[cfg(feature = "server")]
extern crate self as qapi_rt;

#[cfg(all(feature = "client", feature = "qga"))]
pub mod agent;
#[cfg(feature = "client")]
pub mod blocking;
#[cfg(feature = "client")]
pub mod capabilities;
#[cfg(all(feature = "client", feature = "tokio"))]
pub mod client;
#[cfg(feature = "client")]
mod error;
#[cfg(feature = "client")]
mod events;
#[cfg(all(feature = "client", feature = "qmp", unix))]
pub mod fds;
#[cfg(feature = "client")]
mod frame;
#[cfg(all(feature = "client", feature = "qmp"))]
pub mod jobs;
#[cfg(feature = "server")]
pub mod server;
#[cfg(feature = "server")]
pub mod service;
pub mod session;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(feature = "client")]
mod trace;
mod transport;

#[cfg(all(feature = "client", feature = "qga", feature = "tokio"))]
pub use agent::tokio::Agent;
#[cfg(all(feature = "client", feature = "tokio"))]
pub use client::Client;
#[cfg(feature = "client")]
pub use error::{Error, ErrorKind, Violation};
#[cfg(feature = "client")]
pub use events::{EventMessage, Received};
pub use qapi_types as types;
#[cfg(all(feature = "qga", not(feature = "server")))]
pub use qapi_types::qga;
#[cfg(all(feature = "qmp", not(feature = "server")))]
pub use qapi_types::qmp;
#[cfg(all(feature = "qsd", not(feature = "server")))]
pub use qapi_types::qsd;

/// The guest agent's commands, as of QEMU 10.2 and for every release since 6.0, and the service trait for an agent.
#[cfg(all(feature = "qga", feature = "server"))]
pub mod qga {
    include!(concat!(env!("OUT_DIR"), "/qga.rs"));
}
/// The machine protocol (QMP), as of QEMU 10.2 and for every release since 6.0, and the service trait for a server.
#[cfg(all(feature = "qmp", feature = "server"))]
pub mod qmp {
    include!(concat!(env!("OUT_DIR"), "/qmp.rs"));
}
/// The storage daemon's part of the machine protocol, whose types are those of [`qmp`], and the service trait for such a
/// daemon.
#[cfg(all(feature = "qsd", feature = "server"))]
pub mod qsd {
    include!(concat!(env!("OUT_DIR"), "/qsd.rs"));
}
