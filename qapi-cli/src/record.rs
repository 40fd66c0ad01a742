//! Recordings of sessions, in the form of the library's: `qmp record` and `qmp replay`.

use std::fs::OpenOptions;
use std::io;
use std::net::TcpStream;
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::net::UnixStream;
use std::path::Path;

use qapi_rt::Address;
use qapi_rt::blocking::{Builder, Client};
use qapi_rt::testing::{Recorder, Recording};

use crate::connect;
use crate::failure::Failure;
use crate::output::print;
use crate::session::Settings;

fn failed(path: &Path, error: &io::Error) -> Failure {
    Failure::usage(format!("{}: {error}", path.display()))
}

/// Connects so that everything is written down. Descriptors do not pass then.
pub(crate) fn client(
    builder: Builder<'_>,
    address: &Address,
    file: &Path,
) -> Result<Client, Failure> {
    // Secrets are in it, so it is for nobody else to read.
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let recorder = options.open(file).map(Recorder::to);
    let recorder = recorder.map_err(|error| failed(file, &error))?;
    let no_connection = |error: io::Error| Failure::connection(format!("{address}: {error}"));
    let client = match address {
        Address::Unix(path) => {
            let stream = UnixStream::connect(path).map_err(no_connection)?;
            let reader = stream.try_clone().map_err(no_connection)?;
            builder.over(recorder.wrap(reader), recorder.wrap(stream))
        }
        Address::Tcp { host, port } => {
            let stream = TcpStream::connect((host.as_str(), *port)).map_err(no_connection)?;
            let reader = stream.try_clone().map_err(no_connection)?;
            builder.over(recorder.wrap(reader), recorder.wrap(stream))
        }
        _ => {
            return Err(Failure::usage(format!(
                "{address}: recording is for Unix sockets and TCP"
            )));
        }
    };
    Ok(client?)
}

/// Says to the server what the recorded client said. Where it goes differently is told.
pub(crate) fn replay(settings: &Settings, file: &str) -> Result<(), Failure> {
    let (file, address) = (Path::new(file), connect::address(settings)?);
    let recording = Recording::read(file).map_err(|error| failed(file, &error))?;
    let wait = Some(settings.deadline());
    let play = || match &address {
        Address::Unix(path) => {
            let stream = UnixStream::connect(path)?;
            stream.set_read_timeout(wait)?;
            recording.play(stream)
        }
        Address::Tcp { host, port } => {
            let stream = TcpStream::connect((host.as_str(), *port))?;
            stream.set_read_timeout(wait)?;
            recording.play(stream)
        }
        _ => Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "replaying is for Unix sockets and TCP",
        )),
    };
    let played = play().map_err(|error| match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::UnexpectedEof => {
            Failure::unknown(format!("{address}: {error}"))
        }
        _ => Failure::connection(format!("{address}: {error}")),
    })?;
    let differences = recording.differences(&played);
    let differences = differences.map_err(|error| Failure::usage(error.to_string()))?;
    if differences.is_empty() {
        return Ok(());
    }
    print(&differences)?;
    Err(Failure::refused("it went differently"))
}
