//! What documentation says of the release in which something appeared.

use super::Presence;
use super::version::Version;
use crate::model::{Doc, Text};
#[cfg(feature = "cli")]
use crate::model::{Object, ObjectKind, Root, Schema};

/// The release in a definition's section `Since:`.
pub(crate) fn since(doc: Option<&Doc>) -> Option<Version> {
    Version::at_start(doc?.since()?)
}

/// Since when something exists, given what its documentation says and which releases have it: if one lacks it that is not
/// older than the documentation says, the first from which on all have it.
pub(crate) fn corrected(since: Option<Version>, presence: &Presence) -> Option<Version> {
    let claimed = since?;
    let version = |at: usize| presence.names.get(at).and_then(|name| Version::parse(name));
    let lacks = |at: &usize| !presence.has(*at) && version(*at) >= since;
    let last = (0..presence.names.len()).rev().find(lacks);
    Some(last.and_then(|at| version(at + 1)).unwrap_or(claimed))
}

/// Since when the definition exists that an object belongs to.
#[cfg(feature = "cli")]
pub(crate) fn owner_since(schema: &Schema, object: &Object) -> Option<Version> {
    since(match object.kind {
        ObjectKind::Arguments(Root::Command(id)) => schema.command(id).doc.as_ref(),
        ObjectKind::Arguments(Root::Event(id)) => schema.event(id).doc.as_ref(),
        ObjectKind::Base(id) => schema.object(id).doc.as_ref(),
        _ => object.doc.as_ref(),
    })
}

/// The release that the description of a member, value, alternative or feature names for it: in
/// parentheses, as `(since 8.1)` or `(default: on; since 8.1)`, or as its first words. If there
/// are several, they concern different targets or commands, and the oldest counts.
pub(crate) fn described_since(doc: Option<&Text>) -> Option<Version> {
    let text = &doc?.text;
    let lower = text.to_ascii_lowercase();
    lower
        .match_indices("since")
        .filter(|(at, _)| starts_statement(&lower[..*at]))
        .filter_map(|(at, word)| {
            Version::at_start(lower[at + word.len()..].trim_start_matches(':'))
        })
        .min()
}

/// Whether a `since` after this text is a statement of its own: in prose ("optional since 7.0")
/// it is about something else.
fn starts_statement(before: &str) -> bool {
    let Some(last) = before.trim_end().chars().next_back() else {
        return true;
    };
    let open = before.matches('(').count() > before.matches(')').count();
    open && matches!(last, '(' | ',' | ';' | '-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Span;

    fn described(text: &str) -> Option<String> {
        let text = Text {
            text: text.to_owned(),
            span: Span { start: 0, end: 0 },
        };
        described_since(Some(&text)).map(|v| v.to_string())
    }

    #[test]
    fn statements_stand_in_parentheses_or_alone() {
        let some = |v: &str| Some(v.to_owned());
        assert_eq!(described("size in bytes (since 8.1)"), some("8.1"));
        assert_eq!(
            described("size (default: 1;\nSince: 2.10).  More."),
            some("2.10")
        );
        assert_eq!(described("Since 4.0"), some("4.0"));
        assert_eq!(
            described("x (since: 10.1 -- since 9.1 on s390x --)"),
            some("9.1")
        );
        assert_eq!(described("optional since 7.0"), None);
        assert_eq!(described("x (optional since 7.0)"), None);
        assert_eq!(described("idle (since Linux 2.6.24)"), None);
        assert_eq!(described("anything"), None);
    }
}
