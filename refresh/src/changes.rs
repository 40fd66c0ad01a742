//! What another release changes for users of the crates, as an entry of CHANGELOG.md: what `qapi-gen diff` tells, by kind.

use crate::releases::{Release, SCHEMAS, short};
use crate::{load, save};
use qapi_gen::Interface;
use qapi_gen::diff::{Change, ChangeCode as C, Direction, Subject, diff};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

/// Where the entry goes.
pub(crate) const FILE: &str = "CHANGELOG.md";

/// The kinds of entry, in this order.
const KINDS: [&str; 5] = [
    "Gone",
    "New",
    "New, and has to be in requests",
    "Deprecated",
    "Changed",
];

/// The interfaces, in the order of [`SCHEMAS`].
const INTERFACES: [&str; 3] = ["", ", storage daemon only", ", guest agent"];

/// Columns that a line may take.
const WIDTH: usize = 120;

/// Puts the entry for another release into CHANGELOG.md, and returns it.
pub(crate) fn write(
    workspace: &Path,
    before: &Release,
    now: &Release,
) -> Result<Option<String>, String> {
    if before.version == now.version {
        return Ok(None);
    }
    let heading = format!(
        "### QEMU {}, from {}",
        short(&now.version),
        short(&before.version)
    );
    let entry = format!(
        "{heading}\n\n\
         Types, `qapi-schema` and what servers claim are as of QEMU {}. What requests lost stays in the types, for older servers.\n\n\
         {}",
        short(&now.version),
        entry(before, now)
    );
    let path = workspace.join(FILE);
    let text = load(&path)?;
    let unreleased = "\n## Unreleased\n";
    let Some(start) = text.find(unreleased).map(|at| at + unreleased.len()) else {
        return Err(format!("{} has no section 'Unreleased'", path.display()));
    };
    let end = text[start..]
        .find("\n## ")
        .map_or(text.len(), |at| start + at + 1);
    let mut section = text[start..end].trim_end().to_owned();
    // That of an earlier run.
    if let Some(at) = section.find(&format!("\n{heading}\n")) {
        let next = section[at + 1..]
            .find("\n### ")
            .map_or(section.len(), |n| at + 1 + n);
        section.replace_range(at..next, "");
    }
    let section = format!("{}\n\n{entry}", section.trim_end());
    let rest = match &text[end..] {
        "" => String::new(),
        rest => format!("\n{rest}"),
    };
    save(&path, &format!("{}{section}{rest}", &text[..start]))?;
    Ok(Some(entry))
}

fn entry(before: &Release, now: &Release) -> String {
    let mut lines = Vec::new();
    // The storage daemon shares much with QMP.
    let mut said = BTreeSet::new();
    for (index, (_, interface)) in SCHEMAS.iter().zip(INTERFACES).enumerate() {
        let [old, new] = [before, now].map(|release| Interface::of(&release.schemas[index]));
        let mut changes = diff(&old, &new).changes;
        let values: BTreeSet<String> = changes
            .iter()
            .filter(|c| matches!(c.code, C::ValueAdded | C::ValueRemoved))
            .filter_map(|c| Some(c.subject.part()?.name().to_owned()))
            .collect();
        changes.retain(|change| {
            let branch = matches!(change.code, C::BranchAdded | C::BranchRemoved);
            // It came and went with its value.
            let with_value = change
                .subject
                .part()
                .is_some_and(|p| values.contains(p.name()));
            // The types have what any build has.
            let build = matches!(
                change.code,
                C::ConditionAdded | C::ConditionRemoved | C::ConditionChanged
            );
            let told = build || branch && with_value;
            !told && said.insert((change.subject.clone(), change.code, change.message()))
        });
        for (kind, title) in KINDS.iter().enumerate() {
            let of_kind = changes.iter().filter(|change| self::kind(change) == kind);
            let items = items(of_kind, kind == KINDS.len() - 1);
            if !items.is_empty() {
                lines.push(wrapped(&format!(
                    "{title}{interface}: {}.",
                    items.join("; ")
                )));
            }
        }
    }
    if lines.is_empty() {
        lines.push("- Nothing changed but the number.\n".to_owned());
    }
    lines.concat()
}

/// Which of [`KINDS`] a change is.
fn kind(change: &Change) -> usize {
    match change.code {
        C::CommandRemoved
        | C::EventRemoved
        | C::MemberRemoved
        | C::MandatoryMemberRemoved
        | C::ValueRemoved
        | C::BranchRemoved
        | C::MandatoryBranchRemoved
        | C::AlternativeRemoved => 0,
        C::MandatoryMemberAdded | C::MandatoryBranchAdded
            if change.directions.contains(&Direction::Input) =>
        {
            2
        }
        C::CommandAdded
        | C::EventAdded
        | C::MemberAdded
        | C::MandatoryMemberAdded
        | C::ValueAdded
        | C::BranchAdded
        | C::MandatoryBranchAdded
        | C::AlternativeAdded => 1,
        C::DeprecationBegun => 3,
        _ => 4,
    }
}

/// The parts of each definition, in order; with what happened, where the kind does not say.
fn items<'c>(changes: impl Iterator<Item = &'c Change>, explained: bool) -> Vec<String> {
    let mut items: Vec<(String, Vec<String>)> = Vec::new();
    for change in changes {
        let name = match &change.subject {
            Subject::Reply(name) => format!("the reply to `{name}`"),
            subject => format!("`{}`", subject.name()),
        };
        let part = change
            .subject
            .part()
            .map(|part| format!("`{}`", part.name()));
        if explained {
            let what = part.map_or_else(|| name.clone(), |part| format!("{part} of {name}"));
            items.push((
                format!("{what} {}", change.message().replace('\'', "`")),
                Vec::new(),
            ));
            continue;
        }
        match (items.last_mut(), part) {
            (Some((last, parts)), Some(part)) if *last == name && !parts.is_empty() => {
                parts.push(part)
            }
            (_, part) => items.push((name, part.into_iter().collect())),
        }
    }
    let said = |(name, parts): (String, Vec<String>)| match parts.is_empty() {
        true => name,
        false => format!("{} of {name}", parts.join(", ")),
    };
    items.into_iter().map(said).collect()
}

/// An item of a list.
fn wrapped(text: &str) -> String {
    let (mut out, mut column) = (String::from("-"), 1);
    for word in text.split(' ') {
        if column + 1 + word.len() > WIDTH {
            out += "\n ";
            column = 1;
        }
        _ = write!(out, " {word}");
        column += 1 + word.len();
    }
    out + "\n"
}
