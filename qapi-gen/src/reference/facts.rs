//! Since when something exists, until when, and what it was: from its documentation, and from facts about releases.

use super::kind::Kind;
use crate::Releases;
use crate::model::{Doc, EnumValue, JsonKind, Member, Text};
use crate::releases::Presence;
use crate::releases::since::{corrected, described_since, since};
use crate::releases::version::Version;

/// What is known of one thing across releases.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) since: Option<String>,
    /// The last release that has it, if the newest has not.
    pub(super) until: Option<String>,
    /// Other types that it had, with the releases.
    pub(super) was: Vec<(String, String)>,
}

impl Facts {
    pub(super) fn of(
        kind: Kind,
        name: &str,
        doc: Option<&Doc>,
        releases: Option<&Releases>,
    ) -> Facts {
        let presence = releases.map(|releases| match kind {
            Kind::Command => releases.command(name),
            Kind::Event => releases.event(name),
            _ => releases.type_(name),
        });
        let mut facts = Facts::new(since(doc), presence, releases);
        if let (Kind::Command, Some(releases)) = (kind, releases) {
            facts.was = changes(releases.returned(name));
        }
        // What is no number of a release is shown as it is.
        let stated = doc.and_then(Doc::since).filter(|since| !since.is_empty());
        facts.since = facts.since.or_else(|| stated.map(str::to_owned));
        facts
    }

    pub(super) fn of_member(owner: &str, member: &Member, releases: Option<&Releases>) -> Facts {
        let since = described_since(member.doc.as_ref());
        let known = releases.map(|releases| releases.member(owner, &member.name));
        let was = known
            .as_ref()
            .map_or_else(Vec::new, |known| known.was.clone());
        Facts {
            was: changes(was),
            ..Facts::new(since, known.map(|known| known.presence), releases)
        }
    }

    pub(super) fn of_value(enum_: &str, value: &EnumValue, releases: Option<&Releases>) -> Facts {
        let presence = releases.map(|releases| releases.value(enum_, &value.name));
        Facts::new(described_since(value.doc.as_ref()), presence, releases)
    }

    pub(super) fn of_alternative(
        alternate: &str,
        json: JsonKind,
        doc: Option<&Text>,
        releases: Option<&Releases>,
    ) -> Facts {
        let presence = releases.map(|releases| releases.alternative(alternate, json.as_str()));
        Facts::new(described_since(doc), presence, releases)
    }

    fn new(
        since: Option<Version>,
        presence: Option<Presence<'_>>,
        releases: Option<&Releases>,
    ) -> Facts {
        let (Some(presence), Some(releases)) = (presence, releases) else {
            return Facts {
                since: since.map(|since| since.to_string()),
                ..Facts::default()
            };
        };
        let oldest = releases.names().first().map(String::as_str);
        let newest = releases.names().last().map(String::as_str);
        let documented = corrected(since, &presence).map(|since| since.to_string());
        // What the oldest release has may be older still.
        let first = presence.first().filter(|first| Some(*first) != oldest);
        Facts {
            since: documented.or_else(|| first.map(str::to_owned)),
            until: presence
                .last()
                .filter(|last| Some(*last) != newest)
                .map(str::to_owned),
            was: Vec::new(),
        }
    }
}

fn changes(was: Vec<(&str, Presence<'_>)>) -> Vec<(String, String)> {
    let releases = |presence: &Presence<'_>| match (presence.first(), presence.last()) {
        (Some(first), Some(last)) if first != last => format!("{first} to {last}"),
        (first, _) => first.unwrap_or_default().to_owned(),
    };
    was.iter()
        .map(|(ty, presence)| ((*ty).to_owned(), releases(presence)))
        .collect()
}

/// Whether a description is more than the release, which is shown anyway.
pub(super) fn says_more(text: &Text) -> bool {
    let words = text.text.trim();
    let alone = words.starts_with('(') && words.find(')') == words.len().checked_sub(1);
    !(words.is_empty() || alone && described_since(Some(text)).is_some() && words.len() < 16)
}

/// The default that documentation states in parentheses, as `(default: 4096; since 2.1)` or `(default 'exact')`, or at the
/// start of a sentence, as `Defaults to true.`
pub(super) fn stated_default(text: &str) -> Option<String> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let lower = text.to_ascii_lowercase();
    let stated = |intro: &str, ends: &[&str]| {
        let at = lower.find(intro)? + intro.len();
        let rest = &text[at..];
        let rest = rest.strip_prefix(':').unwrap_or(rest).trim_start();
        // What ends inside of parentheses of its own is no end.
        let inside =
            |end: usize| rest[..end].matches('(').count() > rest[..end].matches(')').count();
        let ends = ends.iter().flat_map(|end| rest.match_indices(end));
        let end = ends.map(|(end, _)| end).filter(|end| !inside(*end)).min()?;
        let value = rest[..end].trim();
        let value = value.trim_matches(|c| matches!(c, '"' | '\'' | '`' | '@'));
        (!value.is_empty() && value.len() <= 40 && !value.contains(['"', '\'', '`']))
            .then(|| value.to_owned())
    };
    let in_parentheses = &[")", ";", ", since", ","];
    let in_sentence = &[". ", ".", ",", ";", " if ", " ("];
    ["(default:", "(default is ", "(default ", "(defaults to "]
        .iter()
        .find_map(|intro| stated(intro, in_parentheses))
        .or_else(|| stated("; default: ", in_parentheses))
        .or_else(|| {
            let intros = [
                "defaults to ",
                "default value is ",
                "default is ",
                "default: ",
            ];
            intros.iter().find_map(|intro| stated(intro, in_sentence))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_what_the_text_states() {
        let stated = |text| stated_default(text).unwrap_or_else(|| "-".to_owned());
        assert_eq!(stated("size in bytes (default: 4096; since 2.1)"), "4096");
        assert_eq!(stated("the policy (default 'exact')"), "exact");
        assert_eq!(stated("speed (default:\n64).  Since 2.0"), "64");
        assert_eq!(stated("a name (defaults to \"root\", since 3.0)"), "root");
        assert_eq!(stated("whether to. Defaults to true."), "true");
        assert_eq!(stated("x (default: f(a, b))"), "f(a, b)");
        assert_eq!(stated("the default, if any (since 2.8)"), "-");
        assert_eq!(stated("(default: )"), "-");
        assert_eq!(stated("by default nothing"), "-");
    }
}
