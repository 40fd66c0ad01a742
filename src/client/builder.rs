//! Connecting.

use std::future::poll_fn;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::Client;
use super::call::after;
use super::connection::{Connection, Ending};
use super::driver::{Driver, Redial};
use super::handle::Shared;
use crate::address::Address;
use crate::error::{Error, ErrorKind};
use crate::flavours::connectors;
use crate::session::client::Session;
use crate::settings::{NO_ADDRESS, Settings, child_setter, setters};
use crate::transport::dial::{Child, Knocks, PAUSE, SecondTries};
use crate::transport::tokio::{self as transport, ReadHalf, WriteHalf};

/// How a client is to be connected, and to behave.
#[derive(Debug, Default)]
#[must_use = "nothing is connected yet"]
pub struct Builder<'a> {
    settings: Settings,
    child: Child<'a>,
}

impl<'a> Builder<'a> {
    /// What [`Client::builder`] gives.
    pub fn new() -> Self {
        Self::default()
    }

    setters!();
    child_setter!(Builder);

    /// Connects to a server.
    ///
    /// QEMU that is just starting may turn a client away, or read wrongly what it sends. Where that shows the client leaves and
    /// connects anew, up to three times, within the deadline; see [`session::client`](crate::session::client#connecting-again).
    ///
    /// # Errors
    /// When nobody listens there, or it is no QMP server that accepts this client before the deadline:
    /// [`Error::connect_phase`] says how far it got. A server that has a client already may accept another one and not greet
    /// it before that one has left.
    pub async fn connect(mut self, address: &Address) -> Result<Client, Error> {
        let deadline = self.connect_by();
        let patient = self.settings.connect_deadline.is_some();
        let mut tries = SecondTries::new(Some(address), patient);
        loop {
            let stream = transport::dial(address, deadline, patient, &mut self.child).await?;
            let (halves, again) = (stream.split(), tries.are_left());
            match self.negotiate(halves, Some(address), deadline, again).await {
                Ok(Some(client)) => return Ok(client),
                Ok(None) => {}
                Err(error) if tries.may_repeat(&error) => {}
                Err(error) => return Err(error),
            }
            let next = tries.next(Instant::now().into_std(), deadline.into_std());
            sleep_until(next.into()).await;
        }
    }

    connectors!(Client [async] [.await]);

    /// Uses a Unix socket that is connected: one end of a pair whose other end a server inherited, for instance.
    ///
    /// # Errors
    /// When it is no QMP server that accepts this client before the deadline.
    #[cfg(unix)]
    pub async fn over_unix(self, stream: tokio::net::UnixStream) -> Result<Client, Error> {
        let deadline = self.connect_by();
        self.finish(transport::Stream::Unix(stream).split(), deadline)
            .await
    }

    /// Uses a TCP connection.
    ///
    /// # Errors
    /// When it is no QMP server that accepts this client before the deadline.
    pub async fn over_tcp(self, stream: TcpStream) -> Result<Client, Error> {
        let deadline = self.connect_by();
        let stream = transport::tcp(stream).map_err(Error::io)?;
        self.finish(stream.split(), deadline).await
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
        self.finish(halves, deadline).await
    }

    fn connect_by(&self) -> Instant {
        after(self.settings.connect_time())
    }

    /// A process that ends its connections is about to exit, mostly.
    async fn last_of_child(&mut self, why: &Error) -> Result<(), Error> {
        let end = self.child.last_look(Instant::now().into_std(), why);
        loop {
            self.child.check()?;
            if Instant::now().into_std() >= end {
                return Ok(());
            }
            sleep_until(Instant::now() + PAUSE).await;
        }
    }

    /// Negotiates capabilities over the only connection there is.
    async fn finish(
        mut self,
        halves: (ReadHalf, WriteHalf),
        deadline: Instant,
    ) -> Result<Client, Error> {
        match self.negotiate(halves, None, deadline, false).await? {
            Some(client) => Ok(client),
            None => Err(Error::new(ErrorKind::Closed)),
        }
    }

    /// Negotiates capabilities. There is nothing if the connection is doubtful and `again` says that it can be made anew.
    async fn negotiate(
        &mut self,
        (reader, writer): (ReadHalf, WriteHalf),
        address: Option<&Address>,
        deadline: Instant,
        again: bool,
    ) -> Result<Option<Client>, Error> {
        let session = Session::new(self.settings.options.clone());
        let redial = match self.settings.reconnect.clone() {
            Some(waits) => Some(Redial {
                address: address.ok_or_else(|| Error::invalid(NO_ADDRESS))?.clone(),
                waits,
                time: self.settings.connect_time(),
            }),
            None => None,
        };
        let hub = self.settings.hub();
        let connection = Arc::new(Connection::new(session, hub, writer));
        let driver = Driver {
            connection: Arc::clone(&connection),
            reader,
            redial,
        };
        tokio::spawn(driver.run());
        let guard = Unfinished(&connection);
        let mut knocks = Knocks::new(Instant::now().into_std());
        loop {
            let now = Instant::now().into_std();
            let until = knocks.next(self.child.next_look(now, deadline.into_std()));
            match timeout_at(until.into(), poll_fn(|cx| connection.poll_ready(cx, again))).await {
                Ok(_) if again && connection.lock().session.is_doubtful() => return Ok(None),
                Ok(Ok(())) => break,
                Ok(Err(why)) => {
                    self.last_of_child(&why).await?;
                    let phase = connection.lock().session.connect_phase();
                    return Err(why.connecting(address, phase));
                }
                Err(_) => self.child.check()?,
            }
            if Instant::now() >= deadline {
                return Err(connection.lock().session.late(address));
            }
            if let Some(address) = address
                && knocks.are_due(Instant::now().into_std())
                && connection.lock().session.greeting().is_some()
            {
                transport::knock(address).await;
            }
        }
        let greeting = connection.lock().session.greeting().cloned();
        let Some(greeting) = greeting else {
            return Err(Error::new(ErrorKind::Closed));
        };
        std::mem::forget(guard);
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

/// A connection that nobody can use yet, and that ends unless somebody does.
struct Unfinished<'a>(&'a Connection);

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        self.0.end(Ending::Now);
    }
}
