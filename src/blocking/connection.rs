//! A connection that several threads use, with no thread of its own.
//!
//! Whoever waits for something also does what has to be done for it: writes what is to be sent if nobody else is writing,
//! reads if nobody else is reading, and only otherwise sleeps. What the reading thread reads for others it gives
//! to them. A thread that has what it waited for wakes a sleeping one to take its place. So a single caller needs one
//! system call to write and one to read.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::mem;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use crate::error::{Error, ErrorKind};
use crate::events::{Capacity, Hub, Subscription};
use crate::session::client::{
    CallId, Forgotten, Happening, Outgoing, Output, Reply, Sending, Session,
};
use crate::sync::{Condvar, Mutex, MutexGuard};
use crate::time::GRACE;
use crate::transport::{blocking::Io, check_fds};
use redial::Redial;

/// How long who cannot go on by itself, or reads while another thread writes, waits before it looks how things are. It
/// matters only while the server does not read.
const RECHECK: Duration = Duration::from_millis(10);

/// How often is read at most to catch up with a server.
const CATCH_UP: usize = 64;

/// A waiting time for those who have no deadline.
const LONG: Duration = Duration::from_secs(3600);

mod io;
pub(super) mod redial;

pub(super) struct Connection(Mutex<State>);

pub(super) struct State {
    io: Arc<dyn Io>,
    pub(super) session: Session,
    pub(super) hub: Hub,
    pub(super) closed: Option<Error>,
    /// No more calls are accepted.
    closing: bool,
    redial: Option<Redial>,
    /// In the order of their ids.
    calls: VecDeque<(CallId, Call)>,
    reading: bool,
    writing: bool,
    /// What is being written, and how much of it was.
    output: Option<(Output, usize)>,
    buffer: Vec<u8>,
    /// Threads that sleep, oldest first.
    sleepers: BTreeMap<u64, Sleeper>,
    last_sleeper: u64,
    /// How many connections have ended.
    pub(super) ends: u64,
}

/// Somebody waits for it, or it has ended.
enum Call {
    Awaited(Arc<Condvar>),
    Ended(Result<Reply, Error>),
}

struct Sleeper {
    condvar: Arc<Condvar>,
    /// Is to be woken by every event.
    for_events: bool,
}

/// What somebody waits for.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Interest {
    pub(super) call: Option<CallId>,
    pub(super) events: bool,
}

impl Interest {
    fn of(call: CallId) -> Self {
        let (call, events) = (Some(call), false);
        Self { call, events }
    }
}

/// The deadline passed.
pub(super) struct Late;

/// So long from now.
pub(super) fn after(time: Duration) -> Instant {
    crate::time::after(Instant::now(), time)
}

impl State {
    /// The result of a call, if it has ended.
    pub(super) fn take_result(&mut self, id: CallId) -> Option<Result<Reply, Error>> {
        let index = self.find(id).ok()?;
        match self.calls[index] {
            (_, Call::Awaited(_)) => None,
            (_, Call::Ended(_)) => match self.calls.remove(index)? {
                (_, Call::Ended(result)) => Some(result),
                (_, Call::Awaited(_)) => None,
            },
        }
    }

    /// The place of a call, or the one where it would be.
    fn find(&self, id: CallId) -> Result<usize, usize> {
        // Mostly they end in the order in which they were made, and are waited for in that order.
        match self.calls.front() {
            Some((first, _)) if *first == id => Ok(0),
            _ => self.calls.binary_search_by_key(&id, |(id, _)| *id),
        }
    }

    /// Gives what was there before.
    fn replace(&mut self, id: CallId, call: Call) -> Option<Call> {
        match self.find(id) {
            Ok(index) => Some(mem::replace(&mut self.calls[index].1, call)),
            Err(index) => {
                self.calls.insert(index, (id, call));
                None
            }
        }
    }

    /// Gives a call up.
    pub(super) fn forget(&mut self, id: CallId) -> Forgotten {
        if let Ok(index) = self.find(id) {
            self.calls.remove(index);
        }
        self.session.forget(id)
    }

    /// Whether there is something to read from.
    fn is_connected(&self) -> bool {
        self.closed.is_none() && !self.session.is_disconnected()
    }

    fn has_output(&self) -> bool {
        self.output.is_some() || self.session.has_output()
    }

