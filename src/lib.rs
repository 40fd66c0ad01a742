//! Clients and servers of QEMU's control protocols: the machine protocol (QMP), which QEMU and its storage daemon
//! speak, and the guest agent's.
//!
//! Commands, replies and events are types, generated from QEMU's schema (in `qmp`, `qga` and `qsd`) or from one of
//! your own, by the crate `qapi-gen`.
//!
//! # Driving a machine
//!
//! Connecting includes negotiation; executing a command gives its own reply type.
//!
//! ```no_run
//! # #[cfg(all(unix, feature = "client", feature = "qmp"))]
//! # fn main() -> Result<(), qapi_rt::Error> {
//! use qapi_rt::blocking::Client;
//! use qapi_rt::qmp::commands;
//!
//! let client = Client::connect_unix("/run/vm/qmp.sock")?;
//! let status = client.execute(commands::QueryStatus::new())?;
//! if !status.running {
//!     client.execute(commands::Cont::new())?;
//! }
//! # Ok(())
//! # }
//! # #[cfg(not(all(unix, feature = "client", feature = "qmp")))]
//! # fn main() {}
//! ```
//!
//! `Client` (feature `tokio`) has the same methods, with `await`. Both are cheap to clone, and any number of threads or
//! tasks may share them. Three things hold for every call:
//!
//! - It has a deadline, of 30 seconds unless another is set.
//! - Giving it up disturbs no other call: a late reply is dropped.
//! - Its error says whether the command may have been executed: `Error::maybe_executed`.
//!
//! Many commands only start something. The event that reports the outcome may arrive before the reply, so the wait has to
//! begin before the command is sent. `Client::execute_and_wait` does that, and for block jobs, migrations and dumps
//! `Client::run` with an operation from `jobs`. `Agent` is the client of a guest agent.
//!
//! # Machines of other releases
//!
//! The types are those of one release, and understand every release since 6.0. Whatever a reply or event holds that they
//! do not know is kept: a value, branch or event as `Unrecognized`, a member in the field `unrecognized`.
//! `capabilities` queries the schema of the connected server for what it supports.
//!
//! # Answering like a machine
//!
//! With the feature `server`, the modules `qmp`, `qga` and `qsd` have a trait `Service` with a method for each command.
//! Implemented commands are advertised, and no others.
//!
//! ```
//! # #[cfg(all(feature = "server", feature = "testing", feature = "tokio", feature = "qmp"))]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::sync::Arc;
//!
//! use qapi_rt::qmp::{NameInfo, Service, commands, serve};
//! use qapi_rt::service::{Call, Result};
//!
//! struct Machine;
//!
//! impl Service for Machine {
//!     async fn query_name(&self, _: &Call, _: commands::QueryName) -> Result<NameInfo> {
//!         Ok(NameInfo::new().name("vm0"))
//!     }
//! }
//!
//! // In this process; `server::Server` listens on sockets.
//! let (client, _server) = qapi_rt::testing::connect(serve(Arc::new(Machine))).await?;
//! let name = client.execute(commands::QueryName::new()).await?.name;
//! assert_eq!(name.as_deref(), Some("vm0"));
//! # Ok(())
//! # }
//! # #[cfg(not(all(feature = "server", feature = "testing", feature = "tokio", feature = "qmp")))]
//! # fn main() {}
//! ```
//!
//! # Without I/O
//!
//! All rules of the protocols are in [`session`]: bytes go in, bytes and occurrences come out. The clients and servers here
//! drive sessions, and so can your own event loop.
//!
//! # Features
//!
//! | feature | what it adds |
//! |---|---|
//! | `client` (default) | clients, blocking |
//! | `server` | service traits, routers, servers |
//! | `tokio` | the asynchronous flavours of both |
//! | `testing` | doubles for test suites, recording and replay |
//! | `recording` | of that, recordings and replaying the client's part |
//! | `serde` | commands with types of one's own, by serde; `Serialize` and `Deserialize` for all others |
//! | `vsock` | addresses `vsock:…`, on Linux |
//! | `qmp` (default), `qga`, `qsd` | types of QEMU's machine protocol, its guest agent, its storage daemon |
//!
//! `qmp` is all types of the machine protocol, and takes by far the most time of a first build. A program may name the
//! subjects that it uses instead; each brings the types that it needs:
//!
//! ```toml
//! qapi-rt = { version = "0.1", default-features = false, features = ["client", "qmp-misc", "qmp-run-state"] }
//! ```
//!
//! | feature | commands and events, with their types | also |
//! |---|---|---|
//! | `qmp-control` | `qmp_capabilities`, `query-version`, `query-commands`, `quit`, the schema; comes with each of the others | |
//! | `qmp-audio` | audio backends | |
//! | `qmp-block` | block devices, exports, transactions, jobs | `jobs::Job` |
//! | `qmp-char` | character devices | `monitors`, with `qmp-misc` and `qmp-qom` |
//! | `qmp-machine` | processors, memory, `system_reset`, `system_powerdown`, ACPI, PCI, CXL, TPM, accelerators | |
//! | `qmp-migration` | migration, dumps, `snapshot-save` and the like; brings `qmp-run-state` | `jobs::Migration`, `jobs::Dump`; snapshots as a `jobs::Job` with `qmp-block` |
//! | `qmp-misc` | `stop`, `cont`, descriptors, names, the human monitor, tracing, replaying, yank | `fds` |
//! | `qmp-net` | network devices, announcements, filters | |
//! | `qmp-qom` | objects and their properties, `device_add`, `device_del`, secrets | |
//! | `qmp-run-state` | `query-status`, events of stopping, shutdown, reset and panics | |
//! | `qmp-stats` | statistics | |
//! | `qmp-ui` | displays, VNC, SPICE, input | |
//! | `qmp-virtio` | what virtio devices do | |
//!
//! An event of another subject is received as one of another release. Commands of other subjects can be sent raw, without
//! warnings about deprecated ones. The service trait `qmp::Service` has all commands, and needs `qmp` and `server`.
//!
//! A program with a schema of its own does without QEMU's types: `default-features = false`, with `client`, `server` or
//! both.
//!
//! # Logs
//!
//! With a `tracing` subscriber in place, the target `qapi_rt::wire` logs at trace level each message a client sends (`C:`)
//! and receives (`S:`). The targets `qapi_rt::deprecated` and `qapi_rt::unstable` warn of commands, members, values and
//! events that are going to be removed or may change without notice, once each for every connection. Of a command that is
//! sent raw only the name is looked at.
//!
//! In the log of messages these are replaced by `***`, wherever they stand:
//!
//! - the value of a member called `password`, `passwd` or `cookie`, or `key` if it is a string; also where the name ends
//!   so after a dot, as `file.password` does,
//! - `data`, `rawdata`, `password` and `props` of an object with a `qom-type` of `secret…`, as in `object-add`, and `value`
//!   beside a `property` with one of those names, as in `qom-set`,
//! - `secret` of `sev-inject-launch-secret`,
//! - what goes to and comes from files and processes of a guest: `buf-b64`, `input-data`, `out-data`, `err-data`, and the
//!   environment `env` of `guest-exec`,
//! - `command-line` of `human-monitor-command` if it says anything of passwords, secrets or cookies,
//! - within any string, user and password in each URL that has both,
//! - within any string, what follows `json:`, as in a file name, if it says anything of passwords, secrets, cookies or
//!   keys, or has characters in the form `\u0061`.
//!
//! Ids of secret objects, as in `password-secret`, are shown. Not recognised are secrets that stand elsewhere: among the
//! arguments of a guest's process, in what is typed into it, as an option within other text (`rbd:pool/image:key=…`), and
//! in what `qom-get` returns. So treat the log as confidential.
#![cfg_attr(docsrs, feature(doc_cfg))]

