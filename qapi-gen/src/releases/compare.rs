//! Walks two releases' schemas side by side, along the wire.
//!
//! Types are matched by where they appear on the wire, starting from commands and events of the
//! same name: types are renamed, split and merged between releases while the wire stays what it
//! was. One type of the current release can have several counterparts in an older one.

use super::definition_of;
use super::found::{Found, Gone, OldPart};
use super::layers::{Layer, has_variants, lineage, look};
use crate::model::{
    AlternateId, Branch, Builtin, Definition, EnumId, JsonKind, Member, ObjectId, Root, Schema,
    Type, Variants,
};
use crate::names::Name;
use std::collections::HashSet;

/// Which way values travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Direction {
    Sent,
    Received,
    /// Neither: a type that no command or event reaches.
    Local,
}

/// Finds what of the current release an older one has.
pub(crate) fn compare(current: &Schema, old: &Schema) -> Found {
    let mut walk = Walk {
        current,
        old,
        found: Found::default(),
        todo: Vec::new(),
        seen: HashSet::new(),
    };
    walk.roots();
    walk.unreached();
    while let Some(pair) = walk.todo.pop() {
        match pair {
            Pair::Types(new, old, direction) => walk.types(new, old, direction),
            Pair::Objects(new, old, direction) => walk.objects(&new, &old, direction),
        }
    }
    walk.found
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Pair {
    Types(Type, Type, Direction),
    /// The layers of one JSON object in both releases; a union's, and the branch's after it.
    Objects(Vec<Layer>, Vec<Layer>, Direction),
}

struct Walk<'s> {
    current: &'s Schema,
    old: &'s Schema,
    found: Found,
    todo: Vec<Pair>,
    seen: HashSet<Pair>,
}

impl<'s> Walk<'s> {
    fn push(&mut self, pair: Pair) {
        if self.seen.insert(pair.clone()) {
            self.todo.push(pair);
        }
    }

    fn push_types(&mut self, new: Type, old: Type, direction: Direction) {
        self.push(Pair::Types(new, old, direction));
    }

    fn roots(&mut self) {
        let (current, old) = (self.current, self.old);
        for &definition in current.definitions() {
            let counterpart = old.definition(current.name(definition));
            match (definition, counterpart) {
                (Definition::Command(id), Some(Definition::Command(old_id))) => {
                    self.found.commands.insert(id);
                    let (c, o) = (current.command(id), old.command(old_id));
                    self.data(&c.name, c.arguments, o.arguments, Direction::Sent);
                    let nothing = |schema: &Schema| Type::Object(schema.empty());
                    let new = c.returns.unwrap_or(nothing(current));
                    let before = o.returns.unwrap_or(nothing(old));
                    if differs(current, new, old, before) {
                        self.found.returned.insert(id, old.type_name(before));
                    }
                    self.push_types(new, before, Direction::Received);
                }
                (Definition::Event(id), Some(Definition::Event(old_id))) => {
                    self.found.events.insert(id);
                    let (e, o) = (current.event(id), old.event(old_id));
                    self.data(&e.name, e.data, o.data, Direction::Received);
                }
                _ => {}
            }
        }
    }

    fn data(
        &mut self,
        owner: &Name,
        new: Option<ObjectId>,
        old: Option<ObjectId>,
        direction: Direction,
    ) {
        match (new, old) {
            (None, Some(id)) => {
                for id in lineage(self.old, id) {
                    for (index, member) in self.old.object(id).members.iter().enumerate() {
                        let part = OldPart::Member(id, index);
                        self.gone(owner, &member.name, part, direction);
                    }
                }
            }
            (None, None) => {}
            (Some(new), old) => {
                let old = old.unwrap_or(self.old.empty());
                self.push_types(Type::Object(new), Type::Object(old), direction);
            }
        }
    }

