//! Connecting.

use std::fmt;
use std::future::{Future, poll_fn};
use std::io;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, ToSocketAddrs};
use tokio::sync::OnceCell;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::Client;
use super::call::after;
use super::connection::{Connection, Driver, Ending};
use super::handle::Shared;
use crate::error::{Error, ErrorKind};
use crate::session::client::{Options, Session};
use crate::transport::tokio::{ReadHalf, WriteHalf};

/// How long a call may take unless something else is said.
const DEADLINE: Duration = Duration::from_secs(30);

/// Events that are kept for each subscriber unless something else is said.
const EVENT_BUFFER: usize = 1024;

/// Pauses between two attempts to connect: the first, and the longest.
const PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

type Child<'a> = dyn FnMut() -> io::Result<Option<ExitStatus>> + Send + 'a;

/// How a client is to be connected, and to behave.
#[must_use = "nothing is connected yet"]
pub struct Builder<'a> {
    options: Options,
    deadline: Duration,
    connect_deadline: Option<Duration>,
    event_buffer: usize,
    child: Option<Box<Child<'a>>>,
}

impl Default for Builder<'_> {
    fn default() -> Self {
        Self::new()
    }
}

impl<'a> Builder<'a> {
    /// What [`Client::builder`] gives.
    pub fn new() -> Self {
        Self {
            options: Options::default(),
            deadline: DEADLINE,
            connect_deadline: None,
            event_buffer: EVENT_BUFFER,
            child: None,
        }
    }

    /// How long a call may take that has no deadline of its own: 30 seconds unless set. It also holds for connecting if
    /// nothing else is said about that.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// How long connecting may take, capabilities negotiated. If this is set a server that does not listen yet is waited for;
    /// otherwise it has to listen already.
    pub fn connect_deadline(mut self, deadline: Duration) -> Self {
        self.connect_deadline = Some(deadline);
        self
    }

