//! What a handler knows of its call.

use std::borrow::Cow;
#[cfg(unix)]
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::Control;
#[cfg(unix)]
use crate::session::server::Descriptors;
use crate::sync::AtomicBool;
use crate::types::message::Raw;
use crate::types::{Event, Mode, Release, Value};

/// Who the peer of a unix socket was when it connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Credentials {
    /// Its process; 0 if it is in a PID namespace that this process does not see.
    pub pid: i32,
    /// Its user.
    pub uid: u32,
    /// Its group.
    pub gid: u32,
}

impl Credentials {
    /// Of this process, user and group.
    #[must_use]
    pub const fn new(pid: i32, uid: u32, gid: u32) -> Self {
        Self { pid, uid, gid }
    }
}

/// A client of a server: one connection.
#[derive(Debug)]
pub struct Client {
    number: u64,
    credentials: Option<Credentials>,
    control: Control,
    disconnect: AtomicBool,
}

impl Client {
    /// The client that connected as the server's `number`th.
    #[must_use]
    pub fn new(number: u64, credentials: Option<Credentials>, control: Control) -> Self {
        Self {
            number,
            credentials,
            control,
            disconnect: AtomicBool::new(false),
        }
    }

    /// What tells it from the server's other clients, past ones included.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Who connected, where the transport tells.
    #[must_use]
    pub fn credentials(&self) -> Option<Credentials> {
        self.credentials
    }

    /// Ends its connection. What waits to be written to it may be lost, and its commands that have not begun are not executed.
    pub fn disconnect(&self) {
        self.disconnect.store(true, Ordering::SeqCst);
        self.control.events().wake_all();
    }

    pub(crate) fn is_to_be_disconnected(&self) -> bool {
        self.disconnect.load(Ordering::SeqCst)
    }
}

/// A command as a client called it.
///
/// File descriptors that came with the command are closed with the call, but for those that were
/// [taken](Self::take_fd).
#[derive(Debug)]
pub struct Call {
    command: Cow<'static, str>,
    oob: bool,
    mode: Mode,
    release: Release,
    id: Option<Box<str>>,
    client: Arc<Client>,
    #[cfg(unix)]
    descriptors: Option<Descriptors>,
}

impl Call {
    /// A call of this command by this client.
    #[must_use]
    pub fn new(command: impl Into<Cow<'static, str>>, client: Arc<Client>) -> Self {
        Self {
            command: command.into(),
            oob: false,
            mode: Mode::Strict,
            release: (u16::MAX, u16::MAX),
            id: None,
            client,
            #[cfg(unix)]
            descriptors: None,
        }
    }

    /// Says that it is to be executed out of band.
    #[must_use]
    pub fn out_of_band(mut self, oob: bool) -> Self {
        self.oob = oob;
        self
    }

    /// Says how its arguments are decoded: [strictly](Mode::Strict) unless told otherwise.
    #[must_use]
    pub fn decoded(mut self, mode: Mode) -> Self {
        self.mode = mode;
        self
    }

    /// Says as which release of QEMU, major and minor version, the server decodes its arguments: as the newest unless told
    /// otherwise.
    #[must_use]
    pub fn of_release(mut self, (major, minor): Release) -> Self {
        self.release = (major, minor);
        self
    }

    /// Gives it the id that the client gave it.
    #[must_use]
    pub fn with_id(mut self, id: Option<Raw<'_>>) -> Self {
        self.id = id.map(|id| id.text().into());
        self
    }

    /// Hands it the file descriptors that came with it.
    #[cfg(unix)]
    #[must_use]
    pub fn with_descriptors(mut self, descriptors: Option<Descriptors>) -> Self {
        self.descriptors = descriptors;
        self
    }

    /// The command's name.
    #[must_use]
    pub fn command(&self) -> &str {
        &self.command
    }

    /// Whether it is executed out of band. The handler must not wait for anything then (QMP specification, "Out-of-band
    /// execution").
    #[must_use]
    pub fn is_out_of_band(&self) -> bool {
        self.oob
    }

    /// How its arguments are decoded.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// As which release its arguments are decoded.
    #[must_use]
    pub fn release(&self) -> Release {
        self.release
    }

    /// The id that the client gave it.
    #[must_use]
    pub fn id(&self) -> Option<Value> {
        let id = self.id.as_deref()?;
        crate::types::from_str(id, Mode::Lenient).ok()
    }

    /// Who called.
    #[must_use]
    pub fn client(&self) -> &Arc<Client> {
        &self.client
    }

    /// The first file descriptor that came with the command and was not taken yet.
    #[cfg(unix)]
    #[must_use]
    pub fn take_fd(&self) -> Option<OwnedFd> {
        self.descriptors.as_ref()?.take()
    }

    /// The server.
    #[must_use]
    pub fn control(&self) -> &Control {
        &self.client.control
    }

    /// Emits an event to all monitors, this call's among them. Those get it before the reply.
    pub fn emit<E: Event>(&self, event: &E) {
        self.control().events().emit(event);
    }
}
