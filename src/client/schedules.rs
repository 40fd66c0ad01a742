//! Tasks of a client and that of its connection in orders that chance would not find. They run in a runtime of tokio only by name,
//! which has timers and never looks at them.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use shuttle::future::{block_on, spawn};
use shuttle::rand::{Rng as _, thread_rng};
use shuttle::thread;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::connection::Connection;
use super::driver::Driver;
use super::handle::Shared;
use super::{Client, Pending};
use crate::error::Error;
use crate::events::Hub;
use crate::schedules::{CAPACITY, Ends, Wire};
use crate::session::client::RawCommand;
use crate::session::client::tests::ready;
use crate::transport::tokio::{ReadHalf, WriteHalf};

const EVENTS: usize = 3;

fn schedules(test: impl Fn() + Send + Sync + 'static) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let _inside = runtime.enter();
    crate::schedules::schedules(test);
}

/// The client's end of a socket.
struct End(Arc<Wire>);

impl End {
    fn poll<T>(
        &self,
        cx: &mut Context<'_>,
        mut attempt: impl FnMut(&mut Ends) -> io::Result<T>,
    ) -> Poll<io::Result<T>> {
        let mut ends = self.0.lock();
        match attempt(&mut ends) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                ends.wake_later(cx.waker());
                Poll::Pending
            }
            result => {
                drop(ends);
                self.0.change(|_| ());
                Poll::Ready(result)
            }
        }
    }
}

impl AsyncRead for End {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.poll(cx, |ends| {
            buffer.put_slice(&ends.read(buffer.remaining())?);
            Ok(())
        })
    }
}

