//! One connection, without I/O: the session, and the commands it has executing.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use super::core::Core;
use crate::service::{Call, Client, Credentials, Dispatch, Done, Monitor, Outcome};
use crate::session::server::{Config, Refusal, Request, Session, Ticket};
use crate::types::{CommandInfo, ErrorReply};

/// What one connection may do before others have their chance: a command counts as one, and so does a KiB that
/// is read, or with which errors in it are answered.
const SHARE: usize = 16;

/// A turn ends once others are known to have waited for it this long. Sixteen commands that do little take a thirtieth of that.
const LONG: Duration = Duration::from_millis(1);

/// Less output than this waits while there is more to be done: many replies are written at once then, and whoever waits
/// for them is woken once.
const LITTLE: usize = 4 << 10;

/// What one read may give.
pub(crate) const READ: usize = 16 << 10;

/// What it may give if much of what was read last was wrong. Errors are answered while input is taken in, and their
/// answers are many times as long.
const READ_ERRORS: usize = 512;

/// What is left of a connection's share.
pub(crate) struct Share(usize);

impl Share {
    pub(crate) fn new() -> Self {
        Self(SHARE)
    }

    pub(crate) fn is_used_up(&self) -> bool {
        self.0 == 0
    }

    fn moved(&mut self, bytes: usize) {
        self.0 = self.0.saturating_sub(1 + bytes / 1024);
    }

    fn executed(&mut self) {
        self.0 = self.0.saturating_sub(1);
    }
}

/// A connection. It lives until [`is_over`](Self::is_over), also without its transport: a command that is executing is
/// executed to its end.
pub(crate) struct Connection<D: Dispatch> {
    core: Arc<Core<D>>,
    session: Session,
    client: Arc<Client>,
    monitor: Arc<Monitor>,
    /// Whom the monitor wakes.
    waker: Option<Waker>,
    /// Whether the monitor is open.
    open: bool,
    /// What the next read may give.
    room: usize,
    in_band: Option<Running<D::Answer>>,
    out_of_band: Option<Running<D::Answer>>,
    turn: Turn,
}

/// Whether it is this connection's turn to execute commands.
enum Turn {
    /// It has none, and needs none.
    None,
    /// It asked for one that it did not get at once.
    Awaited,
    /// Since when others are known to wait for its end.
    Held(Option<Instant>),
}

/// A command in execution.
struct Running<A> {
    ticket: Ticket,
    info: CommandInfo,
    answer: A,
    /// When it was started, where hooks want to know.
    started: Option<Instant>,
}

impl<D: Dispatch> Connection<D> {
    pub(crate) fn new(
        core: Arc<Core<D>>,
        config: &Config,
        credentials: Option<Credentials>,
    ) -> Self {
        let client = Client::new(core.next_client(), credentials, core.control.clone());
        Self {
            monitor: core.control.events().monitor(),
            session: Session::new(config),
            client: Arc::new(client),
            waker: None,
            open: false,
            room: READ_ERRORS,
            in_band: None,
            out_of_band: None,
            turn: Turn::None,
            core,
        }
    }

    pub(crate) fn session(&mut self) -> &mut Session {
        &mut self.session
    }

    pub(crate) fn key(&self) -> u64 {
        self.client.number()
    }

    #[cfg(feature = "tokio")]
    pub(crate) fn core(&self) -> &Arc<Core<D>> {
        &self.core
    }

    /// How many bytes are to be read at most.
    pub(crate) fn room(&self) -> usize {
        self.room
    }

    /// Hands so many bytes that were read to the session.
    pub(crate) fn receive(
        &mut self,
        bytes: usize,
        share: &mut Share,
        hand_in: impl FnOnce(&mut Session),
    ) {
        let before = self.session.output().len();
        hand_in(&mut self.session);
        let answers = self.session.output().len().saturating_sub(before);
        self.room = if answers < LITTLE { READ } else { READ_ERRORS };
        share.moved(bytes + answers);
    }

    /// Whether what is to be written is left for the next go.
    pub(crate) fn holds_back(&self, share: &Share) -> bool {
        share.is_used_up() && self.session.output().len() < LITTLE
    }

    /// Whether nothing is left to be executed for a session that is closed.
    pub(crate) fn is_over(&self) -> bool {
        self.session.closed().is_some() && self.is_idle()
    }

    fn is_idle(&self) -> bool {
        self.in_band.is_none() && self.out_of_band.is_none()
    }

