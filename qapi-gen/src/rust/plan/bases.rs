//! The members of objects, those of bases included.

use crate::model::{Member, Object, ObjectId, Schema};

/// By object: the nearest of its bases that has members. Bases without any cost nothing then, however many they are.
pub(super) struct Bases(Vec<Option<ObjectId>>);

impl Bases {
    pub(super) fn of(schema: &Schema) -> Bases {
        let mut nearest: Vec<Option<Option<ObjectId>>> = vec![None; schema.objects.len()];
        for index in 0..schema.objects.len() {
            let mut line = vec![index];
            let mut next = schema.objects[index].base;
            while let Some(base) = next
                && schema.object(base).members.is_empty()
            {
                if let Some(known) = nearest[base.index()] {
                    next = known;
                    break;
                }
                line.push(base.index());
                next = schema.object(base).base;
            }
            line.into_iter()
                .for_each(|index| nearest[index] = Some(next));
        }
        Bases(nearest.into_iter().map(Option::flatten).collect())
    }

    /// The members of an object, those of its bases first, each with the type that declares it.
    pub(super) fn members<'s>(
        &self,
        schema: &'s Schema,
        id: ObjectId,
    ) -> Vec<(&'s Object, &'s Member)> {
        let mut line = Vec::new();
        let mut next = Some(id);
        while let Some(id) = next {
            line.push(schema.object(id));
            next = self.0[id.index()];
        }
        let owners = line.into_iter().rev();
        owners
            .flat_map(|owner| owner.members.iter().map(move |member| (owner, member)))
            .collect()
    }
}
