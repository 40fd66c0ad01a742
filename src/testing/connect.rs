//! Servers in this process, and clients of theirs.

use super::Double;
use crate::server::{Options, Server};
use crate::service::{Answer, Control, Dispatch};
use crate::{Client, Error};

/// How much each side may send before the other reads it.
const BUFFER: usize = 64 << 10;

/// A server that runs until this is dropped.
#[derive(Debug)]
#[must_use = "the server ends when this is dropped"]
pub struct Serving {
    control: Control,
    /// Which tells when this is dropped whether all went as expected.
    _double: Option<Double>,
}

impl Serving {
    /// The handle on the server, with which it emits events.
    #[must_use]
    pub fn control(&self) -> &Control {
        &self.control
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.control.shut_down();
    }
}

/// A client that is connected to a server in this process, without a socket.
///
/// ```
/// # #[cfg(feature = "qmp")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use qapi_rt::qmp::{NameInfo, commands};
/// use qapi_rt::testing::{Double, call, connect};
///
/// let double = Double::new()
///     .expect(call(commands::QueryName::new()).returns(NameInfo::new().name("vm0")));
/// let (client, _server) = connect(double.clone()).await?;
///
/// let name = client.execute(commands::QueryName::new()).await?;
/// assert_eq!(name.name.as_deref(), Some("vm0"));
/// double.finish()?;
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "qmp"))] fn main() {}
/// ```
///
/// # Errors
/// When the client's negotiation fails.
///
/// # Panics
/// Outside of a tokio runtime.
pub async fn connect<D>(dispatch: D) -> Result<(Client, Serving), Error>
where
    D: Dispatch<Answer = Answer> + Send + Sync,
{
    connect_with(dispatch, Options::qmp()).await
}

/// As [`connect`], to a server with these options: with hooks, or with the [handle](Options::control) that the service
/// got when it was made.
///
/// # Errors
/// When the client's negotiation fails.
///
/// # Panics
/// Outside of a tokio runtime.
pub async fn connect_with<D>(dispatch: D, options: Options) -> Result<(Client, Serving), Error>
where
    D: Dispatch<Answer = Answer> + Send + Sync,
{
    let double = Double::that_is(&dispatch);
    let server = Server::new(dispatch, options);
    let (near, far) = tokio::io::duplex(BUFFER);
    server.serve(far);
    let serving = run(server, double);
    let (reader, writer) = tokio::io::split(near);
    let client = Client::builder().over(reader, writer).await?;
    Ok((client, serving))
}

/// A server on a unix socket.
///
/// # Errors
/// When the socket cannot be listened at.
///
/// # Panics
/// Outside of a tokio runtime.
#[cfg(unix)]
pub fn listen<D>(dispatch: D, path: impl AsRef<std::path::Path>) -> std::io::Result<Serving>
where
    D: Dispatch<Answer = Answer> + Send + Sync,
{
    let double = Double::that_is(&dispatch);
    let server = Server::new(dispatch, Options::qmp());
    server.listen(crate::server::Listener::unix(path)?)?;
    Ok(run(server, double))
}

fn run<D>(server: Server<D>, double: Option<Double>) -> Serving
where
    D: Dispatch<Answer = Answer> + Send + Sync,
{
    let serving = Serving {
        control: server.control().clone(),
        _double: double,
    };
    tokio::spawn(async move { server.run().await });
    serving
}
