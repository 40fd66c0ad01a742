//! What a message says, apart from its text.

use std::ops::Range;

use crate::events::EventMessage;
use crate::types::message::{Greeting, Raw, ServerMessage};
use crate::types::{self, ErrorReply, Mode, Timestamp};

/// A message; what is still to be decoded is a part of the message's text.
pub(super) enum Parsed {
    Greeting(Greeting),
    Return {
        value: Range<usize>,
        id: Id,
    },
    Error {
        error: ErrorReply,
        id: Id,
    },
    Event(ParsedEvent),
    /// Of a kind that came into the protocol later.
    Unknown,
}

pub(super) struct ParsedEvent {
    name: Box<str>,
    data: Option<Range<usize>>,
    timestamp: Timestamp,
}

/// A reply's id.
pub(super) enum Id {
    Absent,
    /// What a server may write in place of none.
    Null,
    Number(u64),
    /// A string; empty for any other that this client does not send.
    Other(String),
}

impl Id {
    fn new(id: Option<Raw<'_>>) -> Self {
        let Some(id) = id else { return Self::Absent };
        match id.as_u64() {
            Some(number) => Self::Number(number),
            None if id.text() == "null" => Self::Null,
            None => Self::Other(id.decode(Mode::Lenient).unwrap_or_default()),
        }
    }

    pub(super) fn is(&self, name: &str) -> bool {
        matches!(self, Self::Other(id) if id == name)
    }
}

impl ParsedEvent {
    pub(super) fn keep(self, text: String) -> EventMessage {
        EventMessage::new(text, self.name, self.data, self.timestamp)
    }
}

pub(super) fn parse(text: &str) -> types::Result<Parsed> {
    let range = |part: Raw<'_>| {
        let start = part.text().as_ptr().addr() - text.as_ptr().addr();
        start..start + part.text().len()
    };
    Ok(match ServerMessage::parse_str(text)? {
        ServerMessage::Greeting(greeting) => Parsed::Greeting(greeting),
        ServerMessage::Return { value, id } => Parsed::Return {
            value: range(value),
            id: Id::new(id),
        },
        ServerMessage::Error { error, id } => Parsed::Error {
            error,
            id: Id::new(id),
        },
        ServerMessage::Event(event) => Parsed::Event(ParsedEvent {
            name: event.name.into(),
            data: event.data.map(range),
            timestamp: event.timestamp,
        }),
        _ => Parsed::Unknown,
    })
}
