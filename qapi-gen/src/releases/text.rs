//! The text form of the facts; `docs/schema.md` describes it.

use super::{Entry, Kind, MAX_RELEASES, Part, PartKind, Releases, all};
use crate::releases::version::Version;
use std::collections::btree_map::Entry as MapEntry;
use std::fmt;
use std::iter::Peekable;
use std::str::SplitAsciiWhitespace;

/// What is wrong with a file of facts.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReleasesError {
    /// The line of the file, from 1.
    pub line: Option<usize>,
    /// What is wrong.
    pub message: String,
}

#[cfg(feature = "cli")]
impl ReleasesError {
    pub(super) fn without_line(message: String) -> ReleasesError {
        ReleasesError {
            line: None,
            message,
        }
    }
}

impl fmt::Display for ReleasesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for ReleasesError {}

const KINDS: [(&str, Kind); 6] = [
    ("command", Kind::Command),
    ("event", Kind::Event),
    ("enum", Kind::Enum),
    ("struct", Kind::Struct),
    ("union", Kind::Union),
    ("alternate", Kind::Alternate),
];

const PARTS: [(&str, PartKind); 4] = [
    ("member", PartKind::Member),
    ("value", PartKind::Value),
    ("branch", PartKind::Branch),
    ("alternative", PartKind::Alternative),
];

fn find<K: Copy>(table: &[(&str, K)], word: &str) -> Option<K> {
    table
        .iter()
        .find(|(w, _)| *w == word)
        .map(|(_, kind)| *kind)
}

impl Releases {
    /// Reads facts from their text form.
    ///
    /// # Errors
    ///
    /// The first line that does not have the form, or contradicts an earlier one.
    pub fn parse(text: &str) -> Result<Releases, ReleasesError> {
        let mut releases = Releases::default();
        let mut current = None;
        for (index, line) in text.lines().enumerate() {
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            releases
                .read_line(line, &mut current)
                .map_err(|message| ReleasesError {
                    line: Some(index + 1),
                    message,
                })?;
        }
        Ok(releases)
    }

    fn read_line(&mut self, line: &str, current: &mut Option<String>) -> Result<(), String> {
        let mut words = Words {
            rest: line.split_ascii_whitespace().peekable(),
            names: &self.names,
        };
        let keyword = words.next("a keyword")?;
        if line.starts_with(' ') {
            let entry = current
                .as_ref()
                .and_then(|name| self.definitions.get_mut(name));
            let entry = entry.ok_or("it belongs to no definition")?;
            return words.detail(keyword, entry);
        }
        if keyword == "releases" {
            if !self.names.is_empty() {
                return Err("the releases were named before".to_owned());
            }
            self.names = release_names(words.rest)?;
            return Ok(());
        }
        let kind = find(&KINDS, keyword).ok_or_else(|| unexpected(keyword))?;
        let name = words.next("a name")?.to_owned();
        let present = words.presence()?.unwrap_or(all(self.names.len()));
        let entry = Entry::new(kind, present);
        words.end()?;
        *current = Some(name.clone());
        match self.definitions.entry(name) {
            MapEntry::Vacant(slot) => {
                slot.insert(entry);
                Ok(())
            }
            MapEntry::Occupied(slot) => Err(format!("'{}' was described before", slot.key())),
        }
    }
}

/// The names under which releases are known, oldest first.
pub(super) fn release_names<'n>(
    names: impl Iterator<Item = &'n str>,
) -> Result<Vec<String>, String> {
    let mut last = None;
    let mut shown = Vec::new();
    for name in names {
        let version = Version::parse(name);
        let Some(next) = version.filter(|_| version > last) else {
            return Err(format!("'{name}' is no release later than the one before"));
        };
        last = version;
        shown.push(next.to_string());
    }
    match shown.len() {
        0 => Err("no release is named".to_owned()),
        1..=MAX_RELEASES => Ok(shown),
        _ => Err(format!("there are more than {MAX_RELEASES} releases")),
    }
}

/// The words of a line.
struct Words<'l> {
    rest: Peekable<SplitAsciiWhitespace<'l>>,
    names: &'l [String],
}

