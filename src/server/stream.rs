//! Connections as tokio sees them.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use ::tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::service::Credentials;

/// What came with bytes.
#[cfg(unix)]
pub(super) type Fds = Vec<std::os::fd::OwnedFd>;
#[cfg(not(unix))]
pub(super) type Fds = Vec<()>;

/// A connection: bytes in, with descriptors where the kind of stream has them, and bytes out.
pub(super) trait Stream: Send + 'static {
    /// Reads some; 0 is the end.
    fn poll_receive(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
        fds: &mut Fds,
    ) -> Poll<io::Result<usize>>;

    /// Writes some.
    fn poll_send(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>>;

    /// Who is at the other end.
    fn credentials(&self) -> Option<Credentials> {
        None
    }
}

/// Any stream of bytes.
pub(super) struct Plain<S>(pub(super) S);

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Stream for Plain<S> {
    fn poll_receive(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
        _: &mut Fds,
    ) -> Poll<io::Result<usize>> {
        let mut buffer = ReadBuf::new(buffer);
        let result = Pin::new(&mut self.0).poll_read(cx, &mut buffer);
        result.map_ok(|()| buffer.filled().len())
    }

    fn poll_send(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let stream = Pin::new(&mut self.0);
        match stream.poll_write(cx, bytes) {
            Poll::Ready(Ok(0)) => Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
            // Streams may hold back what is not flushed.
            Poll::Ready(Ok(count)) => {
                let flushed = Pin::new(&mut self.0).poll_flush(cx);
                match flushed {
                    Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
                    _ => Poll::Ready(Ok(count)),
                }
            }
            other => other,
        }
    }
}

#[cfg(unix)]
impl Stream for tokio::net::UnixStream {
    fn poll_receive(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
        fds: &mut Fds,
    ) -> Poll<io::Result<usize>> {
        loop {
            std::task::ready!(self.poll_read_ready(cx))?;
            let read = || super::receive::receive(&*self, buffer, fds);
            match self.try_io(tokio::io::Interest::READABLE, read) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return Poll::Ready(result),
            }
        }
    }

    fn poll_send(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(self).poll_write(cx, bytes)
    }

    fn credentials(&self) -> Option<Credentials> {
        super::receive::credentials(self)
    }
}
