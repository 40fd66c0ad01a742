//! Servers that play a part.

use std::any::Any;
use std::fmt::{self, Write as _};
use std::future::{Future, pending, ready};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::thread;
use std::time::Duration;

use qapi_types::message::{ErrorReply, Raw, decode_object};
use qapi_types::{CommandInfo, Object, Value};

use super::difference;
use super::exchange::{Exchange, Notice, Outcome};
use super::expectation::{ExpectedCall, Manner, Wanted};
use super::recording::{Malformed, Recording};
use crate::service::{Answer, Call, Dispatch, Found, Result as Reply, deferred, encode_reply};

/// A server's part in a test: which commands it expects and what it does then.
///
/// A command that is neither next nor [always](Self::always) expected is answered an error, and
/// [`finish`](Self::finish) tells of it, as it does of commands that were expected and did not come. Clones play the same
/// part. When the last one that a test holds is dropped, and `finish` has not told of it, that panics, so that the test
/// fails: keep one for as long as the test goes on. What [`connect`](super::connect()) gives holds one too.
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
#[derive(Default)]
pub struct Double {
    part: Arc<Mutex<Part>>,
    /// Whether this one belongs to a server, not to the test.
    served: AtomicBool,
}

#[derive(Default)]
struct Part {
    expected: Vec<Expected>,
    always: Vec<ExpectedCall>,
    any_order: bool,
    calls: usize,
    faults: String,
    /// How many clones there are beside the first one, without those that belong to servers.
    clones: isize,
    /// Whether the test knows of all faults.
    told: bool,
}

struct Expected {
    call: ExpectedCall,
    called: bool,
}

/// What did not go as it was expected. Its `Debug` output is for people too, for that is what `unwrap` and a test that
/// returns it print.
#[derive(Clone, PartialEq, Eq)]
pub struct Unexpected(String);

impl fmt::Display for Unexpected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Unexpected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\n{}", self.0.trim_end())
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
    pub fn expect(self, call: impl Into<ExpectedCall>) -> Self {
        let call = call.into();
        let called = false;
        self.part().expected.push(Expected { call, called });
        self
    }

    /// Expects a command at any time and any number of times, or not at all.
    #[must_use]
    pub fn always(self, call: impl Into<ExpectedCall>) -> Self {
        self.part().always.push(call.into());
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
        let mut part = self.part();
        let outcome = part.finish();
        part.told |= outcome.is_err();
        outcome
    }

    /// A clone of what a server is to be made of, if that is a double.
    pub(super) fn that_is(dispatch: &impl Dispatch) -> Option<Self> {
        (dispatch as &dyn Any).downcast_ref().cloned()
    }

    fn part(&self) -> MutexGuard<'_, Part> {
        self.part.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clone for Double {
    fn clone(&self) -> Self {
        self.part().clones += 1;
        let part = Arc::clone(&self.part);
        let served = AtomicBool::new(false);
        Self { part, served }
    }
}

impl Drop for Double {
    fn drop(&mut self) {
        let mut part = self.part();
        let is_last = match self.served.load(Ordering::Relaxed) {
            // The test gave away the only one that it had.
            true => Arc::strong_count(&self.part) == 1,
            false => {
                part.clones -= 1;
                part.clones < 0
            }
        };
        if is_last
            && !std::mem::replace(&mut part.told, true)
            && let Err(unexpected) = part.finish()
            && !thread::panicking()
        {
            drop(part);
            panic!("{unexpected}");
        }
    }
}

impl Part {
    fn finish(&self) -> Result<(), Unexpected> {
        let mut faults = self.faults.clone();
        let missing = self.expected.iter().filter(|expected| !expected.called);
        // Writing to a string cannot fail.
        let _ = match missing.clone().count() {
            0 => Ok(()),
            1 => writeln!(faults, "1 expected command was not called:"),
            count => writeln!(faults, "{count} expected commands were not called:"),
        };
        for expected in missing {
            let _ = writeln!(faults, "  {}", expected.call);
        }
        if faults.is_empty() {
            Ok(())
        } else {
            Err(Unexpected(faults))
        }
    }

