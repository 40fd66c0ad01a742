//! Sessions as text files.

use std::fmt;
use std::fs;
use std::io;
use std::path::Path;
use std::str::FromStr;

use qapi_types::{Mode, Object, Value, from_str};

use super::exchange::{Exchange, Notice, Outcome};

/// What went over a connection, message by message.
///
/// As a file it is text, to be read and edited by people: one message a line, in the order in which they passed, `C: `
/// before what the client sent and `S: ` before what the server sent. Empty lines and lines that start with `#` say
/// nothing. The byte 0xFF with which a guest agent's client starts anew may stand before a message.
///
/// ```
/// # fn main() -> Result<(), qapi_rt::testing::Malformed> {
/// use qapi_rt::testing::Recording;
///
/// let recording: Recording = r#"
/// ## an empty machine
/// S: {"QMP": {"version": {"qemu": {"major": 10, "minor": 2, "micro": 0}, "package": ""}, "capabilities": []}}
/// C: {"execute": "qmp_capabilities", "id": 1}
/// S: {"return": {}, "id": 1}
/// C: {"execute": "query-name", "id": 2}
/// S: {"return": {}, "id": 2}
/// "#.parse()?;
/// assert_eq!(recording.messages().len(), 5);
/// assert_eq!(recording.exchanges()?.len(), 2);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recording {
    messages: Vec<Message>,
}

/// Who sent a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The client: a request.
    Client,
    /// The server: greeting, reply or event.
    Server,
}

/// One message of a recording.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Message {
    /// Who sent it.
    pub side: Side,
    /// The message.
    pub body: Object,
    /// Its line in the file, counted from 1; 0 if it comes from no file.
    pub line: usize,
}

/// A recording that cannot be read, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    line: usize,
    what: String,
}

impl Malformed {
    pub(super) fn new(line: usize, what: impl Into<String>) -> Self {
        let what = what.into();
        Self { line, what }
    }

    /// The line, counted from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        self.line
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)
    }
}

impl std::error::Error for Malformed {}

impl Recording {
    /// One without messages.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read; with [`io::ErrorKind::InvalidData`] and a [`Malformed`] inside, when a line is no
    /// message.
    pub fn read(path: impl AsRef<Path>) -> io::Result<Self> {
        let bytes = fs::read(path)?;
        Self::from_bytes(&bytes).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }

    /// Writes a file anew.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, path: impl AsRef<Path>) -> io::Result<()> {
        fs::write(path, self.to_string())
    }

    /// Adds a message.
    pub fn push(&mut self, side: Side, body: Object) {
        let line = 0;
        self.messages.push(Message { side, body, line });
    }

    /// The messages, in the order in which they passed.
    #[must_use]
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// Each request with its reply and the events that came meanwhile and after. What a server sent before the first
    /// request, and requests that are none, are left out.
    ///
    /// # Errors
    /// When a reply belongs to no request.
    pub fn exchanges(&self) -> Result<Vec<Exchange>, Malformed> {
        let mut exchanges: Vec<Exchange> = Vec::new();
        let mut open: Vec<(usize, Option<Value>)> = Vec::new();
        for Message { side, body, line } in &self.messages {
            match side {
                Side::Client => {
                    let Some(exchange) = Exchange::from_request(body, *line) else {
                        continue;
                    };
                    open.push((exchanges.len(), body.get("id").cloned()));
                    exchanges.push(exchange);
                }
                Side::Server if body.contains_key("event") => {
                    if let (Some(exchange), Some(notice)) =
                        (exchanges.last_mut(), Notice::from_message(body))
                    {
                        let answered = exchange.outcome != Outcome::Silence;
                        let list = if answered {
                            &mut exchange.after
                        } else {
                            &mut exchange.before
                        };
                        list.push(notice);
                    }
                }
                Side::Server => {
                    let Some(outcome) = Outcome::from_message(body) else {
                        continue;
                    };
                    let id = body.get("id");
                    let found = open.iter().position(|(_, open)| open.as_ref() == id);
                    match (found, outcome) {
                        (Some(at), outcome) => exchanges[open.remove(at).0].outcome = outcome,
                        // The answer to bytes that were no request.
                        (None, Outcome::Error(_)) if id.is_none() => {}
                        (None, _) => return Err(Malformed::new(*line, "a reply to no request")),
                    }
                }
            }
        }
        Ok(exchanges)
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut messages = Vec::new();
        for (at, text) in bytes.split(|byte| *byte == b'\n').enumerate() {
            let line = at + 1;
            let text = text.trim_ascii();
            if text.is_empty() || text.starts_with(b"#") {
                continue;
            }
            let (side, text) = match text.split_first_chunk() {
                Some((b"C:", text)) => (Side::Client, text),
                Some((b"S:", text)) => (Side::Server, text),
                _ => {
                    return Err(Malformed::new(
                        line,
                        "neither 'C: ' nor 'S: ' before a message",
                    ));
                }
            };
            let text = text.trim_ascii();
            let text = text.strip_prefix(b"\xFF").unwrap_or(text);
            let body = std::str::from_utf8(text)
                .map_err(|error| error.to_string())
                .and_then(|text| from_str(text, Mode::Lenient).map_err(|error| error.to_string()))
                .map_err(|error| Malformed::new(line, error))?;
            messages.push(Message { side, body, line });
        }
        Ok(Self { messages })
    }
}

impl FromStr for Recording {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        Self::from_bytes(text.as_bytes())
    }
}

impl fmt::Display for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for message in &self.messages {
            writeln!(f, "{message}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Client => "C",
            Self::Server => "S",
        })
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = qapi_types::to_vec(&self.body).map_err(|_| fmt::Error)?;
        write!(f, "{}: {}", self.side, String::from_utf8_lossy(&text))
    }
}
