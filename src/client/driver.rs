//! The task of a connection, which reads it, writes what could not be written at once, and makes it anew.

use std::future::{Future as _, poll_fn};
use std::io;
use std::mem::MaybeUninit;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::ReadBuf;
use tokio::time::{sleep, timeout_at};

use super::call::after;
use super::connection::{Connection, set};
use crate::address::Address;
use crate::error::{Error, ErrorKind};
use crate::settings::Waits;
use crate::transport::dial::Child;
use crate::transport::tokio::{ReadHalf, dial};

/// What is read at once, into the stack of the thread that reads.
const READ: usize = 32 << 10;

/// How often the connection's task reads before it lets others have their turn.
const READS: usize = 16;

/// The task of a connection. When it is dropped, as it is with its runtime, the connection ends.
#[derive(Debug)]
pub(super) struct Driver {
    pub(super) connection: Arc<Connection>,
    pub(super) reader: ReadHalf,
    /// How the connection is made anew.
    pub(super) redial: Option<Redial>,
}

/// How a connection is made anew.
#[derive(Debug)]
pub(super) struct Redial {
    pub(super) address: Address,
    pub(super) waits: Waits,
    /// How long an attempt may take.
    pub(super) time: Duration,
}

impl Driver {
    pub(super) async fn run(mut self) {
        let mut attempts = 0;
        // Until when capabilities have to be negotiated anew.
        let mut ready_by = None;
        loop {
            let turn = poll_fn(|cx| self.poll(cx));
            let turn = match ready_by {
                None => turn.await,
                Some(by) => match timeout_at(by, turn).await {
                    Ok(turn) => turn,
                    Err(_) => {
                        self.late();
                        Turn::Yield
                    }
                },
            };
            match turn {
                // A task that merely wakes itself again keeps those waiting who run outside of tasks, as in `main`.
                Turn::Yield => tokio::task::yield_now().await,
                Turn::Over => return,
                Turn::Reconnect => match self.reconnect(attempts).await {
                    true => attempts += 1,
                    false => return,
                },
            }
            let time = self.redial.as_ref().map(|redial| redial.time);
            let state = self.connection.lock();
            if state.session.is_ready() {
                (attempts, ready_by) = (0, None);
            } else if ready_by.is_none() && state.why.is_some() {
                ready_by = time.map(after);
            }
            if state.session.is_disconnected() {
                ready_by = None;
            }
        }
    }

    /// Capabilities were not negotiated in time.
    fn late(&self) {
        let mut state = self.connection.lock();
        let late = state.session.late(None).to_string();
        let late = io::Error::new(io::ErrorKind::TimedOut, late);
        state.session.end(Some(late));
        state.dispatch();
    }

    /// Makes one attempt; says whether the task is to go on.
    async fn reconnect(&mut self, attempts: u32) -> bool {
        let Some(redial) = &self.redial else {
            return false;
        };
        let Some(wait) = (redial.waits.0)(attempts) else {
            let mut state = self.connection.lock();
            let why = state.why.take();
            let why = why.unwrap_or_else(|| Error::new(ErrorKind::Closed));
            state.session.close(why);
            state.dispatch();
            return false;
        };
        let mut attempt = pin!(async {
            sleep(wait).await;
            let deadline = after(redial.time);
            dial(&redial.address, deadline, false, &mut Child::default()).await
        });
        let connected = poll_fn(|cx| {
            let mut state = self.connection.lock();
            set(&mut state.task, cx.waker());
            if state.ending.is_some() {
                state.abort("the client closed the connection");
                return Poll::Ready(None);
            }
            drop(state);
            attempt.as_mut().poll(cx).map(Some)
        });
        match connected.await {
            None => return false,
            Some(Ok(stream)) => {
                let (reader, writer) = stream.split();
                let mut state = self.connection.lock();
                state.writer = Some(writer);
                state.session.reconnected();
                drop(state);
                self.reader = reader;
            }
            Some(Err(error)) => self.connection.lock().why = Some(error),
        }
        true
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Turn> {
        let mut state = self.connection.lock();
        set(&mut state.task, cx.waker());
        if state.poll_over(cx).is_ready() {
            return Poll::Ready(Turn::Over);
        }
        if state.session.is_disconnected() {
            return Poll::Ready(Turn::Reconnect);
        }
        drop(state);
        for _ in 0..READS {
            let mut space = [MaybeUninit::uninit(); READ];
            let mut buffer = ReadBuf::uninit(&mut space);
            let read = ready!(self.reader.poll_read(cx, &mut buffer));
            let mut state = self.connection.lock();
            match read {
                Ok(()) if buffer.filled().is_empty() => state.session.end(None),
                Ok(()) => state.session.receive(buffer.filled()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => state.session.end(Some(error)),
            }
            let events = state.dispatch();
            if state.poll_over(cx).is_ready() {
                return Poll::Ready(Turn::Over);
            }
            if state.session.is_disconnected() {
                return Poll::Ready(Turn::Reconnect);
            }
            if events {
                // Subscribers are to take them before more are read.
                break;
            }
        }
        Poll::Ready(Turn::Yield)
    }
}

/// What a connection's task does next.
enum Turn {
    /// It lets others have their turn.
    Yield,
    /// It makes the connection anew.
    Reconnect,
    /// Nothing any more.
    Over,
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.connection.lock().abort("the runtime was shut down");
    }
}
