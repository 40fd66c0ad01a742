//! Connecting.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Instant;

use super::Client;
use super::client::Shared;
use super::connection::redial::Redial;
use super::connection::{Connection, Interest, Late, after};
use crate::address::Address;
use crate::error::{Error, ErrorKind};
use crate::flavours::connectors;
use crate::session::client::Session;
use crate::settings::{NO_ADDRESS, Settings, child_setter, setters};
use crate::transport::blocking::{self, Io, Pump};
use crate::transport::dial::{Child, Knocks, PAUSE, SecondTries};

/// How a client is to be connected, and to behave.
#[derive(Debug, Default)]
#[must_use = "nothing is connected yet"]
pub struct Builder<'a> {
    settings: Settings,
    reader_thread: bool,
    child: Child<'a>,
    #[cfg(feature = "recording")]
    recorder: Option<crate::testing::Recorder>,
}

impl<'a> Builder<'a> {
    /// What [`Client::builder`](Client::builder) gives.
    pub fn new() -> Self {
        Self::default()
    }

    setters!();
    child_setter!(Builder);

    /// Starts a thread that reads what the server sends when it sends it; see [Threads](super#threads).
    pub fn reader_thread(mut self, reader_thread: bool) -> Self {
        self.reader_thread = reader_thread;
        self
    }

    /// Has this recorder write down what passes, whatever the connection is. One that is [made again](Self::reconnect)
    /// is not written down, and so none is made anew while [connecting](Self::connect).
    #[cfg(feature = "recording")]
    pub fn recorder(mut self, recorder: &crate::testing::Recorder) -> Self {
        self.recorder = Some(recorder.clone());
        self
    }

    /// Connects to a server.
    ///
    /// A host's name is resolved by a thread, so that the deadline holds for that too.
    ///
    /// QEMU that is just starting may turn a client away, or read wrongly what it sends. Where that shows the client leaves and
    /// connects anew, up to three times, within the deadline; see [`session::client`](crate::session::client#connecting-again).
    ///
    /// # Errors
    /// When nobody listens there, or it is no QMP server that accepts this client before the deadline:
    /// [`Error::connect_phase`] says how far it got. A server that has a client already may accept another one and not greet
    /// it before that one has left.
    pub fn connect(mut self, address: &Address) -> Result<Client, Error> {
        let deadline = self.connect_by();
        let patient = self.settings.connect_deadline.is_some();
        // Of two connections one recording would be made.
        let again = (!self.is_recorded()).then_some(address);
        let mut tries = SecondTries::new(again, patient);
        loop {
            let io = blocking::dial(address, deadline, patient, &mut self.child)?;
            match self.negotiate(io, Some(address), deadline, tries.are_left()) {
                Ok(Some(client)) => return Ok(client),
                Ok(None) => {}
                Err(error) if tries.may_repeat(&error) => {}
                Err(error) => return Err(error),
            }
            let now = Instant::now();
            thread::sleep(tries.next(now, deadline).saturating_duration_since(now));
        }
    }

    connectors!(Client [] []);

    /// Uses a Unix socket that is connected: one end of a pair whose other end a server inherited, for instance.
    ///
    /// # Errors
    /// When it is no QMP server that accepts this client before the deadline.
    #[cfg(unix)]
    pub fn over_unix(self, stream: std::os::unix::net::UnixStream) -> Result<Client, Error> {
        let deadline = self.connect_by();
        stream.set_nonblocking(false).map_err(Error::io)?;
        let io = Box::new(blocking::Socket::new(stream, true));
        self.finish(io, deadline)
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

    fn is_recorded(&self) -> bool {
        #[cfg(feature = "recording")]
        return self.recorder.is_some();
        #[cfg(not(feature = "recording"))]
        false
    }

    fn connect_by(&self) -> Instant {
        after(self.settings.connect_time())
    }

    /// A process that ends its connections is about to exit, mostly.
    fn last_of_child(&mut self, why: &Error) -> Result<(), Error> {
        let end = self.child.last_look(Instant::now(), why);
        loop {
            self.child.check()?;
            if Instant::now() >= end {
                return Ok(());
            }
            thread::sleep(PAUSE);
        }
    }

    /// Negotiates capabilities over the only connection there is.
    fn finish(mut self, io: Box<dyn Io>, deadline: Instant) -> Result<Client, Error> {
        match self.negotiate(io, None, deadline, false)? {
            Some(client) => Ok(client),
            None => Err(Error::new(ErrorKind::Closed)),
        }
    }

    /// Negotiates capabilities. There is nothing if the connection is doubtful and `again` says that it can be made anew.
    fn negotiate(
        &mut self,
        io: Box<dyn Io>,
        address: Option<&Address>,
        deadline: Instant,
        again: bool,
    ) -> Result<Option<Client>, Error> {
        #[cfg(feature = "recording")]
        let io = match self.recorder.take() {
            Some(recorder) => recorder.listen(io),
            None => io,
        };
        let session = Session::new(self.settings.options.clone());
        let redial = match self.settings.reconnect.clone() {
            Some(waits) => {
                let address = address.ok_or_else(|| Error::invalid(NO_ADDRESS))?.clone();
                Some(Redial::new(address, waits, self.settings.connect_time()))
            }
            None => None,
        };
        let hub = self.settings.hub();
        let connection = Arc::new(Connection::new(io, session, hub, redial));
        let mut knocks = Knocks::new(Instant::now());
        let greeting = loop {
            let until = knocks.next(self.child.next_look(Instant::now(), deadline));
            let negotiated =
                connection.drive(Some(until), Interest::default(), |state| {
                    match &state.closed {
                        _ if again && state.session.is_doubtful() => Some(Ok(None)),
                        Some(why) => Some(Err(why.clone())),
                        None if state.session.is_ready() => {
                            state.session.greeting().cloned().map(|it| Ok(Some(it)))
                        }
                        None => None,
                    }
                });
            match negotiated {
                Ok(Ok(Some(greeting))) => break greeting,
                Ok(Ok(None)) => {
                    connection.hang_up();
                    return Ok(None);
                }
                Ok(Err(why)) => {
                    self.last_of_child(&why)?;
                    let phase = connection.lock().session.connect_phase();
                    return Err(why.connecting(address, phase));
                }
                Err(Late) => self.child.check()?,
            }
            let now = Instant::now();
            if now >= deadline {
                return Err(connection.lock().session.late(address));
            }
            if let Some(address) = address
                && knocks.are_due(now)
                && connection.lock().session.greeting().is_some()
            {
                blocking::knock(address);
            }
        };
        if self.reader_thread {
            let connection = Arc::clone(&connection);
            thread::Builder::new()
                .name("qapi-read".into())
                .spawn(move || connection.read_on())
                .map_err(Error::io)?;
        }
        Ok(Some(Client(Arc::new(Shared {
            connection,
            greeting,
            deadline: self.settings.deadline,
            no_reply_grace: self.settings.no_reply_grace,
            events: self.settings.events,
            capabilities: Mutex::default(),
        }))))
    }
}
