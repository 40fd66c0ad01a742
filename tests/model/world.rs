//! Plays a history and says what each call and subscriber must get.

use std::collections::{HashSet, VecDeque};

use proptest::{prop_assert, prop_assert_eq};
use serde_json::json;

use crate::model::call::Call;
use crate::model::peer::{Message, Peer, Request};
use crate::model::step::{Script, Step};
use crate::model::subject::{Check, Outcome, Subject, Told};

/// Requests in band that may be unanswered with `oob`.
const IN_BAND_LIMIT: usize = 7;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Greeting,
    Negotiation,
    Ready,
    Disconnected,
    Over,
}

pub(crate) struct World<S> {
    subject: S,
    script: Script,
    peer: Peer,
    /// Counts connections.
    connection: usize,
    phase: Phase,
    readied: bool,
    hung_up: bool,
    deaf: bool,
    oob: bool,
    calls: Vec<Call>,
    /// The last that arrived in band, and out of band.
    last: [Option<usize>; 2],
    events: u32,
    /// What the subscriber is to get; the connection made anew in between.
    queue: VecDeque<Option<u32>>,
    missed: u64,
    received: usize,
    now: u64,
}

impl<S: Subject> World<S> {
    pub(crate) fn new(subject: S, script: &Script) -> Self {
        Self {
            subject,
            script: script.clone(),
            peer: Peer::default(),
            connection: 0,
            phase: Phase::Greeting,
            readied: false,
            hung_up: false,
            deaf: false,
            oob: false,
            calls: Vec::new(),
            last: [None; 2],
            events: 0,
            queue: VecDeque::new(),
            missed: 0,
            received: 0,
            now: 0,
        }
    }

    pub(crate) fn play(&mut self, steps: &[Step]) -> Check {
        if self.script.ready {
            self.negotiate()?;
        }
        for step in steps {
            self.step(*step)?;
            self.pump(0)?;
        }
        self.finish()
    }

    /// Everybody does what is to be done, until there is nothing more: each call ends.
    fn finish(&mut self) -> Check {
        for round in 0..self.calls.len() + 4 {
            if round > 0 && self.awaited().next().is_none() && self.peer.is_quiet() {
                break;
            }
            self.negotiate()?;
            while !self.hung_up && !self.peer.requests.is_empty() {
                self.step(Step::Reply {
                    which: 0,
                    error: false,
                })?;
            }
            self.step(Step::Deliver(u16::MAX))?;
            self.pump(0)?;
        }
        let alive = self.phase == Phase::Ready && !self.deaf;
        for (number, call) in self.calls.iter().enumerate() {
            prop_assert!(
                !(alive && call.awaited),
                "call {number} has not ended: {call:?}"
            );
        }
        self.step(Step::Take(u16::MAX))?;
        self.subject.check()
    }

    /// As far as the connection is there.
    fn negotiate(&mut self) -> Check {
        if !self.peer.greeted {
            self.step(Step::Greet)?;
        }
        let all = u16::MAX;
        for step in [
            Step::Deliver(all),
            Step::Read(all),
            Step::Reply {
                which: 0,
                error: false,
            },
            Step::Deliver(all),
            Step::Read(all),
        ] {
            self.step(step)?;
            self.pump(0)?;
        }
        Ok(())
    }

    fn step(&mut self, step: Step) -> Check {
        let present = !self.hung_up;
        match step {
            Step::Call { oob, deadline } => self.call(oob, deadline.into())?,
            Step::Exchange => self.exchange()?,
            Step::Forget(number) => self.forget(number.into())?,
            Step::Read(most) if present && !self.deaf => self.read(most.into())?,
            // On the same connection only when all was read that was written before.
            Step::Greet if present && (!self.peer.greeted || self.may_greet_again()) => {
                self.peer.greet(self.script.offers_oob);
            }
            Step::Reply { which, error } if present => self.reply(which.into(), error),
            // QEMU's monitors tell nothing before they are ready.
            Step::Event if present && (self.peer.ready || !self.readied) => {
                self.events += 1;
                self.peer.event(self.events);
            }
            Step::Stray(number) if present => self.peer.stray(number, self.phase == Phase::Ready),
            Step::Deliver(most) if present => self.deliver(most.into())?,
            Step::Take(most) => self.take(most)?,
            Step::Sleep(time) => self.pump(time.into())?,
            Step::HangUp if present => {
                self.subject.hang_up();
                self.hung_up = true;
                self.ended();
            }
            Step::Accept if self.phase == Phase::Disconnected => self.accept()?,
            Step::Deafen if present && self.readied && !self.script.reconnect => {
                self.deaf |= self.subject.deafen();
            }
            _ => {}
        }
        Ok(())
    }

