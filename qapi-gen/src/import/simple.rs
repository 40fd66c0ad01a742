//! Simple unions: until 6.1 the language made the tag's values, and objects around what the branches are. Where introspection
//! shows the names of these, nothing but a simple union has them.

use super::uses::Uses;
use crate::interface::{Interface, Object, Shape, TypeId};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Default)]
pub(super) struct Simple {
    /// The unions, with the type of each branch.
    pub(super) unions: BTreeMap<TypeId, Vec<(String, TypeId)>>,
    /// What they imply, which is not to be defined.
    pub(super) implied: BTreeSet<TypeId>,
}

impl Simple {
    pub(super) fn of(interface: &Interface, uses: &Uses) -> Simple {
        let mut simple = Simple::default();
        // How often a wrapper is the branch of such a union.
        let mut wrappers: BTreeMap<TypeId, usize> = BTreeMap::new();
        for &id in &uses.order {
            let union = interface.object(id);
            let Some((tag, branches)) = union.and_then(|o| of(interface, id, o)) else {
                continue;
            };
            if uses.count(tag) > 1 {
                continue;
            }
            simple.implied.insert(tag);
            for variant in union.map_or(&[][..], |o| &o.variants) {
                *wrappers.entry(variant.ty).or_default() += 1;
            }
            simple.unions.insert(id, branches);
        }
        let only = wrappers.into_iter().filter(|(id, n)| uses.count(*id) == *n);
        simple.implied.extend(only.map(|(id, _)| id));
        simple
    }
}

/// The type of the tag, and what the branches wrap.
fn of(
    interface: &Interface,
    id: TypeId,
    union: &Object,
) -> Option<(TypeId, Vec<(String, TypeId)>)> {
    let [tag] = union.members.as_slice() else {
        return None;
    };
    let kind = interface.ty(tag.ty);
    let Shape::Enum(values) = &kind.shape else {
        return None;
    };
    let cases = union.variants.iter().map(|v| &v.case);
    let implied = union.tag.as_ref() == Some(&tag.name)
        && tag.name == "type"
        && !tag.optional
        && tag.features.is_empty()
        && kind.name.strip_suffix("Kind") == Some(interface.ty(id).name.as_str())
        && kind.features.is_empty()
        && values.iter().all(|v| v.features.is_empty())
        && values.iter().map(|v| &v.name).eq(cases);
    if !implied {
        return None;
    }
    let branch = |variant: &crate::interface::Variant| {
        let wrapper = interface.ty(variant.ty);
        let [data] = interface.object(variant.ty)?.members.as_slice() else {
            return None;
        };
        let of = match interface.shape(data.ty) {
            Shape::Array(element) => format!("{}List", interface.ty(*element).name),
            _ => interface.ty(data.ty).name.to_string(),
        };
        let prefixes = ["q_obj_", ":obj-"].into_iter();
        let mut names = prefixes.filter_map(|prefix| wrapper.name.strip_prefix(prefix));
        let fits = data.name == "data"
            && !data.optional
            && data.features.is_empty()
            && wrapper.features.is_empty()
            && names.any(|name| name.strip_suffix("-wrapper") == Some(of.as_str()));
        fits.then(|| (variant.case.to_string(), data.ty))
    };
    let branches = union.variants.iter().map(branch);
    Some((tag.ty, branches.collect::<Option<_>>()?))
}
