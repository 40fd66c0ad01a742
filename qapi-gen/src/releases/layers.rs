//! The members of one JSON object, which types, their bases and branches declare together.

use crate::model::{Member, ObjectId, Schema};

/// An object whose members are part of a JSON object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Layer {
    pub(super) object: ObjectId,
    /// Whether its branches are too. Where the value of its tag is known, the branch is a layer.
    pub(super) open: bool,
}

/// A member as the layers of a JSON object have it.
pub(super) struct Looked<'s> {
    /// Its declarations: one, or those of several branches.
    pub(super) members: Vec<&'s Member>,
    /// Whether it is there whatever the tags are.
    pub(super) reliable: bool,
}

pub(super) fn look<'s>(schema: &'s Schema, layers: &[Layer], name: &str) -> Looked<'s> {
    let mut looked = Looked {
        members: Vec::new(),
        reliable: false,
    };
    let mut ids = layers.iter().flat_map(|l| lineage(schema, l.object));
    let declared = ids.find_map(|id| schema.object(id).members.iter().find(|m| m.name == name));
    if let Some(member) = declared {
        looked.members.push(member);
        looked.reliable = !member.optional && member.condition.is_none();
        return looked;
    }
    for layer in layers.iter().filter(|l| l.open) {
        let Some(variants) = &schema.object(layer.object).variants else {
            continue;
        };
        let mut everywhere = true;
        for branch in &variants.branches {
            let layer = Layer {
                object: branch.object,
                open: true,
            };
            let inner = look(schema, &[layer], name);
            everywhere &= inner.reliable;
            looked.members.extend(inner.members);
        }
        looked.reliable |= everywhere && !variants.branches.is_empty();
    }
    looked
}

/// An object type and its bases, the outermost base first.
pub(super) fn lineage(schema: &Schema, object: ObjectId) -> Vec<ObjectId> {
    let mut line: Vec<ObjectId> =
        std::iter::successors(Some(object), |id| schema.object(*id).base).collect();
    line.reverse();
    line
}

pub(super) fn has_variants(schema: &Schema, layers: &[Layer], tag: &str) -> bool {
    layers.iter().filter(|l| l.open).any(|layer| {
        let variants = &schema.object(layer.object).variants;
        variants.as_ref().is_some_and(|v| v.tag == tag)
    })
}
