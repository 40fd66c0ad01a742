//! What uses a type.

use crate::model::*;
use std::collections::HashMap;

/// A definition that names another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Use {
    pub(super) by: Definition,
    pub(super) how: How,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum How {
    Arguments,
    Returns,
    Data,
    Base,
    /// A member, argument or alternative of this name.
    Part(String),
    /// The branch of this value.
    Branch(String),
}

/// The uses of each definition, in the order of the schema.
pub(super) fn uses(schema: &Schema) -> HashMap<Definition, Vec<Use>> {
    let mut found = Uses {
        schema,
        wrapped: HashMap::new(),
        uses: HashMap::new(),
    };
    for &definition in schema.definitions() {
        if let Definition::Object(id) = definition {
            for branch in schema.object(id).variants.iter().flat_map(|v| &v.branches) {
                found.wrapped.insert(branch.object, (id, &branch.value));
            }
        }
    }
    for &definition in schema.definitions() {
        found.references(definition);
    }
    found.uses
}

struct Uses<'s> {
    schema: &'s Schema,
    /// The unions that the wrappers of old schemas were made for, and in which branch.
    wrapped: HashMap<ObjectId, (ObjectId, &'s str)>,
    uses: HashMap<Definition, Vec<Use>>,
}

impl Uses<'_> {
    fn references(&mut self, by: Definition) {
        let schema = self.schema;
        match by {
            Definition::Enum(_) => {}
            Definition::Command(id) => {
                let command = schema.command(id);
                self.whole(command.arguments, by, How::Arguments);
                if let Some(ty) = command.returns {
                    self.add(ty, by, How::Returns);
                }
            }
            Definition::Event(id) => self.whole(schema.event(id).data, by, How::Data),
            Definition::Alternate(id) => {
                for alternative in &schema.alternate(id).alternatives {
                    self.add(alternative.ty, by, How::Part(alternative.name.to_string()));
                }
            }
            Definition::Object(id) => {
                let object = schema.object(id);
                let branch = self.wrapped.get(&id).copied();
                let (by, branch) = match (object.kind, branch) {
                    (ObjectKind::Arguments(Root::Command(id)), _) => {
                        (Definition::Command(id), None)
                    }
                    (ObjectKind::Arguments(Root::Event(id)), _) => (Definition::Event(id), None),
                    (ObjectKind::Base(union), _) => (Definition::Object(union), None),
                    (ObjectKind::Wrapper, Some((union, value))) => {
                        (Definition::Object(union), Some(value))
                    }
                    _ => (by, None),
                };
                self.whole(object.base, by, How::Base);
                for member in &object.members {
                    let how = match branch {
                        Some(value) => How::Branch(value.to_owned()),
                        None => How::Part(member.name.to_string()),
                    };
                    self.add(member.ty, by, how);
                }
                for branch in object.variants.iter().flat_map(|v| &v.branches) {
                    self.whole(
                        Some(branch.object),
                        by,
                        How::Branch(branch.value.to_string()),
                    );
                }
            }
        }
    }

    /// An object that is not the type of a member. What is implicit has no name to list.
    fn whole(&mut self, object: Option<ObjectId>, by: Definition, how: How) {
        if let Some(id) = object.filter(|id| !self.schema.object(*id).is_implicit()) {
            self.add(Type::Object(id), by, how);
        }
    }

    fn add(&mut self, ty: Type, by: Definition, how: How) {
        let used = match ty {
            Type::Builtin(_) => return,
            Type::Array(id) => return self.add(self.schema.array(id).element, by, how),
            Type::Enum(id) => Definition::Enum(id),
            Type::Object(id) => Definition::Object(id),
            Type::Alternate(id) => Definition::Alternate(id),
        };
        self.uses.entry(used).or_default().push(Use { by, how });
    }
}