    /// Gives everybody what the session has for them.
    pub(super) fn dispatch(&mut self) {
        while let Some(happening) = self.session.poll() {
            match happening {
                Happening::Ready => {
                    if let Some(redial) = &mut self.redial
                        && redial.connected()
                    {
                        self.hub.reconnected();
                        self.wake_all(|sleeper| sleeper.for_events);
                    }
                }
                Happening::Reply { id, result } => {
                    if let Some(Call::Awaited(condvar)) = self.replace(id, Call::Ended(result)) {
                        condvar.notify_one();
                    }
                    if self.closing {
                        self.wake_all(|_| true);
                    }
                }
                Happening::Event(event) => {
                    self.hub.publish(&Arc::new(event));
                    self.wake_all(|sleeper| sleeper.for_events);
                }
                Happening::Disconnected(why) => {
                    if self.session.is_disconnected() {
                        self.output = None;
                    }
                    if let Some(redial) = &mut self.redial {
                        redial.disconnected(why);
                    }
                    self.ends += 1;
                    self.wake_all(|_| true);
                }
                Happening::Closed(why) => {
                    self.output = None;
                    self.hub.end(&why);
                    self.closed = Some(why);
                    self.ends += 1;
                    self.wake_all(|_| true);
                }
            }
        }
    }

    fn wake_all(&self, condition: impl Fn(&Sleeper) -> bool) {
        for sleeper in self.sleepers.values().filter(|sleeper| condition(sleeper)) {
            sleeper.condvar.notify_one();
        }
    }

    /// Lets somebody else do what the caller will do no longer.
    fn hand_over(&self) {
        let undone = !self.reading || (!self.writing && self.has_output());
        if undone && let Some(sleeper) = self.sleepers.values().next() {
            sleeper.condvar.notify_one();
        }
    }
}

type Guard<'a> = MutexGuard<'a, State>;

impl Connection {
    pub(super) fn new(io: Box<dyn Io>, session: Session, hub: Hub, redial: Option<Redial>) -> Self {
        Self(Mutex::new(State {
            io: io.into(),
            session,
            hub,
            closed: None,
            closing: false,
            redial,
            calls: VecDeque::new(),
            reading: false,
            writing: false,
            output: None,
            buffer: Vec::new(),
            sleepers: BTreeMap::new(),
            last_sleeper: 0,
            ends: 0,
        }))
    }

