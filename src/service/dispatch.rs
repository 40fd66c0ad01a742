//! What servers drive.

use std::future::Future;
use std::pin::Pin;

use super::{Call, Result};
use crate::types::codec::Encode;
use crate::types::message::Raw;
use crate::types::{CommandInfo, Empty, Style, Writer};

/// The end of a command: its reply as JSON text in the style of QEMU's monitor ([`Style::Ascii`]), or an error.
pub type Outcome = Result<Vec<u8>>;

/// A command that was started, where it may move between threads.
pub type Answer = Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// A command that was started, where it stays on its thread.
pub type LocalAnswer = Pin<Box<dyn Future<Output = Outcome>>>;

/// A command that a [`Dispatch`] has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// What [`Dispatch::start`] calls it.
    pub index: usize,
    /// Its name, if it is known beforehand, and its flags.
    pub info: CommandInfo,
}

/// The commands that a server carries out.
///
/// A [`Served`](super::Served) service and a [`Router`](super::Router) are such; whoever wants something else in between
/// implements it.
pub trait Dispatch: 'static {
    /// A command that was started: [`Answer`] or [`LocalAnswer`].
    type Answer: Future<Output = Outcome> + Unpin;

    /// The commands that clients are told of, sorted by name.
    fn commands(&self) -> Vec<CommandInfo>;

    /// The names of the events that clients are told of.
    fn events(&self) -> Vec<&str>;

    /// Schemas that describe this, and perhaps more: each the array that `query-qmp-schema` returns, as JSON text. What
    /// several have is taken from the first. The commands that the server answers by itself need not be in any.
    fn schemas(&self) -> Vec<&str>;

    /// Looks for a command.
    fn find(&self, name: &str) -> Option<Found>;

    /// Starts a command that was found. What it gives is dropped after its reply was handed to the session: events
    /// emitted by the drop come behind the reply.
    ///
    /// # Errors
    /// When its arguments are wrong. The handler has not begun then.
    fn start(&self, index: usize, call: Call, arguments: Option<Raw<'_>>) -> Result<Self::Answer>;
}

/// What handlers may return for a command whose reply is `R`: that, or `()` where it has no members.
pub trait IntoReply<R> {
    /// The reply.
    fn into_reply(self) -> R;
}

impl<R> IntoReply<R> for R {
    #[inline]
    fn into_reply(self) -> R {
        self
    }
}

impl IntoReply<Empty> for () {
    #[inline]
    fn into_reply(self) -> Empty {
        Empty::new()
    }
}

/// A reply as JSON text.
///
/// # Errors
/// When JSON cannot express it: it holds a number that is not finite.
pub fn encode_reply<T: Encode>(reply: &T) -> Outcome {
    encode(reply, &[])
}

/// A reply without members that have one of these features.
pub(super) fn encode<T: Encode>(reply: &T, hidden: &'static [&'static str]) -> Outcome {
    let mut out = Vec::with_capacity(64);
    let mut writer = Writer::new(&mut out, Style::Ascii).hiding(hidden);
    reply.encode(&mut writer);
    writer.finish()?;
    Ok(out)
}
