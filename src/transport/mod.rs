//! What connections are made of.

#[cfg(feature = "client")]
pub(crate) mod blocking;
#[cfg(all(feature = "client", feature = "tokio"))]
pub(crate) mod tokio;

#[cfg(feature = "client")]
use crate::{Error, ErrorKind, session::client::Descriptor};

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