    fn gone(&mut self, owner: &str, name: &Name, part: OldPart, direction: Direction) {
        let key = (Name::from(owner), part.kind(), name.clone());
        let gone = self.found.gone.entry(key);
        let gone = gone.or_insert(Gone { part, sent: false });
        gone.sent |= direction == Direction::Sent;
    }

    /// Types that do not appear on the wire can only be matched by name.
    fn unreached(&mut self) {
        let roots = self.current.definitions().iter().filter_map(|d| match d {
            Definition::Command(id) => Some(Root::Command(*id)),
            Definition::Event(id) => Some(Root::Event(*id)),
            _ => None,
        });
        let reached = self.current.reachable(roots);
        for &definition in self.current.definitions() {
            let counterpart = self.old.definition(self.current.name(definition));
            let pair = match (definition, counterpart) {
                (Definition::Enum(a), Some(Definition::Enum(b))) => (Type::Enum(a), Type::Enum(b)),
                (Definition::Object(a), Some(Definition::Object(b)))
                    if !self.current.object(a).is_implicit() =>
                {
                    (Type::Object(a), Type::Object(b))
                }
                (Definition::Alternate(a), Some(Definition::Alternate(b))) => {
                    (Type::Alternate(a), Type::Alternate(b))
                }
                _ => continue,
            };
            if !reached.contains(pair.0) {
                self.push_types(pair.0, pair.1, Direction::Local);
            }
        }
    }

    fn types(&mut self, new: Type, old: Type, direction: Direction) {
        match (new, old) {
            (Type::Object(a), Type::Object(b)) => {
                let layers = |object| vec![Layer { object, open: true }];
                self.push(Pair::Objects(layers(a), layers(b), direction));
            }
            (Type::Array(a), Type::Array(b)) => {
                let (new, old) = (self.current.array(a).element, self.old.array(b).element);
                self.push_types(new, old, direction);
            }
            (Type::Enum(a), Type::Enum(b)) => self.enums(a, b, direction),
            (Type::Alternate(a), _) => self.alternates(a, old, direction),
            (_, Type::Alternate(b)) => {
                for alternative in &self.old.alternate(b).alternatives {
                    if json_kind(alternative.ty) == json_kind(new) {
                        self.push_types(new, alternative.ty, direction);
                    }
                }
            }
            _ => {}
        }
    }

    fn enums(&mut self, new: EnumId, old_id: EnumId, direction: Direction) {
        self.found.types.insert(Type::Enum(new));
        let (new_enum, old_enum) = (self.current.enum_(new), self.old.enum_(old_id));
        for (index, value) in new_enum.values.iter().enumerate() {
            if old_enum.values.iter().any(|v| v.name == value.name) {
                self.found.values.insert((new, index));
            }
        }
        for (index, value) in old_enum.values.iter().enumerate() {
            if new_enum.values.iter().all(|v| v.name != value.name) {
                let part = OldPart::Value(old_id, index);
                self.gone(&new_enum.name, &value.name, part, direction);
            }
        }
    }

    fn alternates(&mut self, new: AlternateId, old: Type, direction: Direction) {
        self.found.types.insert(Type::Alternate(new));
        let alternate = self.current.alternate(new);
        let before: Vec<Type> = match old {
            Type::Alternate(id) => {
                let alternatives = self.old.alternate(id).alternatives.iter();
                alternatives.map(|a| a.ty).collect()
            }
            other => vec![other],
        };
        let same_kind = |a: Type, b: Type| json_kind(a) == json_kind(b);
        for (index, alternative) in alternate.alternatives.iter().enumerate() {
            for ty in before.iter().filter(|ty| same_kind(alternative.ty, **ty)) {
                self.found.alternatives.insert((new, index));
                self.push_types(alternative.ty, *ty, direction);
            }
        }
        for &ty in &before {
            if !alternate.alternatives.iter().any(|a| same_kind(a.ty, ty)) {
                let kind = Name::from(json_kind(ty).as_str());
                self.gone(&alternate.name, &kind, OldPart::Alternative, direction);
            }
        }
    }

