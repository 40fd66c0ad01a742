//! A client's session: requests, calls given up, ends, new connections and whatever is written of what is to be sent, while a
//! server answers as it should, or sends anything, in any pieces.
#![no_main]

use std::io;

use libfuzzer_sys::fuzz_target;
use qapi_rt::Error;
use qapi_rt::session::client::{CallId, Happening, Ids, Options, RawCommand, Sending, Session};
use qapi_rt::types::Value;

const LIMIT: usize = 4096;

// The first byte has the options. Then come steps: what is done, a number, and for some of them bytes.
fuzz_target!(|input: &[u8]| {
    let Some((&first, mut rest)) = input.split_first() else {
        return;
    };
    let mut world = World::new(first);
    while let [step, number, tail @ ..] = rest {
        rest = world.step(*step, *number, tail);
        world.look();
    }
    world.session.end(None);
    world.look();
    if let Some(why) = world.why.take() {
        world.session.close(why);
        world.look();
    }
    assert!(world.closed && world.calls.is_empty(), "all calls end");
});

struct World {
    session: Session,
    reconnects: bool,
    /// Those that have not ended, by the number in their name.
    calls: Vec<(CallId, usize)>,
    made: usize,
    /// Requests that the server has read and not answered: name, and id as it was written.
    read: Vec<(String, String)>,
    /// What is being written, and how much of it was.
    output: (Vec<u8>, usize),
    /// What the server has received and is not whole.
    partial: String,
    /// Whether the server gets anything: what was begun when that ended stays as it is.
    is_writable: bool,
    /// How many bytes come at once.
    piece: usize,
    /// Whether all that came was what a server sends.
    proper: bool,
    /// Why the last connection ended.
    why: Option<Error>,
    closed: bool,
    /// Sent, and not told yet.
    events: usize,
}

impl World {
    fn new(first: u8) -> Self {
        let mut options = Options::default();
        options.oob = first & 1 != 0;
        options.reconnect = first & 2 != 0;
        options.ids = match first >> 2 & 3 {
            0 => Ids::Always,
            1 => Ids::Never,
            _ => Ids::WhereNeeded,
        };
        options.message_limit = LIMIT;
        Self {
            reconnects: options.reconnect,
            session: Session::new(options),
            calls: Vec::new(),
            made: 0,
            read: Vec::new(),
            output: (Vec::new(), 0),
            partial: String::new(),
            is_writable: true,
            piece: usize::MAX,
            proper: true,
            why: None,
            closed: false,
            events: 0,
        }
    }

