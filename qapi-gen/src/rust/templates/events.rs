//! Events.

use super::allow_deprecated;
use super::commands::{features, newtype};
use super::structs::structure;
use crate::markdown::code;
use crate::model::EventId;
use crate::rust::condition::Presence;
use crate::rust::docs::{Source, deprecation};
use crate::rust::names::Ident;
use crate::rust::plan::{Module, Plan, RestKind};
use proc_macro2::TokenStream;
use quote::quote;

/// An event: a struct of its data, and what tells that it is an event.
pub(crate) fn event(plan: &Plan, id: EventId) -> TokenStream {
    let event = plan.schema.event(id);
    let item = plan.event_item(id);
    let source = Source::from(event);
    let mut items = match plan.named(event.data) {
        Some(data) => newtype(plan, item, data, &source),
        None => {
            let record = plan.record(event.data, item, Module::Inner, RestKind::Kept);
            structure(plan, &record, &source, "")
        }
    };
    let (types, ident, presence) = (&plan.types, &item.ident, item.presence());
    let name = event.name.as_str();
    let features = features(&event.features);
    items.extend(quote! {
        #presence
        impl #types::Event for #ident {
            const NAME: &'static str = #name;
            #features
        }
    });
    items
}

/// The enum of all events.
pub(crate) fn event_enum(plan: &Plan) -> TokenStream {
    let (types, ident) = (&plan.types, &plan.event_enum);
    let events = || plan.all_events().map(|(event, _)| event);
    let items = || plan.all_events().map(|(_, item)| item);
    let names: Vec<&str> = events().map(|event| event.name.as_str()).collect();
    let when: Vec<&Presence> = items().map(|item| item.presence()).collect();
    let docs = names.iter().map(|name| format!(" {}", code(name)));
    let deprecations = events().map(|event| deprecation(&event.features));
    let structs = items().map(|item| &item.ident);
    // In the enum, each event has its name; `Unrecognized` is ours.
    let variants = items().map(|item| match &*item.ident {
        "Unrecognized" => Ident::written("Unrecognized_"),
        _ => item.ident.clone(),
    });
    let variants: Vec<Ident> = variants.collect();
    let allow_deprecated = allow_deprecated(events().any(|event| event.features.is_deprecated()));
    // How large the events are is known only where all their types are.
    let allow_large = (!names.is_empty()).then(|| quote!(#[allow(clippy::large_enum_variant)]));

    let unrecognized = quote! {
        Ok(Self::Unrecognized {
            name: #types::Unrecognized::new(name),
            data: #types::message::decode_object(data)?,
        })
    };
    let decode = match names.is_empty() {
        true => unrecognized,
        false => quote! {
            match name {
                #(#when #names => #types::message::decode_event(data).map(Self::#variants),)*
                _ => #unrecognized,
            }
        },
    };
    quote! {
        /// Any event.
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        #allow_large
        #allow_deprecated
        pub enum #ident {
            #(#[doc = #docs] #when #deprecations #variants(events::#structs),)*
            /// An event of a newer or older release.
            Unrecognized {
                /// Its name.
                name: #types::Unrecognized,
                /// Its data.
                data: #types::Object,
            },
        }

        #allow_deprecated
        impl #types::Events for #ident {
            #[inline]
            fn decode(
                name: &str,
                data: ::core::option::Option<#types::message::Raw<'_>>
            ) -> #types::Result<Self> {
                #decode
            }

            #[inline]
            fn name(&self) -> &str {
                match self {
                    #(#when Self::#variants(_) => #names,)*
                    Self::Unrecognized { name, .. } => name.as_str(),
                }
            }

            #[inline]
            fn put(&self, w: &mut #types::Writer<'_>) {
                match self {
                    #(#when Self::#variants(event) => #types::codec::Members::put(event, w),)*
                    Self::Unrecognized { data, .. } => #types::codec::put_open(w, data),
                }
            }
        }
    }
}
