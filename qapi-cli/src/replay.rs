//! What a recording's client said, said again: `qmp replay`.

use std::path::Path;

use qapi_rt::testing::Recording;

use crate::connect;
use crate::failure::Failure;
use crate::output::print;
use crate::record::failed;
use crate::settings::Settings;

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
