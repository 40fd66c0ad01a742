//! One connection.

mod input;

use std::collections::VecDeque;

use qapi_types::codec::Encode;
use qapi_types::message::Raw;
use qapi_types::{ErrorClass, ErrorReply, Result, Style, Writer};

use super::config::{Config, Flavour, Rules};
use super::lexer::Lexer;
use super::negotiation::{COMMAND, enables_oob};
use super::output::Output;
#[cfg(unix)]
use super::request::Arrivals;
use super::request::{Request, Ticket};

/// Requests that may wait behind the one that is executing, where out-of-band execution is enabled.
const QUEUE: usize = 8;

/// One connection.
///
/// A transport reads while [`wants_input`](Self::wants_input), hands in what it read with [`receive`](Self::receive), takes
/// requests and has them executed, hands in replies, and writes [`output`](Self::output). Requests come in two lanes:
///
/// - [`take_oob`](Self::take_oob): to be executed at once. Reading pauses until the reply.
/// - [`take_in_band`](Self::take_in_band): one at a time; the next one comes after the reply. Sessions that share a
///   dispatcher take turns.
///
/// Every request that was taken needs a [`reply`](Self::reply), or [`finish`](Self::finish) if success is not answered.
#[derive(Debug)]
pub struct Session {
    rules: Rules,
    negotiated: bool,
    /// Whether out-of-band execution is enabled.
    oob: bool,
    lexer: Lexer,
    /// Input that has to wait, from `at` on.
    input: Vec<u8>,
    at: usize,
    /// Bytes of the stream that were lexed.
    position: u64,
    /// Where the value at hand starts in the stream.
    start: u64,
    /// No more input will come.
    ended: bool,
    closed: Option<Closed>,
    queue: VecDeque<Queued>,
    /// Bytes of the requests in it.
    queued: usize,
    oob_request: Option<Request>,
    in_band: Option<Executing>,
    out_of_band: Option<Executing>,
    next_ticket: u64,
    output: Output,
    #[cfg(unix)]
    arrivals: Arrivals,
}

/// Why a session is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Closed {
    /// The client closed its side, or the transport gave up.
    ByClient,
    /// The client did not read: more output waits than [`Config::output_limit`] allows.
    Overflow,
}

#[derive(Debug)]
enum Queued {
    Request(Request),
    /// To be answered without executing anything.
    Refused(Option<Vec<u8>>, ErrorReply),
}

/// What has to be remembered of a request for its reply.
#[derive(Debug)]
struct Executing {
    ticket: Ticket,
    id: Option<Vec<u8>>,
    /// The reply is preceded by the byte 0xFF if it is a success.
    delimited: bool,
}

