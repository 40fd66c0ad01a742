//! A request, what answers it, and what happens around it.

use std::fmt;

use qapi_types::codec::encode_object;
use qapi_types::message::{ErrorClass, ErrorReply};
use qapi_types::{Event, Mode, Object, Reader, Style, Value, Writer};

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
    /// An event without data.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        let name = name.into();
        Self { name, data: None }
    }

    /// An event of a type.
    #[must_use]
    pub fn of<E: Event>(event: &E) -> Self {
        let data = object(|w| encode_object(event, w));
        Self {
            name: E::NAME.to_owned(),
            data: (!data.is_empty()).then_some(data),
        }
    }

    /// Gives it data.
    #[must_use]
    pub fn data(mut self, data: Object) -> Self {
        self.data = Some(data);
        self
    }

    pub(super) fn from_message(message: &Object) -> Option<Self> {
        let name = message.get("event")?.as_str()?.to_owned();
        let data = message.get("data").and_then(Value::as_object).cloned();
        Some(Self { name, data })
    }
}

/// What was written, which is an object.
pub(super) fn object(write: impl FnOnce(&mut Writer<'_>)) -> Object {
    match value(write) {
        Value::Object(object) => object,
        _ => Object::new(),
    }
}

/// What was written, as a tree. What JSON cannot express is null.
pub(super) fn value(write: impl FnOnce(&mut Writer<'_>)) -> Value {
    let mut text = Vec::new();
    write(&mut Writer::new(&mut text, Style::Compact));
    Reader::new(&text, Mode::Lenient)
        .and_then(|mut reader| reader.any())
        .unwrap_or_default()
}
