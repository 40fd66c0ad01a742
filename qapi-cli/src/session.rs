//! A connection, and what is known of the server.

use std::collections::HashSet;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use qapi_rt::blocking::{Builder, Client, Pending};
use qapi_rt::capabilities::Capabilities;
use qapi_rt::session::client::{RawCommand, Request};
use qapi_rt::testing::Recorder;
use qapi_rt::types::codec::{Decode, Reader};
use qapi_rt::types::{self, Object, Writer};
use qapi_rt::{ErrorKind, types::ErrorClass};

use crate::cli;
use crate::connect;
use crate::explain::did_you_mean;
use crate::failure::Failure;
use crate::interrupts::LOOK;
use crate::machines::Kind;
use crate::output::Output;
use crate::schema::Cache;
use crate::settings::Settings;

/// A connection to a QMP server.
pub(crate) struct Session {
    pub(crate) client: Client,
    pub(crate) settings: Settings,
    /// Where the schema is kept, which is found out when it is needed.
    cache: OnceLock<Option<Cache>>,
    schema: Mutex<Option<Schema>>,
    warned: Mutex<HashSet<String>>,
    /// Ends with the session.
    child: Mutex<Option<connect::Child>>,
    recorder: Option<Recorder>,
}

/// A schema, and whether it is the server's for certain.
#[derive(Clone)]
pub(crate) struct Schema {
    pub(crate) capabilities: Arc<Capabilities>,
    pub(crate) certain: bool,
}

impl Session {
    /// Connects, unless Ctrl-C is pressed meanwhile.
    pub(crate) fn connect(settings: &Settings) -> Result<Self, Failure> {
        let address = settings.address.as_deref().unwrap_or_default();
        let doubt = || connect::doubted(address, Kind::Qmp);
        if connect::is_socket_here(address) {
            // A thread would take longer than the rest.
            let connect = |look: &mut (dyn FnMut() -> io::Result<()> + Send)| {
                let builder = Client::builder().child(|| look().map(|()| None));
                Self::connect_by(builder, settings)
            };
            return settings.interrupts.looked_for(connect, doubt);
        }
        let wanted = settings.clone();
        let connect = move || Self::connect_unwatched(&wanted);
        settings.interrupts.before_sending(connect, doubt)
    }

    /// Connects where nobody would be told of Ctrl-C.
    pub(crate) fn connect_unwatched(settings: &Settings) -> Result<Self, Failure> {
        Self::connect_by(Client::builder(), settings)
    }

    fn connect_by(builder: Builder<'_>, settings: &Settings) -> Result<Self, Failure> {
        let address = settings.address.clone().ok_or_else(|| {
            Failure::usage(
                "which server? -s ADDRESS says it, or QMP_SOCKET; `qmp ls` shows what runs here",
            )
        })?;
        let builder = builder.deadline(settings.deadline()).oob(settings.oob);
        let builder = builder.early_events(settings.early_events);
        let connected = connect::client(builder, &address, settings.record.as_ref())?;
        let session = Self {
            client: connected.client,
            settings: Settings {
                address: Some(address),
                ..settings.clone()
            },
            cache: OnceLock::new(),
            schema: Mutex::new(None),
            warned: Mutex::new(HashSet::new()),
            child: Mutex::new(connected.child),
            recorder: connected.recorder,
        };
        session.check_recording()?;
        Ok(session)
    }

    pub(crate) fn output(&self) -> Output {
        self.settings.output
    }

    /// Executes a command and gives what it returned, as text.
    pub(crate) fn execute(&self, command: &str, arguments: Object) -> Result<String, Failure> {
        self.execute_as(Call::new(command, arguments), false, Vec::new())
    }

    /// As [`execute`](Self::execute), perhaps out of band, with descriptors.
    pub(crate) fn execute_as(
        &self,
        call: Call,
        oob: bool,
        fds: Vec<OwnedFd>,
    ) -> Result<String, Failure> {
        let name = call.0.name.clone();
        match self.finish(call, oob, fds)? {
            Ok(Text(text)) => Ok(text),
            // As is usual for `quit`.
            Err(error) if matches!(error.kind(), ErrorKind::Ended) => Ok("{}".to_owned()),
            Err(error) => {
                let mut failure = match &mut *lock(&self.child) {
                    Some(child) if error.is_disconnected() => child.told(error.clone()),
                    _ => Failure::from(error.clone()),
                };
                if error.class() == Some(&ErrorClass::CommandNotFound)
                    && let Ok(Some(schema)) = self.schema()
                {
                    let known = schema.capabilities.commands().map(|command| command.name());
                    failure.message += &match self.settings.is_shell {
                        true if cli::is_own(&name) => {
                            format!("; `qmp {name}` is not for the shell")
                        }
                        _ if name.starts_with("guest-") => {
                            "; it may be one of a guest agent, for `qmp agent`".to_owned()
                        }
                        true => did_you_mean(&name, known.chain(cli::shell::own())),
                        false => did_you_mean(&name, known.chain(cli::own())),
                    };
                }
                Err(failure)
            }
        }
    }

