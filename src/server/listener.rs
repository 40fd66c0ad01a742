//! Places where clients connect.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, ToSocketAddrs};
#[cfg(unix)]
use std::{
    fs::File,
    os::unix::{
        fs::{FileTypeExt, MetadataExt},
        net::{UnixListener, UnixStream},
    },
    path::{Path, PathBuf},
};

use crate::address::Address;
use crate::session::server::Config;

/// A place where clients connect: a monitor, in QEMU's words, if it serves one of them at a time.
///
/// The socket file of one that was made with [`unix`](Self::unix) is removed when the listener is dropped.
#[derive(Debug)]
pub struct Listener {
    pub(crate) socket: Socket,
    pub(crate) pretty: Option<bool>,
    pub(crate) oob: Option<bool>,
    pub(crate) one_at_a_time: bool,
    #[cfg(unix)]
    pub(crate) file: Option<SocketFile>,
}

#[derive(Debug)]
pub(crate) enum Socket {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(UnixListener),
    /// Of another family.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    Other(socket2::Socket),
}

impl Listener {
    fn new(socket: Socket) -> Self {
        Self {
            socket,
            pretty: None,
            oob: None,
            one_at_a_time: false,
            #[cfg(unix)]
            file: None,
        }
    }

    /// Listens at an address: on a path as [`unix`](Self::unix) does, on a name that any user
    /// can connect to, on a port as [`tcp`](Self::tcp) does, on a socket
    /// that this process inherited if it is one that listens.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub fn bind(address: &Address) -> io::Result<Self> {
        match address {
            #[cfg(unix)]
            Address::Unix(path) => Self::unix(path),
            #[cfg(any(target_os = "linux", target_os = "android"))]
            Address::Abstract(name) => {
                #[cfg(target_os = "android")]
                use std::os::android::net::SocketAddrExt as _;
                #[cfg(target_os = "linux")]
                use std::os::linux::net::SocketAddrExt as _;
                let address = std::os::unix::net::SocketAddr::from_abstract_name(name)?;
                UnixListener::bind_addr(&address).map(Self::from)
            }
            Address::Tcp { host, port } if host.is_empty() => {
                let all: [IpAddr; 2] = [Ipv6Addr::UNSPECIFIED.into(), Ipv4Addr::UNSPECIFIED.into()];
                Self::tcp(all.map(|host| SocketAddr::new(host, *port)).as_slice())
            }
            Address::Tcp { host, port } => Self::tcp((host.as_str(), *port)),
            #[cfg(all(feature = "vsock", any(target_os = "linux", target_os = "android")))]
            Address::Vsock { cid, port } => {
                let socket = crate::transport::linux::listen_vsock(*cid, *port)?;
                Ok(Self::new(Socket::Other(socket)))
            }
            #[cfg(any(target_os = "linux", target_os = "android"))]
            Address::Fd(number) => {
                use socket2::Domain;
                let (socket, family) = crate::transport::linux::inherited(*number)?;
                Ok(match family {
                    Domain::UNIX => UnixListener::from(socket).into(),
                    Domain::IPV4 | Domain::IPV6 => TcpListener::from(socket).into(),
                    _ => Self::new(Socket::Other(socket)),
                })
            }
            #[allow(unreachable_patterns)] // where nothing is left
            _ => Err(crate::transport::unsupported(address)),
        }
    }

    /// Listens on a TCP port. Whoever can reach it can command the machine.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub fn tcp(address: impl ToSocketAddrs) -> io::Result<Self> {
        TcpListener::bind(address).map(Self::from)
    }

    /// Listens on a unix socket of this path, which only this user can connect to.
    ///
    /// A socket file that nobody listens on any more is taken over.
    ///
    /// # Errors
    /// When somebody listens there already ([`io::ErrorKind::AddrInUse`]), when something other than a socket has the
    /// name, or when the directory does not allow it.
    #[cfg(unix)]
    pub fn unix(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref();
        let directory = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        // Two servers must not both find the same file abandoned. The lock ends with the descriptor.
        let directory = File::open(directory)?;
        rustix::fs::flock(&directory, rustix::fs::FlockOperation::LockExclusive)?;
        remove_abandoned(path)?;
        let listener = bind_private(path)?;
        let metadata = std::fs::symlink_metadata(path)?;
        let mut listener = Self::from(listener);
        listener.file = Some(SocketFile {
            path: std::path::absolute(path)?,
            identity: (metadata.dev(), metadata.ino()),
        });
        Ok(listener)
    }

    /// Whether its clients get messages spread over several lines, whatever the server's options say.
    #[must_use]
    pub fn pretty(mut self, pretty: bool) -> Self {
        self.pretty = Some(pretty);
        self
    }

    /// Whether its clients are offered out-of-band execution, whatever the server's options say.
    #[must_use]
    pub fn oob(mut self, offered: bool) -> Self {
        self.oob = Some(offered);
        self
    }

    /// Whether a client has to wait, without a greeting, until the one before has left, as with QEMU.
    #[must_use]
    pub fn one_at_a_time(mut self, one: bool) -> Self {
        self.one_at_a_time = one;
        self
    }

    /// The address of a TCP port, with the number that the system chose if none was given.
    #[must_use]
    pub fn local_addr(&self) -> Option<SocketAddr> {
        match &self.socket {
            Socket::Tcp(listener) => listener.local_addr().ok(),
            #[cfg(unix)]
            Socket::Unix(_) => None,
            #[cfg(any(target_os = "linux", target_os = "android"))]
            Socket::Other(_) => None,
        }
    }

    /// What a session with one of its clients is to be.
    pub(crate) fn config(&self, config: &Config) -> Config {
        let mut config = config.clone();
        if let Some(pretty) = self.pretty {
            config = config.pretty(pretty);
        }
        if let Some(oob) = self.oob {
            config = config.oob(oob);
        }
        config
    }
}

