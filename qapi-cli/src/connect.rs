//! From an address to a connection.

use std::path::Path;
use std::process::{ChildStdin, ChildStdout, Command, Stdio};

use qapi_rt::Address;
use qapi_rt::blocking::{Agent, AgentBuilder, Builder, Client};

use crate::failure::Failure;
use crate::machines::{self, Kind};
use crate::record;
use crate::session::Settings;

/// A command that is the other end; it is ended with the connection.
#[derive(Debug)]
pub(crate) struct Child(std::process::Child);

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub(crate) fn client(
    mut builder: Builder<'_>,
    text: &str,
    recording: Option<&Path>,
) -> Result<(Client, Option<Child>), Failure> {
    let target = Target::of(text, Kind::Qmp)?;
    if let Some(file) = recording {
        builder = builder.recorder(&record::recorder(file)?);
    }
    match target {
        Target::Address(address) => {
            let client = builder.connect(&address);
            let client = client.map_err(|error| hinted(error, text, Kind::Qmp))?;
            Ok((client, None))
        }
        Target::Command(child, reader, writer) => Ok((builder.over(reader, writer)?, Some(child))),
    }
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

/// What is no path and no other address may be the name of a machine that runs here.
fn is_name(address: &str) -> bool {
    !address.contains(['/', ':']) && !Path::new(address).exists()
}

fn located(address: &str, kind: Kind) -> String {
    let named = is_name(address).then(|| machines::named(address, kind));
    named.flatten().unwrap_or_else(|| address.to_owned())
}

/// An error of connecting, with what may be the reason.
pub(crate) fn hinted(error: qapi_rt::Error, address: &str, kind: Kind) -> Failure {
    let mut failure = Failure::from(error);
    failure.message += match (machines::kind_of(&located(address, kind)), kind) {
        (Some(Kind::Agent), Kind::Qmp) => "; this is a guest agent's socket, for `qmp agent`",
        (Some(Kind::Qmp), Kind::Agent) => "; this is a QMP monitor, not a guest agent",
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
