//! Monitors that are added to a server while it runs, so that a helper, a debugger or another thread has a connection of
//! its own. QEMU and its storage daemon can do that since 11.1.

use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use qapi_types::qmp::{
    ChardevBackend, ChardevSocket, ChardevSocketWrapper, FdSocketAddress, FdSocketAddressWrapper,
    MonitorQMPCloseAction, MonitorQMPProperties, ObjectOptions, SocketAddressLegacy,
    UnixSocketAddress, UnixSocketAddressWrapper, commands,
};

use crate::blocking;
use crate::error::{Error, ErrorKind};
use crate::types::message::Greeting;

/// A monitor to be added by `add_monitor` of either client.
///
/// ```no_run
/// use qapi_rt::blocking::Client;
/// use qapi_rt::monitors::NewMonitor;
/// use qapi_rt::qmp::commands::QueryStatus;
///
/// # fn main() -> Result<(), qapi_rt::Error> {
/// let client = Client::connect_unix("/run/vm/qmp.sock")?;
/// let added = client.add_monitor(NewMonitor::new("watcher"))?;
/// println!("{:?}", added.client().execute(QueryStatus::new())?.status);
/// added.remove()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is added yet"]
pub struct NewMonitor {
    id: String,
    path: Option<PathBuf>,
    close_action: Option<MonitorQMPCloseAction>,
}

impl NewMonitor {
    /// Gives monitor and character device this id, which no other object and no other device may have. Connected to by a
    /// pair of sockets, one of which is sent to the server: nobody else can connect. The storage daemon needs a
    /// [path](Self::path).
    pub fn new(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            path: None,
            close_action: None,
        }
    }

    /// Has it listen on a Unix socket with this path, for the server and for this process. When this client has gone,
    /// somebody else can connect.
    pub fn path(mut self, path: impl Into<PathBuf>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// What is to become of it when its client has gone, however that happened: with `Delete` the server removes
    /// monitor, device and socket by itself; otherwise all of them stay.
    pub fn close_action(mut self, action: MonitorQMPCloseAction) -> Self {
        self.close_action = Some(action);
        self
    }

    /// The device at which the monitor is to be, and the server's end of the connection if that goes along.
    fn device(&self) -> Result<(commands::ChardevAdd, Ends), Error> {
        let (address, is_server, ends) = match &self.path {
            Some(listening) => {
                let path = listening.to_str().ok_or_else(|| {
                    let error = std::io::Error::other("a path that is not UTF-8");
                    Error::io(error).of("chardev-add")
                })?;
                let address = UnixSocketAddressWrapper::new(UnixSocketAddress::new(path));
                (
                    SocketAddressLegacy::new(address),
                    true,
                    Ends::Path(listening.clone()),
                )
            }
            None => {
                let (ours, theirs) = UnixStream::pair().map_err(Error::io)?;
                let address = FdSocketAddressWrapper::new(FdSocketAddress::new(&*self.id));
                let ends = Ends::Pair(ours, theirs.into());
                (SocketAddressLegacy::new(address), false, ends)
            }
        };
        let mut socket = ChardevSocket::new(address).server(is_server);
        if is_server {
            socket = socket.wait(false);
        }
        let backend = ChardevBackend::new(ChardevSocketWrapper::new(socket));
        Ok((commands::ChardevAdd::new(&*self.id, backend), ends))
    }

    fn object(&self) -> commands::ObjectAdd {
        let mut properties = MonitorQMPProperties::new(&*self.id);
        properties.close_action.clone_from(&self.close_action);
        commands::ObjectAdd::new(ObjectOptions::new(properties, &*self.id))
    }
}

/// How the second client gets to the monitor.
enum Ends {
    /// This end is its; the other is sent to the server.
    Pair(UnixStream, OwnedFd),
    Path(PathBuf),
}

/// A monitor that was added, and the client of it. When that is dropped, the monitor stays unless its
/// [close action](NewMonitor::close_action) says otherwise.
#[derive(Debug)]
#[must_use = "the client is in it"]
pub struct AddedMonitor<C> {
    id: String,
    owner: C,
    client: C,
}

impl<C> AddedMonitor<C> {
    /// Its client, which has negotiated; with out-of-band execution if the other one has it.
    #[must_use]
    pub fn client(&self) -> &C {
        &self.client
    }

    /// The id of monitor and character device.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }
}

/// Why the monitor was not added: if the server is too old, that.
fn refused(error: Error, greeting: &Greeting) -> Error {
    let version = &greeting.version.qemu;
    if error.reply().is_none() || (version.major, version.minor) >= (11, 1) {
        return error;
    }
    let kind = ErrorKind::Unsupported {
        what: "adding a monitor",
        since: "11.1",
    };
    Error::new(kind).of("object-add").because(&error)
}