    /// Executes what can be executed, and puts what is to be written into the session's output. The waker is called when
    /// there is more to do, but not for what is only beyond the share.
    pub(crate) fn advance(&mut self, cx: &mut Context<'_>, share: &mut Share) {
        while !share.is_used_up() {
            self.drain_events(cx.waker());
            if self.client.is_to_be_disconnected()
                || self.core.control.is_shut_down()
                    && (self.is_idle() || self.core.control.is_crashed())
            {
                self.session.close();
            }
            if !self.advance_out_of_band(cx) && !self.advance_in_band(cx) {
                break;
            }
            share.executed();
        }
        // A turn lasts for what is executed at once, not for each of those commands: whom another thread drives would be woken
        // for one command at a time.
        if matches!(self.turn, Turn::Held(_)) && self.in_band.is_none() {
            self.end_turn();
        }
    }

    fn drain_events(&mut self, waker: &Waker) {
        if !self.open && self.session.is_negotiated() {
            self.open = true;
            self.monitor.open();
        }
        let known = self.waker.as_ref();
        let is_known = known.is_some_and(|known| known.will_wake(waker));
        if is_known && self.monitor.is_quiet() {
            return;
        }
        if !is_known {
            self.waker = Some(waker.clone());
        }
        let session = &mut self.session;
        self.monitor.drain(waker, |event| session.event(event));
    }

    /// Whether something happened.
    fn advance_out_of_band(&mut self, cx: &mut Context<'_>) -> bool {
        let mut started = false;
        if self.out_of_band.is_none()
            && let Some(request) = self.session.take_oob()
        {
            self.out_of_band = self.start(&request, cx.waker());
            started = true;
        }
        let Some(running) = &mut self.out_of_band else {
            return started;
        };
        let Poll::Ready(outcome) = Pin::new(&mut running.answer).poll(cx) else {
            return started;
        };
        if let Some(running) = self.out_of_band.take() {
            self.finish(&running, outcome, cx.waker());
        }
        true
    }

    /// Whether something happened.
    fn advance_in_band(&mut self, cx: &mut Context<'_>) -> bool {
        let started = self.in_band.is_none();
        if started {
            if !self.session.has_in_band() {
                // Its client has gone meanwhile, or does not read: the turn is somebody else's.
                self.end_turn();
                return false;
            }
            if !self.has_turn(cx.waker()) {
                return false;
            }
            if let Some(request) = self.session.take_in_band() {
                self.in_band = self.start(&request, cx.waker());
            }
        }
        let Some(running) = &mut self.in_band else {
            return true;
        };
        let Poll::Ready(outcome) = Pin::new(&mut running.answer).poll(cx) else {
            return started;
        };
        let took_long = !started || self.kept_others_waiting();
        if let Some(running) = self.in_band.take() {
            self.finish(&running, outcome, cx.waker());
        }
        if took_long {
            self.end_turn();
        }
        true
    }

    /// Whether others have waited for the end of this turn for [`LONG`], because a command kept its thread.
    fn kept_others_waiting(&mut self) -> bool {
        match &mut self.turn {
            Turn::Held(since) if self.core.turns.are_awaited() => {
                since.get_or_insert_with(Instant::now).elapsed() > LONG
            }
            _ => false,
        }
    }

    /// Whether a command may be executed now; if not, the waker is called when it may.
    fn has_turn(&mut self, waker: &Waker) -> bool {
        if self.core.options.concurrent || matches!(self.turn, Turn::Held(_)) {
            return true;
        }
        let taken = self.core.turns.take(self.key(), waker);
        self.turn = match taken {
            true => Turn::Held(None),
            false => Turn::Awaited,
        };
        taken
    }

    /// One that is still awaited ends when it comes.
    fn end_turn(&mut self) {
        if !matches!(self.turn, Turn::None) && self.core.turns.done(self.key()) {
            self.turn = Turn::None;
        }
    }

