//! How a client of QMP is to behave: what the builders of both flavours have.

use std::time::Duration;

use crate::session::client::Options;

#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) options: Options,
    pub(crate) deadline: Duration,
    pub(crate) connect_deadline: Option<Duration>,
    pub(crate) event_buffer: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            options: Options::default(),
            deadline: Duration::from_secs(30),
            connect_deadline: None,
            event_buffer: 1024,
        }
    }
}

impl Settings {
    /// How long connecting may take.
    pub(crate) fn connect_time(&self) -> Duration {
        self.connect_deadline.unwrap_or(self.deadline)
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

        /// Leaves ids out of all requests where out-of-band execution is not enabled, and tells replies by their order,
        /// which is that of the requests (QMP specification, "Out-of-band execution"). Otherwise only a call by itself goes
        /// without. QEMU's monitor reads byte by byte, so many calls under way take a sixth less time; [`oob`](Self::oob)
        /// saves more, and keeps the ids. A server that keeps no order is not to be used so.
        pub fn omit_ids(mut self, omit: bool) -> Self {
            self.settings.options.omit_ids = omit;
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

        /// How many events are kept for each subscriber who does not take them; 1024 unless set.
        pub fn event_buffer(mut self, events: usize) -> Self {
            self.settings.event_buffer = events;
            self
        }
    };
}

/// Setting the field `child` of a builder `$builder<'a>`, to one that may live shorter.
macro_rules! child_setter {
    ($builder:ident) => {
        /// Stops connecting when the server's process has exited. `exited` looks without waiting, such as
        /// `|| child.try_wait()` with a child of the standard library or of tokio.
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
