//! The server on tokio.

use std::cell::RefCell;
use std::fmt;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::sync::{Arc, Once};
use std::task::{Context, Poll};
use std::time::Instant;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::time::Sleep;

use super::connection::{Connection, READ, Share};
use super::core::Core;
use super::listener::{Listener, Socket};
use super::options::Options;
use super::stream::{Fds, Plain, Stream};
use crate::service::{Answer, Control, Dispatch};
use crate::session::server::{Closed, Config};

thread_local! {
    /// Connections read only while they are polled, and need no buffer of their own.
    static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; READ]);
}

/// A server on tokio: many clients on any number of monitors.
///
/// Every client is a task of its own. The runtime has to have I/O and time enabled. A client that does not read is disconnected when more waits for it than
/// [`Options::output_limit`], or for longer than [`Options::patience`]; nobody waits for it.
///
/// ```no_run
/// # #[cfg(feature = "qmp")]
/// # async fn demo() -> std::io::Result<()> {
/// use qapi_rt::qmp::{RunState, Service, StatusInfo, commands, serve};
/// use qapi_rt::server::{Listener, Options, Server};
/// use qapi_rt::service::{Call, Result};
/// use std::sync::{Arc, Once};
///
/// struct Vmm;
///
/// impl Service for Vmm {
///     async fn query_status(&self, _: &Call, _: commands::QueryStatus) -> Result<StatusInfo> {
///         Ok(StatusInfo::new(true, RunState::Running))
///     }
///     async fn quit(&self, call: &Call, _: commands::Quit) -> Result<()> {
///         call.control().shut_down();
///         Ok(())
///     }
/// }
///
/// let server = Server::new(serve(Arc::new(Vmm)), Options::qmp());
/// server.listen(Listener::unix("/run/vmm/qmp.sock")?)?;
/// server.run().await;
/// # Ok(())
/// # }
/// ```
pub struct Server<D: Dispatch<Answer = Answer> + Send + Sync> {
    core: Arc<Core<D>>,
    /// As many receivers as there are tasks.
    tasks: watch::Sender<()>,
    /// Whether the task is there that sends events when their time has come.
    timer: Once,
}

impl<D: Dispatch<Answer = Answer> + Send + Sync> fmt::Debug for Server<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("options", &self.core.options)
            .finish_non_exhaustive()
    }
}

impl<D: Dispatch<Answer = Answer> + Send + Sync> Server<D> {
    /// A server without clients yet.
    #[must_use]
    pub fn new(dispatch: D, options: Options) -> Self {
        Self {
            core: Arc::new(Core::new(dispatch, options)),
            tasks: watch::Sender::new(()),
            timer: Once::new(),
        }
    }

    /// The handle on it.
    #[must_use]
    pub fn control(&self) -> &Control {
        &self.core.control
    }

