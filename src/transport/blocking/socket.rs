//! Unix and TCP sockets.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{
    AddressFamily, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, Shutdown,
    SocketAddrUnix, SocketFlags, SocketType, connect, recv, send, sendmsg, shutdown, socket_with,
};

use super::Io;
use crate::session::client::Descriptor;

/// A stream socket in blocking mode.
///
/// Reading waits in the system call that reads, so that a call costs no more than writing and reading. The socket's
/// receive timeout bounds it. It is not set for each call: one that is shorter than wanted does as well, because
/// whoever reads looks at the clock and reads again.
#[derive(Debug)]
pub(crate) struct Socket {
    fd: OwnedFd,
    passes_fds: bool,
    /// The receive timeout that is set, in nanoseconds; 0 for none.
    timeout: AtomicU64,
}

/// The longest receive timeout.
const LONGEST: Duration = Duration::from_secs(3600);

#[cfg(not(target_vendor = "apple"))]
const SEND: SendFlags = SendFlags::DONTWAIT.union(SendFlags::NOSIGNAL);
// The standard library's sockets raise no SIGPIPE there.
#[cfg(target_vendor = "apple")]
const SEND: SendFlags = SendFlags::DONTWAIT;

impl Socket {
    /// `fd` is a stream socket in blocking mode; descriptors pass over those of the Unix domain.
    pub(crate) fn new(fd: OwnedFd, passes_fds: bool) -> Self {
        Self {
            fd,
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
        set_socket_timeout(&self.fd, Timeout::Recv, Some(value))?;
        let nanos = value.as_nanos().try_into().unwrap_or(u64::MAX);
        self.timeout.store(nanos, Ordering::Relaxed);
        Ok(())
    }
}

impl Io for Socket {
    fn read(&self, buffer: &mut [u8], wait: Duration) -> io::Result<usize> {
        let flags = if wait.is_zero() {
            RecvFlags::DONTWAIT
        } else {
            self.limit(wait)?;
            RecvFlags::empty()
        };
        match recv(&self.fd, buffer, flags) {
            Ok((_, count)) => Ok(count),
            Err(Errno::INTR) => Err(io::ErrorKind::WouldBlock.into()),
            Err(error) => Err(error.into()),
        }
    }

    fn write(&self, bytes: &[u8], fds: &[Descriptor]) -> io::Result<usize> {
        let result = if fds.is_empty() {
            send(&self.fd, bytes, SEND)
        } else {
            let fds: Vec<_> = fds.iter().map(AsFd::as_fd).collect();
            let rights = SendAncillaryMessage::ScmRights(&fds);
            let mut space = vec![MaybeUninit::uninit(); rights.size()];
            let mut control = SendAncillaryBuffer::new(&mut space);
            if !control.push(rights) {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidInput,
                    "too many file descriptors",
                ));
            }
            sendmsg(&self.fd, &[io::IoSlice::new(bytes)], &mut control, SEND)
        };
        match result {
            Err(Errno::INTR) => Err(io::ErrorKind::WouldBlock.into()),
            result => Ok(result?),
        }
    }

    fn wait_writable(&self, or_readable: bool, wait: Duration) {
        let mut flags = PollFlags::OUT;
        flags.set(PollFlags::IN, or_readable);
        let timeout = Timespec::try_from(wait.min(LONGEST)).ok();
        // Whatever goes wrong shows when it is read or written next.
        let _ = poll(&mut [PollFd::new(&self.fd, flags)], timeout.as_ref());
    }

    fn passes_fds(&self) -> bool {
        self.passes_fds
    }

    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn peer(&self) -> Option<u32> {
        let peer = rustix::net::sockopt::socket_peercred(&self.fd).ok()?;
        u32::try_from(peer.pid.as_raw_nonzero().get()).ok()
    }

    fn close(&self) {
        let _ = shutdown(&self.fd, Shutdown::Both);
    }
}

/// Connects without waiting, by a socket that does not block: where a listener's queue is full, the error is
/// [`WouldBlock`](io::ErrorKind::WouldBlock).
///
/// # Errors
/// As the system call's.
pub(crate) fn connect_unix(address: &SocketAddrUnix) -> io::Result<UnixStream> {
    let socket = unix_socket()?;
    connect(&socket, address)?;
    Ok(socket.into())
}

#[cfg(not(target_vendor = "apple"))]
fn unix_socket() -> io::Result<OwnedFd> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    Ok(socket_with(
        AddressFamily::UNIX,
        SocketType::STREAM,
        flags,
        None,
    )?)
}

#[cfg(target_vendor = "apple")]
fn unix_socket() -> io::Result<OwnedFd> {
    let socket = socket_with(
        AddressFamily::UNIX,
        SocketType::STREAM,
        SocketFlags::empty(),
        None,
    )?;
    rustix::io::ioctl_fioclex(&socket)?;
    rustix::io::ioctl_fionbio(&socket, true)?;
    rustix::net::sockopt::set_socket_nosigpipe(&socket, true)?;
    Ok(socket)
}
