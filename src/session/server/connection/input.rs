//! From bytes to requests, as far as a connection's state lets them in.

use qapi_types::message::{OwnedRequest, Refused, Request as Parts};
use qapi_types::{Document, ErrorReply};

use super::{Closed, QUEUE, Queued, Session, encode};
use crate::session::server::KEEP;
use crate::session::server::lexer::{self, Found};
use crate::session::server::negotiation::COMMAND;
use crate::session::server::request::{Request, Ticket};

impl Session {
    pub(super) fn may_read(&self) -> bool {
        let room = if self.oob {
            self.queue.len() < QUEUE && self.queued <= self.rules.queue_limit
        } else {
            self.queue.is_empty() && self.in_band.is_none()
        };
        room && self.oob_request.is_none()
            && self.out_of_band.is_none()
            && self.closed.is_none()
            && !self.is_congested()
    }

    /// Goes on with input that had to wait.
    pub(super) fn resume(&mut self) {
        if self.at < self.input.len() && self.may_read() {
            let input = std::mem::take(&mut self.input);
            let used = self.read(&input[self.at..]);
            self.at += used;
            self.input = input;
        }
        if self.at == self.input.len() {
            self.input.clear();
            self.at = 0;
            if self.input.capacity() > KEEP {
                self.input = Vec::new();
            }
        }
        self.check_end();
    }

    /// Reads values as long as the rules allow; says how far it got.
    pub(super) fn read(&mut self, input: &[u8]) -> usize {
        let mut at = 0;
        while self.may_read() {
            let mut rest = &input[at..];
            if self.lexer.is_recovering() {
                let left_out = self.lexer.recover(rest);
                at += left_out;
                self.position += left_out as u64;
                self.start = self.position;
                rest = &input[at..];
            }
            if self.lexer.is_idle() {
                let space = rest.iter().take_while(|b| lexer::is_space(**b)).count();
                self.lexer.advance(&rest[..space]);
                at += space;
                self.position += space as u64;
                self.start = self.position;
                rest = &input[at..];
                if rest.is_empty() {
                    break;
                }
                if let Some((document, used)) = Document::first(rest) {
                    at += used;
                    self.lexer.advance(&rest[..used]);
                    self.position += used as u64;
                    self.accept(document);
                    continue;
                }
            }
            let (used, found) = self.lexer.feed(rest);
            at += used;
            self.position += used as u64;
            match found {
                None => break,
                Some(Found::Error(desc)) => {
                    self.start = self.position;
                    self.refuse(desc);
                }
                Some(Found::Value) => match Document::parse_owned(self.lexer.take()) {
                    Ok(document) => self.accept(document),
                    Err(error) => self.refuse(error.desc()),
                },
            }
        }
        #[cfg(unix)]
        if !self.arrivals.is_empty() && (self.lexer.is_idle() || self.lexer.is_recovering()) {
            self.arrivals.release(self.position);
        }
        at
    }

    /// An error in the input waits like a request, so that replies keep their order.
    fn refuse(&mut self, desc: String) {
        self.enqueue(Queued::Refused(None, ErrorReply::generic(desc)));
    }

    fn accept(&mut self, document: Document<'_>) {
        #[cfg(unix)]
        let descriptors = if self.arrivals.is_empty() {
            None
        } else {
            self.arrivals.claim(self.start, self.position)
        };
        let inner = match OwnedRequest::parse(document, self.oob) {
            Ok(inner) => inner,
            Err(document) => {
                if let Err(refused) = Parts::parse(&document, self.oob) {
                    self.refuse_request(refused);
                }
                return;
            }
        };
        let request = Request {
            ticket: Ticket(self.next_ticket),
            inner,
            #[cfg(unix)]
            descriptors,
        };
        self.next_ticket += 1;
        if !request.is_oob() {
            self.enqueue(Queued::Request(request));
        } else if request.command() == COMMAND {
            let id = request.id().map(|id| encode(&id));
            let error = ErrorReply::no_oob(COMMAND);
            self.put_error(id.as_deref(), &error);
        } else {
            self.oob_request = Some(request);
        }
    }

    fn refuse_request(&mut self, refused: Refused<'_>) {
        let id = refused.id.map(|id| encode(&id));
        if refused.oob {
            self.put_error(id.as_deref(), &refused.error);
        } else {
            self.enqueue(Queued::Refused(id, refused.error));
        }
    }

    /// Whether the end of the input was reached.
    pub(super) fn check_end(&mut self) {
        if self.ended && self.at == self.input.len() && self.may_read() {
            self.end(Closed::ByClient);
        }
    }
}
