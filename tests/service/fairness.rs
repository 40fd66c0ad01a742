//! How long a client waits for its turn beside one that sends as fast as it can.

use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use qapi_rt::qmp::commands;
use qapi_rt::server::{Options, Server, blocking};
use qapi_rt::service::{Call, Router};

/// Commands of the one that floods. They fit into a socket's buffer.
const FLOOD: usize = 2000;
/// As many of them are executed before the other client sends something.
const BEFORE: usize = 500;

/// What happens in the server: `stop` is the flood; in the midst of it the other client sends `cont`.
#[derive(Clone, Default)]
struct Story {
    stops: Arc<AtomicUsize>,
    other: Arc<Mutex<Option<UnixStream>>>,
    /// How many stops there were before the `cont`.
    cont: Arc<AtomicUsize>,
}

impl Story {
    fn router(&self) -> Router {
        let (flood, other) = (self.clone(), self.clone());
        Router::new()
            .on(move |_: Call, _: commands::Stop| {
                if flood.stops.fetch_add(1, Ordering::SeqCst) == BEFORE {
                    let mut other = flood.other.lock().unwrap();
                    let other = other.as_mut().unwrap();
                    other.write_all(b"{'execute': 'cont'}").unwrap();
                }
                async { Ok(()) }
            })
            .on(move |_: Call, _: commands::Cont| {
                let stops = other.stops.load(Ordering::SeqCst);
                other.cont.store(stops, Ordering::SeqCst);
                async { Ok(()) }
            })
    }

    /// What both clients send beforehand.
    fn begin(&self, mut flooding: &UnixStream, mut other: UnixStream) {
        let negotiate = b"{'execute': 'qmp_capabilities'}";
        other.write_all(negotiate).unwrap();
        *self.other.lock().unwrap() = Some(other);
        flooding.write_all(negotiate).unwrap();
        flooding
            .write_all(&b"{'execute': 'stop'}".repeat(FLOOD))
            .unwrap();
    }

    fn is_over(&self) -> bool {
        self.stops.load(Ordering::SeqCst) == FLOOD && self.cont.load(Ordering::SeqCst) > 0
    }

    /// A turn is 16 commands. One of them was under way, and the runtime may give another one.
    fn check(&self) {
        let waited = self.cont.load(Ordering::SeqCst) - BEFORE;
        assert!(waited <= 3 * 16, "it waited for {waited} commands");
    }
}

#[test]
fn blocking_server() {
    let story = Story::default();
    let mut server = blocking::Server::new(story.router(), Options::qmp()).unwrap();
    let (flooding, other) = (server.connect().unwrap(), server.connect().unwrap());
    story.begin(&flooding, other);
    while !story.is_over() {
        assert!(server.process().unwrap());
    }
    story.check();
}

#[test]
fn tokio_server() {
    let story = Story::default();
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build().unwrap().block_on(async {
        let server = Server::new(story.router(), Options::qmp());
        let client = || {
            let client = server.connect().unwrap().into_std().unwrap();
            client.set_nonblocking(false).unwrap();
            client
        };
        let (flooding, other) = (client(), client());
        story.begin(&flooding, other);
        while !story.is_over() {
            tokio::task::yield_now().await;
        }
    });
    story.check();
}

/// Errors are answered while input is read, so that input full of them is read in small pieces.
#[test]
fn errors() {
    let mut server = blocking::Server::new(Router::new(), Options::qmp()).unwrap();
    let mut client = server.connect().unwrap();
    client.set_nonblocking(true).unwrap();
    let errors = 20_000;
    client.write_all(&b"@\n".repeat(errors)).unwrap();
    let mut answered = 0;
    let mut buffer = vec![0; 1 << 20];
    while answered <= errors {
        assert!(server.process().unwrap());
        let count = match client.read(&mut buffer) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
            count => count.unwrap(),
        };
        let lines = buffer[..count].iter().filter(|byte| **byte == b'\n');
        let lines = lines.count();
        assert!(lines <= 300, "{lines} at once");
        // The greeting is a line too.
        answered += lines;
    }
}