    /// Accepts clients from now on, in a task of the runtime that this is called in.
    ///
    /// # Errors
    /// When the runtime does not take the socket.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn listen(&self, listener: Listener) -> io::Result<()> {
        let config = listener.config(&self.core.options.config);
        let one_at_a_time = listener.one_at_a_time;
        match listener.socket {
            Socket::Tcp(socket) => {
                socket.set_nonblocking(true)?;
                let socket = tokio::net::TcpListener::from_std(socket)?;
                self.accept((), config, one_at_a_time, move |cx| {
                    socket.poll_accept(cx).map_ok(|(stream, _)| {
                        // Replies are small and awaited; without this they are only slower.
                        let _ = stream.set_nodelay(true);
                        Box::new(Plain(stream)) as Box<dyn Stream>
                    })
                });
            }
            #[cfg(unix)]
            Socket::Unix(socket) => {
                socket.set_nonblocking(true)?;
                let socket = tokio::net::UnixListener::from_std(socket)?;
                self.accept(listener.file, config, one_at_a_time, move |cx| {
                    let accepted = socket.poll_accept(cx);
                    accepted.map_ok(|(stream, _)| Box::new(stream) as Box<dyn Stream>)
                });
            }
            #[cfg(any(target_os = "linux", target_os = "android"))]
            Socket::Other(socket) => {
                socket.set_nonblocking(true)?;
                #[allow(deprecated)] // what replaces it is too new
                let socket = tokio::io::unix::AsyncFd::new(socket)?;
                self.accept((), config, one_at_a_time, move |cx| {
                    loop {
                        let mut ready = std::task::ready!(socket.poll_read_ready(cx))?;
                        if let Ok(accepted) = ready.try_io(|socket| socket.get_ref().accept()) {
                            return Poll::Ready(accepted.and_then(|(socket, _)| other(socket)));
                        }
                    }
                });
            }
        }
        Ok(())
    }

    /// Serves one client over any stream, in a task of the runtime that this is called in.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn serve(&self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        let config = self.core.options.config.clone();
        self.spawn(connect(&self.core, &config, Box::new(Plain(stream))));
    }

    /// Serves one client over a unix socket, from which commands may come with file descriptors, in a task of the runtime
    /// that this is called in.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    #[cfg(unix)]
    pub fn serve_unix(&self, stream: tokio::net::UnixStream) {
        let config = self.core.options.config.clone();
        self.spawn(connect(&self.core, &config, Box::new(stream)));
    }

    /// Connects a client within this process.
    ///
    /// # Errors
    /// When the process has no descriptors left.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    #[cfg(unix)]
    pub fn connect(&self) -> io::Result<tokio::net::UnixStream> {
        let (ours, theirs) = tokio::net::UnixStream::pair()?;
        self.serve_unix(ours);
        Ok(theirs)
    }

    /// Waits until the server has been [shut down](Control::shut_down), and its clients have got what was written for
    /// them. Dropping it ends nothing.
    pub async fn run(&self) {
        let core = &self.core;
        let key = core.next_client();
        poll_fn(|cx| {
            core.control.wait(key, cx.waker());
            match core.control.is_shut_down() {
                true => Poll::Ready(()),
                false => Poll::Pending,
            }
        })
        .await;
        core.control.forget(key);
        self.tasks.closed().await;
    }

    fn accept<K: Send + 'static>(
        &self,
        file: K,
        config: Config,
        one_at_a_time: bool,
        mut accept: impl FnMut(&mut Context<'_>) -> Poll<io::Result<Box<dyn Stream>>> + Send + 'static,
    ) {
        let core = Arc::clone(&self.core);
        let tasks = self.tasks.clone();
        self.spawn(async move {
            let key = core.next_client();
            loop {
                let accepted = poll_fn(|cx| {
                    core.control.wait(key, cx.waker());
                    match core.control.is_shut_down() {
                        true => Poll::Ready(None),
                        false => accept(cx).map(Some),
                    }
                });
                let connection = match accepted.await {
                    None => break,
                    Some(Ok(stream)) => connect(&core, &config, stream),
                    Some(Err(error)) => {
                        // Of a client that has gone already, or for want of descriptors, which takes a while to end.
                        tracing::warn!(%error, "a client could not be accepted");
                        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
                        continue;
                    }
                };
                if one_at_a_time {
                    connection.await;
                } else {
                    let task = tasks.subscribe();
                    tokio::spawn(async move {
                        connection.await;
                        drop(task);
                    });
                }
            }
            core.control.forget(key);
            drop(file);
        });
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.timer.call_once(|| {
            tokio::spawn(send_events(Arc::clone(&self.core)));
        });
        let running = self.tasks.subscribe();
        tokio::spawn(async move {
            task.await;
            drop(running);
        });
    }
}

/// A connection of another family than Unix and TCP. Stream sockets of all families are read and written alike.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn other(stream: socket2::Socket) -> io::Result<Box<dyn Stream>> {
    stream.set_nonblocking(true)?;
    let stream = tokio::net::UnixStream::from_std(stream.into())?;
    Ok(Box::new(Plain(stream)))
}

/// Whoever has no server any more has no use for its clients.
impl<D: Dispatch<Answer = Answer> + Send + Sync> Drop for Server<D> {
    fn drop(&mut self) {
        self.core.control.shut_down();
    }
}

/// Sends events when their interval ends, until the server does.
async fn send_events<D: Dispatch<Answer = Answer> + Send + Sync>(core: Arc<Core<D>>) {
    let key = core.next_client();
    let mut timer: Option<(Instant, Pin<Box<Sleep>>)> = None;
    poll_fn(|cx| {
        core.control.wait(key, cx.waker());
        if core.control.is_shut_down() {
            return Poll::Ready(());
        }
        while let Some(due) = core.control.events().expire(cx.waker()) {
            if timer.as_ref().is_none_or(|(at, _)| *at != due) {
                timer = Some((due, Box::pin(tokio::time::sleep_until(due.into()))));
            }
            let elapsed = timer.as_mut().map(|(_, sleep)| sleep.as_mut().poll(cx));
            if elapsed != Some(Poll::Ready(())) {
                break;
            }
            timer = None;
        }
        Poll::Pending
    })
    .await;
    core.control.forget(key);
}

