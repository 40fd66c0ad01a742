//! Commands of the human monitor.

use crate::call::one;
use crate::failure::Failure;
use crate::output::{Form, Json, print};
use crate::session::Session;

/// `qmp hmp`. What the monitor prints is printed as it is, unless another form is asked for.
pub(crate) fn run(session: &Session, line: &str) -> Result<(), Failure> {
    let reply = session.execute("human-monitor-command", one("command-line", line))?;
    let reply = Json::parse(&reply).map_err(|error| Failure::connection(error.to_string()))?;
    let output = session.output();
    match reply.as_str() {
        Some(text) if !session.settings.form_given || output.form == Form::Pretty => {
            let text = text.replace("\r\n", "\n");
            let end = if text.is_empty() || text.ends_with('\n') {
                ""
            } else {
                "\n"
            };
            print(&format!("{text}{end}"))
        }
        _ => output.value(&reply),
    }
}
