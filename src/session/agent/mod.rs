//! The client end of a conversation with a guest agent.
//!
//! An agent has no greeting and no events, and answers one command at a time. Its channel may outlive it and any
//! client: a new client may find replies that nobody read, and an agent may have half a request of the client before.
//! So a session synchronises first, and again after each call that was given up: it sends the byte `0xFF`, which no
//! JSON text contains and which makes the agent forget what it has, then `guest-sync-delimited` with a number of its
//! own. The agent's answer begins with `0xFF` too; all input up to it is stale. (Guest agent protocol reference,
//! `guest-sync-delimited`.)
//!
//! Agents before 1.1 know only `guest-sync`, whose answer is not marked: replies are dropped until the one with the
//! number comes. If neither is known, there is no way to talk to the agent.
//!
//! Requests carry no `id`, which agents before 2.12 refuse and before 4.0 do not repeat. Order identifies replies, as
//! synchronisation leaves none that is late.

mod happening;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::ops::Range;

use qapi_types::message::ServerMessage;
use qapi_types::{ErrorClass, Mode, Style, Writer};

use crate::session::client::Request;
use crate::trace::Trace;
pub(crate) use happening::End;
pub use happening::{Closed, Happening};

/// A reply of 48 MiB from a file, the most an agent reads at once, and some room.
pub const DEFAULT_MESSAGE_LIMIT: usize = 65 << 20;

/// A buffer larger than that, which a long reply needed, is not kept for the next.
const WORTH_KEEPING: usize = 64 << 10;

/// A longer request is more than an agent's parser accepts. It answers what is left of it too, as requests of their own.
const LONGEST_REQUEST: usize = 64 << 20;

/// Begins a synchronisation and marks its answer.
const DELIMITER: u8 = 0xFF;

#[derive(Debug)]
enum State {
    /// Input may be stale.
    Unsynchronized,
    /// The synchronisation `id` was sent. `request` waits for its end.
    Synchronizing {
        id: i64,
        phase: Phase,
        request: Option<Vec<u8>>,
    },
    Idle,
    Waiting,
    Closed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// All before the delimiter is stale.
    Stale,
    /// The next line should be the answer.
    Delimited,
    /// The agent knows no delimiter: any line may be the answer.
    Plain,
}

/// A guest agent's client without I/O.
///
/// The owner sends what [`output`](Self::output) holds, hands over what it reads with [`receive`](Self::receive), and
/// then calls [`poll`](Self::poll) until it gives nothing. One request is at hand at a time. Time is the owner's: when
/// a synchronisation takes too long it calls [`synchronize`](Self::synchronize) once more, when a request does,
/// [`abandon`](Self::abandon).
#[derive(Debug)]
pub struct Session {
    state: State,
    input: Vec<u8>,
    /// How much of `input` was dealt with; nothing between two calls.
    start: usize,
    /// How much of `input` is known to hold no line end, and no delimiter, after `start`.
    no_line_to: usize,
    no_delimiter_to: usize,
    output: Vec<u8>,
    happenings: VecDeque<Happening>,
    random: u64,
    limit: usize,
    /// Whether the request at hand is longer than an agent accepts.
    is_too_long: bool,
    /// Whether the reply is wanted even if it comes late: of the request at hand, and of one that was given up.
    wants_late: bool,
    expects_late: bool,
    late: Option<Vec<u8>>,
    end: End,
    trace: Trace,
}

