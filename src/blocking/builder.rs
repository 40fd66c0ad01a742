//! Connecting.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::process::Child;
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use super::Client;
use super::client::Shared;
use super::connection::{Connection, Interest, Late, after};
use crate::error::{Error, ErrorKind};
use crate::session::client::{Options, Session};
use crate::transport::blocking::{self, Io, Pump};

/// How long a call may take unless something else is said.
const DEADLINE: Duration = Duration::from_secs(30);

/// Events that are kept for each subscriber unless something else is said.
const EVENT_BUFFER: usize = 1024;

/// Pauses between two attempts to connect: the first, and the longest.
const PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// How a client is to be connected, and to behave.
#[derive(Debug)]
#[must_use = "nothing is connected yet"]
pub struct Builder<'a> {
    options: Options,
    deadline: Duration,
    connect_deadline: Option<Duration>,
    event_buffer: usize,
    reader_thread: bool,
    child: Option<&'a mut Child>,
}

impl Default for Builder<'_> {
    fn default() -> Self {
        Self::new()
    }
}

impl<'a> Builder<'a> {
    /// What [`Client::builder`](Client::builder) gives.
    pub fn new() -> Self {
        Self {
            options: Options::default(),
            deadline: DEADLINE,
            connect_deadline: None,
            event_buffer: EVENT_BUFFER,
            reader_thread: false,
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

    /// Stops connecting when this process, the server's, has exited.
    pub fn child<'b>(self, child: &'b mut Child) -> Builder<'b>
    where
        'a: 'b,
    {
        Builder {
            child: Some(child),
            ..self
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

    /// Starts a thread that reads what the server sends when it sends it; see [Threads](super#threads).
    pub fn reader_thread(mut self, reader_thread: bool) -> Self {
        self.reader_thread = reader_thread;
        self
    }

    /// Connects to a Unix socket.
    ///
    /// # Errors
    /// When nobody listens there, or it is no QMP server that accepts this client before the deadline. A server that has a
    /// client already may accept another one and not greet it before that one has left.
    #[cfg(unix)]
    pub fn connect_unix(mut self, path: impl AsRef<std::path::Path>) -> Result<Client, Error> {
        let path = path.as_ref();
        let deadline = self.connect_by();
        let stream = self
            .attempt(deadline, || blocking::connect_unix(path))
            .map_err(|error| error.at(path.display()))?;
        self.finish(
            Box::new(blocking::Socket::new(stream.into(), true)),
            deadline,
        )
    }

    /// Connects to a TCP port. A host's name is resolved by a thread, so that the deadline holds for that too.
    ///
    /// # Errors
    /// When nobody listens there, or it is no QMP server that accepts this client before the deadline.
    pub fn connect_tcp(
        mut self,
        address: impl ToSocketAddrs + Send + Sync + 'static,
    ) -> Result<Client, Error> {
        let deadline = self.connect_by();
        let address = Arc::new(address);
        let stream = self.attempt(deadline, || blocking::connect_tcp(&address, deadline))?;
        let io = blocking::tcp(stream).map_err(Error::io)?;
        self.finish(io, deadline)
    }

    /// Uses a Unix socket that is connected: one end of a pair whose other end a server inherited, for instance.
    ///
    /// # Errors
    /// When it is no QMP server that accepts this client before the deadline.
    #[cfg(unix)]
    pub fn over_unix(self, stream: std::os::unix::net::UnixStream) -> Result<Client, Error> {
        let deadline = self.connect_by();
        stream.set_nonblocking(false).map_err(Error::io)?;
        self.finish(
            Box::new(blocking::Socket::new(stream.into(), true)),
            deadline,
        )
    }

    /// Uses a TCP connection.
    ///
    /// # Errors
    /// When it is no QMP server that accepts this client before the deadline.
    pub fn over_tcp(self, stream: TcpStream) -> Result<Client, Error> {
        let deadline = self.connect_by();
        let io = blocking::tcp(stream).map_err(Error::io)?;
        self.finish(io, deadline)
    }

    /// Uses anything that can be read and written, such as a child's output and input, with a thread for each so that
    /// deadlines hold there too. The writer is dropped with the client. The thread that reads ends at the end of the input,
    /// which the server brings about.
    ///
    /// # Errors
    /// When it is no QMP server that accepts this client before the deadline, or a thread cannot be started.
    pub fn over(
        self,
        reader: impl Read + Send + 'static,
        writer: impl Write + Send + 'static,
    ) -> Result<Client, Error> {
        let deadline = self.connect_by();
        let io = Pump::new(reader, writer).map_err(Error::io)?;
        self.finish(Box::new(io), deadline)
    }

    fn connect_by(&self) -> Instant {
        after(self.connect_deadline.unwrap_or(self.deadline))
    }

    /// Connects; again and again if the server is waited for.
    fn attempt<T>(
        &mut self,
        deadline: Instant,
        mut connect: impl FnMut() -> io::Result<T>,
    ) -> Result<T, Error> {
        let mut pause = PAUSE;
        loop {
            self.check_child()?;
            if Instant::now() >= deadline {
                return Err(Error::new(ErrorKind::Deadline { sent: false }));
            }
            match connect() {
                Ok(connected) => return Ok(connected),
                // A listener's queue is full.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) if self.connect_deadline.is_some() && may_come(&error) => {}
                Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                    return Err(Error::new(ErrorKind::Deadline { sent: false }));
                }
                Err(error) => return Err(Error::io(error)),
            }
            thread::sleep(pause.min(deadline.saturating_duration_since(Instant::now())));
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    fn check_child(&mut self) -> Result<(), Error> {
        match self.child.as_mut().map(|child| child.try_wait()) {
            Some(Ok(Some(status))) => Err(Error::new(ErrorKind::ChildExited(status))),
            Some(Err(error)) => Err(Error::io(error)),
            _ => Ok(()),
        }
    }

    /// A process that ends its connections is about to exit, mostly.
    fn last_of_child(&mut self, why: &Error) -> Result<(), Error> {
        let end = Instant::now() + LONGEST_PAUSE;
        self.check_child()?;
        while self.child.is_some() && why.is_end() && Instant::now() < end {
            thread::sleep(PAUSE);
            self.check_child()?;
        }
        Ok(())
    }

    /// Negotiates capabilities.
    fn finish(mut self, io: Box<dyn Io>, deadline: Instant) -> Result<Client, Error> {
        let connection = Arc::new(Connection::new(io, Session::new(self.options.clone())));
        let greeting = loop {
            // A child that exits need not close a socket that it inherited.
            let until = match self.child {
                Some(_) => deadline.min(Instant::now() + LONGEST_PAUSE),
                None => deadline,
            };
            let negotiated =
                connection.drive(Some(until), Interest::default(), |state| {
                    match &state.closed {
                        Some(why) => Some(Err(why.clone())),
                        None if state.session.is_ready() => {
                            state.session.greeting().cloned().map(Ok)
                        }
                        None => None,
                    }
                });
            match negotiated {
                Ok(Ok(greeting)) => break greeting,
                Ok(Err(why)) => {
                    self.last_of_child(&why)?;
                    return Err(why);
                }
                Err(Late) => self.check_child()?,
            }
            if Instant::now() >= deadline {
                return Err(Error::new(ErrorKind::Deadline { sent: false }));
            }
        };
        if self.reader_thread {
            let connection = Arc::clone(&connection);
            thread::Builder::new()
                .name("qapi-read".into())
                .spawn(move || connection.read_on())
                .map_err(Error::io)?;
        }
        Ok(Client(Arc::new(Shared {
            connection,
            greeting,
            deadline: self.deadline,
            event_buffer: self.event_buffer,
            capabilities: OnceLock::new(),
        })))
    }
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
