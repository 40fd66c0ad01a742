//! What a session's server said, to be said again.

use std::sync::Mutex;

use qapi_rt::service::{Call, Result};
use qapi_rt::testing::{Exchange, Notice, Outcome, Recording};
use qapi_rt::types::codec::{Decode, Members};
use qapi_rt::types::{
    Command, ErrorClass, ErrorReply, Mode, Object, Style, Writer, from_slice, to_vec,
};

/// The session from where it stands on.
pub(crate) struct Story {
    exchanges: Vec<Exchange>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    next: usize,
    /// What comes before the next reply.
    events: Vec<Notice>,
}

pub(crate) fn is_not_found(exchange: &Exchange) -> bool {
    matches!(&exchange.outcome, Outcome::Error(error) if error.class == ErrorClass::CommandNotFound)
}

impl Story {
    pub(crate) fn new(recording: &Recording) -> Self {
        Self {
            exchanges: recording.exchanges().unwrap(),
            state: Mutex::default(),
        }
    }

    /// Does what the session's server did when it was asked the same. Requests in between did not get this far.
    pub(crate) fn tell<C: Command, R: Decode>(&self, call: &Call, arguments: &C) -> Result<R> {
        let arguments = object(arguments)?;
        let mut state = self.state.lock().unwrap();
        let rest = self.exchanges[state.next..].iter();
        let same = |exchange: &Exchange| {
            exchange.command == call.command() && exchange.arguments == arguments
        };
        let Some(at) = rest.clone().position(same) else {
            return Err(ErrorReply::generic("nobody asked for this"));
        };
        let exchange = &self.exchanges[state.next + at];
        let skipped = rest.take(at).flat_map(|exchange| &exchange.after);
        let earlier: Vec<_> = std::mem::take(&mut state.events);
        for Notice { name, data, .. } in earlier.iter().chain(skipped).chain(&exchange.before) {
            let events = call.control().events();
            events.emit_raw(name, &data.clone().unwrap_or_default());
        }
        state.events.clone_from(&exchange.after);
        state.next += at + 1;
        if call.command() == "quit" {
            call.control().shut_down();
        }
        match &exchange.outcome {
            Outcome::Return(value) => Ok(from_slice(&to_vec(value)?, Mode::Strict)?),
            Outcome::Error(error) => Err(error.clone()),
            _ => Err(ErrorReply::generic("there was no answer")),
        }
    }
}

fn object<C: Members>(arguments: &C) -> Result<Object> {
    let mut text = Vec::new();
    let mut writer = Writer::new(&mut text, Style::Compact);
    writer.begin_object();
    arguments.put(&mut writer);
    writer.end_object();
    writer.finish()?;
    Ok(from_slice(&text, Mode::Strict)?)
}
