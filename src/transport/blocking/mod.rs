//! Connections for threads that block, but never longer than they want to.

mod pump;
#[cfg(unix)]
mod socket;

use std::fmt;
use std::io;
use std::net::{TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

pub(crate) use pump::Pump;
#[cfg(unix)]
pub(crate) use socket::{Socket, connect_unix};

use crate::session::client::Descriptor;

/// A connection. One thread may read while another writes.
pub(crate) trait Io: Send + Sync + fmt::Debug {
    /// Reads what there is, waiting at most so long for something. 0 bytes are the end; that there is nothing is
    /// [`WouldBlock`](io::ErrorKind::WouldBlock).
    fn read(&self, buffer: &mut [u8], wait: Duration) -> io::Result<usize>;

    /// Writes as much as is possible without waiting, and descriptors with the first byte. That nothing is possible is
    /// [`WouldBlock`](io::ErrorKind::WouldBlock).
    fn write(&self, bytes: &[u8], fds: &[Descriptor]) -> io::Result<usize>;

    /// Waits until it can be written, or read if that is of interest.
    fn wait_writable(&self, or_readable: bool, wait: Duration);

    /// Whether file descriptors can be sent.
    fn passes_fds(&self) -> bool {
        false
    }

    /// Ends the connection. Whoever is reading gets the end.
    fn close(&self);
}

/// Connects to one of the addresses, in their order.
///
/// # Errors
/// As the system's for the last one; a name that cannot be resolved.
pub(crate) fn connect_tcp(
    addresses: impl ToSocketAddrs,
    deadline: Instant,
) -> io::Result<TcpStream> {
    let mut error = io::ErrorKind::AddrNotAvailable.into();
    for address in addresses.to_socket_addrs()? {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        match TcpStream::connect_timeout(&address, left) {
            Ok(stream) => return Ok(stream),
            Err(failed) => {
                error = io::Error::new(failed.kind(), format!("{address}: {failed}"));
            }
        }
    }
    Err(error)
}

/// A TCP connection.
///
/// # Errors
/// When its options cannot be set.
pub(crate) fn tcp(stream: TcpStream) -> io::Result<Box<dyn Io>> {
    // Requests are small, and each is waited for.
    stream.set_nodelay(true)?;
    stream.set_nonblocking(false)?;
    #[cfg(unix)]
    return Ok(Box::new(Socket::new(stream.into(), false)));
    #[cfg(not(unix))]
    return Ok(Box::new(Pump::tcp(stream)?));
}