impl From<TcpListener> for Listener {
    fn from(listener: TcpListener) -> Self {
        Self::new(Socket::Tcp(listener))
    }
}

/// A socket that somebody else made, perhaps whoever started this process. Its file stays.
#[cfg(unix)]
impl From<UnixListener> for Listener {
    fn from(listener: UnixListener) -> Self {
        Self::new(Socket::Unix(listener))
    }
}

/// The file of a unix socket, removed when dropped unless somebody else has put another one there.
#[cfg(unix)]
#[derive(Debug)]
pub(crate) struct SocketFile {
    path: PathBuf,
    /// Device and inode.
    identity: (u64, u64),
}

#[cfg(unix)]
impl Drop for SocketFile {
    fn drop(&mut self) {
        let metadata = std::fs::symlink_metadata(&self.path);
        if metadata.is_ok_and(|file| (file.dev(), file.ino()) == self.identity) {
            // Nothing is left to be done about it.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

#[cfg(unix)]
fn remove_abandoned(path: &Path) -> io::Result<()> {
    match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
        Ok(metadata) if !metadata.file_type().is_socket() => {
            let what = format!("{} is not a socket", path.display());
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, what));
        }
        Ok(_) => {}
    }
    match UnixStream::connect(path) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            std::fs::remove_file(path)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Ok(_) | Err(_) => {
            let what = format!("somebody listens on {}", path.display());
            Err(io::Error::new(io::ErrorKind::AddrInUse, what))
        }
    }
}

/// Binds so that the file is private from the first moment.
#[cfg(unix)]
fn bind_private(path: &Path) -> io::Result<UnixListener> {
    use rustix::fs::{Mode, fchmod};
    use rustix::net::{
        AddressFamily, SocketAddrUnix, SocketFlags, SocketType, bind, listen, socket_with,
    };

    #[cfg(not(target_vendor = "apple"))]
    let flags = SocketFlags::CLOEXEC;
    #[cfg(target_vendor = "apple")]
    let flags = SocketFlags::empty();
    let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    #[cfg(target_vendor = "apple")]
    rustix::io::ioctl_fioclex(&socket)?;
    // Linux creates the file with the mode of the socket; elsewhere it has to be set afterwards.
    let mode = Mode::RUSR | Mode::WUSR;
    if cfg!(any(target_os = "linux", target_os = "android")) {
        fchmod(&socket, mode)?;
    }
    bind(&socket, &SocketAddrUnix::new(path)?)?;
    if !cfg!(any(target_os = "linux", target_os = "android")) {
        rustix::fs::chmod(path, mode)?;
    }
    listen(&socket, 128)?;
    Ok(socket.into())
}