impl Session {
    /// A session over a channel in whatever state. The seed should be random: synchronisations are told from those of
    /// other clients by numbers made from it.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            state: State::Unsynchronized,
            input: Vec::new(),
            start: 0,
            no_line_to: 0,
            no_delimiter_to: 0,
            output: Vec::new(),
            happenings: VecDeque::new(),
            random: seed,
            limit: DEFAULT_MESSAGE_LIMIT,
            is_too_long: false,
            wants_late: false,
            expects_late: false,
            late: None,
            end: End::default(),
            trace: Trace::new(),
        }
    }

    /// Sets how long a message may be, in bytes, instead of [`DEFAULT_MESSAGE_LIMIT`]. A longer one ends the session.
    #[must_use]
    pub fn message_limit(mut self, bytes: usize) -> Self {
        self.limit = bytes;
        self
    }

    /// Starts a synchronisation, or the one under way anew: the agent did not answer in time, perhaps because it was
    /// not running. A request at hand is given up, but one that only waits for the synchronisation is kept.
    pub fn synchronize(&mut self) {
        let request = match &mut self.state {
            State::Closed => return,
            State::Synchronizing { request, .. } => request.take(),
            _ => None,
        };
        if !self.expects_late {
            self.forget_input();
        }
        self.output.clear();
        self.output.push(DELIMITER);
        let id = self.send_synchronization("guest-sync-delimited");
        self.state = State::Synchronizing {
            id,
            phase: Phase::Stale,
            request,
        };
    }

    /// Sends a command, after a synchronisation if one is needed. A request that was at hand is given up.
    ///
    /// # Errors
    /// When the command cannot be expressed.
    pub fn request<R: Request>(&mut self, command: &R) -> qapi_types::Result<()> {
        self.send(encode(command)?);
        Ok(())
    }

    pub(crate) fn send(&mut self, encoded: Vec<u8>) {
        self.abandon();
        self.trace.sent(&encoded);
        self.is_too_long = encoded.len() > LONGEST_REQUEST;
        match &mut self.state {
            State::Closed => {}
            State::Synchronizing { request, .. } => *request = Some(encoded),
            State::Idle if self.input.is_empty() => {
                self.output.extend_from_slice(&encoded);
                self.state = State::Waiting;
            }
            State::Unsynchronized | State::Idle | State::Waiting => {
                self.synchronize();
                if let State::Synchronizing { request, .. } = &mut self.state {
                    *request = Some(encoded);
                }
            }
        }
    }

    /// Gives up the request at hand, if there is one. What the agent may still answer does not disturb the next: a
    /// synchronisation comes before that.
    pub fn abandon(&mut self) {
        // What was not polled yet is of that request, too.
        self.happenings
            .retain(|happening| matches!(happening, Happening::Closed(_)));
        let wants_late = std::mem::take(&mut self.wants_late);
        match &mut self.state {
            State::Waiting => {
                self.output.clear();
                self.state = State::Unsynchronized;
                self.expects_late = wants_late;
            }
            State::Synchronizing { request, .. } => *request = None,
            State::Unsynchronized | State::Idle | State::Closed => {}
        }
    }

    /// Has the next request preceded by a synchronisation: what was received makes no sense.
    pub fn distrust(&mut self) {
        if matches!(self.state, State::Idle) {
            self.state = State::Unsynchronized;
        }
    }

    /// Whether the answer to a synchronisation is awaited.
    #[must_use]
    pub fn is_synchronizing(&self) -> bool {
        matches!(self.state, State::Synchronizing { .. })
    }

    /// Whether the session is over.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        matches!(self.state, State::Closed)
    }

    /// What is to be sent.
    #[must_use]
    pub fn output(&self) -> &[u8] {
        &self.output
    }

    /// Takes note that the first `count` bytes of [`output`](Self::output) were sent.
    pub fn sent(&mut self, count: usize) {
        self.output.drain(..count.min(self.output.len()));
    }

    /// Takes what was received.
    pub fn receive(&mut self, bytes: &[u8]) {
        if matches!(self.state, State::Closed) {
            return;
        }
        self.input.extend_from_slice(bytes);
        while self.advance() {}
        self.drop_done();
        if self.input.len() > self.limit {
            self.close(Closed::TooLong(self.limit));
        }
    }

    /// Takes note that the channel ended. A reply that is there but for its line break is one.
    pub fn eof(&mut self) {
        if matches!(self.state, State::Closed) {
            return;
        }
        // An agent executes a request before its line break.
        let is_unsent = self.output.len() > 1;
        if matches!(self.state, State::Waiting) {
            let marks = self.input.iter().take_while(|byte| **byte == DELIMITER);
            let partial = self.input[marks.count()..].trim_ascii();
            if ServerMessage::parse(partial).is_ok() {
                self.receive(b"\n");
            } else {
                let partial = partial.to_vec();
                self.end = End { is_unsent, partial };
            }
        }
        self.close(Closed::Eof);
    }

    /// The next thing to report.
    pub fn poll(&mut self) -> Option<Happening> {
        self.happenings.pop_front()
    }

    /// Deals with the next piece of input; says whether there may be more.
    fn advance(&mut self) -> bool {
        if self.expects_late {
            self.look_for_late();
        }
        if let State::Synchronizing {
            phase: phase @ Phase::Stale,
            ..
        } = &mut self.state
        {
            match find(DELIMITER, &self.input, self.no_delimiter_to.max(self.start)) {
                Some(at) => {
                    *phase = Phase::Delimited;
                    self.start = at + 1;
                    self.expects_late = false;
                    return true;
                }
                None => self.no_delimiter_to = self.input.len(),
            }
        }
        let Some(at) = find(b'\n', &self.input, self.no_line_to.max(self.start)) else {
            self.no_line_to = self.input.len();
            return false;
        };
        let line = self.start..at + 1;
        self.start = at + 1;
        if self.input[line.clone()].trim_ascii().is_empty() {
            return true;
        }
        match &self.state {
            State::Synchronizing { id, phase, .. } => {
                let (id, phase) = (*id, *phase);
                let line = self.input[line].to_vec();
                self.synchronizing(line.trim_ascii(), id, phase);
            }
            State::Waiting => {
                // An agent that answers a part of a request answers the rest, too.
                self.state = if self.is_too_long || !self.output.is_empty() {
                    State::Unsynchronized
                } else {
                    State::Idle
                };
                self.wants_late = false;
                // The agent marks the answer to `guest-sync-delimited` whoever asks.
                let marks = self.input[line.clone()].iter();
                let marks = marks.take_while(|byte| **byte == DELIMITER).count();
                let line = self.take(line.start + marks..line.end);
                self.trace.received(&line);
                self.happenings.push_back(Happening::Reply(line));
            }
            // Nobody asked, so what comes next cannot be told from a reply.
            State::Idle => self.state = State::Unsynchronized,
            State::Unsynchronized if is_greeting(&self.input[line]) => self.close(Closed::Monitor),
            State::Unsynchronized | State::Closed => {}
        }
        true
    }

    /// Keeps the first line since the request was given up: the agent answers in order.
    fn look_for_late(&mut self) {
        let Some(at) = find(b'\n', &self.input, self.no_line_to.max(self.start)) else {
            return;
        };
        let line = self.input[self.start..at].trim_ascii();
        if line.is_empty() {
            return;
        }
        self.expects_late = false;
        // A delimiter begins the answer to the synchronisation, so an agent that was started anew.
        if line.len() <= WORTH_KEEPING && !line.contains(&DELIMITER) {
            self.late = Some(line.to_vec());
        }
    }

    /// What was just dealt with, without copying it if it is all there is.
    fn take(&mut self, line: Range<usize>) -> Vec<u8> {
        if line.start > 0 || self.start < self.input.len() {
            return self.input[line].to_vec();
        }
        let mut input = std::mem::take(&mut self.input);
        self.forget_input();
        input.truncate(line.end);
        input
    }

    /// Makes room for more.
    fn drop_done(&mut self) {
        if self.start == self.input.len() {
            return self.forget_input();
        }
        self.input.drain(..self.start);
        self.no_line_to = self.no_line_to.saturating_sub(self.start);
        self.no_delimiter_to = self.no_delimiter_to.saturating_sub(self.start);
        self.start = 0;
    }

    fn synchronizing(&mut self, line: &[u8], id: i64, phase: Phase) {
        let line = line
            .rsplit(|byte| *byte == DELIMITER)
            .next()
            .unwrap_or(line);
        let answer = ServerMessage::parse(line);
        let is_ours = matches!(&answer, Ok(ServerMessage::Return { value, .. })
            if value.decode::<i64>(Mode::Lenient).is_ok_and(|answer| answer == id));
        let unknown = match &answer {
            Ok(ServerMessage::Error { error, .. })
                if error.class == ErrorClass::CommandNotFound =>
            {
                Some(&*error.desc)
            }
            _ => None,
        };
        if is_ours {
            self.synchronized();
        } else if matches!(answer, Ok(ServerMessage::Greeting(_))) {
            self.close(Closed::Monitor);
        } else if phase == Phase::Delimited {
            // The answer to another client's synchronisation.
            self.set_phase(id, Phase::Stale);
        } else if phase == Phase::Stale && unknown.is_some() {
            // If this error is a stale one, no harm is done: any agent answers this too.
            let id = self.send_synchronization("guest-sync");
            self.set_phase(id, Phase::Plain);
        } else if phase == Phase::Plain && unknown.is_some_and(names_plain_synchronization) {
            self.state = State::Unsynchronized;
            self.output.clear();
            self.happenings.push_back(Happening::CannotSynchronize);
        }
    }

    fn set_phase(&mut self, new_id: i64, new_phase: Phase) {
        if let State::Synchronizing { id, phase, .. } = &mut self.state {
            (*id, *phase) = (new_id, new_phase);
        }
    }

    fn synchronized(&mut self) {
        let state = std::mem::replace(&mut self.state, State::Idle);
        self.expects_late = false;
        self.happenings.push_back(Happening::Synchronized);
        if let State::Synchronizing {
            request: Some(request),
            ..
        } = state
        {
            self.output.extend_from_slice(&request);
            self.state = State::Waiting;
        }
    }

    fn send_synchronization(&mut self, command: &str) -> i64 {
        let id = self.next_id();
        let text = format!("{{\"execute\":\"{command}\",\"arguments\":{{\"id\":{id}}}}}\n");
        self.output.extend_from_slice(text.as_bytes());
        self.trace.sent(text.as_bytes());
        id
    }

    /// Integers that even an agent which counts in doubles repeats.
    fn next_id(&mut self) -> i64 {
        // SplitMix64.
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.random;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^= bits >> 31;
        i64::try_from(bits >> 11).unwrap_or(0)
    }

    fn forget_input(&mut self) {
        self.input.clear();
        self.input.shrink_to(WORTH_KEEPING);
        (self.start, self.no_line_to, self.no_delimiter_to) = (0, 0, 0);
    }

    fn close(&mut self, why: Closed) {
        self.state = State::Closed;
        self.expects_late = false;
        self.forget_input();
        self.output.clear();
        self.happenings.push_back(Happening::Closed(why));
    }
}

