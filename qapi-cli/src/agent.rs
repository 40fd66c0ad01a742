//! The guest agent: `qmp agent`.

mod copy;

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use clap::{ArgMatches, Command};
use qapi_rt::agent::Exec;
use qapi_rt::blocking::Agent;
use qapi_rt::capabilities::Capabilities;
use qapi_rt::qga::commands::GuestSync;
use qapi_rt::types::{ErrorClass, Object};
use qapi_rt::{ErrorKind, Violation};

use crate::arguments::{self, Given};
use crate::call::{named, refuse_arguments};
use crate::cli::{self, flag, merged};
use crate::complete::{self, Candidate};
use crate::connect;
use crate::describe;
use crate::explain::did_you_mean;
use crate::failure::{Failure, INTERRUPTED};
use crate::interrupts::{DOUBTFUL, LOOK};
use crate::known::Interface;
use crate::machines::Kind;
use crate::output::{Json, print};
use crate::pasted;
use crate::session::{Call, Text};
use crate::settings::Settings;
use crate::time::after;

/// What a call that is late by itself has to say so.
const SPARE: Duration = Duration::from_millis(500);

/// How long a copy that is to end has to close the guest's file.
const CLOSING: Duration = Duration::from_secs(1);

/// A failure, or the exit code that a program of the guest had. `behind` is what was said behind the command's name, `before` what
/// was said before `agent`.
pub(crate) fn run(
    settings: &Settings,
    matches: &ArgMatches,
    behind: &ArgMatches,
    before: &ArgMatches,
) -> Result<u8, Failure> {
    let Some((name, _)) = matches.subcommand() else {
        return Err(Failure::usage("which command?"));
    };
    let text = |id: &str| behind.get_one::<String>(id).cloned().unwrap_or_default();
    match name {
        "describe" => {
            let name = text("name");
            let described = describe::text(
                Interface::Agent,
                &schema()?,
                &name,
                &Object::new(),
                settings.output,
            );
            match described {
                Some(text) => print(&text),
                None => {
                    let capabilities = schema()?;
                    let known = capabilities.commands().map(|command| command.name());
                    let proposal = did_you_mean(&name, known);
                    Err(Failure::refused(format!(
                        "no command '{name}' is known{proposal}"
                    )))
                }
            }
        }
        "info" => info(settings),
        "commands" => {
            let reply = execute(settings, "guest-info", Object::new())?;
            let reply = parse(&reply)?;
            let list = reply.get("supported_commands");
            settings
                .output
                .value(list.unwrap_or(&Json::List(Vec::new())))
        }
        "run" => {
            let words = behind.get_many::<String>("command").unwrap_or_default();
            let with_input = behind.get_flag("stdin");
            return program(settings, words.cloned().collect(), with_input);
        }
        "cp" => copy::copy(settings, &text("from"), &text("to")),
        "fsfreeze" => {
            let command = format!("guest-fsfreeze-{}", text("what"));
            settings
                .output
                .value(&parse(&execute(settings, &command, Object::new())?)?)
        }
        name => {
            let said = |option: &str| merged::<String>(behind, before, option);
            let is_set = |option: &&str| flag(behind, before, option);
            if let Some(option) = ["oob", "wait", "complete"].into_iter().find(is_set) {
                return Err(Failure::usage(format!("a guest agent has no --{option}")));
            }
            if said("fd").is_some() {
                return Err(Failure::usage("a guest agent takes no --fd"));
            }
            if let Some(message) = pasted::message(name) {
                refuse_arguments(behind, before)?;
                let (name, arguments, oob) = pasted::parts(message)?;
                if oob {
                    return Err(Failure::usage("a guest agent has no 'exec-oob'"));
                }
                return send(settings, &name, arguments).map(|()| 0);
            }
            named(name)?;
            let given = Given::words(cli::words_of(behind))?;
            let given = given.json(said("json").as_deref(), &settings.interrupts)?;
            let given = given.keyval(said("keyval"));
            let unchecked = flag(behind, before, "unchecked");
            let arguments = arguments::for_agent(&schema()?, name, &given, unchecked)?;
            send(settings, name, arguments)
        }
    }
    .map(|()| 0)
}

/// Executes a command, and shows what it returns.
fn send(settings: &Settings, name: &str, arguments: Object) -> Result<(), Failure> {
    let is_unknown = Arc::new(AtomicBool::new(false));
    let noted = Arc::clone(&is_unknown);
    let call = Call::new(name, arguments);
    let reply = with_agent(settings, name, Some(settings.deadline()), move |agent| {
        let reply = agent.execute(call);
        reply.inspect_err(|error| {
            let is_unknown = error.class() == Some(&ErrorClass::CommandNotFound);
            noted.store(is_unknown, Ordering::SeqCst);
        })
    });
    let Text(reply) = reply.map_err(|mut failure| {
        if is_unknown.load(Ordering::SeqCst) {
            failure.message += &proposal(settings, name);
        }
        failure
    })?;
    settings.output.reply(&reply)
}

