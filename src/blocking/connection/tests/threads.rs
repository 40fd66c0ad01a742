//! Threads that wait for each other.

use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::sync::Barrier;
use std::thread;

use super::super::*;
use crate::session::client::tests::{answer, ready};
use crate::session::client::{Descriptor, RawCommand};
use crate::transport::blocking::Socket;

/// Long enough for whatever does not wait.
const SOON: Duration = Duration::from_secs(20);

/// A connection that stops twice at a barrier before it finds that nothing can be written at once.
#[derive(Debug)]
struct Stopping(Socket, Arc<Barrier>);

impl Io for Stopping {
    fn read(&self, buffer: &mut [u8], wait: Duration) -> io::Result<usize> {
        self.0.read(buffer, wait)
    }

    fn write(&self, bytes: &[u8], fds: &[Descriptor]) -> io::Result<usize> {
        self.0.write(bytes, fds)
    }

    fn wait_writable(&self, or_readable: bool, wait: Duration) {
        if wait.is_zero() {
            self.1.wait();
            self.1.wait();
        }
        self.0.wait_writable(or_readable, wait);
    }

    fn close(&self) {
        self.0.close();
    }
}

/// A thread starts a call that cannot be written as a whole, and turns to something else. Another one, which slept because
/// the first was writing, writes the rest.
#[test]
fn who_slept_writes_what_could_not_be_written_at_once() {
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    let barrier = Arc::new(Barrier::new(2));
    let io = Stopping(Socket::new(ours, true), Arc::clone(&barrier));
    let connection = Connection::new(Box::new(io), ready(), Hub::default(), None);
    let long = RawCommand::with("long", serde_json::json!({"a": "x".repeat(4 << 20)}));
    connection
        .request(&long.unwrap(), Sending::default())
        .unwrap();
    thread::scope(|scope| {
        scope.spawn(|| connection.flush(after(SOON)));
        barrier.wait();
        let next = scope.spawn(|| {
            let command = RawCommand::new("next");
            let id = connection.request(&command, Sending::default()).unwrap();
            connection.finish(id, after(SOON), "next")
        });
        let start = Instant::now();
        while connection.lock().sleepers.is_empty() && start.elapsed() < SOON {
            thread::yield_now();
        }
        barrier.wait();
        scope.spawn(move || {
            let requests = BufReader::new(theirs.try_clone().unwrap()).lines();
            for request in requests.take(2) {
                // The client may have gone.
                let _ = theirs.write_all(answer(&request.unwrap_or_default()).as_bytes());
            }
        });
        let result = next.join().unwrap();
        connection.hang_up();
        assert_eq!(result.unwrap().text(), "{}");
    });
}

/// A thread waits for the server, and another one starts a call that cannot be written at once. The first does not notice.
#[test]
fn what_is_started_while_another_thread_reads_is_written() {
    let (ours, theirs) = UnixStream::pair().unwrap();
    theirs.set_read_timeout(Some(SOON)).unwrap();
    let connection = Connection::new(
        Box::new(Socket::new(ours, true)),
        ready(),
        Hub::default(),
        None,
    );
    let long = RawCommand::with("long", serde_json::json!({"a": "x".repeat(4 << 20)}));
    thread::scope(|scope| {
        scope.spawn(|| connection.read_on());
        while !connection.lock().reading {
            thread::yield_now();
        }
        let server = scope.spawn(|| {
            let mut request = String::new();
            BufReader::new(theirs).read_line(&mut request)
        });
        connection
            .request(&long.unwrap(), Sending::default())
            .unwrap();
        connection.flush(after(SOON));
        let request = server.join().unwrap();
        connection.hang_up();
        assert!(request.unwrap() > 4 << 20);
    });
}

/// A connection whose writes return when its end was read.
#[derive(Debug)]
struct Slow(Socket, Arc<Barrier>);

impl Io for Slow {
    fn read(&self, buffer: &mut [u8], wait: Duration) -> io::Result<usize> {
        self.0.read(buffer, wait)
    }

    fn write(&self, bytes: &[u8], fds: &[Descriptor]) -> io::Result<usize> {
        let written = self.0.write(bytes, fds);
        self.1.wait();
        written
    }

    fn wait_writable(&self, or_readable: bool, wait: Duration) {
        self.0.wait_writable(or_readable, wait);
    }

    fn close(&self) {
        self.0.close();
    }
}

/// The server has a request, and the end of the connection is read before the thread that wrote the request knows that it has
/// written it.
#[test]
fn what_is_being_written_when_the_end_is_read_may_have_been_executed() {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let barrier = Arc::new(Barrier::new(2));
    let io = Slow(Socket::new(ours, true), Arc::clone(&barrier));
    let connection = Connection::new(Box::new(io), ready(), Hub::default(), None);
    let command = RawCommand::new("system_powerdown");
    thread::scope(|scope| {
        scope.spawn(|| connection.read_on());
        let call = scope.spawn(|| {
            let id = connection.request(&command, Sending::default()).unwrap();
            connection.finish(id, after(SOON), "system_powerdown")
        });
        let mut request = String::new();
        BufReader::new(theirs).read_line(&mut request).unwrap();
        let start = Instant::now();
        while connection.lock().closed.is_none() && start.elapsed() < SOON {
            thread::yield_now();
        }
        barrier.wait();
        let error = call.join().unwrap().unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::OutcomeUnknown), "{error}");
        assert!(error.maybe_executed());
    });
}
