//! A connection that many tasks use.
//!
//! Who makes a call writes it at once if no other is under way. Otherwise, and if it cannot be written at once, the
//! connection's [task](super::driver) writes it, with all others that have come by then. That task does all the reading. Locks are held
//! for as long as it takes to encode a request or to look at what was read, never across a point where a task may be
//! suspended.

use std::future::poll_fn;
use std::io;
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use tokio::time::{Instant, timeout_at};

use crate::error::{Error, ErrorKind};
use crate::events::{Capacity, Hub, Subscription};
use crate::queue::Queue;
use crate::session::client::{CallId, Happening, Outgoing, Output, Reply, Sending, Session};
use crate::sync::{Mutex, MutexGuard};
use crate::transport::check_fds;
use crate::transport::tokio::WriteHalf;

#[derive(Debug)]
pub(super) struct Connection(Mutex<State>);

#[derive(Debug)]
pub(super) struct State {
    pub(super) session: Session,
    pub(super) hub: Hub,
    /// Why the connection has ended.
    pub(super) closed: Option<Error>,
    /// Why it is to be made anew.
    pub(super) why: Option<Error>,
    /// Absent when nothing is to be written any more.
    pub(super) writer: Option<WriteHalf>,
    /// What is being written, and how much of it was.
    output: Option<(Output, usize)>,
    /// Something was written since the writer was flushed last.
    unflushed: bool,
    /// Calls that somebody waits for.
    calls: Queue<CallId, Call>,
    /// Those who wait for the end of negotiation or of a connection.
    watchers: Vec<Waker>,
    /// The connection's task, when it is suspended.
    pub(super) task: Option<Waker>,
    /// How it is to end.
    pub(super) ending: Option<Ending>,
    /// How many connections have ended.
    pub(super) ends: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// When all calls have ended.
    Idle,
    /// At once.
    Now,
}

#[derive(Debug, Default)]
struct Call {
    waker: Option<Waker>,
    result: Option<Result<Reply, Error>>,
}

impl Connection {
    pub(super) fn new(session: Session, hub: Hub, writer: WriteHalf) -> Self {
        Self(Mutex::new(State {
            session,
            hub,
            why: None,
            closed: None,
            writer: Some(writer),
            output: None,
            unflushed: false,
            calls: Queue::default(),
            watchers: Vec::new(),
            task: None,
            ending: None,
            ends: 0,
        }))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Subscribes to events whose names are wanted.
    pub(super) fn subscribe(
        &self,
        wanted: impl Fn(&str) -> bool + Send + Sync + 'static,
        capacity: Capacity,
    ) -> Subscription {
        self.lock().hub.subscribe(Box::new(wanted), capacity)
    }

    /// Sends a request, as far as possible at once.
    pub(super) fn request(
        &self,
        request: &dyn Outgoing,
        sending: Sending,
    ) -> Result<CallId, Error> {
        let mut state = self.lock();
        if state.ending.is_some() {
            return Err(Error::new(ErrorKind::Closed).of(request.name()));
        }
        let pass = state.writer.as_ref().is_none_or(WriteHalf::passes_fds);
        check_fds(&sending.fds, pass).map_err(|error| error.of(request.name()))?;
        let alone = sending.oob || state.session.unanswered() == 0;
        let id = state.session.send(request, sending)?;
        state.calls.push(id, Call::default());
        if alone {
            state.write_now();
        } else if state.session.has_output() {
            state.wake_task();
        }
        Ok(id)
    }

    /// The result of a call, when it has ended.
    pub(super) fn poll_result(
        &self,
        id: CallId,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Reply, Error>> {
        let mut state = self.lock();
        let Some(call) = state.calls.get_mut(id) else {
            // It is taken once.
            return Poll::Pending;
        };
        match call.result.take() {
            Some(result) => {
                state.calls.remove(id);
                Poll::Ready(result)
            }
            None => {
                set(&mut call.waker, cx.waker());
                Poll::Pending
            }
        }
    }

    /// Gives up a call whose deadline has passed, unless it has just ended.
    pub(super) fn give_up(&self, id: CallId) -> Result<Reply, Error> {
        let mut state = self.lock();
        if let Some(result) = state.calls.remove(id).and_then(|call| call.result) {
            return result;
        }
        let result = state.session.expire(id);
        state.dispatch();
        state.forgotten();
        result
    }

    /// Gives up a call that nobody waits for any more, if it has not ended.
    pub(super) fn forget(&self, id: CallId) {
        let mut state = self.lock();
        if state.calls.remove(id).is_some() {
            state.session.forget(id);
            state.forgotten();
        }
    }

    /// Waits until capabilities are negotiated, or only until the connection is doubtful.
    pub(super) fn poll_ready(
        &self,
        cx: &mut Context<'_>,
        or_doubtful: bool,
    ) -> Poll<Result<(), Error>> {
        let mut state = self.lock();
        if or_doubtful && state.session.is_doubtful() {
            Poll::Ready(Ok(()))
        } else if let Some(why) = &state.closed {
            Poll::Ready(Err(why.clone()))
        } else if state.session.is_ready() {
            Poll::Ready(Ok(()))
        } else {
            state.watch(cx)
        }
    }

    /// Waits until the connection has ended for good.
    fn poll_closed(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.lock();
        match state.closed {
            Some(_) => Poll::Ready(()),
            None => state.watch(cx),
        }
    }

    /// Whether the connection ends for good before a deadline.
    async fn has_ended_by(&self, deadline: Instant) -> bool {
        timeout_at(deadline, poll_fn(|cx| self.poll_closed(cx)))
            .await
            .is_ok()
    }

    /// Whether more connections than that have ended before a deadline.
    pub(super) async fn has_left_by(&self, ends: u64, deadline: Instant) -> bool {
        let poll = |cx: &mut Context<'_>| match self.lock() {
            state if state.ends > ends => Poll::Ready(()),
            mut state => state.watch(cx),
        };
        timeout_at(deadline, poll_fn(poll)).await.is_ok()
    }

    /// Ends the connection when all calls have ended, or at the deadline.
    pub(super) async fn close(&self, deadline: Instant) {
        self.end(Ending::Idle);
        if !self.has_ended_by(deadline).await {
            self.end(Ending::Now);
        }
    }

    /// Ends the connection.
    pub(super) fn end(&self, ending: Ending) {
        let mut state = self.lock();
        if state.ending != Some(Ending::Now) {
            state.ending = Some(ending);
        }
        state.wake_task();
    }
}

impl State {
    fn watch<T>(&mut self, cx: &mut Context<'_>) -> Poll<T> {
        self.watchers
            .retain(|watcher| !watcher.will_wake(cx.waker()));
        self.watchers.push(cx.waker().clone());
        Poll::Pending
    }

