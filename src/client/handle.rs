//! The client itself.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;

use super::call::after;
use super::connection::{Connection, Ending};
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
    /// What the server that greeted so can do. Locked while it is asked.
    pub(super) capabilities: Mutex<Option<(Arc<Greeting>, Arc<Capabilities>)>>,
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.connection.end(Ending::Now);
    }
}

impl Client {
    client_methods!([async] [.await] "qapi_rt::Client" ".await");

    async fn known_capabilities(&self) -> Result<Arc<Capabilities>, Error> {
        const COMMAND: &str = "query-qmp-schema";
        let greeting = self.greeting();
        let mut known = self.0.capabilities.lock().await;
        if let Some((of, capabilities)) = &*known
            && Arc::ptr_eq(of, &greeting)
        {
            return Ok(Arc::clone(capabilities));
        }
        let mut pending = self.call(RawCommand::new(COMMAND)).start()?;
        let reply = pending.sent.reply().await?;
        let capabilities = Capabilities::parse(reply.text().as_bytes())
            .map_err(|error| Error::new(ErrorKind::Schema(error)).of(COMMAND))?;
        let capabilities = Arc::new(capabilities);
        *known = Some((greeting, Arc::clone(&capabilities)));
        Ok(capabilities)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("greeting", &self.greeting())
            .field("closed", &self.closed())
            .finish_non_exhaustive()
    }
}
