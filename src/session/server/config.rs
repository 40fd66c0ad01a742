//! What a session is to be.

use qapi_types::message::{Greeting, VersionInfo, write_greeting};
use qapi_types::{Style, Writer};

/// How a [`Session`](super::Session) behaves: the protocol, and what of it is offered.
#[derive(Clone, Debug)]
pub struct Config {
    pub(super) greeting: Option<Greeting>,
    pub(super) rules: Rules,
}

/// What a session keeps of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    pub(super) flavour: Flavour,
    pub(super) oob: bool,
    pub(super) pretty: bool,
    pub(super) keep_partial_input: bool,
    /// Whether errors in input are told before the value that they are in is complete, as since 11.1.
    pub(super) errors_at_once: bool,
    pub(super) output_limit: usize,
    pub(super) queue_limit: usize,
}

/// Which of QEMU's control protocols a session speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavour {
    /// The machine protocol: greeting, negotiation, events.
    Qmp,
    /// The guest agent's: none of these.
    Agent,
}

impl Config {
    /// The machine protocol, by a server of this version; out-of-band execution is offered.
    #[must_use]
    pub fn qmp(version: VersionInfo) -> Self {
        Self {
            rules: Rules {
                flavour: Flavour::Qmp,
                oob: true,
                errors_at_once: errors_at_once(&version),
                ..Rules::AGENT
            },
            greeting: Some(Greeting::new(version)),
        }
    }

    /// The guest agent's protocol: no greeting, no negotiation, no events, lines that end in LF. It is as of the newest
    /// release unless given a [`version`](Self::version).
    #[must_use]
    pub fn agent() -> Self {
        Self {
            greeting: None,
            rules: Rules::AGENT,
        }
    }

    /// Gives another version out, and speaks as that release does. An agent's sessions do not give it out.
    #[must_use]
    pub fn version(mut self, version: &VersionInfo) -> Self {
        self.rules.errors_at_once = errors_at_once(version);
        self.named(version)
    }

    /// Gives another version out, without speaking as that release of QEMU does: that of another program, or of a build.
    #[must_use]
    pub fn named(mut self, version: &VersionInfo) -> Self {
        if let Some(greeting) = &mut self.greeting {
            greeting.version = version.clone();
        }
        self
    }

    /// Whether out-of-band execution is offered, the default. An agent never offers it.
    #[must_use]
    pub fn oob(mut self, offered: bool) -> Self {
        self.rules.oob = offered && self.rules.flavour == Flavour::Qmp;
        self
    }

    /// Whether messages are spread over several lines, as by a monitor with `pretty=on`. An agent never does that.
    #[must_use]
    pub fn pretty(mut self, pretty: bool) -> Self {
        self.rules.pretty = pretty && self.rules.flavour == Flavour::Qmp;
        self
    }

    /// How many bytes may wait for a client that does not read; 16 MiB by default. A message that comes on top of more
    /// than that closes the session. Already at a sixteenth of it no further request is read or started, so that only
    /// events get that far.
    #[must_use]
    pub fn output_limit(mut self, bytes: usize) -> Self {
        self.rules.output_limit = bytes;
        self
    }

    /// How many bytes of requests may wait behind the one that is executing before reading pauses; 64 MiB by default.
    /// Independent of it, reading pauses when eight requests wait.
    #[must_use]
    pub fn queue_limit(mut self, bytes: usize) -> Self {
        self.rules.queue_limit = bytes;
        self
    }

    /// Whether what one client left unfinished is completed by the next, as QEMU's agent does. Off by default: nobody
    /// gains from it but tests of clients, and a request made of two clients' bytes is one that neither of them sent.
    /// See [`Session::next_client`](super::Session::next_client).
    #[must_use]
    pub fn keep_partial_input(mut self, keep: bool) -> Self {
        self.rules.keep_partial_input = keep;
        self
    }

    /// Which protocol it is.
    #[must_use]
    pub fn flavour(&self) -> Flavour {
        self.rules.flavour
    }

    pub(super) fn greeting(&self) -> Option<Vec<u8>> {
        let mut greeting = self.greeting.clone()?;
        if self.rules.oob {
            greeting.capabilities.push("oob".into());
        }
        let mut out = Vec::new();
        let mut writer = Writer::new(&mut out, Style::Ascii);
        write_greeting(&mut writer, &greeting);
        // A greeting has neither doubles nor depth.
        let _ = writer.finish();
        Some(out)
    }
}

fn errors_at_once(version: &VersionInfo) -> bool {
    (version.qemu.major, version.qemu.minor) >= (11, 1)
}

impl Rules {
    const AGENT: Self = Self {
        flavour: Flavour::Agent,
        oob: false,
        pretty: false,
        keep_partial_input: false,
        errors_at_once: true,
        output_limit: 16 << 20,
        queue_limit: 64 << 20,
    };
}
