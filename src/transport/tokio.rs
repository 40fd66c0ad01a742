//! Connections by way of tokio.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::tcp;
#[cfg(unix)]
use tokio::net::unix;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

use super::dial::{Attempts, Child, Failed, KNOCK};
use crate::address::Address;
use crate::error::{ConnectPhase, Error};
use crate::session::client::Descriptor;

/// A connection to what has an address.
pub(crate) enum Stream {
    #[cfg(unix)]
    Unix(tokio::net::UnixStream),
    Tcp(tokio::net::TcpStream),
    /// One that cannot pass descriptors, of whatever family.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    Other(tokio::net::UnixStream),
}

/// Connects to what listens there; again and again if that is waited for.
///
/// # Errors
/// When nobody does before the deadline, or the server's process has exited.
pub(crate) async fn dial(
    address: &Address,
    deadline: Instant,
    patient: bool,
    child: &mut Child<'_>,
) -> Result<Stream, Error> {
    let mut attempts = Attempts::new(address, deadline.into_std(), patient);
    loop {
        child.check()?;
        attempts.check(Instant::now().into_std())?;
        let mut phase = ConnectPhase::Connecting;
        let error = match timeout_at(deadline, connect(address, &mut phase)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => error,
            Err(_) => return Err(attempts.late(phase)),
        };
        let now = Instant::now().into_std();
        let next = attempts.failed(Failed { phase, error }, now)?;
        sleep_until(next.into()).await;
    }
}

/// Connects, and leaves at once.
pub(crate) async fn knock(address: &Address) {
    let mut phase = ConnectPhase::Connecting;
    drop(timeout(KNOCK, connect(address, &mut phase)).await);
}

/// How far it got is in `phase`, for when the future is dropped.
async fn connect(address: &Address, phase: &mut ConnectPhase) -> io::Result<Stream> {
    *phase = ConnectPhase::Connecting;
    match address {
        #[cfg(unix)]
        Address::Unix(path) => Ok(Stream::Unix(tokio::net::UnixStream::connect(path).await?)),
        #[cfg(any(target_os = "linux", target_os = "android"))]
        Address::Abstract(name) => {
            let stream = super::blocking::connect_unix(&super::linux::abstract_name(name)?)?;
            Ok(Stream::Unix(tokio::net::UnixStream::from_std(stream)?))
        }
        Address::Tcp { host, port } => {
            *phase = ConnectPhase::Resolving;
            let host = if host.is_empty() { "localhost" } else { host };
            let addresses = tokio::net::lookup_host((host, *port)).await?;
            *phase = ConnectPhase::Connecting;
            let mut error = io::ErrorKind::AddrNotAvailable.into();
            for address in addresses {
                match tokio::net::TcpStream::connect(address).await {
                    Ok(stream) => return tcp(stream),
                    Err(failed) => error = super::at(address, &failed),
                }
            }
            Err(error)
        }
        #[cfg(all(feature = "vsock", any(target_os = "linux", target_os = "android")))]
        Address::Vsock { cid, port } => {
            let stream = super::linux::start_vsock(*cid, *port)?;
            let stream = tokio::net::UnixStream::from_std(stream)?;
            stream.writable().await?;
            match stream.take_error()? {
                Some(error) => Err(error),
                None => Ok(Stream::Other(stream)),
            }
        }
        #[cfg(any(target_os = "linux", target_os = "android"))]
        Address::Fd(number) => {
            let (socket, family) = super::linux::inherited(*number)?;
            socket.set_nonblocking(true)?;
            // Stream sockets of all families are read and written alike.
            let stream = tokio::net::UnixStream::from_std(socket.into())?;
            Ok(match family == socket2::Domain::UNIX {
                true => Stream::Unix(stream),
                false => Stream::Other(stream),
            })
        }
        #[allow(unreachable_patterns)] // where nothing is left
        _ => Err(super::unsupported(address)),
    }
}

/// A TCP connection.
///
/// # Errors
/// When its options cannot be set.
pub(crate) fn tcp(stream: tokio::net::TcpStream) -> io::Result<Stream> {
    // Requests are small, and each is waited for.
    stream.set_nodelay(true)?;
    Ok(Stream::Tcp(stream))
}

impl Stream {
    pub(crate) fn split(self) -> (ReadHalf, WriteHalf) {
        match self {
            #[cfg(unix)]
            Self::Unix(stream) => {
                let (reader, writer) = stream.into_split();
                (ReadHalf::Unix(reader), WriteHalf::Unix(writer))
            }
            Self::Tcp(stream) => {
                let (reader, writer) = stream.into_split();
                (ReadHalf::Tcp(reader), WriteHalf::Tcp(writer))
            }
            #[cfg(any(target_os = "linux", target_os = "android"))]
            Self::Other(stream) => {
                let (reader, writer) = stream.into_split();
                let halves = (Box::pin(reader), Box::pin(writer));
                (ReadHalf::Any(halves.0), WriteHalf::Any(halves.1))
            }
        }
    }
}