/// What the client with I/O is interested in: how it ended, and replies that come after the request was given up.
#[cfg_attr(not(feature = "qga"), allow(dead_code))]
impl Session {
    pub(crate) fn how_it_ended(&self) -> &End {
        &self.end
    }

    /// Has the reply to the request just sent kept if it comes after the request was given up.
    pub(crate) fn want_late(&mut self) {
        self.wants_late = true;
    }

    /// Whether a reply may come that is kept so. At the end of the next synchronisation it has come.
    pub(crate) fn expects_late(&self) -> bool {
        self.expects_late
    }

    /// The reply that was kept so.
    pub(crate) fn take_late(&mut self) -> Option<Vec<u8>> {
        self.late.take()
    }
}

fn find(byte: u8, bytes: &[u8], from: usize) -> Option<usize> {
    Some(from + memchr::memchr(byte, bytes.get(from..)?)?)
}

/// Whether a QMP server says this, before it is told anything.
fn is_greeting(line: &[u8]) -> bool {
    matches!(
        ServerMessage::parse(line.trim_ascii()),
        Ok(ServerMessage::Greeting(_))
    )
}

/// Whether an error is about `guest-sync`. Others may be stale, or about `guest-sync-delimited`.
fn names_plain_synchronization(desc: &str) -> bool {
    desc.contains("guest-sync") && !desc.contains("guest-sync-delimited")
}

/// A request as it is sent.
pub(crate) fn encode<R: Request>(command: &R) -> qapi_types::Result<Vec<u8>> {
    let mut line = Vec::new();
    let mut writer = Writer::new(&mut line, Style::Compact);
    command.write(&mut writer, None, false);
    writer.finish()?;
    line.push(b'\n');
    Ok(line)
}
