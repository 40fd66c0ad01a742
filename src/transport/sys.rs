//! System calls that neither the standard library nor socket2 offers in safe form, and all of this crate that is unsafe.
//!
//! A crate that has them (rustix, nix) takes twice as long to build as socket2 and libc, which tokio brings anyway: a quarter
//! of what a program with a blocking client cost. Each function here makes one call, with memory that it owns or borrows for
//! as long.

use std::io;
use std::os::fd::{AsFd, AsRawFd};

/// Receives what is there without waiting, in whatever mode the socket is.
///
/// # Errors
/// As the system call's; that there is nothing is [`WouldBlock`](io::ErrorKind::WouldBlock).
#[cfg(feature = "client")]
pub(crate) fn receive_now(socket: impl AsFd, buffer: &mut [u8]) -> io::Result<usize> {
    let (start, length) = (buffer.as_mut_ptr(), buffer.len());
    let fd = socket.as_fd().as_raw_fd();
    // SAFETY: the kernel writes to the buffer alone, which is borrowed mutably, and no more than its length.
    let count = unsafe { libc::recv(fd, start.cast(), length, libc::MSG_DONTWAIT) };
    usize::try_from(count).map_err(|_| io::Error::last_os_error())
}

/// Receives what is there without waiting, and puts it behind what the buffer has. Also says how much that is, and whether
/// descriptors came along; they are closed.
///
/// # Errors
/// As the system call's; that there is nothing is [`WouldBlock`](io::ErrorKind::WouldBlock).
#[cfg(all(feature = "client", feature = "tokio"))]
pub(crate) fn receive_bytes(
    socket: impl AsFd,
    buffer: &mut tokio::io::ReadBuf<'_>,
) -> io::Result<(usize, bool)> {
    // SAFETY: nothing of it becomes less initialised.
    let room = unsafe { buffer.unfilled_mut() };
    let mut part = libc::iovec {
        iov_base: room.as_mut_ptr().cast(),
        iov_len: room.len(),
    };
    // SAFETY: all zeroes is a message with room for nothing, from nobody.
    let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
    message.msg_iov = &raw mut part;
    message.msg_iovlen = 1;
    let socket = socket.as_fd().as_raw_fd();
    // SAFETY: the kernel writes to the message, which is on this stack, and to the room, which is borrowed mutably and as
    // long as `part` says.
    let count = unsafe { libc::recvmsg(socket, &raw mut message, libc::MSG_DONTWAIT) };
    let count = usize::try_from(count).map_err(|_| io::Error::last_os_error())?;
    // SAFETY: the kernel has written so much.
    unsafe { buffer.assume_init(count) };
    buffer.advance(count);
    Ok((count, message.msg_flags & libc::MSG_CTRUNC != 0))
}

