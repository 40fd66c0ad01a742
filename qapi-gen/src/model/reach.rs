//! Which types commands and events reach.

use super::*;
use std::collections::VecDeque;

/// What types are reached from: a command or an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Root {
    /// A command.
    Command(CommandId),
    /// An event.
    Event(EventId),
}

/// The types that a choice of commands and events needs.
#[derive(Clone, Debug)]
pub struct Reachable {
    order: Vec<Type>,
    enums: Vec<bool>,
    objects: Vec<bool>,
    alternates: Vec<bool>,
    arrays: Vec<bool>,
    builtins: [bool; Builtin::ALL.len()],
}

impl Reachable {
    /// The types in the order of first use: breadth first from the roots, in the order in which
    /// an object refers to them (base, members, branches). A base is itself reached, so that it
    /// can be generated.
    pub fn types(&self) -> &[Type] {
        &self.order
    }

    /// Whether a type is reached.
    pub fn contains(&self, ty: Type) -> bool {
        match ty {
            Type::Builtin(b) => self.builtins[b as usize],
            Type::Enum(id) => self.enums[id.index()],
            Type::Object(id) => self.objects[id.index()],
            Type::Alternate(id) => self.alternates[id.index()],
            Type::Array(id) => self.arrays[id.index()],
        }
    }

    fn insert(&mut self, ty: Type) -> bool {
        let seen = match ty {
            Type::Builtin(b) => &mut self.builtins[b as usize],
            Type::Enum(id) => &mut self.enums[id.index()],
            Type::Object(id) => &mut self.objects[id.index()],
            Type::Alternate(id) => &mut self.alternates[id.index()],
            Type::Array(id) => &mut self.arrays[id.index()],
        };
        !std::mem::replace(seen, true)
    }
}

impl Schema {
    /// The types that the given commands and events need, directly or through other types.
    pub fn reachable(&self, roots: impl IntoIterator<Item = Root>) -> Reachable {
        self.reachable_types(roots.into_iter().flat_map(|root| self.types_of(root)))
    }

    /// The types that a command or event names.
    pub(crate) fn types_of(&self, root: Root) -> impl Iterator<Item = Type> + use<> {
        let (object, returns) = match root {
            Root::Command(id) => {
                let command = self.command(id);
                (command.arguments, command.returns)
            }
            Root::Event(id) => (self.event(id).data, None),
        };
        object.map(Type::Object).into_iter().chain(returns)
    }

    /// These types and those that they need.
    pub(crate) fn reachable_types(&self, types: impl IntoIterator<Item = Type>) -> Reachable {
        let mut reached = Reachable {
            order: Vec::new(),
            enums: vec![false; self.enums.len()],
            objects: vec![false; self.objects.len()],
            alternates: vec![false; self.alternates.len()],
            arrays: vec![false; self.arrays.len()],
            builtins: [false; Builtin::ALL.len()],
        };
        let mut queue = VecDeque::new();
        let mut visit = |ty: Type, queue: &mut VecDeque<Type>| {
            if reached.insert(ty) {
                reached.order.push(ty);
                queue.push_back(ty);
            }
        };
        for ty in types {
            visit(ty, &mut queue);
        }
        while let Some(ty) = queue.pop_front() {
            match ty {
                Type::Builtin(_) | Type::Enum(_) => {}
                Type::Array(id) => visit(self.array(id).element, &mut queue),
                Type::Alternate(id) => {
                    for alternative in &self.alternate(id).alternatives {
                        visit(alternative.ty, &mut queue);
                    }
                }
                Type::Object(id) => {
                    let object = self.object(id);
                    if let Some(base) = object.base {
                        visit(Type::Object(base), &mut queue);
                    }
                    for member in &object.members {
                        visit(member.ty, &mut queue);
                    }
                    for branch in object.variants.iter().flat_map(|v| &v.branches) {
                        visit(Type::Object(branch.object), &mut queue);
                    }
                }
            }
        }
        reached
    }
}
