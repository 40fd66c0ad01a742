//! Reports as text.

use super::types::beyond;
use super::{Change, ChangeCode as C, Direction, Level, Report, Subject};
use crate::markdown::{code, escaped as plain};
use crate::render::printable;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// How a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// For a terminal.
    Human,
    /// Lists for a change log or a comment on a change.
    Markdown,
    /// One JSON object.
    Json,
    /// Commands of GitHub Actions, which annotate the lines of a change.
    Github,
}

/// What the two sides are called in a report.
#[derive(Clone, Copy, Debug)]
pub struct Names<'n> {
    /// The old interface.
    pub old: &'n str,
    /// The new one.
    pub new: &'n str,
    /// What says what is used, if [`Report::retain_used`] was asked for that alone.
    pub uses: Option<&'n str>,
}

impl Report {
    /// The report as text, which ends with LF.
    pub fn render(&self, format: Format, names: Names) -> String {
        match format {
            Format::Human => self.human(names),
            Format::Markdown => self.markdown(names),
            Format::Json => format!("{:#}\n", self.json(names)),
            Format::Github => self.github(),
        }
    }

    fn human(&self, names: Names) -> String {
        let mut text = String::new();
        for (title, changes) in self.groups() {
            _ = writeln!(text, "{title}\n");
            for change in changes {
                _ = writeln!(text, "  {}", printable(&sentence(change)));
                _ = writeln!(text, "      {}", printable(&remarks(change).join("; ")));
            }
            text.push('\n');
        }
        for note in &self.notes {
            _ = writeln!(text, "note: {note}");
        }
        text + &self.summary(names) + "\n"
    }

    fn markdown(&self, names: Names) -> String {
        let mut text = format!(
            "## Changes from {} to {}\n\n{}\n",
            names.old,
            names.new,
            self.summary(names)
        );
        for (title, changes) in self.groups() {
            _ = writeln!(text, "\n### {title}\n");
            for change in changes {
                let sentence = marked_up(&sentence(change));
                _ = writeln!(
                    text,
                    "- {sentence} ({})",
                    marked_up(&remarks(change).join("; "))
                );
            }
        }
        for note in &self.notes {
            _ = writeln!(text, "\nNote: {note}.");
        }
        text
    }

    fn json(&self, names: Names) -> Value {
        let changes: Vec<Value> = self.changes.iter().map(entry).collect();
        json!({
            "old": names.old,
            "new": names.new,
            "changes": changes,
            "notes": self.notes,
            "breaks-clients": self.breaks_clients(),
            "breaks-servers": self.breaks_servers(),
        })
    }

    fn github(&self) -> String {
        let mut text = String::new();
        for change in &self.changes {
            let command = match change.level() {
                Level::Breaking => "error",
                Level::Warning => "warning",
                _ => "notice",
            };
            let place = change.place().map_or_else(String::new, |(file, line)| {
                format!("file={},line={line},", escaped(file, true))
            });
            let message = format!("{} ({})", sentence(change), remarks(change).join("; "));
            let message = escaped(&printable(&message), false);
            _ = writeln!(text, "::{command} {place}title={}::{message}", change.code);
        }
        text
    }

    /// By what they break.
    fn groups(&self) -> impl Iterator<Item = (String, Vec<&Change>)> {
        let of = |client: Option<Level>, level: Level| -> Vec<&Change> {
            let wanted = |c: &&Change| match client {
                Some(client) => c.client == client,
                None => c.client != Level::Breaking && c.server.max(c.client) == level,
            };
            self.changes.iter().filter(wanted).collect()
        };
        [
            ("Breaks clients", of(Some(Level::Breaking), Level::Breaking)),
            ("Breaks servers", of(None, Level::Breaking)),
            ("Warnings", of(None, Level::Warning)),
            ("Compatible", of(None, Level::Info)),
        ]
        .into_iter()
        .filter(|(_, changes)| !changes.is_empty())
        .map(|(title, changes)| (format!("{title}: {}", changes.len()), changes))
    }

    fn summary(&self, names: Names) -> String {
        let count = |level: fn(&Change) -> Level| {
            let breaking = self.changes.iter().filter(|c| level(c) == Level::Breaking);
            breaking.count()
        };
        let total = match self.changes.len() {
            0 => {
                let what = match names.uses.filter(|_| self.unused > 0) {
                    Some(uses) => format!("Nothing that {uses} names"),
                    None => "Nothing".to_owned(),
                };
                return format!("{what} changed from {} to {}.", names.old, names.new);
            }
            1 => "1 change".to_owned(),
            n => format!("{n} changes"),
        };
        format!(
            "{total} from {} to {}: {} break clients of the old that talk to the new, {} break servers of the old whose \
             clients are of the new.",
            names.old,
            names.new,
            count(|c| c.client),
            count(|c| c.server)
        )
    }
}