fn connect<D: Dispatch<Answer = Answer> + Send + Sync>(
    core: &Arc<Core<D>>,
    config: &Config,
    stream: Box<dyn Stream>,
) -> Driver<D> {
    let credentials = stream.credentials();
    Driver {
        connection: Connection::new(Arc::clone(core), config, credentials),
        stream: Some(stream),
        grace: None,
        stalled: None,
    }
}

/// One client: moves bytes between its stream and its session.
struct Driver<D: Dispatch> {
    connection: Connection<D>,
    /// Gone when it is closed.
    stream: Option<Box<dyn Stream>>,
    /// Runs when the server ends.
    grace: Option<Pin<Box<Sleep>>>,
    /// Runs while output waits that the client does not take.
    stalled: Option<Pin<Box<Sleep>>>,
}

impl<D: Dispatch<Answer = Answer> + Send + Sync> Future for Driver<D> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let mut share = Share::new();
        loop {
            this.connection.advance(cx, &mut share);
            let wrote = !this.connection.holds_back(&share) && this.write(cx);
            if share.is_used_up() {
                // Woken behind the others, those included that the runtime does not know yet to have something to do.
                let _ = pin!(tokio::task::yield_now()).poll(cx);
                break;
            }
            let read = this.read(cx, &mut share);
            if !wrote && !read {
                break;
            }
        }
        this.give_up_if_stalled(cx);
        let over = this.connection.is_over();
        let written = this.stream.is_none() || this.connection.session().output().is_empty();
        if over && written || this.is_late(cx) {
            return Poll::Ready(());
        }
        Poll::Pending
    }
}

impl<D: Dispatch<Answer = Answer> + Send + Sync> Driver<D> {
    /// Whether something was written.
    fn write(&mut self, cx: &mut Context<'_>) -> bool {
        let session = self.connection.session();
        if session.closed() == Some(Closed::Overflow) {
            self.stream = None;
        }
        let Some(stream) = &mut self.stream else {
            return false;
        };
        let mut wrote = false;
        while !session.output().is_empty() {
            match stream.poll_send(cx, session.output()) {
                Poll::Pending => break,
                Poll::Ready(Ok(count)) => {
                    session.sent(count);
                    self.stalled = None;
                    wrote = true;
                }
                Poll::Ready(Err(_)) => {
                    session.close();
                    self.stream = None;
                    break;
                }
            }
        }
        wrote
    }

    /// Whether something was read.
    fn read(&mut self, cx: &mut Context<'_>, share: &mut Share) -> bool {
        let session = self.connection.session();
        let Some(stream) = &mut self.stream else {
            return false;
        };
        if !session.wants_input() {
            return false;
        }
        let mut fds = Fds::new();
        let connection = &mut self.connection;
        let room = connection.room();
        let read = BUFFER.with_borrow_mut(|buffer| {
            let read = stream.poll_receive(cx, &mut buffer[..room], &mut fds);
            if let Poll::Ready(Ok(count)) = read {
                connection.receive(count, share, |session| {
                    #[cfg(unix)]
                    session.receive_with_fds(&buffer[..count], fds);
                    #[cfg(not(unix))]
                    session.receive(&buffer[..count]);
                });
            }
            read
        });
        let session = connection.session();
        match read {
            Poll::Pending => return false,
            Poll::Ready(Ok(0)) => session.eof(),
            Poll::Ready(Ok(_)) => {}
            Poll::Ready(Err(_)) => {
                session.close();
                self.stream = None;
            }
        }
        true
    }

    /// Ends the connection if its client has not taken any of what waits for it for too long.
    fn give_up_if_stalled(&mut self, cx: &mut Context<'_>) {
        if self.stream.is_none() || self.connection.session().output().is_empty() {
            self.stalled = None;
            return;
        }
        let time = self.connection.core().options.patience;
        let stalled = self
            .stalled
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(time)));
        if stalled.as_mut().poll(cx).is_ready() {
            self.connection.session().close();
            self.stream = None;
        }
    }

    /// Whether the server is ending and this took too long.
    fn is_late(&mut self, cx: &mut Context<'_>) -> bool {
        let core = self.connection.core();
        if !core.control.is_shut_down() {
            return false;
        }
        let time = core.options.grace;
        let grace = self
            .grace
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(time)));
        core.control.is_crashed() || grace.as_mut().poll(cx).is_ready()
    }
}
