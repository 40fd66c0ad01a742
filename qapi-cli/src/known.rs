//! What QEMU's schema says and a server does not: in which release something appeared, and where the manual describes it.

use std::collections::HashMap;

const QMP: &str = include_str!(concat!(env!("OUT_DIR"), "/qmp.txt"));
const AGENT: &str = include_str!(concat!(env!("OUT_DIR"), "/agent.txt"));

const NEEDY: &str = include_str!(concat!(env!("OUT_DIR"), "/needy.txt"));

/// Whether a command of QEMU's fails without arguments. What is not known is told by the server.
pub(crate) fn needs_arguments(command: &str) -> bool {
    NEEDY.lines().any(|name| name == command)
}

/// Whose commands and events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Interface {
    Qmp,
    Agent,
}

/// What is known of a command or event.
#[derive(Debug, Default)]
pub(crate) struct Known {
    pub(crate) since: Option<&'static str>,
    /// An address.
    pub(crate) manual: Option<String>,
    members: HashMap<&'static str, &'static str>,
}

impl Known {
    /// `kind` is `command` or `event`. Of what QEMU's schema does not have nothing is known.
    pub(crate) fn of(interface: Interface, kind: &str, name: &str) -> Self {
        let (text, page, namespace) = match interface {
            Interface::Qmp => (QMP, "qemu-qmp-ref", "QMP"),
            Interface::Agent => (AGENT, "qemu-ga-ref", "QGA"),
        };
        let mut lines = text.lines();
        let head = lines.by_ref().find_map(|line| {
            let rest = line.strip_prefix(kind)?.strip_prefix(' ')?;
            rest.strip_prefix(name)?.strip_prefix(' ')
        });
        let Some((module, since)) = head.and_then(|head| head.split_once(' ')) else {
            return Self::default();
        };
        let version = env!("SCHEMA_VERSION");
        let manual = format!(
            "https://qemu.readthedocs.io/en/v{version}/interop/{page}.html#{kind}-{namespace}-{module}.{name}"
        );
        let below = lines.map_while(|line| line.strip_prefix(' ')?.split_once(' '));
        Self {
            since: Some(since).filter(|since| *since != "-"),
            manual: Some(manual),
            members: below.collect(),
        }
    }

    /// When a member came, by its path, if it was later than the rest.
    pub(crate) fn member(&self, path: &str) -> Option<&'static str> {
        self.members.get(path).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases() {
        let add = Known::of(Interface::Qmp, "command", "blockdev-add");
        assert_eq!(add.since, Some("2.9"));
        assert_eq!(add.member("data-file"), Some("4.0"));
        assert_eq!(add.member("driver"), None);
        let manual = add.manual.unwrap();
        assert!(
            manual.ends_with("#command-QMP-block-core.blockdev-add"),
            "{manual}"
        );
        assert!(needs_arguments("blockdev-add") && needs_arguments("job-cancel"));
        assert!(!needs_arguments("query-status") && !needs_arguments("eject"));
        let exec = Known::of(Interface::Agent, "command", "guest-exec");
        assert_eq!(exec.since, Some("2.5"));
        assert!(Known::of(Interface::Qmp, "event", "STOP").since.is_some());
        assert!(
            Known::of(Interface::Qmp, "command", "STOP")
                .manual
                .is_none()
        );
    }
}