    /// Waits for the end of a call, or Ctrl-C.
    fn finish(
        &self,
        call: Call,
        oob: bool,
        fds: Vec<OwnedFd>,
    ) -> Result<Result<Text, qapi_rt::Error>, Failure> {
        let held = self.settings.interrupts.hold();
        let name = call.0.name.clone();
        let prepared = self.client.call(call).deadline(self.settings.deadline());
        let mut prepared = prepared.fds(fds);
        if oob {
            prepared = prepared.oob();
        }
        let mut pending: Pending<Call> = prepared.start()?;
        loop {
            pending = match pending.wait_for(LOOK) {
                Ok(result) => return Ok(result),
                Err(pending) => pending,
            };
            if held.interrupted() {
                return Err(Failure::interrupted(&name, pending.give_up()));
            }
        }
    }

    /// Fails, once, if something could not be written down.
    pub(crate) fn check_recording(&self) -> Result<(), Failure> {
        let written = self.recorder.clone().map_or(Ok(()), Recorder::finish);
        written.map_err(|error| Failure::unwritten("the recording", &error))
    }

    pub(crate) fn cache(&self) -> Option<&Cache> {
        let address = self.settings.address.as_deref().unwrap_or_default();
        let cache = self.cache.get_or_init(|| Cache::of(&self.client, address));
        cache.as_ref()
    }

    /// The server's schema as far as it is known, or else as the server says; `None` if it has none.
    pub(crate) fn schema(&self) -> Result<Option<Schema>, Failure> {
        if let Some(schema) = &*lock(&self.schema) {
            return Ok(Some(schema.clone()));
        }
        if !self.settings.fresh
            && let Some(capabilities) = self.cache().and_then(Cache::load)
        {
            let schema = Schema {
                capabilities: Arc::new(capabilities),
                certain: false,
            };
            *lock(&self.schema) = Some(schema.clone());
            return Ok(Some(schema));
        }
        self.fresh_schema()
    }

    /// The server's schema as the server says.
    pub(crate) fn fresh_schema(&self) -> Result<Option<Schema>, Failure> {
        const COMMAND: &str = "query-qmp-schema";
        let Text(text) = match self.finish(Call::new(COMMAND, Object::new()), false, Vec::new())? {
            Ok(text) => text,
            Err(error) if error.class() == Some(&ErrorClass::CommandNotFound) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let capabilities = Capabilities::parse(text.as_bytes())
            .map_err(|error| Failure::connection(format!("{COMMAND}: {error}")))?;
        if let Some(cache) = self.cache() {
            cache.store(&text);
        }
        let schema = Schema {
            capabilities: Arc::new(capabilities),
            certain: true,
        };
        *lock(&self.schema) = Some(schema.clone());
        Ok(Some(schema))
    }

    /// As the server says, if what is known was kept from before.
    pub(crate) fn newer_schema(&self) -> Result<Option<Arc<Capabilities>>, Failure> {
        let newer = match self.schema()? {
            Some(schema) if !schema.certain => self.fresh_schema()?,
            _ => None,
        };
        Ok(newer.map(|schema| schema.capabilities))
    }

    /// The schema, where nothing can be done without one.
    pub(crate) fn needed_schema(&self) -> Result<Arc<Capabilities>, Failure> {
        match self.schema()? {
            Some(schema) => Ok(schema.capabilities),
            None => Err(Failure::refused("this server has no query-qmp-schema")),
        }
    }

    /// Warns, once of each thing.
    pub(crate) fn warn(&self, text: &str) {
        if !self.settings.quiet && lock(&self.warned).insert(text.to_owned()) {
            self.output().warning(text);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A command whose reply is wanted as it is.
#[derive(Debug)]
pub(crate) struct Call(RawCommand);

impl Call {
    pub(crate) fn new(command: &str, arguments: Object) -> Self {
        let mut raw = RawCommand::new(command);
        raw.arguments = arguments;
        Self(raw)
    }
}

impl Request for Call {
    type Reply = Text;

    fn name(&self) -> std::borrow::Cow<'static, str> {
        self.0.name()
    }

    fn write(&self, w: &mut Writer<'_>, id: Option<u64>, oob: bool) {
        self.0.write(w, id, oob);
    }
}

/// JSON as it was received.
#[derive(Debug)]
pub(crate) struct Text(pub(crate) String);

impl Decode for Text {
    fn blank() -> Self {
        Self(String::new())
    }

    fn decode(r: &mut Reader<'_>) -> types::Result<Self> {
        let start = r.offset();
        r.skip()?;
        Ok(Self(r.text_since(start).to_owned()))
    }
}
