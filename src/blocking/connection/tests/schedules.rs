//! Threads of a connection in orders that chance would not find.

use shuttle::thread;

use std::io;

use super::super::*;
use crate::blocking::{self, Pending, client::Shared};
use crate::schedules::{CAPACITY, Ends, Wire, schedules};
use crate::session::client::tests::ready;
use crate::session::client::{Descriptor, RawCommand};

const EVENTS: usize = 3;

#[derive(Debug)]
struct Client(Arc<Wire>);

impl Client {
    /// Waits, unless that is for a moment only.
    fn wait<'a>(&self, ends: MutexGuard<'a, Ends>, wait: Duration) -> Option<MutexGuard<'a, Ends>> {
        if wait <= RECHECK {
            drop(ends);
            thread::yield_now();
            return None;
        }
        Some(self.0.wait(ends))
    }
}

impl Io for Client {
    fn read(&self, buffer: &mut [u8], wait: Duration) -> io::Result<usize> {
        let mut ends = self.0.lock();
        loop {
            if ends.is_readable() {
                let bytes = ends.read(buffer.len())?;
                buffer[..bytes.len()].copy_from_slice(&bytes);
                return Ok(bytes.len());
            }
            ends = match self.wait(ends, wait) {
                Some(ends) => ends,
                None => return Err(io::ErrorKind::WouldBlock.into()),
            };
        }
    }

    fn write(&self, bytes: &[u8], _: &[Descriptor]) -> io::Result<usize> {
        self.0.change(|ends| ends.write(bytes))
    }

    fn wait_writable(&self, or_readable: bool, wait: Duration) {
        let mut ends = self.0.lock();
        while !ends.is_writable() && !(or_readable && ends.is_readable()) {
            ends = match self.wait(ends, wait) {
                Some(ends) => ends,
                None => return,
            };
        }
    }

    fn close(&self) {
        self.0.close();
    }
}

fn connection(wire: &Arc<Wire>) -> Connection {
    let client = Client(Arc::clone(wire));
    Connection::new(Box::new(client), ready(), Hub::default(), None)
}

/// A client of its own kind, beside a server; gives what the server was asked for.
fn beside_client(threads: &[&(dyn Fn(&blocking::Client) + Sync)]) -> Vec<String> {
    let wire = Arc::new(Wire::default());
    let connection = Arc::new(connection(&wire));
    let greeting = connection.lock().session.greeting().cloned().unwrap();
    let client = blocking::Client(Arc::new(Shared {
        connection,
        greeting,
        deadline: LONG,
        no_reply_grace: LONG,
        events: CAPACITY,
        capabilities: Default::default(),
    }));
    thread::scope(|scope| {
        let server = scope.spawn(|| wire.serve(0));
        let threads = threads.iter().map(|run| {
            let client = client.clone();
            scope.spawn(move || run(&client))
        });
        for thread in threads.collect::<Vec<_>>() {
            thread.join().unwrap();
        }
        drop(client);
        server.join().unwrap();
    });
    mem::take(&mut *wire.requests.lock().unwrap())
}

/// The scheduler knows no time.
fn some_day() -> Instant {
    after(LONG)
}

fn start(connection: &Connection, name: &str) -> CallId {
    let command = RawCommand::new(name);
    connection.request(&command, Sending::default()).unwrap()
}

/// Makes a call and looks whether its reply is its own.
fn call(connection: &Connection, name: &str) {
    let id = start(connection, name);
    let reply = connection.finish(id, some_day(), name).unwrap();
    assert_eq!(reply.text(), format!("\"{name}\""));
}

/// Runs threads beside a server, and ends the connection when they have ended.
fn beside_server(events: usize, threads: &[&(dyn Fn(&Connection) + Sync)]) {
    let wire = Arc::new(Wire::default());
    let connection = connection(&wire);
    thread::scope(|scope| {
        let server = scope.spawn(|| wire.serve(events));
        let threads: Vec<_> = threads
            .iter()
            .map(|run| scope.spawn(|| run(&connection)))
            .collect();
        for thread in threads {
            thread.join().unwrap();
        }
        connection.hang_up();
        server.join().unwrap();
    });
}

#[test]
fn every_call_gets_its_own_reply() {
    schedules(|| {
        beside_server(
            0,
            &[
                &|connection| ["a", "b"].iter().for_each(|name| call(connection, name)),
                &|connection| ["c", "d"].iter().for_each(|name| call(connection, name)),
                &|connection| call(connection, "e"),
            ],
        );
    });
}

