//! The client itself.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::connection::{Connection, Interest, Late, State, after};
use super::{Builder, Call, EventStream};
use crate::address::Address;
use crate::capabilities::Capabilities;
use crate::error::{Error, ErrorKind};
use crate::events::{self, Capacity, EventMessage};
use crate::session::client::{RawCommand, Request};
#[cfg(feature = "serde")]
use crate::types::bridge::{DeserializeOwned, Serialize, from_value};
use crate::types::message::Greeting;
use crate::types::{Event, Events, Value};

/// A connection to a QMP server: QEMU or its storage daemon. See the [module](super).
///
/// When the last clone, event stream and pending call is dropped the connection is closed.
#[derive(Clone)]
pub struct Client(pub(super) Arc<Shared>);

pub(super) struct Shared {
    pub(super) connection: Arc<Connection>,
    /// The first one.
    pub(super) greeting: Arc<Greeting>,
    pub(super) deadline: Duration,
    pub(super) events: Capacity,
    /// What the server that greeted so can do.
    pub(super) capabilities: Mutex<Option<(Arc<Greeting>, Arc<Capabilities>)>>,
}

impl Shared {
    fn known_capabilities(&self) -> MutexGuard<'_, Option<(Arc<Greeting>, Arc<Capabilities>)>> {
        self.capabilities
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.connection.hang_up();
    }
}

