//! What a double is told to expect.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use qapi_types::codec::{Encode as _, encode_object, object as decode};
use qapi_types::message::ErrorReply;
use qapi_types::{Command, Event, Mode, Object, Reader, Value, to_vec};

use super::exchange::{Exchange, Notice, Outcome, object, value};
use crate::service::IntoReply;

/// A command that a [`Double`](super::Double) is to expect, with these arguments. Unless it is told what to answer, it
/// answers an empty object.
pub fn call<C: Command>(command: C) -> Expectation<C> {
    let arguments = object(|w| encode_object(&command, w));
    Expectation::new(arguments, Wanted::These)
}

/// A command that a [`Double`](super::Double) is to expect, whatever its arguments are.
///
/// ```
/// # #[cfg(feature = "qmp")] {
/// use qapi_rt::qmp::commands;
/// use qapi_rt::testing::{Double, any_call, call_if};
///
/// let double = Double::new()
///     .always(any_call::<commands::QomSet>())
///     .always(call_if(|eject: &commands::Eject| eject.force == Some(true)));
/// # drop(double);
/// # }
/// ```
pub fn any_call<C: Command>() -> Expectation<C> {
    Expectation::new(Object::new(), Wanted::Any)
}

/// A command that a [`Double`](super::Double) is to expect if its arguments are such. They are not if they cannot be decoded.
pub fn call_if<C: Command>(such: impl Fn(&C) -> bool + Send + Sync + 'static) -> Expectation<C> {
    let such = move |arguments: &Object| {
        let text = to_vec(arguments).unwrap_or_default();
        let decoded = Reader::new(&text, Mode::Lenient).and_then(|mut r| decode::<C>(&mut r));
        decoded.is_ok_and(|command| such(&command))
    };
    Expectation::new(Object::new(), Wanted::Such(Arc::new(such)))
}

/// What [`call`], [`any_call`] and [`call_if`] make: a command, and what a server does when it comes.
#[derive(Clone, Debug)]
#[must_use]
pub struct Expectation<C> {
    expected: ExpectedCall,
    command: PhantomData<fn() -> C>,
}

/// A call that a [`Double`](super::Double) expects, of whatever command: made from an [`Expectation`] or an [`Exchange`].
#[derive(Clone, Debug)]
pub struct ExpectedCall {
    pub(super) exchange: Exchange,
    pub(super) wanted: Wanted,
    pub(super) manner: Manner,
}

/// Which arguments are expected.
#[derive(Clone)]
pub(super) enum Wanted {
    /// Those of the exchange.
    These,
    Any,
    Such(Arc<dyn Fn(&Object) -> bool + Send + Sync>),
}

/// How the reply is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    AtOnce,
    After(Duration),
    Never,
    HangUp,
}

impl fmt::Debug for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::These => "These",
            Self::Any => "Any",
            Self::Such(_) => "Such",
        })
    }
}

impl<C: Command> Expectation<C> {
    fn new(arguments: Object, wanted: Wanted) -> Self {
        let exchange = Exchange::new(C::NAME, arguments);
        let manner = Manner::AtOnce;
        Self {
            expected: ExpectedCall {
                exchange,
                wanted,
                manner,
            },
            command: PhantomData,
        }
    }

    /// It comes out of band.
    pub fn oob(mut self) -> Self {
        self.expected.exchange.oob = true;
        self
    }

    /// It is answered this.
    pub fn returns(self, reply: impl IntoReply<C::Reply>) -> Self {
        let reply = reply.into_reply();
        self.returns_raw(value(|w| reply.encode(w)))
    }

    /// It is answered this, which its type may not be able to express: a newer server's reply, or a broken one's.
    pub fn returns_raw(mut self, reply: impl Into<Value>) -> Self {
        self.expected.exchange.outcome = Outcome::Return(reply.into());
        self
    }

    /// It is answered an error.
    pub fn fails(mut self, error: ErrorReply) -> Self {
        self.expected.exchange.outcome = Outcome::Error(error);
        self
    }

    /// It is answered nothing, as commands are that shut something down. The next command is executed.
    pub fn says_nothing(mut self) -> Self {
        self.expected.exchange.outcome = Outcome::Silence;
        self
    }

    /// Its reply comes so long after it; later commands wait.
    pub fn replies_after(mut self, delay: Duration) -> Self {
        self.expected.manner = Manner::After(delay);
        self
    }

    /// It hangs: no reply comes, and later commands wait for ever, as with a server that is stuck.
    pub fn never_replies(mut self) -> Self {
        self.expected.manner = Manner::Never;
        self
    }

    /// Instead of a reply, the client's connection ends.
    pub fn disconnects(mut self) -> Self {
        self.expected.manner = Manner::HangUp;
        self
    }

    /// Before the reply, this event is emitted, after those that are already to be emitted.
    pub fn emits<E: Event>(self, event: E) -> Self {
        self.emits_raw(Notice::of(&event))
    }

    /// The same of an event that no type describes.
    pub fn emits_raw(mut self, event: Notice) -> Self {
        self.expected.exchange.before.push(event);
        self
    }

    /// After the reply, this event is emitted, after those that are already to be emitted.
    pub fn emits_later<E: Event>(self, event: E) -> Self {
        self.emits_raw_later(Notice::of(&event))
    }

    /// The same of an event that no type describes.
    pub fn emits_raw_later(mut self, event: Notice) -> Self {
        self.expected.exchange.after.push(event);
        self
    }
}

impl<C> From<Expectation<C>> for ExpectedCall {
    fn from(expectation: Expectation<C>) -> Self {
        expectation.expected
    }
}

impl From<Exchange> for ExpectedCall {
    fn from(exchange: Exchange) -> Self {
        Self {
            exchange,
            wanted: Wanted::These,
            manner: Manner::AtOnce,
        }
    }
}

impl ExpectedCall {
    /// Whether this is the call that came.
    pub(super) fn is(&self, got: &Exchange) -> bool {
        let wanted = &self.exchange;
        let right = match &self.wanted {
            Wanted::These => wanted.arguments == got.arguments,
            Wanted::Any => true,
            Wanted::Such(such) => such(&got.arguments),
        };
        wanted.command == got.command && wanted.oob == got.oob && right
    }

    /// Whether nothing is said when the command has ended.
    pub(super) fn is_silent(&self) -> bool {
        self.exchange.outcome == Outcome::Silence
            || matches!(self.manner, Manner::Never | Manner::HangUp)
    }
}

impl fmt::Display for ExpectedCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.exchange.fmt(f)?;
        match self.wanted {
            Wanted::These => Ok(()),
            Wanted::Any => f.write_str(" with any arguments"),
            Wanted::Such(_) => f.write_str(" with such arguments as are asked for"),
        }
    }
}
