//! Recordings of real servers against the generated types: replies and events come back as they were, arguments that were
//! accepted are accepted, and those that were refused are refused with the same words.

use std::path::Path;

use qapi_tests::{Codec, Command, Interface, QGA, QMP, QSD, corpus, differ};
use qapi_types::message::{Raw, RawEvent, Request, ServerMessage};
use qapi_types::{Document, ErrorReply, Mode, Reader, Result, Value, from_slice, from_str};
use serde_json::json;

/// A request that was not answered yet.
struct Pending<'t> {
    connection: &'t str,
    id: Option<Value>,
    text: &'t str,
}

/// One recording, or what came of several.
#[derive(Default)]
struct Report {
    place: String,
    replies: usize,
    events: usize,
    refused: usize,
    recognized: usize,
    /// The release of the server of the recording at hand.
    release: (u16, u16),
    /// Whether its interface is that of our types.
    ours: bool,
    /// Whether that of any recording is. There is none yet of a release that is new.
    any_ours: bool,
    /// Whether the recording at hand has a line that is not one request, as when requests are torn or malformed.
    torn: bool,
    /// Requests of commands that no release since 6.0 has.
    dropped: Vec<String>,
    faults: Vec<String>,
}

#[test]
fn recordings() {
    let Some(folder) = corpus("transcripts", "recordings") else {
        return;
    };
    let mut report = Report::default();
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap().to_str().unwrap();
        match name.split(['-', '.']).next() {
            Some("qemu") => report.replay(&QMP, &path),
            Some("qga") => report.replay(&QGA, &path),
            Some("qsd") => report.replay(&QSD, &path),
            // Not in this form.
            _ => {}
        }
    }
    assert!(report.faults.is_empty(), "{}", report.faults.join("\n"));
    let Report {
        replies,
        events,
        refused,
        recognized,
        any_ours,
        ..
    } = report;
    assert!(
        replies > 0 && events > 0 && refused > 0 && (recognized > 0 || !any_ours),
        "{replies}, {events}, {refused}, {recognized}"
    );
    println!(
        "{replies} replies, {events} events, {refused} refusals, {recognized} of our own release; not in our types: {:?}",
        report.dropped
    );
}

impl Report {
    fn replay(&mut self, interface: &Interface, path: &Path) {
        let text = String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned();
        let mut pending: Vec<Pending> = Vec::new();
        self.torn = false;
        self.release = release(path.file_name().unwrap().to_str().unwrap());
        self.ours = self.release == release(&format!("qemu-{}", qapi_schema::VERSION));
        self.any_ours |= self.ours;
        for (number, line) in text.lines().enumerate() {
            let Some((who, text)) = line.split_once(": ") else {
                continue;
            };
            self.place = format!("{}:{}", path.display(), number + 1);
            // The byte 0xFF, with which guest agents are synchronised.
            let text = text.trim_start_matches(char::REPLACEMENT_CHARACTER);
            let (from, connection) = who.split_at(who.len().min(1));
            match from {
                "C" => match request(connection, text) {
                    Some(request) => pending.push(request),
                    None => self.torn = true,
                },
                "S" => self.received(interface, connection, text, &mut pending),
                _ => {}
            }
        }
    }

    fn received(
        &mut self,
        interface: &Interface,
        connection: &str,
        text: &str,
        pending: &mut Vec<Pending>,
    ) {
        let mut answered = |id: Option<Raw>| {
            let id = id.map(|id| id.decode::<Value>(Mode::Lenient).unwrap());
            let mine = |request: &Pending| request.connection == connection && request.id == id;
            pending.iter().position(mine).map(|at| pending.remove(at))
        };
        match ServerMessage::parse(text.as_bytes()) {
            Ok(ServerMessage::Event(event)) => self.event(interface, &event),
            Ok(ServerMessage::Return { value, id }) => match answered(id) {
                Some(request) => self.reply(interface, &request, value),
                None if self.torn => {}
                None => self.fault("a reply to nothing"),
            },
            // What cannot be parsed has no id, and what was no request is not pending.
            Ok(ServerMessage::Error { error, .. }) if is_envelope_error(&error.desc) => {}
            Ok(ServerMessage::Error { error, id }) => {
                if let Some(request) = answered(id) {
                    self.error(interface, &request, &error);
                }
            }
            Ok(_) => {}
            Err(error) => self.fault(error),
        }
    }

    fn event(&mut self, interface: &Interface, event: &RawEvent) {
        self.events += 1;
        if interface.event(&event.name).is_none() {
            self.fault(format!("event {} is unknown", event.name));
        }
        let before = event
            .data
            .map_or_else(|| json!({}), |data| data.decode(Mode::Lenient).unwrap());
        let recode = interface.recode_event.expect("there are events");
        let after = recode(&event.name, event.data);
        self.compare("event", &event.name, &before, after);
        if let Some(known) = interface.event(&event.name).filter(|_| self.ours) {
            self.recognized("event", &event.name, &known.data, &before);
        }
    }