    fn may_greet_again(&self) -> bool {
        self.readied && self.peer.ready && !self.peer.is_reading() && self.peer.is_quiet()
    }

    fn accept(&mut self) -> Check {
        if !self.hung_up {
            self.subject.hang_up();
        }
        prop_assert!(self.subject.accept(), "the client connects again");
        self.peer = Peer::default();
        self.connection += 1;
        (self.hung_up, self.phase) = (false, Phase::Greeting);
        Ok(())
    }

    fn call(&mut self, oob: bool, deadline: u64) -> Check {
        if !self.subject.is_connected() {
            return Ok(());
        }
        let number = self.calls.len();
        let refused = self.phase == Phase::Over || oob && !(self.oob && self.phase == Phase::Ready);
        let made = self.subject.call(number, oob, deadline);
        prop_assert!(made.is_err() || !refused, "call {number} cannot be made");
        if !refused && !self.deaf {
            prop_assert_eq!(&made, &Ok(()), "call {}", number);
        }
        self.calls.push(Call {
            oob,
            deadline: (deadline > 0).then_some(self.subject.now() + deadline),
            received: self.received,
            awaited: made.is_ok(),
            arrived: None,
            refused: false,
            answer: None,
            settled: false,
            answered_at: 0,
            expected: None,
            adrift: false,
            unsent: made.is_err(),
            left: None,
        });
        Ok(())
    }

    fn exchange(&mut self) -> Check {
        self.call(false, 0)?;
        self.step(Step::Read(u16::MAX))?;
        // Reading takes time, in which deadlines pass.
        self.pump(0)?;
        let which = self.peer.requests.len().saturating_sub(1);
        let which = u16::try_from(which).unwrap();
        self.step(Step::Reply {
            which,
            error: false,
        })?;
        self.step(Step::Deliver(u16::MAX))
    }

    fn forget(&mut self, number: usize) -> Check {
        let awaited: Vec<usize> = self.awaited().collect();
        let Some(&number) = awaited.get(number % awaited.len().max(1)) else {
            return Ok(());
        };
        let sent = self.subject.forget(number);
        let call = &mut self.calls[number];
        let may_be_sent = sent != Some(false);
        prop_assert!(
            may_be_sent || call.arrived.is_none(),
            "call {number} was sent"
        );
        call.unsent = !may_be_sent;
        call.awaited = false;
        call.left = Some(self.connection);
        Ok(())
    }

    fn awaited(&self) -> impl Iterator<Item = usize> {
        let awaited = |(number, call): (usize, &Call)| call.awaited.then_some(number);
        self.calls.iter().enumerate().filter_map(awaited)
    }

    fn read(&mut self, most: usize) -> Check {
        let bytes = self.subject.read(most);
        for request in self.peer.read(&bytes) {
            self.arrived(&request)?;
        }
        Ok(())
    }