    /// The process at the other end.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    pub(super) fn peer(&self) -> Option<u32> {
        self.lock().io.peer()
    }

    pub(super) fn lock(&self) -> Guard<'_> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Locks the state after what was received already has been given to its subscribers: whoever subscribes then is not told
    /// of what happened before.
    pub(super) fn lock_current(&self) -> Guard<'_> {
        let mut state = self.lock();
        for _ in 0..CATCH_UP {
            // A thread that is reading takes all as it comes.
            if state.reading || !state.is_connected() {
                break;
            }
            let (current, received) = self.read(state, Duration::ZERO);
            state = current;
            state.hand_over();
            if !received {
                break;
            }
        }
        state
    }

    /// Has the session send a request, as soon as somebody writes.
    pub(super) fn request(
        &self,
        command: &dyn Outgoing,
        sending: Sending,
    ) -> Result<CallId, Error> {
        // Where it is connected again, a call is not to be wasted on a connection that has ended.
        let mut state = match self.lock() {
            state if state.redial.is_none() => state,
            state => {
                drop(state);
                self.lock_current()
            }
        };
        let passes_fds = state.io.passes_fds();
        check_fds(&sending.fds, passes_fds).map_err(|error| error.of(command.name()))?;
        if state.closing {
            return Err(Error::new(ErrorKind::Closed).of(command.name()));
        }
        state.session.send(command, sending)
    }

    /// Subscribes to events whose names are wanted, after those that have come already.
    pub(super) fn subscribe(
        &self,
        wanted: impl Fn(&str) -> bool + Send + Sync + 'static,
        capacity: Capacity,
    ) -> Subscription {
        let mut state = self.lock_current();
        state.hub.subscribe(Box::new(wanted), capacity)
    }

    /// Whether more connections than that have ended before a deadline.
    pub(super) fn has_left_by(&self, ends: u64, deadline: Instant) -> bool {
        let left = |state: &mut State| (state.ends > ends).then_some(());
        self.drive(Some(deadline), Interest::default(), left)
            .is_ok()
    }

    /// Waits until `done` has something, and meanwhile does what is needed for it. What is already to be had is given
    /// even after the deadline.
    pub(super) fn drive<T>(
        &self,
        deadline: Option<Instant>,
        interest: Interest,
        mut done: impl FnMut(&mut State) -> Option<T>,
    ) -> Result<T, Late> {
        let mut state = self.lock();
        let outcome = loop {
            if let Some(value) = done(&mut state) {
                break Ok(value);
            }
            let left = match deadline {
                Some(deadline) => deadline.saturating_duration_since(Instant::now()),
                None => LONG,
            };
            if left.is_zero() {
                break Err(Late);
            }
            if !state.writing && state.has_output() {
                state = self.write(state, left);
            } else if !state.reading && !state.writing && state.session.is_disconnected() {
                state = self.redial(state, left, interest);
            } else if !state.reading && state.is_connected() {
                let left = state.until_negotiated(left);
                // If somebody else gives up writing, or leaves a rest behind, this thread is to go on with it.
                let wait = if state.writing || state.has_output() {
                    left.min(RECHECK)
                } else {
                    left
                };
                (state, _) = self.read(state, wait);
            } else {
                state = self.sleep(state, left, interest);
            }
        };
        state.hand_over();
        outcome
    }

    fn sleep<'a>(&'a self, mut state: Guard<'a>, left: Duration, interest: Interest) -> Guard<'a> {
        let condvar = Arc::new(Condvar::new());
        state.last_sleeper += 1;
        let number = state.last_sleeper;
        let sleeper = Sleeper {
            condvar: Arc::clone(&condvar),
            for_events: interest.events,
        };
        state.sleepers.insert(number, sleeper);
        if let Some(id) = interest.call {
            state.replace(id, Call::Awaited(Arc::clone(&condvar)));
        }
        let (mut state, _) = condvar
            .wait_timeout(state, left)
            .unwrap_or_else(PoisonError::into_inner);
        state.sleepers.remove(&number);
        if let Some(id) = interest.call
            && let Ok(index) = state.find(id)
            && let (_, Call::Awaited(_)) = state.calls[index]
        {
            state.calls.remove(index);
        }
        state
    }

    /// Waits for the end of a call.
    pub(super) fn finish(
        &self,
        id: CallId,
        deadline: Instant,
        command: &str,
    ) -> Result<Reply, Error> {
        match self.drive(Some(deadline), Interest::of(id), |state| {
            state.take_result(id)
        }) {
            Ok(result) => result,
            Err(Late) => self.give_up(id, command),
        }
    }

    /// Gives up a call whose deadline has passed, unless it has ended, or does so by what has come.
    pub(super) fn give_up(&self, id: CallId, command: &str) -> Result<Reply, Error> {
        let mut state = self.lock();
        if state.session.may_be_answered(id) {
            drop(state);
            let until = Instant::now() + GRACE;
            if let Ok(result) = self.drive(Some(until), Interest::of(id), |it| it.take_result(id)) {
                return result;
            }
            state = self.lock();
        }
        if let Some(result) = state.take_result(id) {
            return result;
        }
        if let Ok(index) = state.find(id) {
            state.calls.remove(index);
        }
        let result = state.session.expire(id);
        state.dispatch();
        result.map_err(|error| error.of(command.to_owned()))
    }

    /// Reads until the connection ends.
    pub(super) fn read_on(&self) {
        let ended = |state: &mut State| state.closed.as_ref().map(|_| ());
        while self.drive(None, Interest::default(), ended).is_err() {}
    }

    /// Writes what can be written without waiting; the rest is written when somebody waits. If the only one who does is
    /// reading already, and so would not notice, all is written, up to the deadline.
    pub(super) fn flush(&self, deadline: Instant) {
        let mut state = self.lock();
        while !state.writing && state.has_output() {
            let before = state.session.written();
            let left = if state.reading && state.sleepers.is_empty() {
                deadline.saturating_duration_since(Instant::now())
            } else {
                Duration::ZERO
            };
            state = self.write(state, left);
            if left.is_zero() && state.session.written() == before {
                break;
            }
        }
        // Who came meanwhile may sleep because this thread was writing.
        state.hand_over();
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("io", &self.lock().io)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