    fn reply(&mut self, interface: &Interface, request: &Pending, value: Raw) {
        let Some((command, arguments)) = command(interface, request) else {
            self.dropped.push(request.text.to_owned());
            return;
        };
        self.replies += 1;
        let before = value.decode(Mode::Lenient).unwrap();
        let after = (command.reply.recode)(&mut value.reader(Mode::Lenient));
        self.compare("reply to", command.name, &before, after);
        if self.ours {
            self.recognized("reply to", command.name, &command.reply, &before);
        }
        let (before, after) = self.strictly(command, &arguments);
        self.compare("arguments of", command.name, &before, after);
    }

    fn error(&mut self, interface: &Interface, request: &Pending, error: &ErrorReply) {
        let Some((command, arguments)) = command(interface, request) else {
            return;
        };
        let ours = self
            .strictly(command, &arguments)
            .1
            .err()
            .map(|error| error.desc());
        let theirs = Some(&error.desc).filter(|desc| is_argument_error(desc));
        if ours.as_ref() == theirs {
            self.refused += usize::from(ours.is_some());
        } else if theirs.is_some() && !is_build_dependent(command, &error.desc)
            || ours.is_some() && theirs.is_none() && !error.desc.ends_with("has been disabled")
        {
            self.fault(format!("{}: {ours:?}, not {:?}", command.name, error.desc));
        }
    }

    /// Decodes arguments as a server of that release does.
    fn strictly(&self, command: &Command, arguments: &str) -> (Value, Result<Vec<u8>>) {
        let before = from_str(arguments, Mode::Lenient).unwrap();
        let mut reader = Reader::from_str(arguments, Mode::Strict).of_release(self.release);
        (before, (command.arguments.recode)(&mut reader))
    }

    fn compare(&mut self, what: &str, name: &str, before: &Value, after: Result<Vec<u8>>) {
        match after {
            Ok(after) => {
                let after = from_slice(&after, Mode::Strict).unwrap();
                if let Some(path) = differ(before, &after) {
                    self.fault(format!("{what} {name}{path}"));
                }
            }
            Err(error) => self.fault(format!("{what} {name}: {error}")),
        }
    }

    /// Strict reading refuses whatever the types do not know.
    fn recognized(&mut self, what: &str, name: &str, codec: &Codec, value: &Value) {
        self.recognized += 1;
        if let Err(error) = codec.recode_text(&value.to_string(), Mode::Strict) {
            self.fault(format!("{what} {name}: {error}"));
        }
    }

    fn fault(&mut self, what: impl std::fmt::Display) {
        self.faults.push(format!("{}: {what}", self.place));
    }
}

/// By the version in a recording's name.
fn release(name: &str) -> (u16, u16) {
    let (_, version) = name.split_once('-').expect("a version follows");
    let mut numbers = version.split('.').map(|number| number.parse().unwrap());
    (numbers.next().unwrap(), numbers.next().unwrap())
}

/// The request in a line, if it is one.
fn request<'t>(connection: &'t str, text: &'t str) -> Option<Pending<'t>> {
    let document = Document::parse(text.as_bytes()).ok()?;
    let request = Request::parse(&document, true).ok()?;
    let id = request.id.map(|id| id.decode(Mode::Lenient).unwrap());
    Some(Pending {
        connection,
        id,
        text,
    })
}

/// The command requested, and its arguments.
fn command(interface: &Interface, request: &Pending) -> Option<(&'static Command, String)> {
    let document = Document::parse(request.text.as_bytes()).unwrap();
    let request = Request::parse(&document, true).unwrap();
    let command = interface.command(&request.command);
    let arguments = request.arguments.map_or("{}", |arguments| arguments.text());
    command.map(|command| (command, arguments.to_owned()))
}

fn is_envelope_error(desc: &str) -> bool {
    desc.starts_with("JSON parse error") || desc.starts_with("QMP input")
}

/// Whether this is a text that the visitor of arguments gives, as opposed to a command's own.
fn is_argument_error(desc: &str) -> bool {
    let parts: Vec<_> = desc.split('\'').collect();
    match parts[..] {
        ["Parameter ", _, " does not accept value ", _, ""] => true,
        ["Parameter ", _, rest] => {
            [" is missing", " is unexpected", " expects uint64"].contains(&rest)
                || rest.ends_with("int8_t")
                || rest.ends_with("int16_t")
                || rest.ends_with("int32_t")
        }
        ["Invalid parameter type for ", _, _] => true,
        _ => false,
    }
}

/// Whether this was refused for what that program was, not for what the schema says: values of enums that were not built
/// in, and properties of objects, whose own visitor has the same words.
fn is_build_dependent(command: &Command, desc: &str) -> bool {
    let not_built = ["io_uring", "virtio-blk-vhost-user"];
    command.name == "qom-set"
        || not_built
            .iter()
            .any(|value| desc.ends_with(&format!("does not accept value '{value}'")))
}