/// Waits until one of the events has come to pass, or so long.
///
/// # Errors
/// As the system call's.
#[cfg(feature = "client")]
pub(crate) fn poll(
    fd: impl AsFd,
    events: libc::c_short,
    wait: std::time::Duration,
) -> io::Result<()> {
    let mut entry = libc::pollfd {
        fd: fd.as_fd().as_raw_fd(),
        events,
        revents: 0,
    };
    // Rounded up: who waits for less than a millisecond would else ask again and again.
    let wait = wait.as_nanos().div_ceil(1_000_000);
    let wait = wait.try_into().unwrap_or(libc::c_int::MAX);
    // SAFETY: there is one entry, on this stack, which the kernel reads and writes before it returns.
    match unsafe { libc::poll(&raw mut entry, 1, wait) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

/// Sends without waiting, and passes descriptors on with the first byte (`SCM_RIGHTS`).
///
/// # Errors
/// As the system call's; that nothing can be sent now is [`WouldBlock`](io::ErrorKind::WouldBlock).
#[cfg(feature = "client")]
pub(crate) fn send_rights(socket: impl AsFd, bytes: &[u8], fds: &[impl AsFd]) -> io::Result<usize> {
    let (mut rights, length) = rights(fds)?;
    let mut part = libc::iovec {
        iov_base: bytes.as_ptr().cast_mut().cast(),
        iov_len: bytes.len(),
    };
    // SAFETY: all zeroes is a message of nothing, to nobody.
    let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
    message.msg_iov = &raw mut part;
    message.msg_iovlen = 1;
    message.msg_control = rights.as_mut_ptr().cast();
    message.msg_controllen = length as _;
    let socket = socket.as_fd().as_raw_fd();
    // SAFETY: the kernel reads what the message points to, `bytes` and `rights`, and writes nothing.
    let count = unsafe { libc::sendmsg(socket, &raw const message, SEND) };
    usize::try_from(count).map_err(|_| io::Error::last_os_error())
}

/// The control message that passes descriptors on, and its length in bytes.
///
/// # Errors
/// When there are more than a message has numbers for, long before which the kernel refuses them.
#[cfg(feature = "client")]
fn rights(fds: &[impl AsFd]) -> io::Result<(Vec<u64>, usize)> {
    let data = u32::try_from(size_of::<libc::c_int>() * fds.len());
    let data = data.map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
    // SAFETY: these compute with their argument alone.
    let (space, length) = unsafe { (libc::CMSG_SPACE(data) as usize, libc::CMSG_LEN(data)) };
    // Of words, since the header within has to be aligned.
    let mut rights = vec![0_u64; space.div_ceil(size_of::<u64>())];
    let header = rights.as_mut_ptr().cast::<libc::cmsghdr>();
    // SAFETY: `rights` is as long as a header and so many descriptors need, and aligned for the header.
    unsafe {
        (*header).cmsg_len = length as _;
        (*header).cmsg_level = libc::SOL_SOCKET;
        (*header).cmsg_type = libc::SCM_RIGHTS;
        let first = libc::CMSG_DATA(header).cast::<libc::c_int>();
        for (index, fd) in fds.iter().enumerate() {
            first.add(index).write_unaligned(fd.as_fd().as_raw_fd());
        }
    }
    Ok((rights, space))
}

/// How everything is sent: by whoever cannot wait, and gets an error instead of a signal where the other side has left.
#[cfg(all(feature = "client", not(target_vendor = "apple")))]
pub(crate) const SEND: libc::c_int = libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL;
// The sockets of the standard library and of socket2 raise no signal there.
#[cfg(all(feature = "client", target_vendor = "apple"))]
pub(crate) const SEND: libc::c_int = libc::MSG_DONTWAIT;

/// A descriptor of its own for what has this number in the process, closed when another program is executed.
///
/// # Errors
/// When nothing is open under the number.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn duplicate(number: i32) -> io::Result<std::os::fd::OwnedFd> {
    use std::os::fd::FromRawFd as _;
    // SAFETY: nothing is read or written, and what has the number stays as it is.
    match unsafe { libc::fcntl(number, libc::F_DUPFD_CLOEXEC, 0) } {
        -1 => Err(io::Error::last_os_error()),
        // SAFETY: it was opened just now, for this caller.
        new => Ok(unsafe { std::os::fd::OwnedFd::from_raw_fd(new) }),
    }
}

/// The process and user at the other end of a unix socket, as they were when it was connected.
///
/// # Errors
/// As the system call's. For a socket of another family the ids are of nobody.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn peer(socket: impl AsFd) -> io::Result<libc::ucred> {
    let mut peer = libc::ucred {
        pid: 0,
        uid: libc::uid_t::MAX,
        gid: libc::gid_t::MAX,
    };
    let mut length = size_of::<libc::ucred>() as libc::socklen_t;
    let socket = socket.as_fd().as_raw_fd();
    let (value, length) = ((&raw mut peer).cast(), &raw mut length);
    // SAFETY: the kernel writes no more than the length to `peer`, of any three numbers.
    match unsafe { libc::getsockopt(socket, libc::SOL_SOCKET, libc::SO_PEERCRED, value, length) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(peer),
    }
}

#[cfg(all(
    test,
    feature = "client",
    any(target_os = "linux", target_os = "android")
))]
mod tests {
    use std::io::{Read, Write};
    use std::mem;
    use std::os::unix::net::UnixStream;
    use std::time::Duration;

    use super::*;

    #[test]
    fn receiving_does_not_wait() {
        let (mut there, here) = UnixStream::pair().unwrap();
        let mut buffer = [7; 4];
        let nothing = receive_now(&here, &mut buffer).unwrap_err();
        assert_eq!(nothing.kind(), io::ErrorKind::WouldBlock);
        there.write_all(b"abcdef").unwrap();
        assert_eq!(receive_now(&here, &mut buffer).unwrap(), 4);
        assert_eq!(&buffer, b"abcd");
        assert_eq!(receive_now(&here, &mut buffer).unwrap(), 2);
        assert_eq!(&buffer, b"efcd");
        drop(there);
        assert_eq!(receive_now(&here, &mut buffer).unwrap(), 0);
    }

