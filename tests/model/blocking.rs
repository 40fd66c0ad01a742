//! Histories of the blocking client over a socket, in one thread: it reads and writes when it is asked for something, and
//! waits for nothing that is not to come.

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use qapi_rt::blocking::{Client, EventStream, Pending};
use qapi_rt::session::client::RawCommand;
use qapi_rt::{Error, ErrorKind, EventMessage};

use crate::model::histories;
use crate::model::session::outcome;
use crate::model::step::Script;
use crate::model::subject::{Outcome, Subject, Told};
use crate::model::tokio::Place;

/// For what is to come: nobody waits that long unless it does not.
const LONG: Duration = Duration::from_secs(10);

/// For what may be there.
const SHORT: Duration = Duration::from_micros(100);

struct Played {
    place: Option<Place>,
    server: UnixStream,
    connecting: Option<JoinHandle<Result<Client, Error>>>,
    client: Option<Client>,
    events: Option<EventStream<EventMessage>>,
    calls: HashMap<usize, Pending<RawCommand>>,
}

impl Played {
    fn new(script: &Script) -> Self {
        let builder = Client::builder()
            .oob(script.oob)
            .ids(script.ids)
            .event_buffer(script.kept)
            .deadline(LONG);
        let place = script.reconnect.then(Place::new);
        let (connecting, server) = match &place {
            Some(place) => {
                let builder = builder.reconnect(|_| Some(Duration::ZERO));
                let path = place.path.clone();
                let connecting = thread::spawn(move || builder.connect_unix(path));
                let server = loop {
                    match place.accept() {
                        Some(stream) => break stream,
                        None => thread::yield_now(),
                    }
                };
                (connecting, server)
            }
            None => {
                let (ours, server) = UnixStream::pair().expect("a socket can be made");
                server.set_nonblocking(true).expect("it can be set");
                (thread::spawn(|| builder.over_unix(ours)), server)
            }
        };
        Self {
            place,
            server,
            connecting: Some(connecting),
            client: None,
            events: None,
            calls: HashMap::new(),
        }
    }

    /// Has it write and connect again, as whoever waits for something does.
    fn settle(&self) {
        if let Some(client) = &self.client {
            let _ = client.raw_events(|_| false).recv_deadline(SHORT);
        }
    }
}

impl Subject for Played {
    const TICK: u64 = 0;
    const CLOCK: bool = false;

    fn is_connected(&mut self) -> bool {
        self.client.is_some()
    }

    fn call(&mut self, number: usize, oob: bool, _: u64) -> Result<(), Outcome> {
        let client = self.client.as_ref().expect("it is connected");
        let mut call = client.call(RawCommand::new(format!("x-{number}")));
        if oob {
            call = call.oob();
        }
        let pending = call.start().map_err(|error| outcome(Err(error)))?;
        self.calls.insert(number, pending);
        Ok(())
    }

    fn forget(&mut self, number: usize) -> Option<bool> {
        let pending = self.calls.remove(&number).expect("it was made");
        Some(pending.give_up())
    }

    fn read(&mut self, most: usize) -> Vec<u8> {
        let mut bytes = vec![0; most];
        if self.connecting.is_some() {
            // What the other thread is about to write.
            self.server.set_nonblocking(false).expect("it can be set");
        }
        let mut count = self.server.read(&mut bytes).unwrap_or(0);
        self.server.set_nonblocking(true).expect("it can be set");
        if count == 0 && !self.calls.is_empty() {
            self.settle();
            count = self.server.read(&mut bytes).unwrap_or(0);
        }
        bytes.truncate(count);
        bytes
    }

    fn receive(&mut self, bytes: &[u8]) {
        let _ = self.server.write_all(bytes);
    }

    fn hang_up(&mut self) {
        let _ = self.server.shutdown(Shutdown::Both);
    }

    fn accept(&mut self) -> bool {
        self.settle();
        let Some(stream) = self.place.as_ref().and_then(Place::accept) else {
            return false;
        };
        self.server = stream;
        true
    }

    fn deafen(&mut self) -> bool {
        // Noticed only when something is written.
        false
    }

    fn pump(&mut self, _: u64) {
        if let Some(client) = &self.client {
            // Whoever subscribes is told nothing that happened before, so all that has come is read.
            drop(client.raw_events(|_| false));
        }
    }

    fn ready(&mut self) {
        if let Some(connecting) = self.connecting.take() {
            let client = connecting.join().expect("it does not panic");
            let client = client.expect("the server is one");
            self.events = Some(client.raw_events(|_| true));
            self.client = Some(client);
        }
    }

    fn outcome(&mut self, number: usize, due: bool) -> Option<Outcome> {
        let pending = self.calls.remove(&number)?;
        let result = match pending.wait_for(if due { LONG } else { Duration::ZERO }) {
            Ok(result) => result,
            Err(pending) => {
                self.calls.insert(number, pending);
                return None;
            }
        };
        let result = result.map(|value| value.as_str().expect("a string").to_owned());
        Some(outcome(result))
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
        client.is_some_and(|client| client.closed().is_some())
    }
}

#[test]
fn the_model_foretells_the_blocking_client() {
    // Connecting takes another thread, which would have to be waited for at each step.
    histories(4, |script| script.ready = true, Played::new);
}
