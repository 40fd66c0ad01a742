//! What a client of a guest agent does in both flavours.
//!
//! It is written as async functions over a [`Channel`]. That of the blocking flavour does not wait but blocks, so that its
//! futures are ready when they are first polled.

use std::io;
use std::time::{Duration, Instant};

use super::exchange::{Exchange, Turn};
use super::file::OpenFiles;
use super::{Operation, Settings, Step, answer, decode, grace};
use crate::address::Address;
use crate::error::{Error, ErrorKind};
use crate::session::agent::{Session, encode};
use crate::session::client::Request;
use crate::time::after;
use crate::transport::dial::Child;
use crate::types::Command as _;
use crate::types::qga::commands;

/// A connection to an agent.
pub(super) trait Channel: Sized {
    /// What the clock says.
    fn now() -> Instant;

    async fn sleep(time: Duration);

    /// Connects; again and again if whoever listens is waited for.
    async fn dial(
        address: &Address,
        settings: &Settings,
        deadline: Instant,
        child: &mut Child<'_>,
    ) -> Result<Self, Error>;

    fn session(&mut self) -> &mut Session;

    /// Whether the channel ended while nobody looked. What came meanwhile is stale.
    async fn has_ended(&mut self) -> bool;

    /// Writes what there is and reads what comes, at most until then. May be dropped at any time.
    async fn turn(&mut self, until: Instant) -> io::Result<()>;
}

/// A client.
#[derive(Debug)]
pub(super) struct Core<C> {
    pub(super) settings: Settings,
    /// Where to connect again.
    address: Option<Address>,
    channel: Option<C>,
    files: OpenFiles,
}

impl<C: Channel> Core<C> {
    /// One that is connected.
    pub(super) fn over(settings: Settings, channel: C) -> Self {
        Self {
            settings,
            address: None,
            channel: Some(channel),
            files: OpenFiles::default(),
        }
    }

    pub(super) async fn connect(
        settings: Settings,
        address: &Address,
        child: &mut Child<'_>,
    ) -> Result<Self, Error> {
        let deadline = settings.connect_by(C::now(), after(C::now(), settings.deadline));
        let channel = C::dial(address, &settings, deadline, child).await?;
        Ok(Self {
            address: Some(address.clone()),
            ..Self::over(settings, channel)
        })
    }

    pub(super) async fn execute<R: Request>(
        &mut self,
        command: &R,
        deadline: Duration,
    ) -> Result<R::Reply, Error> {
        self.files.begin();
        let name = command.name();
        let result = match encode(command) {
            Ok(encoded) => {
                let deadline = after(C::now(), deadline);
                self.exchange(&name, encoded, deadline).await
            }
            Err(error) => Err(Error::new(ErrorKind::Encode(error))),
        };
        result
            .and_then(|message| self.sense(decode(&message)))
            .map_err(|error| error.of(name))
    }

