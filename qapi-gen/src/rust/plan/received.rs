//! Which objects a client receives.

use crate::model::*;

/// By object: whether a reply or an event can hold it.
pub(crate) fn received(schema: &Schema) -> Vec<bool> {
    let mut objects = vec![false; schema.objects.len()];
    // By object: whether the types of its members were looked at, perhaps as those of a base.
    let mut members = objects.clone();
    let mut alternates = vec![false; schema.alternates.len()];
    let mut open: Vec<Type> = Vec::new();
    open.extend(schema.commands.iter().filter_map(|command| command.returns));
    open.extend(
        schema
            .events
            .iter()
            .filter_map(|event| event.data)
            .map(Type::Object),
    );
    while let Some(ty) = open.pop() {
        match ty {
            Type::Builtin(_) | Type::Enum(_) => {}
            Type::Array(id) => open.push(schema.array(id).element),
            Type::Alternate(id) => {
                if !std::mem::replace(&mut alternates[id.index()], true) {
                    open.extend(schema.alternate(id).alternatives.iter().map(|a| a.ty));
                }
            }
            Type::Object(id) => {
                if !std::mem::replace(&mut objects[id.index()], true) {
                    let object = schema.object(id);
                    let mut next = Some(id);
                    while let Some(owner) = next
                        && !std::mem::replace(&mut members[owner.index()], true)
                    {
                        open.extend(schema.object(owner).members.iter().map(|member| member.ty));
                        next = schema.object(owner).base;
                    }
                    if let Some(variants) = &object.variants {
                        let branches = variants.branches.iter();
                        open.extend(branches.map(|branch| Type::Object(branch.object)));
                    }
                }
            }
        }
    }
    objects
}
