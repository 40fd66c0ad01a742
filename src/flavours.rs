//! What both flavours of a client have, written and documented once: `[async] [.await]` for the one that waits,
//! `[] []` for the one that blocks.

/// The short ways to connect of a builder that has `connect`, which gives a `$client`.
macro_rules! connectors {
    ($client:ident [$($async:tt)?] [$($await:tt)*]) => {
        /// Connects to a Unix socket.
        ///
        /// # Errors
        /// As for [`connect`](Self::connect).
        #[cfg(unix)]
        pub $($async)? fn connect_unix(
            self,
            path: impl AsRef<std::path::Path>,
        ) -> Result<$client, Error> {
            self.connect(&path.as_ref().into())$($await)*
        }

        /// Connects to a TCP port, given as `host:port`.
        ///
        /// # Errors
        /// As for [`connect`](Self::connect).
        pub $($async)? fn connect_tcp(self, address: impl ToString) -> Result<$client, Error> {
            let address = crate::Address::tcp(&address.to_string()).map_err(Error::invalid)?;
            self.connect(&address)$($await)*
        }
    };
}

/// The methods of a `Client` around an `Arc<Shared>`; `$example` is how an example names and awaits it.
macro_rules! client_methods {
    ([$($async:tt)?] [$($await:tt)*] $example:literal $await_example:literal) => {
        /// For connecting in other ways than the usual ones.
        pub fn builder() -> Builder<'static> {
            Builder::new()
        }

        /// Connects to a server.
        ///
        /// # Errors
        /// When nobody listens there, or it is no QMP server that accepts this client.
        pub $($async)? fn connect(address: &crate::Address) -> Result<Self, Error> {
            Self::builder().connect(address)$($await)*
        }

        /// Connects to a Unix socket.
        ///
        /// # Errors
        /// As for [`connect`](Self::connect).
        #[cfg(unix)]
        pub $($async)? fn connect_unix(path: impl AsRef<std::path::Path>) -> Result<Self, Error> {
            Self::builder().connect_unix(path)$($await)*
        }

        /// Connects to a TCP port, given as `host:port`.
        ///
        /// # Errors
        /// As for [`connect`](Self::connect).
        pub $($async)? fn connect_tcp(address: impl ToString) -> Result<Self, Error> {
            Self::builder().connect_tcp(address)$($await)*
        }

        /// How the server introduced itself; the last one, if it was [connected again](Builder::reconnect).
        #[must_use]
        pub fn greeting(&self) -> Arc<crate::types::message::Greeting> {
            let state = self.0.connection.lock();
            let last = state.session.greeting();
            Arc::clone(last.unwrap_or(&self.0.greeting))
        }

        /// How long a call may take unless it says otherwise.
        #[cfg(all(feature = "qmp-char", feature = "qmp-misc", feature = "qmp-qom", unix))]
        pub(crate) fn deadline(&self) -> std::time::Duration {
            self.0.deadline
        }

        /// Whether out-of-band execution is enabled.
        #[must_use]
        pub fn oob(&self) -> bool {
            self.0.connection.lock().session.oob()
        }

        /// Why the connection has ended, if that was noticed, or nothing can be sent any more. One that is to be [connected
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
        pub $($async)? fn execute<R: Request>(&self, command: R) -> Result<R::Reply, Error> {
            self.call(command).send()$($await)*
        }

        /// Executes a command out of band, ahead of commands that wait for their turn.
        ///
        /// # Errors
        /// As for [`execute`](Self::execute), and when out-of-band execution is not [enabled](Builder::oob).
        pub $($async)? fn execute_oob<R: Request>(&self, command: R) -> Result<R::Reply, Error> {
            self.call(command).oob().send()$($await)*
        }

        /// Executes a command that takes file descriptors with it, such as `getfd` and `add-fd`. They are closed on this side
        /// when they have been sent. If the command does not take them, or is refused, QEMU keeps them for the next that wants
        /// some and brings none, until others come or the connection ends.
        ///
        /// # Errors
        /// As for [`execute`](Self::execute), and when this is not a Unix socket.
        #[cfg(unix)]
        pub $($async)? fn execute_with_fds<R: Request, F: Into<std::os::fd::OwnedFd>>(
            &self,
            command: R,
            fds: impl IntoIterator<Item = F>,
        ) -> Result<R::Reply, Error> {
            self.call(command).fds(fds).send()$($await)*
        }

        /// Executes a command of any name, known to a schema or not. Arguments are an object, or `null` for none.
        ///
        /// # Errors
        /// As for [`execute`](Self::execute).
        pub $($async)? fn execute_raw(
            &self,
            command: &str,
            arguments: crate::types::Value,
        ) -> Result<crate::types::Value, Error> {
            let request = RawCommand::with(command, arguments);
            let request = request.map_err(|error| Error::encode(error, command))?;
            self.execute(request)$($await)*
        }

        /// Executes a command that the types at hand do not have, with types of one's own for its arguments (a structure, or
        /// `()` for none) and its reply.
        ///
        /// ```no_run
        /// # #[cfg(unix)]
        #[doc = concat!("# ", stringify!($($async)?), " fn example() -> Result<(), qapi_rt::Error> {")]
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
        #[doc = concat!("let client = ", $example, "::connect_unix(\"/run/vm/qmp.sock\")", $await_example, "?;")]
        /// let fan_id = "f0".into();
        /// let set = SetFan { fan_id, speed: 80 };
        #[doc = concat!("let fan: Fan = client.execute_as(\"x-set-fan\", set)", $await_example, "?;")]
        /// println!("{} rpm", fan.rpm);
        /// # Ok(())
        /// # }
        /// ```
        ///
        /// # Errors
        /// As for [`execute`](Self::execute).
        #[cfg(feature = "serde")]
        pub $($async)? fn execute_as<R: crate::types::bridge::DeserializeOwned>(
            &self,
            command: &str,
            arguments: impl crate::types::bridge::Serialize,
        ) -> Result<R, Error> {
            let request = RawCommand::of(command, &arguments);
            let request = request.map_err(|error| Error::encode(error, command))?;
            let reply = self.execute(request)$($await)*?;
            crate::types::bridge::from_value(&reply)
                .map_err(|error| Error::decode(error, &reply.to_string()).of(command.to_owned()))
        }

        /// A command to be executed in other ways than the usual one.
        pub fn call<R: Request>(&self, command: R) -> Call<'_, R> {
            Call::new(self, command)
        }

        /// Ends the server with `quit`, and waits until it has ended the connection. It may do so without a reply. A client that
        /// [connects again](Builder::reconnect) does so afterwards too.
        ///
        /// # Errors
        /// When it does not within the deadline of a call ([`NoEvent`](ErrorKind::NoEvent) if it has replied), or answers with an
        /// error.
        pub $($async)? fn quit(&self) -> Result<(), Error> {
            let deadline = after(self.0.deadline);
            let ends = self.0.connection.lock().ends;
            match self.execute(RawCommand::new("quit"))$($await)* {
                Ok(_) => {}
                Err(error) if matches!(error.kind(), ErrorKind::Ended) => return Ok(()),
                Err(error) => return Err(error),
            }
            match self.0.connection.has_left_by(ends, deadline)$($await)* {
                true => Ok(()),
                false => Err(Error::new(ErrorKind::NoEvent).of("quit")),
            }
        }

        /// Ends the connection when the calls in flight have ended, those of clones too, and at the latest after the deadline
        /// of a call. From now on no calls are accepted.
        pub $($async)? fn close(self) {
            self.0.connection.close(after(self.0.deadline))$($await)*;
        }

        /// What the server can do, by its own schema: `query-qmp-schema`. It is asked once for this client and its clones, and
        /// again after it was [connected again](Builder::reconnect).
        ///
        /// # Errors
        /// As for [`execute`](Self::execute), and when the reply is not a schema.
        pub $($async)? fn capabilities(&self) -> Result<Arc<Capabilities>, Error> {
            self.known_capabilities()$($await)*
        }

        /// Subscribes to one event of a schema. Those that happen from now on are kept until taken, up to a
        /// [number](Builder::event_buffer) after which the oldest are dropped.
        #[must_use]
        pub fn events<E: crate::types::Event>(&self) -> EventStream<E> {
            self.0.connection.lock().session.subscribed::<E>();
            self.subscribe(|name| name == E::NAME, events::decode_one)
        }

        /// Subscribes to all events of a schema; what the schema does not know is kept as unrecognized. Otherwise as
        /// [`events`](Self::events).
        #[must_use]
        pub fn all_events<E: crate::types::Events>(&self) -> EventStream<E> {
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
            let subscription = self.0.connection.subscribe(wanted, self.0.events);
            EventStream::new(Arc::clone(&self.0), subscription, decode)
        }
    };
}

