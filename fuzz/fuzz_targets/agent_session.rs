//! An agent's client session: requests, calls given up, and whatever is written of what is to be sent, while an agent answers as
//! it should, or sends anything, in any pieces.
#![no_main]

use std::collections::VecDeque;

use libfuzzer_sys::fuzz_target;
use qapi_rt::session::agent::{Happening, Session};
use qapi_rt::session::client::RawCommand;

const LIMIT: usize = 4096;
const DELIMITER: u8 = 0xFF;

// The first byte says which synchronisations the agent knows. Then come steps: what is done, a number, and for some of them bytes.
fuzz_target!(|input: &[u8]| {
    let Some((&first, mut rest)) = input.split_first() else {
        return;
    };
    let mut world = World::new(first);
    while let [step, number, tail @ ..] = rest {
        rest = world.step(*step, *number, tail);
        world.look();
    }
    world.session.eof();
    world.look();
    assert!(world.closed);
});

struct World {
    session: Session,
    knows: &'static [&'static str],
    /// The number in the name of the request that waits for its reply.
    asked: Option<usize>,
    made: usize,
    /// What the agent has of a request.
    partial: Vec<u8>,
    /// Requests that it has read and not answered: name, and number to repeat.
    read: VecDeque<(String, String)>,
    /// How many bytes come at once.
    piece: usize,
    /// Whether all that came was what an agent sends.
    proper: bool,
    closed: bool,
}

impl World {
    fn new(first: u8) -> Self {
        Self {
            session: Session::new(1).message_limit(LIMIT),
            knows: match first % 4 {
                0 => &[],
                1 => &["guest-sync"],
                _ => &["guest-sync", "guest-sync-delimited"],
            },
            asked: None,
            made: 0,
            partial: Vec::new(),
            read: VecDeque::new(),
            piece: usize::MAX,
            proper: true,
            closed: false,
        }
    }

    /// Gives what of the input comes after it.
    fn step<'a>(&mut self, step: u8, number: u8, tail: &'a [u8]) -> &'a [u8] {
        let number = usize::from(number);
        match step % 12 {
            0 | 1 => {
                let command = RawCommand::new(format!("c{}", self.made));
                self.session.request(&command).expect("it can be written");
                self.asked = Some(self.made);
                self.made += 1;
            }
            2 => {
                // A request that waits for the one under way is kept.
                if !self.session.is_synchronizing() {
                    self.asked = None;
                }
                self.session.synchronize();
            }
            3 => {
                self.session.abandon();
                self.asked = None;
            }
            4 => self.session.distrust(),
            5 => self.write(number),
            6 | 7 => self.write(usize::MAX),
            8 | 9 => self.answer(number & 1 != 0),
            10 => self.piece = if number == 0 { usize::MAX } else { number },
            _ => {
                let (bytes, after) = tail.split_at(number.min(tail.len()));
                self.proper = false;
                self.receive(bytes);
                return after;
            }
        }
        tail
    }

    fn write(&mut self, most: usize) {
        let bytes = self.session.output();
        let bytes = bytes[..most.min(bytes.len())].to_vec();
        self.session.sent(bytes.len());
        for byte in bytes {
            match byte {
                // It forgets what it has.
                DELIMITER => self.partial.clear(),
                b'\n' => {
                    let line = String::from_utf8(std::mem::take(&mut self.partial));
                    let line = line.expect("requests are ASCII");
                    let name = line.split('"').nth(3).unwrap_or_default().to_owned();
                    let id = line.rsplit_once("\"id\":").map_or("", |(_, id)| id);
                    let id = id.trim_end_matches('}').to_owned();
                    self.read.push_back((name, id));
                }
                byte => self.partial.push(byte),
            }
        }
    }

    /// It answers in order.
    fn answer(&mut self, error: bool) {
        let Some((name, id)) = self.read.pop_front() else {
            return;
        };
        let text = match name.strip_prefix('c') {
            Some(number) if !error => format!("{{\"return\": {number}}}\n"),
            Some(_) => format!("{{\"error\": {{\"class\": \"GenericError\", \"desc\": \"{name}\"}}}}\n"),
            None if self.knows.contains(&&*name) => format!("{{\"return\": {id}}}\n"),
            None => format!(
                "{{\"error\": {{\"class\": \"CommandNotFound\", \"desc\": \"The command {name} has not been found\"}}}}\n"
            ),
        };
        let mut bytes = text.into_bytes();
        if name == "guest-sync-delimited" && self.knows.contains(&&*name) {
            bytes.insert(0, DELIMITER);
        }
        self.receive(&bytes);
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
                Happening::Reply(line) => {
                    let number = self.asked.take().expect("a reply answers a request, once");
                    let line = String::from_utf8_lossy(&line);
                    let own = [format!("{{\"return\": {number}}}"), format!("\"c{number}\"")];
                    let own = own.iter().any(|text| line.contains(text));
                    assert!(own || !self.proper, "{line:?} is another's than {number}'s");
                }
                Happening::CannotSynchronize => {
                    assert!(self.knows.is_empty() || !self.proper);
                    self.asked = None;
                }
                Happening::Closed(_) => self.closed = true,
                _ => {}
            }
        }
        assert_eq!(self.session.is_closed(), self.closed);
    }
}
