//! Histories of the client on tokio, in virtual time. Whoever waits is a task, so that a wake-up that is forgotten is a call
//! that does not end.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io::{self, Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use proptest::prop_assert;
use qapi_rt::client::{Builder, EventStream};
use qapi_rt::session::client::RawCommand;
use qapi_rt::{Client, Error, ErrorKind, EventMessage};
use tokio::io::DuplexStream;
use tokio::runtime::Runtime;
use tokio::task::{JoinHandle, LocalSet};
use tokio::time::{Instant, sleep, timeout};

use crate::model::histories;
use crate::model::session::outcome;
use crate::model::step::Script;
use crate::model::subject::{Check, Outcome, Subject, Told};

/// What is between client and server.
enum Channel {
    /// Two pipes; the one to the server as narrow as the script wants it.
    Pipes {
        to_client: Option<DuplexStream>,
        to_server: Option<DuplexStream>,
    },
    Socket(UnixStream),
}

/// Where clients that connect again find their server.
pub(crate) struct Place {
    pub(crate) listener: UnixListener,
    pub(crate) path: PathBuf,
}

impl Place {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("qapi-model-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let listener = UnixListener::bind(&path).expect("a socket can be made");
        listener.set_nonblocking(true).expect("it can be set");
        Self { listener, path }
    }

    pub(crate) fn accept(&self) -> Option<UnixStream> {
        let (stream, _) = self.listener.accept().ok()?;
        stream.set_nonblocking(true).expect("it can be set");
        Some(stream)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

type Ended = Rc<RefCell<HashMap<usize, Outcome>>>;

struct Played<'a> {
    runtime: &'a Runtime,
    tasks: LocalSet,
    place: Option<Place>,
    channel: Channel,
    connecting: Option<JoinHandle<Result<Client, Error>>>,
    client: Option<Client>,
    /// Looked at when the history says so.
    events: Option<EventStream<EventMessage>>,
    calls: HashMap<usize, JoinHandle<()>>,
    ended: Ended,
    /// What a subscriber that takes all at once was told.
    eager: Rc<RefCell<(i64, Option<String>)>>,
    failed: bool,
    start: Instant,
}

impl<'a> Played<'a> {
    fn new(runtime: &'a Runtime, script: &Script) -> Self {
        let tasks = LocalSet::new();
        let builder = Client::builder()
            .oob(script.oob)
            .ids(script.ids)
            .event_buffer(script.kept)
            .deadline(Duration::from_secs(1_000_000))
            .early_events(false);
        // A place of its own, where no client of another history comes.
        let place = script.reconnect.then(Place::new);
        let (connecting, channel) = match &place {
            Some(place) => {
                let builder = builder.reconnect(|_| Some(Duration::ZERO));
                let path = place.path.clone();
                let connecting = tasks.spawn_local(builder.connect_unix(path));
                let stream = runtime.block_on(tasks.run_until(async {
                    loop {
                        match place.accept() {
                            Some(stream) => return stream,
                            None => tokio::task::yield_now().await,
                        }
                    }
                }));
                (connecting, Channel::Socket(stream))
            }
            None => Self::piped(&tasks, builder, script.room),
        };
        Self {
            runtime,
            tasks,
            place,
            channel,
            connecting: Some(connecting),
            client: None,
            events: None,
            calls: HashMap::new(),
            ended: Ended::default(),
            eager: Rc::default(),
            failed: false,
            start: {
                let _in_runtime = runtime.enter();
                Instant::now()
            },
        }
    }

    fn piped(
        tasks: &LocalSet,
        builder: Builder<'static>,
        room: usize,
    ) -> (JoinHandle<Result<Client, Error>>, Channel) {
        let (reader, to_client) = tokio::io::duplex(1 << 20);
        let (to_server, writer) = tokio::io::duplex(room);
        let channel = Channel::Pipes {
            to_client: Some(to_client),
            to_server: Some(to_server),
        };
        (tasks.spawn_local(builder.over(reader, writer)), channel)
    }

    fn connected(&mut self, client: Client) {
        self.events = Some(client.raw_events(|_| true));
        let mut eager = client.raw_events(|_| true);
        let told = Rc::clone(&self.eager);
        self.tasks.spawn_local(async move {
            loop {
                let fault = match eager.recv().await {
                    Ok(received) => {
                        let mut told = told.borrow_mut();
                        let number = received.timestamp.seconds();
                        let before = std::mem::replace(&mut told.0, number);
                        let missed = i64::try_from(received.missed).unwrap();
                        // Only the first may be any.
                        let follows = before == 0 || number == before + missed + 1;
                        (!follows).then(|| format!("{number} after {before}, missed {missed}"))
                    }
                    Err(error) if matches!(error.kind(), ErrorKind::Reconnected) => {
                        // What happened meanwhile is not counted.
                        told.borrow_mut().0 = 0;
                        None
                    }
                    Err(_) => return,
                };
                if fault.is_some() {
                    told.borrow_mut().1 = fault;
                }
            }
        });
        self.client = Some(client);
    }
}

impl Subject for Played<'_> {
    const TICK: u64 = 4;
    const CLOCK: bool = true;
    const GRACE: u64 = 4;

