//! Where types are used.

use crate::interface::{Interface, Root, Shape, TypeId};
use std::collections::{BTreeMap, VecDeque};

/// As what a type is used.
#[derive(Clone, Debug)]
pub(super) enum Use {
    Arguments(String),
    Reply(String),
    Data(String),
    Member(TypeId, String),
    Branch(TypeId, String),
    /// An alternative, by its kind of JSON value.
    Alternative(TypeId, String),
    /// The elements of a list.
    Element(TypeId),
}

pub(super) struct Uses {
    /// Every type that is used, in the order of first use.
    pub(super) order: Vec<TypeId>,
    first: BTreeMap<TypeId, Use>,
    /// The type that a command or event uses, which a type is first used in.
    outermost: BTreeMap<TypeId, TypeId>,
    /// How often as arguments, and as a reply.
    arguments: BTreeMap<TypeId, usize>,
    replies: BTreeMap<TypeId, usize>,
    /// As members, elements and alternatives.
    parts: BTreeMap<TypeId, usize>,
    variants: BTreeMap<TypeId, usize>,
}

impl Uses {
    pub(super) fn of(interface: &Interface) -> Uses {
        let mut uses = Uses {
            order: Vec::new(),
            first: BTreeMap::new(),
            outermost: BTreeMap::new(),
            arguments: BTreeMap::new(),
            replies: BTreeMap::new(),
            parts: BTreeMap::new(),
            variants: BTreeMap::new(),
        };
        for root in &interface.roots {
            match root {
                Root::Command(at) => {
                    let command = &interface.commands[*at];
                    *uses.arguments.entry(command.arguments).or_default() += 1;
                    *uses.replies.entry(command.returns).or_default() += 1;
                    let name = || command.name.to_string();
                    uses.add(interface, command.arguments, Use::Arguments(name()));
                    uses.add(interface, command.returns, Use::Reply(name()));
                }
                Root::Event(at) => {
                    let event = &interface.events[*at];
                    *uses.arguments.entry(event.data).or_default() += 1;
                    uses.add(interface, event.data, Use::Data(event.name.to_string()));
                }
            }
        }
        let mut queue: VecDeque<TypeId> = uses.order.iter().copied().collect();
        while let Some(id) = queue.pop_front() {
            let before = uses.order.len();
            match interface.shape(id) {
                Shape::Object(object) => {
                    for member in &object.members {
                        *uses.parts.entry(member.ty).or_default() += 1;
                        let name = member.name.to_string();
                        uses.add(interface, member.ty, Use::Member(id, name));
                    }
                    for variant in &object.variants {
                        *uses.variants.entry(variant.ty).or_default() += 1;
                        let case = variant.case.to_string();
                        uses.add(interface, variant.ty, Use::Branch(id, case));
                    }
                }
                Shape::Alternate(alternatives) => {
                    for alternative in alternatives {
                        *uses.parts.entry(*alternative).or_default() += 1;
                        let kind = interface.kind(*alternative).as_str().to_owned();
                        uses.add(interface, *alternative, Use::Alternative(id, kind));
                    }
                }
                Shape::Builtin(_) | Shape::Enum(_) | Shape::Array(_) => {}
            }
            queue.extend(&uses.order[before..]);
        }
        uses
    }

    fn add(&mut self, interface: &Interface, id: TypeId, use_: Use) {
        if self.first.contains_key(&id) {
            return;
        }
        self.order.push(id);
        let outermost = match use_ {
            Use::Member(owner, _) | Use::Branch(owner, _) | Use::Alternative(owner, _) => {
                self.outermost(owner)
            }
            Use::Element(list) if self.outermost(list) != list => self.outermost(list),
            _ => id,
        };
        self.outermost.insert(id, outermost);
        self.first.insert(id, use_);
        if let Shape::Array(element) = interface.shape(id) {
            *self.parts.entry(*element).or_default() += 1;
            self.add(interface, *element, Use::Element(id));
        }
    }

    /// The first use of a type, or of the list that it is an element of.
    pub(super) fn first(&self, id: TypeId) -> Option<&Use> {
        match self.first.get(&id)? {
            // Lists have no lists in them.
            Use::Element(list) => self.first.get(list),
            use_ => Some(use_),
        }
    }

    pub(super) fn outermost(&self, id: TypeId) -> TypeId {
        self.outermost.get(&id).copied().unwrap_or(id)
    }

    /// The first use of a type for people, as `query-block: reply[].inserted`.
    pub(super) fn path(&self, id: TypeId) -> String {
        let mut steps = Vec::new();
        let mut at = id;
        let root = loop {
            let (owner, step) = match self.first.get(&at) {
                None => break "nothing".to_owned(),
                Some(Use::Arguments(name)) => break format!("{name}: arguments"),
                Some(Use::Reply(name)) => break format!("{name}: reply"),
                Some(Use::Data(name)) => break format!("{name}: data"),
                Some(Use::Member(owner, name)) => (owner, format!(".{name}")),
                Some(Use::Branch(owner, case)) => (owner, format!("({case})")),
                Some(Use::Alternative(owner, _)) => (owner, String::new()),
                Some(Use::Element(owner)) => (owner, "[]".to_owned()),
            };
            steps.push(step);
            at = *owner;
        };
        if steps.len() > 2 * STEPS {
            steps.drain(STEPS..steps.len() - STEPS);
            steps.insert(STEPS, " … ".to_owned());
        }
        steps.reverse();
        root + &steps.concat()
    }

    /// How often a type is used.
    pub(super) fn count(&self, id: TypeId) -> usize {
        let all = [&self.arguments, &self.replies, &self.parts, &self.variants];
        let of = |uses: &BTreeMap<TypeId, usize>| uses.get(&id).copied().unwrap_or(0);
        all.into_iter().map(of).sum()
    }

    /// The empty object of the language: of those that can be it, what most commands return and take.
    pub(super) fn empty(&self, interface: &Interface) -> Option<TypeId> {
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
            .filter(|id| !self.parts.contains_key(id))
            .filter(|id| interface.ty(*id).is_nameless())
            .collect();
        // The first of the most used.
        candidates.reverse();
        candidates.into_iter().max_by_key(count)
    }

    /// Whether it is the arguments of one command or event, and nothing else.
    pub(super) fn may_be_inline(&self, interface: &Interface, id: TypeId) -> bool {
        let Some(object) = interface.object(id) else {
            return false;
        };
        let ty = interface.ty(id);
        ty.is_nameless()
            && ty.features.is_empty()
            && object.tag.is_none()
            && !object.members.is_empty()
            && self.arguments.get(&id) == Some(&1)
            && self.count(id) == 1
            // Exceptions to the rules of naming need a type's name, but for old schemas, which had inline ones nevertheless.
            && (!ty.is_hidden() || !object.members.iter().any(|m| is_unusual(&m.name)))
    }
}

/// The steps of a path that are shown at either end.
const STEPS: usize = 6;

/// Whether a member or value has a name that new ones may not have.
pub(super) fn is_unusual(name: &str) -> bool {
    let stem = match name.strip_prefix("__") {
        Some(rest) => rest.split_once('_').map_or("", |(_, stem)| stem),
        None => name,
    };
    stem.contains(|c: char| c == '_' || c.is_ascii_uppercase())
}
