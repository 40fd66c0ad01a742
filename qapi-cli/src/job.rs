//! Jobs, migrations and dumps, followed to their end.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use qapi_rt::blocking::Running;
use qapi_rt::jobs::{
    Dump, Job, JobUpdate, Migration, MigrationUpdate, Operation, Progress, WhenPending, WhenReady,
};
use qapi_rt::qmp::JobStatus;
use qapi_rt::types::message::{Raw, decode_arguments};
use qapi_rt::types::{Object, Value, to_vec};

use crate::failure::{Failure, INTERRUPTED};
use crate::output::{Json, Role};
use crate::session::{Call, Session};

/// So often the server is asked how far it has come.
const INTERVAL: Duration = Duration::from_millis(250);
/// So often Ctrl-C is looked for.
const LOOK: Duration = Duration::from_millis(50);
/// A job that is finalized by itself does not stay pending for so long.
const AT_ONCE: Duration = Duration::from_secs(1);
/// Characters of the bar.
const BAR: usize = 30;

/// How far a job is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    /// Not at all.
    No,
    /// Until it has ended, or does not go on by itself.
    Yes,
    /// Until it has ended: where it waits for the user, it is told to go on.
    Complete,
}

impl Wait {
    pub(crate) fn new(wait: bool, complete: bool) -> Self {
        match (wait, complete) {
            (_, true) => Self::Complete,
            (true, _) => Self::Yes,
            _ => Self::No,
        }
    }
}

/// `qmp job`.
pub(crate) fn show(session: &Session, id: Option<&str>, wait: Wait) -> Result<(), Failure> {
    let Some(id) = id else {
        if wait != Wait::No {
            return Err(Failure::usage("which job? `qmp job` shows them"));
        }
        return session
            .output()
            .reply(&session.execute("query-jobs", Object::new())?);
    };
    if wait != Wait::No {
        // Watched first, so that an end after it was found is not missed.
        let run = watch(session, id, wait);
        find(session, id)?;
        return follow(session, id, run, wait);
    }
    session.output().reply(&find(session, id)?)
}

/// What the server says of a job.
fn find(session: &Session, id: &str) -> Result<String, Failure> {
    let jobs = session.execute("query-jobs", Object::new())?;
    let jobs = Json::parse(&jobs).map_err(Failure::unreadable)?;
    let is_it = |job: &&Json| job.get("id").and_then(Json::as_str) == Some(id);
    match jobs.elements().iter().find(is_it) {
        Some(job) => Ok(job.compact()),
        None => Err(Failure::refused(format!("there is no job '{id}'"))),
    }
}

fn watch(session: &Session, id: &str, wait: Wait) -> Running<Job> {
    let job = Job::watch(id);
    session.client.run(match wait {
        Wait::Complete => job,
        // Switching over to another disk is not for us to decide.
        _ => job
            .when_ready(WhenReady::Wait)
            .when_pending(WhenPending::Wait),
    })
}

/// Starts a command with `--wait`, and follows what it starts.
pub(crate) fn start(
    session: &Session,
    command: &str,
    arguments: Object,
    wait: Wait,
) -> Result<(), Failure> {
    let client = &session.client;
    match command {
        "migrate" => {
            let command = typed(&arguments)?;
            follow(
                session,
                "migration",
                client.run(Migration::outgoing(&command)),
                wait,
            )
        }
        "migrate-incoming" => {
            let command = typed(&arguments)?;
            follow(
                session,
                "migration",
                client.run(Migration::incoming(&command)),
                wait,
            )
        }
        "dump-guest-memory" => {
            let command = typed(&arguments)?;
            follow(session, "dump", client.run(Dump::new(command)), wait)
        }
        _ => start_job(session, command, arguments, wait),
    }
}

fn typed<C: qapi_rt::types::Command>(arguments: &Object) -> Result<C, Failure> {
    let text = to_vec(arguments).map_err(|error| Failure::usage(error.to_string()))?;
    let text = String::from_utf8_lossy(&text);
    decode_arguments(Some(Raw::from_text(&text))).map_err(|error| Failure::usage(error.to_string()))
}

fn start_job(
    session: &Session,
    command: &str,
    mut arguments: Object,
    wait: Wait,
) -> Result<(), Failure> {
    let capabilities = session.needed_schema()?;
    let takes = |name: &str| {
        let command = capabilities.command(command);
        command.is_some_and(|command| command.argument(name).is_some())
    };
    if !takes("job-id") {
        return Err(Failure::usage(format!(
            "{command} starts no job, so --wait is of no use"
        )));
    }
    let new_id = || Value::from(format!("qmp-{}", std::process::id()));
    let id = arguments.entry("job-id").or_insert_with(new_id);
    let id = id.as_str().unwrap_or_default().to_owned();
    if takes("auto-dismiss") {
        // Its error is to be read.
        arguments.insert("auto-dismiss".into(), false.into());
    }
    // Before it is started, so that an early end is not missed.
    let run = watch(session, &id, wait);
    session.execute_as(Call::new(command, arguments), false)?;
    follow(session, &id, run, wait)
}

