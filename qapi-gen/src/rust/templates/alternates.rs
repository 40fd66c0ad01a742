//! Alternates.

use super::attributes;
use super::structs::DERIVES;
use crate::model::{AlternateId, Features};
use crate::rust::condition::Presence;
use crate::rust::docs::Source;
use crate::rust::names::Ident;
use crate::rust::plan::{Alternative, Module, Plan, Ty};
use proc_macro2::TokenStream;
use quote::quote;

/// The kinds of JSON value.
const KINDS: [&str; 6] = ["Object", "Array", "String", "Number", "Bool", "Null"];

/// An alternate and its codec.
pub(crate) fn alternate(plan: &Plan, id: AlternateId) -> TokenStream {
    let alternate = plan.schema.alternate(id);
    let item = plan.alternate_item(id);
    let (types, ident, presence) = (&plan.types, &item.ident, item.presence());
    let docs = plan.document(&Source::from(alternate), "", Module::Root);
    let attributes = attributes(plan, &alternate.name, DERIVES, presence);

    let choices = plan.alternatives(alternate);
    let variants = choices.iter().map(|choice| {
        let (name, alternative) = (&choice.ident, choice.alternative);
        let (doc, condition) = (alternative.doc.as_ref(), alternative.condition.as_ref());
        let features = Features::none();
        let docs = plan.document_part(&alternative.name, doc, features, condition, Module::Root);
        let when = &choice.presence;
        let data = choice.ty.as_ref().map(|ty| match choice.boxed {
            true => quote!((::std::boxed::Box<#ty>)),
            false => quote!((#ty)),
        });
        quote!(#docs #when #name #data,)
    });
    let conversions = choices
        .iter()
        .map(|choice| conversions(choice, ident, presence));
    let decode = decode(plan, &choices, &alternate.name);
    let encode = choices.iter().map(|choice| {
        let (when, name) = (&choice.presence, &choice.ident);
        match choice.ty {
            Some(_) => quote!(#when Self::#name(value) => #types::codec::Encode::encode(value, w),),
            None => quote!(#when Self::#name => w.null(),),
        }
    });

    quote! {
        #docs
        #attributes
        #[non_exhaustive]
        pub enum #ident {
            #(#variants)*
            /// A choice of a newer or older release.
            Unrecognized(#types::Value),
        }

        #(#conversions)*

        #presence
        impl #types::codec::Decode for #ident {
            #[inline]
            fn blank() -> Self {
                Self::Unrecognized(#types::Value::Null)
            }

            #[inline]
            fn decode(r: &mut #types::Reader<'_>) -> #types::Result<Self> {
                match r.peek()? {
                    #decode
                }
            }
        }

        #presence
        impl #types::codec::Encode for #ident {
            #[inline]
            fn encode(&self, w: &mut #types::Writer<'_>) {
                match self {
                    #(#encode)*
                    Self::Unrecognized(value) => #types::codec::Encode::encode(value, w),
                }
            }
        }
    }
}

/// The alternate from the value of a choice.
fn conversions(choice: &Alternative, ident: &Ident, presence: &Presence) -> Option<TokenStream> {
    let ty = choice.ty.as_ref()?;
    let name = &choice.ident;
    let when = presence.clone().and(choice.presence.clone());
    let value = match choice.boxed {
        true => quote!(::std::boxed::Box::new(value)),
        false => quote!(value),
    };
    let from_str = matches!(ty, Ty::String).then(|| {
        quote! {
            #when
            impl ::core::convert::From<&str> for #ident {
                #[inline]
                fn from(value: &str) -> Self {
                    Self::#name(value.into())
                }
            }
        }
    });
    Some(quote! {
        #when
        impl ::core::convert::From<#ty> for #ident {
            #[inline]
            fn from(value: #ty) -> Self {
                Self::#name(#value)
            }
        }

        #from_str
    })
}

/// What is made of each kind of JSON value.
fn decode(plan: &Plan, choices: &[Alternative], alternate: &str) -> TokenStream {
    let types = &plan.types;
    let taken = choices.iter().map(|choice| {
        let (when, name) = (&choice.presence, &choice.ident);
        let kind = Ident::written(choice.kind);
        let value = match choice.ty {
            Some(_) => quote!(#types::codec::Decode::decode(r).map(Self::#name)),
            None => quote!(r.null().map(|()| Self::#name)),
        };
        quote!(#when #types::codec::Kind::#kind => #value,)
    });
    let other = quote!(#types::codec::other_kind(#alternate, r).map(Self::Unrecognized));
    let others = if choices.len() + 1 < KINDS.len() {
        quote!(_ => #other,)
    } else {
        // What stands for one kind only, or perhaps for none, must not be a wildcard: lints find fault with it.
        let left = KINDS.iter().map(|kind| {
            let choice = choices.iter().find(|choice| choice.kind == *kind);
            let taken = choice.map_or(Presence::Never, |choice| choice.presence.clone());
            (taken.not(), Ident::written(kind))
        });
        let left = left.filter(|(when, _)| *when != Presence::Never);
        let arms = left.map(|(when, kind)| quote!(#when #types::codec::Kind::#kind => #other,));
        arms.collect()
    };
    quote! {
        #(#taken)*
        #others
    }
}