    pub(super) async fn run<O: Operation>(
        &mut self,
        mut operation: O,
    ) -> Result<O::Outcome, Error> {
        self.files.begin();
        let usual = self.settings.deadline;
        let end = operation.deadline(usual).map(|all| after(C::now(), all));
        loop {
            operation.between().await;
            let now = C::now();
            match operation.step() {
                Step::Done(outcome) => return outcome,
                Step::Pause(pause) => {
                    let left = end.map(|end| end.saturating_duration_since(now));
                    C::sleep(left.map_or(pause, |left| left.min(pause))).await;
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

    /// Has the agent close what calls that were given up left open, and ends.
    pub(super) async fn close(mut self) {
        self.files.begin();
        let deadline = after(C::now(), self.settings.deadline);
        // Whoever wants to know whether the agent is there has called it before.
        let _ = self.close_left(deadline).await;
    }

    /// Notes whether the agent's answer made sense.
    fn sense<T>(&mut self, answer: Result<T, Error>) -> Result<T, Error> {
        if let (Err(error), Some(channel)) = (&answer, &mut self.channel)
            && matches!(error.kind(), ErrorKind::Protocol(_))
        {
            channel.session().distrust();
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
        let first = self.try_exchange(name, Some(request.clone()), deadline);
        match first.await {
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
        if let Some(channel) = &mut self.channel {
            // The caller before may have gone without a word.
            channel.session().abandon();
            if channel.session().expects_late() {
                // Without it the reply is still expected.
                let _ = self.try_exchange("guest-sync", None, deadline).await;
            }
        }
        let channel = self.channel.as_mut();
        if let Some(reply) = channel.and_then(|channel| channel.session().take_late()) {
            self.files.note_late(&reply);
        }
        while let Some(line) = self.files.close() {
            self.connected(deadline).await?;
            let reply = self.try_exchange(line.name, Some(line.bytes), deadline);
            let Ok(message) = reply.await else {
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
        let channel = self.connected(deadline).await?;
        let mut exchange = Exchange::new(channel.session(), request, C::now(), deadline, grace);
        if name == commands::GuestFileOpen::NAME {
            channel.session().want_late();
        }
        let result = loop {
            match exchange.turn(channel.session(), C::now()) {
                Turn::Done(result) => break result,
                // That time is up is seen at the next turn.
                Turn::Io(until) => {
                    if let Err(error) = channel.turn(until).await {
                        exchange.failed(channel.session(), error);
                    }
                }
            }
        };
        if channel.session().is_closed() {
            self.channel = None;
        }
        result
    }

    /// The connection; a new one if there is none.
    async fn connected(&mut self, deadline: Instant) -> Result<&mut C, Error> {
        let has_ended = match &mut self.channel {
            Some(channel) => channel.has_ended().await,
            None => true,
        };
        if has_ended {
            let address = self.address.as_ref().ok_or_else(super::ended)?;
            let deadline = self.settings.connect_by(C::now(), deadline);
            let child = &mut Child::default();
            self.channel = Some(C::dial(address, &self.settings, deadline, child).await?);
        }
        self.channel
            .as_mut()
            .ok_or_else(|| Error::new(ErrorKind::Closed))
    }
}

/// The methods of a builder and of a client whose field `core` is a [`Core`]: `async` and `.await` for one that waits, and
/// for one that blocks nothing and `complete`, which takes what its future is ready with.
macro_rules! builder_methods {
    ([$($async:tt)?] [$($await:tt)*] $complete:path) => {
        super::settings!();
        crate::settings::child_setter!(AgentBuilder);

        /// Connects to an agent: its own socket, or that of a virtio-serial port's character device. The agent need not be
        /// running yet.
        ///
        /// # Errors
        /// When nobody listens there: [`Error::connect_phase`](crate::Error::connect_phase) says how far it got.
        pub $($async)? fn connect(mut self, address: &crate::Address) -> Result<Agent, Error> {
            let connecting = Core::connect(self.settings, address, &mut self.child);
            let core = $complete(connecting)$($await)*?;
            Ok(Agent { core })
        }

        crate::flavours::connectors!(Agent [$($async)?] [$($await)*]);
    };
}

macro_rules! agent_methods {
    ([$($async:tt)?] [$($await:tt)*] $complete:path, [$($read:tt)*] [$($write:tt)*]) => {
        /// To connect otherwise than with all that is usual.
        pub fn builder() -> AgentBuilder<'static> {
            AgentBuilder::default()
        }

        /// Executes a command.
        ///
        /// # Errors
        /// When the agent answers with an error, or does not answer in time or at all.
        pub $($async)? fn execute<R: Request>(&mut self, command: R) -> Result<R::Reply, Error> {
            let deadline = self.core.settings.deadline;
            self.execute_within(command, deadline)$($await)*
        }

        /// Executes a command, with a deadline of its own.
        ///
        /// # Errors
        /// As for [`execute`](Self::execute).
        pub $($async)? fn execute_within<R: Request>(
            &mut self,
            command: R,
            deadline: std::time::Duration,
        ) -> Result<R::Reply, Error> {
            $complete(self.core.execute(&command, deadline))$($await)*
        }

        /// Executes a command of any name. The arguments are an object, or null for none.
        ///
        /// # Errors
        /// As for [`execute`](Self::execute).
        pub $($async)? fn execute_raw(
            &mut self,
            command: &str,
            arguments: Value,
        ) -> Result<Value, Error> {
            let request = RawCommand::with(command, arguments);
            let request = request.map_err(|error| Error::encode(error, command))?;
            self.execute(request)$($await)*
        }

        /// Executes a command that the types at hand do not have, with types of one's own for its arguments (a structure,
        /// or `()` for none) and its reply.
        ///
        /// # Errors
        /// As for [`execute`](Self::execute).
        #[cfg(feature = "serde")]
        pub $($async)? fn execute_as<R: crate::types::bridge::DeserializeOwned>(
            &mut self,
            command: &str,
            arguments: impl crate::types::bridge::Serialize,
        ) -> Result<R, Error> {
            let request = RawCommand::of(command, &arguments);
            let request = request.map_err(|error| Error::encode(error, command))?;
            let reply = self.execute(request)$($await)*?;
            crate::types::bridge::from_value(&reply).map_err(|error| {
                Error::decode(error, &reply.to_string()).of(command.to_owned())
            })
        }

        /// Runs a program to its end and collects its output.
        ///
        /// # Errors
        /// When the agent cannot run it, or it has not ended within the deadline. How it ended is no error.
        pub $($async)? fn exec(&mut self, program: Exec) -> Result<ExecOutput, Error> {
            $complete(self.core.run(program.start()))$($await)*
        }

        /// Reads a whole file.
        ///
        /// If the deadline passes or the call is given up, the file may stay open in the guest. The next call of any kind
        /// has it closed first, within its own deadline.
        ///
        /// # Errors
        /// When the agent cannot read it, or it is longer than [`ReadFile::limit`].
        pub $($async)? fn read_file(
            &mut self,
            file: impl Into<ReadFile>,
        ) -> Result<Vec<u8>, Error> {
            let mut contents = Vec::new();
            self.read_file_to(file.into().in_memory(), &mut contents)$($await)*?;
            Ok(contents)
        }

        /// Reads a file and writes it elsewhere as it comes, and flushes that: no more than a [piece](ReadFile::chunk) is kept
        /// in memory. Says how many bytes that were. One that stays open is closed as by [`read_file`](Self::read_file).
        ///
        /// # Errors
        /// When the agent cannot read it, or it is longer than [`ReadFile::limit`], if that was set; when it cannot be written,
        /// [`Local`](crate::ErrorKind::Local). What came before was written.
        pub $($async)? fn read_file_to(
            &mut self,
            file: impl Into<ReadFile>,
            writer: impl $($write)*,
        ) -> Result<usize, Error> {
            $complete(self.core.run(file.into().start(Local(writer))))$($await)*
        }

        /// Writes a whole file. One that was written in part stays so. One that stays open is closed as by
        /// [`read_file`](Self::read_file).
        ///
        /// # Errors
        /// When the agent cannot write it.
        pub $($async)? fn write_file(
            &mut self,
            file: impl Into<WriteFile>,
            contents: &[u8],
        ) -> Result<(), Error> {
            self.write_file_from(file, contents)$($await)*?;
            Ok(())
        }

        /// As [`write_file`](Self::write_file), of what is read elsewhere until that ends, a [piece](WriteFile::chunk) at a time.
        /// Says how many bytes that were. The file is opened when the first piece was read. No deadline holds for reading.
        ///
        /// # Errors
        /// When the agent cannot write it; when it cannot be read, [`Local`](crate::ErrorKind::Local).
        pub $($async)? fn write_file_from(
            &mut self,
            file: impl Into<WriteFile>,
            reader: impl $($read)*,
        ) -> Result<usize, Error> {
            $complete(self.core.run(file.into().start(Local(reader))))$($await)*
        }

        /// Ends the connection, after the agent has closed the files that calls which were given up left open; that may
        /// take as long as a call. A client that is dropped leaves them open.
        pub $($async)? fn close(self) {
            $complete(self.core.close())$($await)*;
        }
    };
}
pub(super) use {agent_methods, builder_methods};