/// What a `Call` is made of, and how it is set up.
macro_rules! call_methods {
    ($instant:ty) => {
        pub(super) fn new(client: &'a Client, command: R) -> Self {
            Self {
                client,
                command,
                sending: Sending::default(),
                deadline: client.0.deadline,
            }
        }

        /// How long the call may take, from when it is sent. Otherwise it is the client's
        /// [deadline](super::Builder::deadline).
        pub fn deadline(mut self, deadline: std::time::Duration) -> Self {
            self.deadline = deadline;
            self
        }

        /// How long it takes at most.
        fn time(&self) -> std::time::Duration {
            match self.command.success_response() {
                true => self.deadline,
                false => self.deadline.min(self.client.0.no_reply_grace),
            }
        }

        /// Has it take no longer than to `end`, if there is one.
        #[cfg(any(feature = "qmp-block", feature = "qmp-migration"))]
        pub(crate) fn no_later_than(mut self, end: Option<$instant>) -> Self {
            let left = end.map(|end| end.saturating_duration_since(<$instant>::now()));
            self.deadline = left.map_or(self.deadline, |left| left.min(self.deadline));
            self
        }

        /// Executes it out of band, ahead of commands that wait for their turn.
        pub fn oob(mut self) -> Self {
            self.sending.oob = true;
            self
        }

        /// Sends file descriptors with it, in the same system call. They are closed on this side when they have been sent.
        /// QEMU takes 16 at once.
        #[cfg(unix)]
        pub fn fds<F: Into<std::os::fd::OwnedFd>>(
            mut self,
            fds: impl IntoIterator<Item = F>,
        ) -> Self {
            self.sending.fds.extend(fds.into_iter().map(Into::into));
            self
        }
    };
}

/// What a `Pending` command has, whatever its reply is; a deadline is an `$instant`.
macro_rules! sent {
    ($instant:ty) => {
        /// A command that was sent. Apart from [`Pending`], so that it is compiled once and not for every command.
        pub(super) struct Sent {
            shared: Arc<Shared>,
            id: CallId,
            name: Cow<'static, str>,
            deadline: $instant,
            /// The result was taken.
            over: bool,
        }

        impl Sent {
            fn new(
                client: &Client,
                command: &dyn Outgoing,
                sending: Sending,
                deadline: $instant,
            ) -> Result<Self, Error> {
                let shared = Arc::clone(&client.0);
                let id = shared.connection.request(command, sending)?;
                Ok(Self {
                    shared,
                    id,
                    name: command.name(),
                    deadline,
                    over: false,
                })
            }
        }

        impl<R: Request> fmt::Debug for Pending<R> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct("Pending")
                    .field("command", &self.sent.name)
                    .field("deadline", &self.sent.deadline)
                    .finish_non_exhaustive()
            }
        }
    };
}

pub(crate) use {call_methods, client_methods, connectors, sent};
