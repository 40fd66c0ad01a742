//! What happens while a line is typed: events, and the end and return of the server.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use qapi_rt::EventMessage;
use qapi_rt::blocking::EventStream;

use super::above::Above;
use super::current::{Current, current, lock};
use super::progress;
use crate::events::{fits_any, line};
use crate::output::{Form, Output, Role};
use crate::session::Session;
use crate::settings::Settings;
use crate::trace;

/// Pause between two attempts to connect again.
const PAUSE: Duration = Duration::from_millis(500);

/// What is shown above the line.
pub(crate) struct Watch {
    shared: Arc<Shared>,
}

struct Shared {
    settings: Settings,
    session: Current,
    /// Which events are shown; none at all, or those that fit a pattern, or without pattern all.
    filter: Mutex<Option<Vec<String>>>,
    above: Above,
    state: Mutex<State>,
    /// Has the editor show its prompt anew.
    changed: Arc<AtomicBool>,
}

/// What the prompt says.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    pub(super) is_gone: bool,
    /// How jobs stand; empty if there are none.
    pub(super) jobs: String,
}

/// For the editor.
pub(super) struct View {
    shared: Arc<Shared>,
}

impl View {
    pub(super) fn above(&self) -> &Above {
        &self.shared.above
    }

    pub(super) fn changed(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.shared.changed)
    }

    pub(super) fn state(&self) -> State {
        lock(&self.shared.state).clone()
    }
}

impl Watch {
    pub(super) fn start(settings: &Settings, session: &Current) -> Self {
        let shared = Arc::new(Shared {
            settings: settings.clone(),
            session: Arc::clone(session),
            filter: Mutex::new(Some(Vec::new())),
            above: Above::new(),
            state: Mutex::default(),
            changed: Arc::default(),
        });
        let showing = Arc::clone(&shared);
        trace::aside(move |line| showing.above.say_aside(line));
        let watching = Arc::clone(&shared);
        // Before the prompt is there: what happens then is shown.
        let events = watching.subscribe();
        thread::spawn(move || watching.watch(events));
        Self { shared }
    }

    pub(super) fn view(&self) -> View {
        let shared = Arc::clone(&self.shared);
        View { shared }
    }

    pub(super) fn filter(&self, filter: Option<Vec<String>>) {
        *lock(&self.shared.filter) = filter;
    }

    /// A command found that the connection has ended.
    pub(super) fn gone(&self) {
        lock(&self.shared.state).is_gone = true;
    }
}

impl Shared {
    fn subscribe(&self) -> EventStream<EventMessage> {
        current(&self.session).client.raw_events(|_| true)
    }

    fn watch(&self, mut events: EventStream<EventMessage>) {
        loop {
            self.show(events);
            *lock(&self.state) = State {
                is_gone: true,
                jobs: String::new(),
            };
            self.say(
                Role::Warning,
                "the connection has ended; it is made again when the server is back",
            );
            let session = self.connect();
            let text = match &session.settings.record {
                Some(next) => format!("connected again; recorded in {}", next.file.display()),
                None => "connected again".to_owned(),
            };
            *lock(&self.session) = Arc::new(session);
            events = self.subscribe();
            *lock(&self.state) = State::default();
            self.say(Role::Title, &text);
        }
    }

    /// Shows events until the connection ends.
    fn show(&self, mut events: EventStream<EventMessage>) {
        let output = Output {
            form: Form::Pretty,
            terminal: true,
            ..self.settings.output
        };
        self.look_at_jobs();
        loop {
            let has_jobs = !lock(&self.state).jobs.is_empty();
            let received = match has_jobs {
                true => events.recv_deadline(progress::INTERVAL),
                false => events.recv(),
            };
            let event = match received {
                Ok(received) => received.event,
                Err(error) if error.is_deadline() => {
                    self.look_at_jobs();
                    continue;
                }
                Err(_) => return,
            };
            let is_wanted = match &*lock(&self.filter) {
                Some(patterns) => fits_any(patterns, event.name()),
                None => false,
            };
            if is_wanted && let Ok(line) = line(output, &event) {
                self.above.say(line.trim_end());
            }
            if progress::is_about_jobs(&event) {
                self.look_at_jobs();
            }
        }
    }

    /// Has the prompt say how jobs stand. In a recording there is nothing but what the user says.
    fn look_at_jobs(&self) {
        if self.settings.record.is_some() {
            return;
        }
        let jobs = progress::ask(&current(&self.session)).unwrap_or_default();
        let mut state = lock(&self.state);
        if state.jobs != jobs {
            state.jobs = jobs;
            self.changed.store(true, Ordering::Relaxed);
        }
    }

    fn connect(&self) -> Session {
        loop {
            thread::sleep(PAUSE);
            let mut settings = self.settings.clone();
            settings.timeout = Some(Duration::from_secs(5));
            settings.record = settings.record.map(|recording| recording.next());
            if let Ok(mut session) = Session::connect_unwatched(&settings) {
                session.settings.timeout = self.settings.timeout;
                return session;
            }
        }
    }

    fn say(&self, role: Role, text: &str) {
        self.above
            .say(&self.settings.output.palette.paint(role, text));
    }
}
