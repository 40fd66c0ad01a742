//! How a server behaves.

use std::time::Duration;

use crate::service::{Control, Hook, Hooks};
use crate::session::server::Config;
use crate::types::message::{VersionInfo, VersionTriple};
use crate::types::{Mode, Release};

/// How a server behaves: the protocol, the version it gives out, hooks.
///
/// ```
/// use qapi_rt::server::Options;
/// let options = Options::qmp().version(10, 2, 0).package("example-vmm 0.1").pretty(true);
/// # drop(options);
/// ```
#[derive(Clone, Debug)]
pub struct Options {
    pub(crate) config: Config,
    pub(crate) version: VersionInfo,
    /// As which release of QEMU it speaks.
    pub(crate) release: VersionTriple,
    pub(crate) control: Control,
    pub(crate) hooks: Hooks,
    pub(crate) concurrent: bool,
    pub(crate) mode: Mode,
    pub(crate) grace: Duration,
    pub(crate) patience: Duration,
}

/// The release whose interface the types describe.
const VERSION: VersionTriple = {
    let [major, minor, micro] = numbers(env!("QEMU_RELEASE").as_bytes());
    VersionTriple {
        major,
        minor,
        micro,
    }
};

const fn numbers(version: &[u8]) -> [i64; 3] {
    let mut numbers = [0; 3];
    let (mut at, mut part) = (0, 0);
    while at < version.len() {
        match version[at] {
            b'.' => part += 1,
            digit => numbers[part] = numbers[part] * 10 + (digit - b'0') as i64,
        }
        at += 1;
    }
    numbers
}

impl Options {
    /// A server of the machine protocol. Clients are told that it is QEMU of the release that the types are of; one with a
    /// schema of its own says what it is by [`named`](Self::named).
    #[must_use]
    pub fn qmp() -> Self {
        Self::new(Config::qmp)
    }

    /// A server of the machine protocol that is not QEMU: clients are told this package and version, and the server speaks
    /// as the newest release of QEMU does. What is no number in the version counts as 0.
    ///
    /// ```
    /// # use qapi_rt::server::Options;
    /// let options = Options::named(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
    /// # drop(options);
    /// ```
    #[must_use]
    pub fn named(package: impl Into<String>, version: &str) -> Self {
        // What follows is a pre-release or a build.
        let numbers = version.split(['-', '+']).next().unwrap_or_default();
        let mut numbers = numbers.split('.').map(|part| part.parse().unwrap_or(0));
        let mut next = || numbers.next().unwrap_or(0);
        let mut options = Self::qmp();
        options.version.qemu = VersionTriple {
            major: next(),
            minor: next(),
            micro: next(),
        };
        options.package(package)
    }

    /// A guest agent. `guest-info` tells clients that it is of that release, too.
    #[must_use]
    pub fn agent() -> Self {
        Self::new(|version| Config::agent().version(&version))
    }

    fn new(config: impl FnOnce(VersionInfo) -> Config) -> Self {
        let version = VersionInfo::new(VERSION);
        Self {
            config: config(version.clone()),
            version,
            release: VERSION,
            control: Control::new(),
            hooks: Hooks::new(),
            concurrent: false,
            mode: Mode::Strict,
            grace: Duration::from_secs(1),
            patience: Duration::from_secs(300),
        }
    }

    /// The version in the greeting and the reply to `query-version`, or of an agent. Clients tell from it what QEMU can do,
    /// and the server speaks as that release does: from 11.1 on, errors in a request's JSON have other texts and are told
    /// at once ([`session::server`](crate::session::server)), and `BLOCK_IO_ERROR` is not limited if it stops the machine.
    /// Arguments and values that QEMU dropped are taken if that release still had them.
    #[must_use]
    pub fn version(mut self, major: i64, minor: i64, micro: i64) -> Self {
        self.version.qemu = VersionTriple {
            major,
            minor,
            micro,
        };
        self.release = self.version.qemu;
        self.config = self.config.version(&self.version);
        self
    }

    pub(crate) fn release(&self) -> Release {
        let number = |number: i64| u16::try_from(number.max(0)).unwrap_or(u16::MAX);
        (number(self.release.major), number(self.release.minor))
    }

    /// The package in the greeting and the reply to `query-version`: whose build it is.
    #[must_use]
    pub fn package(mut self, package: impl Into<String>) -> Self {
        self.version.package = package.into();
        self.config = self.config.named(&self.version);
        self
    }

    /// Whether messages are spread over several lines.
    #[must_use]
    pub fn pretty(mut self, pretty: bool) -> Self {
        self.config = self.config.pretty(pretty);
        self
    }

    /// Whether out-of-band execution is offered; it is unless told otherwise.
    #[must_use]
    pub fn oob(mut self, offered: bool) -> Self {
        self.config = self.config.oob(offered);
        self
    }

    /// How many bytes may wait for a client that does not read before it is disconnected; 16 MiB unless told otherwise.
    #[must_use]
    pub fn output_limit(mut self, bytes: usize) -> Self {
        self.config = self.config.output_limit(bytes);
        self
    }

    /// How long output may wait for a client that takes none of it before that client is disconnected; five minutes unless
    /// told otherwise. A client that has nothing to take may be silent for as long as it likes, and one that takes some now
    /// and then is kept. QEMU keeps clients for ever; for that, say [`Duration::MAX`].
    #[must_use]
    pub fn patience(mut self, time: Duration) -> Self {
        self.patience = time;
        self
    }

    /// Whether commands of different clients are executed at the same time. QEMU executes one after the other, and so
    /// does this server unless told otherwise. Clients take turns: one that has waited is next after a command that took its
    /// time, or after up to 16 of another client's that did not. Commands that keep their thread for long come one or two at a time.
    #[must_use]
    pub fn concurrent(mut self, concurrent: bool) -> Self {
        self.concurrent = concurrent;
        self
    }

    /// Whether arguments may have what the schema does not know: for clients of a newer or another server. Members that it
    /// does not know are passed over then, values and branches reach the handler as unrecognized. QEMU refuses all of
    /// that, and so does this server unless told otherwise.
    #[must_use]
    pub fn lenient(mut self, lenient: bool) -> Self {
        self.mode = match lenient {
            true => Mode::Lenient,
            false => Mode::Strict,
        };
        self
    }

    /// How long clients have to take what was written for them when the server ends, and commands to end; a second
    /// unless told otherwise.
    #[must_use]
    pub fn grace(mut self, time: Duration) -> Self {
        self.grace = time;
        self
    }

    /// Adds something that sees every command.
    #[must_use]
    pub fn hook(mut self, hook: impl Hook) -> Self {
        self.hooks.push(hook);
        self
    }

    /// The handle on the server to be, made before the server because the service needs it.
    #[must_use]
    pub fn control(mut self, control: &Control) -> Self {
        self.control = control.clone();
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_is_not_qemu_says_so() {
        for (version, expected) in [
            ("0.1.0", [0, 1, 0]),
            ("1.2.3-rc.4+5.6", [1, 2, 3]),
            ("7", [7, 0, 0]),
            ("v2.x", [0, 0, 0]),
        ] {
            let options = Options::named("heater", version);
            let VersionInfo { qemu, package, .. } = options.version;
            assert_eq!(package, "heater");
            assert_eq!([qemu.major, qemu.minor, qemu.micro], expected, "{version}");
            assert_eq!(options.release, VERSION);
        }
    }
}