    /// Stops connecting when the server's process has exited. `exited` looks without waiting, such as
    /// `|| child.try_wait()` with a child of the standard library or of tokio.
    pub fn child<'b>(
        self,
        exited: impl FnMut() -> io::Result<Option<ExitStatus>> + Send + 'b,
    ) -> Builder<'b> {
        Builder {
            options: self.options,
            deadline: self.deadline,
            connect_deadline: self.connect_deadline,
            event_buffer: self.event_buffer,
            child: Some(Box::new(exited)),
        }
    }

    /// Enables out-of-band execution if the server offers it; [`Client::oob`] says whether it did.
    ///
    /// With many calls under way it is also the fastest: QEMU then reads requests while it executes others. Of those
    /// that are not out of band, seven are unanswered at most, and of those with file descriptors one; the rest wait on
    /// this side. For one call after the other it is slower, since all requests have ids then, and QEMU reads byte by byte.
    pub fn oob(mut self, oob: bool) -> Self {
        self.options.oob = oob;
        self
    }

    /// Leaves ids out of all requests where out-of-band execution is not enabled, and tells replies by their order, which
    /// is that of the requests (QMP specification, "Out-of-band execution"). Otherwise only a call by itself goes without.
    /// QEMU's monitor reads byte by byte, so many calls under way take a sixth less time; [`oob`](Self::oob) saves more, and
    /// keeps the ids. A server that keeps no order is not to be used so.
    pub fn omit_ids(mut self, omit: bool) -> Self {
        self.options.omit_ids = omit;
        self
    }

    /// The longest message to accept, in bytes; 64 MiB unless set.
    pub fn message_limit(mut self, bytes: usize) -> Self {
        self.options.message_limit = bytes;
        self
    }

    /// How many events are kept for each subscriber who does not take them; 1024 unless set.
    pub fn event_buffer(mut self, events: usize) -> Self {
        self.event_buffer = events;
        self
    }

    /// Connects to a Unix socket.
    ///
    /// # Errors
    /// When nobody listens there, or it is no QMP server that accepts this client before the deadline. A server that has a
    /// client already may accept another one and not greet it before that one has left.
    #[cfg(unix)]
    pub async fn connect_unix(
        mut self,
        path: impl AsRef<std::path::Path>,
    ) -> Result<Client, Error> {
        let path = path.as_ref();
        let deadline = self.connect_by();
        let connect = || tokio::net::UnixStream::connect(path);
        let stream = self.attempt(deadline, connect).await;
        let stream = stream.map_err(|error| error.at(path.display()))?;
        let (reader, writer) = stream.into_split();
        let halves = (ReadHalf::Unix(reader), WriteHalf::Unix(writer));
        self.negotiate(halves, deadline).await
    }

    /// Connects to a TCP port.
    ///
    /// # Errors
    /// When nobody listens there, or it is no QMP server that accepts this client before the deadline.
    pub async fn connect_tcp(mut self, address: impl ToSocketAddrs) -> Result<Client, Error> {
        let deadline = self.connect_by();
        let connect = || TcpStream::connect(&address);
        let stream = self.attempt(deadline, connect).await?;
        self.tcp(stream, deadline).await
    }

    /// Uses a Unix socket that is connected: one end of a pair whose other end a server inherited, for instance.
    ///
    /// # Errors
    /// When it is no QMP server that accepts this client before the deadline.
    #[cfg(unix)]
    pub async fn over_unix(self, stream: tokio::net::UnixStream) -> Result<Client, Error> {
        let deadline = self.connect_by();
        let (reader, writer) = stream.into_split();
        let halves = (ReadHalf::Unix(reader), WriteHalf::Unix(writer));
        self.negotiate(halves, deadline).await
    }

    /// Uses a TCP connection.
    ///
    /// # Errors
    /// When it is no QMP server that accepts this client before the deadline.
    pub async fn over_tcp(self, stream: TcpStream) -> Result<Client, Error> {
        let deadline = self.connect_by();
        self.tcp(stream, deadline).await
    }

    /// Uses anything that can be read and written, such as a child's output and input, a TLS connection, or a named
    /// pipe; what comes as one can be had as two by [`tokio::io::split`].
    ///
    /// # Errors
    /// When it is no QMP server that accepts this client before the deadline.
    pub async fn over(
        self,
        reader: impl AsyncRead + Send + 'static,
        writer: impl AsyncWrite + Send + 'static,
    ) -> Result<Client, Error> {
        let deadline = self.connect_by();
        let halves = (
            ReadHalf::Any(Box::pin(reader)),
            WriteHalf::Any(Box::pin(writer)),
        );
        self.negotiate(halves, deadline).await
    }

    fn connect_by(&self) -> Instant {
        after(self.connect_deadline.unwrap_or(self.deadline))
    }

    /// Connects; again and again if the server is waited for.
    async fn attempt<T, F: Future<Output = io::Result<T>>>(
        &mut self,
        deadline: Instant,
        mut connect: impl FnMut() -> F,
    ) -> Result<T, Error> {
        let mut pause = PAUSE;
        loop {
            self.check_child()?;
            let Ok(connected) = timeout_at(deadline, connect()).await else {
                return Err(late());
            };
            match connected {
                Ok(connected) => return Ok(connected),
                // A listener's queue is full.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) if self.connect_deadline.is_some() && may_come(&error) => {}
                Err(error) => return Err(Error::io(error)),
            }
            let next = Instant::now() + pause;
            if next >= deadline {
                sleep_until(deadline).await;
                self.check_child()?;
                return Err(late());
            }
            sleep_until(next).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    fn check_child(&mut self) -> Result<(), Error> {
        match self.child.as_mut().map(|exited| exited()) {
            Some(Ok(Some(status))) => Err(Error::new(ErrorKind::ChildExited(status))),
            Some(Err(error)) => Err(Error::io(error)),
            _ => Ok(()),
        }
    }

    /// A process that ends its connections is about to exit, mostly.
    async fn last_of_child(&mut self, why: &Error) -> Result<(), Error> {
        let end = Instant::now() + LONGEST_PAUSE;
        self.check_child()?;
        while self.child.is_some() && why.is_end() && Instant::now() < end {
            sleep_until(Instant::now() + PAUSE).await;
            self.check_child()?;
        }
        Ok(())
    }

    async fn tcp(self, stream: TcpStream, deadline: Instant) -> Result<Client, Error> {
        // Requests are small, and each is waited for.
        stream.set_nodelay(true).map_err(Error::io)?;
        let (reader, writer) = stream.into_split();
        let halves = (ReadHalf::Tcp(reader), WriteHalf::Tcp(writer));
        self.negotiate(halves, deadline).await
    }

    async fn negotiate(
        mut self,
        (reader, writer): (ReadHalf, WriteHalf),
        deadline: Instant,
    ) -> Result<Client, Error> {
        let session = Session::new(self.options.clone());
        let connection = Arc::new(Connection::new(session, writer));
        let driver = Driver {
            connection: Arc::clone(&connection),
            reader,
        };
        tokio::spawn(driver.run());
        let guard = Unfinished(&connection);
        loop {
            // A child that exits need not close a socket that it inherited.
            let until = match self.child {
                Some(_) => deadline.min(Instant::now() + LONGEST_PAUSE),
                None => deadline,
            };
            match timeout_at(until, poll_fn(|cx| connection.poll_ready(cx))).await {
                Ok(Ok(())) => break,
                Ok(Err(why)) => {
                    self.last_of_child(&why).await?;
                    return Err(why);
                }
                Err(_) => self.check_child()?,
            }
            if Instant::now() >= deadline {
                return Err(late());
            }
        }
        let greeting = connection.lock().session.greeting().cloned();
        let Some(greeting) = greeting else {
            return Err(Error::new(ErrorKind::Closed));
        };
        std::mem::forget(guard);
        Ok(Client(Arc::new(Shared {
            connection,
            greeting,
            deadline: self.deadline,
            event_buffer: self.event_buffer,
            capabilities: OnceCell::new(),
        })))
    }
}

/// A connection that nobody can use yet, and that ends unless somebody does.
struct Unfinished<'a>(&'a Connection);

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        self.0.end(Ending::Now);
    }
}

fn late() -> Error {
    Error::new(ErrorKind::Deadline { sent: false })
}

/// Whether a server that is starting may make the difference.
fn may_come(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
    )
}

impl fmt::Debug for Builder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("options", &self.options)
            .field("deadline", &self.deadline)
            .field("connect_deadline", &self.connect_deadline)
            .field("event_buffer", &self.event_buffer)
            .finish_non_exhaustive()
    }
}