// Generated code names this crate the same way everywhere.
#[cfg(feature = "server")]
extern crate self as qapi_rt;

#[cfg(any(feature = "client", feature = "server"))]
mod address;
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
#[cfg(all(feature = "client", feature = "qmp-misc", unix))]
pub mod fds;
#[cfg(feature = "client")]
mod flavours;
#[cfg(feature = "client")]
mod frame;
#[cfg(all(
    feature = "client",
    any(feature = "qmp-block", feature = "qmp-migration")
))]
pub mod jobs;
#[cfg(all(
    feature = "client",
    feature = "qmp-char",
    feature = "qmp-misc",
    feature = "qmp-qom",
    unix
))]
pub mod monitors;
#[cfg(feature = "client")]
mod queue;
#[cfg(all(test, shuttle))]
mod schedules;
#[cfg(feature = "server")]
pub mod server;
#[cfg(feature = "server")]
pub mod service;
pub mod session;
#[cfg(feature = "client")]
mod settings;
#[cfg(any(feature = "client", feature = "server"))]
mod sync;
#[cfg(feature = "recording")]
pub mod testing;
#[cfg(feature = "client")]
mod time;
#[cfg(feature = "client")]
mod trace;
#[cfg(any(feature = "client", feature = "server"))]
mod transport;

#[cfg(any(feature = "client", feature = "server"))]
pub use address::{Address, ParseAddressError};
#[cfg(all(feature = "client", feature = "qga", feature = "tokio"))]
pub use agent::tokio::Agent;
#[cfg(all(feature = "client", feature = "tokio"))]
pub use client::Client;
#[cfg(feature = "client")]
pub use error::{ConnectPhase, Error, ErrorKind, Undecoded, Violation};
#[cfg(feature = "client")]
pub use events::{EventMessage, Received};
pub use qapi_types as types;
pub use qapi_types::json;
#[cfg(all(feature = "qga", not(feature = "server")))]
pub use qapi_types::qga;
#[cfg(all(feature = "qmp-control", not(all(feature = "qmp", feature = "server"))))]
pub use qapi_types::qmp;
#[cfg(all(feature = "qsd", not(feature = "server")))]
pub use qapi_types::qsd;
#[cfg(feature = "client")]
pub use trace::mask_secrets;

/// The guest agent's commands, as of QEMU 11.1 and for every release since 6.0, and the service trait for an agent.
#[cfg(all(feature = "qga", feature = "server"))]
pub mod qga {
    include!(concat!(env!("OUT_DIR"), "/qga.rs"));
}
/// The machine protocol (QMP), as of QEMU 11.1 and for every release since 6.0, and the service trait for a server.
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
