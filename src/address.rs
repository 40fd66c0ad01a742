//! Where servers are.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Where a monitor or a guest agent is, or is to be: what the clients connect to and listeners listen on.
///
/// | text | meaning |
/// |---|---|
/// | `unix:/run/vm/qmp.sock`, `unix:qmp.sock` | the socket of this path |
/// | `/run/vm/qmp.sock`, `./qmp.sock`, `qmp.sock` | the same; what has a `/`, or no colon, is a path |
/// | `unix:@vm-qmp`, `@vm-qmp` | the Unix socket of this name in Linux's abstract namespace, which QEMU makes by `path=vm-qmp,abstract=on`. Anyone on the machine can connect to it; `unix:./@vm-qmp` is a path |
/// | `tcp:localhost:4444`, `localhost:4444`, `tcp:[::1]:4444` | a TCP port; without a host it is that of this machine, or to listen on all of its addresses |
/// | `vsock:3:1234` | a port of a virtual machine's socket (`AF_VSOCK`), by context id; without one, to listen on, any. Needs Linux and the feature `vsock` |
/// | `fd:3` | a socket that this process inherited; needs Linux 5.6. The process keeps the descriptor too |
///
/// `unix:///run/x`, `tcp://…` and so on are taken too. Options that follow on QEMU's command line, as `,server=on`, are no
/// part of an address.
///
/// ```
/// use std::path::PathBuf;
///
/// use qapi_rt::Address;
///
/// assert_eq!("/run/qmp.sock".parse(), Ok(Address::Unix(PathBuf::from("/run/qmp.sock"))));
/// let port: Address = "localhost:4444".parse()?;
/// assert_eq!(port.to_string(), "tcp:localhost:4444");
/// let error = "tcp:localhost".parse::<Address>().unwrap_err();
/// assert_eq!(error.to_string(), "address 'tcp:localhost': expected tcp:HOST:PORT");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Address {
    /// The path of a Unix socket.
    Unix(PathBuf),
    /// The name of a Unix socket in Linux's abstract namespace.
    Abstract(String),
    /// A TCP port.
    Tcp {
        /// A name or an IP address, without brackets; may be empty.
        host: String,
        /// The port's number.
        port: u16,
    },
    /// A port of `AF_VSOCK`.
    Vsock {
        /// The context id: 2 for the host; [`ANY_CID`](Self::ANY_CID) to listen on any.
        cid: u32,
        /// The port's number.
        port: u32,
    },
    /// The number of a descriptor.
    Fd(i32),
}

/// Why a text is no [`Address`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseAddressError {
    text: String,
    expected: &'static str,
}

impl Address {
    /// The context id that stands for any (`VMADDR_CID_ANY`).
    pub const ANY_CID: u32 = u32::MAX;

    /// A TCP port, given as `host:port`.
    #[cfg(feature = "client")]
    pub(crate) fn tcp(text: &str) -> Result<Self, ParseAddressError> {
        tcp(text).ok_or_else(|| ParseAddressError {
            text: text.to_owned(),
            expected: "HOST:PORT",
        })
    }
}

impl FromStr for Address {
    type Err = ParseAddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let expect = |expected| {
            let text = text.to_owned();
            move || ParseAddressError { text, expected }
        };
        let of = |scheme: &str| {
            let rest = text.strip_prefix(scheme)?.strip_prefix(':')?;
            Some(rest.strip_prefix("//").unwrap_or(rest))
        };
        if let Some(path) = text.strip_prefix("unix:") {
            // As a URL it has three slashes; a path may begin with two.
            let path = match path.strip_prefix("//") {
                Some(rest) if rest.starts_with('/') => rest,
                _ => path,
            };
            return unix(path).ok_or_else(expect("unix:PATH"));
        }
        if let Some(port) = of("tcp") {
            return tcp(port).ok_or_else(expect("tcp:HOST:PORT"));
        }
        if let Some(port) = of("vsock") {
            return vsock(port).ok_or_else(expect("vsock:CID:PORT"));
        }
        if let Some(number) = of("fd") {
            let number = number.parse().ok().filter(|number| *number >= 0);
            return number.map(Self::Fd).ok_or_else(expect("fd:NUMBER"));
        }
        let is_path = text.contains('/') || !text.contains(':');
        let address = if is_path { unix(text) } else { tcp(text) };
        address.ok_or_else(expect(
            "unix:PATH, tcp:HOST:PORT, vsock:CID:PORT, fd:NUMBER, a path or HOST:PORT",
        ))
    }
}

fn unix(path: &str) -> Option<Address> {
    if path.is_empty() || path.contains('\0') {
        return None;
    }
    match path.strip_prefix('@') {
        Some("") => None,
        Some(name) => Some(Address::Abstract(name.to_owned())),
        None => Some(Address::Unix(path.into())),
    }
}

fn tcp(text: &str) -> Option<Address> {
    let (host, port) = text.rsplit_once(':')?;
    let host = match host.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']').filter(|host| host.contains(':'))?,
        None if host.contains(':') => return None,
        None => host,
    };
    Some(Address::Tcp {
        host: host.to_owned(),
        port: port.parse().ok()?,
    })
}

