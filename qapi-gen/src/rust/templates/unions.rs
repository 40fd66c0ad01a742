//! The branches of unions.

use super::structs::DERIVES;
use super::{allow_deprecated, attributes};
use crate::markdown::code;
use crate::model::{ObjectId, Type, Variants};
use crate::print::{Code, Printer};
use crate::rust::condition::Presence;
use crate::rust::docs::deprecation;
use crate::rust::names::Ident;
use crate::rust::plan::{Branch, Module, Plan};

/// The enum of a union's branches and its codec.
pub(super) fn branch_enum(plan: &Plan, id: ObjectId, variants: &Variants, out: &mut Printer) {
    let union = plan.schema.object(id);
    let item = plan.object_item(id);
    let (types, ident, presence) = (&plan.types, plan.branch_enum(id), item.presence());
    let branches = plan.branches(union, variants);
    let attributes = attributes(plan, &union.name, DERIVES, presence);
    let tag = &variants.tag;
    let doc = format!(" The branches of [`{}`].", &*item.ident);
    let tag_doc = format!(" The value of {}.", code(tag));

    let declarations = branches.iter().map(|branch| {
        let (name, value, when) = (&branch.ident, &branch.value.name, &branch.presence);
        let doc = match branch.untagged {
            true => format!(
                " {}, from a release that does not send {}",
                code(value),
                code(tag)
            ),
            false => format!(" {}", code(value)),
        };
        let deprecation = deprecation(&branch.value.features);
        let data = branch
            .data
            .as_ref()
            .map(|ty| code!(ty => (::std::boxed::Box<#ty>)));
        code!(doc, when, deprecation, name, data => #[doc = #doc] #when #deprecation #name #data,)
    });
    let declarations: Code = declarations.collect();

    out.items(&code! {
        doc, attributes, ident, declarations, tag_doc, types =>
        #[doc = #doc]
        #attributes
        #[non_exhaustive]
        pub enum #ident {
            #declarations
            /// A branch of a newer or older release.
            Unrecognized {
                #[doc = #tag_doc]
                tag: #types::Unrecognized,
                /// The members of the branch.
                members: #types::Object,
            },
        }
    });
    for branch in branches.iter().filter(|branch| branch.converts) {
        out.items(&conversion(branch, ident, presence));
    }
    out.items(&codec(plan, id, variants, &branches));
}

/// A branch from its data.
fn conversion(branch: &Branch, ident: &Ident, presence: &Presence) -> Code {
    let (name, ty) = (&branch.ident, branch.data.as_ref());
    let doc = format!(" The branch {}.", code(&branch.value.name));
    let when = presence.clone().and(branch.presence.clone());
    let allow_deprecated = allow_deprecated(branch.value.features.is_deprecated());
    code! {
        doc, when, allow_deprecated, ty, ident, name =>
        #[doc = #doc]
        #when
        #allow_deprecated
        impl ::core::convert::From<#ty> for #ident {
            #[inline]
            fn from(branch: #ty) -> Self {
                Self::#name(::std::boxed::Box::new(branch))
            }
        }
    }
}

fn codec(plan: &Plan, id: ObjectId, variants: &Variants, branches: &[Branch]) -> Code {
    let (types, ident) = (&plan.types, plan.branch_enum(id));
    // A branch may be called `Tag`: the associated type is named in full.
    let tag = plan.ty(Type::Enum(variants.tag_enum), Module::Root);
    let presence = plan.object_item(id).presence();
    let deprecated = |branch: &Branch| branch.value.features.is_deprecated();
    let allow_deprecated = allow_deprecated(branches.iter().any(deprecated));

    let begin = branches.iter().filter(|branch| !branch.untagged);
    let begin = begin.map(|branch| {
        let (when, name) = (&branch.presence, &branch.ident);
        let data = begin_data(plan, branch);
        code!(when, tag, name, data => #when #tag::#name => Self::#name #data,)
    });
    let begin: Code = begin.collect();
    let untagged = branches
        .iter()
        .find(|branch| branch.untagged)
        .map(|branch| {
            let (name, data) = (&branch.ident, begin_data(plan, branch));
            code! {
                name, data =>
                #[inline]
                fn untagged() -> ::core::option::Option<Self> {
                    Some(Self::#name #data)
                }
            }
        });
    // A value of an enumeration of another crate, which may have more of them, is known by its name.
    let unrecognized = match plan.enum_item(variants.tag_enum).is_elsewhere() {
        true => code! {
            types =>
            _ => {
                let tag = #types::Unrecognized::new(#types::codec::Enum::name(tag));
                Self::Unrecognized { tag, members: #types::Object::new() }
            }
        },
        false => code! {
            tag, types =>
            #tag::Unrecognized(tag) => {
                Self::Unrecognized { tag: tag.clone(), members: #types::Object::new() }
            }
        },
    };
    let filled = branches.iter().map(|branch| {
        let (when, name) = (&branch.presence, &branch.ident);
        match &branch.data {
            Some(_) => code!(when, name => #when Self::#name(branch) => Some(&mut **branch),),
            None => code!(when, name => #when Self::#name => None,),
        }
    });
    let filled: Code = filled.collect();
    let tags = branches.iter().map(|branch| {
        let (when, name, value) = (&branch.presence, &branch.ident, branch.value.name.as_str());
        let data = branch.data.as_ref().map(|_| code!((_)));
        code!(when, name, data, value => #when Self::#name #data => #value,)
    });
    let tags: Code = tags.collect();
    let put = branches.iter().map(|branch| {
        let (when, name) = (&branch.presence, &branch.ident);
        match &branch.data {
            Some(ty) => code! {
                when, name, ty, types =>
                #when Self::#name(branch) => <#ty as #types::codec::Members>::put(branch, w),
            },
            None => code!(when, name => #when Self::#name => {}),
        }
    });
    let put: Code = put.collect();

    code! {
        presence, allow_deprecated, types, ident, tag, begin, unrecognized, untagged, filled,
        tags, put =>
        #presence
        #allow_deprecated
        impl #types::codec::Branches for #ident {
            type Tag = #tag;

            #[inline]
            fn begin(tag: &#tag) -> Self {
                match tag {
                    #begin
                    #unrecognized
                }
            }

            #untagged

            #[inline]
            fn branch(&mut self) -> ::core::option::Option<&mut dyn #types::codec::Fill> {
                match self {
                    #filled
                    Self::Unrecognized { members, .. } => Some(members),
                }
            }

            #[inline]
            fn tag(&self) -> &str {
                match self {
                    #tags
                    Self::Unrecognized { tag, .. } => tag.as_str(),
                }
            }

            #[inline]
            fn put(&self, w: &mut #types::Writer<'_>) {
                match self {
                    #put
                    Self::Unrecognized { members, .. } => #types::codec::put_open(w, members),
                }
            }
        }
    }
}

/// The data of a branch of which nothing was read.
fn begin_data(plan: &Plan, branch: &Branch) -> Option<Code> {
    let types = &plan.types;
    let data = branch.data.as_ref();
    data.map(|_| code!(types => (#types::codec::boxed())))
}
