//! The branches of unions.

use super::structs::DERIVES;
use super::{Part, allow_deprecated, attributes};
use crate::markdown::code;
use crate::model::{ObjectId, Type};
use crate::rust::condition::Presence;
use crate::rust::docs::deprecation;
use crate::rust::names::Ident;
use crate::rust::plan::{Branch, Module, Plan};
use proc_macro2::TokenStream;
use quote::quote;

/// The enum of a union's branches and its codec; nothing for other objects.
pub(super) fn branch_enum(plan: &Plan, id: ObjectId) -> Option<TokenStream> {
    let union = plan.schema.object(id);
    let variants = union.variants.as_ref()?;
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
            .map(|ty| part!((::std::boxed::Box<#ty>)));
        part!(#[doc = #doc] #when #deprecation #name #data,)
    });
    let conversions = branches.iter().filter(|branch| branch.converts);
    let conversions = conversions.map(|branch| conversion(branch, ident, presence));

    let mut items = quote! {
        #[doc = #doc]
        #attributes
        #[non_exhaustive]
        pub enum #ident {
            #(#declarations)*
            /// A branch of a newer or older release.
            Unrecognized {
                #[doc = #tag_doc]
                tag: #types::Unrecognized,
                /// The members of the branch.
                members: #types::Object,
            },
        }

        #(#conversions)*
    };
    items.extend(partial(plan, id, &branches));
    items.extend(codec(plan, id, &branches));
    Some(items)
}

/// A branch from its data.
fn conversion(branch: &Branch, ident: &Ident, presence: &Presence) -> Part {
    let (name, ty) = (&branch.ident, branch.data.as_ref());
    let doc = format!(" The branch {}.", code(&branch.value.name));
    let when = presence.clone().and(branch.presence.clone());
    let allow_deprecated = allow_deprecated(branch.value.features.is_deprecated());
    part! {
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

/// What was read of a branch so far.
fn partial(plan: &Plan, id: ObjectId, branches: &[Branch]) -> TokenStream {
    let (types, ident) = (&plan.types, plan.branch_partial(id));
    let presence = plan.object_item(id).presence();
    let variants = branches.iter().map(|branch| {
        let (name, when) = (&branch.ident, &branch.presence);
        let data = branch.data.as_ref();
        let data = data.map(|ty| part!((#types::codec::BoxedPartial<#ty>)));
        part!(#when #name #data,)
    });
    quote! {
        #[doc(hidden)]
        #[allow(missing_debug_implementations)]
        #presence
        pub enum #ident {
            #(#variants)*
            Unrecognized(#types::Unrecognized, #types::Object),
        }
    }
}

fn codec(plan: &Plan, id: ObjectId, branches: &[Branch]) -> Option<TokenStream> {
    let variants = plan.schema.object(id).variants.as_ref()?;
    let (types, ident) = (&plan.types, plan.branch_enum(id));
    // Branches may be called `Tag` and `Partial`: the associated types are named in full.
    let tag = plan.ty(Type::Enum(variants.tag_enum), Module::Root);
    let partial = plan.branch_partial(id);
    let presence = plan.object_item(id).presence();
    let deprecated = |branch: &Branch| branch.value.features.is_deprecated();
    let allow_deprecated = allow_deprecated(branches.iter().any(deprecated));

    let begin = branches.iter().filter(|branch| !branch.untagged);
    let begin = begin.map(|branch| {
        let (when, name) = (&branch.presence, &branch.ident);
        let data = begin_data(plan, branch);
        part!(#when #tag::#name => #partial::#name #data,)
    });
    let untagged = branches
        .iter()
        .find(|branch| branch.untagged)
        .map(|branch| {
            let (name, data) = (&branch.ident, begin_data(plan, branch));
            quote! {
                #[inline]
                fn untagged() -> ::core::option::Option<#partial> {
                    Some(#partial::#name #data)
                }
            }
        });
    // A value of an enumeration of another crate, which may have more of them, is known by its name.
    let unrecognized = match plan.enum_item(variants.tag_enum).is_elsewhere() {
        true => quote! {
            _ => {
                let tag = #types::Unrecognized::new(#types::codec::Enum::name(tag));
                #partial::Unrecognized(tag, #types::Object::new())
            }
        },
        false => quote! {
            #tag::Unrecognized(tag) => {
                #partial::Unrecognized(tag.clone(), #types::Object::new())
            }
        },
    };
    let member = branches.iter().map(|branch| {
        let (when, name) = (&branch.presence, &branch.ident);
        match &branch.data {
            Some(ty) => part! {
                #when #partial::#name(p) => <#ty as #types::codec::Members>::member(p, key, r),
            },
            None => part!(#when #partial::#name => Ok(false),),
        }
    });
    let finish = branches.iter().map(|branch| {
        let (when, name) = (&branch.presence, &branch.ident);
        match branch.data {
            Some(_) => part! {
                #when #partial::#name(p) => Self::#name(#types::codec::boxed_finish(p, r)?),
            },
            None => part!(#when #partial::#name => Self::#name,),
        }
    });
    let tags = branches.iter().map(|branch| {
        let (when, name, value) = (&branch.presence, &branch.ident, branch.value.name.as_str());
        let data = branch.data.as_ref().map(|_| part!((_)));
        part!(#when Self::#name #data => #value,)
    });
    let put = branches.iter().map(|branch| {
        let (when, name) = (&branch.presence, &branch.ident);
        match &branch.data {
            Some(ty) => part! {
                #when Self::#name(branch) => <#ty as #types::codec::Members>::put(branch, w),
            },
            None => part!(#when Self::#name => {}),
        }
    });

    // A parameter that is not used must say so; conditions may take away what uses it.
    let mut with_data = branches
        .iter()
        .filter(|branch| branch.data.is_some())
        .peekable();
    let used = with_data.peek().is_some();
    let r = if used { quote!(r) } else { quote!(_) };
    let may_be_unused = used && with_data.all(|branch| branch.presence.is_conditional());
    let allow_unused = may_be_unused.then(|| quote!(#[allow(unused_variables)]));

    Some(quote! {
        #presence
        #allow_deprecated
        impl #types::codec::Branches for #ident {
            type Tag = #tag;
            type Partial = #partial;

            #[inline]
            fn begin(tag: &#tag) -> #partial {
                match tag {
                    #(#begin)*
                    #unrecognized
                }
            }

            #untagged

            #[inline]
            fn member(
                p: &mut #partial,
                key: &str,
                r: &mut #types::Reader<'_>
            ) -> #types::Result<bool> {
                match p {
                    #(#member)*
                    #partial::Unrecognized(_, members) => #types::codec::open(members, key, r),
                }
            }

            #[inline]
            #allow_unused
            fn finish(p: #partial, #r: &#types::Reader<'_>) -> #types::Result<Self> {
                Ok(match p {
                    #(#finish)*
                    #partial::Unrecognized(tag, members) => Self::Unrecognized { tag, members },
                })
            }

            #[inline]
            fn tag(&self) -> &str {
                match self {
                    #(#tags)*
                    Self::Unrecognized { tag, .. } => tag.as_str(),
                }
            }

            #[inline]
            fn put(&self, w: &mut #types::Writer<'_>) {
                match self {
                    #(#put)*
                    Self::Unrecognized { members, .. } => #types::codec::put_open(w, members),
                }
            }
        }
    })
}

/// The data of a branch of which nothing was read.
fn begin_data(plan: &Plan, branch: &Branch) -> Option<Part> {
    let types = &plan.types;
    let data = branch.data.as_ref()?;
    Some(part!((#types::codec::boxed_begin::<#data>())))
}
