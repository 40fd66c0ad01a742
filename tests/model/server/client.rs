//! A client of a history, and what it must be told.

use std::collections::VecDeque;

use proptest::prelude::*;
use serde_json::Value;

use crate::model::subject::Check;

/// What a request is to be answered with.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Due {
    Return(Value),
    Error(String),
}

#[derive(Debug)]
pub(super) struct Request {
    pub(super) oob: bool,
    /// Where it ends in all that the client sends.
    pub(super) end: usize,
    pub(super) started: bool,
    /// What it is answered with, and the last event that is told before.
    pub(super) due: Option<(Due, u32)>,
    pub(super) answered: bool,
}

#[derive(Debug, Default)]
pub(super) struct Client {
    pub(super) gone: bool,
    pub(super) oob: bool,
    /// All that it sends, and how much of it was sent.
    pub(super) stream: Vec<u8>,
    pub(super) sent: usize,
    /// Where the request to negotiate ends.
    pub(super) negotiation: usize,
    pub(super) requests: Vec<Request>,
    pub(super) input: Vec<u8>,
    pub(super) greeted: bool,
    pub(super) negotiated: bool,
    pub(super) events: VecDeque<u32>,
    pub(super) told: u32,
    /// Which others had a turn since it waits for one.
    pub(super) overtaken: Vec<usize>,
}

impl Client {
    pub(super) fn is_open(&self) -> bool {
        !self.gone && self.sent >= self.negotiation
    }

    /// Whether a request in band has come that could begin. Behind one out of band nothing is read before that has ended.
    pub(super) fn waits(&self) -> bool {
        let first = self.requests.iter().position(|r| !r.oob && !r.started);
        let reached = first.is_some_and(|first| {
            let (before, rest) = self.requests.split_at(first);
            rest[0].end <= self.sent && before.iter().all(|r| !r.oob || r.due.is_some())
        });
        reached && self.is_open() && !self.executes(false)
    }

    pub(super) fn executes(&self, oob: bool) -> bool {
        let executing = |r: &Request| r.oob == oob && r.started && r.due.is_none();
        self.requests.iter().any(executing)
    }

    /// The client has read a message.
    pub(super) fn message(&mut self, message: &Value) -> Check {
        if message.get("QMP").is_some() {
            prop_assert!(!std::mem::replace(&mut self.greeted, true), "greeted once");
            return Ok(());
        }
        prop_assert!(self.greeted, "the greeting is the first: {message}");
        if message["id"] == "n" {
            prop_assert!(
                !std::mem::replace(&mut self.negotiated, true),
                "negotiated once"
            );
            return Ok(());
        }
        prop_assert!(self.negotiated, "nothing before: {message}");
        if message.get("event").is_some() {
            let number = u32::try_from(message["data"]["number"].as_u64().unwrap()).unwrap();
            prop_assert_eq!(self.events.pop_front(), Some(number));
            self.told = number;
            return Ok(());
        }
        let index = usize::try_from(message["id"][1].as_u64().unwrap()).unwrap();
        let request = &self.requests[index];
        prop_assert!(!request.answered, "{index} is answered twice");
        let Some((due, event)) = &request.due else {
            return Err(TestCaseError::fail(format!("{index} is answered early")));
        };
        let before = self.events.front().is_none_or(|next| next > event);
        prop_assert!(
            before,
            "events come before the reply that follows them: {self:?}"
        );
        let reply = match message.get("return") {
            Some(value) => Due::Return(value.clone()),
            None => Due::Error(message["error"]["desc"].as_str().unwrap().to_owned()),
        };
        prop_assert_eq!(&reply, due);
        let mut earlier = self.requests[..index]
            .iter()
            .filter(|r| r.oob == request.oob);
        prop_assert!(earlier.all(|r| r.answered), "in order: {self:?}");
        self.requests[index].answered = true;
        Ok(())
    }
}