/// What was meant by the name of no command.
fn proposal(settings: &Settings, name: &str) -> String {
    if qapi_rt::qmp::COMMANDS.iter().any(|info| info.name == name) {
        return "; it is one of QMP monitors, not of guest agents".to_owned();
    }
    let (grammar, theirs) = (cli::agent::grammar(), known_commands(settings));
    let own = grammar.get_subcommands().map(Command::get_name);
    let theirs = theirs.iter().map(|candidate| &*candidate.value);
    did_you_mean(name, own.chain(theirs))
}

/// The commands that the agent has, or of the newest one if it does not say; with what they take, if that is known.
pub(crate) fn known_commands(settings: &Settings) -> Vec<Candidate> {
    let Ok(capabilities) = schema() else {
        return Vec::new();
    };
    let known = complete::commands(&capabilities);
    let reply = execute(settings, "guest-info", Object::new());
    let Ok(reply) = reply.and_then(|reply| parse(&reply)) else {
        return known;
    };
    let list = reply.get("supported_commands");
    let names = list.map_or(&[][..], Json::elements).iter();
    let names = names.filter_map(|command| command.get("name")?.as_str());
    names
        .map(|name| {
            let same = known.iter().find(|candidate| candidate.value == name);
            same.cloned().unwrap_or_else(|| Candidate::new(name, ""))
        })
        .collect()
}

/// The commands of the newest agent, since an agent does not describe its own.
pub(crate) fn schema() -> Result<Capabilities, Failure> {
    let text = include_str!(concat!(env!("OUT_DIR"), "/agent.json"));
    Capabilities::parse(text.as_bytes()).map_err(|error| Failure::usage(error.to_string()))
}

fn parse(reply: &str) -> Result<Json, Failure> {
    Json::parse(reply).map_err(Failure::unreadable)
}

/// Has a copy that is under way end, so that the agent closes its file.
#[derive(Clone, Default)]
struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Says whether the work has ended.
    fn ends<T>(&self, work: &Receiver<T>) -> bool {
        self.0.store(true, Ordering::SeqCst);
        work.recv_timeout(CLOSING).is_ok()
    }

    fn check(&self) -> io::Result<()> {
        match self.0.load(Ordering::SeqCst) {
            true => Err(io::Error::other("it is to end")),
            false => Ok(()),
        }
    }
}

fn with_agent<T: Send + 'static>(
    settings: &Settings,
    name: &str,
    time: Option<Duration>,
    work: impl FnOnce(&mut Agent) -> Result<T, qapi_rt::Error> + Send + 'static,
) -> Result<T, Failure> {
    with_agent_until(settings, name, time, None, work)
}