/// Where to read from.
pub(crate) enum ReadHalf {
    #[cfg(unix)]
    Unix(unix::OwnedReadHalf),
    Tcp(tcp::OwnedReadHalf),
    Any(Pin<Box<dyn AsyncRead + Send>>),
}

/// Where to write to.
pub(crate) enum WriteHalf {
    #[cfg(unix)]
    Unix(unix::OwnedWriteHalf),
    Tcp(tcp::OwnedWriteHalf),
    Any(Pin<Box<dyn AsyncWrite + Send>>),
}

impl ReadHalf {
    pub(crate) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self {
            #[cfg(unix)]
            Self::Unix(half) => poll_receive(half.as_ref(), cx, buffer),
            Self::Tcp(half) => Pin::new(half).poll_read(cx, buffer),
            Self::Any(half) => half.as_mut().poll_read(cx, buffer),
        }
    }
}

impl WriteHalf {
    /// Whether file descriptors can be sent.
    pub(crate) fn passes_fds(&self) -> bool {
        match self {
            #[cfg(unix)]
            Self::Unix(_) => true,
            Self::Tcp(_) | Self::Any(_) => false,
        }
    }

    /// Writes bytes, and descriptors with the first of them.
    pub(crate) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        bytes: &[u8],
        fds: &[Descriptor],
    ) -> Poll<io::Result<usize>> {
        match self {
            #[cfg(unix)]
            Self::Unix(half) if !fds.is_empty() => poll_send(half.as_ref(), cx, bytes, fds),
            _ if !fds.is_empty() => Poll::Ready(Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "file descriptors pass over Unix sockets only",
            ))),
            #[cfg(unix)]
            Self::Unix(half) => Pin::new(half).poll_write(cx, bytes),
            Self::Tcp(half) => Pin::new(half).poll_write(cx, bytes),
            Self::Any(half) => half.as_mut().poll_write(cx, bytes),
        }
    }

    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            // Nothing is buffered there.
            #[cfg(unix)]
            Self::Unix(_) => Poll::Ready(Ok(())),
            Self::Tcp(_) => Poll::Ready(Ok(())),
            Self::Any(half) => half.as_mut().poll_flush(cx),
        }
    }

    pub(crate) fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            #[cfg(unix)]
            Self::Unix(half) => Pin::new(half).poll_shutdown(cx),
            Self::Tcp(half) => Pin::new(half).poll_shutdown(cx),
            Self::Any(half) => half.as_mut().poll_shutdown(cx),
        }
    }
}

/// As tokio's own reading, which takes a socket for empty when less came than there is room for. Where descriptors come along,
/// which are closed, the kernel gives no more at once than came with them.
#[cfg(unix)]
fn poll_receive(
    stream: &tokio::net::UnixStream,
    cx: &mut Context<'_>,
    buffer: &mut ReadBuf<'_>,
) -> Poll<io::Result<()>> {
    loop {
        std::task::ready!(stream.poll_read_ready(cx))?;
        let length = buffer.remaining();
        let mut is_received = false;
        let tried = stream.try_io(tokio::io::Interest::READABLE, || {
            let (count, with_descriptors) = super::sys::receive_bytes(stream, buffer)?;
            is_received = true;
            if count > 0 && count < length && !with_descriptors {
                // Has tokio wait for more.
                return Err(io::ErrorKind::WouldBlock.into());
            }
            Ok(())
        });
        if is_received {
            return Poll::Ready(Ok(()));
        }
        match tried {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            tried => return Poll::Ready(tried),
        }
    }
}

#[cfg(unix)]
fn poll_send(
    stream: &tokio::net::UnixStream,
    cx: &mut Context<'_>,
    bytes: &[u8],
    fds: &[Descriptor],
) -> Poll<io::Result<usize>> {
    loop {
        std::task::ready!(stream.poll_write_ready(cx))?;
        let sent = stream.try_io(tokio::io::Interest::WRITABLE, || {
            super::sys::send_rights(stream, bytes, fds)
        });
        match sent {
            // It was not ready after all.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            sent => return Poll::Ready(sent),
        }
    }
}

impl fmt::Debug for ReadHalf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReadHalf")
    }
}

impl fmt::Debug for WriteHalf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WriteHalf")
    }
}
