//! A server for machines that have a loop of their own, or no async runtime.
//!
//! Handlers are polled by whoever calls [`Server::process`], so they may use whatever that thread may; the service need
//! not be `Send`. One that has to wait for the machine awaits a [`deferred`](crate::service::deferred) reply; completing
//! it, from whatever thread, makes the server's descriptor readable. One that panics ends its client's connection, and no other.

mod link;
#[cfg(all(test, shuttle))]
mod schedules;
mod wake;

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::epoll::{self, EventData, EventFlags};
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};

use super::connection::{Connection, READ};
use super::core::Core;
use super::listener::{Listener, Socket};
use super::options::Options;
use crate::service::{Control, Dispatch};
use crate::session::server::Config;
use link::{Link, Stream};
use wake::{Alarm, Woken};

/// How long to wait until clients are accepted again after that failed, perhaps for want of descriptors.
const RETRY: Duration = Duration::from_millis(20);

/// Keys of what is no client. Listeners follow.
const WOKEN: u64 = u64::MAX;
const TIMER: u64 = u64::MAX - 1;
const LISTENERS: u64 = u64::MAX - (1 << 16);

/// A server that a thread drives: many clients on any number of monitors.
///
/// ```no_run
/// # #[cfg(feature = "qmp")]
/// # fn demo() -> std::io::Result<()> {
/// use qapi_rt::qmp::{RunState, StatusInfo, commands};
/// use qapi_rt::server::{Listener, Options, blocking::Server};
/// use qapi_rt::service::Router;
///
/// let router = Router::new()
///     .on(|_, _: commands::QueryStatus| async { Ok(StatusInfo::new(true, RunState::Running)) });
/// let mut server = Server::new(router, Options::qmp())?;
/// server.listen(Listener::unix("/run/vmm/qmp.sock")?)?;
/// server.run()
/// # }
/// ```
///
/// A loop of one's own waits until the server's descriptor ([`AsFd`]) is readable and calls
/// [`process`](Self::process) then, until that says that the server has ended:
///
/// ```
/// # #[cfg(all(feature = "qmp", feature = "client"))]
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use qapi_rt::blocking::Client;
/// use qapi_rt::qmp::commands;
/// use qapi_rt::server::{Options, blocking::Server};
/// use qapi_rt::service::{Completer, Router, deferred};
/// use rustix::event::{PollFd, PollFlags, poll};
/// use std::sync::{Arc, Mutex};
///
/// // Who waits until the machine has stopped.
/// let stopping = Arc::new(Mutex::new(Vec::<Completer<()>>::new()));
/// let waiting = Arc::clone(&stopping);
/// let router = Router::new().on(move |_, _: commands::Stop| {
///     let (completer, stopped) = deferred();
///     waiting.lock().unwrap().push(completer);
///     stopped
/// });
/// let mut server = Server::new(router, Options::qmp())?;
///
/// let (stream, control) = (server.connect()?, server.control().clone());
/// let client = std::thread::spawn(move || {
///     let reply = Client::builder().over_unix(stream)?.execute(commands::Stop::new());
///     control.shut_down();
///     reply
/// });
///
/// while server.process()? {
///     // What the machine has to do.
///     for completer in stopping.lock().unwrap().drain(..) {
///         completer.complete(Ok(()));
///     }
///     // Here also for what the machine waits for.
///     poll(&mut [PollFd::new(&server, PollFlags::IN)], None)?;
/// }
/// client.join().unwrap()?;
/// # Ok(())
/// # }
/// # #[cfg(not(all(feature = "qmp", feature = "client")))] fn main() {}
/// ```
pub struct Server<D: Dispatch> {
    core: Arc<Core<D>>,
    epoll: OwnedFd,
    timer: OwnedFd,
    /// When the timer is to ring.
    rings: Option<Instant>,
    woken: Arc<Woken>,
    /// Woken when events are due earlier, or the server is to end.
    alarm: Alarm,
    listeners: Vec<Place>,
    links: HashMap<u64, Link<D>>,
    /// Those whose clients have to take some of what waits for them, by when.
    stalled: BTreeSet<(Instant, u64)>,
    buffer: Vec<u8>,
    /// When clients are dropped that did not take what was written for them.
    end: Option<Instant>,
    /// A handler's panic.
    #[cfg(feature = "testing")]
    panic: Option<Box<dyn std::any::Any + Send>>,
}