#[test]
fn what_is_started_is_answered_whoever_waits_for_it() {
    schedules(|| {
        beside_server(
            0,
            &[
                &|connection| {
                    let ids = ["a", "b", "c"].map(|name| (name, start(connection, name)));
                    connection.flush(some_day());
                    for (name, id) in ids.into_iter().rev() {
                        let reply = connection.finish(id, some_day(), name).unwrap();
                        assert_eq!(reply.text(), format!("\"{name}\""));
                    }
                },
                &|connection| call(connection, "d"),
            ],
        );
    });
}

#[test]
fn who_gives_up_disturbs_nobody() {
    schedules(|| {
        beside_server(
            0,
            &[
                &|connection| {
                    let id = start(connection, "a");
                    // Its reply may have come meanwhile.
                    let _ = connection.finish(id, Instant::now(), "a");
                    call(connection, "b");
                },
                &|connection| call(connection, "c"),
                &|connection| call(connection, "d"),
            ],
        );
    });
}

#[test]
fn events_reach_who_waits_for_them_in_their_order() {
    schedules(|| {
        beside_server(
            EVENTS,
            &[
                &|connection| {
                    let events = connection.subscribe(|_| true, CAPACITY);
                    let interest = Interest {
                        call: None,
                        events: true,
                    };
                    let mut last = None;
                    for name in ["a", "b", "c"] {
                        call(connection, name);
                    }
                    // All that came since are there: none comes before its subscription, and the last comes before the last reply.
                    while last != Some(format!("E{}", EVENTS - 1)) {
                        let next = |_: &mut State| events.take(None);
                        let taken = connection.drive(Some(some_day()), interest, next);
                        let Ok(Ok((event, _))) = taken else {
                            panic!("no event")
                        };
                        assert!(last < Some(event.name().to_owned()));
                        last = Some(event.name().to_owned());
                    }
                },
                &|connection| call(connection, "d"),
            ],
        );
    });
}

#[test]
fn the_end_reaches_everybody() {
    schedules(|| {
        let wire = Arc::new(Wire::default());
        let connection = connection(&wire);
        thread::scope(|scope| {
            scope.spawn(|| wire.serve(0));
            scope.spawn(|| connection.read_on());
            for name in ["a", "b"] {
                let connection = &connection;
                scope.spawn(move || {
                    let command = RawCommand::new(name);
                    let Ok(id) = connection.request(&command, Sending::default()) else {
                        return;
                    };
                    match connection.finish(id, some_day(), name) {
                        Ok(reply) => assert_eq!(reply.text(), format!("\"{name}\"")),
                        Err(error) => assert!(error.is_disconnected(), "{error}"),
                    }
                });
            }
            wire.cut();
            // The server gets the end when the client closes.
            while connection.lock().closed.is_none() {
                thread::yield_now();
            }
            connection.hang_up();
        });
    });
}

fn queue(client: &blocking::Client, name: &str) -> Pending<RawCommand> {
    client.call(RawCommand::new(name)).queue().unwrap()
}

/// Some are given up, or come to their deadlines, before they are written, while they are, or after. What is said not to have been
/// sent was not.
#[test]
fn queued_calls_are_sent_with_those_of_others() {
    schedules(|| {
        let unsent = Mutex::new(Vec::new());
        let note = |name, is_unsent| {
            if is_unsent {
                unsent.lock().unwrap().push(name);
            }
        };
        let requests = beside_client(&[
            &|client| {
                let [first, given_up, last] =
                    ["a", "given up", "b"].map(|name| queue(client, name));
                note("given up", !given_up.give_up());
                assert_eq!(last.wait().unwrap(), "b");
                assert_eq!(first.wait().unwrap(), "a");
            },
            &|client| {
                let late = client.call(RawCommand::new("late"));
                let late = late.deadline(Duration::ZERO).queue().unwrap();
                let next = queue(client, "c");
                // Its reply may have come already.
                let is_unsent = late.wait().is_err_and(|error| !error.maybe_executed());
                note("late", is_unsent);
                let next = next.wait_for(Duration::ZERO).unwrap_or_else(Pending::wait);
                assert_eq!(next.unwrap(), "c");
            },
            &|client| {
                drop(queue(client, "dropped"));
                assert_eq!(client.call(RawCommand::new("d")).send().unwrap(), "d");
            },
        ]);
        for name in ["a", "b", "c", "d"] {
            let count = requests.iter().filter(|request| **request == name).count();
            assert_eq!(count, 1, "{requests:?}");
        }
        for name in unsent.lock().unwrap().iter() {
            assert!(!requests.contains(&(*name).to_owned()), "{requests:?}");
        }
    });
}
