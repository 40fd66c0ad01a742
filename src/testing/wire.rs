//! Connections that are recorded, or that a recording is played over.

use std::io::{self, Read, Write};
use std::time::{Duration, Instant};

use super::Recorder;
use super::recording::{Recording, Side};
use crate::address::Address;
use crate::error::{ConnectPhase, Error, ErrorKind};
use crate::session::client::Descriptor;
use crate::time::after;
use crate::transport::blocking::{Io, dial};
use crate::transport::dial::Child;

impl Recorder {
    /// Takes down what passes over a connection.
    pub(crate) fn listen(self, io: Box<dyn Io>) -> Box<dyn Io> {
        Box::new(Tapped { io, recorder: self })
    }
}

#[derive(Debug)]
struct Tapped {
    io: Box<dyn Io>,
    recorder: Recorder,
}

impl Io for Tapped {
    fn read(&self, buffer: &mut [u8], wait: Duration) -> io::Result<usize> {
        let count = self.io.read(buffer, wait)?;
        self.recorder.take_down(Side::Server, &buffer[..count]);
        Ok(count)
    }

    fn write(&self, bytes: &[u8], fds: &[Descriptor]) -> io::Result<usize> {
        // Another thread may read the reply at once, and must not take it down before the request.
        let mut tap = self.recorder.lock();
        let count = self.io.write(bytes, fds)?;
        tap.take_down(Side::Client, &bytes[..count]);
        Ok(count)
    }

    fn wait_writable(&self, or_readable: bool, wait: Duration) {
        self.io.wait_writable(or_readable, wait);
    }

    fn passes_fds(&self) -> bool {
        self.io.passes_fds()
    }

    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn peer(&self) -> Option<u32> {
        self.io.peer()
    }

    fn close(&self) {
        self.io.close();
    }
}

impl Recording {
    /// Connects to a server and [plays](Self::play) to it. Connecting may take as long as `wait`, and so may each of the
    /// server's messages.
    ///
    /// # Errors
    /// When nobody listens there, or the connection fails or carries something that is no message, or the server takes
    /// longer. Where it has said nothing yet, [`Error::connect_phase`] says how far it got: a server that has a client
    /// already may accept another one and not greet it before that one has left.
    pub fn play_at(&self, address: &Address, wait: Duration) -> Result<Recording, Error> {
        let deadline = after(Instant::now(), wait);
        let io = dial(address, deadline, false, &mut Child::default())?;
        let mut wire = Wire {
            io,
            wait,
            used: false,
        };
        let played = self.play(&mut wire);
        wire.io.close();
        played.map_err(|error| match error.kind() {
            io::ErrorKind::TimedOut => {
                let error = Error::new(ErrorKind::Deadline { sent: wire.used });
                wire.told(error, address)
            }
            _ => {
                let error = Error::io(error);
                if wire.used && error.is_end() {
                    return Error::new(ErrorKind::OutcomeUnknown);
                }
                wire.told(error, address)
            }
        })
    }
}

/// A connection that can be read and written, each within a time.
struct Wire {
    io: Box<dyn Io>,
    wait: Duration,
    /// Whether anything has passed.
    used: bool,
}

impl Wire {
    fn told(&self, error: Error, address: &Address) -> Error {
        if self.used {
            return error;
        }
        error.connecting(Some(address), ConnectPhase::Greeting)
    }

    /// Tries until something has passed.
    fn within(
        &mut self,
        mut attempt: impl FnMut(&dyn Io, Duration) -> io::Result<usize>,
    ) -> io::Result<usize> {
        let deadline = after(Instant::now(), self.wait);
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(io::ErrorKind::TimedOut.into());
            }
            match attempt(&*self.io, left) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                done => {
                    self.used |= done.as_ref().is_ok_and(|count| *count > 0);
                    return done;
                }
            }
        }
    }
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.within(|io, left| io.read(buffer, left))
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.within(|io, left| {
            let written = io.write(bytes, &[]);
            if written.is_err() {
                io.wait_writable(false, left);
            }
            written
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;

    /// Long enough for what needs no waiting.
    const WAIT: Duration = Duration::from_millis(20);

    #[test]
    fn a_server_that_says_nothing() {
        let path = std::env::temp_dir().join(format!("qapi-wire-{}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        let _listener = UnixListener::bind(&path).unwrap();
        let address = Address::from(&*path);
        let mut recording = Recording::new();
        recording.push(Side::Server, qapi_types::Object::new());
        let late = recording.play_at(&address, WAIT).unwrap_err();
        recording = Recording::new();
        recording.push(Side::Client, qapi_types::Object::new());
        recording.push(Side::Server, qapi_types::Object::new());
        let unanswered = recording.play_at(&address, WAIT).unwrap_err();
        std::fs::remove_file(&path).unwrap();
        assert_eq!(late.connect_phase(), Some(ConnectPhase::Greeting));
        assert!(late.is_deadline() && !late.maybe_executed(), "{late}");
        assert!(unanswered.is_deadline() && unanswered.maybe_executed());
        let gone = recording.play_at(&address, WAIT).unwrap_err();
        assert_eq!(gone.connect_phase(), Some(ConnectPhase::Connecting));
    }
}