/// What is of interest in an update.
#[derive(Clone, Copy, Debug)]
enum Seen {
    /// What is done, and of how much.
    Progress(u64, u64),
    /// It does not go on before it is told to by a command, if it stays so for this time.
    Rests(&'static str, &'static str, Duration),
    GoesOn,
    Nothing,
}

trait Shown {
    fn seen(&self) -> Seen;
}

impl Shown for Progress {
    fn seen(&self) -> Seen {
        Seen::Progress(self.current, self.total)
    }
}

impl Shown for JobUpdate {
    fn seen(&self) -> Seen {
        match self {
            Self::Progress(progress) => progress.seen(),
            Self::Status(JobStatus::Ready) => Seen::Rests("ready", "job-complete", Duration::ZERO),
            Self::Status(JobStatus::Pending) => Seen::Rests("pending", "job-finalize", AT_ONCE),
            Self::Status(_) => Seen::GoesOn,
            _ => Seen::Nothing,
        }
    }
}

impl Shown for MigrationUpdate {
    fn seen(&self) -> Seen {
        let Self::Progress(info) = self else {
            return Seen::Nothing;
        };
        let Some(memory) = &info.ram else {
            return Seen::Nothing;
        };
        let [left, total] = [memory.remaining, memory.total].map(|n| n.try_into().unwrap_or(0u64));
        Seen::Progress(total.saturating_sub(left), total)
    }
}

fn follow<O>(session: &Session, id: &str, run: Running<O>, wait: Wait) -> Result<(), Failure>
where
    O: Operation + Send + 'static,
    O::Update: Shown + Send,
    O::Outcome: Send,
{
    let held = session.settings.interrupts.hold();
    let mut run = run.progress_every(INTERVAL);
    if let Some(timeout) = session.settings.timeout {
        run = run.deadline(timeout);
    }
    let (send, receive) = mpsc::channel();
    // Its own thread waits for the server, this one for the user as well.
    thread::spawn(move || {
        for update in &mut run {
            if send.send(Ok(update.seen())).is_err() {
                return;
            }
        }
        let _ = send.send(Err(run.outcome().map(|_| ())));
    });
    let mut bar = Bar::new(session);
    let mut rest = None;
    loop {
        if let Some((until, status, next)) = rest
            && until <= Instant::now()
            && wait != Wait::Complete
        {
            bar.clear();
            if !session.settings.quiet {
                let text = format!("{id} is {status}; {next} has it go on");
                session.output().note(Role::Title, "note", &text);
            }
            return ended(session, id, status);
        }
        match receive.recv_timeout(LOOK) {
            Ok(Ok(Seen::Progress(current, total))) => bar.show(current, total),
            Ok(Ok(Seen::Rests(status, next, after))) => {
                rest = Some((Instant::now() + after, status, next));
            }
            Ok(Ok(Seen::GoesOn)) => rest = None,
            Ok(Ok(Seen::Nothing)) => {}
            Ok(Err(outcome)) => {
                bar.clear();
                outcome.map_err(Failure::from)?;
                return ended(session, id, "concluded");
            }
            Err(RecvTimeoutError::Timeout) if held.interrupted() => {
                bar.clear();
                return Err(Failure {
                    code: INTERRUPTED,
                    message: format!("{id}: interrupted; it goes on without being watched"),
                });
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                return Err(Failure::unknown(format!(
                    "{id}: nobody watches it any more"
                )));
            }
        }
    }
}

fn ended(session: &Session, id: &str, status: &str) -> Result<(), Failure> {
    let id = crate::output::quoted(id);
    let text = format!(r#"{{"id": {id}, "status": "{status}"}}"#);
    session.output().reply(&text)
}

/// On standard error, if that is a terminal.
struct Bar<'s> {
    session: &'s Session,
    is_on: bool,
    is_shown: bool,
}

impl<'s> Bar<'s> {
    fn new(session: &'s Session) -> Self {
        Self {
            session,
            is_on: io::stderr().is_terminal() && !session.settings.quiet,
            is_shown: false,
        }
    }

    fn show(&mut self, current: u64, total: u64) {
        if !self.is_on || total == 0 {
            return;
        }
        let share = current.min(total) as f64 / total as f64;
        let full = (share * BAR as f64) as usize;
        let bar = format!("{}{}", "█".repeat(full), "░".repeat(BAR - full));
        let bar = self.session.output().notes.paint(Role::Text, &bar);
        let _ = write!(
            io::stderr(),
            "\r\x1b[K{bar} {:3.0} %  {current} of {total}",
            share * 100.0
        );
        self.is_shown = true;
    }

    fn clear(&self) {
        if self.is_shown {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}