    /// Gives what of the input comes after it.
    fn step<'a>(&mut self, step: u8, number: u8, tail: &'a [u8]) -> &'a [u8] {
        let number = usize::from(number);
        match step % 16 {
            0..3 => self.call(number & 1 != 0),
            3 => {
                if !self.calls.is_empty() {
                    let (call, _) = self.calls.swap_remove(number % self.calls.len());
                    self.session.forget(call);
                }
            }
            4 | 5 => self.write(usize::MAX),
            6 => self.write(number),
            7 | 8 => self.answer(number >> 1, number & 1 != 0),
            9 => {
                self.events += 1;
                self.receive(b"{\"event\": \"E\", \"timestamp\": {\"seconds\": 1, \"microseconds\": 2}}\r\n");
            }
            10 => self.greet(number & 1 != 0),
            11 => {
                let (bytes, after) = tail.split_at(number.min(tail.len()));
                self.proper = false;
                self.receive(bytes);
                return after;
            }
            12 => self.piece = if number == 0 { usize::MAX } else { number },
            13 => {
                let error = (number & 1 != 0).then(|| io::Error::other("cut off"));
                self.session.end(error);
            }
            14 => {
                self.session.unwritable(io::Error::other("no way out"));
                self.output = (Vec::new(), 0);
                self.is_writable = false;
            }
            _ => {
                if self.session.is_disconnected() {
                    self.session.reconnected();
                    self.read.clear();
                    self.partial.clear();
                    self.output = (Vec::new(), 0);
                    self.is_writable = true;
                }
            }
        }
        tail
    }

    fn call(&mut self, oob: bool) {
        let sending = match oob {
            true => Sending::default().oob(),
            false => Sending::default(),
        };
        let command = RawCommand::new(format!("c{}", self.made));
        if let Ok(call) = self.session.request(&command, sending) {
            self.calls.push((call, self.made));
        }
        self.made += 1;
    }

    /// As a driver does: all of it, before it takes more.
    fn write(&mut self, most: usize) {
        if self.closed || !self.is_writable || self.session.is_disconnected() {
            return;
        }
        if self.output.1 == self.output.0.len() {
            let Some(output) = self.session.take_output() else {
                return;
            };
            self.output = (output.bytes, 0);
        }
        let (bytes, written) = &mut self.output;
        let now = &bytes[*written..][..most.min(bytes.len() - *written)];
        self.partial += std::str::from_utf8(now).expect("requests are ASCII");
        self.session.wrote(now.len());
        *written += now.len();
        while let Some((line, rest)) = self.partial.split_once('\n') {
            let name = line.split('"').nth(3).expect("a command").to_owned();
            let id = line.rsplit_once(",\"id\":").map_or("", |(_, id)| id.trim_end());
            self.read.push((name, id.trim_end_matches('}').to_owned()));
            self.partial = rest.to_owned();
        }
    }

    /// The server answers the first request, or with ids any; but what came before a negotiation not after it, and no other way
    /// round.
    fn answer(&mut self, which: usize, error: bool) {
        let negotiation = self.read.iter().position(|(name, _)| !name.starts_with('c'));
        let most = negotiation.map_or(self.read.len(), |index| index + 1);
        let which = match self.read.iter().all(|(_, id)| !id.is_empty()) {
            true => which % most.max(1),
            false => 0,
        };
        if which >= most {
            return;
        }
        let (name, id) = self.read.remove(which);
        if Some(which) == negotiation {
            self.read.drain(..which);
        }
        let value = name.strip_prefix('c').unwrap_or("{}");
        let id = if id.is_empty() { id } else { format!(", \"id\": {id}") };
        let text = match error {
            true => format!("{{\"error\": {{\"class\": \"GenericError\", \"desc\": \"{name}\"}}{id}}}\r\n"),
            false => format!("{{\"return\": {value}{id}}}\r\n"),
        };
        self.receive(text.as_bytes());
    }

    fn greet(&mut self, oob: bool) {
        let oob = if oob { "\"oob\"" } else { "" };
        let version = "{\"qemu\": {\"major\": 1, \"minor\": 2, \"micro\": 3}, \"package\": \"\"}";
        let text = format!("{{\"QMP\": {{\"version\": {version}, \"capabilities\": [{oob}]}}}}\r\n");
        self.receive(text.as_bytes());
    }

    fn receive(&mut self, bytes: &[u8]) {
        for piece in bytes.chunks(self.piece) {
            self.session.receive(piece);
        }
    }

    fn look(&mut self) {
        while let Some(happening) = self.session.poll() {
            assert!(!self.closed, "nothing happens after the end");
            match happening {
                Happening::Reply { id, result } => {
                    let index = self.calls.iter().position(|(call, _)| *call == id);
                    let index = index.expect("a call ends once, and only if it is waited for");
                    let (_, number) = self.calls.swap_remove(index);
                    if let Ok(reply) = result {
                        reply.decode::<Value>().expect("it was parsed");
                        let own = reply.decode().is_ok_and(|value: u64| value == number as u64);
                        assert!(own || !self.proper, "{reply:?} is another's than {number}'s");
                    }
                }
                Happening::Event(event) => {
                    // The data may be no object.
                    let _ = event.object();
                    assert!(self.events > 0 || !self.proper);
                    self.events = self.events.saturating_sub(1);
                }
                Happening::Disconnected(why) => {
                    assert!(self.reconnects);
                    self.why = Some(why);
                }
                Happening::Closed(_) => self.closed = true,
                _ => {}
            }
        }
        assert!(!self.closed || self.calls.is_empty(), "all calls end before the session");
    }
}
