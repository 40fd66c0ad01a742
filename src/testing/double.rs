//! Servers that play a part.

use std::fmt::{self, Write as _};
use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use qapi_types::message::{ErrorReply, Raw, decode_object};
use qapi_types::{CommandInfo, Object, Value};

use super::difference;
use super::exchange::{Exchange, Notice, Outcome};
use super::recording::{Malformed, Recording};
use crate::service::{Answer, Call, Dispatch, Found, Result as Reply, encode_reply};

/// A server's part in a test: which commands it expects and what it does then.
///
/// A command that is neither next nor [always](Self::always) expected is answered an error, and
/// [`finish`](Self::finish) tells of it, as it does of commands that were expected and did not come. Clones play the same
/// part.
///
/// ```
/// # #[cfg(feature = "qmp")] {
/// use qapi_rt::qmp::{RunState, StatusInfo, commands, events};
/// use qapi_rt::testing::{Double, call};
///
/// let double = Double::new()
///     .expect(call(commands::Stop::new()).emits(events::Stop::new()))
///     .expect(
///         call(commands::QueryStatus::new()).returns(StatusInfo::new(false, RunState::Paused)),
///     );
/// // … what is to be tested talks to it …
/// let error = double.finish().unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "2 expected commands were not called:\n  stop\n  query-status\n",
/// );
/// # }
/// ```
#[derive(Clone, Default)]
pub struct Double(Arc<Mutex<Part>>);

#[derive(Default)]
struct Part {
    expected: Vec<Expected>,
    always: Vec<Exchange>,
    any_order: bool,
    calls: usize,
    faults: String,
}

struct Expected {
    exchange: Exchange,
    called: bool,
}

/// What did not go as it was expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unexpected(String);

impl fmt::Display for Unexpected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unexpected {}

impl Double {
    /// One that expects nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// One that expects the commands of a recording, and answers them as the recorded server did. What the library
    /// answers by itself, `qmp_capabilities`, is left out.
    ///
    /// # Errors
    /// When the recording has replies to no request.
    pub fn replay(recording: &Recording) -> Result<Self, Malformed> {
        let mut double = Self::new();
        for exchange in recording.exchanges()? {
            if exchange.command != "qmp_capabilities" {
                double = double.expect(exchange);
            }
        }
        Ok(double)
    }

    /// Expects a command once, after those that are expected already.
    #[must_use]
    pub fn expect(self, exchange: impl Into<Exchange>) -> Self {
        let exchange = exchange.into();
        let called = false;
        self.part().expected.push(Expected { exchange, called });
        self
    }

    /// Expects a command at any time and any number of times, or not at all.
    #[must_use]
    pub fn always(self, exchange: impl Into<Exchange>) -> Self {
        self.part().always.push(exchange.into());
        self
    }

    /// Takes the expected commands in whatever order they come.
    #[must_use]
    pub fn any_order(self) -> Self {
        self.part().any_order = true;
        self
    }

    /// Whether all went as expected so far, and nothing is left to come.
    ///
    /// # Errors
    /// Each command that was not expected, with the difference to the one that was, and those that did not come.
    pub fn finish(&self) -> Result<(), Unexpected> {
        let part = self.part();
        let mut faults = part.faults.clone();
        let missing = part.expected.iter().filter(|expected| !expected.called);
        // Writing to a string cannot fail.
        let _ = match missing.clone().count() {
            0 => Ok(()),
            1 => writeln!(faults, "1 expected command was not called:"),
            count => writeln!(faults, "{count} expected commands were not called:"),
        };
        for expected in missing {
            let _ = writeln!(faults, "  {}", expected.exchange);
        }
        if faults.is_empty() {
            Ok(())
        } else {
            Err(Unexpected(faults))
        }
    }

