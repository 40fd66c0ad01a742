//! Commands of the human monitor.

use std::borrow::Cow;

use crate::call::one;
use crate::failure::Failure;
use crate::output::{Form, Json, harmless, print};
use crate::session::Session;

/// `qmp hmp`. What the monitor prints is printed as it is, what would steer a terminal aside, unless another form is asked
/// for.
pub(crate) fn run(session: &Session, line: &str) -> Result<(), Failure> {
    let reply = session.execute("human-monitor-command", one("command-line", line))?;
    let reply = Json::parse(&reply).map_err(|error| Failure::connection(error.to_string()))?;
    let output = session.output();
    match reply.as_str() {
        Some(text) if !session.settings.form_given || output.form == Form::Pretty => {
            let text = text.replace("\r\n", "\n");
            let text = match output.terminal {
                true => harmless(&text),
                false => Cow::Borrowed(text.as_str()),
            };
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