impl Client {
    /// For connecting in other ways than the usual ones.
    pub fn builder() -> Builder<'static> {
        Builder::new()
    }

    /// Connects to a server.
    ///
    /// # Errors
    /// When nobody listens there, or it is no QMP server that accepts this client.
    pub fn connect(address: &Address) -> Result<Self, Error> {
        Self::builder().connect(address)
    }

    /// Connects to a Unix socket.
    ///
    /// # Errors
    /// As for [`connect`](Self::connect).
    #[cfg(unix)]
    pub fn connect_unix(path: impl AsRef<std::path::Path>) -> Result<Self, Error> {
        Self::builder().connect_unix(path)
    }

    /// Connects to a TCP port, given as `host:port`.
    ///
    /// # Errors
    /// As for [`connect`](Self::connect).
    pub fn connect_tcp(address: impl ToString) -> Result<Self, Error> {
        Self::builder().connect_tcp(address)
    }

    /// How the server introduced itself; the last one, if it was [connected again](Builder::reconnect).
    #[must_use]
    pub fn greeting(&self) -> Arc<Greeting> {
        let state = self.0.connection.lock();
        let last = state.session.greeting();
        Arc::clone(last.unwrap_or(&self.0.greeting))
    }

    /// How long a call may take unless it says otherwise.
    #[cfg(all(feature = "qmp", unix))]
    pub(crate) fn deadline(&self) -> std::time::Duration {
        self.0.deadline
    }

    /// Whether out-of-band execution is enabled.
    #[must_use]
    pub fn oob(&self) -> bool {
        self.0.connection.lock().session.oob()
    }

    /// The id of the process at the other end of a Unix socket, as the kernel knows it: the one that listened there when this
    /// client connected. It may belong to another process by now.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    #[must_use]
    pub fn server_process(&self) -> Option<u32> {
        self.0.connection.peer()
    }

    /// Why the connection ended, if that was noticed, or nothing can be sent any more. One that is to be [connected
    /// again](Builder::reconnect) has not ended.
    #[must_use]
    pub fn closed(&self) -> Option<Error> {
        let state = self.0.connection.lock();
        let unwritable = state.session.unwritable_because();
        state.closed.as_ref().or(unwritable).cloned()
    }

    /// Executes a command.
    ///
    /// # Errors
    /// When the server answers with an error, or does not answer in time or at all: see [`ErrorKind`].
    pub fn execute<R: Request>(&self, command: R) -> Result<R::Reply, Error> {
        self.call(command).send()
    }

    /// Executes a command out of band, ahead of commands that wait for their turn.
    ///
    /// # Errors
    /// As for [`execute`](Self::execute), and when out-of-band execution is not [enabled](Builder::oob).
    pub fn execute_oob<R: Request>(&self, command: R) -> Result<R::Reply, Error> {
        self.call(command).oob().send()
    }

    /// Executes a command that takes file descriptors with it, such as `getfd` and `add-fd`. They are closed on this side
    /// when they have been sent.
    ///
    /// # Errors
    /// As for [`execute`](Self::execute), and when this is not a Unix socket.
    #[cfg(unix)]
    pub fn execute_with_fds<R: Request, F: Into<std::os::fd::OwnedFd>>(
        &self,
        command: R,
        fds: impl IntoIterator<Item = F>,
    ) -> Result<R::Reply, Error> {
        self.call(command).fds(fds).send()
    }

    /// Executes a command of any name, known to a schema or not. Arguments are an object, or `null` for none.
    ///
    /// # Errors
    /// As for [`execute`](Self::execute).
    pub fn execute_raw(&self, command: &str, arguments: Value) -> Result<Value, Error> {
        let request = RawCommand::with(command, arguments);
        let request = request.map_err(|error| Error::encode(error, command))?;
        self.execute(request)
    }

    /// Executes a command that the types at hand do not have, with types of one's own for its arguments (a structure, or `()`
    /// for none) and its reply.
    ///
    /// ```no_run
    /// # #[cfg(unix)]
    /// # fn example() -> Result<(), qapi_rt::Error> {
    /// use serde::{Deserialize, Serialize};
    ///
    /// #[derive(Serialize)]
    /// #[serde(rename_all = "kebab-case")]
    /// struct SetFan {
    ///     fan_id: String,
    ///     speed: u8,
    /// }
    ///
    /// #[derive(Deserialize)]
    /// struct Fan {
    ///     rpm: u32,
    /// }
    ///
    /// let client = qapi_rt::blocking::Client::connect_unix("/run/vm/qmp.sock")?;
    /// let fan_id = "f0".into();
    /// let fan: Fan = client.execute_as("x-set-fan", SetFan { fan_id, speed: 80 })?;
    /// println!("{} rpm", fan.rpm);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As for [`execute`](Self::execute).
    #[cfg(feature = "serde")]
    pub fn execute_as<R: DeserializeOwned>(
        &self,
        command: &str,
        arguments: impl Serialize,
    ) -> Result<R, Error> {
        let request = RawCommand::of(command, &arguments);
        let request = request.map_err(|error| Error::encode(error, command))?;
        let reply = self.execute(request)?;
        from_value(&reply)
            .map_err(|error| Error::decode(error, &reply.to_string()).of(command.to_owned()))
    }

    /// A command to be executed in other ways than the usual one.
    pub fn call<R: Request>(&self, command: R) -> Call<'_, R> {
        Call::new(self, command)
    }

    /// Ends the server with `quit`, and waits until it has ended the connection. It may do so without a reply.
    ///
    /// # Errors
    /// When it does not within the deadline of a call, or answers with an error.
    pub fn quit(&self) -> Result<(), Error> {
        let deadline = after(self.0.deadline);
        match self.execute(RawCommand::new("quit")) {
            Ok(_) => {}
            Err(error) if matches!(error.kind(), ErrorKind::Ended) => return Ok(()),
            Err(error) => return Err(error),
        }
        let ended = |state: &mut State| state.closed.as_ref().map(|_| ());
        self.0
            .connection
            .drive(Some(deadline), Interest::default(), ended)
            .map_err(|Late| Error::new(ErrorKind::Deadline { sent: true }).of("quit"))
    }

    /// Ends the connection when the calls in flight have ended, those of clones too, and at the latest after the deadline of
    /// a call. From now on no calls are accepted.
    pub fn close(self) {
        self.0.connection.close(after(self.0.deadline));
    }

    /// What the server can do, by its own schema: `query-qmp-schema`. It is asked once for this client and its clones, and again
    /// after it was [connected again](Builder::reconnect).
    ///
    /// # Errors
    /// As for [`execute`](Self::execute), and when the reply is not a schema.
    pub fn capabilities(&self) -> Result<Arc<Capabilities>, Error> {
        const COMMAND: &str = "query-qmp-schema";
        let greeting = self.greeting();
        if let Some((of, known)) = &*self.0.known_capabilities()
            && Arc::ptr_eq(of, &greeting)
        {
            return Ok(Arc::clone(known));
        }
        let reply = self.call(RawCommand::new(COMMAND)).start()?.reply()?;
        let capabilities = Capabilities::parse(reply.text().as_bytes())
            .map_err(|error| Error::new(ErrorKind::Schema(error)).of(COMMAND))?;
        let capabilities = Arc::new(capabilities);
        *self.0.known_capabilities() = Some((greeting, Arc::clone(&capabilities)));
        Ok(capabilities)
    }

    /// Subscribes to one event of a schema. Those that happen from now on are kept until taken, up to a
    /// [number](Builder::event_buffer) after which the oldest are dropped.
    #[must_use]
    pub fn events<E: Event>(&self) -> EventStream<E> {
        self.0.connection.lock().session.subscribed::<E>();
        self.subscribe(|name| name == E::NAME, events::decode_one)
    }

    /// Subscribes to all events of a schema; what the schema does not know is kept as unrecognized. Otherwise as
    /// [`events`](Self::events).
    #[must_use]
    pub fn all_events<E: Events>(&self) -> EventStream<E> {
        self.subscribe(|_| true, EventMessage::decode_any)
    }

    /// Subscribes to the data of events whose names are wanted, known to a schema or not. Otherwise as
    /// [`events`](Self::events). `wanted` runs while the connection is locked: it must not use this client, and should be
    /// quick.
    #[must_use]
    pub fn raw_events(
        &self,
        wanted: impl Fn(&str) -> bool + Send + Sync + 'static,
    ) -> EventStream<EventMessage> {
        self.subscribe(wanted, |message| Ok(message.clone()))
    }

    fn subscribe<E>(
        &self,
        wanted: impl Fn(&str) -> bool + Send + Sync + 'static,
        decode: events::Decode<E>,
    ) -> EventStream<E> {
        let mut state = self.0.connection.lock_current();
        let subscription = state.hub.subscribe(Box::new(wanted), self.0.events);
        drop(state);
        EventStream::new(Arc::clone(&self.0), subscription, decode)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("connection", &self.0.connection)
            .field("greeting", &self.greeting())
            .finish_non_exhaustive()
    }
}
