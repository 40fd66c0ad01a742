//! What the types of an interface are called.

use super::matching::Matches;
use super::simple::Simple;
use super::uses::{Use, Uses};
use crate::interface::{Interface, Shape, TypeId};
use crate::model::Builtin;
use std::collections::{BTreeMap, BTreeSet};

/// Names for the types of an interface.
pub(super) struct Named {
    /// Those that have definitions, in the order of first use.
    pub(super) order: Vec<TypeId>,
    names: BTreeMap<TypeId, String>,
    pub(super) uses: Uses,
    pub(super) simple: Simple,
    /// Inline arguments of a command or event.
    pub(super) inline: BTreeSet<TypeId>,
    /// The empty object that the language comes with.
    pub(super) empty: Option<TypeId>,
    /// Names that are neither the interface's own nor recovered.
    pub(super) made: Vec<String>,
    pub(super) recovered: usize,
}

impl Named {
    pub(super) fn of(interface: &Interface, matches: Option<&Matches>) -> Named {
        let uses = Uses::of(interface);
        let empty = uses.empty(interface);
        let simple = Simple::of(interface, &uses);
        let definite: Vec<TypeId> = uses
            .order
            .iter()
            .copied()
            .filter(|id| Some(*id) != empty && !simple.implied.contains(id))
            .filter(|id| {
                let shape = interface.shape(*id);
                !matches!(shape, Shape::Builtin(_) | Shape::Array(_))
            })
            .collect();
        let mut named = Named {
            order: Vec::new(),
            names: BTreeMap::new(),
            inline: BTreeSet::new(),
            empty,
            uses,
            simple,
            made: Vec::new(),
            recovered: 0,
        };
        for &id in &definite {
            if named.uses.may_be_inline(interface, id) && !named_elsewhere(matches, id) {
                named.inline.insert(id);
            } else {
                named.order.push(id);
            }
        }
        let mut taken = Taken::default();
        let builtins = Builtin::ALL.iter().map(|b| b.name());
        let builtins = builtins.chain(["QType"]).map(str::to_owned);
        taken.names.extend(builtins);
        let order = named.order.clone();
        // The interface's own names come first, since they cannot be wrong.
        for &id in &order {
            let ty = interface.ty(id);
            if !ty.is_nameless()
                && is_type_name(&ty.name)
                && (is_qtype(interface, id) || taken.names.insert(ty.name.to_string()))
            {
                named.names.insert(id, ty.name.to_string());
            }
        }
        for &id in &order {
            let theirs = matches.and_then(|m| m.ty(id).map(|their| m.other.ty(their)));
            let Some(theirs) = theirs.filter(|t| !t.is_nameless()) else {
                continue;
            };
            let free = |named: &Named| !named.names.contains_key(&id);
            if free(&named)
                && (is_qtype(interface, id) || taken.names.insert(theirs.name.to_string()))
            {
                named.names.insert(id, theirs.name.to_string());
                named.recovered += 1;
            }
        }
        for &id in &order {
            if is_qtype(interface, id) {
                named.names.entry(id).or_insert_with(|| "QType".to_owned());
            }
            if named.names.contains_key(&id) {
                continue;
            }
            let base = named.made_of_use(id);
            let name = taken.unused(&base);
            named.made.push(name.clone());
            named.names.insert(id, name);
        }
        named
    }

    fn made_of_use(&self, id: TypeId) -> String {
        let (owner, part) = match self.uses.first(id) {
            Some(Use::Arguments(name)) => return camel(name) + "Arguments",
            Some(Use::Data(name)) => return camel(name) + "Data",
            // What this one returns has the same name in every schema.
            Some(Use::Reply(name)) if name == "query-qmp-schema" => return "SchemaInfo".to_owned(),
            Some(Use::Reply(name)) => return camel(name) + "Reply",
            Some(
                Use::Member(owner, part) | Use::Branch(owner, part) | Use::Alternative(owner, part),
            ) => (*owner, camel(part)),
            Some(Use::Element(_)) | None => return "Unused".to_owned(),
        };
        let name = self.stem(owner) + &part;
        if name.len() <= LONG {
            return name;
        }
        // Where it starts and where it ends tell most.
        let mut name = self.stem(self.uses.outermost(owner)) + &part;
        name.truncate(LONG);
        name
    }

    /// What the names of a type's parts begin with.
    fn stem(&self, owner: TypeId) -> String {
        match (self.names.get(&owner), self.uses.first(owner)) {
            (Some(name), _) => name.clone(),
            // Inline.
            (None, Some(Use::Arguments(name) | Use::Data(name))) => camel(name),
            (None, _) => String::new(),
        }
    }

    pub(super) fn name(&self, id: TypeId) -> &str {
        self.names.get(&id).map_or("q_empty", String::as_str)
    }
}

/// The length from which made names are shortened.
const LONG: usize = 60;

/// Whether the other schema gives inline arguments a name.
fn named_elsewhere(matches: Option<&Matches>, id: TypeId) -> bool {
    let their = matches.and_then(|m| m.ty(id).map(|their| m.other.ty(their)));
    their.is_some_and(|ty| !ty.is_nameless())
}

/// The enum that the language comes with.
pub(super) fn is_qtype(interface: &Interface, id: TypeId) -> bool {
    const VALUES: [&str; 7] = [
        "none", "qnull", "qnum", "qstring", "qdict", "qlist", "qbool",
    ];
    match interface.shape(id) {
        Shape::Enum(values) => values.iter().map(|v| v.name.as_str()).eq(VALUES),
        _ => false,
    }
}

fn is_type_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.chars().all(|c| c.is_ascii_alphanumeric())
        && name.contains(|c: char| c.is_ascii_lowercase())
        && !name.ends_with("List")
}

/// In the case that types are written in.
fn camel(text: &str) -> String {
    let mut out = String::new();
    // Events are written in capitals only.
    let shout = |word: &str| word.len() > 1 && !word.contains(|c: char| c.is_ascii_lowercase());
    for word in text.split(|c: char| !c.is_ascii_alphanumeric()) {
        let mut chars = word.chars();
        out.extend(chars.next().map(|c| c.to_ascii_uppercase()));
        let rest = chars.as_str();
        match shout(word) {
            true => out.push_str(&rest.to_ascii_lowercase()),
            false => out.push_str(rest),
        }
    }
    out
}

/// Names, each given once.
#[derive(Default)]
struct Taken {
    names: BTreeSet<String>,
    /// The numbers from which on a name is free.
    numbers: BTreeMap<String, usize>,
}

impl Taken {
    fn unused(&mut self, base: &str) -> String {
        let mut base = base.to_owned();
        if !base.starts_with(|c: char| c.is_ascii_uppercase()) {
            base.insert_str(0, "Type");
        }
        if base.ends_with("List") || !base.contains(|c: char| c.is_ascii_lowercase()) {
            base.push_str("Type");
        }
        if self.names.insert(base.clone()) {
            return base;
        }
        let number = self.numbers.entry(base.clone()).or_insert(2);
        loop {
            let name = format!("{base}{number}");
            *number += 1;
            if self.names.insert(name.clone()) {
                return name;
            }
        }
    }
}