    /// A request came to the server.
    fn arrived(&mut self, request: &Request) -> Check {
        if request.command == "qmp_capabilities" {
            prop_assert!(self.peer.greeted && !self.peer.ready, "negotiated once");
            prop_assert!(self.peer.negotiation.is_none());
            self.peer.negotiation.clone_from(&request.id);
            return Ok(());
        }
        let number: usize = request.command.strip_prefix("x-").unwrap().parse().unwrap();
        let connection = self.connection;
        let call = &mut self.calls[number];
        prop_assert_eq!(call.oob, request.oob);
        prop_assert_eq!(
            call.arrived.replace(connection),
            None,
            "call {} is sent once",
            number
        );
        let (unsent, left) = (call.unsent, call.left);
        prop_assert!(
            left.is_none_or(|on| on == connection),
            "call {number} is over"
        );
        let last = &mut self.last[usize::from(request.oob)];
        prop_assert!(
            last.replace(number) < Some(number),
            "requests in order: {number}"
        );
        if !self.peer.ready {
            // Those that were on their way to a monitor which was replaced.
            prop_assert!(
                self.peer.greeted && self.readied,
                "nothing before negotiation"
            );
            call.refused = true;
            let refused = json!({"error": {"class": "CommandNotFound", "desc": "early"}});
            self.peer.reply(Message::Stray, request.id.clone(), refused);
            return Ok(());
        }
        prop_assert!(!unsent, "call {number} was not to be sent");
        let mut ids = HashSet::new();
        let open =
            |call: &&Call| call.arrived == Some(connection) && !call.settled && !call.refused;
        let in_band = self.calls.iter().filter(open).filter(|call| !call.oob);
        let limit = if self.oob { IN_BAND_LIMIT } else { usize::MAX };
        prop_assert!(in_band.count() <= limit, "out-of-band requests have room");
        self.peer.requests.push((number, request.id.clone()));
        for (_, id) in self.peer.requests.iter().filter(|(_, id)| id.is_some()) {
            prop_assert!(ids.insert(id.clone()), "ids tell requests apart: {id:?}");
        }
        Ok(())
    }

    fn reply(&mut self, which: usize, error: bool) {
        if let Some(id) = self.peer.negotiation.take() {
            self.peer.ready = true;
            let reply = json!({"return": {}});
            return self.peer.reply(Message::Ready, Some(id), reply);
        }
        if self.peer.requests.is_empty() {
            return;
        }
        let mut at = which % self.peer.requests.len();
        // Requests without ids are answered in their order.
        if self.peer.requests[at].1.is_none() {
            at = self
                .peer
                .requests
                .iter()
                .position(|(_, id)| id.is_none())
                .unwrap();
        }
        let (number, id) = self.peer.requests.remove(at);
        let text = format!("r{number}");
        let (answer, reply) = match error {
            false => (Outcome::Returned(text.clone()), json!({"return": text})),
            true => {
                let error = json!({"class": "GenericError", "desc": text});
                (Outcome::Failed(text), json!({"error": error}))
            }
        };
        self.calls[number].answer = Some(answer);
        self.peer.reply(Message::Reply(number), id, reply);
    }

    fn deliver(&mut self, most: usize) -> Check {
        // What happens at this very moment happens before.
        if self.subject.run_due() {
            self.look()?;
        }
        let (bytes, complete) = self.peer.deliver(most);
        self.subject.receive(&bytes);
        if matches!(self.phase, Phase::Over | Phase::Disconnected) {
            return Ok(());
        }
        self.received += bytes.len();
        for message in complete {
            self.delivered(message);
        }
        Ok(())
    }

    /// The client has a message.
    fn delivered(&mut self, message: Message) {
        match (message, self.phase) {
            (_, Phase::Over | Phase::Disconnected) => {}
            (Message::Greeting, Phase::Greeting) => self.phase = Phase::Negotiation,
            (Message::Greeting, Phase::Ready) => {
                self.ended();
                if self.phase == Phase::Disconnected {
                    // On the same connection.
                    self.phase = Phase::Negotiation;
                }
            }
            (Message::Ready, Phase::Negotiation) => {
                self.phase = Phase::Ready;
                self.subject.ready();
                self.oob = self.script.oob && self.script.offers_oob;
                if std::mem::replace(&mut self.readied, true) && self.queue.back() != Some(&None) {
                    self.queue.push_back(None);
                }
            }
            (Message::Reply(number), Phase::Ready) => {
                let call = &mut self.calls[number];
                if call.arrived == Some(self.connection) && !call.settled {
                    call.settled = true;
                    call.expected = call.answer.clone();
                    call.answered_at = self.now;
                }
            }
            (Message::Event(number), _) if self.subject.is_connected() => self.event(number),
            _ => {}
        }
    }

