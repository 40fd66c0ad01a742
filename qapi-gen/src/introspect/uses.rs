//! Which types are shown, in which order, and the numbers that hide their names.

use crate::model::*;
use crate::names::FastMap;

/// The types that commands and events use, in the order of first use.
///
/// What is conditional counts as used: numbers do not depend on how a server is configured.
pub(super) struct Uses {
    types: Vec<Type>,
    /// Numbers of those types that have names to hide; `None` for the others.
    seen: FastMap<Type, Option<usize>>,
    numbers: usize,
    /// Stands for every array of integers.
    integers: Option<ArrayId>,
    /// By [`ArrayId::index`]: whether the elements are integers.
    of_integers: Vec<bool>,
}

impl Uses {
    pub(super) fn of(schema: &Schema, definitions: &[Definition]) -> Uses {
        let of_integers: Vec<bool> = schema
            .arrays()
            .map(|(_, array)| is_integer(array.element))
            .collect();
        let mut uses = Uses {
            types: Vec::new(),
            seen: FastMap::default(),
            numbers: 0,
            integers: schema
                .arrays()
                .map(|(id, _)| id)
                .find(|id| of_integers[id.index()]),
            of_integers,
        };
        uses.collect(schema, definitions);
        uses
    }

    pub(super) fn types(&self) -> &[Type] {
        &self.types
    }

    /// The number of a type with a name to hide.
    pub(super) fn number(&self, ty: Type) -> Option<usize> {
        self.seen.get(&ty).copied().flatten()
    }

    /// The type that is shown for a type: integers of any width are alike.
    pub(super) fn representative(&self, ty: Type) -> Type {
        match ty {
            Type::Builtin(_) if is_integer(ty) => Type::Builtin(Builtin::Int),
            Type::Array(id) if self.of_integers[id.index()] => {
                Type::Array(self.integers.unwrap_or(id))
            }
            _ => ty,
        }
    }

    fn collect(&mut self, schema: &Schema, definitions: &[Definition]) {
        let empty = schema.empty();
        for definition in definitions {
            match *definition {
                Definition::Command(id) => {
                    let command = schema.command(id);
                    let arguments = command.arguments.unwrap_or(empty);
                    self.add(schema, Type::Object(arguments));
                    self.add(schema, command.returns.unwrap_or(Type::Object(empty)));
                }
                Definition::Event(id) => {
                    let data = schema.event(id).data.unwrap_or(empty);
                    self.add(schema, Type::Object(data));
                }
                Definition::Enum(_) | Definition::Object(_) | Definition::Alternate(_) => {}
            }
        }
        let mut next = 0;
        while let Some(&ty) = self.types.get(next) {
            next += 1;
            match ty {
                Type::Object(id) => {
                    let object = schema.object(id);
                    for (_, member) in schema.all_members(object) {
                        self.add(schema, member.ty);
                    }
                    for branch in object.variants.iter().flat_map(|v| &v.branches) {
                        self.add(schema, Type::Object(branch.object));
                    }
                }
                Type::Alternate(id) => {
                    for alternative in &schema.alternate(id).alternatives {
                        self.add(schema, alternative.ty);
                    }
                }
                // An array's element was added with it.
                Type::Builtin(_) | Type::Enum(_) | Type::Array(_) => {}
            }
        }
    }

    fn add(&mut self, schema: &Schema, ty: Type) {
        let ty = self.representative(ty);
        if self.seen.contains_key(&ty) {
            return;
        }
        let number = match ty {
            Type::Builtin(_) | Type::Array(_) => None,
            Type::Enum(_) | Type::Object(_) | Type::Alternate(_) => {
                self.numbers += 1;
                Some(self.numbers - 1)
            }
        };
        self.seen.insert(ty, number);
        self.types.push(ty);
        if let Type::Array(id) = ty {
            self.add(schema, schema.array(id).element);
        }
    }
}

fn is_integer(ty: Type) -> bool {
    matches!(ty, Type::Builtin(b) if b.json_kind() == JsonKind::Int)
}
