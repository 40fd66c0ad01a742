//! The client itself.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::connection::{Connection, after};
use super::{Builder, Call, EventStream};
use crate::capabilities::Capabilities;
use crate::error::{Error, ErrorKind};
use crate::events::{self, Capacity, EventMessage};
use crate::flavours::client_methods;
use crate::session::client::{RawCommand, Request};
use crate::types::message::Greeting;

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
    pub(super) no_reply_grace: Duration,
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
    client_methods!([] [] "qapi_rt::blocking::Client" "");

    /// The id of the process at the other end of a Unix socket, as the kernel knows it: the one that listened there when this
    /// client connected. It may belong to another process by now.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    #[must_use]
    pub fn server_process(&self) -> Option<u32> {
        self.0.connection.peer()
    }

    fn known_capabilities(&self) -> Result<Arc<Capabilities>, Error> {
        const COMMAND: &str = "query-qmp-schema";
        let greeting = self.greeting();
        if let Some((of, known)) = &*self.0.known_capabilities()
            && Arc::ptr_eq(of, &greeting)
        {
            return Ok(Arc::clone(known));
        }
        let reply = self.call(RawCommand::new(COMMAND)).start()?.sent.reply()?;
        let capabilities = Capabilities::parse(reply.text().as_bytes())
            .map_err(|error| Error::new(ErrorKind::Schema(error)).of(COMMAND))?;
        let capabilities = Arc::new(capabilities);
        *self.0.known_capabilities() = Some((greeting, Arc::clone(&capabilities)));
        Ok(capabilities)
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
