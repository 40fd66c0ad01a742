//! What holds for all that a run does.

use std::time::Duration;

use crate::interrupts::Interrupts;
use crate::output::Output;
use crate::record;

/// What the command line says of everything.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) address: Option<String>,
    pub(crate) output: Output,
    /// Whether the form of output was asked for.
    pub(crate) form_given: bool,
    pub(crate) timeout: Option<Duration>,
    pub(crate) quiet: bool,
    pub(crate) fresh: bool,
    /// Whether out-of-band execution is to be enabled.
    pub(crate) oob: bool,
    /// Whether events are looked at, so that those which come while it is being connected are kept.
    pub(crate) early_events: bool,
    /// Where all messages are written down.
    pub(crate) record: Option<record::Wanted>,
    /// Whether commands come from the shell or a script of its.
    pub(crate) is_shell: bool,
    pub(crate) interrupts: Interrupts,
}

impl Settings {
    /// How long a command may take.
    pub(crate) fn deadline(&self) -> Duration {
        self.timeout.unwrap_or(Duration::from_secs(30))
    }
}
