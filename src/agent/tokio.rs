//! The client for tasks of tokio.

use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::io;
use std::pin::Pin;
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::task::yield_now;
use tokio::time::{sleep, timeout_at};

use super::exchange::{Exchange, Turn};
use super::file::OpenFiles;
use super::{
    Exec, ExecOutput, Operation, ReadFile, Settings, Step, WriteFile, answer, decode, grace,
};
use crate::address::Address;
use crate::error::{Error, ErrorKind};
use crate::session::agent::{Session, encode};
use crate::session::client::{RawCommand, Request};
use crate::settings::child_setter;
use crate::time::after;
use crate::transport::dial::Child;
use crate::transport::tokio::{self as transport, Stream};
use crate::types::qga::commands;
use crate::types::{Command as _, Value};

/// By the runtime's clock, which a test may have stopped.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

type Reader = Pin<Box<dyn AsyncRead + Send + Sync>>;
type Writer = Pin<Box<dyn AsyncWrite + Send + Sync>>;

/// How a client of a guest agent is to be connected, and to behave.
#[derive(Debug, Default)]
#[must_use = "nothing is connected yet"]
pub struct AgentBuilder<'a> {
    settings: Settings,
    child: Child<'a>,
}

impl<'a> AgentBuilder<'a> {
    super::settings!();
    child_setter!(AgentBuilder);

    /// Connects to an agent: its own socket, or that of a virtio-serial port's character device. The agent need not be
    /// running yet.
    ///
    /// # Errors
    /// When nobody listens there: [`Error::connect_phase`] says how far it got.
    pub async fn connect(mut self, address: &Address) -> Result<Agent, Error> {
        let child = std::mem::take(&mut self.child);
        let mut agent = self.finish(Some(address.clone()), None);
        let deadline = after(now(), agent.settings.deadline);
        let link = agent.dial(address, deadline, child).await?;
        agent.link = Some(link);
        Ok(agent)
    }

    /// Connects to a Unix socket.
    ///
    /// # Errors
    /// As for [`connect`](Self::connect).
    #[cfg(unix)]
    pub async fn connect_unix(self, path: impl AsRef<std::path::Path>) -> Result<Agent, Error> {
        self.connect(&path.as_ref().into()).await
    }

    /// Connects to a TCP port, given as `host:port`.
    ///
    /// # Errors
    /// As for [`connect`](Self::connect).
    pub async fn connect_tcp(self, address: impl ToString) -> Result<Agent, Error> {
        let address = Address::tcp(&address.to_string()).map_err(Error::invalid)?;
        self.connect(&address).await
    }

    /// Uses anything that can be read and written. There is no connecting again.
    pub fn over(self, stream: impl AsyncRead + AsyncWrite + Send + Sync + 'static) -> Agent {
        let link = Link::new(stream, &self.settings);
        self.finish(None, Some(link))
    }

    fn finish(self, address: Option<Address>, link: Option<Link>) -> Agent {
        Agent {
            settings: self.settings,
            address,
            link,
            files: OpenFiles::default(),
        }
    }
}

/// A connection to a guest agent. See [`agent`](crate::agent).
///
/// Futures may be dropped at any time: the call counts as given up then, and whether the agent has executed it cannot be
/// known.
#[derive(Debug)]
pub struct Agent {
    settings: Settings,
    /// Where to connect again.
    address: Option<Address>,
    link: Option<Link>,
    files: OpenFiles,
}

/// What one connection has.
struct Link {
    reader: Reader,
    writer: Writer,
    session: Session,
    buffer: Vec<u8>,
}