    fn objects(&mut self, new: &[Layer], old: &[Layer], direction: Direction) {
        let (Some(top), Some(old_top)) = (new.last(), old.last()) else {
            return;
        };
        for id in lineage(self.current, top.object) {
            self.found.types.insert(Type::Object(id));
            if direction == Direction::Received {
                self.found.received.insert(id);
            }
            for (index, member) in self.current.object(id).members.iter().enumerate() {
                self.member((id, index), member, old, direction);
            }
        }
        // Where a struct became a union, the union tells what is gone, not each branch.
        if new.len() == old.len() {
            self.gone_members(new, *top, *old_top, direction);
        }
        if let Some(variants) = &self.current.object(top.object).variants {
            self.union(variants, new, old, direction);
        }
    }

    fn gone_members(&mut self, new: &[Layer], top: Layer, old_top: Layer, direction: Direction) {
        let line = lineage(self.current, top.object).into_iter();
        let line: Vec<&str> = line
            .map(|id| definition_of(&self.current.object(id).name))
            .collect();
        for id in lineage(self.old, old_top.object) {
            // A base that both have tells it once for all that build on it.
            let declared = definition_of(&self.old.object(id).name);
            let own = line.iter().find(|name| **name == declared);
            let Some(owner) = own.or(line.last()) else {
                continue;
            };
            for (index, member) in self.old.object(id).members.iter().enumerate() {
                if look(self.current, new, &member.name).members.is_empty() {
                    let part = OldPart::Member(id, index);
                    self.gone(owner, &member.name, part, direction);
                }
            }
        }
    }

    fn member(
        &mut self,
        id: (ObjectId, usize),
        member: &Member,
        old: &[Layer],
        direction: Direction,
    ) {
        let before = look(self.old, old, &member.name);
        if !before.members.is_empty() {
            self.found.members.insert(id);
        }
        let reliable = match direction {
            Direction::Received => before.reliable && member.condition.is_none(),
            // Who sends it to a server that knows it does no harm.
            Direction::Sent => !before.members.is_empty(),
            Direction::Local => true,
        };
        if !member.optional && !reliable {
            self.found.unreliable.insert(id);
        }
        for other in before.members {
            if differs(self.current, member.ty, self.old, other.ty) {
                let ty = self.old.type_name(other.ty);
                self.found.retyped.insert(id, ty);
            }
            self.push_types(member.ty, other.ty, direction);
        }
    }

    fn union(&mut self, variants: &Variants, new: &[Layer], old: &[Layer], direction: Direction) {
        let Some((top, outer)) = new.split_last() else {
            return;
        };
        let tag = look(self.old, old, &variants.tag);
        // Without a tag, every branch is compared that could be meant.
        let meant = if tag.members.is_empty() {
            let meant = self.meant(variants, new, old);
            let value = meant.map(|branch| branch.value.clone());
            self.found.untagged.insert(top.object, value);
            meant
        } else {
            None
        };
        for (index, branch) in variants.branches.iter().enumerate() {
            let value = &branch.value;
            let before = match self.layers_for(&variants.tag, value, old) {
                Some(layers) => layers,
                None if tag.members.is_empty() => {
                    if meant.is_none_or(|m| m.value != *value) {
                        continue;
                    }
                    old.to_vec()
                }
                None => {
                    let possible = tag.members.iter().any(|m| match m.ty {
                        Type::Enum(id) => has_value(self.old, id, value),
                        _ => true,
                    });
                    if !possible || has_variants(self.old, old, &variants.tag) {
                        continue;
                    }
                    old.to_vec()
                }
            };
            self.found.branches.insert((top.object, index));
            if branch.object == self.current.empty() {
                continue;
            }
            let mut now = outer.to_vec();
            now.extend([
                Layer {
                    open: false,
                    ..*top
                },
                Layer {
                    object: branch.object,
                    open: true,
                },
            ]);
            self.push(Pair::Objects(now, before, direction));
        }
        self.gone_branches(variants, *top, old, direction);
    }

