//! What connections are made of.

#[cfg(feature = "client")]
pub(crate) mod blocking;
#[cfg(feature = "client")]
pub(crate) mod dial;
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) mod linux;
#[cfg(any(
    all(unix, feature = "client"),
    target_os = "linux",
    target_os = "android"
))]
#[allow(unsafe_code)]
pub(crate) mod sys;
#[cfg(all(feature = "client", feature = "tokio"))]
pub(crate) mod tokio;

use std::io;

use crate::address::Address;
#[cfg(feature = "client")]
use crate::{Error, ErrorKind, session::client::Descriptor};

/// That this build does without such sockets.
#[cfg(any(feature = "client", feature = "server"))]
pub(crate) fn unsupported(address: &Address) -> io::Error {
    let why = match address {
        Address::Vsock { .. } => "needs Linux and the feature `vsock` of qapi-rt",
        Address::Fd(_) | Address::Abstract(_) => "needs Linux",
        Address::Unix(_) | Address::Tcp { .. } => "not on this system",
    };
    io::Error::new(io::ErrorKind::Unsupported, why)
}

/// The most file descriptors that go with one system call; Linux takes no more.
#[cfg(feature = "client")]
const MOST_FDS: usize = 253;

/// Whether so many file descriptors can be sent over a connection that passes some or none.
#[cfg(feature = "client")]
pub(crate) fn check_fds(fds: &[Descriptor], pass: bool) -> Result<(), Error> {
    let (count, limit) = (fds.len(), if pass { MOST_FDS } else { 0 });
    if count <= limit {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Descriptors { count, limit }))
}

/// An error with the one of several addresses that it is about.
#[cfg(feature = "client")]
fn at(address: std::net::SocketAddr, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{address}: {error}"))
}
