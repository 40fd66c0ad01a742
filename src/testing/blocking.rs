//! Servers in a thread of this process, and clients of theirs, for test suites without an async runtime.

use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use super::Double;
use crate::blocking::Client;
use crate::server::Options;
use crate::server::blocking::Server;
use crate::service::{Control, Dispatch};
use crate::{Error, ErrorKind};

/// A server that runs in a thread until this is dropped.
#[derive(Debug)]
#[must_use = "the server ends when this is dropped"]
pub struct Serving {
    control: Control,
    thread: Option<JoinHandle<()>>,
    /// Which tells when this is dropped whether all went as expected.
    _double: Option<Double>,
}

impl Serving {
    /// The handle on the server, with which it emits events.
    #[must_use]
    pub fn control(&self) -> &Control {
        &self.control
    }

    /// Waits until the server has ended, because a client told it to.
    ///
    /// # Panics
    /// When a handler did.
    pub fn join(mut self) {
        if let Some(Err(panic)) = self.thread.take().map(JoinHandle::join) {
            std::panic::resume_unwind(panic);
        }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.control.shut_down();
        // A handler's panic was told of already, and ended the client's connection.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// A client that is connected to a server in this process, over a pair of sockets. The server is driven by a thread of
/// its own.
///
/// ```
/// # #[cfg(feature = "qmp")]
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use qapi_rt::qmp::{NameInfo, commands};
/// use qapi_rt::testing::{Double, blocking, call};
///
/// let double = Double::new()
///     .expect(call(commands::QueryName::new()).returns(NameInfo::new().name("vm0")));
/// let (client, _server) = blocking::connect(double.clone())?;
///
/// let name = client.execute(commands::QueryName::new())?;
/// assert_eq!(name.name.as_deref(), Some("vm0"));
/// double.finish()?;
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "qmp"))] fn main() {}
/// ```
///
/// # Errors
/// When the client's negotiation fails, or the process has no descriptors or threads left.
pub fn connect<D>(dispatch: D) -> Result<(Client, Serving), Error>
where
    D: Dispatch + Send,
{
    connect_with(dispatch, Options::qmp())
}

/// As [`connect`], to a server with these options: with hooks, or with the [handle](Options::control) that the service
/// got when it was made.
///
/// # Errors
/// As for [`connect`].
pub fn connect_with<D>(dispatch: D, options: Options) -> Result<(Client, Serving), Error>
where
    D: Dispatch + Send,
{
    let control = options.control.clone();
    let double = Double::that_is(&dispatch);
    let (send, receive) = mpsc::channel();
    let thread = thread::Builder::new().name("qapi-serve".into());
    let thread = thread.spawn(move || {
        // The server is made here: what drives it need not move between threads.
        let connected = Server::new(dispatch, options).and_then(|mut server| {
            let stream = server.connect()?;
            Ok((server, stream))
        });
        match connected {
            Ok((mut server, stream)) => {
                let _ = send.send(Ok(stream));
                if let Err(error) = server.run_for_test() {
                    tracing::error!(%error, "the server ended");
                }
            }
            Err(error) => drop(send.send(Err(error))),
        }
    });
    let serving = Serving {
        control,
        thread: Some(thread.map_err(Error::io)?),
        _double: double,
    };
    // Nothing comes if the thread panicked.
    let stream = match receive.recv() {
        Ok(stream) => stream.map_err(Error::io)?,
        Err(_) => return Err(Error::new(ErrorKind::Closed)),
    };
    let client = Client::builder().over_unix(stream)?;
    Ok((client, serving))
}
