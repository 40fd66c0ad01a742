//! What the types of an interface are called.

use super::matching::Matches;
use crate::interface::{Command, Interface, Root, Shape, TypeId};
use crate::model::Builtin;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Names for the types of an interface.
pub(super) struct Named {
    /// Those that have definitions, in the order of first use.
    pub(super) order: Vec<TypeId>,
    names: BTreeMap<TypeId, String>,
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
        let mut named = Named {
            order: Vec::new(),
            names: BTreeMap::new(),
            inline: BTreeSet::new(),
            empty,
            made: Vec::new(),
            recovered: 0,
        };
        let definite: Vec<TypeId> = uses
            .order
            .iter()
            .copied()
            .filter(|id| Some(*id) != empty)
            .filter(|id| {
                let shape = interface.shape(*id);
                !matches!(shape, Shape::Builtin(_) | Shape::Array(_))
            })
            .collect();
        for &id in &definite {
            if uses.may_be_inline(interface, id) && !named_elsewhere(matches, id) {
                named.inline.insert(id);
            } else {
                named.order.push(id);
            }
        }
        let mut taken: BTreeSet<String> =
            Builtin::ALL.iter().map(|b| b.name().to_owned()).collect();
        taken.insert("QType".to_owned());
        let order = named.order.clone();
        // The interface's own names come first, since they cannot be wrong.
        for &id in &order {
            let ty = interface.ty(id);
            if !ty.is_nameless()
                && is_type_name(&ty.name)
                && (is_qtype(interface, id) || taken.insert(ty.name.to_string()))
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
            if free(&named) && (is_qtype(interface, id) || taken.insert(theirs.name.to_string())) {
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
            let base = match uses.first.get(&id) {
                Some((None, use_)) => camel(use_),
                Some((Some(owner), use_)) => match named.names.get(owner) {
                    Some(name) => name.clone() + &camel(use_),
                    None => {
                        let root = uses.first.get(owner).map_or("", |(_, use_)| use_);
                        let root = root
                            .trim_end_matches(" arguments")
                            .trim_end_matches(" data");
                        camel(root) + &camel(use_)
                    }
                },
                None => "Unused".to_owned(),
            };
            let name = unused(&base, &mut taken);
            named.made.push(name.clone());
            named.names.insert(id, name);
        }
        named
    }

    pub(super) fn name(&self, id: TypeId) -> &str {
        self.names.get(&id).map_or("q_empty", String::as_str)
    }
}

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

/// Where types are used.
struct Uses {
    order: Vec<TypeId>,
    /// The first use: the type that it is a part of, unless it is a command or event; and as what.
    first: BTreeMap<TypeId, (Option<TypeId>, String)>,
    /// How often as arguments, as a reply, and as a part.
    arguments: BTreeMap<TypeId, usize>,
    replies: BTreeMap<TypeId, usize>,
    parts: BTreeSet<TypeId>,
    variants: BTreeSet<TypeId>,
}

impl Uses {
    fn of(interface: &Interface) -> Uses {
        let mut uses = Uses {
            order: Vec::new(),
            first: BTreeMap::new(),
            arguments: BTreeMap::new(),
            replies: BTreeMap::new(),
            parts: BTreeSet::new(),
            variants: BTreeSet::new(),
        };
        for root in &interface.roots {
            match root {
                Root::Command(at) => uses.command(interface, &interface.commands[*at]),
                Root::Event(at) => {
                    let event = &interface.events[*at];
                    *uses.arguments.entry(event.data).or_default() += 1;
                    uses.add(interface, event.data, None, format!("{} data", event.name));
                }
            }
        }
        let mut queue: VecDeque<TypeId> = uses.order.iter().copied().collect();
        while let Some(id) = queue.pop_front() {
            let before = uses.order.len();
            match interface.shape(id) {
                Shape::Object(object) => {
                    for member in &object.members {
                        uses.parts.insert(member.ty);
                        uses.parts_of_array(interface, member.ty);
                        uses.add(interface, member.ty, Some(id), member.name.to_string());
                    }
                    for variant in &object.variants {
                        uses.variants.insert(variant.ty);
                        uses.add(interface, variant.ty, Some(id), variant.case.to_string());
                    }
                }
                Shape::Alternate(alternatives) => {
                    for alternative in alternatives {
                        uses.parts.insert(*alternative);
                        uses.parts_of_array(interface, *alternative);
                        let kind = interface.kind(*alternative);
                        uses.add(interface, *alternative, Some(id), kind.as_str().to_owned());
                    }
                }
                Shape::Builtin(_) | Shape::Enum(_) | Shape::Array(_) => {}
            }
            queue.extend(&uses.order[before..]);
        }
        uses
    }

