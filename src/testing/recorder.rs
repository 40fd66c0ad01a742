//! Writing down what passes between a client and a server.

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use qapi_types::Object;

use super::recording::{Message, Side};
use crate::frame::{Fault, Splitter};

/// A message longer than this is not written down.
const LIMIT: usize = 64 << 20;

/// Writes a [`Recording`](super::Recording) while a client talks to a server.
///
/// Wrap the stream on which the client talks ([`wrap`](Self::wrap)), both halves if it has two. Everything is written
/// down, secrets too.
///
/// ```no_run
/// # #[cfg(unix)] fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::os::unix::net::UnixStream;
///
/// use qapi_rt::blocking::Client;
/// use qapi_rt::testing::Recorder;
///
/// let recorder = Recorder::create("session.txt")?;
/// let stream = UnixStream::connect("qmp.sock")?;
/// let read_half = recorder.wrap(stream.try_clone()?);
/// let client = Client::builder().over(read_half, recorder.wrap(stream))?;
/// # drop(client);
/// # Ok(())
/// # }
/// # #[cfg(not(unix))] fn main() {}
/// ```
#[derive(Clone)]
pub struct Recorder(Arc<Mutex<Tap>>);

pub(super) struct Tap {
    out: Box<dyn Write + Send>,
    client: Splitter,
    server: Splitter,
    failed: Option<io::Error>,
}

impl Recorder {
    /// Writes a file, anew if there is one.
    ///
    /// # Errors
    /// When the file cannot be created.
    pub fn create(path: impl AsRef<Path>) -> io::Result<Self> {
        Ok(Self::to(File::create(path)?))
    }

    /// Writes to this, a line a message.
    pub fn to(out: impl Write + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(Tap {
            out: Box::new(out),
            client: Splitter::new(LIMIT),
            server: Splitter::new(LIMIT),
            failed: None,
        })))
    }

    /// Takes down what is read from and written to this stream.
    pub fn wrap<T>(&self, stream: T) -> Recorded<T> {
        let recorder = self.clone();
        Recorded { stream, recorder }
    }

    /// Takes down what one side sent, whole messages or parts of them.
    pub fn take_down(&self, side: Side, bytes: &[u8]) {
        self.lock().take_down(side, bytes);
    }

    /// While it is locked, nothing else is taken down.
    pub(super) fn lock(&self) -> MutexGuard<'_, Tap> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends a recording.
    ///
    /// # Errors
    /// When something could not be written.
    pub fn finish(self) -> io::Result<()> {
        let mut tap = self.lock();
        match tap.failed.take() {
            Some(error) => Err(error),
            None => tap.out.flush(),
        }
    }
}

impl Tap {
    pub(super) fn take_down(&mut self, side: Side, bytes: &[u8]) {
        let splitter = match side {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        };
        // No JSON has the byte that guest agents and their clients set marks with.
        for part in bytes.split(|byte| *byte == 0xFF) {
            splitter.push(part);
        }
        let mut lines = String::new();
        loop {
            let line = match splitter
                .next(|text| qapi_types::from_str::<Object>(text, qapi_types::Mode::Lenient))
            {
                Ok(None) => break,
                Ok(Some((_, body))) => Message {
                    side,
                    body,
                    line: 0,
                }
                .to_string(),
                Err(Fault::Message(error, _)) => format!("# {side}: no message: {error}"),
                Err(Fault::TooLong | Fault::Garbage(_) | Fault::Unfinished(_)) => {
                    *splitter = Splitter::new(LIMIT);
                    format!("# {side}: something that is no message")
                }
            };
            lines.push_str(&line);
            lines.push('\n');
        }
        if self.failed.is_none() {
            self.failed = self.out.write_all(lines.as_bytes()).err();
        }
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Recorder")
    }
}

/// A client's stream that a [`Recorder`] listens to.
#[derive(Debug)]
pub struct Recorded<T> {
    stream: T,
    recorder: Recorder,
}

impl<T: Read> Read for Recorded<T> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.stream.read(buffer)?;
        self.recorder.take_down(Side::Server, &buffer[..count]);
        Ok(count)
    }
}

impl<T: Write> Write for Recorded<T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.stream.write(bytes)?;
        self.recorder.take_down(Side::Client, &bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

#[cfg(feature = "tokio")]
mod asynchronous {
    use std::io;
    use std::pin::Pin;
    use std::task::{Context, Poll, ready};

    use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

    use super::{Recorded, Side};

    impl<T: AsyncRead + Unpin> AsyncRead for Recorded<T> {
        fn poll_read(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            buffer: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            let before = buffer.filled().len();
            ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
            self.recorder
                .take_down(Side::Server, &buffer.filled()[before..]);
            Poll::Ready(Ok(()))
        }
    }

    impl<T: AsyncWrite + Unpin> AsyncWrite for Recorded<T> {
        fn poll_write(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            let count = ready!(Pin::new(&mut self.stream).poll_write(cx, bytes))?;
            self.recorder.take_down(Side::Client, &bytes[..count]);
            Poll::Ready(Ok(count))
        }

        fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            Pin::new(&mut self.stream).poll_flush(cx)
        }

        fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            Pin::new(&mut self.stream).poll_shutdown(cx)
        }
    }
}