impl Agent {
    /// To connect otherwise than with all that is usual.
    pub fn builder() -> AgentBuilder<'static> {
        AgentBuilder::default()
    }

    /// Executes a command.
    ///
    /// # Errors
    /// When the agent answers with an error, or does not answer in time or at all.
    pub async fn execute<R: Request>(&mut self, command: R) -> Result<R::Reply, Error> {
        let deadline = self.settings.deadline;
        self.execute_within(command, deadline).await
    }

    /// Executes a command, with a deadline of its own.
    ///
    /// # Errors
    /// As for [`execute`](Self::execute).
    pub async fn execute_within<R: Request>(
        &mut self,
        command: R,
        deadline: Duration,
    ) -> Result<R::Reply, Error> {
        self.files.begin();
        let name = command.name();
        let result = match encode(&command) {
            Ok(encoded) => {
                let deadline = after(now(), deadline);
                self.exchange(&name, encoded, deadline).await
            }
            Err(error) => Err(Error::new(ErrorKind::Encode(error))),
        };
        result
            .and_then(|message| self.sense(decode(&message)))
            .map_err(|error| error.of(name))
    }

    /// Executes a command of any name. The arguments are an object, or null for none.
    ///
    /// # Errors
    /// As for [`execute`](Self::execute).
    pub async fn execute_raw(&mut self, command: &str, arguments: Value) -> Result<Value, Error> {
        let command = RawCommand::with(command, arguments)
            .map_err(|error| Error::new(ErrorKind::Encode(error)).of(command.to_owned()))?;
        self.execute(command).await
    }

    /// Runs a program to its end and collects its output.
    ///
    /// # Errors
    /// When the agent cannot run it, or it has not ended within the deadline. How it ended is no error.
    pub async fn exec(&mut self, program: Exec) -> Result<ExecOutput, Error> {
        self.run(program.start()).await
    }

    /// Reads a whole file.
    ///
    /// If the deadline passes or the future is dropped, the file may stay open in the guest. The next call of any kind has
    /// it closed first, within its own deadline.
    ///
    /// # Errors
    /// When the agent cannot read it, or it is longer than [`ReadFile::limit`].
    pub async fn read_file(&mut self, file: impl Into<ReadFile>) -> Result<Vec<u8>, Error> {
        self.run(file.into().start()).await
    }

    /// Writes a whole file. One that was written in part stays so. One that stays open is closed as by
    /// [`read_file`](Self::read_file).
    ///
    /// # Errors
    /// When the agent cannot write it.
    pub async fn write_file(
        &mut self,
        file: impl Into<WriteFile>,
        contents: &[u8],
    ) -> Result<(), Error> {
        self.run(file.into().start(contents)).await
    }

    async fn run<O: Operation>(&mut self, mut operation: O) -> Result<O::Outcome, Error> {
        self.files.begin();
        let usual = self.settings.deadline;
        let end = operation.deadline(usual).map(|all| after(now(), all));
        loop {
            let now = now();
            match operation.step() {
                Step::Done(outcome) => return outcome,
                Step::Pause(pause) => {
                    let left = end.map(|end| end.saturating_duration_since(now));
                    sleep(left.map_or(pause, |left| left.min(pause))).await;
                }
                Step::Send(line) => {
                    let deadline = end.map_or(after(now, usual), |end| end.min(after(now, usual)));
                    let reply = self.exchange(line.name, line.bytes, deadline).await;
                    self.files.note(line.name, &reply);
                    let reply = operation.reply(reply.map_err(|error| error.of(line.name)));
                    // What the operation makes of an error is the outcome.
                    let _ = self.sense(reply);
                }
            }
        }
    }

    /// Notes whether the agent's answer made sense.
    fn sense<T>(&mut self, answer: Result<T, Error>) -> Result<T, Error> {
        if let (Err(error), Some(link)) = (&answer, &mut self.link)
            && matches!(error.kind(), ErrorKind::Protocol(_))
        {
            link.session.distrust();
        }
        answer
    }

    /// An agent that could not answer the client before listens anew, and drops who was connecting. What was not sent
    /// is tried once more then.
    async fn exchange(
        &mut self,
        name: &str,
        request: Vec<u8>,
        deadline: Instant,
    ) -> Result<Vec<u8>, Error> {
        self.close_left(deadline).await?;
        match self
            .try_exchange(name, Some(request.clone()), deadline)
            .await
        {
            Err(error) if matches!(error.kind(), ErrorKind::Closed) && self.address.is_some() => {
                self.try_exchange(name, Some(request), deadline).await
            }
            result => result,
        }
    }

    /// Has the agent close what calls that were given up left open. What stays open, the next call closes.
    ///
    /// # Errors
    /// When the agent cannot be connected to, as the call would have it.
    async fn close_left(&mut self, deadline: Instant) -> Result<(), Error> {
        if let Some(link) = &mut self.link {
            // The caller before may have gone without a word.
            link.session.abandon();
            if link.session.expects_late() {
                // Without it the reply is still expected.
                let _ = self.try_exchange("guest-sync", None, deadline).await;
            }
        }
        let late = self.link.as_mut().and_then(|link| link.session.take_late());
        if let Some(reply) = late {
            self.files.note_late(&reply);
        }
        while let Some(line) = self.files.close() {
            self.connected(deadline).await?;
            let reply = self
                .try_exchange(line.name, Some(line.bytes), deadline)
                .await;
            let Ok(message) = reply else {
                break;
            };
            // Whatever the agent says, it will say again.
            self.files.closed();
            let _ = self.sense(answer::<commands::GuestFileClose>(Ok(message)));
        }
        Ok(())
    }

    async fn try_exchange(
        &mut self,
        name: &str,
        request: Option<Vec<u8>>,
        deadline: Instant,
    ) -> Result<Vec<u8>, Error> {
        let grace = grace(name, &self.settings);
        let link = self.connected(deadline).await?;
        let mut exchange = Exchange::new(&mut link.session, request, now(), deadline, grace);
        if name == commands::GuestFileOpen::NAME {
            link.session.want_late();
        }
        let result = loop {
            match exchange.turn(&mut link.session, now()) {
                Turn::Done(result) => break result,
                // That time is up is seen at the next turn.
                Turn::Io(until) => {
                    if let Ok(Err(error)) = timeout_at(until.into(), link.turn()).await {
                        exchange.failed(&mut link.session, error);
                    }
                }
            }
        };
        if link.session.is_closed() {
            self.link = None;
        }
        result
    }

    /// The connection; a new one if there is none.
    async fn connected(&mut self, deadline: Instant) -> Result<&mut Link, Error> {
        let has_ended = match &mut self.link {
            Some(link) => link.has_ended().await,
            None => true,
        };
        if has_ended {
            let address = self.address.as_ref().ok_or_else(super::ended)?;
            self.link = Some(self.dial(address, deadline, Child::default()).await?);
        }
        self.link
            .as_mut()
            .ok_or_else(|| Error::new(ErrorKind::Closed))
    }

    /// Connects; again and again if whoever listens is waited for.
    async fn dial(
        &self,
        address: &Address,
        deadline: Instant,
        mut child: Child<'_>,
    ) -> Result<Link, Error> {
        let deadline = self.settings.connect_by(now(), deadline);
        let patient = self.settings.connect_deadline.is_some();
        let stream = transport::dial(address, deadline.into(), patient, &mut child).await?;
        Ok(match stream {
            #[cfg(unix)]
            Stream::Unix(stream) => Link::new(stream, &self.settings),
            Stream::Tcp(stream) => Link::new(stream, &self.settings),
            #[cfg(any(target_os = "linux", target_os = "android"))]
            Stream::Other(stream) => Link::new(stream, &self.settings),
        })
    }
}

