//! Writing and reading, by the thread whose turn it is. The state is not locked meanwhile.

use std::io;
use std::mem;
use std::sync::Arc;
use std::time::Duration;

use super::{Connection, Guard, RECHECK};

/// What is read at once; four times as much whenever that was there, until no call is under way.
const READ: usize = 4 << 10;
const READ_MUCH: usize = 64 << 10;

impl Connection {
    /// Writes some of what there is to write, or waits until that is possible.
    pub(super) fn write<'a>(&'a self, mut state: Guard<'a>, left: Duration) -> Guard<'a> {
        let next = match state.output.take() {
            Some(rest) => Some(rest),
            None => state.session.take_output().map(|output| (output, 0)),
        };
        let Some((mut output, at)) = next else {
            return state;
        };
        state.writing = true;
        let io = Arc::clone(&state.io);
        // If another thread finds meanwhile that the connection has ended, the server may have them.
        let offered = output.bytes.len() - at;
        state.session.wrote(offered);
        drop(state);
        let result = io.write(&output.bytes[at..], &output.fds);
        let mut state = self.lock();
        state.writing = false;
        if !state.is_connected() {
            return state;
        }
        state.session.kept(offered - *result.as_ref().unwrap_or(&0));
        match result {
            Ok(count) => {
                if at + count < output.bytes.len() {
                    // They went with the first byte.
                    output.fds.clear();
                    state.output = Some((output, at + count));
                }
                state
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                state.output = Some((output, at));
                self.wait_writable(state, left)
            }
            Err(error) => {
                // Where it is connected again, nobody waits for what may still be read.
                match state.redial {
                    Some(_) => state.session.end(Some(error)),
                    None => state.session.unwritable(error),
                }
                state.dispatch();
                state
            }
        }
    }

    /// Waits until the server reads again. It may be waiting for its own output to be read.
    fn wait_writable<'a>(&'a self, mut state: Guard<'a>, left: Duration) -> Guard<'a> {
        let read = !state.reading;
        state.writing = true;
        state.reading = true;
        let io = Arc::clone(&state.io);
        drop(state);
        let wait = if read { left } else { left.min(RECHECK) };
        io.wait_writable(read, wait);
        let mut state = self.lock();
        state.writing = false;
        if read {
            state.reading = false;
            return self.read(state, Duration::ZERO).0;
        }
        state
    }

    /// Reads once, and says whether something was received.
    pub(super) fn read<'a>(&'a self, mut state: Guard<'a>, wait: Duration) -> (Guard<'a>, bool) {
        let mut buffer = mem::take(&mut state.buffer);
        if buffer.is_empty() {
            buffer = vec![0; READ];
        }
        state.reading = true;
        let io = Arc::clone(&state.io);
        drop(state);
        let result = io.read(&mut buffer, wait);
        let mut state = self.lock();
        state.reading = false;
        let received = matches!(result, Ok(1..));
        match result {
            Ok(0) => state.session.end(None),
            Ok(count) => {
                state.session.receive(&buffer[..count]);
                if count == buffer.len() && count < READ_MUCH {
                    buffer = vec![0; count * 4];
                } else if count < READ && buffer.len() > READ && state.session.unanswered() == 0 {
                    buffer = Vec::new();
                }
            }
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
                ) => {}
            Err(error) => state.session.end(Some(error)),
        }
        state.buffer = buffer;
        state.dispatch();
        (state, received)
    }
}