    fn wake_task(&mut self) {
        if let Some(task) = self.task.take() {
            task.wake();
        }
    }

    /// There may be room for other calls, and nothing left to wait for.
    fn forgotten(&mut self) {
        self.write_now();
        if self.ending.is_some() {
            self.wake_task();
        }
    }

    /// Writes what can be written without waiting, unless earlier output is in the way or the connection's task, which
    /// writes the rest, is about to run.
    fn write_now(&mut self) {
        if self.output.is_none()
            && self.session.has_output()
            && let Some(task) = self.task.take()
        {
            // Where it is pending, that task is woken when it can go on.
            let _ = self.poll_write(&mut Context::from_waker(&task));
            self.task = Some(task);
        }
    }

    /// Writes all there is to write.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(writer) = &mut self.writer else {
            return Poll::Ready(());
        };
        let failed = loop {
            if self.output.is_none() {
                self.output = self.session.take_output().map(|output| (output, 0));
            }
            let Some((output, at)) = &mut self.output else {
                if !self.unflushed {
                    return Poll::Ready(());
                }
                match ready!(writer.poll_flush(cx)) {
                    Ok(()) => self.unflushed = false,
                    Err(error) => break error,
                }
                return Poll::Ready(());
            };
            match ready!(writer.poll_write(cx, &output.bytes[*at..], &output.fds)) {
                Ok(0) => break io::ErrorKind::WriteZero.into(),
                Ok(count) => {
                    self.session.wrote(count);
                    self.unflushed = true;
                    // They went with the first byte.
                    output.fds.clear();
                    *at += count;
                    if *at == output.bytes.len() {
                        self.output = None;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => break error,
            }
        };
        self.writer = None;
        self.output = None;
        self.session.unwritable(failed);
        self.dispatch();
        Poll::Ready(())
    }

    /// Gives everybody what the session has for them; says whether there were events.
    pub(super) fn dispatch(&mut self) -> bool {
        let mut events = false;
        while let Some(happening) = self.session.poll() {
            match happening {
                Happening::Ready => {
                    if self.why.take().is_some() {
                        self.hub.reconnected();
                    }
                    self.wake_watchers();
                }
                Happening::Reply { id, result } => {
                    if let Some(call) = self.calls.get_mut(id) {
                        call.result = Some(result);
                        if let Some(waker) = call.waker.take() {
                            waker.wake();
                        }
                    }
                }
                Happening::Event(event) => {
                    self.hub.publish(&Arc::new(event));
                    events = true;
                }
                Happening::Disconnected(why) => {
                    if self.session.is_disconnected() {
                        self.output = None;
                        self.writer = None;
                    }
                    self.why = Some(why);
                    self.ends += 1;
                    self.wake_watchers();
                    self.wake_task();
                }
                Happening::Closed(why) => {
                    self.output = None;
                    self.writer = None;
                    self.hub.end(&why);
                    self.closed = Some(why);
                    self.ends += 1;
                    self.wake_watchers();
                }
            }
        }
        if self.session.is_doubtful() {
            self.wake_watchers();
        }
        events
    }

    fn wake_watchers(&mut self) {
        for watcher in std::mem::take(&mut self.watchers) {
            watcher.wake();
        }
    }

    /// Writes what there is to write. Ready when the connection's task has nothing more to do.
    pub(super) fn poll_over(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        // Where it is pending the task is woken when it can go on.
        let written = self.poll_write(cx);
        if self.closed.is_some() {
            return Poll::Ready(());
        }
        match self.ending {
            None => return Poll::Pending,
            Some(Ending::Now) => {}
            Some(Ending::Idle) => {
                let idle = self.calls.values().all(|call| call.result.is_some());
                if !idle || written.is_pending() {
                    return Poll::Pending;
                }
                if let Some(writer) = &mut self.writer {
                    // Whether the other side notices is its own affair.
                    let _ = ready!(writer.poll_shutdown(cx));
                }
            }
        }
        self.abort("the client closed the connection");
        Poll::Ready(())
    }

    /// Ends the session from this side.
    pub(super) fn abort(&mut self, why: &'static str) {
        let error = io::Error::new(io::ErrorKind::ConnectionAborted, why);
        self.session.close(Error::io(error));
        self.dispatch();
    }
}

pub(super) fn set(slot: &mut Option<Waker>, waker: &Waker) {
    match slot {
        Some(old) => old.clone_from(waker),
        none => *none = Some(waker.clone()),
    }
}