    #[cfg(feature = "tokio")]
    #[test]
    fn descriptors_that_nobody_takes_are_told_of_and_closed() {
        let (there, here) = UnixStream::pair().unwrap();
        let (mut ours, theirs) = UnixStream::pair().unwrap();
        send_rights(&there, b"ab", &[theirs]).unwrap();
        (&there).write_all(b"cd").unwrap();
        let mut space = [mem::MaybeUninit::uninit(); 8];
        let mut buffer = tokio::io::ReadBuf::uninit(&mut space);
        assert_eq!(receive_bytes(&here, &mut buffer).unwrap(), (2, true));
        assert_eq!(ours.read(&mut [0]).unwrap(), 0);
        assert_eq!(receive_bytes(&here, &mut buffer).unwrap(), (2, false));
        assert_eq!(buffer.filled(), b"abcd");
        let nothing = receive_bytes(&here, &mut buffer).unwrap_err();
        assert_eq!(nothing.kind(), io::ErrorKind::WouldBlock);
    }

    #[test]
    fn polling_waits_for_what_is_asked() {
        let (mut there, here) = UnixStream::pair().unwrap();
        poll(&here, libc::POLLIN, Duration::from_nanos(1)).unwrap();
        there.write_all(b"x").unwrap();
        // Ends at once, or the test does not end.
        poll(&here, libc::POLLIN, Duration::MAX).unwrap();
        poll(&here, libc::POLLOUT, Duration::MAX).unwrap();
    }

    #[test]
    fn a_number_that_nothing_has_is_not_duplicated() {
        let (mut there, here) = UnixStream::pair().unwrap();
        let copy = duplicate(here.as_raw_fd()).unwrap();
        assert_ne!(copy.as_raw_fd(), here.as_raw_fd());
        drop(here);
        UnixStream::from(copy).write_all(b"x").unwrap();
        assert_eq!(there.read(&mut [0; 2]).unwrap(), 1);
        let error = duplicate(-1).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::EBADF));
    }

    #[test]
    fn rights_are_as_long_as_their_descriptors() {
        let (input, output) = (io::stdin(), io::stdout());
        let both = [input.as_fd(), output.as_fd()];
        let header = size_of::<libc::cmsghdr>();
        for count in 0..=2 {
            let (rights, space) = rights(&both[..count]).unwrap();
            let bytes: Vec<u8> = rights.iter().flat_map(|word| word.to_ne_bytes()).collect();
            let length = usize::from_ne_bytes(*bytes.first_chunk().unwrap());
            assert_eq!(length, header + 4 * count);
            assert_eq!(space, length.next_multiple_of(size_of::<usize>()));
            let numbers = bytes[header..length].chunks_exact(4);
            let numbers = numbers.map(|number| i32::from_ne_bytes(number.try_into().unwrap()));
            assert!(numbers.eq(both[..count].iter().map(AsRawFd::as_raw_fd)));
        }
    }

    #[test]
    fn descriptors_go_with_the_first_byte_in_their_order() {
        use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};

        let (there, here) = UnixStream::pair().unwrap();
        // An odd and an even number of them: the length of what they take is rounded up.
        for count in [1, 2, 3, 253] {
            let files: Vec<_> = (0..count).map(|_| UnixStream::pair().unwrap()).collect();
            let (ours, theirs): (Vec<_>, Vec<_>) = files.into_iter().unzip();
            assert_eq!(send_rights(&here, b"xy", &theirs).unwrap(), 2);
            drop(theirs);
            let mut space = vec![mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(253))];
            let mut ancillary = RecvAncillaryBuffer::new(&mut space);
            let mut bytes = [0; 1];
            let buffers = &mut [io::IoSliceMut::new(&mut bytes)];
            recvmsg(&there, buffers, &mut ancillary, RecvFlags::CMSG_CLOEXEC).unwrap();
            let received = ancillary.drain().flat_map(|message| match message {
                RecvAncillaryMessage::ScmRights(fds) => fds.collect::<Vec<_>>(),
                _ => panic!("descriptors alone"),
            });
            let received: Vec<_> = received.map(UnixStream::from).collect();
            assert_eq!(received.len(), count);
            for (index, (mut theirs, mut ours)) in received.into_iter().zip(ours).enumerate() {
                let byte = u8::try_from(index).unwrap();
                theirs.write_all(&[byte]).unwrap();
                let mut read = [0; 1];
                ours.read_exact(&mut read).unwrap();
                assert_eq!(read, [byte]);
            }
            assert_eq!((&there).read(&mut bytes).unwrap(), 1);
        }
        let many: Vec<_> = (0..254).map(|_| &here).collect();
        let error = send_rights(&here, b"x", &many).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::EINVAL));
    }

    #[test]
    fn the_peer_of_a_pair_is_this_process() {
        let (here, _there) = UnixStream::pair().unwrap();
        let peer = peer(&here).unwrap();
        assert_eq!(u32::try_from(peer.pid).unwrap(), std::process::id());
        // Sockets of other families know nobody.
        let other = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        assert_eq!(super::peer(&other).unwrap().pid, 0);
    }
}