fn vsock(text: &str) -> Option<Address> {
    let (cid, port) = text.split_once(':')?;
    Some(Address::Vsock {
        cid: match cid {
            "" => Address::ANY_CID,
            cid => cid.parse().ok()?,
        },
        port: port.parse().ok()?,
    })
}

/// As it is parsed, in its long form. A path that is not UTF-8 is shown with replacement characters.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) if path.as_os_str().as_encoded_bytes().starts_with(b"@") => {
                write!(f, "unix:./{}", path.display())
            }
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Abstract(name) => write!(f, "unix:@{name}"),
            Self::Tcp { host, port } if host.contains(':') => write!(f, "tcp:[{host}]:{port}"),
            Self::Tcp { host, port } => write!(f, "tcp:{host}:{port}"),
            Self::Vsock {
                cid: Self::ANY_CID,
                port,
            } => write!(f, "vsock::{port}"),
            Self::Vsock { cid, port } => write!(f, "vsock:{cid}:{port}"),
            Self::Fd(number) => write!(f, "fd:{number}"),
        }
    }
}

impl From<PathBuf> for Address {
    fn from(path: PathBuf) -> Self {
        Self::Unix(path)
    }
}

impl From<&Path> for Address {
    fn from(path: &Path) -> Self {
        Self::Unix(path.to_owned())
    }
}

impl From<SocketAddr> for Address {
    fn from(address: SocketAddr) -> Self {
        let host = match address {
            SocketAddr::V6(v6) if v6.scope_id() != 0 => format!("{}%{}", v6.ip(), v6.scope_id()),
            address => address.ip().to_string(),
        };
        Self::Tcp {
            host,
            port: address.port(),
        }
    }
}

impl fmt::Display for ParseAddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "address '{}': expected {}", self.text, self.expected)
    }
}

impl std::error::Error for ParseAddressError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn tcp(host: &str, port: u16) -> Address {
        let host = host.to_owned();
        Address::Tcp { host, port }
    }

    fn vsock(cid: u32, port: u32) -> Address {
        Address::Vsock { cid, port }
    }

    fn unix(path: &str) -> Address {
        Address::Unix(path.into())
    }

    #[test]
    fn every_form_is_read_and_written_back() {
        for (text, address) in [
            ("unix:/run/a b.sock", unix("/run/a b.sock")),
            ("unix:a.sock", unix("a.sock")),
            ("unix:///run/a", unix("/run/a")),
            ("unix://run/a", unix("//run/a")),
            ("/run/a:1", unix("/run/a:1")),
            ("./a:1", unix("./a:1")),
            ("a.sock", unix("a.sock")),
            ("unix:@a", Address::Abstract("a".into())),
            ("@a/b@c", Address::Abstract("a/b@c".into())),
            ("./@a", unix("./@a")),
            ("tcp:localhost:4444", tcp("localhost", 4444)),
            ("tcp://[::1]:4444", tcp("::1", 4444)),
            ("tcp::0", tcp("", 0)),
            ("127.0.0.1:4444", tcp("127.0.0.1", 4444)),
            ("[fe80::1%2]:1", tcp("fe80::1%2", 1)),
            (":4444", tcp("", 4444)),
            ("vsock:3:1234", vsock(3, 1234)),
            ("vsock://2:4294967295", vsock(2, u32::MAX)),
            ("vsock::1", vsock(Address::ANY_CID, 1)),
            ("fd:3", Address::Fd(3)),
        ] {
            assert_eq!(text.parse().as_ref(), Ok(&address), "{text}");
            assert_eq!(address.to_string().parse().as_ref(), Ok(&address), "{text}");
        }
        for address in ["[fe80::1%2]:1", "127.0.0.1:2"] {
            let socket: SocketAddr = address.parse().unwrap();
            assert_eq!(address.parse(), Ok(Address::from(socket)));
        }
    }

    #[test]
    fn a_path_is_not_taken_for_a_name() {
        let path = Address::from(Path::new("@a"));
        assert_eq!(path.to_string().parse(), Ok(unix("./@a")));
    }

    #[test]
    fn what_is_none_says_what_was_expected() {
        for (text, expected) in [
            ("unix:", "unix:PATH"),
            ("unix:@", "unix:PATH"),
            ("tcp:localhost", "tcp:HOST:PORT"),
            ("tcp:localhost:x", "tcp:HOST:PORT"),
            ("tcp:localhost:70000", "tcp:HOST:PORT"),
            ("tcp:::1:4444", "tcp:HOST:PORT"),
            ("tcp:[localhost]:1", "tcp:HOST:PORT"),
            ("vsock:1234", "vsock:CID:PORT"),
            ("vsock:host:1", "vsock:CID:PORT"),
            ("fd:monitor", "fd:NUMBER"),
            ("fd:-1", "fd:NUMBER"),
            ("udp:localhost:1", "unix:PATH, "),
            ("", "unix:PATH, "),
            ("a\0b", "unix:PATH, "),
        ] {
            let error = text.parse::<Address>().unwrap_err().to_string();
            let wanted = format!("address '{text}': expected {expected}");
            assert!(error.starts_with(&wanted), "{error}");
        }
    }
}
