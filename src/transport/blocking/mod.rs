//! Connections for threads that block, but never longer than they want to.

mod pump;
#[cfg(unix)]
mod socket;

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

pub(crate) use pump::Pump;
#[cfg(unix)]
pub(crate) use socket::{Socket, connect_unix};

use super::at;
use super::dial::{Attempts, Child, Failed, KNOCK};
use crate::address::Address;
use crate::error::{ConnectPhase, Error};
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

    /// The process at the other end, if the kernel knows it.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn peer(&self) -> Option<u32> {
        None
    }

    /// Ends the connection. Whoever is reading gets the end.
    fn close(&self);
}

/// Connects to what listens there; again and again if that is waited for.
///
/// # Errors
/// When nobody does before the deadline, or the server's process has exited.
pub(crate) fn dial(
    address: &Address,
    deadline: Instant,
    patient: bool,
    child: &mut Child<'_>,
) -> Result<Box<dyn Io>, Error> {
    let mut attempts = Attempts::new(address, deadline, patient);
    loop {
        child.check()?;
        attempts.check(Instant::now())?;
        match connect(address, deadline) {
            Ok(io) => return Ok(io),
            Err(failed) => {
                let next = attempts.failed(failed, Instant::now())?;
                thread::sleep(next.saturating_duration_since(Instant::now()));
            }
        }
    }
}

/// Connects, and leaves at once.
pub(crate) fn knock(address: &Address) {
    drop(connect(address, Instant::now() + KNOCK));
}

fn connect(address: &Address, deadline: Instant) -> Result<Box<dyn Io>, Failed> {
    match address {
        #[cfg(unix)]
        Address::Unix(path) => Ok(unix(&socket2::SockAddr::unix(path)?)?),
        #[cfg(any(target_os = "linux", target_os = "android"))]
        Address::Abstract(name) => Ok(unix(&crate::transport::linux::abstract_name(name)?)?),
        Address::Tcp { host, port } => {
            let host = if host.is_empty() { "localhost" } else { host };
            let addresses = match host.parse::<IpAddr>() {
                Ok(host) => vec![SocketAddr::new(host, *port)],
                Err(_) => resolve((host.to_owned(), *port), deadline).map_err(|error| Failed {
                    phase: ConnectPhase::Resolving,
                    error,
                })?,
            };
            Ok(tcp(connect_tcp(&addresses, deadline)?)?)
        }
        #[cfg(all(feature = "vsock", any(target_os = "linux", target_os = "android")))]
        Address::Vsock { cid, port } => {
            let left = deadline.saturating_duration_since(Instant::now());
            let socket = crate::transport::linux::connect_vsock(*cid, *port, left)?;
            Ok(Box::new(Socket::new(socket, false)))
        }
        #[cfg(any(target_os = "linux", target_os = "android"))]
        Address::Fd(number) => {
            let (socket, family) = crate::transport::linux::inherited(*number)?;
            socket.set_nonblocking(false)?;
            let passes_fds = family == socket2::Domain::UNIX;
            Ok(Box::new(Socket::new(socket, passes_fds)))
        }
        #[allow(unreachable_patterns)] // where nothing is left
        _ => Err(crate::transport::unsupported(address).into()),
    }
}

#[cfg(unix)]
fn unix(address: &socket2::SockAddr) -> io::Result<Box<dyn Io>> {
    let stream = connect_unix(address)?;
    stream.set_nonblocking(false)?;
    Ok(Box::new(Socket::new(stream, true)))
}

/// Connects to one of the addresses, in their order. The error is that of the last one.
fn connect_tcp(addresses: &[SocketAddr], deadline: Instant) -> io::Result<TcpStream> {
    let mut error = io::ErrorKind::AddrNotAvailable.into();
    for address in addresses {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        match TcpStream::connect_timeout(address, left) {
            Ok(stream) => return Ok(stream),
            Err(failed) => error = at(*address, &failed),
        }
    }
    Err(error)
}

/// Resolves names in a thread of its own, which is left behind at the deadline: the system takes as long as it likes and
/// cannot be told to stop.
fn resolve(
    addresses: impl ToSocketAddrs + Send + 'static,
    deadline: Instant,
) -> io::Result<Vec<SocketAddr>> {
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
    return Ok(Box::new(Socket::new(stream, false)));
    #[cfg(not(unix))]
    return Ok(Box::new(Pump::tcp(stream)?));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An address that takes its time, as a name does whose server is away.
    struct Unresolved(mpsc::Sender<()>);

    impl ToSocketAddrs for Unresolved {
        type Iter = std::vec::IntoIter<SocketAddr>;

        fn to_socket_addrs(&self) -> io::Result<Self::Iter> {
            self.0.send(()).unwrap();
            loop {
                thread::park();
            }
        }
    }

    #[test]
    fn the_deadline_holds_while_a_name_is_resolved() {
        let (resolving, started) = mpsc::channel();
        let deadline = Instant::now() + Duration::from_millis(20);
        let error = resolve(Unresolved(resolving), deadline).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        started.recv().unwrap();
    }
}
