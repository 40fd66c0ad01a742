//! Which types of another interface are those of this one, by where they are used and what they look like.

use crate::interface::{Command, Interface, Shape, TypeId, by_name};
use crate::model::Builtin;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The counterparts in another interface.
pub(super) struct Matches<'i> {
    pub(super) other: &'i Interface,
    types: HashMap<TypeId, TypeId>,
    commands: HashMap<&'i str, &'i Command>,
}

impl<'i> Matches<'i> {
    pub(super) fn of(interface: &'i Interface, other: &'i Interface) -> Matches<'i> {
        let mut walk = Walk {
            interface,
            other,
            places: BTreeMap::new(),
            todo: Vec::new(),
        };
        let commands = by_name(&other.commands, |c| &c.name);
        let events = by_name(&other.events, |e| &e.name);
        for command in &interface.commands {
            if let Some(theirs) = commands.get(command.name.as_str()) {
                walk.pair(command.arguments, theirs.arguments);
                walk.pair(command.returns, theirs.returns);
            }
        }
        for event in &interface.events {
            if let Some(theirs) = events.get(event.name.as_str()) {
                walk.pair(event.data, theirs.data);
            }
        }
        while let Some((ours, theirs)) = walk.todo.pop() {
            walk.parts(ours, theirs);
        }
        Matches {
            other,
            types: walk.best(),
            commands,
        }
    }

    /// The counterpart of a type with a name of its own.
    pub(super) fn ty(&self, id: TypeId) -> Option<TypeId> {
        self.types.get(&id).copied()
    }

    pub(super) fn command(&self, name: &str) -> Option<&'i Command> {
        self.commands.get(name).copied()
    }

    /// The integer that stands where this interface has `int`, given a counterpart of the place.
    pub(super) fn integer(&self, theirs: Option<TypeId>) -> Option<Builtin> {
        match self.other.shape(theirs?) {
            Shape::Builtin(builtin) if !self.other.introspected => Some(*builtin),
            _ => None,
        }
    }

    /// The type of a member of a counterpart.
    pub(super) fn member(&self, theirs: Option<TypeId>, name: &str) -> Option<TypeId> {
        let object = self.other.object(theirs?)?;
        let member = object.members.iter().find(|m| m.name == name)?;
        Some(member.ty)
    }

    /// The type of a counterpart's elements.
    pub(super) fn element(&self, theirs: Option<TypeId>) -> Option<TypeId> {
        match self.other.shape(theirs?) {
            Shape::Array(element) => Some(*element),
            _ => None,
        }
    }

    /// The alternative of a counterpart with the same kind of value.
    pub(super) fn alternative(
        &self,
        theirs: Option<TypeId>,
        interface: &Interface,
        ours: TypeId,
    ) -> Option<TypeId> {
        match self.other.shape(theirs?) {
            Shape::Alternate(alternatives) => {
                let kind = interface.kind(ours);
                let mut same = alternatives.iter().filter(|a| self.other.kind(**a) == kind);
                same.next().copied()
            }
            _ => None,
        }
    }
}

struct Walk<'i> {
    interface: &'i Interface,
    other: &'i Interface,
    /// Pairs of types that are used at the same place, and at how many.
    places: BTreeMap<(TypeId, TypeId), usize>,
    todo: Vec<(TypeId, TypeId)>,
}

impl Walk<'_> {
    fn pair(&mut self, ours: TypeId, theirs: TypeId) {
        match (self.interface.shape(ours), self.other.shape(theirs)) {
            (Shape::Array(a), Shape::Array(b)) => self.pair(*a, *b),
            (Shape::Enum(_), Shape::Enum(_))
            | (Shape::Object(_), Shape::Object(_))
            | (Shape::Alternate(_), Shape::Alternate(_)) => {
                let count = self.places.entry((ours, theirs)).or_insert(0);
                *count += 1;
                if *count == 1 {
                    self.todo.push((ours, theirs));
                }
            }
            // One of the alternatives was the only one.
            (Shape::Alternate(alternatives), _) => {
                let kind = self.other.kind(theirs);
                let alike = alternatives
                    .iter()
                    .find(|a| self.interface.kind(**a) == kind);
                if let Some(alike) = alike {
                    self.pair(*alike, theirs);
                }
            }
            _ => {}
        }
    }

    fn parts(&mut self, ours: TypeId, theirs: TypeId) {
        match (self.interface.shape(ours), self.other.shape(theirs)) {
            (Shape::Object(a), Shape::Object(b)) => {
                let members = by_name(&b.members, |m| &m.name);
                for member in &a.members {
                    if let Some(their) = members.get(member.name.as_str()) {
                        self.pair(member.ty, their.ty);
                    }
                }
                let variants = by_name(&b.variants, |v| &v.case);
                for variant in &a.variants {
                    if let Some(their) = variants.get(variant.case.as_str()) {
                        self.pair(variant.ty, their.ty);
                    }
                }
            }
            (Shape::Alternate(a), Shape::Alternate(b)) => {
                for alternative in a {
                    let kind = self.interface.kind(*alternative);
                    let alike = b.iter().find(|b| self.other.kind(**b) == kind);
                    if let Some(alike) = alike {
                        self.pair(*alternative, *alike);
                    }
                }
            }
            _ => {}
        }
    }

    /// Of the pairs the most alike first, each type once.
    fn best(self) -> HashMap<TypeId, TypeId> {
        let mut pairs: Vec<(u64, usize, TypeId, TypeId)> = Vec::new();
        for (&(ours, theirs), &places) in &self.places {
            if let Some(likeness) = self.likeness(ours, theirs) {
                pairs.push((likeness, places, ours, theirs));
            }
        }
        pairs.sort_by(|a, b| {
            (b.0, b.1)
                .cmp(&(a.0, a.1))
                .then((a.2, a.3).cmp(&(b.2, b.3)))
        });
        let mut types = HashMap::new();
        let mut taken = BTreeSet::new();
        for (_, _, ours, theirs) in pairs {
            if !types.contains_key(&ours) && taken.insert(theirs) {
                types.insert(ours, theirs);
            }
        }
        types
    }

    /// How many in a thousand of the parts are the same; `None` if nothing is.
    fn likeness(&self, ours: TypeId, theirs: TypeId) -> Option<u64> {
        let (a, b) = (parts(self.interface, ours), parts(self.other, theirs));
        let all = a.union(&b).count() as u64;
        if all == 0 {
            return Some(1000);
        }
        let same = a.intersection(&b).count() as u64;
        (same > 0).then_some(same * 1000 / all)
    }
}

/// What tells types apart.
fn parts(interface: &Interface, id: TypeId) -> BTreeSet<String> {
    match interface.shape(id) {
        Shape::Enum(values) => values.iter().map(|v| v.name.to_string()).collect(),
        Shape::Object(object) => {
            let member = |m: &crate::interface::Member| {
                format!("{}: {}", m.name, interface.kind(m.ty).as_str())
            };
            let members = object.members.iter().map(member);
            let variants = object.variants.iter().map(|v| format!("{}?", v.case));
            members.chain(variants).collect()
        }
        Shape::Alternate(alternatives) => {
            let kinds = alternatives.iter().map(|a| interface.kind(*a));
            kinds.map(|kind| kind.as_str().to_owned()).collect()
        }
        Shape::Builtin(_) | Shape::Array(_) => BTreeSet::new(),
    }
}
