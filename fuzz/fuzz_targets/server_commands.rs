//! Server sessions whose commands take their time: replies come later, events in between, the client reads when it likes, sends
//! anything, and may be followed by another one.
#![no_main]

use libfuzzer_sys::fuzz_target;
use qapi_rt::session::server::{Closed, Config, Flavour, Request, Session};
use qapi_types::message::{ErrorReply, VersionInfo, VersionTriple};
use qapi_types::{ErrorClass, Mode, Value, from_str};

// The first byte has the configuration. Then come steps: what is done, a number, and for some of them bytes.
fuzz_target!(|input: &[u8]| {
    let Some((&first, mut rest)) = input.split_first() else {
        return;
    };
    let mut world = World::new(first);
    while let [step, number, tail @ ..] = rest {
        rest = world.step(*step, *number, tail);
    }
    world.finish();
});

struct World {
    config: Config,
    session: Session,
    /// What a message ends with.
    end: &'static [u8],
    /// What is executing, in band and out of band.
    executing: [Option<Request>; 2],
    /// Requests that the client has sent and that were not answered: number, and whether they are out of band.
    sent: Vec<(u64, bool)>,
    made: u64,
    /// The last in-band request that was answered with success.
    last: Option<u64>,
    /// What the client has read and is no whole message.
    read: Vec<u8>,
    /// Emitted to this client, and not read by it.
    events: usize,
    /// Whether the client sends requests only.
    proper: bool,
}

impl World {
    fn new(first: u8) -> Self {
        let version = VersionInfo::new(VersionTriple {
            // Errors are told at once by a newer one.
            major: if first & 1 == 0 { 10 } else { 12 },
            minor: 2,
            micro: 3,
        });
        let config = match first & 2 {
            0 => Config::qmp(version).oob(first & 4 != 0),
            _ => Config::agent().version(&version),
        };
        let config = config
            .output_limit(if first & 8 == 0 { 1 << 20 } else { 4096 })
            .queue_limit(if first & 16 == 0 { 1 << 20 } else { 64 })
            .keep_partial_input(first & 32 != 0)
            .pretty(first & 64 != 0);
        let is_pretty = first & 66 == 64;
        Self {
            session: Session::new(&config),
            config,
            end: if is_pretty { b"\n}\r\n" } else { b"\n" },
            executing: [None, None],
            sent: Vec::new(),
            made: 0,
            last: None,
            read: Vec::new(),
            events: 0,
            proper: true,
        }
    }

