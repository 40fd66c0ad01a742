//! What a session tells by way of `tracing`.
//!
//! | target | level | what |
//! | --- | --- | --- |
//! | `qapi_rt::wire` | trace | each message, `C: ` from the client, `S: ` from the server, with [secrets](secrets) masked |
//! | `qapi_rt::deprecated` | warn | that a command, member, value or event is used which is going to be removed |
//! | `qapi_rt::unstable` | warn | that one is used which may change or go without notice |
//!
//! Each warning is given once for each session. The field `session` tells sessions apart.

mod secrets;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};

use tracing::{Level, enabled, trace, warn};

use crate::types::{Note, Writer};

const WIRE: &str = "qapi_rt::wire";
const DEPRECATED: &str = "qapi_rt::deprecated";
const UNSTABLE: &str = "qapi_rt::unstable";

/// What of a message is logged; the beginning of one that is longer.
const LENGTH: usize = 64 << 10;

/// A message, or another JSON text, with the secrets replaced that the [log](crate#logs) of messages hides. What is not JSON is
/// replaced by a remark.
#[must_use]
pub fn mask_secrets(text: &str) -> Cow<'_, str> {
    secrets::masked(text.as_bytes())
}

/// The log of one session.
#[derive(Debug)]
pub(crate) struct Trace {
    session: u64,
    warned: HashSet<Warned>,
}

#[derive(Debug, PartialEq, Eq, Hash)]
enum Warned {
    Command(&'static str, &'static str),
    Event(&'static str, &'static str),
    Written(&'static str, Note, &'static str),
}

impl Trace {
    pub(crate) fn new() -> Self {
        static SESSIONS: AtomicU64 = AtomicU64::new(1);
        Self {
            session: SESSIONS.fetch_add(1, Ordering::Relaxed),
            warned: HashSet::new(),
        }
    }

    /// A message that is about to be sent.
    #[inline]
    pub(crate) fn sent(&self, message: &[u8]) {
        if enabled!(target: WIRE, Level::TRACE) {
            self.message("C", message);
        }
    }

    /// A message that was received.
    #[inline]
    pub(crate) fn received(&self, message: &[u8]) {
        if enabled!(target: WIRE, Level::TRACE) {
            self.message("S", message);
        }
    }

    #[cold]
    fn message(&self, from: &str, message: &[u8]) {
        let session = self.session;
        let text = secrets::masked(message.trim_ascii());
        let end = (0..=LENGTH.min(text.len()))
            .rev()
            .find(|end| text.is_char_boundary(*end))
            .unwrap_or(0);
        let shown = &text[..end];
        match text.len() - shown.len() {
            0 => trace!(target: WIRE, session, "{from}: {shown}"),
            more => trace!(target: WIRE, session, "{from}: {shown}… and {more} bytes more"),
        }
    }

    /// Has `w` note what [`written`](Self::written) is to warn of, if anybody listens.
    #[inline]
    pub(crate) fn watch<'b>(&self, w: Writer<'b>) -> Writer<'b> {
        if enabled!(target: DEPRECATED, Level::WARN) || enabled!(target: UNSTABLE, Level::WARN) {
            w.noting()
        } else {
            w
        }
    }

    /// That a command was written.
    #[inline]
    pub(crate) fn written(
        &mut self,
        command: &'static str,
        features: &'static [&'static str],
        notes: &[Note],
    ) {
        if !features.is_empty() {
            self.warn_of(features, |feature| Warned::Command(command, feature));
        }
        for note in notes {
            let (Note::Member { features, .. } | Note::Value { features, .. }) = note else {
                continue;
            };
            self.warn_of(features, |feature| Warned::Written(command, *note, feature));
        }
    }

    /// That a command was written of which only the name is known.
    #[cfg(feature = "qmp-control")]
    pub(crate) fn named(&mut self, command: &str) {
        if enabled!(target: DEPRECATED, Level::WARN) || enabled!(target: UNSTABLE, Level::WARN) {
            let mut known = crate::types::qmp::COMMANDS.iter();
            if let Some(info) = known.find(|info| info.name == command) {
                self.written(info.name, info.features, &[]);
            }
        }
    }

    /// That somebody waits for an event.
    #[inline]
    pub(crate) fn subscribed(&mut self, event: &'static str, features: &'static [&'static str]) {
        if !features.is_empty() {
            self.warn_of(features, |feature| Warned::Event(event, feature));
        }
    }

    #[cold]
    fn warn_of(
        &mut self,
        features: &'static [&'static str],
        warned: impl Fn(&'static str) -> Warned,
    ) {
        for feature in features {
            let enabled = match *feature {
                "deprecated" => enabled!(target: DEPRECATED, Level::WARN),
                "unstable" => enabled!(target: UNSTABLE, Level::WARN),
                _ => false,
            };
            let warned = warned(feature);
            if !enabled || self.warned.contains(&warned) {
                continue;
            }
            let (session, what) = (self.session, warned.what());
            match *feature {
                "deprecated" => {
                    warn!(target: DEPRECATED, session, "{what} is deprecated and going to be removed");
                }
                _ => {
                    warn!(target: UNSTABLE, session, "{what} is unstable and may change without notice");
                }
            }
            self.warned.insert(warned);
        }
    }
}

impl Warned {
    fn what(&self) -> String {
        match self {
            Self::Command(name, _) => format!("command '{name}'"),
            Self::Event(name, _) => format!("event '{name}'"),
            Self::Written(command, Note::Value { name, .. }, _) => {
                format!("value '{name}' in the arguments of '{command}'")
            }
            Self::Written(command, Note::Member { name, .. }, _) => {
                format!("member '{name}' in the arguments of '{command}'")
            }
            Self::Written(command, ..) => format!("something in the arguments of '{command}'"),
        }
    }
}
