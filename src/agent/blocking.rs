//! The client for threads that block.

use std::future::Future;
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, Read, Write};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use super::core::{Channel, Core, agent_methods, builder_methods};
use super::file::{Sink, Source};
use super::{Exec, ExecOutput, ReadFile, Settings, WriteFile};
use crate::address::Address;
use crate::error::Error;
use crate::session::agent::Session;
use crate::session::client::{RawCommand, Request};
use crate::transport::blocking::{self, Io, Pump};
use crate::transport::dial::Child;
use crate::types::Value;

/// How a client of a guest agent is to be connected, and to behave.
#[derive(Debug, Default)]
#[must_use = "nothing is connected yet"]
pub struct AgentBuilder<'a> {
    settings: Settings,
    child: Child<'a>,
}

impl<'a> AgentBuilder<'a> {
    builder_methods!([] [] complete);

    /// Uses anything that can be read and written, with a thread for each so that deadlines hold there too. The writer
    /// is dropped with the client; the thread that reads ends at the end of the input. There is no connecting again.
    ///
    /// # Errors
    /// When a thread cannot be started.
    pub fn over(
        self,
        reader: impl Read + Send + 'static,
        writer: impl Write + Send + 'static,
    ) -> Result<Agent, Error> {
        let io = Pump::new(reader, writer).map_err(Error::io)?;
        let link = Link::new(Box::new(io), &self.settings);
        let core = Core::over(self.settings, link);
        Ok(Agent { core })
    }
}

/// A connection to a guest agent. See [`agent`](crate::agent).
///
/// ```no_run
/// use qapi_rt::agent::Exec;
/// use qapi_rt::blocking::Agent;
/// use qapi_rt::qga::commands;
///
/// # fn main() -> Result<(), qapi_rt::Error> {
/// let mut agent = Agent::builder().connect_unix("/run/vm/agent.sock")?;
/// let host_name = agent.execute(commands::GuestGetHostName::new())?.host_name;
/// let output = agent.exec(Exec::new("/bin/uname").arg("-r"))?;
/// agent.write_file("/etc/motd", format!("{host_name}: {:?}\n", output.stdout).as_bytes())?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Agent {
    core: Core<Link>,
}

impl Agent {
    agent_methods!([] [] complete, [Read] [Write]);
}

/// Contents of a guest's file on this side.
struct Local<T>(T);

impl<W: Write> Sink for Local<W> {
    async fn put(&mut self, piece: &[u8]) -> io::Result<()> {
        self.0.write_all(piece)?;
        self.0.flush()
    }
}

impl<R: Read> Source for Local<R> {
    async fn get(&mut self, count: usize) -> io::Result<Vec<u8>> {
        let mut piece = Vec::new();
        self.0.by_ref().take(count as u64).read_to_end(&mut piece)?;
        Ok(piece)
    }
}

/// What a future gives that blocks and never waits.
fn complete<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => unreachable!("a blocking channel does not wait"),
    }
}

/// What one connection has.
#[derive(Debug)]
struct Link {
    io: Box<dyn Io>,
    session: Session,
    buffer: Vec<u8>,
}

impl Link {
    fn new(io: Box<dyn Io>, settings: &Settings) -> Self {
        let seed = RandomState::new().hash_one(0);
        Self {
            io,
            session: Session::new(seed).message_limit(settings.message_limit),
            buffer: vec![0; 64 << 10],
        }
    }
}

impl Channel for Link {
    fn now() -> Instant {
        Instant::now()
    }

    async fn sleep(time: Duration) {
        thread::sleep(time);
    }

    async fn dial(
        address: &Address,
        settings: &Settings,
        deadline: Instant,
        child: &mut Child<'_>,
    ) -> Result<Self, Error> {
        let patient = settings.connect_deadline.is_some();
        let io = blocking::dial(address, deadline, patient, child)?;
        Ok(Self::new(io, settings))
    }

    fn session(&mut self) -> &mut Session {
        &mut self.session
    }

    async fn has_ended(&mut self) -> bool {
        match self.io.read(&mut self.buffer, Duration::ZERO) {
            Ok(0) => true,
            Ok(count) => {
                self.session.receive(&self.buffer[..count]);
                false
            }
            Err(error) => error.kind() != io::ErrorKind::WouldBlock,
        }
    }

    async fn turn(&mut self, until: Instant) -> io::Result<()> {
        let wait = until.saturating_duration_since(Instant::now());
        let mut wait_for_input = wait;
        if !self.session.output().is_empty() {
            match self.io.write(self.session.output(), &[]) {
                Ok(count) => {
                    self.session.sent(count);
                    return Ok(());
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.io.wait_writable(true, wait);
                    wait_for_input = Duration::ZERO;
                }
                Err(error) => return Err(error),
            }
        }
        match self.io.read(&mut self.buffer, wait_for_input) {
            Ok(0) => self.session.eof(),
            Ok(count) => self.session.receive(&self.buffer[..count]),
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
                ) => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }
}
