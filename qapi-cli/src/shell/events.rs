//! What happens while a line is typed: events, and the end and return of the server.

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use reedline::ExternalPrinter;

use super::interpret::{Current, current, lock};
use crate::events::{fits_any, line};
use crate::output::{Form, Output, Role};
use crate::session::{Session, Settings};

/// Lines that wait to be shown.
const QUEUE: usize = 1024;
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
    printer: ExternalPrinter<String>,
    state: Mutex<State>,
}

/// What the prompt says.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    pub(super) is_gone: bool,
    /// Jobs that run, and how they stand.
    pub(super) jobs: Vec<(String, String)>,
}

/// For the editor.
pub(super) struct View {
    shared: Arc<Shared>,
}

impl View {
    pub(super) fn printer(&self) -> ExternalPrinter<String> {
        self.shared.printer.clone()
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
            printer: ExternalPrinter::new(QUEUE),
            state: Mutex::default(),
        });
        let watching = Arc::clone(&shared);
        thread::spawn(move || watching.watch());
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
    fn watch(&self) {
        loop {
            self.events();
            lock(&self.state).is_gone = true;
            self.say(
                Role::Warning,
                "the connection has ended; it is made again when the server is back",
            );
            let session = self.connect();
            *lock(&self.session) = Arc::new(session);
            *lock(&self.state) = State::default();
            self.say(Role::Title, "connected again");
        }
    }

    /// Shows events until the connection ends.
    fn events(&self) {
        let session = current(&self.session);
        let mut events = session.client.raw_events(|_| true);
        // The session is let go of, so that only who executes commands keeps it.
        drop(session);
        let output = Output {
            form: Form::Pretty,
            terminal: true,
            ..self.settings.output
        };
        while let Ok(received) = events.recv() {
            self.note_job(&received.event);
            let is_wanted = match &*lock(&self.filter) {
                Some(patterns) => fits_any(patterns, received.event.name()),
                None => false,
            };
            if is_wanted && let Ok(line) = line(output, &received.event) {
                self.show(line.trim_end().to_owned());
            }
        }
    }

    /// Keeps what the prompt says of jobs.
    fn note_job(&self, event: &qapi_rt::EventMessage) {
        if event.name() != "JOB_STATUS_CHANGE" {
            return;
        }
        let Ok(data) = event.object() else { return };
        let text = |name: &str| data.get(name).and_then(|value| value.as_str());
        let (Some(id), Some(status)) = (text("id"), text("status")) else {
            return;
        };
        let mut state = lock(&self.state);
        state.jobs.retain(|(job, _)| job != id);
        if !matches!(status, "null" | "concluded" | "aborting") {
            state.jobs.push((id.to_owned(), status.to_owned()));
        }
    }

    fn connect(&self) -> Session {
        loop {
            thread::sleep(PAUSE);
            let mut settings = self.settings.clone();
            settings.timeout = Some(Duration::from_secs(5));
            if let Ok(mut session) = Session::connect(&settings) {
                session.settings.timeout = self.settings.timeout;
                return session;
            }
        }
    }

    fn say(&self, role: Role, text: &str) {
        self.show(self.settings.output.palette.paint(role, text));
    }

    fn show(&self, text: String) {
        // Nobody looks any more.
        let _ = self.printer.print(text);
    }
}