    /// The layers in the older release when the tag of one of its unions has a value.
    fn layers_for(&self, tag: &str, value: &str, old: &[Layer]) -> Option<Vec<Layer>> {
        for (at, layer) in old.iter().enumerate().filter(|(_, l)| l.open) {
            let Some(variants) = &self.old.object(layer.object).variants else {
                continue;
            };
            if variants.tag != tag {
                continue;
            }
            let branch = variants.branches.iter().find(|b| b.value == value)?;
            let mut layers = old.to_vec();
            layers[at].open = false;
            layers.push(Layer {
                object: branch.object,
                open: true,
            });
            return Some(layers);
        }
        None
    }

    fn gone_branches(
        &mut self,
        variants: &Variants,
        top: Layer,
        old: &[Layer],
        direction: Direction,
    ) {
        for layer in old.iter().filter(|l| l.open) {
            let before = &self.old.object(layer.object).variants;
            let Some(before) = before.as_ref().filter(|v| v.tag == variants.tag) else {
                continue;
            };
            for (index, branch) in before.branches.iter().enumerate() {
                let known = |b: &Branch| b.value == branch.value;
                if branch.explicit && !variants.branches.iter().any(known) {
                    let union = &self.current.object(top.object).name;
                    let part = OldPart::Branch(layer.object, index);
                    self.gone(union, &branch.value, part, direction);
                }
            }
        }
    }

    /// The one branch that takes everything which a release without the tag sends.
    fn meant(&self, variants: &'s Variants, new: &[Layer], old: &[Layer]) -> Option<&'s Branch> {
        let closed: Vec<Layer> = new.iter().map(|l| Layer { open: false, ..*l }).collect();
        let takes = |branch: &Branch| {
            let mut layers = closed.clone();
            layers.push(Layer {
                object: branch.object,
                open: true,
            });
            let mandatory = lineage(self.current, branch.object)
                .into_iter()
                .flat_map(|id| &self.current.object(id).members)
                .filter(|m| !m.optional);
            let mut sent = old
                .iter()
                .flat_map(|l| lineage(self.old, l.object))
                .flat_map(|id| &self.old.object(id).members);
            mandatory
                .into_iter()
                .all(|m| look(self.old, old, &m.name).reliable)
                && sent.all(|m| !look(self.current, &layers, &m.name).members.is_empty())
        };
        let mut candidates = variants.branches.iter().filter(|b| takes(b));
        let only = candidates.next();
        only.filter(|_| candidates.next().is_none())
    }
}

fn has_value(schema: &Schema, id: EnumId, value: &str) -> bool {
    schema.enum_(id).values.iter().any(|v| v.name == value)
}

/// Whether two types differ in their JSON or their range of numbers, not looking into what has
/// parts that are compared one by one.
fn differs(current: &Schema, new: Type, older: &Schema, old: Type) -> bool {
    let width = |b: Builtin| match b {
        Builtin::Int => Builtin::Int64,
        Builtin::Size => Builtin::Uint64,
        other => other,
    };
    match (new, old) {
        (Type::Builtin(a), Type::Builtin(b)) => width(a) != width(b),
        (Type::Array(a), Type::Array(b)) => {
            let (new, old) = (current.array(a).element, older.array(b).element);
            differs(current, new, older, old)
        }
        (Type::Enum(_), Type::Enum(_))
        | (Type::Object(_), Type::Object(_))
        | (Type::Alternate(_), Type::Alternate(_)) => false,
        _ => true,
    }
}

/// What an alternate tells its alternatives by.
pub(crate) fn json_kind(ty: Type) -> JsonKind {
    match ty {
        Type::Builtin(builtin) => builtin.json_kind(),
        Type::Enum(_) => JsonKind::String,
        Type::Object(_) => JsonKind::Object,
        Type::Array(_) => JsonKind::Array,
        Type::Alternate(_) => JsonKind::Value,
    }
}