    fn part(&self) -> MutexGuard<'_, Part> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Part {
    fn call(&mut self, call: &Call, arguments: Object) -> Result<Exchange, ErrorReply> {
        self.calls += 1;
        let got = Exchange {
            oob: call.is_out_of_band(),
            ..Exchange::new(call.command(), arguments)
        };
        let mut open = self.expected.iter_mut().filter(|expected| !expected.called);
        let found = if self.any_order {
            open.find(|expected| expected.exchange.is_same_call(&got))
        } else {
            open.next()
                .filter(|expected| expected.exchange.is_same_call(&got))
        };
        if let Some(expected) = found {
            expected.called = true;
            return Ok(expected.exchange.clone());
        }
        if let Some(exchange) = self
            .always
            .iter()
            .find(|exchange| exchange.is_same_call(&got))
        {
            return Ok(exchange.clone());
        }
        let fault = self.fault(&got);
        self.faults.push_str(&fault);
        Err(ErrorReply::generic(fault.trim_end()))
    }

    /// Whether the next command of this name is not to be answered.
    fn is_silent(&self, name: &str) -> bool {
        let expected = self.expected.iter().filter(|expected| !expected.called);
        expected
            .map(|expected| &expected.exchange)
            .chain(&self.always)
            .find(|exchange| exchange.command == name)
            .is_some_and(|exchange| exchange.outcome == Outcome::Silence)
    }

    fn fault(&self, got: &Exchange) -> String {
        let mut fault = format!("call {} was not expected: {got}\n", self.calls);
        let mut open = self.expected.iter().filter(|expected| !expected.called);
        let wanted = if self.any_order {
            open.find(|expected| expected.exchange.command == got.command)
        } else {
            open.next()
        };
        let Some(Expected { exchange, .. }) = wanted else {
            return fault;
        };
        let _ = match exchange.line {
            0 => writeln!(fault, "  expected: {exchange}"),
            line => writeln!(fault, "  expected: {exchange} (line {line})"),
        };
        if exchange.command == got.command {
            let value = |exchange: &Exchange| Value::Object(exchange.arguments.clone());
            fault.push_str(&difference::lines(&value(exchange), &value(got)));
        }
        fault
    }
}

impl fmt::Debug for Double {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = self.part();
        let expected = part.expected.iter().filter(|expected| !expected.called);
        f.debug_list()
            .entries(expected.map(|expected| expected.exchange.to_string()))
            .finish()
    }
}

/// Which commands there are is not known before they come.
const ANY: usize = 0;

impl Dispatch for Double {
    type Answer = Answer;

    fn commands(&self) -> Vec<CommandInfo> {
        Vec::new()
    }

    fn events(&self) -> Vec<&str> {
        Vec::new()
    }

    fn schema(&self) -> Option<&str> {
        None
    }

    fn find(&self, name: &str) -> Option<Found> {
        let mut info = CommandInfo::new("").allow_preconfig();
        info.allow_oob = true;
        info.success_response = !self.part().is_silent(name);
        Some(Found { index: ANY, info })
    }

    fn start(&self, _: usize, call: Call, arguments: Option<Raw<'_>>) -> Reply<Answer> {
        let exchange = self.part().call(&call, decode_object(arguments)?)?;
        emit(&call, &exchange.before);
        let outcome = match exchange.outcome {
            Outcome::Return(value) => encode_reply(&value),
            Outcome::Error(error) => Err(error),
            Outcome::Silence => Ok(Vec::new()),
        };
        if exchange.after.is_empty() {
            return Ok(Box::pin(ready(outcome)));
        }
        let after = exchange.after;
        let answer = Later {
            outcome: Some(outcome),
            call,
            after,
        };
        Ok(Box::pin(answer))
    }
}

/// An answer with events behind it. Servers drop an answer when its reply is on its way.
struct Later {
    outcome: Option<Reply<Vec<u8>>>,
    call: Call,
    after: Vec<Notice>,
}

impl Future for Later {
    type Output = Reply<Vec<u8>>;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        self.outcome.take().map_or(Poll::Pending, Poll::Ready)
    }
}

impl Drop for Later {
    fn drop(&mut self) {
        emit(&self.call, &self.after);
    }
}

fn emit(call: &Call, notices: &[Notice]) {
    let none = Object::new();
    for Notice { name, data } in notices {
        let data = data.as_ref().unwrap_or(&none);
        call.control().events().emit_raw(name, data);
    }
}