impl<'l> Words<'l> {
    fn next(&mut self, what: &str) -> Result<&'l str, String> {
        self.rest.next().ok_or_else(|| format!("{what} is missing"))
    }

    fn end(&mut self) -> Result<(), String> {
        self.rest
            .next()
            .map_or(Ok(()), |word| Err(unexpected(word)))
    }

    /// A list of ranges such as `6.0-7.2,9.0-`, if one follows.
    fn presence(&mut self) -> Result<Option<u64>, String> {
        let ranges = |word: &&str| word.starts_with(|c: char| c.is_ascii_digit());
        let Some(word) = self.rest.next_if(ranges) else {
            return Ok(None);
        };
        let index = |name: &str| {
            let at = self.names.iter().position(|n| n == name);
            at.ok_or_else(|| format!("'{name}' is none of the releases"))
        };
        let mut bits = 0;
        for range in word.split(',') {
            let (first, last) = match range.split_once('-') {
                None => (index(range)?, index(range)?),
                Some((first, "")) => (index(first)?, self.names.len() - 1),
                Some((first, last)) => (index(first)?, index(last)?),
            };
            if first > last {
                return Err(format!("'{range}' ends before it starts"));
            }
            bits |= all(last + 1) & !all(first);
        }
        Ok(Some(bits))
    }

    fn required_presence(&mut self) -> Result<u64, String> {
        self.presence()?
            .ok_or_else(|| "releases are missing".to_owned())
    }

    /// A line about a part of a definition.
    fn detail(&mut self, keyword: &str, entry: &mut Entry) -> Result<(), String> {
        match keyword {
            "returned" => {
                let ty = self.next("a type")?.to_owned();
                entry.returned.push((ty, self.required_presence()?));
            }
            "untagged" => {
                let releases = self.required_presence()?;
                entry.untagged = Some((releases, self.rest.next().map(str::to_owned)));
            }
            _ => {
                let kind = find(&PARTS, keyword).ok_or_else(|| unexpected(keyword))?;
                let mut part = Part {
                    kind,
                    name: self.next("a name")?.to_owned(),
                    present: self.presence()?.unwrap_or(entry.present),
                    always: true,
                    was: Vec::new(),
                };
                part.always = self.rest.next_if_eq(&"sometimes").is_none();
                while self.rest.next_if_eq(&"was").is_some() {
                    let ty = self.next("a type")?.to_owned();
                    part.was.push((ty, self.required_presence()?));
                }
                entry.parts.push(part);
            }
        }
        self.end()
    }
}

fn unexpected(word: &str) -> String {
    format!("'{word}' is unexpected")
}

impl fmt::Display for Releases {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "releases {}", self.names.join(" "))?;
        for (keyword, kind) in KINDS {
            for (name, entry) in self.definitions.iter().filter(|(_, e)| e.kind == kind) {
                let present = self.ranges_unless(entry.present, all(self.names.len()));
                writeln!(f, "{keyword} {name}{present}")?;
                self.details(f, entry)?;
            }
        }
        Ok(())
    }
}

impl Releases {
    fn details(&self, f: &mut fmt::Formatter<'_>, entry: &Entry) -> fmt::Result {
        for (ty, releases) in &entry.returned {
            writeln!(f, "  returned {ty} {}", self.ranges(*releases))?;
        }
        if let Some((releases, branch)) = &entry.untagged {
            let branch = branch.iter().map(|b| format!(" {b}")).collect::<String>();
            writeln!(f, "  untagged {}{branch}", self.ranges(*releases))?;
        }
        for part in &entry.parts {
            let keyword = PARTS.iter().find(|(_, k)| *k == part.kind);
            let keyword = keyword.map_or("", |(word, _)| word);
            let present = self.ranges_unless(part.present, entry.present);
            let sometimes = if part.always { "" } else { " sometimes" };
            write!(f, "  {keyword} {}{present}{sometimes}", part.name)?;
            for (ty, releases) in &part.was {
                write!(f, " was {ty} {}", self.ranges(*releases))?;
            }
            writeln!(f)?;
        }
        Ok(())
    }

    /// The ranges with a space before, unless they are what a reader assumes.
    fn ranges_unless(&self, bits: u64, assumed: u64) -> String {
        if bits == assumed {
            String::new()
        } else {
            format!(" {}", self.ranges(bits))
        }
    }

    fn ranges(&self, bits: u64) -> String {
        let has = |i: usize| i < self.names.len() && bits & (1 << i) != 0;
        let mut ranges = Vec::new();
        let mut next = 0;
        while let Some(first) = (next..self.names.len()).find(|&i| has(i)) {
            let end = (first..).find(|&i| !has(i + 1)).unwrap_or(first);
            ranges.push(match &self.names[first] {
                name if end + 1 == self.names.len() && end > first => format!("{name}-"),
                name if end > first => format!("{name}-{}", self.names[end]),
                name => name.clone(),
            });
            next = end + 1;
        }
        ranges.join(",")
    }
}