impl AsyncWrite for End {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll(cx, |ends| ends.write(bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl Drop for End {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// A client, and what its connection's task does.
fn client(wire: &Arc<Wire>) -> (Client, Driver) {
    let [reader, writer] = [(); 2].map(|()| Box::pin(End(Arc::clone(wire))));
    let connection = Arc::new(Connection::new(
        ready(),
        Hub::default(),
        WriteHalf::Any(writer),
    ));
    let driver = Driver {
        connection: Arc::clone(&connection),
        reader: ReadHalf::Any(reader),
        redial: None,
    };
    let greeting = connection.lock().session.greeting().cloned().unwrap();
    let client = Client(Arc::new(Shared {
        connection,
        greeting,
        deadline: Duration::MAX,
        no_reply_grace: Duration::MAX,
        events: CAPACITY,
        capabilities: Default::default(),
    }));
    (client, driver)
}

/// Runs a client's tasks beside a server and the connection's task, until all have ended; gives what the server was asked for.
fn beside_server(events: usize, tasks: &[fn(Client)]) -> Vec<String> {
    let wire = Arc::new(Wire::default());
    let (client, driver) = client(&wire);
    let server = Arc::clone(&wire);
    let server = thread::spawn(move || server.serve(events));
    let driver = spawn(driver.run());
    let tasks = tasks.iter().map(|task| {
        let (task, client) = (*task, client.clone());
        thread::spawn(move || task(client))
    });
    let tasks: Vec<_> = tasks.collect();
    drop(client);
    for task in tasks {
        task.join().unwrap();
    }
    block_on(driver).unwrap();
    server.join().unwrap();
    std::mem::take(&mut *wire.requests.lock().unwrap())
}

fn start(client: &Client, name: &str) -> Pending<RawCommand> {
    client.call(RawCommand::new(name)).start().unwrap()
}

/// Makes a call and looks whether its reply is its own.
async fn call(client: &Client, name: &str) {
    let reply = client.execute(RawCommand::new(name)).await.unwrap();
    assert_eq!(reply, name);
}

fn count(requests: &[String], name: &str) -> usize {
    requests.iter().filter(|request| *request == name).count()
}

#[test]
fn every_call_gets_its_own_reply() {
    schedules(|| {
        let requests = beside_server(
            0,
            &[
                |client| {
                    block_on(async {
                        call(&client, "a").await;
                        call(&client, "b").await;
                    })
                },
                |client| {
                    block_on(async {
                        let names = ["c", "d", "e"];
                        let calls = names.map(|name| (name, start(&client, name)));
                        for (name, call) in calls.into_iter().rev() {
                            assert_eq!(call.wait().await.unwrap(), name);
                        }
                    })
                },
                |client| block_on(call(&client, "f")),
            ],
        );
        let mut sorted = requests.clone();
        sorted.sort();
        assert_eq!(sorted, ["a", "b", "c", "d", "e", "f"]);
        let own = requests.iter().filter(|name| "cde".contains(name.as_str()));
        assert_eq!(own.collect::<Vec<_>>(), ["c", "d", "e"]);
    });
}

/// Some are dropped, or come to their deadlines, before they are written, while they are, or after. What is said not to have been
/// sent was not.
#[test]
fn who_gives_up_disturbs_nobody() {
    schedules(|| {
        static UNSENT: Mutex<bool> = Mutex::new(false);
        let requests = beside_server(
            0,
            &[
                |client| {
                    let late = start(&client, "late");
                    let next = start(&client, "a");
                    // What a deadline does when it passes; its reply may have come.
                    let result = late.sent.give_up();
                    let is_unsent = result.is_err_and(|error| !error.maybe_executed());
                    *UNSENT.lock().unwrap() = is_unsent;
                    assert_eq!(block_on(next.wait()).unwrap(), "a");
                },
                |client| {
                    drop(start(&client, "dropped"));
                    block_on(call(&client, "b"));
                },
                |client| block_on(call(&client, "c")),
            ],
        );
        for name in ["a", "b", "c"] {
            assert_eq!(count(&requests, name), 1, "{requests:?}");
        }
        assert!(count(&requests, "dropped") <= 1, "{requests:?}");
        if *UNSENT.lock().unwrap() {
            assert_eq!(count(&requests, "late"), 0, "{requests:?}");
        }
    });
}

#[test]
fn events_reach_who_waits_for_them_in_their_order() {
    schedules(|| {
        beside_server(
            EVENTS,
            &[
                |client| {
                    let mut events = client.raw_events(|_| true);
                    block_on(async {
                        for name in ["a", "b", "c"] {
                            call(&client, name).await;
                        }
                        // The last one comes with the third request, so after it was subscribed.
                        let mut last = None;
                        while last != Some(format!("E{}", EVENTS - 1)) {
                            let event = events.recv().await.unwrap();
                            assert!(last < Some(event.event.name().to_owned()));
                            last = Some(event.event.name().to_owned());
                        }
                    });
                },
                |client| block_on(call(&client, "d")),
            ],
        );
    });
}

/// Calls, and subscribers to events, that wait when the server goes, or the connection's task with its runtime.
#[test]
fn the_end_reaches_everybody() {
    schedules(|| {
        let wire = Arc::new(Wire::default());
        let (client, driver) = client(&wire);
        let server = Arc::clone(&wire);
        let server = thread::spawn(move || server.serve(0));
        let driver = spawn(driver.run());
        let callers = ["a", "b"].map(|name| {
            let client = client.clone();
            thread::spawn(
                move || match block_on(client.execute(RawCommand::new(name))) {
                    Ok(reply) => assert_eq!(reply, name),
                    Err(error) => assert!(error.is_disconnected(), "{error}"),
                },
            )
        });
        let mut events = client.raw_events(|_| true);
        let subscriber = thread::spawn(move || block_on(events.recv()).unwrap_err());
        drop(client);
        match thread_rng().gen_bool(0.5) {
            true => wire.cut(),
            false => driver.abort(),
        }
        for caller in callers {
            caller.join().unwrap();
        }
        let why = subscriber.join().unwrap();
        assert!(why.is_disconnected(), "{why}");
        let _ = block_on(driver);
        server.join().unwrap();
    });
}

/// What was under way when one of its owners closes it is answered, and what is called afterwards is not sent.
#[test]
fn closing_waits_for_what_is_under_way() {
    static REFUSED: Mutex<Vec<&str>> = Mutex::new(Vec::new());
    schedules(|| {
        fn either(client: &Client, name: &'static str) {
            let result: Result<_, Error> = block_on(client.execute(RawCommand::new(name)));
            match result {
                Ok(reply) => assert_eq!(reply, name),
                Err(error) => {
                    assert!(!error.maybe_executed(), "{error}");
                    REFUSED.lock().unwrap().push(name);
                }
            }
        }
        REFUSED.lock().unwrap().clear();
        let requests = beside_server(
            0,
            &[
                |client| {
                    let before = start(&client, "a");
                    block_on(client.close());
                    assert_eq!(block_on(before.wait()).unwrap(), "a");
                },
                |client| ["b", "c"].iter().for_each(|name| either(&client, name)),
                |client| either(&client, "d"),
            ],
        );
        let refused = REFUSED.lock().unwrap();
        for name in ["a", "b", "c", "d"] {
            let expected = usize::from(!refused.contains(&name));
            assert_eq!(count(&requests, name), expected, "{name}: {requests:?}");
        }
    });
}
