//! Clients and servers of QEMU's control protocols: the machine protocol (QMP), which QEMU and its storage daemon
//! speak, and the guest agent's.
//!
//! All rules of the protocols are in [`session`], which does no I/O. Blocking and asynchronous transports drive the same
//! sessions.
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "client")]
pub mod capabilities;
#[cfg(feature = "client")]
mod error;
#[cfg(feature = "client")]
mod events;
#[cfg(feature = "client")]
mod frame;
pub mod session;

#[cfg(feature = "client")]
pub use error::{Error, ErrorKind, Violation};
#[cfg(feature = "client")]
pub use events::{EventMessage, Received};
pub use qapi_types as types;
#[cfg(feature = "qga")]
pub use qapi_types::qga;
#[cfg(feature = "qmp")]
pub use qapi_types::qmp;
#[cfg(feature = "qsd")]
pub use qapi_types::qsd;