/// Connects, and does something with an agent in a thread of its own, while this one looks for Ctrl-C, and for the end of
/// the time if all of it has one. Work that can be stopped is given a moment then to close what it has open.
fn with_agent_until<T: Send + 'static>(
    settings: &Settings,
    name: &str,
    time: Option<Duration>,
    stop: Option<Stop>,
    work: impl FnOnce(&mut Agent) -> Result<T, qapi_rt::Error> + Send + 'static,
) -> Result<T, Failure> {
    let address = settings
        .address
        .clone()
        .ok_or_else(|| Failure::usage("which agent? -s ADDRESS says it, or QMP_SOCKET"))?;
    let deadline = settings.deadline();
    // Who is late itself says more.
    let end = time.map(|time| after(time.saturating_add(SPARE)));
    let (mut is_doubtful, doubtful) = (true, Instant::now() + DOUBTFUL);
    let (whom, kind) = (address.clone(), Kind::Agent);
    let (send, receive) = mpsc::channel();
    let held = settings.interrupts.hold();
    let is_sent = Arc::new(AtomicBool::new(false));
    let sends = Arc::clone(&is_sent);
    thread::spawn(move || {
        let connected = connect::agent(Agent::builder().deadline(deadline), &address);
        let result = connected.and_then(|(mut agent, child)| {
            let done = synchronize(&mut agent).and_then(|()| {
                sends.store(true, Ordering::SeqCst);
                work(&mut agent)
            });
            done.map_err(|error| match (error.kind(), child) {
                (ErrorKind::Protocol(Violation::Monitor), _) => Failure::connection(format!(
                    "{address}: this is a QMP monitor, not a guest agent"
                )),
                (_, Some(mut child)) => child.told(error),
                _ if error.is_deadline() => connect::hinted(error, &address, kind),
                _ => error.into(),
            })
        });
        // Nobody may be waiting any more.
        let _ = send.send(result);
    });
    let stopped = |mut failure: Failure| {
        let stop = stop.as_ref().filter(|_| is_sent.load(Ordering::SeqCst));
        if stop.is_some_and(|stop| !stop.ends(&receive)) {
            failure.message += "; the file may still be open in the guest";
        }
        Err(failure)
    };
    loop {
        match receive.recv_timeout(LOOK) {
            Ok(result) => return result,
            Err(RecvTimeoutError::Timeout) if held.interrupted() => {
                let may_be_executed = is_sent.load(Ordering::SeqCst);
                return stopped(Failure::interrupted(name, may_be_executed));
            }
            Err(RecvTimeoutError::Timeout) if end.is_some_and(|end| Instant::now() >= end) => {
                return stopped(match is_sent.load(Ordering::SeqCst) {
                    true => Failure::unknown(format!(
                        "{name}: the time is over; it may have been executed, or a part of it"
                    )),
                    false => {
                        Failure::connection(format!("{name}: the time is over; it was not sent"))
                    }
                });
            }
            Err(RecvTimeoutError::Timeout) if is_doubtful && Instant::now() >= doubtful => {
                is_doubtful = false;
                if let Some(failure) = connect::doubted(&whom, kind) {
                    return Err(failure);
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                return Err(Failure::unknown(format!(
                    "{name}: nobody waits for it any more"
                )));
            }
        }
    }
}

/// Has the agent answer before anything is sent, so that it is known from when on a command may be executed.
fn synchronize(agent: &mut Agent) -> Result<(), qapi_rt::Error> {
    match agent.execute(GuestSync::new(std::process::id().into())) {
        Err(error) if error.reply().is_none() => Err(error),
        _ => Ok(()),
    }
}

fn execute(settings: &Settings, command: &str, arguments: Object) -> Result<String, Failure> {
    let call = Call::new(command, arguments);
    with_agent(settings, command, Some(settings.deadline()), move |agent| {
        agent.execute(call).map(|Text(text)| text)
    })
}

fn info(settings: &Settings) -> Result<(), Failure> {
    // Not every guest has all of them.
    const ABOUT: [(&str, &str); 4] = [
        ("host-name", "guest-get-host-name"),
        ("os", "guest-get-osinfo"),
        ("time-zone", "guest-get-timezone"),
        ("users", "guest-get-users"),
    ];
    let replies = with_agent(settings, "guest-info", Some(settings.deadline()), |agent| {
        let mut replies = vec![agent.execute(Call::new("guest-info", Object::new()))?.0];
        for (_, command) in ABOUT {
            let reply = agent.execute(Call::new(command, Object::new()));
            replies.push(reply.map_or_else(|_| "null".to_owned(), |Text(text)| text));
        }
        Ok(replies)
    })?;
    let mut replies = replies.iter().map(|reply| parse(reply));
    let own = replies
        .next()
        .transpose()?
        .unwrap_or(Json::List(Vec::new()));
    let version = own.get("version").cloned();
    let mut members = vec![(
        "version".to_owned(),
        version.unwrap_or(Json::Plain("null".into())),
    )];
    for ((name, _), reply) in ABOUT.iter().zip(replies) {
        let mut value = reply?;
        if let (&"host-name", Some(inner)) = (name, value.get("host-name").cloned()) {
            value = inner;
        }
        members.push(((*name).to_owned(), value));
    }
    let commands = own
        .get("supported_commands")
        .map_or(&[][..], Json::elements);
    let is_enabled = |command: &&Json| command.get("enabled") == Some(&Json::Plain("true".into()));
    let enabled = commands.iter().filter(is_enabled).count();
    members.push(("commands".to_owned(), Json::Plain(enabled.to_string())));
    settings.output.value(&Json::Object(members))
}

fn program(settings: &Settings, words: Vec<String>, with_input: bool) -> Result<u8, Failure> {
    let mut words = words.into_iter();
    let mut exec = Exec::new(words.next().unwrap_or_default()).args(words);
    if with_input {
        exec = exec.input(settings.interrupts.standard_input()?);
    }
    let pid = Arc::new(OnceLock::new());
    let known = Arc::clone(&pid);
    exec = exec.started(move |pid| {
        // It is told once.
        let _ = known.set(pid);
    });
    let name = "guest-exec";
    let output = with_agent(settings, name, None, move |agent| agent.exec(exec));
    let output = output.map_err(|failure| match pid.get() {
        Some(pid) if failure.code == INTERRUPTED => Failure::new(
            INTERRUPTED,
            format!("{name}: interrupted; the program goes on in the guest, with pid {pid}"),
        ),
        _ => failure,
    })?;
    let write = |mut stream: Box<dyn io::Write>, bytes: &[u8]| {
        let written = stream.write_all(bytes).and_then(|()| stream.flush());
        written.map_err(|_| Failure::unread())
    };
    write(Box::new(io::stdout()), &output.stdout)?;
    write(Box::new(io::stderr()), &output.stderr)?;
    if output.truncated && !settings.quiet {
        settings.output.warning("the agent cut the output off");
    }
    let code = output
        .code
        .unwrap_or_else(|| 128 + output.signal.unwrap_or(0));
    Ok(u8::try_from(code & 0xFF).unwrap_or(u8::MAX))
}
