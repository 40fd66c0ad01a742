//! A request, what answers it, and what happens around it.

use std::fmt;
use std::marker::PhantomData;

use qapi_types::codec::{Encode, encode_object};
use qapi_types::message::{ErrorClass, ErrorReply};
use qapi_types::{Command, Event, Mode, Object, Reader, Style, Value, Writer};

use crate::service::IntoReply;

/// A command and what comes of it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Exchange {
    /// The command's name.
    pub command: String,
    /// Its arguments.
    pub arguments: Object,
    /// Whether it is executed out of band.
    pub oob: bool,
    /// Events before the reply.
    pub before: Vec<Notice>,
    /// The reply.
    pub outcome: Outcome,
    /// Events after the reply.
    pub after: Vec<Notice>,
    /// The request's line in the recording; 0 if there is none.
    pub line: usize,
}

/// What a command is answered.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Outcome {
    /// Success.
    Return(Value),
    /// Failure.
    Error(ErrorReply),
    /// Nothing.
    Silence,
}

/// An event.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Notice {
    /// The event's name.
    pub name: String,
    /// Its data, unless it has none.
    pub data: Option<Object>,
}

impl Exchange {
    /// A command that is answered an empty object.
    #[must_use]
    pub fn new(command: impl Into<String>, arguments: Object) -> Self {
        Self {
            command: command.into(),
            arguments,
            oob: false,
            before: Vec::new(),
            outcome: Outcome::Return(Value::Object(Object::new())),
            after: Vec::new(),
            line: 0,
        }
    }

    pub(super) fn from_request(message: &Object, line: usize) -> Option<Self> {
        let (name, oob) = match (message.get("execute"), message.get("exec-oob")) {
            (Some(name), None) => (name, false),
            (None, Some(name)) => (name, true),
            _ => return None,
        };
        let arguments = match message.get("arguments") {
            None => Object::new(),
            Some(arguments) => arguments.as_object()?.clone(),
        };
        let outcome = Outcome::Silence;
        let exchange = Self::new(name.as_str()?, arguments);
        Some(Self {
            oob,
            outcome,
            line,
            ..exchange
        })
    }

    /// Whether both are the same command with the same arguments.
    pub(super) fn is_same_call(&self, other: &Self) -> bool {
        self.command == other.command && self.arguments == other.arguments && self.oob == other.oob
    }
}

impl fmt::Display for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.command)?;
        if !self.arguments.is_empty() {
            write!(f, " {}", Value::Object(self.arguments.clone()))?;
        }
        f.write_str(if self.oob { ", out of band" } else { "" })
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Return(value) => write!(f, "{value}"),
            Self::Error(error) => write!(f, "{error}"),
            Self::Silence => f.write_str("nothing"),
        }
    }
}

impl Outcome {
    pub(super) fn from_message(message: &Object) -> Option<Self> {
        if let Some(value) = message.get("return") {
            return Some(Self::Return(value.clone()));
        }
        let error = message.get("error")?;
        let text = |name: &str| error.get(name).and_then(Value::as_str);
        let class = text("class").unwrap_or("GenericError").parse();
        let class = class.unwrap_or(ErrorClass::GenericError);
        Some(Self::Error(ErrorReply::new(
            class,
            text("desc").unwrap_or_default(),
        )))
    }
}

impl Notice {
    pub(super) fn from_message(message: &Object) -> Option<Self> {
        let name = message.get("event")?.as_str()?.to_owned();
        let data = message.get("data").and_then(Value::as_object).cloned();
        Some(Self { name, data })
    }
}

/// A command that a [`Double`](super::Double) is to expect. Unless it is told what to answer, it answers an empty
/// object.
pub fn call<C: Command>(command: C) -> Expectation<C> {
    let exchange = Exchange::new(C::NAME, object(|w| encode_object(&command, w)));
    Expectation {
        exchange,
        command: PhantomData,
    }
}

/// What [`call`] makes: a command, and what a server does when it comes.
#[derive(Clone, Debug)]
#[must_use]
pub struct Expectation<C> {
    exchange: Exchange,
    command: PhantomData<fn() -> C>,
}

impl<C: Command> Expectation<C> {
    /// It comes out of band.
    pub fn oob(mut self) -> Self {
        self.exchange.oob = true;
        self
    }

    /// It is answered this.
    pub fn returns(mut self, reply: impl IntoReply<C::Reply>) -> Self {
        let reply = reply.into_reply();
        self.exchange.outcome = Outcome::Return(value(|w| reply.encode(w)));
        self
    }

    /// It is answered an error.
    pub fn fails(mut self, error: ErrorReply) -> Self {
        self.exchange.outcome = Outcome::Error(error);
        self
    }

    /// It is answered nothing, as commands are that shut something down.
    pub fn says_nothing(mut self) -> Self {
        self.exchange.outcome = Outcome::Silence;
        self
    }

    /// Before the reply, this event is emitted, after those that are already to be emitted.
    pub fn emits<E: Event>(mut self, event: E) -> Self {
        self.exchange.before.push(notice(&event));
        self
    }

    /// After the reply, this event is emitted, after those that are already to be emitted.
    pub fn emits_later<E: Event>(mut self, event: E) -> Self {
        self.exchange.after.push(notice(&event));
        self
    }
}

impl<C> From<Expectation<C>> for Exchange {
    fn from(expectation: Expectation<C>) -> Self {
        expectation.exchange
    }
}

fn notice<E: Event>(event: &E) -> Notice {
    let data = object(|w| encode_object(event, w));
    Notice {
        name: E::NAME.to_owned(),
        data: (!data.is_empty()).then_some(data),
    }
}

fn object(write: impl FnOnce(&mut Writer<'_>)) -> Object {
    match value(write) {
        Value::Object(object) => object,
        _ => Object::new(),
    }
}

/// What was written, as a tree. What JSON cannot express is null.
fn value(write: impl FnOnce(&mut Writer<'_>)) -> Value {
    let mut text = Vec::new();
    write(&mut Writer::new(&mut text, Style::Compact));
    Reader::new(&text, Mode::Lenient)
        .and_then(|mut reader| reader.any())
        .unwrap_or_default()
}