impl Session {
    /// A session with a client that connected just now. The greeting is in its output already.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        let mut session = Self::of(config.rules);
        if let Some(greeting) = config.greeting() {
            session.put(|output| output.put(|out| out.extend_from_slice(&greeting)));
        }
        session
    }

    fn of(rules: Rules) -> Self {
        Self {
            rules,
            negotiated: false,
            oob: false,
            lexer: Lexer::new(rules.errors_at_once),
            input: Vec::new(),
            at: 0,
            position: 0,
            start: 0,
            ended: false,
            closed: None,
            queue: VecDeque::new(),
            queued: 0,
            oob_request: None,
            in_band: None,
            out_of_band: None,
            next_ticket: 0,
            output: Output::new(&rules),
            #[cfg(unix)]
            arrivals: Arrivals::default(),
        }
    }

    /// The session of the client that connects to the same place next, for a serial line or a socket that serves one client
    /// at a time. It is a new session, unless [`Config::keep_partial_input`] says otherwise.
    #[must_use]
    pub fn next_client(self, config: &Config) -> Self {
        let mut next = Self::new(config);
        // What the last client left executing is not to be taken for something of this one's.
        next.next_ticket = self.next_ticket;
        if config.rules.keep_partial_input {
            next.lexer = self.lexer;
        } else if config.rules.flavour == Flavour::Agent {
            // It counts lines over all of its clients.
            next.lexer = self.lexer.anew();
        }
        next
    }

    /// Whether the transport is to read. If not, it is because requests that came already have to be answered first, or the
    /// client has to read what it was sent. Input handed in nevertheless waits, without limit.
    #[must_use]
    pub fn wants_input(&self) -> bool {
        !self.ended && self.may_read() && self.input.len() == self.at
    }

    /// Takes in what was read.
    pub fn receive(&mut self, bytes: &[u8]) {
        if self.ended || self.closed.is_some() {
            return;
        }
        if self.input.is_empty() {
            let used = self.read(bytes);
            self.input.extend_from_slice(&bytes[used..]);
        } else {
            self.input.drain(..self.at);
            self.at = 0;
            self.input.extend_from_slice(bytes);
            self.resume();
        }
    }

    /// Takes in what was read in one system call, and the descriptors that came with it. They are for the request that
    /// these bytes are part of, or if they are only whitespace, for the next one.
    #[cfg(unix)]
    pub fn receive_with_fds(&mut self, bytes: &[u8], fds: Vec<std::os::fd::OwnedFd>) {
        if !fds.is_empty() && !self.ended && self.closed.is_none() {
            let start = self.position + (self.input.len() - self.at) as u64;
            self.arrivals.push(start, bytes, fds);
        }
        self.receive(bytes);
    }

    /// The client will send no more. Requests that were read up to here count as QEMU counts them: without out-of-band
    /// execution each one is executed and answered before the end is noticed; with it the end is noticed at once, and
    /// requests that wait in the queue are dropped.
    pub fn eof(&mut self) {
        self.ended = true;
        self.check_end();
    }

    /// The connection is gone: whatever waits is dropped, and replies still to come are ignored.
    pub fn close(&mut self) {
        self.end(Closed::ByClient);
    }

    /// Whether the session is over, and why. The transport writes what is left of the output and closes the connection.
    /// Requests taken before are still executed; their replies lead nowhere.
    #[must_use]
    pub fn closed(&self) -> Option<Closed> {
        self.closed
    }

    /// Whether the client has agreed on capabilities, so that commands are executed and events delivered. An agent's
    /// client has from the start.
    #[must_use]
    pub fn is_negotiated(&self) -> bool {
        self.negotiated || self.rules.flavour == Flavour::Agent
    }

    /// Whether the client has enabled out-of-band execution.
    #[must_use]
    pub fn is_oob_enabled(&self) -> bool {
        self.oob
    }

    /// A request to be executed now, whatever else is executing.
    pub fn take_oob(&mut self) -> Option<Request> {
        let request = self.oob_request.take()?;
        self.out_of_band = Some(Executing::new(&request, self.rules.flavour));
        Some(request)
    }

    /// Whether a request waits to be executed in band, and none is executing.
    #[must_use]
    pub fn has_in_band(&self) -> bool {
        self.in_band.is_none() && !self.queue.is_empty() && !self.is_congested()
    }

    /// The next request to be executed in band; `None` also while one is executing, and while the client reads too
    /// little.
    pub fn take_in_band(&mut self) -> Option<Request> {
        if !self.has_in_band() {
            return None;
        }
        // What could be answered without executing it was.
        let Queued::Request(request) = self.pop()? else {
            return None;
        };
        self.in_band = Some(Executing::new(&request, self.rules.flavour));
        self.resume();
        Some(request)
    }

    /// Answers a request: `value` is what it returned as one line of JSON in [`Style::Ascii`].
    ///
    /// A ticket that is not of a request in execution, because the session was closed meanwhile, is ignored.
    pub fn reply(&mut self, ticket: Ticket, outcome: Result<&[u8], &ErrorReply>) {
        self.conclude(ticket, |session, request| match outcome {
            Ok(value) => session.put(|output| {
                output.put_return(request.id.as_deref(), request.delimited, |out| {
                    out.extend_from_slice(value);
                    Ok(())
                });
            }),
            Err(error) => session.put_error(request.id.as_deref(), error),
        });
    }

    /// Answers a request with what it returned. A value that cannot be encoded becomes an error reply.
    pub fn reply_value<T: Encode + ?Sized>(&mut self, ticket: Ticket, value: &T) {
        self.conclude(ticket, |session, request| {
            session.put(|output| {
                output.put_return(request.id.as_deref(), request.delimited, |out| {
                    let mut writer = Writer::new(out, Style::Ascii);
                    value.encode(&mut writer);
                    writer.finish()
                });
            });
        });
    }

    /// A request was executed whose success is not answered (`success-response` in the schema).
    pub fn finish(&mut self, ticket: Ticket) {
        self.conclude(ticket, |_, _| ());
    }

    /// Sends an event: `message` is the whole of it as one line of JSON in [`Style::Ascii`], without line end. Nothing is
    /// sent before capabilities are agreed on, nor to an agent's client.
    pub fn event(&mut self, message: &[u8]) {
        if self.negotiated && self.closed.is_none() {
            self.put(|output| output.put(|out| out.extend_from_slice(message)));
        }
    }

    /// What is to be written.
    #[must_use]
    pub fn output(&self) -> &[u8] {
        self.output.waiting()
    }

    /// That many bytes of the output were written.
    ///
    /// # Panics
    /// When there are not that many.
    pub fn sent(&mut self, bytes: usize) {
        self.output.sent(bytes);
        self.resume();
    }

    fn is_congested(&self) -> bool {
        self.output().len() > self.rules.output_limit / 16
    }

    fn enqueue(&mut self, item: Queued) {
        self.queued += item.size();
        self.queue.push_back(item);
        self.settle();
    }

    fn pop(&mut self) -> Option<Queued> {
        let item = self.queue.pop_front()?;
        self.queued -= item.size();
        Some(item)
    }

    /// Answers what waits first as long as nothing has to be executed for it.
    fn settle(&mut self) {
        while self.in_band.is_none() && self.closed.is_none() {
            match self.queue.front() {
                Some(Queued::Request(request)) if !self.is_own(request.command()) => return,
                None => return,
                Some(_) => {}
            }
            match self.pop() {
                Some(Queued::Request(request)) => self.negotiate(&request),
                Some(Queued::Refused(id, error)) => self.put_error(id.as_deref(), &error),
                None => {}
            }
        }
    }

    /// Whether the session answers this command by itself.
    fn is_own(&self, command: &str) -> bool {
        !self.is_negotiated() || command == COMMAND && self.rules.flavour == Flavour::Qmp
    }

    /// Answers a command before capabilities are agreed on, or the one that does that.
    fn negotiate(&mut self, request: &Request) {
        let id = request.id().map(|id| encode(&id));
        let not_found = |desc| ErrorReply::new(ErrorClass::CommandNotFound, desc);
        let outcome = if request.command() != COMMAND {
            Err(not_found(
                "Expecting capabilities negotiation with 'qmp_capabilities'",
            ))
        } else {
            enables_oob(request.arguments(), self.rules.oob).and_then(|oob| {
                if self.negotiated {
                    Err(not_found(
                        "Capabilities negotiation is already complete, command ignored",
                    ))
                } else {
                    Ok(oob)
                }
            })
        };
        match outcome {
            Ok(oob) => {
                self.negotiated = true;
                self.oob = oob;
                self.put(|output| {
                    output.put_return(id.as_deref(), false, |out| {
                        out.extend_from_slice(b"{}");
                        Ok(())
                    });
                });
            }
            Err(error) => self.put_error(id.as_deref(), &error),
        }
    }

    /// Ends the execution of a request.
    fn conclude(&mut self, ticket: Ticket, answer: impl FnOnce(&mut Self, &Executing)) {
        let is_this = |request: &mut Executing| request.ticket == ticket;
        let request = self.in_band.take_if(is_this);
        let Some(request) = request.or_else(|| self.out_of_band.take_if(is_this)) else {
            return;
        };
        if self.closed.is_none() {
            answer(self, &request);
        }
        self.settle();
        self.resume();
    }

    fn put_error(&mut self, id: Option<&[u8]>, error: &ErrorReply) {
        self.put(|output| output.put_error(id, error));
    }

    /// Puts a message into the output.
    fn put(&mut self, write: impl FnOnce(&mut Output)) {
        if self.output().len() > self.rules.output_limit {
            self.end(Closed::Overflow);
        } else {
            write(&mut self.output);
        }
    }

    fn end(&mut self, why: Closed) {
        self.closed.get_or_insert(why);
        self.ended = true;
        if !self.rules.keep_partial_input {
            self.lexer = self.lexer.anew();
        }
        self.input = Vec::new();
        self.at = 0;
        self.queue = VecDeque::new();
        self.queued = 0;
        self.oob_request = None;
        #[cfg(unix)]
        self.arrivals.clear();
    }
}

