//! From an address to a connection.

use std::path::Path;
use std::process::{ChildStdin, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use qapi_rt::blocking::{Agent, AgentBuilder, Builder, Client};
use qapi_rt::testing::Recorder;
use qapi_rt::{Address, ConnectPhase};

use crate::failure::Failure;
use crate::machines::{self, Kind};
use crate::record;
use crate::settings::Settings;

/// A command's end is waited for so long once it says no more, and looked for so often.
const MOMENT: Duration = Duration::from_millis(500);
const PAUSE: Duration = Duration::from_millis(10);

/// A command that is the other end; it is ended with the connection.
#[derive(Debug)]
pub(crate) struct Child(std::process::Child);

impl Child {
    /// What went wrong, with how the command ended, if it did. That may come to light a moment later than the end of
    /// what it writes.
    pub(crate) fn told(&mut self, error: qapi_rt::Error) -> Failure {
        let time = match error.is_deadline() {
            true => Duration::ZERO,
            false => MOMENT,
        };
        let until = Instant::now() + time;
        let mut failure = Failure::from(error);
        loop {
            match self.0.try_wait() {
                Ok(Some(status)) => {
                    failure.message += &format!("; the command ended ({status})");
                    return failure;
                }
                Ok(None) if Instant::now() < until => thread::sleep(PAUSE),
                _ => return failure,
            }
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A connection to a QMP server, and what goes with it.
pub(crate) struct Connected {
    pub(crate) client: Client,
    pub(crate) child: Option<Child>,
    pub(crate) recorder: Option<Recorder>,
}

pub(crate) fn client(
    mut builder: Builder<'_>,
    text: &str,
    recording: Option<&record::Wanted>,
) -> Result<Connected, Failure> {
    let target = Target::of(text, Kind::Qmp)?;
    let recorder = recording.map(record::Wanted::recorder).transpose()?;
    if let Some(recorder) = &recorder {
        builder = builder.recorder(recorder);
    }
    let (client, child) = match target {
        Target::Address(address) => {
            let client = builder.connect(&address);
            (
                client.map_err(|error| hinted(error, text, Kind::Qmp))?,
                None,
            )
        }
        Target::Command(mut child, reader, writer) => match builder.over(reader, writer) {
            Ok(client) => (client, Some(child)),
            Err(error) => return Err(child.told(error)),
        },
    };
    Ok(Connected {
        client,
        child,
        recorder,
    })
}

/// Where a server listens.
pub(crate) fn address(settings: &Settings) -> Result<Address, Failure> {
    let address = settings.address.as_deref();
    let address = address.ok_or_else(|| Failure::usage("which server? -s ADDRESS says it"))?;
    match Target::of(address, Kind::Qmp)? {
        Target::Address(address) => Ok(address),
        Target::Command(..) => Err(Failure::usage("replaying is for addresses, not commands")),
    }
}

/// What went wrong at [`address`].
pub(crate) fn failed(error: qapi_rt::Error, settings: &Settings) -> Failure {
    match error.connect_phase() {
        Some(_) => hinted(
            error,
            settings.address.as_deref().unwrap_or_default(),
            Kind::Qmp,
        ),
        None => error.into(),
    }
}

pub(crate) fn agent(builder: AgentBuilder, text: &str) -> Result<(Agent, Option<Child>), Failure> {
    match Target::of(text, Kind::Agent)? {
        Target::Address(address) => {
            let agent = builder.connect(&address);
            let agent = agent.map_err(|error| hinted(error, text, Kind::Agent))?;
            Ok((agent, None))
        }
        Target::Command(child, reader, writer) => Ok((builder.over(reader, writer)?, Some(child))),
    }
}

/// What to talk to.
enum Target {
    Address(Address),
    Command(Child, ChildStdout, ChildStdin),
}

impl Target {
    fn of(address: &str, kind: Kind) -> Result<Self, Failure> {
        if let Some(command) = address.strip_prefix("exec:") {
            if command.trim().is_empty() {
                return Err(Failure::usage("exec: has no command behind it"));
            }
            let mut child = spawn(command)?;
            return match (child.0.stdout.take(), child.0.stdin.take()) {
                (Some(reader), Some(writer)) => Ok(Self::Command(child, reader, writer)),
                _ => Err(Failure::connection("a command without pipes")),
            };
        }
        let address = located(address, kind).parse();
        address
            .map(Self::Address)
            .map_err(|error: qapi_rt::ParseAddressError| Failure::usage(error.to_string()))
    }
}

/// Whether it is a socket of this machine, to be connected to at once or not at all.
pub(crate) fn is_socket_here(address: &str) -> bool {
    let address = (!address.starts_with("exec:")).then(|| address.parse());
    matches!(
        address,
        Some(Ok(Address::Unix(_) | Address::Abstract(_) | Address::Fd(_)))
    )
}

/// What is no path and no other address may be the name of a machine that runs here.
fn is_name(address: &str) -> bool {
    !address.starts_with('@') && !address.contains(['/', ':']) && !Path::new(address).exists()
}

fn located(address: &str, kind: Kind) -> String {
    let named = is_name(address).then(|| machines::named(address, kind));
    named.flatten().unwrap_or_else(|| address.to_owned())
}

/// What is known to be wrong with an address.
fn mistake(address: &str, kind: Kind) -> Option<&'static str> {
    match (machines::kind_of(&located(address, kind))?, kind) {
        (Kind::Agent, Kind::Qmp) => Some("this is a guest agent's socket, for `qmp agent`"),
        (Kind::Qmp, Kind::Agent) => Some("this is a QMP monitor, not a guest agent"),
        _ => None,
    }
}

/// Where nobody says anything: that it is known not to be who is wanted.
pub(crate) fn doubted(address: &str, kind: Kind) -> Option<Failure> {
    let mistake = mistake(address, kind)?;
    Some(Failure::connection(format!("{address}: {mistake}")))
}

/// An error of connecting, with what may be the reason.
pub(crate) fn hinted(error: qapi_rt::Error, address: &str, kind: Kind) -> Failure {
    let is_silent = error.is_deadline()
        && !error.maybe_executed()
        && matches!(error.connect_phase(), Some(ConnectPhase::Greeting) | None);
    let mut failure = Failure::from(error);
    if let Some(mistake) = mistake(address, kind) {
        failure.message += &format!("; {mistake}");
        return failure;
    }
    failure.message += match kind {
        Kind::Qmp if is_silent => {
            "; or it is no monitor: a guest agent says nothing by itself, and is for `qmp agent`"
        }
        Kind::Agent if is_silent => "; or it is a QMP monitor that another client holds",
        _ if is_name(address) && machines::named(address, kind).is_none() => {
            "; and `qmp ls` shows no such machine"
        }
        _ => "",
    };
    failure
}

fn spawn(command: &str) -> Result<Child, Failure> {
    let child = Command::new("/bin/sh")
        .args(["-c", command])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let child = child.map_err(|error| Failure::connection(format!("exec:{command}: {error}")))?;
    Ok(Child(child))
}
