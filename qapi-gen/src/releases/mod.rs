//! What a client may expect of every release: which release has which command, event, member,
//! value, and which members every release sends.
//!
//! The schema of one release does not say what another sends. These facts are found by
//! comparing the schemas of several releases, and kept as a text file that
//! tells only in what older releases differ from the last one; everything that it does not
//! mention is in every release and always sent. So [`Releases::default`], no facts at all, takes
//! the schema at its word.
//!
//! ```
//! let releases = qapi_gen::Releases::parse(
//!     "releases 6.0 7.2 9.0\n\
//!      command query-stats 7.2-\n\
//!      struct MachineInfo\n\
//!      \x20 member acpi 9.0- sometimes\n",
//! )
//! .unwrap();
//! assert_eq!(releases.command("query-stats").first(), Some("7.2"));
//! assert!(!releases.member("MachineInfo", "acpi").always);
//! assert!(releases.member("MachineInfo", "name").always);
//! ```

// Only the command compares releases; build scripts are spared compiling it.
#[cfg(feature = "cli")]
pub(crate) mod compare;
#[cfg(feature = "cli")]
mod compute;
#[cfg(feature = "cli")]
pub(crate) mod found;
#[cfg(feature = "cli")]
mod layers;
#[cfg(feature = "reference")]
pub(crate) mod since;
mod text;
pub(crate) mod version;

#[cfg(feature = "cli")]
pub(crate) use version::Version;

pub use text::ReleasesError;

use std::collections::BTreeMap;

/// Facts about an interface across releases.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Releases {
    /// Oldest first; the last is the one that the facts belong to.
    names: Vec<String>,
    definitions: BTreeMap<String, Entry>,
}

/// How many releases can be compared: [`Presence`] is a set of bits.
const MAX_RELEASES: usize = 64;

/// What differs for a definition. Commands, events and types share one namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    kind: Kind,
    present: u64,
    /// Type of the result in older releases.
    returned: Vec<(String, u64)>,
    untagged: Option<(u64, Option<String>)>,
    parts: Vec<Part>,
}

impl Entry {
    fn new(kind: Kind, present: u64) -> Entry {
        Entry {
            kind,
            present,
            returned: Vec::new(),
            untagged: None,
            parts: Vec::new(),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Command,
    Event,
    Enum,
    Struct,
    Union,
    Alternate,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum PartKind {
    /// An argument of a command, member of an event's data, of a struct or a union's base.
    Member,
    Value,
    Branch,
    /// Named by its kind of JSON value.
    Alternative,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Part {
    kind: PartKind,
    name: String,
    present: u64,
    always: bool,
    was: Vec<(String, u64)>,
}

/// The releases, among those that were compared, that have something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Presence<'r> {
    names: &'r [String],
    bits: u64,
}

impl<'r> Presence<'r> {
    /// The first such release.
    pub fn first(&self) -> Option<&'r str> {
        self.iter().next()
    }

    /// The last such release.
    pub fn last(&self) -> Option<&'r str> {
        self.iter().last()
    }

    /// Whether every release has it.
    pub fn everywhere(&self) -> bool {
        self.bits == all(self.names.len())
    }

    /// The releases, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &'r str> + use<'r> {
        let this = *self;
        let names = self.names.iter().enumerate();
        names
            .filter(move |(i, _)| this.has(*i))
            .map(|(_, name)| name.as_str())
    }

    fn has(&self, release: usize) -> bool {
        self.bits & (1 << release) != 0
    }
}

/// What is known of a member of an object type, of arguments or of an event's data.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MemberFacts<'r> {
    /// The releases that have it, in whatever type is on the wire in the owner's place.
    pub presence: Presence<'r>,
    /// Whether a client can count on it: false for a mandatory member that can be missing in a
    /// reply or event, because in some release it does not exist, is optional or conditional
    /// there, or because it is documented to be younger than its type; and for a mandatory member
    /// of a request that some release refuses, because it does not know it. Of an optional
    /// member this says nothing.
    pub always: bool,
    /// Other types that it had, as the schema writes them, where the JSON or the range of
    /// numbers differs.
    pub was: Vec<(&'r str, Presence<'r>)>,
}

