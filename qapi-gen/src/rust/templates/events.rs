//! Events.

use super::allow_deprecated;
use super::commands::{features, newtype};
use super::structs::structure;
use crate::markdown::code;
use crate::model::EventId;
use crate::print::{Code, Printer};
use crate::rust::docs::{Source, deprecation};
use crate::rust::names::Ident;
use crate::rust::plan::{Item, Module, Plan, RestKind};

/// An event: a struct of its data, and what tells that it is an event.
pub(crate) fn event(plan: &Plan, id: EventId, out: &mut Printer) {
    let event = plan.schema.event(id);
    let item = plan.event_item(id);
    let source = Source::from(event);
    match plan.named(event.data) {
        Some(data) => out.items(&newtype(plan, item, data, &source)),
        None => {
            let record = plan.record(event.data, item, Module::Inner, RestKind::Kept);
            structure(plan, &record, &source, "", out);
        }
    }
    let (types, ident, presence) = (&plan.types, &item.ident, item.presence());
    let name = event.name.as_str();
    let features = features(&event.features);
    out.items(&code! {
        presence, types, ident, name, features =>
        #presence
        impl #types::Event for #ident {
            const NAME: &'static str = #name;
            #features
        }
    });
}

/// The enum of all events.
pub(crate) fn event_enum(plan: &Plan) -> Code {
    let (types, ident) = (&plan.types, &plan.event_enum);
    let events = || plan.all_events().map(|(event, _)| event);
    // In the enum, each event has its name; `Unrecognized` is ours.
    let variant = |item: &Item| match &*item.ident {
        "Unrecognized" => Ident::written("Unrecognized_"),
        _ => item.ident.clone(),
    };
    let variants = plan.all_events().map(|(event, item)| {
        let (when, ident, variant) = (item.presence(), &item.ident, variant(item));
        let doc = format!(" {}", code(&event.name));
        let deprecation = deprecation(&event.features);
        code! {
            doc, when, deprecation, variant, ident =>
            #[doc = #doc] #when #deprecation #variant(events::#ident),
        }
    });
    let variants: Code = variants.collect();
    // An arm for each event.
    let arms = |arm: fn(&Plan, &str, &Ident) -> Code| -> Code {
        let arms = plan.all_events().map(|(event, item)| {
            let (when, arm) = (item.presence(), arm(plan, &event.name, &variant(item)));
            code!(when, arm => #when #arm)
        });
        arms.collect()
    };
    let decoded = arms(|plan, name, variant| {
        let types = &plan.types;
        code! {
            name, types, variant =>
            #name => #types::message::decode_event(data).map(Self::#variant),
        }
    });
    let named = arms(|_, name, variant| code!(variant, name => Self::#variant(_) => #name,));
    let put = arms(|plan, _, variant| {
        let types = &plan.types;
        code!(variant, types => Self::#variant(event) => #types::codec::Members::put(event, w),)
    });
    let allow_deprecated = allow_deprecated(events().any(|event| event.features.is_deprecated()));
    // How large the events are is known only where all their types are.
    let allow_large = (!variants.is_empty()).then(|| code!(#[allow(clippy::large_enum_variant)]));

    let unrecognized = code! {
        types =>
        Ok(Self::Unrecognized {
            name: #types::Unrecognized::new(name),
            data: #types::message::decode_object(data)?,
        })
    };
    let decode = match variants.is_empty() {
        true => unrecognized,
        false => code! {
            decoded, unrecognized =>
            match name {
                #decoded
                _ => #unrecognized,
            }
        },
    };
    code! {
        allow_large, allow_deprecated, ident, variants, types, decode, named, put =>
        /// Any event.
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        #allow_large
        #allow_deprecated
        pub enum #ident {
            #variants
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
                    #named
                    Self::Unrecognized { name, .. } => name.as_str(),
                }
            }

            #[inline]
            fn put(&self, w: &mut #types::Writer<'_>) {
                match self {
                    #put
                    Self::Unrecognized { data, .. } => #types::codec::put_open(w, data),
                }
            }
        }
    }
}