    fn is_connected(&mut self) -> bool {
        self.client.is_some()
    }

    fn call(&mut self, number: usize, oob: bool, deadline: u64) -> Result<(), Outcome> {
        let _in_runtime = self.runtime.enter();
        let client = self.client.as_ref().expect("it is connected");
        let mut call = client.call(RawCommand::new(format!("x-{number}")));
        if oob {
            call = call.oob();
        }
        if deadline > 0 {
            call = call.deadline(Duration::from_millis(deadline));
        }
        let pending = call.start().map_err(|error| outcome(Err(error)))?;
        let ended = Rc::clone(&self.ended);
        let task = self.tasks.spawn_local(async move {
            let result = pending.wait().await;
            let result = result.map(|value| value.as_str().expect("a string").to_owned());
            ended.borrow_mut().insert(number, outcome(result));
        });
        self.calls.insert(number, task);
        Ok(())
    }

    fn forget(&mut self, number: usize) -> Option<bool> {
        self.calls.remove(&number).expect("it was made").abort();
        // What was given up by a task that was aborted is so when that has run.
        self.pump(0);
        None
    }

    fn read(&mut self, most: usize) -> Vec<u8> {
        let mut all = Vec::new();
        let mut buffer = vec![0; most];
        loop {
            let space = &mut buffer[..most - all.len()];
            let read = match &mut self.channel {
                Channel::Pipes { to_server, .. } => {
                    let Some(reader) = to_server else { return all };
                    let read = self.runtime.block_on(self.tasks.run_until(async {
                        let read = tokio::io::AsyncReadExt::read(reader, space);
                        // No time passes while the client has something to write.
                        timeout(Duration::from_millis(1), read).await
                    }));
                    read.map_or(0, |read| read.unwrap_or(0))
                }
                Channel::Socket(stream) => stream.read(space).unwrap_or(0),
            };
            all.extend_from_slice(&buffer[..read]);
            if read == 0 || all.len() == most {
                return all;
            }
        }
    }

    fn receive(&mut self, bytes: &[u8]) {
        match &mut self.channel {
            Channel::Pipes { to_client, .. } => {
                if let Some(writer) = to_client {
                    let written = tokio::io::AsyncWriteExt::write_all(writer, bytes);
                    let _ = self.runtime.block_on(written);
                }
            }
            Channel::Socket(stream) => {
                let _ = stream.write_all(bytes);
            }
        }
    }

    fn hang_up(&mut self) {
        match &mut self.channel {
            Channel::Pipes {
                to_client,
                to_server,
            } => (*to_client, *to_server) = (None, None),
            Channel::Socket(stream) => drop(stream.shutdown(Shutdown::Both)),
        }
    }

    fn accept(&mut self) -> bool {
        self.pump(0);
        let Some(stream) = self.place.as_ref().and_then(Place::accept) else {
            return false;
        };
        self.channel = Channel::Socket(stream);
        true
    }

    fn deafen(&mut self) -> bool {
        // Noticed only when something is written.
        false
    }

    fn pump(&mut self, milliseconds: u64) {
        // Virtual time passes when there is nothing to be done but what sockets have just become ready for.
        let time = async {
            sleep(Duration::from_millis(milliseconds)).await;
            for _ in 0..Self::TICK {
                sleep(Duration::from_millis(1)).await;
            }
        };
        self.runtime.block_on(self.tasks.run_until(time));
        if let Some(task) = self.connecting.take_if(|task| task.is_finished()) {
            match self.runtime.block_on(task).expect("it does not panic") {
                Ok(client) => self.connected(client),
                Err(_) => self.failed = true,
            }
        }
    }

    fn run_due(&mut self) -> bool {
        let turns = async {
            for _ in 0..Self::TICK {
                tokio::task::yield_now().await;
            }
        };
        self.runtime.block_on(self.tasks.run_until(turns));
        true
    }

    fn outcome(&mut self, number: usize, _: bool) -> Option<Outcome> {
        self.ended.borrow_mut().remove(&number)
    }

    fn take(&mut self) -> Option<Told> {
        match self.events.as_mut()?.try_recv() {
            Ok(received) => received.map(|received| Told::Event {
                number: received
                    .timestamp
                    .seconds()
                    .try_into()
                    .expect("it is small"),
                missed: received.missed,
            }),
            Err(error) if matches!(error.kind(), ErrorKind::Reconnected) => Some(Told::Reconnected),
            Err(_) => None,
        }
    }

    fn is_closed(&mut self) -> bool {
        let client = self.client.as_ref();
        self.failed || client.is_some_and(|client| client.closed().is_some())
    }

    fn now(&self) -> u64 {
        let _in_runtime = self.runtime.enter();
        self.start
            .elapsed()
            .as_millis()
            .try_into()
            .expect("it is small")
    }

    fn check(&mut self) -> Check {
        let told = self.eager.borrow();
        prop_assert!(told.1.is_none(), "{:?}", told.1);
        Ok(())
    }
}

#[test]
fn the_model_foretells_the_tokio_client() -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()?;
    histories(2, |_| (), |script| Played::new(&runtime, script));
    Ok(())
}
