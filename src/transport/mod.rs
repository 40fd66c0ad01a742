//! What connections are made of.

#[cfg(feature = "client")]
pub(crate) mod blocking;
#[cfg(all(feature = "client", feature = "tokio"))]
pub(crate) mod tokio;

#[cfg(feature = "client")]
use crate::{Error, session::client::Descriptor};

/// The most file descriptors that go with one system call; Linux takes no more.
#[cfg(feature = "client")]
const MOST_FDS: usize = 253;

/// Whether so many file descriptors can be sent over a connection that passes some or none.
#[cfg(feature = "client")]
pub(crate) fn check_fds(fds: &[Descriptor], pass: bool) -> Result<(), Error> {
    use std::io::{Error as IoError, ErrorKind};

    Err(Error::io(
        if fds.is_empty() || pass && fds.len() <= MOST_FDS {
            return Ok(());
        } else if pass {
            IoError::new(
                ErrorKind::InvalidInput,
                format!(
                    "{} file descriptors at once, of at most {MOST_FDS}",
                    fds.len()
                ),
            )
        } else {
            IoError::new(
                ErrorKind::Unsupported,
                "file descriptors can only be sent over a Unix socket",
            )
        },
    ))
}