    fn call(&mut self, call: &Call, arguments: Object) -> Result<ExpectedCall, ErrorReply> {
        self.calls += 1;
        let got = Exchange {
            oob: call.is_out_of_band(),
            ..Exchange::new(call.command(), arguments)
        };
        let mut open = self.expected.iter_mut().filter(|expected| !expected.called);
        let found = if self.any_order {
            open.find(|expected| expected.call.is(&got))
        } else {
            open.next().filter(|expected| expected.call.is(&got))
        };
        if let Some(expected) = found {
            expected.called = true;
            return Ok(expected.call.clone());
        }
        if let Some(call) = self.always.iter().find(|call| call.is(&got)) {
            return Ok(call.clone());
        }
        let fault = self.fault(&got);
        self.faults.push_str(&fault);
        self.told = false;
        Err(ErrorReply::generic(fault.trim_end()))
    }

    /// Whether the next command of this name is not to be answered.
    fn is_silent(&self, name: &str) -> bool {
        let expected = self.expected.iter().filter(|expected| !expected.called);
        expected
            .map(|expected| &expected.call)
            .chain(&self.always)
            .find(|call| call.exchange.command == name)
            .is_some_and(ExpectedCall::is_silent)
    }

    fn fault(&self, got: &Exchange) -> String {
        let mut fault = format!("call {} was not expected: {got}\n", self.calls);
        let mut open = self.expected.iter().filter(|expected| !expected.called);
        let wanted = if self.any_order {
            open.find(|expected| expected.call.exchange.command == got.command)
        } else {
            open.next()
        };
        let Some(Expected { call, .. }) = wanted else {
            return fault;
        };
        let exchange = &call.exchange;
        let _ = match exchange.line {
            0 => writeln!(fault, "  expected: {call}"),
            line => writeln!(fault, "  expected: {call} (line {line})"),
        };
        if exchange.command == got.command && matches!(call.wanted, Wanted::These) {
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
            .entries(expected.map(|expected| expected.call.to_string()))
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

    fn schemas(&self) -> Vec<&str> {
        // A server asks this when it is made: this one is its own from then on.
        if !self.served.swap(true, Ordering::Relaxed) {
            self.part().clones -= 1;
        }
        Vec::new()
    }

    fn find(&self, name: &str) -> Option<Found> {
        let mut info = CommandInfo::new("").allow_preconfig();
        info.allow_oob = true;
        info.success_response = !self.part().is_silent(name);
        Some(Found { index: ANY, info })
    }

    fn start(&self, _: usize, call: Call, arguments: Option<Raw<'_>>) -> Reply<Answer> {
        let ExpectedCall {
            exchange, manner, ..
        } = self.part().call(&call, decode_object(arguments)?)?;
        emit(&call, &exchange.before);
        let outcome = match exchange.outcome {
            Outcome::Return(value) => encode_reply(&value),
            Outcome::Error(error) => Err(error),
            Outcome::Silence => Ok(Vec::new()),
        };
        let answer: Answer = match manner {
            Manner::AtOnce => Box::pin(ready(outcome)),
            Manner::After(delay) => Box::pin(delayed(outcome, delay)),
            Manner::Never => Box::pin(pending()),
            Manner::HangUp => {
                call.client().disconnect();
                Box::pin(ready(Ok(Vec::new())))
            }
        };
        if exchange.after.is_empty() {
            return Ok(answer);
        }
        let after = exchange.after;
        Ok(Box::pin(Later {
            answer,
            call,
            after,
        }))
    }
}

fn delayed(outcome: Reply<Vec<u8>>, delay: Duration) -> impl Future<Output = Reply<Vec<u8>>> {
    let (completer, late) = deferred();
    thread::spawn(move || {
        thread::sleep(delay);
        completer.complete(outcome);
    });
    late
}

/// An answer with events behind it. Servers drop an answer when its reply is on its way.
struct Later {
    answer: Answer,
    call: Call,
    after: Vec<Notice>,
}

impl Future for Later {
    type Output = Reply<Vec<u8>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.answer.as_mut().poll(cx)
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