    /// Gives what of the input comes after it.
    fn step<'a>(&mut self, step: u8, number: u8, tail: &'a [u8]) -> &'a [u8] {
        let number = usize::from(number);
        match step % 16 {
            0..3 => self.request("execute", "c", ""),
            3 => self.request("exec-oob", "o", ""),
            4 => {
                let oob = if number & 1 == 0 { "" } else { "\"oob\"" };
                let arguments = format!(",\"arguments\":{{\"enable\":[{oob}]}}");
                self.request("execute", "qmp_capabilities", &arguments);
            }
            5 | 6 => self.take(number & 1),
            7 | 8 => self.answer(number & 1, number & 2 != 0),
            9 => {
                if self.session.is_negotiated() && self.session.closed().is_none() {
                    self.events += usize::from(self.config.flavour() == Flavour::Qmp);
                }
                self.session.event(b"{\"event\": \"E\", \"timestamp\": {\"seconds\": 1, \"microseconds\": 2}}");
            }
            10 => self.read(number),
            11 => self.read(usize::MAX),
            12 => {
                let (bytes, after) = tail.split_at(number.min(tail.len()));
                self.proper = false;
                self.session.receive(bytes);
                return after;
            }
            13 if number > 200 => {
                self.session.eof();
                self.proper = false;
            }
            14 if number > 200 => {
                self.session.close();
                assert!(self.session.closed().is_some());
            }
            15 if number > 200 => self.next_client(),
            _ => {}
        }
        tail
    }

    fn request(&mut self, key: &str, name: &str, arguments: &str) {
        let id = self.made;
        self.made += 1;
        let text = format!("{{\"{key}\":\"{name}\"{arguments},\"id\":{id}}}\n");
        self.session.receive(text.as_bytes());
        self.sent.push((id, key == "exec-oob"));
    }

    fn take(&mut self, oob: usize) {
        // That one is taken may make room to notice the end.
        let is_open = self.session.is_negotiated() && self.session.closed().is_none();
        let request = match oob {
            0 => self.session.take_in_band(),
            _ => self.session.take_oob(),
        };
        if let Some(request) = request {
            assert_eq!(request.is_oob(), oob == 1);
            assert!(self.executing[oob].is_none(), "one at a time");
            assert!(is_open);
            self.executing[oob] = Some(request);
        }
    }

    fn answer(&mut self, oob: usize, error: bool) {
        let Some(request) = self.executing[oob].take() else {
            return;
        };
        match error {
            true => {
                let error = ErrorReply::new(ErrorClass::GenericError, "no");
                self.session.reply(request.ticket(), Err(&error));
            }
            false => self.session.reply(request.ticket(), Ok(b"{}")),
        }
    }

    /// The client reads so many bytes at most.
    fn read(&mut self, most: usize) {
        let output = self.session.output();
        let count = most.min(output.len());
        self.read.extend_from_slice(&output[..count]);
        self.session.sent(count);
        let end = self.end;
        let find = |read: &[u8]| read.windows(end.len()).position(|part| part == end);
        while let Some(start) = find(&self.read) {
            let line = self.read.drain(..start + end.len());
            let line: Vec<u8> = line.filter(|byte| *byte != 0xFF).collect();
            let line = String::from_utf8(line).expect("ASCII");
            assert!(line.is_ascii());
            let message: Value = from_str(&line, Mode::Strict).expect("JSON");
            assert!(message.is_object());
            if self.proper {
                self.message(&serde_json::from_str(&line).expect("JSON"));
            }
        }
    }

    /// Each reply is to a request that was sent, once; those in band that were executed come in order.
    fn message(&mut self, message: &serde_json::Value) {
        if message.get("event").is_some() {
            assert!(self.events > 0);
            self.events -= 1;
        } else if message.get("QMP").is_none() {
            let id = message["id"].as_u64().expect("all requests had one");
            let index = self.sent.iter().position(|(sent, _)| *sent == id);
            let (_, is_oob) = self.sent.remove(index.expect("a request is answered once"));
            if message.get("return").is_some() && !is_oob {
                assert!(self.last < Some(id));
                self.last = Some(id);
            }
        }
    }

    fn next_client(&mut self) {
        let next = Session::new(&self.config);
        let before = std::mem::replace(&mut self.session, next);
        self.session = before.next_client(&self.config);
        let output = self.session.output().to_vec();
        for request in self.executing.iter_mut().filter_map(Option::take) {
            self.session.reply(request.ticket(), Ok(b"{}"));
        }
        assert_eq!(self.session.output(), output, "it was another client's");
        self.sent.clear();
        self.read.clear();
        (self.last, self.events) = (None, 0);
    }

    fn finish(mut self) {
        loop {
            self.read(usize::MAX);
            self.take(0);
            self.take(1);
            if self.executing.iter().all(Option::is_none) && self.session.output().is_empty() {
                break;
            }
            self.answer(0, false);
            self.answer(1, true);
        }
        match self.session.closed() {
            None => assert!(self.session.wants_input()),
            Some(Closed::Overflow) => return,
            Some(_) => {}
        }
        if self.proper && self.session.closed().is_none() {
            assert!(self.sent.is_empty() && self.events == 0, "all was answered and told");
        }
        self.session.eof();
        assert!(self.session.closed().is_some());
    }
}