impl Queued {
    fn size(&self) -> usize {
        match self {
            Self::Request(request) => request.inner.size(),
            Self::Refused(id, error) => id.as_ref().map_or(0, Vec::len) + error.desc.len(),
        }
    }
}

impl Executing {
    fn new(request: &Request, flavour: Flavour) -> Self {
        Self {
            ticket: request.ticket,
            id: request.id().map(|id| encode(&id)),
            delimited: flavour == Flavour::Agent && request.command() == "guest-sync-delimited",
        }
    }
}

/// An id as it is echoed.
fn encode(id: &Raw<'_>) -> Vec<u8> {
    if is_plain(id.text().as_bytes()) {
        return id.text().into();
    }
    let mut out = Vec::with_capacity(id.text().len());
    let mut writer = Writer::new(&mut out, Style::Ascii);
    id.encode(&mut writer);
    // What was read is finite, and nests no deeper than what may be written.
    let _ = writer.finish();
    out
}

/// Whether JSON is written again as it came, and that is seen at once: natural numbers, and strings of printable ASCII
/// without escapes. Nearly all ids are.
fn is_plain(text: &[u8]) -> bool {
    match text {
        [b'"', inner @ .., b'"'] => inner
            .iter()
            .all(|byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\')),
        [b'0'] => true,
        [b'1'..=b'9', ..] => text.len() <= 18 && text.iter().all(u8::is_ascii_digit),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use qapi_types::codec::Encode as _;
    use qapi_types::message::OwnedRequest;
    use qapi_types::{Document, Style, Writer};

    use super::{encode, is_plain};

    #[test]
    fn what_is_plain_is_echoed_as_it_is_written() {
        let strings = (0..0x100_u32).filter_map(char::from_u32);
        let strings = strings.map(|char| format!("\"a{char}\""));
        let others = [
            "0",
            "7",
            "-7",
            "00",
            "1.0",
            "1e2",
            "999999999999999999",
            "18446744073709551615",
            "'a'",
            "\"\"",
            "null",
            "[1]",
        ];
        let mut plain = 0;
        for text in strings.chain(others.map(String::from)) {
            let request = format!("{{\"execute\": \"stop\", \"id\": {text}}}");
            let Ok(document) = Document::parse(request.as_bytes()) else {
                continue;
            };
            let request = OwnedRequest::parse(document, false).unwrap();
            let id = request.id().unwrap();
            let mut written = Vec::new();
            let mut writer = Writer::new(&mut written, Style::Ascii);
            id.encode(&mut writer);
            writer.finish().unwrap();
            assert_eq!(encode(&id), written, "{text}");
            plain += usize::from(is_plain(id.text().as_bytes()));
        }
        assert_eq!(plain, 97);
    }
}
