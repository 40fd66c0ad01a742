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
    builder: Builder<'_>,
    address: &str,
    recording: Option<&Path>,
) -> Result<(Client, Option<Child>), Failure> {
    match Target::of(address, Kind::Qmp)? {
        Target::Address(address) => match recording {
            Some(file) => Ok((record::client(builder, &address, file)?, None)),
            None => Ok((builder.connect(&address)?, None)),
        },
        Target::Command(..) if recording.is_some() => {
            Err(Failure::usage("recording is for Unix sockets and TCP"))
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
        Target::Command(..) => Err(Failure::usage("replaying is for Unix sockets and TCP")),
    }
}

pub(crate) fn agent(
    builder: AgentBuilder,
    address: &str,
) -> Result<(Agent, Option<Child>), Failure> {
    match Target::of(address, Kind::Agent)? {
        Target::Address(address) => Ok((builder.connect(&address)?, None)),
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
fn located(address: &str, kind: Kind) -> String {
    let is_name = !address.contains(['/', ':']) && !Path::new(address).exists();
    let named = is_name.then(|| machines::named(address, kind)).flatten();
    named.unwrap_or_else(|| address.to_owned())
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
