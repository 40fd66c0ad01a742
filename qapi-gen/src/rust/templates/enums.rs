//! Enums.

use super::{allow_deprecated, attributes, marks};
use crate::model::EnumId;
use crate::rust::condition::Presence;
use crate::rust::docs::{Source, deprecation};
use crate::rust::names::Ident;
use crate::rust::plan::{Module, Plan};
use proc_macro2::TokenStream;
use quote::quote;

const DERIVES: &[&str] = &["Clone", "Debug", "PartialEq", "Eq", "Hash"];

/// An enum and its codec.
pub(crate) fn enumeration(plan: &Plan, id: EnumId) -> TokenStream {
    let enum_ = plan.schema.enum_(id);
    let item = plan.enum_item(id);
    let (types, ident, presence) = (&plan.types, &item.ident, item.presence());
    let docs = plan.document(&Source::from(enum_), "", Module::Root);
    let attributes = attributes(plan, &enum_.name, DERIVES, presence);

    let variants = plan.variants(enum_);
    let values = || variants.iter().map(|variant| variant.value);
    let idents: Vec<&Ident> = variants.iter().map(|variant| &variant.ident).collect();
    let names: Vec<&str> = values().map(|value| value.name.as_str()).collect();
    let when: Vec<&Presence> = variants.iter().map(|variant| &variant.presence).collect();
    let value_docs = values().map(|value| {
        let (doc, condition) = (value.doc.as_ref(), value.condition.as_ref());
        plan.document_part(&value.name, doc, &value.features, condition, Module::Root)
    });
    let deprecations = values().map(|value| deprecation(&value.features));
    let allow_deprecated = allow_deprecated(values().any(|value| value.features.is_deprecated()));
    let marked: Vec<TokenStream> = variants
        .iter()
        .filter_map(|variant| {
            let (when, name) = (&variant.presence, variant.value.name.as_str());
            let marks = marks(&variant.value.features)?;
            Some(quote!(#when (#name, #marks)))
        })
        .collect();
    let marked = (!marked.is_empty()).then(|| {
        quote! {
            const MARKED: &'static [(&'static str, &'static [&'static str])] = &[#(#marked),*];
        }
    });

    let dropped: Vec<TokenStream> = variants
        .iter()
        .filter_map(|variant| {
            let (when, name) = (&variant.presence, variant.value.name.as_str());
            let last = plan.last_with_value(enum_, variant.value)?.numbers();
            Some(quote!(#when (#name, #last)))
        })
        .collect();
    let dropped = (!dropped.is_empty()).then(|| {
        quote! {
            const DROPPED: &'static [(&'static str, #types::codec::Release)] = &[#(#dropped),*];
        }
    });

    quote! {
        #docs
        #attributes
        #[non_exhaustive]
        pub enum #ident {
            #(#value_docs #when #deprecations #idents,)*
            /// A value of a newer or older release.
            Unrecognized(#types::Unrecognized),
        }

        #presence
        #allow_deprecated
        impl #types::codec::Enum for #ident {
            const VALUES: &'static [Self] = &[#(#when Self::#idents),*];
            const NAMES: &'static [&'static str] = &[#(#when #names),*];
            #marked
            #dropped

            #[inline]
            fn unrecognized(name: #types::Unrecognized) -> Self {
                Self::Unrecognized(name)
            }

            #[inline]
            fn name(&self) -> &str {
                match self {
                    #(#when Self::#idents => #names,)*
                    Self::Unrecognized(name) => name.as_str(),
                }
            }
        }
    }
}
