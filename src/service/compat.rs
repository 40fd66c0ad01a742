//! Policies for what is deprecated or unstable (`-compat` of QEMU).

use super::{Control, Result};
use crate::session::server::{InputPolicy, OutputPolicy, Policy};
use crate::types::{ErrorReply, Note, Style, Writer};

/// The features of members that a policy leaves out of what is sent.
pub(super) fn hidden(policy: Policy) -> &'static [&'static str] {
    match (policy.deprecated_output, policy.unstable_output) {
        (OutputPolicy::Accept, OutputPolicy::Accept) => &[],
        (OutputPolicy::Hide, OutputPolicy::Accept) => &["deprecated"],
        (OutputPolicy::Accept, OutputPolicy::Hide) => &["unstable"],
        (OutputPolicy::Hide, OutputPolicy::Hide) => &["deprecated", "unstable"],
    }
}

/// Holds arguments against a policy; `write` writes their members.
///
/// # Errors
/// When the policy refuses one.
pub(super) fn check(control: &Control, write: impl FnOnce(&mut Writer<'_>)) -> Result<()> {
    let policy = control.policy();
    if policy == Policy::default() {
        return Ok(());
    }
    let mut out = Vec::new();
    let mut writer = Writer::new(&mut out, Style::Ascii).noting();
    writer.begin_object();
    write(&mut writer);
    writer.end_object();
    for note in writer.notes() {
        let (what, name, features) = match note {
            Note::Member { name, features } => ("parameter", name, features),
            Note::Value { name, features } => ("value", name, features),
            _ => continue,
        };
        for (feature, word, input) in [
            ("deprecated", "Deprecated", policy.deprecated_input),
            ("unstable", "Unstable", policy.unstable_input),
        ] {
            if input != InputPolicy::Accept && features.contains(&feature) {
                if input == InputPolicy::Crash {
                    control.crash();
                }
                return Err(ErrorReply::generic(format!(
                    "{word} {what} {name} disabled by policy"
                )));
            }
        }
    }
    Ok(())
}
