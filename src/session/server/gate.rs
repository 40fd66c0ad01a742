//! Whether a command may be executed.

use std::collections::{HashMap, HashSet};

use qapi_types::{CommandInfo, ErrorClass, ErrorReply};

/// What to do with requests that use something of the schema that is deprecated or unstable (`-compat` of QEMU, for
/// tests of clients).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InputPolicy {
    /// Nothing.
    #[default]
    Accept,
    /// The request is refused.
    Reject,
    /// The server ends at once, so that no test overlooks it.
    Crash,
}

/// What to do with deprecated or unstable parts of what is returned, and with such events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OutputPolicy {
    /// Nothing.
    #[default]
    Accept,
    /// They are left out.
    Hide,
}

/// What to do with what is deprecated or unstable; by default it is accepted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// Deprecated commands, arguments, values.
    pub deprecated_input: InputPolicy,
    /// Deprecated events and members; not values.
    pub deprecated_output: OutputPolicy,
    /// Unstable commands, arguments, values.
    pub unstable_input: InputPolicy,
    /// Unstable events and members; not values.
    pub unstable_output: OutputPolicy,
}

/// Why a command is not executed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// To be answered.
    Error(ErrorReply),
    /// A policy wants the server to end without an answer.
    Crash,
}

/// Says which commands may be executed at present. Sessions share one.
#[derive(Clone, Debug, Default)]
pub struct Gate {
    policy: Policy,
    /// Whether the machine is still to be built.
    preconfig: bool,
    frozen: bool,
    allowed: Option<HashSet<String>>,
    blocked: HashSet<String>,
    disabled: HashMap<String, Option<String>>,
}

/// What an agent executes while it has frozen filesystems: writing to them, if only a log, would hang it.
const WHILE_FROZEN: [&str; 6] = [
    "guest-ping",
    "guest-info",
    "guest-sync",
    "guest-sync-delimited",
    "guest-fsfreeze-status",
    "guest-fsfreeze-thaw",
];

const NOT_ALLOWED: &str = "the command is not allowed";

impl Gate {
    /// Lets everything pass.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets what to do with what is deprecated or unstable.
    pub fn set_policy(&mut self, policy: Policy) {
        self.policy = policy;
    }

    /// What to do with what is deprecated or unstable.
    #[must_use]
    pub fn policy(&self) -> Policy {
        self.policy
    }

    /// Whether the machine is still to be built, so that only commands with `allow-preconfig` pass.
    pub fn set_preconfig(&mut self, preconfig: bool) {
        self.preconfig = preconfig;
    }

    /// Whether filesystems are frozen, so that only the agent's commands for that pass, whatever the lists say.
    pub fn set_frozen(&mut self, frozen: bool) {
        self.frozen = frozen;
    }

    /// Lets only these commands pass (`--allow-rpcs` of the agent).
    pub fn allow_only<N: Into<String>>(&mut self, commands: impl IntoIterator<Item = N>) {
        self.allowed = Some(commands.into_iter().map(Into::into).collect());
    }

    /// Lets these commands not pass, even if they are allowed (`--block-rpcs` of the agent).
    pub fn block<N: Into<String>>(&mut self, commands: impl IntoIterator<Item = N>) {
        self.blocked.extend(commands.into_iter().map(Into::into));
    }

    /// Disables a command for a reason that clients are told.
    pub fn disable(&mut self, command: impl Into<String>, reason: Option<&str>) {
        self.disabled
            .insert(command.into(), reason.map(str::to_owned));
    }

    /// Enables a command again that was [disabled](Self::disable).
    pub fn enable(&mut self, command: &str) {
        self.disabled.remove(command);
    }

    /// Whether the command is enabled, as `guest-info` tells for each one.
    #[must_use]
    pub fn is_enabled(&self, command: &str) -> bool {
        self.why_disabled(command).is_none()
    }

    /// The reason, if there is one to tell.
    fn why_disabled(&self, command: &str) -> Option<Option<&str>> {
        let allowed = if self.frozen {
            WHILE_FROZEN.contains(&command)
        } else {
            !self.blocked.contains(command)
                && self
                    .allowed
                    .as_ref()
                    .is_none_or(|list| list.contains(command))
        };
        if !allowed {
            return Some(Some(NOT_ALLOWED));
        }
        self.disabled.get(command).map(Option::as_deref)
    }

    /// Whether a request may be executed, with what is known of its command. The errors are QEMU's, in QEMU's order.
    ///
    /// # Errors
    /// When it may not.
    pub fn check(
        &self,
        command: &str,
        oob: bool,
        info: Option<&CommandInfo>,
    ) -> Result<(), Refusal> {
        let Some(info) = info else {
            return Err(ErrorReply::command_not_found(command).into());
        };
        let not_found = |desc| Refusal::from(ErrorReply::new(ErrorClass::CommandNotFound, desc));
        match self.policy.judge(info.features) {
            Judgement::Pass => {}
            Judgement::Reject(what) => {
                return Err(not_found(format!(
                    "{what} command {command} disabled by policy"
                )));
            }
            Judgement::Crash => return Err(Refusal::Crash),
        }
        if let Some(reason) = self.why_disabled(command) {
            let mut desc = format!("Command {command} has been disabled");
            if let Some(reason) = reason {
                desc.push_str(": ");
                desc.push_str(reason);
            }
            return Err(not_found(desc));
        }
        if oob && !info.allow_oob {
            return Err(ErrorReply::no_oob(command).into());
        }
        if self.preconfig && !info.allow_preconfig {
            return Err(ErrorReply::needs_machine(command).into());
        }
        Ok(())
    }
}

/// What a policy says of something with certain features.
pub(super) enum Judgement {
    Pass,
    /// With the word for the reason.
    Reject(&'static str),
    Crash,
}

impl Policy {
    /// What input with these features gets. That it is deprecated is looked at first.
    pub(super) fn judge<F: AsRef<str>>(&self, features: &[F]) -> Judgement {
        let has = |name: &str| features.iter().any(|feature| feature.as_ref() == name);
        let kinds = [
            ("deprecated", "Deprecated", self.deprecated_input),
            ("unstable", "Unstable", self.unstable_input),
        ];
        for (feature, word, policy) in kinds {
            match policy {
                InputPolicy::Reject if has(feature) => return Judgement::Reject(word),
                InputPolicy::Crash if has(feature) => return Judgement::Crash,
                _ => {}
            }
        }
        Judgement::Pass
    }

    /// Whether output with these features is left out.
    #[must_use]
    pub fn hides<F: AsRef<str>>(&self, features: &[F]) -> bool {
        let has = |name: &str| features.iter().any(|feature| feature.as_ref() == name);
        self.deprecated_output == OutputPolicy::Hide && has("deprecated")
            || self.unstable_output == OutputPolicy::Hide && has("unstable")
    }
}

impl From<ErrorReply> for Refusal {
    fn from(error: ErrorReply) -> Self {
        Self::Error(error)
    }
}