    fn command(&mut self, interface: &Interface, command: &Command) {
        *self.arguments.entry(command.arguments).or_default() += 1;
        *self.replies.entry(command.returns).or_default() += 1;
        let name = &command.name;
        self.add(
            interface,
            command.arguments,
            None,
            format!("{name} arguments"),
        );
        self.add(interface, command.returns, None, format!("{name} reply"));
        self.parts_of_array(interface, command.returns);
    }

    fn add(&mut self, interface: &Interface, id: TypeId, owner: Option<TypeId>, use_: String) {
        if self.first.contains_key(&id) {
            return;
        }
        self.order.push(id);
        if let Shape::Array(element) = interface.shape(id) {
            self.add(interface, *element, owner, use_.clone());
        }
        self.first.insert(id, (owner, use_));
    }

    fn parts_of_array(&mut self, interface: &Interface, id: TypeId) {
        if let Shape::Array(element) = interface.shape(id) {
            self.parts.insert(*element);
        }
    }

    /// The empty object of the language: of those that can be it, what most commands return and take.
    fn empty(&self, interface: &Interface) -> Option<TypeId> {
        let count = |id: &TypeId| {
            let ty = interface.ty(*id);
            let named = matches!(ty.name.as_str(), "q_empty" | ":empty");
            let of = |uses: &BTreeMap<TypeId, usize>| uses.get(id).copied().unwrap_or(0);
            // Who returns an empty object gives it no name, but arguments may well have one.
            (named, 4 * of(&self.replies) + of(&self.arguments))
        };
        let mut candidates: Vec<TypeId> = self
            .order
            .iter()
            .copied()
            .filter(|id| interface.is_empty(*id) && interface.ty(*id).features.is_empty())
            .filter(|id| !self.parts.contains(id))
            .filter(|id| interface.ty(*id).is_nameless())
            .collect();
        // The first of the most used.
        candidates.reverse();
        candidates.into_iter().max_by_key(count)
    }

    /// Whether it is the arguments of one command or event, and nothing else.
    fn may_be_inline(&self, interface: &Interface, id: TypeId) -> bool {
        let Some(object) = interface.object(id) else {
            return false;
        };
        let ty = interface.ty(id);
        ty.is_nameless()
            && ty.features.is_empty()
            && object.tag.is_none()
            && !object.members.is_empty()
            && self.arguments.get(&id) == Some(&1)
            && !self.replies.contains_key(&id)
            && !self.parts.contains(&id)
            && !self.variants.contains(&id)
            // Exceptions to the rules of naming need a type's name.
            && !object.members.iter().any(|m| is_unusual(&m.name))
    }
}

/// Whether a member or value has a name that new ones may not have.
pub(super) fn is_unusual(name: &str) -> bool {
    let stem = match name.strip_prefix("__") {
        Some(rest) => rest.split_once('_').map_or("", |(_, stem)| stem),
        None => name,
    };
    stem.contains(|c: char| c == '_' || c.is_ascii_uppercase())
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

fn unused(base: &str, taken: &mut BTreeSet<String>) -> String {
    let mut base = base.to_owned();
    if !base.starts_with(|c: char| c.is_ascii_uppercase()) {
        base.insert_str(0, "Type");
    }
    if base.ends_with("List") || !base.contains(|c: char| c.is_ascii_lowercase()) {
        base.push_str("Type");
    }
    let numbered = (2..).map(|n| format!("{base}{n}"));
    let mut names = std::iter::once(base.clone()).chain(numbered);
    // There are more numbers than names.
    let name = names.find(|name| !taken.contains(name)).unwrap_or(base);
    taken.insert(name.clone());
    name
}