    fn event(&mut self, number: u32) {
        self.queue.push_back(Some(number));
        if !S::KEEPS_ALL && self.queue.iter().flatten().count() > self.script.kept {
            // What tells of a new connection stays, once.
            let oldest = self.queue.iter().position(Option::is_some).unwrap();
            self.queue.remove(oldest);
            self.missed += 1;
            if self.queue.len() > 1 && self.queue[0].is_none() && self.queue[1].is_none() {
                self.queue.pop_front();
            }
        }
    }

    /// The connection has ended.
    fn ended(&mut self) {
        if matches!(self.phase, Phase::Over | Phase::Disconnected) {
            return;
        }
        self.phase = match self.script.reconnect && self.readied {
            true => Phase::Disconnected,
            false => Phase::Over,
        };
        self.oob = false;
        for call in self.calls.iter_mut().filter(|call| !call.settled) {
            match call.arrived {
                Some(_) => {
                    call.settled = true;
                    call.expected = Some(Outcome::Unknown);
                    call.answered_at = self.now;
                }
                None => call.adrift = true,
            }
        }
    }

    fn take(&mut self, most: u16) -> Check {
        for _ in 0..most {
            let told = self.subject.take();
            let expected = self.queue.pop_front().map(|entry| match entry {
                Some(number) => {
                    let missed = std::mem::take(&mut self.missed);
                    Told::Event { number, missed }
                }
                None => Told::Reconnected,
            });
            prop_assert_eq!(told, expected);
            if expected.is_none() {
                break;
            }
        }
        Ok(())
    }

    fn pump(&mut self, time: u64) -> Check {
        self.subject.pump(time);
        self.look()
    }

    /// Whether everything is as it should be.
    fn look(&mut self) -> Check {
        self.now = self.subject.now();
        let mut told = Vec::new();
        for number in self.awaited().collect::<Vec<_>>() {
            let due = self.is_due(&self.calls[number]);
            told.extend(
                self.subject
                    .outcome(number, due)
                    .map(|outcome| (number, outcome)),
            );
        }
        // Those first that may end the connection.
        told.sort_by_key(|(_, outcome)| !matches!(outcome, Outcome::Late { .. }));
        let (late, others) = told
            .split_at(told.partition_point(|(_, outcome)| matches!(outcome, Outcome::Late { .. })));
        for (number, outcome) in late {
            self.judge(*number, outcome)?;
        }
        for (number, outcome) in late {
            // A message that had begun before the call was made and did not go on.
            let stuck = self.peer.is_in_message() && self.calls[*number].received == self.received;
            if *outcome == (Outcome::Late { sent: true }) && stuck {
                self.ended();
            }
        }
        for (number, outcome) in others {
            self.judge(*number, outcome)?;
        }
        for call in &self.calls {
            let ended = !(call.awaited && self.is_due(call));
            prop_assert!(ended, "a call has not ended: {call:?}");
        }
        prop_assert_eq!(
            self.subject.is_closed(),
            self.phase == Phase::Over || self.deaf
        );
        self.subject.check()
    }

    /// Whether it must have ended.
    fn is_due(&self, call: &Call) -> bool {
        let late = S::CLOCK
            && call
                .deadline
                .is_some_and(|deadline| deadline + S::GRACE < self.now);
        call.expected.is_some() || call.adrift && self.phase == Phase::Over || late
    }

    /// Whether a call may end like this now.
    fn judge(&mut self, number: usize, outcome: &Outcome) -> Check {
        let connection = self.connection;
        let call = &mut self.calls[number];
        let right = call.may_end(outcome, self.now, S::TICK, self.deaf);
        prop_assert!(right, "call {number} got {outcome:?}: {call:?}");
        call.awaited = false;
        call.left = Some(connection);
        call.unsent = matches!(outcome, Outcome::Closed | Outcome::Late { sent: false });
        Ok(())
    }
}
