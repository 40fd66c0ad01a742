//! The client for threads that block.

use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, Read, Write};
use std::thread;
use std::time::{Duration, Instant};

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
use crate::transport::blocking::{self, Io, Pump};
use crate::transport::dial::Child;
use crate::types::qga::commands;
use crate::types::{Command as _, Value};

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
    pub fn connect(mut self, address: &Address) -> Result<Agent, Error> {
        let child = std::mem::take(&mut self.child);
        let mut agent = self.finish(Some(address.clone()), None);
        let deadline = after(Instant::now(), agent.settings.deadline);
        let link = agent.dial(address, deadline, child)?;
        agent.link = Some(link);
        Ok(agent)
    }

    /// Connects to a Unix socket.
    ///
    /// # Errors
    /// As for [`connect`](Self::connect).
    #[cfg(unix)]
    pub fn connect_unix(self, path: impl AsRef<std::path::Path>) -> Result<Agent, Error> {
        self.connect(&path.as_ref().into())
    }

    /// Connects to a TCP port, given as `host:port`.
    ///
    /// # Errors
    /// As for [`connect`](Self::connect).
    pub fn connect_tcp(self, address: impl ToString) -> Result<Agent, Error> {
        let address = Address::tcp(&address.to_string()).map_err(Error::invalid)?;
        self.connect(&address)
    }

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
        Ok(self.finish(None, Some(Box::new(io))))
    }

    fn finish(self, address: Option<Address>, io: Option<Box<dyn Io>>) -> Agent {
        let link = io.map(|io| Link::new(io, &self.settings));
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
    settings: Settings,
    /// Where to connect again.
    address: Option<Address>,
    link: Option<Link>,
    files: OpenFiles,
}

/// What one connection has.
#[derive(Debug)]
struct Link {
    io: Box<dyn Io>,
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
    pub fn execute<R: Request>(&mut self, command: R) -> Result<R::Reply, Error> {
        self.execute_within(command, self.settings.deadline)
    }

    /// Executes a command, with a deadline of its own.
    ///
    /// # Errors
    /// As for [`execute`](Self::execute).
    pub fn execute_within<R: Request>(
        &mut self,
        command: R,
        deadline: Duration,
    ) -> Result<R::Reply, Error> {
        self.files.begin();
        let name = command.name();
        let encoded = encode(&command).map_err(|error| Error::new(ErrorKind::Encode(error)));
        encoded
            .and_then(|encoded| self.exchange(&name, encoded, after(Instant::now(), deadline)))
            .and_then(|message| self.sense(decode(&message)))
            .map_err(|error| error.of(name))
    }

    /// Executes a command of any name. The arguments are an object, or null for none.
    ///
    /// # Errors
    /// As for [`execute`](Self::execute).
    pub fn execute_raw(&mut self, command: &str, arguments: Value) -> Result<Value, Error> {
        let command = RawCommand::with(command, arguments)
            .map_err(|error| Error::new(ErrorKind::Encode(error)).of(command.to_owned()))?;
        self.execute(command)
    }

    /// Runs a program to its end and collects its output.
    ///
    /// # Errors
    /// When the agent cannot run it, or it has not ended within the deadline. How it ended is no error.
    pub fn exec(&mut self, program: Exec) -> Result<ExecOutput, Error> {
        self.run(program.start())
    }

    /// Reads a whole file.
    ///
    /// If the deadline passes, the file may stay open in the guest. The next call of any kind has it closed first, within
    /// its own deadline.
    ///
    /// # Errors
    /// When the agent cannot read it, or it is longer than [`ReadFile::limit`].
    pub fn read_file(&mut self, file: impl Into<ReadFile>) -> Result<Vec<u8>, Error> {
        self.run(file.into().start())
    }

    /// Writes a whole file. One that was written in part stays so. One that stays open is closed as by
    /// [`read_file`](Self::read_file).
    ///
    /// # Errors
    /// When the agent cannot write it.
    pub fn write_file(&mut self, file: impl Into<WriteFile>, contents: &[u8]) -> Result<(), Error> {
        self.run(file.into().start(contents))
    }