/// What happened, without the subject.
pub(super) fn message(change: &Change) -> String {
    let (old, new) = (change.old.as_deref(), change.new.as_deref());
    let value = |side: Option<&str>| side.unwrap_or("another").to_owned();
    match change.code {
        C::CommandAdded | C::EventAdded | C::ValueAdded | C::BranchAdded | C::AlternativeAdded => {
            "is new".to_owned()
        }
        C::CommandRemoved
        | C::EventRemoved
        | C::ValueRemoved
        | C::BranchRemoved
        | C::MandatoryBranchRemoved
        | C::AlternativeRemoved
        | C::MemberRemoved
        | C::MandatoryMemberRemoved => "is gone".to_owned(),
        C::MandatoryBranchAdded => "is new, and has mandatory members".to_owned(),
        C::MemberAdded => format!("is new, and optional: {}", value(new)),
        C::MandatoryMemberAdded => format!("is new, and mandatory: {}", value(new)),
        C::MemberNowMandatory => "was optional and is mandatory".to_owned(),
        C::MemberNowOptional => "was mandatory and is optional".to_owned(),
        C::MemberRestricted => "is left in some branches only".to_owned(),
        C::MemberUnrestricted => "was there in some branches only and is there always".to_owned(),
        C::RangeWidened | C::RangeNarrowed if partial(change).is_some() => {
            partial(change).unwrap_or_default()
        }
        C::TypeWidened | C::RangeWidened => {
            format!("was {} and is the wider {}", value(old), value(new))
        }
        C::TypeNarrowed | C::RangeNarrowed => {
            format!("was {} and is the narrower {}", value(old), value(new))
        }
        C::TypeChanged => format!("was {} and is {}", value(old), value(new)),
        C::DeprecationBegun => "is now deprecated".to_owned(),
        C::DeprecationEnded => "is not deprecated any more".to_owned(),
        C::UnstableBegun => "is now unstable".to_owned(),
        C::UnstableEnded => "is not unstable any more".to_owned(),
        C::FeatureAdded => format!("has the new feature '{}'", value(new)),
        C::FeatureRemoved => format!("has lost the feature '{}'", value(old)),
        C::OobAllowed => "may be executed out of band".to_owned(),
        C::OobForbidden => "may no longer be executed out of band".to_owned(),
        C::PreconfigAllowed => "is available before the machine is built".to_owned(),
        C::PreconfigForbidden => "is no longer available before the machine is built".to_owned(),
        C::ResponseChanged => "changed in whether it answers success".to_owned(),
        C::OpenBegun => "takes members that are not listed".to_owned(),
        C::OpenEnded => "takes only the members that are listed".to_owned(),
        C::ConditionAdded => format!("now depends on {}", value(new)),
        C::ConditionRemoved => format!("no longer depends on {}", value(old)),
        C::ConditionChanged => format!("depended on {} and depends on {}", value(old), value(new)),
    }
}

/// What one of two ranges has beyond the other, if each has something.
fn partial(change: &Change) -> Option<String> {
    let (old, new) = (change.old.as_deref()?, change.new.as_deref()?);
    let ((least, largest), verb) = match change.code {
        C::RangeWidened => (beyond(new, old)?, "adds"),
        _ => (beyond(old, new)?, "lacks"),
    };
    Some(format!(
        "was {old} and is {new}, which {verb} {least} to {largest}"
    ))
}

/// A sentence as Markdown: what is in quotes is code. Names and conditions of a server or an old schema may contain anything.
fn marked_up(sentence: &str) -> String {
    let sentence = printable(sentence);
    let parts = sentence.split('\'').enumerate();
    let parts = parts.map(|(i, part)| if i % 2 == 1 { code(part) } else { plain(part) });
    parts.collect()
}

fn sentence(change: &Change) -> String {
    format!("{} {}", change.subject, message(change))
}

/// How many users are named.
const NAMED: usize = 4;

fn remarks(change: &Change) -> Vec<String> {
    let mut remarks = vec![change.code.to_string()];
    let both = change.client == Level::Breaking && change.server == Level::Breaking;
    if both {
        remarks.push("breaks servers, too".to_owned());
    }
    if let Some(condition) = &change.condition {
        remarks.push(format!("it depended on {condition}"));
    }
    if change.was_deprecated {
        remarks.push("it was deprecated".to_owned());
    }
    if change.unstable {
        remarks.push("unstable, so nothing was promised".to_owned());
    }
    if matches!(change.subject, Subject::Type(..) | Subject::Use(..)) {
        let ways: Vec<&str> = change.directions.iter().map(|d| d.as_str()).collect();
        let users: Vec<&str> = change.used_by.iter().map(String::as_str).collect();
        let named = users.get(..NAMED).unwrap_or(&users).join(", ");
        let more = match users.len().saturating_sub(NAMED) {
            0 => String::new(),
            n => format!(" and {n} more"),
        };
        remarks.push(format!("{} of {named}{more}", ways.join(" and ")));
    }
    remarks
}

fn entry(change: &Change) -> Value {
    let ways: Vec<&str> = change
        .directions
        .iter()
        .map(|d| Direction::as_str(*d))
        .collect();
    let part = change.subject.part();
    let place = change.place();
    json!({
        "code": change.code.as_str(),
        "client": change.client.as_str(),
        "server": change.server.as_str(),
        "message": sentence(change),
        "subject": {
            "kind": change.subject.kind(),
            "name": change.subject.name(),
            "part": part.map(|part| json!({ "kind": part.kind(), "name": part.name() })),
        },
        "directions": ways,
        "old": change.old,
        "new": change.new,
        "condition": change.condition,
        "was-deprecated": change.was_deprecated,
        "unstable": change.unstable,
        "used-by": change.used_by,
        "file": place.map(|(file, _)| file),
        "line": place.map(|(_, line)| line),
    })
}

/// As GitHub Actions read it: <https://docs.github.com/actions/reference/workflow-commands-for-github-actions>.
fn escaped(text: &str, property: bool) -> String {
    let text = text
        .replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A");
    match property {
        true => text.replace(':', "%3A").replace(',', "%2C"),
        false => text,
    }
}
