//! Messages on a pair of streams: headers, and JSON-RPC in them.

use serde_json::{Value, json};
use std::io::{self, BufRead, Write};

/// Codes of JSON-RPC and of the Language Server Protocol.
pub(super) mod code {
    pub(crate) const PARSE_ERROR: i64 = -32700;
    pub(crate) const INVALID_REQUEST: i64 = -32600;
    pub(crate) const METHOD_NOT_FOUND: i64 = -32601;
    pub(crate) const INVALID_PARAMS: i64 = -32602;
    pub(crate) const NOT_INITIALIZED: i64 = -32002;
    pub(crate) const REQUEST_CANCELLED: i64 = -32800;
    pub(crate) const REQUEST_FAILED: i64 = -32803;
}

/// More than any message that an editor sends: the largest has the text of a file.
const MAX_LENGTH: usize = 256 << 20;

/// What the client sent.
#[derive(Debug, PartialEq)]
pub(super) enum Message {
    Request {
        id: Value,
        method: String,
        params: Value,
    },
    Notification {
        method: String,
        params: Value,
    },
    /// An answer to a request of ours.
    Response,
    /// Something that is no message: what to answer, and with which id if there was one.
    Invalid {
        id: Value,
        error: Failure,
    },
}

/// Why a request has no result.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Failure {
    pub(super) code: i64,
    pub(super) message: String,
}

impl Failure {
    pub(super) fn new(code: i64, message: impl Into<String>) -> Failure {
        Failure {
            code,
            message: message.into(),
        }
    }

    pub(super) fn params(message: impl Into<String>) -> Failure {
        Failure::new(code::INVALID_PARAMS, message)
    }
}

/// Reads a message; `None` at the end of the stream.
///
/// # Errors
///
/// Headers without a usable length: where the next message starts is not known then.
pub(super) fn read(input: &mut dyn BufRead) -> io::Result<Option<Message>> {
    let mut length = None;
    let mut line = Vec::new();
    loop {
        line.clear();
        // A header is short; without a bound, a stream of something else would fill memory.
        let mut bounded = io::Read::take(&mut *input, 1 << 12);
        if bounded.read_until(b'\n', &mut line)? == 0 {
            return match length {
                None => Ok(None),
                Some(_) => Err(io::ErrorKind::UnexpectedEof.into()),
            };
        }
        let text = String::from_utf8_lossy(&line);
        let text = text.trim_end();
        if text.is_empty() {
            if length.is_some() {
                break;
            }
            return Err(invalid("a message without Content-Length"));
        }
        let (name, value) = text
            .split_once(':')
            .ok_or_else(|| invalid("a header without a colon"))?;
        if name.eq_ignore_ascii_case("content-length") {
            let bytes = value.trim().parse::<usize>();
            length = Some(
                bytes
                    .ok()
                    .filter(|bytes| *bytes <= MAX_LENGTH)
                    .ok_or_else(|| invalid("a Content-Length that is no length"))?,
            );
        }
    }
    let mut body = vec![0; length.unwrap_or_default()];
    input.read_exact(&mut body)?;
    Ok(Some(message(&body)))
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// What the body of a message says.
fn message(body: &[u8]) -> Message {
    let bad = |id: Value, code: i64, message: String| Message::Invalid {
        id,
        error: Failure { code, message },
    };
    let mut value: Value = match serde_json::from_slice(body) {
        Ok(value) => value,
        Err(error) => return bad(Value::Null, code::PARSE_ERROR, error.to_string()),
    };
    let Some(object) = value.as_object_mut() else {
        let message = "a message is an object".to_owned();
        return bad(Value::Null, code::INVALID_REQUEST, message);
    };
    let id = object.remove("id");
    let params = object.remove("params").unwrap_or_default();
    match (object.remove("method"), id) {
        (Some(Value::String(method)), None) => Message::Notification { method, params },
        (Some(Value::String(method)), Some(id)) if id.is_string() || id.is_number() => {
            Message::Request { id, method, params }
        }
        (None, Some(_)) => Message::Response,
        _ => {
            let message =
                "a message has a method, or the id of a request, which is a string or number";
            bad(Value::Null, code::INVALID_REQUEST, message.to_owned())
        }
    }
}

/// The client, as far as it is written to.
pub(super) struct Client<'o> {
    output: &'o mut dyn Write,
    next_id: u64,
}

impl<'o> Client<'o> {
    pub(super) fn new(output: &'o mut dyn Write) -> Client<'o> {
        Client { output, next_id: 1 }
    }

    pub(super) fn answer(&mut self, id: Value, result: Result<Value, Failure>) -> io::Result<()> {
        self.send(&match result {
            Ok(result) => json!({ "jsonrpc": "2.0", "id": id, "result": result }),
            Err(Failure { code, message }) => json!({
                "jsonrpc": "2.0",
                "id": id,
                "error": { "code": code, "message": message },
            }),
        })
    }

    pub(super) fn notify(&mut self, method: &str, params: Value) -> io::Result<()> {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }))
    }

    /// Sends a request whose answer does not matter.
    pub(super) fn request(&mut self, method: &str, params: Value) -> io::Result<()> {
        let id = self.next_id;
        self.next_id += 1;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }))
    }

    fn send(&mut self, message: &Value) -> io::Result<()> {
        let body = message.to_string();
        write!(self.output, "Content-Length: {}\r\n\r\n{body}", body.len())?;
        self.output.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> io::Result<Option<Message>> {
        read(&mut text.as_bytes())
    }

    fn framed(body: &str) -> Message {
        one(&format!("Content-Length: {}\r\n\r\n{body}", body.len()))
            .unwrap()
            .unwrap()
    }

    #[test]
    fn what_is_no_message_is_answered_with_the_right_code() {
        let code = |body: &str| match framed(body) {
            Message::Invalid { id, error } => (id, error.code),
            other => panic!("{other:?}"),
        };
        assert_eq!(code("{"), (Value::Null, code::PARSE_ERROR));
        assert_eq!(code("[]"), (Value::Null, code::INVALID_REQUEST));
        assert_eq!(code(r#"{"id":{},"method":"a"}"#).1, code::INVALID_REQUEST);
        assert_eq!(code(r#"{"method":1}"#).1, code::INVALID_REQUEST);
        assert_eq!(framed(r#"{"id":1,"result":null}"#), Message::Response);
    }

    #[test]
    fn headers_end_the_stream_only_where_the_next_message_cannot_be_found() {
        assert_eq!(one("").unwrap(), None);
        assert!(one("Content-Length: 2\r\n").is_err());
        assert!(one("Content-Length: 9\r\n\r\n{}").is_err());
        assert!(one("Content-Length: -1\r\n\r\n").is_err());
        assert!(one("Content-Length: 99999999999\r\n\r\n").is_err());
        assert!(one("\r\n").is_err());
        assert!(one(&"x".repeat(1 << 20)).is_err());
        let message =
            "content-length: 14\r\nContent-Type: a/b; charset=utf-8\r\n\r\n{\"method\":\"a\"}";
        let Some(Message::Notification { method, .. }) = one(message).unwrap() else {
            panic!("not read");
        };
        assert_eq!(method, "a");
    }
}
