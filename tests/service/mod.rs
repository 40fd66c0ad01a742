//! Services and the servers that drive them: the one on tokio and the one that a thread drives.

mod dispatch;
mod fairness;
#[cfg(target_os = "linux")]
mod faults;
mod introspection;
#[cfg(target_os = "linux")]
mod serving;
#[cfg(target_os = "linux")]
mod sockets;
#[cfg(target_os = "linux")]
mod support;
mod vendor;

/// What the generator makes of its own test's schemas.
#[rustfmt::skip]
#[deny(warnings)]
#[allow(dead_code, unreachable_pub, clippy::pedantic)]
#[path = "../../qapi-gen/tests/golden"]
mod generated {
    pub mod service;
    pub mod service_local;
}