/// Where releases send a union as if it were a struct.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Untagged<'r> {
    /// The releases that do not send the tag.
    pub presence: Presence<'r>,
    /// The value of the tag whose branch takes what these releases send; `None` if none does, or
    /// more than one.
    pub branch: Option<&'r str>,
}

impl Releases {
    /// The releases compared, oldest first. The last is the one that the facts belong to.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The releases that have a command.
    pub fn command(&self, name: &str) -> Presence<'_> {
        self.definition(name)
    }

    /// The releases that have an event.
    pub fn event(&self, name: &str) -> Presence<'_> {
        self.definition(name)
    }

    /// The releases that have a struct, union, enum or alternate, by whatever name.
    pub fn type_(&self, name: &str) -> Presence<'_> {
        self.definition(name)
    }

    /// Other types that the result of a command had.
    pub fn returned(&self, command: &str) -> Vec<(&str, Presence<'_>)> {
        let entry = self.definitions.get(command);
        self.changes(entry.map_or(&[], |e| &e.returned))
    }

    /// The facts about a member. `owner` is the object type that declares it, by
    /// [name](crate::model::Object::name); implicit types have one too.
    pub fn member(&self, owner: &str, member: &str) -> MemberFacts<'_> {
        let owner = definition_of(owner);
        let part = self.part(owner, PartKind::Member, member);
        MemberFacts {
            presence: self.present(owner, part),
            always: part.is_none_or(|p| p.always),
            was: self.changes(part.map_or(&[], |p| &p.was)),
        }
    }

    /// The releases that have a value of an enum.
    pub fn value(&self, enum_: &str, value: &str) -> Presence<'_> {
        self.present(enum_, self.part(enum_, PartKind::Value, value))
    }

    /// The releases that have a branch of a union, by the value of the tag.
    pub fn branch(&self, union: &str, value: &str) -> Presence<'_> {
        self.present(union, self.part(union, PartKind::Branch, value))
    }

    /// The releases that have the alternative of an alternate with that kind of JSON value.
    pub fn alternative(&self, alternate: &str, json: &str) -> Presence<'_> {
        self.present(alternate, self.part(alternate, PartKind::Alternative, json))
    }

    /// Whether releases send a union without its tag.
    pub fn untagged(&self, union: &str) -> Option<Untagged<'_>> {
        let (bits, branch) = self.definitions.get(union)?.untagged.as_ref()?;
        Some(Untagged {
            presence: self.presence(*bits),
            branch: branch.as_deref(),
        })
    }

    fn definition(&self, name: &str) -> Presence<'_> {
        let entry = self.definitions.get(name);
        self.presence(entry.map_or(all(self.names.len()), |e| e.present))
    }

    fn part(&self, owner: &str, kind: PartKind, name: &str) -> Option<&Part> {
        self.definitions
            .get(owner)?
            .parts
            .iter()
            .find(|p| p.kind == kind && p.name == name)
    }

    /// A part that is not mentioned is there whenever its owner is.
    fn present(&self, owner: &str, part: Option<&Part>) -> Presence<'_> {
        part.map_or_else(|| self.definition(owner), |p| self.presence(p.present))
    }

    fn changes<'r>(&'r self, was: &'r [(String, u64)]) -> Vec<(&'r str, Presence<'r>)> {
        was.iter()
            .map(|(ty, bits)| (ty.as_str(), self.presence(*bits)))
            .collect()
    }

    fn presence(&self, bits: u64) -> Presence<'_> {
        Presence {
            names: &self.names,
            bits,
        }
    }
}

fn all(releases: usize) -> u64 {
    u64::MAX
        .checked_shr((MAX_RELEASES - releases) as u32)
        .unwrap_or(0)
}

/// The definition that an implicit type belongs to; any other type is its own.
fn definition_of(object: &str) -> &str {
    let Some(name) = object.strip_prefix("q_obj_") else {
        return object;
    };
    name.strip_suffix("-arg")
        .or_else(|| name.strip_suffix("-base"))
        .unwrap_or(name)
}
