//! What happens around every command.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::{Call, Result};
use crate::types::{CommandInfo, ErrorReply};

/// Something that sees every command: to log it, to refuse it to this client, to limit how often it comes.
///
/// Commands that are not there, and requests that are malformed, do not get this far.
pub trait Hook: Send + Sync + 'static {
    /// Before arguments are decoded.
    ///
    /// # Errors
    /// What the client is to be told instead of executing the command.
    fn before(&self, call: &Call, command: &CommandInfo) -> Result<()> {
        let _ = (call, command);
        Ok(())
    }

    /// After the command, before its reply is sent; `elapsed` since it was started.
    fn after(&self, done: &Done<'_>) {
        let _ = done;
    }
}

/// A command that was executed, or refused.
#[derive(Debug)]
#[non_exhaustive]
pub struct Done<'a> {
    /// The command.
    pub command: &'a str,
    /// The number of the client that called it.
    pub client: u64,
    /// What the client is told, but for the value returned.
    pub result: std::result::Result<(), &'a ErrorReply>,
    /// How long it took.
    pub elapsed: Duration,
}

/// The hooks of a server, in the order they are asked.
#[derive(Clone, Default)]
pub struct Hooks(Vec<Arc<dyn Hook>>);

impl Hooks {
    /// None.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one behind the others.
    pub fn push(&mut self, hook: impl Hook) {
        self.0.push(Arc::new(hook));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn before(&self, call: &Call, command: &CommandInfo) -> Result<()> {
        self.0
            .iter()
            .try_for_each(|hook| hook.before(call, command))
    }

    /// In the opposite order.
    pub(crate) fn after(&self, done: &Done<'_>) {
        self.0.iter().rev().for_each(|hook| hook.after(done));
    }
}

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} hooks", self.0.len())
    }
}
