//! Recordings against a schema.

use std::fmt;

use super::exchange::{Exchange, Notice, Outcome};
use super::recording::{Malformed, Recording};
use crate::capabilities::{Capabilities, Finding};

/// Something in a recording that is not as the schema says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Discrepancy {
    /// The line of the request; 0 if it comes from no file.
    pub line: usize,
    /// The command or event.
    pub name: String,
    /// What, and where in arguments, reply or data.
    pub finding: Finding,
}

impl fmt::Display for Discrepancy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}: {}", self.line, self.name, self.finding)
    }
}

impl Recording {
    /// What in this recording is not as a schema says: arguments of commands that succeeded, replies, events. A schema is
    /// had from a server's reply to `query-qmp-schema`, or from a generated module's constant `INTROSPECTION`.
    ///
    /// # Errors
    /// When the recording has a reply to no request.
    pub fn check(&self, schema: &Capabilities) -> Result<Vec<Discrepancy>, Malformed> {
        let exchanges = self.exchanges()?;
        Ok(exchanges
            .iter()
            .flat_map(|exchange| check(exchange, schema))
            .collect())
    }
}

fn check(exchange: &Exchange, schema: &Capabilities) -> Vec<Discrepancy> {
    let mut discrepancies = Vec::new();
    let mut add = |name: &str, findings: Vec<Finding>| {
        let (line, name) = (exchange.line, name.to_owned());
        let findings = findings.into_iter();
        discrepancies.extend(findings.map(|finding| {
            let name = name.clone();
            Discrepancy {
                line,
                name,
                finding,
            }
        }));
    };
    let Exchange {
        command,
        arguments,
        outcome,
        ..
    } = exchange;
    if let Outcome::Return(value) = outcome {
        let mut findings = schema.examine_raw(command, arguments);
        findings.retain(|finding| finding.problem.is_fatal());
        add(command, findings);
        add(command, schema.examine_reply(command, value));
    }
    for Notice { name, data } in exchange.before.iter().chain(&exchange.after) {
        add(
            name,
            schema.examine_event(name, &data.clone().unwrap_or_default()),
        );
    }
    discrepancies
}
