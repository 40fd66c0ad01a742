//! Unix and TCP sockets.

use std::io::{self, Read as _};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use socket2::{Domain, SockAddr, Type};

use super::Io;
use crate::session::client::Descriptor;
use crate::transport::sys;

/// A stream socket in blocking mode.
///
/// Reading waits in the system call that reads, so that a call costs no more than writing and reading. The socket's
/// receive timeout bounds it. It is not set for each call: one that is shorter than wanted does as well, because
/// whoever reads looks at the clock and reads again.
#[derive(Debug)]
pub(crate) struct Socket {
    socket: socket2::Socket,
    passes_fds: bool,
    /// The receive timeout that is set, in nanoseconds; 0 for none.
    timeout: AtomicU64,
}

/// The longest receive timeout.
const LONGEST: Duration = Duration::from_secs(3600);

impl Socket {
    /// `socket` is a stream socket in blocking mode; descriptors pass over those of the Unix domain.
    pub(crate) fn new(socket: impl Into<socket2::Socket>, passes_fds: bool) -> Self {
        Self {
            socket: socket.into(),
            passes_fds,
            timeout: AtomicU64::new(0),
        }
    }

    /// Sees to it that receiving takes no longer than `wait`, and not much less if that is long.
    fn limit(&self, wait: Duration) -> io::Result<()> {
        let wait = wait.min(LONGEST);
        let current = Duration::from_nanos(self.timeout.load(Ordering::Relaxed));
        if !current.is_zero() && current <= wait && current >= wait / 4 {
            return Ok(());
        }
        // Half as long, so that it serves for the next calls too, unless it ended within a scheduler's tick.
        let half = wait / 2;
        let value = if half > Duration::from_millis(10) {
            half
        } else {
            wait.max(Duration::from_millis(1))
        };
        self.socket.set_read_timeout(Some(value))?;
        let nanos = value.as_nanos().try_into().unwrap_or(u64::MAX);
        self.timeout.store(nanos, Ordering::Relaxed);
        Ok(())
    }
}

impl Io for Socket {
    fn read(&self, buffer: &mut [u8], wait: Duration) -> io::Result<usize> {
        let result = if wait.is_zero() {
            sys::receive_now(&self.socket, buffer)
        } else {
            self.limit(wait)?;
            (&self.socket).read(buffer)
        };
        result.map_err(tried)
    }

    fn write(&self, bytes: &[u8], fds: &[Descriptor]) -> io::Result<usize> {
        let result = if fds.is_empty() {
            self.socket.send_with_flags(bytes, sys::SEND)
        } else {
            sys::send_rights(&self.socket, bytes, fds)
        };
        result.map_err(tried)
    }

    fn wait_writable(&self, or_readable: bool, wait: Duration) {
        let readable = if or_readable { libc::POLLIN } else { 0 };
        // Whatever goes wrong shows when it is read or written next.
        let _ = sys::poll(&self.socket, libc::POLLOUT | readable, wait.min(LONGEST));
    }

    fn passes_fds(&self) -> bool {
        self.passes_fds
    }

    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn peer(&self) -> Option<u32> {
        let peer = sys::peer(&self.socket).ok()?;
        u32::try_from(peer.pid).ok().filter(|pid| *pid != 0)
    }

    fn close(&self) {
        let _ = self.socket.shutdown(Shutdown::Both);
    }
}

/// That a signal came first is as good as that nothing was ready.
fn tried(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::Interrupted => io::ErrorKind::WouldBlock.into(),
        _ => error,
    }
}

/// Connects without waiting, by a socket that does not block: where a listener's queue is full, the error is
/// [`WouldBlock`](io::ErrorKind::WouldBlock).
///
/// # Errors
/// As the system call's.
pub(crate) fn connect_unix(address: &SockAddr) -> io::Result<UnixStream> {
    let socket = socket2::Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    socket.connect(address)?;
    Ok(socket.into())
}