/// A listener.
struct Place {
    listener: Listener,
    config: Config,
    /// Whether clients may be waiting.
    ready: bool,
    /// When to try again.
    retry: Option<Instant>,
    /// Whether a client is served that others have to wait for.
    occupied: bool,
}

impl<D: Dispatch> fmt::Debug for Server<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("options", &self.core.options)
            .field("clients", &self.links.len())
            .finish_non_exhaustive()
    }
}

/// Readable when there is something to [`process`](Server::process).
impl<D: Dispatch> AsFd for Server<D> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.epoll.as_fd()
    }
}

impl<D: Dispatch> Server<D> {
    /// A server without clients yet.
    ///
    /// # Errors
    /// When the process has no descriptors left.
    pub fn new(dispatch: D, options: Options) -> io::Result<Self> {
        let woken = Woken::new()?;
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let timer = timerfd_create(
            TimerfdClockId::Monotonic,
            TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK,
        )?;
        epoll::add(&epoll, &woken.fd, EventData::new_u64(WOKEN), EventFlags::IN)?;
        epoll::add(&epoll, &timer, EventData::new_u64(TIMER), EventFlags::IN)?;
        let alarm = woken.alarm(WOKEN);
        // The first look arms the timer and registers the alarm.
        alarm.waker.wake_by_ref();
        Ok(Self {
            core: Arc::new(Core::new(dispatch, options)),
            epoll,
            timer,
            rings: None,
            woken,
            alarm,
            listeners: Vec::new(),
            links: HashMap::new(),
            stalled: BTreeSet::new(),
            buffer: vec![0; READ],
            end: None,
            #[cfg(feature = "testing")]
            panic: None,
        })
    }

    /// The handle on it.
    #[must_use]
    pub fn control(&self) -> &Control {
        &self.core.control
    }

    /// Accepts clients from now on.
    ///
    /// # Errors
    /// When the system does not take the socket.
    pub fn listen(&mut self, listener: Listener) -> io::Result<()> {
        let key = EventData::new_u64(LISTENERS + self.listeners.len() as u64);
        let flags = EventFlags::IN | EventFlags::ET;
        match &listener.socket {
            Socket::Tcp(socket) => {
                socket.set_nonblocking(true)?;
                epoll::add(&self.epoll, socket, key, flags)?;
            }
            Socket::Unix(socket) => {
                socket.set_nonblocking(true)?;
                epoll::add(&self.epoll, socket, key, flags)?;
            }
            Socket::Other(socket) => {
                socket.set_nonblocking(true)?;
                epoll::add(&self.epoll, socket, key, flags)?;
            }
        }
        self.listeners.push(Place {
            config: listener.config(&self.core.options.config),
            listener,
            ready: true,
            retry: None,
            occupied: false,
        });
        self.alarm.waker.wake_by_ref();
        Ok(())
    }

    /// Serves one client over a socket, a pty or any other descriptor that can be waited for.
    ///
    /// # Errors
    /// When it cannot be waited for, as with files.
    pub fn serve(&mut self, stream: impl Into<OwnedFd>) -> io::Result<()> {
        let config = self.core.options.config.clone();
        self.add(stream.into(), &config).map(drop)
    }

    /// Connects a client within this process; another thread has to use it.
    ///
    /// # Errors
    /// When the process has no descriptors left.
    pub fn connect(&mut self) -> io::Result<std::os::unix::net::UnixStream> {
        let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
        self.serve(ours)?;
        Ok(theirs)
    }

    /// How many clients there are.
    #[must_use]
    pub fn clients(&self) -> usize {
        self.links.len()
    }

    /// Does what there is to do, without waiting for anything. Says whether the server goes on: not after it was
    /// [shut down](Control::shut_down) and its clients have got what was written for them.
    ///
    /// # Errors
    /// When the system's means to wait for events fail; nothing a client does leads to that.
    pub fn process(&mut self) -> io::Result<bool> {
        self.wait(Some(Duration::ZERO))
    }

