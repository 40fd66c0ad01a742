//! Connections for threads that block, but never longer than they want to.

mod pump;
#[cfg(unix)]
mod socket;

use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
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
pub(crate) fn connect_tcp<A>(addresses: &Arc<A>, deadline: Instant) -> io::Result<TcpStream>
where
    A: ToSocketAddrs + Send + Sync + 'static,
{
    let mut error = io::ErrorKind::AddrNotAvailable.into();
    for address in resolve(Arc::clone(addresses), deadline)? {
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

/// Resolves names in a thread of its own, which is left behind at the deadline: the system takes as long as it likes and
/// cannot be told to stop.
fn resolve<A>(addresses: Arc<A>, deadline: Instant) -> io::Result<Vec<SocketAddr>>
where
    A: ToSocketAddrs + Send + Sync + 'static,
{
    let (resolved, result) = mpsc::channel();
    thread::Builder::new()
        .name("qapi-resolve".into())
        .spawn(move || {
            // Nobody may be waiting any more.
            let _ = resolved.send(addresses.to_socket_addrs().map(Vec::from_iter));
        })?;
    match result.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
        Ok(addresses) => addresses,
        Err(RecvTimeoutError::Timeout) => Err(io::ErrorKind::TimedOut.into()),
        Err(RecvTimeoutError::Disconnected) => Err(io::Error::other("resolving panicked")),
    }
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
