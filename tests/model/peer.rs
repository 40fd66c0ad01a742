//! The server of a history: it reads what the client wrote, in pieces, and writes what the steps say.

use std::collections::VecDeque;
use std::fmt::Write as _;

use serde_json::{Value, json};

/// A message on its way to the client.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Message {
    Greeting,
    /// Capabilities are negotiated.
    Ready,
    /// The reply to a call.
    Reply(usize),
    Event(u32),
    /// Not for this client.
    Stray,
}

/// What the server has read.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) command: String,
    pub(crate) oob: bool,
    pub(crate) id: Option<Value>,
}

#[derive(Debug, Default)]
pub(crate) struct Peer {
    /// The beginning of a request.
    input: String,
    /// What the client has not got yet.
    output: VecDeque<u8>,
    /// Messages in it, with where they begin and end in all that was ever written.
    messages: VecDeque<(usize, usize, Message)>,
    written: usize,
    delivered: usize,
    /// The id of a request to negotiate that is unanswered.
    pub(crate) negotiation: Option<Value>,
    pub(crate) greeted: bool,
    pub(crate) ready: bool,
    /// Calls whose requests were read and not answered, with their ids.
    pub(crate) requests: Vec<(usize, Option<Value>)>,
    layout: usize,
}

impl Peer {
    /// Requests that are complete with these bytes.
    pub(crate) fn read(&mut self, bytes: &[u8]) -> Vec<Request> {
        let mut requests = Vec::new();
        for byte in bytes {
            self.input.push(char::from(*byte));
            // As QEMU, which does not wait for the line's end.
            let (opened, closed) = (self.input.matches('{'), self.input.matches('}'));
            if *byte != b'}' || opened.count() != closed.count() {
                continue;
            }
            let request: Value = serde_json::from_str(self.input.trim()).expect("a request");
            self.input.clear();
            let oob = request.get("exec-oob").is_some();
            let command = request[if oob { "exec-oob" } else { "execute" }].as_str();
            requests.push(Request {
                command: command.expect("a command").to_owned(),
                oob,
                id: request.get("id").cloned(),
            });
        }
        requests
    }

    /// Whether it has the beginning of a request.
    pub(crate) fn is_reading(&self) -> bool {
        !self.input.trim().is_empty()
    }

    /// Whether nothing is on its way to the client.
    pub(crate) fn is_quiet(&self) -> bool {
        self.output.is_empty()
    }

    pub(crate) fn write(&mut self, message: Message, value: &Value) {
        let mut text = value.to_string();
        let mut end = text.len();
        // QEMU's layouts, and one that other servers have.
        match self.layout % 3 {
            0 => text.push_str("\r\n"),
            1 => {
                text = text.replacen('{', "{\r\n    ", 1);
                end = text.len();
                text.push('\n');
            }
            _ => {}
        }
        self.layout += 1;
        let start = self.written;
        self.messages.push_back((start, start + end, message));
        self.written += text.len();
        self.output.extend(text.bytes());
    }

    pub(crate) fn greet(&mut self, oob: bool) {
        let capabilities = if oob { json!(["oob"]) } else { json!([]) };
        let version = json!({"qemu": {"major": 10, "minor": 0, "micro": 2}, "package": ""});
        let greeting = json!({"QMP": {"version": version, "capabilities": capabilities}});
        self.write(Message::Greeting, &greeting);
        self.greeted = true;
        self.ready = false;
        self.negotiation = None;
        self.requests.clear();
    }

    pub(crate) fn reply(&mut self, message: Message, id: Option<Value>, mut reply: Value) {
        if let Some(id) = id {
            reply["id"] = id;
        }
        self.write(message, &reply);
    }

    /// Answers what this client did not ask; without an id only before the negotiation is answered.
    pub(crate) fn stray(&mut self, number: u16, client_is_ready: bool) {
        let id = match number % 4 {
            0 => json!("other"),
            1 => json!({"a": [1]}),
            _ => json!(1_000_000_u64 + u64::from(number)),
        };
        let early = !self.ready && self.is_quiet() && number.is_multiple_of(2);
        let reply = match number % 3 {
            0 => json!({"error": {"class": "GenericError", "desc": "stray"}}),
            _ => json!({"return": "stray"}),
        };
        let id = (!early || client_is_ready).then_some(id);
        self.reply(Message::Stray, id, reply);
    }

    pub(crate) fn event(&mut self, number: u32) {
        let mut name = "E".to_owned();
        let _ = write!(name, "{}", number % 3);
        let timestamp = json!({"seconds": number, "microseconds": 0});
        let event = json!({"event": name, "data": {"text": "}{\""}, "timestamp": timestamp});
        self.write(Message::Event(number), &event);
    }

    /// The next bytes for the client, and the messages that are complete with them.
    pub(crate) fn deliver(&mut self, most: usize) -> (Vec<u8>, Vec<Message>) {
        let count = most.min(self.output.len());
        let bytes = self.output.drain(..count).collect();
        self.delivered += count;
        let mut complete = Vec::new();
        while let Some((_, end, message)) = self.messages.front()
            && *end <= self.delivered
        {
            complete.push(*message);
            self.messages.pop_front();
        }
        (bytes, complete)
    }

    /// Whether the client has a part of a message.
    pub(crate) fn is_in_message(&self) -> bool {
        let next = self.messages.front();
        next.is_some_and(|(start, ..)| *start < self.delivered)
    }
}