    /// As [`process`](Self::process), but waits for something to do, no longer than `timeout` if one is given.
    ///
    /// # Errors
    /// As there.
    pub fn run_once(&mut self, timeout: Option<Duration>) -> io::Result<bool> {
        self.wait(timeout)
    }

    /// Serves clients until the server is [shut down](Control::shut_down).
    ///
    /// # Errors
    /// As for [`process`](Self::process).
    pub fn run(&mut self) -> io::Result<()> {
        while self.wait(None)? {}
        Ok(())
    }

    fn wait(&mut self, timeout: Option<Duration>) -> io::Result<bool> {
        let timeout = timeout.map(|timeout| Timespec {
            tv_sec: timeout.as_secs().try_into().unwrap_or(i64::MAX),
            tv_nsec: timeout.subsec_nanos().into(),
        });
        let mut events = Vec::with_capacity(256);
        let buffer = rustix::buffer::spare_capacity(&mut events);
        match epoll::wait(&self.epoll, buffer, timeout.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let mut ready = Vec::with_capacity(events.len());
        for event in &events {
            let key = event.data.u64();
            let flags = event.flags;
            if let Some(link) = self.links.get_mut(&key) {
                let ended = flags.intersects(EventFlags::HUP | EventFlags::ERR);
                link.readable |= ended || flags.contains(EventFlags::IN);
                link.writable |= ended || flags.contains(EventFlags::OUT);
                link.listed = true;
                ready.push(key);
            } else if (LISTENERS..TIMER).contains(&key) {
                if let Some(place) = self.listeners.get_mut((key - LISTENERS) as usize) {
                    place.ready = true;
                }
            } else if key == TIMER {
                // How often it rang is of no interest.
                let _ = rustix::io::read(&self.timer, &mut [0; 8]);
                self.rings = None;
            }
        }
        for key in self.woken.take() {
            // One that has something to read as well gets no second go.
            if !self.links.get(&key).is_some_and(|link| link.listed) {
                ready.push(key);
            }
        }
        self.alarm.reset();
        let control = self.core.control.clone();
        control.wait(WOKEN, &self.alarm.waker);
        self.accept();
        for key in ready {
            self.drive(key);
        }
        self.give_up_stalled();
        let due = control.events().expire(&self.alarm.waker);
        let more = self.keep_going();
        self.set_timer(due)?;
        Ok(more)
    }

    fn drive(&mut self, key: u64) {
        let Some(link) = self.links.get_mut(&key) else {
            return;
        };
        let before = link.take_by;
        // A handler that panics ends its connection, as a task does.
        let (buffer, patience) = (&mut self.buffer, self.core.options.patience);
        let driven = catch_unwind(AssertUnwindSafe(|| link.drive(buffer, patience)));
        // The panic hook has told of it; a test may want to fail by it.
        #[cfg(feature = "testing")]
        let driven = driven.map_err(|panic| self.panic = Some(panic));
        let goes_on = driven.unwrap_or(false);
        let after = link.take_by.filter(|_| goes_on);
        if before != after {
            before.map(|by| self.stalled.remove(&(by, key)));
            self.stalled.extend(after.map(|by| (by, key)));
        }
        if goes_on {
            return;
        }
        let listener = link.listener;
        self.links.remove(&key);
        if let Some(place) = listener.and_then(|index| self.listeners.get_mut(index)) {
            place.occupied = false;
            self.alarm.waker.wake_by_ref();
        }
    }

    /// As [`run`](Self::run), but ends with the panic of a handler.
    #[cfg(feature = "testing")]
    pub(crate) fn run_for_test(&mut self) -> io::Result<()> {
        loop {
            let goes_on = self.wait(None)?;
            if let Some(panic) = self.panic.take() {
                std::panic::resume_unwind(panic);
            }
            if !goes_on {
                return Ok(());
            }
        }
    }

    /// Ends the connections of clients that have taken nothing for too long.
    fn give_up_stalled(&mut self) {
        while let Some(&(by, key)) = self.stalled.first()
            && by <= Instant::now()
        {
            self.stalled.pop_first();
            if let Some(link) = self.links.get_mut(&key) {
                link.take_by = None;
                link.give_up();
            }
            self.drive(key);
        }
    }

    fn accept(&mut self) {
        if self.core.control.is_shut_down() {
            self.listeners.clear();
        }
        for index in 0..self.listeners.len() {
            while let Some(stream) = self.listeners[index].accept() {
                let config = self.listeners[index].config.clone();
                match self.add(stream, &config) {
                    Err(error) => tracing::warn!(%error, "a client could not be served"),
                    Ok(key) if self.listeners[index].listener.one_at_a_time => {
                        self.listeners[index].occupied = true;
                        if let Some(link) = self.links.get_mut(&key) {
                            link.listener = Some(index);
                        }
                    }
                    Ok(_) => {}
                }
            }
        }
    }

    fn add(&mut self, stream: OwnedFd, config: &Config) -> io::Result<u64> {
        let stream = Stream::new(stream)?;
        let connection = Connection::new(Arc::clone(&self.core), config, stream.credentials());
        let key = connection.key();
        let flags = EventFlags::IN | EventFlags::OUT | EventFlags::ET;
        epoll::add(&self.epoll, &stream, EventData::new_u64(key), flags)?;
        let alarm = self.woken.alarm(key);
        alarm.waker.wake_by_ref();
        self.links.insert(key, Link::new(connection, stream, alarm));
        Ok(key)
    }

    /// Whether the server is not to end yet.
    fn keep_going(&mut self) -> bool {
        if !self.core.control.is_shut_down() {
            return true;
        }
        let end = Instant::now().checked_add(self.core.options.grace);
        let end = *self.end.get_or_insert(end.unwrap_or_else(Instant::now));
        if self.core.control.is_crashed() || end <= Instant::now() {
            self.links.clear();
            self.stalled.clear();
        }
        !self.links.is_empty()
    }

    /// Has the timer ring at the earliest time that something is to be done.
    fn set_timer(&mut self, due: Option<Instant>) -> io::Result<()> {
        let retries = self.listeners.iter().filter_map(|place| place.retry);
        let stalled = self.stalled.first().map(|(by, _)| *by);
        let rings = retries.chain(due).chain(self.end).chain(stalled).min();
        if rings == self.rings {
            return Ok(());
        }
        self.rings = rings;
        let wait = rings.map(|at| at.saturating_duration_since(Instant::now()));
        // A timer of no time at all would be switched off.
        let wait = wait.map_or(Duration::ZERO, |wait| wait.max(Duration::from_nanos(1)));
        let time = Itimerspec {
            it_interval: Timespec::default(),
            it_value: Timespec {
                tv_sec: wait.as_secs().try_into().unwrap_or(i64::MAX),
                tv_nsec: wait.subsec_nanos().into(),
            },
        };
        timerfd_settime(&self.timer, TimerfdTimerFlags::empty(), &time)?;
        Ok(())
    }
}

impl Place {
    /// The next client that waits and may be served.
    fn accept(&mut self) -> Option<OwnedFd> {
        self.ready |= self.retry.take_if(|at| *at <= Instant::now()).is_some();
        if !self.ready || self.occupied || self.retry.is_some() {
            return None;
        }
        loop {
            let accepted = match &self.listener.socket {
                Socket::Tcp(socket) => socket.accept().map(|(stream, _)| {
                    // Replies are small and awaited; without this they are only slower.
                    let _ = stream.set_nodelay(true);
                    OwnedFd::from(stream)
                }),
                Socket::Unix(socket) => socket.accept().map(|(stream, _)| stream.into()),
                Socket::Other(socket) => socket.accept().map(|(stream, _)| stream.into()),
            };
            match accepted {
                Ok(stream) => return Some(stream),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.ready = false;
                    if error.kind() != io::ErrorKind::WouldBlock {
                        tracing::warn!(%error, "a client could not be accepted");
                        self.retry = Some(Instant::now() + RETRY);
                    }
                    return None;
                }
            }
        }
    }
}

impl<D: Dispatch> Drop for Server<D> {
    fn drop(&mut self) {
        self.core.control.shut_down();
    }
}
