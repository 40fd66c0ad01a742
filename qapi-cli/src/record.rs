//! Recordings of sessions, in the form of the library's: `qmp record` and `qmp replay`.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use qapi_rt::testing::{Recorder, Recording};

use crate::connect;
use crate::failure::Failure;
use crate::output::print;
use crate::session::Settings;

fn failed(path: &Path, error: &io::Error) -> Failure {
    Failure::usage(format!("{}: {error}", path.display()))
}

/// A file, anew if there is one, that is for nobody else to read.
pub(crate) fn private(path: &Path) -> Result<File, Failure> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    options.open(path).map_err(|error| failed(path, &error))
}

/// Writes everything down, secrets too.
pub(crate) fn recorder(file: &Path) -> Result<Recorder, Failure> {
    private(file).map(Recorder::to)
}

/// Says to the server what the recorded client said. Where it goes differently is told.
pub(crate) fn replay(settings: &Settings, file: &str) -> Result<(), Failure> {
    let (file, address) = (Path::new(file), connect::address(settings)?);
    let recording = Recording::read(file).map_err(|error| failed(file, &error))?;
    let played = recording.play_at(&address, settings.deadline());
    let played = played.map_err(|error| connect::failed(error, settings))?;
    let differences = recording.differences(&played);
    let differences = differences.map_err(|error| Failure::usage(error.to_string()))?;
    if differences.is_empty() {
        return Ok(());
    }
    print(&differences)?;
    Err(Failure::refused("it went differently"))
}