    /// Starts a command, or answers it at once.
    fn start(&mut self, request: &Request, waker: &Waker) -> Option<Running<D::Answer>> {
        let ticket = request.ticket();
        let core = Arc::clone(&self.core);
        let command = request.command();
        let found = core.dispatch.find(command);
        let own = match found {
            None => core.library.find(command),
            Some(_) => None,
        };
        let info = found.map(|found| found.info).or(own.map(|own| own.info));
        let check = |gate: &crate::session::server::Gate| {
            gate.check(command, request.is_oob(), info.as_ref())
        };
        let info = match (core.control.with_gate(check), info) {
            (Ok(()), Some(info)) => info,
            (Err(Refusal::Crash), _) => {
                core.control.crash();
                return None;
            }
            (Err(Refusal::Error(error)), _) => {
                self.session.reply(ticket, Err(&error));
                return None;
            }
            (Ok(()), None) => return None,
        };
        let call = match found {
            Some(found) if found.info.name.is_empty() => {
                Call::new(command.to_owned(), Arc::clone(&self.client))
            }
            _ => Call::new(info.name, Arc::clone(&self.client)),
        };
        let call = call
            .out_of_band(request.is_oob())
            .decoded(core.options.mode)
            .of_release(core.options.release())
            .with_id(request.id());
        #[cfg(unix)]
        let call = call.with_descriptors(request.descriptors().cloned());
        let hooks = &core.options.hooks;
        let started = (!hooks.is_empty()).then(Instant::now);
        let outcome = hooks
            .before(&call, &info)
            .and_then(|()| match (found, own) {
                (Some(found), _) => core
                    .dispatch
                    .start(found.index, call, request.arguments())
                    .map(Ok),
                (None, Some(own)) => own.answer(&core, request.arguments()).map(Err),
                (None, None) => Err(ErrorReply::command_not_found(command)),
            });
        match outcome {
            Ok(Ok(answer)) => {
                return Some(Running {
                    ticket,
                    info,
                    answer,
                    started,
                });
            }
            Ok(Err(value)) => self.conclude(ticket, &info, started, Ok(value), waker),
            Err(error) => self.conclude(ticket, &info, started, Err(error), waker),
        }
        None
    }

    fn finish(&mut self, running: &Running<D::Answer>, outcome: Outcome, waker: &Waker) {
        self.conclude(
            running.ticket,
            &running.info,
            running.started,
            outcome,
            waker,
        );
    }

    fn conclude(
        &mut self,
        ticket: Ticket,
        info: &CommandInfo,
        started: Option<Instant>,
        outcome: Outcome,
        waker: &Waker,
    ) {
        if let Some(started) = started {
            self.core.options.hooks.after(&Done {
                command: info.name,
                client: self.key(),
                result: outcome.as_ref().map(|_| ()),
                elapsed: started.elapsed(),
            });
        }
        // Those that the handler emitted come first.
        self.drain_events(waker);
        if self.core.control.is_crashed() {
            return;
        }
        match &outcome {
            Ok(_) if !info.success_response => self.session.finish(ticket),
            Ok(value) => self.session.reply(ticket, Ok(value)),
            Err(error) => self.session.reply(ticket, Err(error)),
        }
    }
}

impl<D: Dispatch> Drop for Connection<D> {
    fn drop(&mut self) {
        self.core.control.events().leave(&self.monitor);
        self.core.turns.leave(self.client.number());
    }
}

#[cfg(all(test, not(shuttle)))]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::server::Options;
    use crate::service::Router;
    use crate::types::Value;

    fn advance(connection: &mut Connection<Router>) {
        let mut cx = Context::from_waker(Waker::noop());
        connection.advance(&mut cx, &mut Share::new());
    }

    /// As a transport would.
    fn send(connection: &mut Connection<Router>, text: &str) {
        connection.receive(text.len(), &mut Share::new(), |session| {
            session.receive(text.as_bytes());
        });
    }

    #[test]
    fn a_turn_of_commands_that_keep_their_thread_ends_early() {
        let other = Arc::new(Mutex::new(None::<Connection<Router>>));
        let slow = Arc::new(AtomicUsize::new(0));
        let (waiting, counted) = (Arc::clone(&other), Arc::clone(&slow));
        let router = Router::new().fallback(move |call: Call, _| {
            if call.command() == "slow" {
                match counted.fetch_add(1, Ordering::Relaxed) {
                    // As another thread would meanwhile.
                    0 => advance(waiting.lock().unwrap().as_mut().unwrap()),
                    _ => std::thread::sleep(2 * LONG),
                }
            }
            async { Ok(Value::Null) }
        });
        let options = Options::qmp();
        let config = options.config.clone();
        let core = Arc::new(Core::new(router, options));
        let connection = || {
            let mut connection = Connection::new(Arc::clone(&core), &config, None);
            send(&mut connection, "{'execute': 'qmp_capabilities'}");
            connection
        };
        let (mut first, mut second) = (connection(), connection());
        send(&mut second, "{'execute': 'quick'}");
        *other.lock().unwrap() = Some(second);
        send(&mut first, &"{'execute': 'slow'}".repeat(4));
        advance(&mut first);
        // The other one was known to wait when the first ended, and to have waited for long when the second did.
        assert_eq!(slow.load(Ordering::Relaxed), 2);
        let mut other = other.lock().unwrap().take().unwrap();
        let before = other.session().output().len();
        advance(&mut other);
        assert!(other.session().output().len() > before, "it has its turn");
        advance(&mut first);
        assert_eq!(slow.load(Ordering::Relaxed), 4);
    }
}
