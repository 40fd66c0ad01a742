//! What values of a type can differ in.

use std::collections::HashSet;

use qapi_gen::model::{AlternateId, Builtin, EnumId, ObjectId, Schema, Type};

use crate::generate::notable;

/// What a schema offers a choice of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Choice {
    /// A value of an enum.
    Value(EnumId),
    /// A branch of a union.
    Branch(ObjectId),
    /// An alternative.
    Alternative(AlternateId),
    /// A notable value of a built-in type.
    Notable(Builtin),
}

/// Every option of every choice that values of these types offer.
pub fn choices(schema: &Schema, roots: impl IntoIterator<Item = Type>) -> HashSet<(Choice, usize)> {
    let mut search = Search {
        schema,
        seen: HashSet::new(),
        options: HashSet::new(),
    };
    for ty in roots {
        search.visit(ty);
    }
    search.options
}

struct Search<'s> {
    schema: &'s Schema,
    seen: HashSet<Type>,
    options: HashSet<(Choice, usize)>,
}

impl Search<'_> {
    fn offer(&mut self, choice: Choice, count: usize) {
        self.options
            .extend((0..count).map(|option| (choice, option)));
    }

    fn visit(&mut self, ty: Type) {
        if !self.seen.insert(ty) {
            return;
        }
        let schema = self.schema;
        match ty {
            Type::Builtin(builtin) => self.offer(Choice::Notable(builtin), notable(builtin).len()),
            Type::Enum(id) => self.offer(Choice::Value(id), schema.enum_(id).values.len()),
            Type::Array(id) => self.visit(schema.array(id).element),
            Type::Alternate(id) => {
                let alternatives = &schema.alternate(id).alternatives;
                self.offer(Choice::Alternative(id), alternatives.len());
                alternatives
                    .iter()
                    .for_each(|alternative| self.visit(alternative.ty));
            }
            Type::Object(id) => {
                let object = schema.object(id);
                let variants = object.variants.as_ref();
                for (_, member) in schema.all_members(object) {
                    // A tag's values are the branches.
                    if variants.is_none_or(|variants| variants.tag != member.name) {
                        self.visit(member.ty);
                    }
                }
                if let Some(variants) = variants {
                    self.offer(Choice::Branch(id), variants.branches.len());
                    variants
                        .branches
                        .iter()
                        .for_each(|branch| self.visit(Type::Object(branch.object)));
                }
            }
        }
    }
}
