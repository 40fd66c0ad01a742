//! One client: its descriptor and its connection.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::task::Context;
use std::time::{Duration, Instant};

use rustix::fs::{FileType, fstat};
use rustix::io::Errno;
use rustix::net::{SendFlags, send};

use super::wake::Alarm;
use crate::server::connection::{Connection, Share};
use crate::server::receive::{credentials, receive};
use crate::service::{Credentials, Dispatch};
use crate::session::server::Closed;

/// Something to read from and write to that does not block.
pub(super) struct Stream {
    fd: OwnedFd,
    is_socket: bool,
}

impl Stream {
    pub(super) fn new(fd: OwnedFd) -> io::Result<Self> {
        rustix::io::ioctl_fionbio(&fd, true)?;
        let is_socket = FileType::from_raw_mode(fstat(&fd)?.st_mode) == FileType::Socket;
        Ok(Self { fd, is_socket })
    }

    pub(super) fn credentials(&self) -> Option<Credentials> {
        self.is_socket.then(|| credentials(&self.fd)).flatten()
    }

    fn read(&self, buffer: &mut [u8], fds: &mut Vec<OwnedFd>) -> io::Result<usize> {
        loop {
            let read = match self.is_socket {
                true => receive(&self.fd, buffer, fds),
                false => rustix::io::read(&self.fd, &mut *buffer).map_err(io::Error::from),
            };
            match read {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => return read,
            }
        }
    }

    fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            let written = match self.is_socket {
                true => send(&self.fd, bytes, SendFlags::NOSIGNAL),
                false => rustix::io::write(&self.fd, bytes),
            };
            match written {
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => return Ok(count),
            }
        }
    }
}

impl AsFd for Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// A client.
pub(super) struct Link<D: Dispatch> {
    connection: Connection<D>,
    /// Gone when it is closed.
    stream: Option<Stream>,
    /// What is known until a call would block.
    pub(super) readable: bool,
    pub(super) writable: bool,
    /// Whether it is to be driven for that.
    pub(super) listed: bool,
    pub(super) alarm: Alarm,
    /// Until when the client has to take some of what waits for it.
    pub(super) take_by: Option<Instant>,
    /// The listener that it came from, if that serves one client at a time.
    pub(super) listener: Option<usize>,
}

impl<D: Dispatch> Link<D> {
    pub(super) fn new(connection: Connection<D>, stream: Stream, alarm: Alarm) -> Self {
        Self {
            connection,
            stream: Some(stream),
            readable: true,
            writable: true,
            listed: false,
            alarm,
            take_by: None,
            listener: None,
        }
    }

    /// Does what can be done without waiting; says whether the client is still there.
    pub(super) fn drive(&mut self, buffer: &mut [u8], patience: Duration) -> bool {
        self.listed = false;
        self.alarm.reset();
        let waker = self.alarm.waker.clone();
        let mut cx = Context::from_waker(&waker);
        let mut share = Share::new();
        loop {
            self.connection.advance(&mut cx, &mut share);
            let wrote = !self.connection.holds_back(&share) && self.write();
            if wrote {
                self.take_by = None;
            }
            if share.is_used_up() {
                waker.wake_by_ref();
                break;
            }
            let read = self.read(buffer, &mut share);
            if !wrote && !read {
                break;
            }
        }
        let written = self.stream.is_none() || self.connection.session().output().is_empty();
        if written {
            self.take_by = None;
        } else if self.take_by.is_none() {
            self.take_by = Instant::now().checked_add(patience);
        }
        !(self.connection.is_over() && written)
    }

    /// Ends the connection of a client that takes nothing.
    pub(super) fn give_up(&mut self) {
        self.connection.session().close();
        self.stream = None;
    }

    /// Whether something was written.
    fn write(&mut self) -> bool {
        let session = self.connection.session();
        if session.closed() == Some(Closed::Overflow) {
            self.stream = None;
        }
        let Some(stream) = &self.stream else {
            return false;
        };
        let mut wrote = false;
        while self.writable && !session.output().is_empty() {
            match stream.write(session.output()) {
                Ok(count) => {
                    session.sent(count);
                    wrote = true;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.writable = false,
                Err(_) => {
                    session.close();
                    self.stream = None;
                    break;
                }
            }
        }
        wrote
    }

    /// Whether something was read.
    fn read(&mut self, buffer: &mut [u8], share: &mut Share) -> bool {
        let session = self.connection.session();
        let Some(stream) = &self.stream else {
            return false;
        };
        if !self.readable || !session.wants_input() {
            return false;
        }
        let mut fds = Vec::new();
        let room = self.connection.room();
        let read = stream.read(&mut buffer[..room], &mut fds);
        let session = self.connection.session();
        match read {
            Ok(0) => session.eof(),
            Ok(count) => self.connection.receive(count, share, |session| {
                session.receive_with_fds(&buffer[..count], fds);
            }),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.readable = false;
                return false;
            }
            Err(_) => {
                session.close();
                self.stream = None;
            }
        }
        true
    }
}