impl Link {
    fn new(
        stream: impl AsyncRead + AsyncWrite + Send + Sync + 'static,
        settings: &Settings,
    ) -> Self {
        let (reader, writer) = tokio::io::split(stream);
        let seed = RandomState::new().hash_one(0);
        Self {
            reader: Box::pin(reader),
            writer: Box::pin(writer),
            session: Session::new(seed).message_limit(settings.message_limit),
            buffer: vec![0; 64 << 10],
        }
    }

    /// Whether the channel ended while nobody looked. What came meanwhile is stale.
    async fn has_ended(&mut self) -> bool {
        // The caller before may have gone without a word.
        self.session.abandon();
        // The runtime learns of it when it next looks.
        yield_now().await;
        tokio::select! {
            biased;
            result = self.reader.read(&mut self.buffer) => match result {
                Ok(0) | Err(_) => true,
                Ok(count) => {
                    self.session.receive(&self.buffer[..count]);
                    false
                }
            },
            () = std::future::ready(()) => false,
        }
    }

    /// Writes or reads some. May be dropped at any time.
    async fn turn(&mut self) -> io::Result<()> {
        let output = self.session.output();
        tokio::select! {
            biased;
            result = self.writer.write(output), if !output.is_empty() => {
                let count = result?;
                self.session.sent(count);
            }
            result = self.reader.read(&mut self.buffer) => match result? {
                0 => self.session.eof(),
                count => self.session.receive(&self.buffer[..count]),
            },
        }
        Ok(())
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link")
            .field("session", &self.session)
            .finish_non_exhaustive()
    }
}
