//! The client for tasks of tokio.

use std::convert::identity;
use std::fmt;
use std::future::poll_fn;
use std::hash::{BuildHasher as _, RandomState};
use std::io;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf, split};
use tokio::task::yield_now;
use tokio::time::timeout_at;

use super::core::{Channel, Core, agent_methods, builder_methods};
use super::file::{Sink, Source};
use super::{Exec, ExecOutput, ReadFile, Settings, WriteFile};
use crate::address::Address;
use crate::error::Error;
use crate::session::agent::Session;
use crate::session::client::{RawCommand, Request};
use crate::transport::dial::Child;
use crate::transport::tokio::{self as transport, ReadHalf, WriteHalf};
use crate::types::Value;

/// How a client of a guest agent is to be connected, and to behave.
#[derive(Debug, Default)]
#[must_use = "nothing is connected yet"]
pub struct AgentBuilder<'a> {
    settings: Settings,
    child: Child<'a>,
}

impl<'a> AgentBuilder<'a> {
    builder_methods!([async] [.await] identity);

    /// Uses anything that can be read and written. There is no connecting again.
    pub fn over(self, stream: impl AsyncRead + AsyncWrite + Send + Sync + 'static) -> Agent {
        let (reader, writer) = split(stream);
        let halves = (
            ReadHalf::Any(Box::pin(reader)),
            WriteHalf::Any(Box::pin(writer)),
        );
        let link = Link::new(halves, &self.settings);
        let core = Core::over(self.settings, link);
        Agent { core }
    }
}

/// A connection to a guest agent. See [`agent`](crate::agent).
///
/// Futures may be dropped at any time: the call counts as given up then, and whether the agent has executed it cannot be
/// known.
#[derive(Debug)]
pub struct Agent {
    core: Core<Link>,
}

impl Agent {
    agent_methods!([async] [.await] identity, [AsyncRead + Unpin] [AsyncWrite + Unpin]);
}

/// Contents of a guest's file on this side.
struct Local<T>(T);

impl<W: AsyncWrite + Unpin> Sink for Local<W> {
    async fn put(&mut self, piece: &[u8]) -> io::Result<()> {
        self.0.write_all(piece).await?;
        self.0.flush().await
    }
}

impl<R: AsyncRead + Unpin> Source for Local<R> {
    async fn get(&mut self, count: usize) -> io::Result<Vec<u8>> {
        let mut piece = Vec::new();
        let mut reader = (&mut self.0).take(count as u64);
        reader.read_to_end(&mut piece).await?;
        Ok(piece)
    }
}

/// What one connection has.
struct Link {
    /// Used by whoever has the link, and never locked: the mutex is what makes streams `Sync`.
    halves: Mutex<(ReadHalf, WriteHalf)>,
    /// Something was written since it was flushed last.
    is_unflushed: bool,
    session: Session,
    buffer: Vec<u8>,
}

impl Link {
    fn new(halves: (ReadHalf, WriteHalf), settings: &Settings) -> Self {
        let seed = RandomState::new().hash_one(0);
        Self {
            halves: Mutex::new(halves),
            is_unflushed: false,
            session: Session::new(seed).message_limit(settings.message_limit),
            buffer: vec![0; 64 << 10],
        }
    }

    /// Writes or reads some. May be dropped at any time.
    async fn move_some(&mut self) -> io::Result<()> {
        poll_fn(|cx| {
            let output = self.session.output();
            if !output.is_empty()
                && let Poll::Ready(written) = halves(&mut self.halves).1.poll_write(cx, output, &[])
            {
                self.session.sent(written?);
                self.is_unflushed = true;
                return Poll::Ready(Ok(()));
            }
            if output.is_empty()
                && self.is_unflushed
                && let Poll::Ready(flushed) = halves(&mut self.halves).1.poll_flush(cx)
            {
                self.is_unflushed = false;
                flushed?;
            }
            let read = ready!(self.poll_read(cx)?);
            if read == 0 {
                self.session.eof();
            }
            Poll::Ready(Ok(()))
        })
        .await
    }

    /// Gives the session what there is to read, and tells how much that was.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let mut buffer = ReadBuf::new(&mut self.buffer);
        ready!(halves(&mut self.halves).0.poll_read(cx, &mut buffer)?);
        self.session.receive(buffer.filled());
        Poll::Ready(Ok(buffer.filled().len()))
    }
}

fn halves(halves: &mut Mutex<(ReadHalf, WriteHalf)>) -> &mut (ReadHalf, WriteHalf) {
    halves.get_mut().unwrap_or_else(PoisonError::into_inner)
}

impl Channel for Link {
    /// By the runtime's clock, which a test may have stopped.
    fn now() -> Instant {
        tokio::time::Instant::now().into_std()
    }

    async fn sleep(time: Duration) {
        tokio::time::sleep(time).await;
    }

    async fn dial(
        address: &Address,
        settings: &Settings,
        deadline: Instant,
        child: &mut Child<'_>,
    ) -> Result<Self, Error> {
        let patient = settings.connect_deadline.is_some();
        let stream = transport::dial(address, deadline.into(), patient, child).await?;
        Ok(Self::new(stream.split(), settings))
    }

    fn session(&mut self) -> &mut Session {
        &mut self.session
    }

    async fn has_ended(&mut self) -> bool {
        // The caller before may have gone without a word.
        self.session.abandon();
        // The runtime learns of it when it next looks.
        yield_now().await;
        poll_fn(|cx| {
            Poll::Ready(match self.poll_read(cx) {
                Poll::Ready(Ok(0) | Err(_)) => true,
                Poll::Ready(Ok(_)) | Poll::Pending => false,
            })
        })
        .await
    }

    async fn turn(&mut self, until: Instant) -> io::Result<()> {
        timeout_at(until.into(), self.move_some())
            .await
            .unwrap_or(Ok(()))
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link")
            .field("session", &self.session)
            .finish_non_exhaustive()
    }
}
