//! Anything that can be read and written, by way of threads that do so.

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use super::Io;
use crate::session::client::Descriptor;

/// Bytes that wait on either side before the other is held up.
const ROOM: usize = 256 << 10;

/// A connection of a reader and a writer, which need not know about time.
///
/// When it is closed, the writer is dropped as soon as it has written what it was given. The reader's thread ends when the
/// reader next returns; only the other side can bring that about.
pub(crate) struct Pump {
    shared: Arc<Shared>,
    /// A connection that is to be shut down, which ends the reader too.
    socket: Option<TcpStream>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    input: VecDeque<u8>,
    /// What ended reading; `None` inside for the end of the input.
    input_end: Option<Option<io::Error>>,
    output: Vec<u8>,
    output_error: Option<io::ErrorKind>,
    closed: bool,
}

impl Pump {
    /// # Errors
    /// When no thread can be started.
    pub(crate) fn new(
        reader: impl Read + Send + 'static,
        writer: impl Write + Send + 'static,
    ) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let pump = Self {
            shared: Arc::clone(&shared),
            socket: None,
        };
        let start = |name: &str| thread::Builder::new().name(name.into());
        let input = Arc::clone(&shared);
        start("qapi-read").spawn(move || input.read_all(reader))?;
        start("qapi-write").spawn(move || shared.write_all(writer))?;
        Ok(pump)
    }

    /// Where sockets can only be read and written.
    ///
    /// # Errors
    /// When no thread can be started, or there is no handle left.
    #[cfg(any(not(unix), test))]
    pub(crate) fn tcp(stream: TcpStream) -> io::Result<Self> {
        let socket = stream.try_clone()?;
        let mut pump = Self::new(stream.try_clone()?, stream)?;
        pump.socket = Some(socket);
        Ok(pump)
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits while `condition` holds, at most so long.
    fn wait<'a>(
        &self,
        state: MutexGuard<'a, State>,
        time: Duration,
        mut condition: impl FnMut(&mut State) -> bool,
    ) -> MutexGuard<'a, State> {
        self.changed
            .wait_timeout_while(state, time, |state| condition(state))
            .unwrap_or_else(PoisonError::into_inner)
            .0
    }

    fn wait_on<'a>(
        &self,
        state: MutexGuard<'a, State>,
        mut condition: impl FnMut(&mut State) -> bool,
    ) -> MutexGuard<'a, State> {
        self.changed
            .wait_while(state, |state| condition(state))
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn read_all(&self, mut reader: impl Read) {
        let mut buffer = vec![0; 16 << 10];
        loop {
            let result = reader.read(&mut buffer);
            let mut state = self.lock();
            match result {
                Ok(0) => state.input_end = Some(None),
                Ok(count) => state.input.extend(&buffer[..count]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => state.input_end = Some(Some(error)),
            }
            self.changed.notify_all();
            let state = self.wait_on(state, |state| state.input.len() >= ROOM && !state.closed);
            if state.closed || state.input_end.is_some() {
                return;
            }
        }
    }

    fn write_all(&self, mut writer: impl Write) {
        loop {
            let state = self.lock();
            let mut state = self.wait_on(state, |state| state.output.is_empty() && !state.closed);
            if state.output.is_empty() {
                return;
            }
            let output = std::mem::take(&mut state.output);
            drop(state);
            self.changed.notify_all();
            let result = writer.write_all(&output).and_then(|()| writer.flush());
            if let Err(error) = result {
                self.lock().output_error = Some(error.kind());
                self.changed.notify_all();
                return;
            }
        }
    }
}

impl Io for Pump {
    fn read(&self, buffer: &mut [u8], wait: Duration) -> io::Result<usize> {
        let state = self.shared.lock();
        let mut state = self.shared.wait(state, wait, |state| {
            state.input.is_empty() && state.input_end.is_none() && !state.closed
        });
        if state.input.is_empty() && !state.closed {
            return match &mut state.input_end {
                None => Err(io::ErrorKind::WouldBlock.into()),
                Some(end) => match end.take() {
                    None => Ok(0),
                    Some(error) => Err(error),
                },
            };
        }
        let count = state.input.read(buffer)?;
        self.shared.changed.notify_all();
        Ok(count)
    }

    fn write(&self, bytes: &[u8], _: &[Descriptor]) -> io::Result<usize> {
        let mut state = self.shared.lock();
        if let Some(kind) = state.output_error {
            return Err(kind.into());
        }
        let count = bytes.len().min(ROOM.saturating_sub(state.output.len()));
        if count == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        state.output.extend_from_slice(&bytes[..count]);
        self.shared.changed.notify_all();
        Ok(count)
    }

    fn wait_writable(&self, or_readable: bool, wait: Duration) {
        let state = self.shared.lock();
        let _state = self.shared.wait(state, wait, |state| {
            let writable = state.output.len() < ROOM || state.output_error.is_some();
            let readable = !state.input.is_empty() || state.input_end.is_some();
            !(writable || or_readable && readable || state.closed)
        });
    }

    fn close(&self) {
        self.shared.lock().closed = true;
        self.shared.changed.notify_all();
        if let Some(socket) = &self.socket {
            let _ = socket.shutdown(Shutdown::Both);
        }
    }
}

impl Drop for Pump {
    fn drop(&mut self) {
        self.close();
    }
}

impl fmt::Debug for Pump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pump").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    /// The other side is told at once, although a thread waits for what it may send.
    #[test]
    fn a_socket_is_closed_with_its_pump() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let ours = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (mut theirs, _) = listener.accept().unwrap();
        let pump = Pump::tcp(ours).unwrap();
        assert_eq!(pump.write(b"hello", &[]).unwrap(), 5);
        let mut received = [0; 5];
        theirs.read_exact(&mut received).unwrap();
        assert_eq!(&received, b"hello");
        drop(pump);
        assert_eq!(theirs.read(&mut received).unwrap(), 0);
    }
}