    fn run<O: Operation>(&mut self, mut operation: O) -> Result<O::Outcome, Error> {
        self.files.begin();
        let usual = self.settings.deadline;
        let end = operation
            .deadline(usual)
            .map(|all| after(Instant::now(), all));
        loop {
            let now = Instant::now();
            match operation.step() {
                Step::Done(outcome) => return outcome,
                Step::Pause(pause) => {
                    let left = end.map(|end| end.saturating_duration_since(now));
                    thread::sleep(left.map_or(pause, |left| left.min(pause)));
                }
                Step::Send(line) => {
                    let deadline = end.map_or(after(now, usual), |end| end.min(after(now, usual)));
                    let reply = self.exchange(line.name, line.bytes, deadline);
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
    fn exchange(
        &mut self,
        name: &str,
        request: Vec<u8>,
        deadline: Instant,
    ) -> Result<Vec<u8>, Error> {
        self.close_left(deadline)?;
        match self.try_exchange(name, Some(request.clone()), deadline) {
            Err(error) if matches!(error.kind(), ErrorKind::Closed) && self.address.is_some() => {
                self.try_exchange(name, Some(request), deadline)
            }
            result => result,
        }
    }

    /// Has the agent close what calls that were given up left open. What stays open, the next call closes.
    ///
    /// # Errors
    /// When the agent cannot be connected to, as the call would have it.
    fn close_left(&mut self, deadline: Instant) -> Result<(), Error> {
        if let Some(link) = &mut self.link {
            // The caller before may have gone without a word.
            link.session.abandon();
            if link.session.expects_late() {
                // Without it the reply is still expected.
                let _ = self.try_exchange("guest-sync", None, deadline);
            }
        }
        let late = self.link.as_mut().and_then(|link| link.session.take_late());
        if let Some(reply) = late {
            self.files.note_late(&reply);
        }
        while let Some(line) = self.files.close() {
            self.connected(deadline)?;
            let reply = self.try_exchange(line.name, Some(line.bytes), deadline);
            let Ok(message) = reply else {
                break;
            };
            // Whatever the agent says, it will say again.
            self.files.closed();
            let _ = self.sense(answer::<commands::GuestFileClose>(Ok(message)));
        }
        Ok(())
    }

    fn try_exchange(
        &mut self,
        name: &str,
        request: Option<Vec<u8>>,
        deadline: Instant,
    ) -> Result<Vec<u8>, Error> {
        let grace = grace(name, &self.settings);
        let link = self.connected(deadline)?;
        let mut exchange =
            Exchange::new(&mut link.session, request, Instant::now(), deadline, grace);
        if name == commands::GuestFileOpen::NAME {
            link.session.want_late();
        }
        let result = loop {
            match exchange.turn(&mut link.session, Instant::now()) {
                Turn::Done(result) => break result,
                Turn::Io(until) => {
                    if let Err(error) = link.turn(until) {
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
    fn connected(&mut self, deadline: Instant) -> Result<&mut Link, Error> {
        if self.link.as_mut().is_none_or(|link| link.has_ended()) {
            let address = self.address.as_ref().ok_or_else(super::ended)?;
            self.link = Some(self.dial(address, deadline, Child::default())?);
        }
        self.link
            .as_mut()
            .ok_or_else(|| Error::new(ErrorKind::Closed))
    }

    /// Connects; again and again if whoever listens is waited for.
    fn dial(
        &self,
        address: &Address,
        deadline: Instant,
        mut child: Child<'_>,
    ) -> Result<Link, Error> {
        let deadline = self.settings.connect_by(Instant::now(), deadline);
        let patient = self.settings.connect_deadline.is_some();
        let io = blocking::dial(address, deadline, patient, &mut child)?;
        Ok(Link::new(io, &self.settings))
    }
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

    /// Whether the channel ended while nobody looked. What came meanwhile is stale.
    fn has_ended(&mut self) -> bool {
        match self.io.read(&mut self.buffer, Duration::ZERO) {
            Ok(0) => true,
            Ok(count) => {
                self.session.receive(&self.buffer[..count]);
                false
            }
            Err(error) => error.kind() != io::ErrorKind::WouldBlock,
        }
    }

    /// Writes what there is and reads what comes, at most until then.
    fn turn(&mut self, until: Instant) -> io::Result<()> {
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
