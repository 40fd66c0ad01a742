//! Histories of a session, driven by hand: nothing is sent that the server does not read at once.

use std::collections::{HashMap, VecDeque};
use std::io;

use proptest::prop_assert;
use qapi_rt::session::client::{
    CallId, Forgotten, Happening, Options, RawCommand, Sending, Session,
};
use qapi_rt::{Error, ErrorKind};

use crate::model::histories;
use crate::model::step::Script;
use crate::model::subject::{Check, Outcome, Subject, Told};

/// How a call ended, by its error.
pub(crate) fn outcome(result: Result<String, Error>) -> Outcome {
    let error = match result {
        Ok(text) => return Outcome::Returned(text),
        Err(error) => error,
    };
    match error.kind() {
        ErrorKind::Command(reply) => Outcome::Failed(reply.desc.clone()),
        ErrorKind::Deadline { sent } => Outcome::Late { sent: *sent },
        ErrorKind::Closed => Outcome::Closed,
        ErrorKind::OutcomeUnknown => Outcome::Unknown,
        _ => Outcome::Other(error.to_string()),
    }
}

struct Driven {
    session: Session,
    output: VecDeque<u8>,
    ids: HashMap<CallId, usize>,
    calls: HashMap<usize, CallId>,
    ended: HashMap<usize, Outcome>,
    queue: VecDeque<Option<u32>>,
    readied: bool,
    unwritable: bool,
    closed: bool,
    /// What was told against the rules.
    fault: Option<String>,
}

impl Driven {
    fn new(script: &Script) -> Self {
        let mut options = Options::default();
        options.oob = script.oob;
        options.ids = script.ids;
        options.reconnect = script.reconnect;
        Self {
            session: Session::new(options),
            output: VecDeque::new(),
            ids: HashMap::new(),
            calls: HashMap::new(),
            ended: HashMap::new(),
            queue: VecDeque::new(),
            readied: false,
            unwritable: false,
            closed: false,
            fault: None,
        }
    }

    fn happened(&mut self, happening: Happening) {
        if self.closed {
            self.fault = Some(format!("after the end: {happening:?}"));
        }
        match happening {
            Happening::Ready => {
                if std::mem::replace(&mut self.readied, true) && self.queue.back() != Some(&None) {
                    self.queue.push_back(None);
                }
            }
            Happening::Reply { id, result } => {
                let result = result.map(|reply| reply.decode::<String>().expect("a string"));
                let Some(number) = self.ids.remove(&id) else {
                    self.fault = Some(format!("nobody waits for {id:?}: {result:?}"));
                    return;
                };
                self.ended.insert(number, outcome(result));
            }
            Happening::Event(event) => {
                let number = event.timestamp().seconds();
                self.queue
                    .push_back(Some(number.try_into().expect("it is small")));
            }
            Happening::Disconnected(_) => {
                if self.session.is_disconnected() {
                    self.output.clear();
                }
            }
            Happening::Closed(_) => {
                self.closed = true;
                self.output.clear();
            }
            other => self.fault = Some(format!("{other:?}")),
        }
    }
}

impl Subject for Driven {
    const TICK: u64 = 0;
    const CLOCK: bool = false;
    const KEEPS_ALL: bool = true;

    fn is_connected(&mut self) -> bool {
        true
    }

    fn call(&mut self, number: usize, oob: bool, _: u64) -> Result<(), Outcome> {
        let sending = match oob {
            true => Sending::default().oob(),
            false => Sending::default(),
        };
        let command = RawCommand::new(format!("x-{number}"));
        let id = self.session.request(&command, sending);
        let id = id.map_err(|error| outcome(Err(error)))?;
        self.ids.insert(id, number);
        self.calls.insert(number, id);
        Ok(())
    }

    fn forget(&mut self, number: usize) -> Option<bool> {
        let id = self.calls[&number];
        self.ids.remove(&id);
        match self.session.forget(id) {
            Forgotten::Withdrawn => Some(false),
            Forgotten::Sent => Some(true),
            Forgotten::Unknown => None,
        }
    }

    fn read(&mut self, most: usize) -> Vec<u8> {
        if self.output.is_empty() && !self.unwritable {
            let output = self.session.take_output();
            self.output
                .extend(output.map(|output| output.bytes).unwrap_or_default());
        }
        let count = most.min(self.output.len());
        self.session.wrote(count);
        self.output.drain(..count).collect()
    }

    fn receive(&mut self, bytes: &[u8]) {
        self.session.receive(bytes);
    }

    fn hang_up(&mut self) {
        self.session.end(None);
    }

    fn accept(&mut self) -> bool {
        self.session.reconnected();
        true
    }

    fn deafen(&mut self) -> bool {
        self.unwritable = true;
        self.output.clear();
        self.session.unwritable(io::ErrorKind::BrokenPipe.into());
        true
    }

    fn pump(&mut self, _: u64) {
        while let Some(happening) = self.session.poll() {
            self.happened(happening);
        }
    }

    fn outcome(&mut self, number: usize, _: bool) -> Option<Outcome> {
        self.ended.remove(&number)
    }

    fn take(&mut self) -> Option<Told> {
        self.queue.pop_front().map(|entry| match entry {
            Some(number) => Told::Event { number, missed: 0 },
            None => Told::Reconnected,
        })
    }

    fn is_closed(&mut self) -> bool {
        self.closed || self.unwritable
    }

    fn check(&mut self) -> Check {
        prop_assert!(self.fault.is_none(), "{:?}", self.fault);
        prop_assert!(
            self.session.unanswered() >= self.ids.len(),
            "calls are counted"
        );
        Ok(())
    }
}

#[test]
fn the_model_foretells_a_session() {
    histories(1, |_| (), Driven::new);
}
