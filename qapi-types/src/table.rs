//! Rows of the tables that generated modules have.

/// Facts about a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CommandInfo {
    /// The name on the wire.
    pub name: &'static str,
    /// The release in which it appeared, if the schema says so.
    pub since: Option<&'static str>,
    /// The last release that has it, if the newest does not.
    pub until: Option<&'static str>,
    /// Its features.
    pub features: &'static [&'static str],
    /// Whether it may be executed out of band.
    pub allow_oob: bool,
    /// Whether it may be executed before the machine is built.
    pub allow_preconfig: bool,
    /// Whether success is answered.
    pub success_response: bool,
}

impl CommandInfo {
    /// A command with no flags and features.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            since: None,
            until: None,
            features: &[],
            allow_oob: false,
            allow_preconfig: false,
            success_response: true,
        }
    }

    /// Sets the release in which it appeared.
    #[must_use]
    pub const fn since(mut self, release: &'static str) -> Self {
        self.since = Some(release);
        self
    }

    /// Sets the last release that has it.
    #[must_use]
    pub const fn until(mut self, release: &'static str) -> Self {
        self.until = Some(release);
        self
    }

    /// Sets its features.
    #[must_use]
    pub const fn features(mut self, features: &'static [&'static str]) -> Self {
        self.features = features;
        self
    }

    /// Allows execution out of band.
    #[must_use]
    pub const fn allow_oob(mut self) -> Self {
        self.allow_oob = true;
        self
    }

    /// Allows execution before the machine is built.
    #[must_use]
    pub const fn allow_preconfig(mut self) -> Self {
        self.allow_preconfig = true;
        self
    }

    /// Leaves success unanswered.
    #[must_use]
    pub const fn no_success_response(mut self) -> Self {
        self.success_response = false;
        self
    }
}

/// Facts about an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventInfo {
    /// The name on the wire.
    pub name: &'static str,
    /// The release in which it appeared, if the schema says so.
    pub since: Option<&'static str>,
    /// Its features.
    pub features: &'static [&'static str],
}

impl EventInfo {
    /// An event without features.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            since: None,
            features: &[],
        }
    }

    /// Sets the release in which it appeared.
    #[must_use]
    pub const fn since(mut self, release: &'static str) -> Self {
        self.since = Some(release);
        self
    }

    /// Sets its features.
    #[must_use]
    pub const fn features(mut self, features: &'static [&'static str]) -> Self {
        self.features = features;
        self
    }
}
