//! Sockets that Linux has beside those of the standard library.

use std::io;

#[cfg(any(feature = "client", feature = "vsock"))]
use socket2::SockAddr;
#[cfg(feature = "vsock")]
use socket2::Type;
use socket2::{Domain, Socket};

use super::sys;

/// A socket that the process inherited, by a descriptor of its own, with the family it is of.
///
/// # Errors
/// When it is not open, or no socket.
pub(crate) fn inherited(number: i32) -> io::Result<(Socket, Domain)> {
    let socket = Socket::from(sys::duplicate(number)?);
    let family = socket.domain()?;
    Ok((socket, family))
}

/// The address of an abstract socket.
///
/// # Errors
/// When the name is too long.
#[cfg(feature = "client")]
pub(crate) fn abstract_name(name: &str) -> io::Result<SockAddr> {
    SockAddr::unix(format!("\0{name}"))
}

/// Connects, waiting at most so long.
///
/// # Errors
/// As the system call's.
#[cfg(all(feature = "client", feature = "vsock"))]
pub(crate) fn connect_vsock(cid: u32, port: u32, wait: std::time::Duration) -> io::Result<Socket> {
    let socket = Socket::new(Domain::VSOCK, Type::STREAM, None)?;
    socket.connect_timeout(&SockAddr::vsock(cid, port), wait)?;
    Ok(socket)
}

/// Starts to connect. It has when the socket becomes writable without an error.
///
/// # Errors
/// As the system call's.
#[cfg(all(feature = "tokio", feature = "vsock"))]
pub(crate) fn start_vsock(cid: u32, port: u32) -> io::Result<std::os::unix::net::UnixStream> {
    let socket = Socket::new(Domain::VSOCK, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    match socket.connect(&SockAddr::vsock(cid, port)) {
        Err(error) if error.raw_os_error() == Some(libc::EINPROGRESS) => {}
        result => result?,
    }
    // Stream sockets of all families are read and written alike.
    Ok(std::os::fd::OwnedFd::from(socket).into())
}

/// Listens.
///
/// # Errors
/// As the system call's.
#[cfg(all(feature = "server", feature = "vsock"))]
pub(crate) fn listen_vsock(cid: u32, port: u32) -> io::Result<Socket> {
    let socket = Socket::new(Domain::VSOCK, Type::STREAM, None)?;
    socket.bind(&SockAddr::vsock(cid, port))?;
    socket.listen(128)?;
    Ok(socket)
}

#[cfg(all(test, feature = "client", feature = "server", feature = "vsock"))]
mod tests {
    use std::io::Write as _;
    use std::thread;
    use std::time::Duration;

    use socket2::{Domain, SockAddr, Socket, Type};

    use crate::server::{Listener, Options, blocking::Server};
    use crate::service::Router;
    use crate::types::Value;
    use crate::{Address, blocking};

    /// The machine itself (`VMADDR_CID_LOCAL`).
    const LOCAL: u32 = 1;

    /// A port that is free, if this kernel connects a machine with itself, which takes the module `vsock_loopback`.
    fn free_port() -> Option<u32> {
        let any = SockAddr::vsock(Address::ANY_CID, u32::MAX);
        let listener = Socket::new(Domain::VSOCK, Type::STREAM, None).ok()?;
        listener.bind(&any).ok()?;
        listener.listen(1).ok()?;
        let (_, port) = listener.local_addr().ok()?.as_vsock_address()?;
        let client = Socket::new(Domain::VSOCK, Type::STREAM, None).ok()?;
        let connected =
            client.connect_timeout(&SockAddr::vsock(LOCAL, port), Duration::from_secs(5));
        connected.ok().map(|()| port)
    }

    #[test]
    fn sockets_of_virtual_machines() {
        let Some(port) = free_port() else {
            // Past the capture of output that passing tests are subject to.
            let why = "SKIPPED sockets_of_virtual_machines: this kernel has no vsock_loopback";
            let _ = writeln!(std::io::stderr(), "{why}");
            return;
        };
        let here: Address = format!("vsock::{port}").parse().unwrap();
        let there: Address = format!("vsock:{LOCAL}:{port}").parse().unwrap();
        let router = Router::new().fallback(|_, _| async { Ok(Value::from("done")) });
        let mut server = Server::new(router, Options::qmp()).unwrap();
        server.listen(Listener::bind(&here).unwrap()).unwrap();
        let control = server.control().clone();
        let server = thread::spawn(move || server.run());
        let client = blocking::Client::connect(&there).unwrap();
        assert_eq!(client.execute_raw("x", Value::Null).unwrap(), "done");
        #[cfg(feature = "tokio")]
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let client = crate::Client::connect(&there).await.unwrap();
            assert_eq!(client.execute_raw("x", Value::Null).await.unwrap(), "done");
        });
        control.shut_down();
        server.join().unwrap().unwrap();
    }
}
