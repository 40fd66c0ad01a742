//! Reading from unix sockets, descriptors included.

use std::io::{self, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};

use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};

use crate::service::Credentials;

/// The most descriptors that Linux sends with one message.
const MOST: usize = 253;

/// Reads once. Descriptors that come along go behind those in `fds`.
pub(crate) fn receive(
    socket: impl AsFd,
    buffer: &mut [u8],
    fds: &mut Vec<OwnedFd>,
) -> io::Result<usize> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    #[cfg(not(target_vendor = "apple"))]
    let flags = RecvFlags::CMSG_CLOEXEC;
    #[cfg(target_vendor = "apple")]
    let flags = RecvFlags::empty();
    let buffers = &mut [IoSliceMut::new(buffer)];
    let received = recvmsg(socket, buffers, &mut ancillary, flags)?;
    for message in ancillary.drain() {
        if let RecvAncillaryMessage::ScmRights(received) = message {
            fds.extend(received);
        }
    }
    Ok(received.bytes)
}

/// Who is at the other end.
pub(crate) fn credentials(socket: impl AsFd) -> Option<Credentials> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        let peer = crate::transport::sys::peer(socket).ok()?;
        (peer.uid != u32::MAX).then(|| Credentials::new(peer.pid, peer.uid, peer.gid))
    }
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    {
        let _ = socket;
        None
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::net::{TcpListener, TcpStream};
    use std::os::fd::OwnedFd;
    use std::os::unix::net::UnixStream;
    use std::process::{Command, Stdio};

    use super::credentials;

    /// Has this test, in another process, tell who is at the other end of its input.
    const TELLS: &str = "TELLS_CREDENTIALS";

    #[test]
    fn a_client_of_another_pid_namespace_is_known_by_its_user() {
        if std::env::var_os(TELLS).is_some() {
            println!("it is {:?}", credentials(std::io::stdin()));
            return;
        }
        let apart = || {
            let mut unshare = Command::new("unshare");
            unshare.args(["--user", "--map-root-user", "--pid", "--fork"]);
            unshare
        };
        let probe = apart().arg("true").output();
        if !probe.as_ref().is_ok_and(|probe| probe.status.success()) {
            return eprintln!("skipped: namespaces are not to be had here: {probe:?}");
        }
        let (_mine, theirs) = UnixStream::pair().unwrap();
        let told = apart()
            .arg(std::env::current_exe().unwrap())
            .args(["--nocapture", "another_pid_namespace"])
            .env(TELLS, "")
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .output()
            .unwrap();
        assert!(told.status.success(), "{told:?}");
        let told = String::from_utf8(told.stdout).unwrap();
        assert!(
            told.contains("it is Some(Credentials { pid: 0, uid: 0, "),
            "{told}"
        );
    }

    #[test]
    fn other_sockets_have_no_credentials() {
        let listener = TcpListener::bind("localhost:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        assert_eq!(credentials(&client), None);
        let (one, other) = UnixStream::pair().unwrap();
        let pids = [&one, &other].map(|end| credentials(end).map(|peer| peer.pid));
        assert_eq!(pids, [Some(std::process::id() as i32); 2]);
    }
}
