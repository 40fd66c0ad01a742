//! How a client of QMP is to behave: what the builders of both flavours have.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::events::{Capacity, Hub};
use crate::session::client::Options;

#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) options: Options,
    pub(crate) deadline: Duration,
    pub(crate) connect_deadline: Option<Duration>,
    pub(crate) no_reply_grace: Duration,
    pub(crate) events: Capacity,
    pub(crate) early_events: bool,
    pub(crate) reconnect: Option<Waits>,
}

/// Why a channel that was handed over is not connected again.
pub(crate) const NO_ADDRESS: &str = "what has no address cannot be connected again";

/// How long to wait before an attempt to connect again, by its number; gives up without.
#[derive(Clone)]
pub(crate) struct Waits(pub(crate) Arc<dyn Fn(u32) -> Option<Duration> + Send + Sync>);

impl fmt::Debug for Waits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Waits")
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            options: Options::default(),
            deadline: Duration::from_secs(30),
            connect_deadline: None,
            no_reply_grace: Duration::from_secs(1),
            events: Capacity {
                events: 1024,
                bytes: 16 << 20,
            },
            early_events: false,
            reconnect: None,
        }
    }
}

impl Settings {
    /// How long connecting may take.
    pub(crate) fn connect_time(&self) -> Duration {
        self.connect_deadline.unwrap_or(self.deadline)
    }

    /// For a connection that is about to be made.
    pub(crate) fn hub(&self) -> Hub {
        let mut hub = Hub::default();
        if self.early_events {
            hub.keep_early(self.events);
        }
        hub
    }
}

/// The methods of a builder with the field `settings`.
macro_rules! setters {
    () => {
        /// How long a call may take that has no deadline of its own: 30 seconds unless set. It also holds for connecting if
        /// nothing else is said about that.
        pub fn deadline(mut self, deadline: std::time::Duration) -> Self {
            self.settings.deadline = deadline;
            self
        }

        /// How long connecting may take, capabilities negotiated. If this is set a server that does not listen yet is
        /// waited for; otherwise it has to listen already.
        pub fn connect_deadline(mut self, deadline: std::time::Duration) -> Self {
            self.settings.connect_deadline = Some(deadline);
            self
        }

        /// How long an error is waited for after a command whose success is not answered, `'success-response': false` in its
        /// schema: 1 second unless set, or the call's deadline if that is shorter. Without one by then it counts as successful.
        /// QEMU's monitor has no such commands.
        pub fn no_reply_grace(mut self, grace: std::time::Duration) -> Self {
            self.settings.no_reply_grace = grace;
            self
        }

        /// Enables out-of-band execution if the server offers it; [`Client::oob`] says whether it did.
        ///
        /// With many calls under way it is also the fastest: QEMU then reads requests while it executes others. Of those
        /// that are not out of band, seven are unanswered at most, and of those with file descriptors one; the rest wait on
        /// this side. For one call after the other it is slower, since all requests have ids then, and QEMU reads byte by
        /// byte.
        pub fn oob(mut self, oob: bool) -> Self {
            self.settings.options.oob = oob;
            self
        }

        /// Which requests have ids; only a call by itself goes without unless set. QEMU's monitor reads byte by byte, so
        /// [`Never`](crate::session::client::Ids::Never) makes many calls under way take a sixth less time;
        /// [`oob`](Self::oob) saves more, and keeps the ids.
        pub fn ids(mut self, ids: crate::session::client::Ids) -> Self {
            self.settings.options.ids = ids;
            self
        }

        /// The longest message to accept, in bytes; 64 MiB unless set.
        ///
        /// What reaches it, and the deadline of a call, is `query-named-block-nodes` where backing chains are long: its reply
        /// grows with the square of their length, to 14 MB and seconds at 200 images, and to 92 MB and two minutes where the
        /// images' headers name their backing files otherwise than the nodes do. With the argument `flat`, which QEMU has
        /// since 5.0 (and `query-block` since 11.0), 300 images take half a megabyte.
        pub fn message_limit(mut self, bytes: usize) -> Self {
            self.settings.options.message_limit = bytes;
            self
        }

        /// How many events are kept for each subscriber who does not take them; 1024 unless set. The oldest are dropped,
        /// and [counted](crate::Received::missed).
        pub fn event_buffer(mut self, events: usize) -> Self {
            self.settings.events.events = events;
            self
        }

        /// How many bytes of events are kept for each subscriber who does not take them; 16 MiB unless set. The oldest are
        /// dropped as by [`event_buffer`](Self::event_buffer); one is kept, however long. An event that several
        /// subscribers wait for counts for each, and is stored once.
        pub fn event_buffer_bytes(mut self, bytes: usize) -> Self {
            self.settings.events.bytes = bytes;
            self
        }

        /// Keeps the events that come while the client is being connected and afterwards, until somebody subscribes: the
        /// first subscription begins with those of them that it wants, and the rest is dropped.
        pub fn early_events(mut self, keep: bool) -> Self {
            self.settings.early_events = keep;
            self
        }

        /// Connects again when the connection has ended, if it was made by address; over a channel that was handed over
        /// connecting fails at once. `waits` says how long to wait before each attempt, the first being 0, and gives up by
        /// `None`: then the client is closed. An attempt may take as long as connecting may; after one that succeeded they
        /// are counted anew.
        ///
        /// ```
        /// # use std::time::Duration;
        /// # #[cfg(feature = "client")]
        /// # let builder = qapi_rt::blocking::Client::builder();
        /// # #[cfg(feature = "client")]
        /// builder.reconnect(|attempt| (attempt < 10).then_some(Duration::from_millis(100 << attempt)));
        /// ```
        ///
        /// Calls that were under way end with [`OutcomeUnknown`](crate::ErrorKind::OutcomeUnknown), or with
        /// [`Closed`](crate::ErrorKind::Closed) if they were not sent; those made meanwhile wait for the new connection, up
        /// to their deadlines. Capabilities are negotiated anew, and what the server [can do](Client::capabilities) is
        /// asked again. Subscriptions live on: each is told once by [`Reconnected`](crate::ErrorKind::Reconnected).
        ///
        /// A second greeting on the same connection counts as a new one: QEMU 11.1 gives it when somebody has replaced this
        /// monitor.
        pub fn reconnect(
            mut self,
            waits: impl Fn(u32) -> Option<std::time::Duration> + Send + Sync + 'static,
        ) -> Self {
            self.settings.options.reconnect = true;
            self.settings.reconnect = Some(crate::settings::Waits(std::sync::Arc::new(waits)));
            self
        }
    };
}

/// Setting the field `child` of a builder `$builder<'a>`, to one that may live shorter.
macro_rules! child_setter {
    ($builder:ident) => {
        /// Stops connecting when the server's process has exited. `exited` looks without waiting, such as
        /// `|| child.try_wait()` with a child of the standard library or of tokio. An error that it gives stops connecting, too.
        pub fn child<'b>(
            self,
            exited: impl FnMut() -> std::io::Result<Option<std::process::ExitStatus>> + Send + 'b,
        ) -> $builder<'b>
        where
            'a: 'b,
        {
            $builder {
                child: crate::transport::dial::Child::new(exited),
                ..self
            }
        }
    };
}

pub(crate) use {child_setter, setters};
