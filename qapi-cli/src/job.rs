//! Jobs, migrations and dumps, followed to their end.

mod bar;
mod seen;

use std::os::fd::OwnedFd;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use qapi_rt::blocking::{Client, Running};
use qapi_rt::jobs::{Dump, Job, Migration, Operation, WhenPending, WhenReady};
use qapi_rt::qmp::{MigrationStatus, commands};
use qapi_rt::types::message::{Raw, decode_arguments};
use qapi_rt::types::{Object, Value, to_vec};

use self::bar::Bar;
use self::seen::{Pauses, Rest, Seen, Shown};
use crate::failure::{Failure, INTERRUPTED, UNKNOWN};
use crate::output::{Json, Role};
use crate::session::{Call, Session};

/// So often the server is asked how far it has come.
const INTERVAL: Duration = Duration::from_millis(250);
/// So often Ctrl-C is looked for.
const LOOK: Duration = Duration::from_millis(50);

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
        return follow(session, id, run, wait, false);
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
    fds: Vec<OwnedFd>,
    wait: Wait,
) -> Result<(), Failure> {
    let client = &session.client;
    match command {
        "migrate" | "migrate-incoming" | "query-migrate" | "dump-guest-memory"
            if !fds.is_empty() =>
        {
            Err(Failure::usage(format!(
                "{command} takes descriptors by their names: --fd NAME=FILE"
            )))
        }
        "migrate" => {
            let command = typed(&arguments)?;
            follow(
                session,
                "migration",
                client.run(Migration::outgoing(&command)),
                wait,
                false,
            )
        }
        "migrate-incoming" => {
            let command = typed(&arguments)?;
            follow(
                session,
                "migration",
                client.run(Migration::incoming(&command)),
                wait,
                false,
            )
        }
        "query-migrate" => {
            let run = client.run(Migration::watch());
            follow(session, "migration", run, wait, false)
        }
        "dump-guest-memory" => {
            let command = typed(&arguments)?;
            follow(session, "dump", client.run(Dump::new(command)), wait, false)
        }
        _ => start_job(session, command, arguments, fds, wait),
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
    fds: Vec<OwnedFd>,
    wait: Wait,
) -> Result<(), Failure> {
    let capabilities = session
        .needed_schema()
        .map_err(|failure| failure.before(command))?;
    let takes = |name: &str| {
        let command = capabilities.command(command);
        command.is_some_and(|command| command.argument(name).is_some())
    };
    if !takes("job-id") {
        return Err(Failure::usage(no_job(session, command, wait)));
    }
    let new_id = || Value::from(format!("qmp-{}", std::process::id()));
    let id = arguments.entry("job-id").or_insert_with(new_id);
    let id = id.as_str().unwrap_or_default().to_owned();
    if takes("auto-dismiss") {
        // Its error is to be read.
        let entry = arguments.entry("auto-dismiss");
        entry.or_insert(false.into());
    }
    let is_kept = arguments.get("auto-dismiss") != Some(&true.into());
    // Before it is started, so that an early end is not missed.
    let run = watch(session, &id, wait);
    session.execute_as(Call::new(command, arguments), false, fds)?;
    follow(session, &id, run, wait, is_kept)
}

/// Why there is nothing to follow, and what can be followed.
fn no_job(session: &Session, command: &str, wait: Wait) -> String {
    let how = match wait {
        Wait::Complete => "--complete",
        _ => "--wait",
    };
    let follow = by_itself(session, "ID", how);
    match command {
        "transaction" => format!(
            "{how} does not follow the jobs of a transaction, of which there may be several; {follow} follows each"
        ),
        _ if command.starts_with("job-") || command.starts_with("block-job-") => {
            format!("{command} starts no job; {follow} follows one that is there")
        }
        _ => format!("{command} starts no job, so {how} is of no use"),
    }
}

/// `is_kept` says that it was started so that it stays until it is dismissed, as it is here at its end.
fn follow<O>(
    session: &Session,
    id: &str,
    run: Running<O>,
    wait: Wait,
    is_kept: bool,
) -> Result<(), Failure>
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
    let (client, mut pauses) = (session.client.clone(), Pauses::of(&session.client, id));
    // Its own thread waits for the server, this one for the user as well.
    thread::spawn(move || {
        for update in &mut run {
            let seen = pauses.look(update.seen());
            if wait == Wait::Complete
                && seen == Seen::Rests(Rest::PreSwitchover)
                && let Err(error) = switch_over(&client)
            {
                let _ = send.send(Err(Err(error.into())));
                return;
            }
            if send.send(Ok(seen)).is_err() {
                return;
            }
        }
        let _ = send.send(Err(run.outcome().map(|_| ())));
    });
    let dismissal = |how: &str| match is_kept {
        true => format!("; {}", dismissal(session, id, how)),
        false => String::new(),
    };
    let mut bar = Bar::new(session);
    let mut rest: Option<(Instant, Rest)> = None;
    loop {
        if let Some((until, at)) = rest
            && until <= Instant::now()
            && (wait != Wait::Complete || at.is_broken())
        {
            bar.clear();
            let how = if at.is_broken() {
                "--wait"
            } else {
                "--complete"
            };
            let text = format!("{id} is {}; {}{}", at.status(), at.advice(), dismissal(how));
            return rests(session, id, at, wait, &text);
        }
        match receive.recv_timeout(LOOK) {
            Ok(Ok(Seen::Progress(current, total))) => bar.show(current, total),
            Ok(Ok(Seen::Rests(at))) => rest = Some((Instant::now() + at.moment(), at)),
            Ok(Ok(Seen::GoesOn)) => rest = None,
            Ok(Ok(_)) => {}
            Ok(Err(outcome)) => {
                bar.clear();
                outcome.map_err(|error| {
                    let mut failure = Failure::from(error);
                    if failure.code == UNKNOWN {
                        failure.message += &dismissal("--wait");
                    }
                    failure
                })?;
                return ended(session, id, "concluded");
            }
            Err(RecvTimeoutError::Timeout) if held.interrupted() => {
                bar.clear();
                return Err(Failure::new(
                    INTERRUPTED,
                    format!(
                        "{id}: interrupted; it goes on without being watched{}",
                        dismissal("--wait")
                    ),
                ));
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

/// Has a migration go on from where it waits for that. If it is refused, somebody else may have been faster.
fn switch_over(client: &Client) -> Result<(), qapi_rt::Error> {
    let waits = MigrationStatus::PreSwitchover;
    let refusal = match client.execute(commands::MigrateContinue::new(waits.clone())) {
        Err(error) if error.reply().is_some() => error,
        done => return done.map(drop),
    };
    let info = client.execute(commands::QueryMigrate::new())?;
    match info.status == Some(waits) {
        true => Err(refusal),
        false => Ok(()),
    }
}

/// It waits for the user. Who wanted it completed did not get that.
fn rests(session: &Session, id: &str, at: Rest, wait: Wait, text: &str) -> Result<(), Failure> {
    if wait == Wait::Complete {
        return Err(Failure::refused(text));
    }
    if !session.settings.quiet {
        session.output().note(Role::Title, "note", text);
    }
    ended(session, id, at.status())
}

/// What becomes of a job that is not followed to its end.
fn dismissal(session: &Session, id: &str, how: &str) -> String {
    let follow = by_itself(session, id, how);
    format!("at its end it stays until {follow} or job-dismiss")
}

/// What follows a job that is there.
fn by_itself(session: &Session, id: &str, how: &str) -> String {
    let program = match session.settings.is_shell {
        true => "",
        false => "qmp ",
    };
    format!("`{program}job {id} {how}`")
}

fn ended(session: &Session, id: &str, status: &str) -> Result<(), Failure> {
    let id = crate::output::quoted(id);
    let text = format!(r#"{{"id": {id}, "status": "{status}"}}"#);
    session.output().reply(&text)
}