impl blocking::Client {
    /// Adds a monitor to the server, and connects to it.
    ///
    /// # Errors
    /// As for [`execute`](Self::execute); when the id is taken; [`ErrorKind::Unsupported`] if the server is older than
    /// QEMU 11.1. What was added until then is removed.
    pub fn add_monitor(&self, monitor: NewMonitor) -> Result<AddedMonitor<Self>, Error> {
        let (device, ends) = monitor.device()?;
        let object = monitor.object();
        let id = monitor.id;
        let client = match ends {
            Ends::Pair(ours, theirs) => {
                self.getfd(&id, theirs)?;
                self.execute(device)?;
                self.add_monitor_object(object, &id)?;
                self.second().over_unix(ours)
            }
            Ends::Path(path) => {
                self.execute(device)?;
                self.add_monitor_object(object, &id)?;
                self.second().connect_unix(path)
            }
        };
        let client = client.inspect_err(|_| {
            let _ = self.remove_monitor(&id);
        })?;
        let owner = self.clone();
        Ok(AddedMonitor { id, owner, client })
    }

    fn add_monitor_object(&self, object: commands::ObjectAdd, id: &str) -> Result<(), Error> {
        let added = self.execute(object);
        added.map(drop).map_err(|error| {
            let _ = self.execute(commands::ChardevRemove::new(id));
            refused(error, &self.greeting())
        })
    }

    fn second(&self) -> blocking::Builder<'static> {
        Self::builder().deadline(self.deadline()).oob(self.oob())
    }

    fn remove_monitor(&self, id: &str) -> Result<(), Error> {
        self.execute(commands::ObjectDel::new(id))?;
        self.execute(commands::ChardevRemove::new(id))?;
        Ok(())
    }
}

impl AddedMonitor<blocking::Client> {
    /// Takes the monitor away again. Its client's connection ends.
    ///
    /// # Errors
    /// As for [`execute`](blocking::Client::execute), and when somebody else has taken it away.
    pub fn remove(self) -> Result<(), Error> {
        self.owner.remove_monitor(&self.id)
    }
}

#[cfg(feature = "tokio")]
impl crate::Client {
    /// Adds a monitor to the server, and connects to it. Not cancel-safe: if the future is dropped, what was added until
    /// then stays, under the id that was given.
    ///
    /// # Errors
    /// As for [`execute`](Self::execute); when the id is taken; [`ErrorKind::Unsupported`] if the server is older than
    /// QEMU 11.1. What was added until then is removed.
    pub async fn add_monitor(&self, monitor: NewMonitor) -> Result<AddedMonitor<Self>, Error> {
        let (device, ends) = monitor.device()?;
        let object = monitor.object();
        let id = monitor.id;
        let client = match ends {
            Ends::Pair(ours, theirs) => {
                ours.set_nonblocking(true).map_err(Error::io)?;
                let ours = tokio::net::UnixStream::from_std(ours).map_err(Error::io)?;
                self.getfd(&id, theirs).await?;
                self.execute(device).await?;
                self.add_monitor_object(object, &id).await?;
                self.second().over_unix(ours).await
            }
            Ends::Path(path) => {
                self.execute(device).await?;
                self.add_monitor_object(object, &id).await?;
                self.second().connect_unix(path).await
            }
        };
        let client = match client {
            Ok(client) => client,
            Err(error) => {
                let _ = self.remove_monitor(&id).await;
                return Err(error);
            }
        };
        let owner = self.clone();
        Ok(AddedMonitor { id, owner, client })
    }

    async fn add_monitor_object(&self, object: commands::ObjectAdd, id: &str) -> Result<(), Error> {
        if let Err(error) = self.execute(object).await {
            let _ = self.execute(commands::ChardevRemove::new(id)).await;
            return Err(refused(error, &self.greeting()));
        }
        Ok(())
    }

    fn second(&self) -> crate::client::Builder<'static> {
        Self::builder().deadline(self.deadline()).oob(self.oob())
    }

    async fn remove_monitor(&self, id: &str) -> Result<(), Error> {
        self.execute(commands::ObjectDel::new(id)).await?;
        self.execute(commands::ChardevRemove::new(id)).await?;
        Ok(())
    }
}

#[cfg(feature = "tokio")]
impl AddedMonitor<crate::Client> {
    /// Takes the monitor away again. Its client's connection ends. If the future is dropped, the server may or may not
    /// have done so.
    ///
    /// # Errors
    /// As for [`execute`](crate::Client::execute), and when somebody else has taken it away.
    pub async fn remove(self) -> Result<(), Error> {
        self.owner.remove_monitor(&self.id).await
    }
}
