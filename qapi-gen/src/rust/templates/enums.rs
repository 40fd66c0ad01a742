//! Enums.

use super::{allow_deprecated, attributes, marks};
use crate::model::EnumId;
use crate::print::{Code, Printer};
use crate::rust::docs::{Source, deprecation};
use crate::rust::plan::{Module, Plan};
use crate::rust::template::commas;

const DERIVES: &[&str] = &["Clone", "Debug", "PartialEq", "Eq", "Hash"];

/// An enum and its codec.
pub(crate) fn enumeration(plan: &Plan, id: EnumId, out: &mut Printer) {
    let enum_ = plan.schema.enum_(id);
    let item = plan.enum_item(id);
    let (types, ident, presence) = (&plan.types, &item.ident, item.presence());
    let docs = plan.document(&Source::from(enum_), "", Module::Root);
    let attributes = attributes(plan, &enum_.name, DERIVES, presence);

    let variants = plan.variants(enum_);
    let values = || variants.iter().map(|variant| variant.value);
    let declarations = variants.iter().map(|variant| {
        let (when, name, value) = (&variant.presence, &variant.ident, variant.value);
        let (doc, condition) = (value.doc.as_ref(), value.condition.as_ref());
        let features = &value.features;
        let docs = plan.document_part(&value.name, doc, features, condition, Module::Root);
        let deprecation = deprecation(features);
        code!(docs, when, deprecation, name => #docs #when #deprecation #name,)
    });
    let declarations: Code = declarations.collect();
    let all = commas(variants.iter().map(|variant| {
        let (when, name) = (&variant.presence, &variant.ident);
        code!(when, name => #when Self::#name)
    }));
    let names = commas(variants.iter().map(|variant| {
        let (when, name) = (&variant.presence, &variant.value.name);
        code!(when, name => #when #name)
    }));
    let named = variants.iter().map(|variant| {
        let (when, ident, name) = (&variant.presence, &variant.ident, &variant.value.name);
        code!(when, ident, name => #when Self::#ident => #name,)
    });
    let named: Code = named.collect();
    let allow_deprecated = allow_deprecated(values().any(|value| value.features.is_deprecated()));
    let marked = commas(variants.iter().filter_map(|variant| {
        let (when, name) = (&variant.presence, &variant.value.name);
        let marks = marks(&variant.value.features)?;
        Some(code!(when, name, marks => #when (#name, #marks)))
    }));
    let marked = (!marked.is_empty()).then(|| {
        code! {
            marked =>
            const MARKED: &'static [(&'static str, &'static [&'static str])] = &[#marked];
        }
    });

    let dropped = commas(variants.iter().filter_map(|variant| {
        let (when, name) = (&variant.presence, &variant.value.name);
        let last = plan.last_with_value(enum_, variant.value)?.numbers();
        Some(code!(when, name, last => #when (#name, #last)))
    }));
    let dropped = (!dropped.is_empty()).then(|| {
        code! {
            types, dropped =>
            const DROPPED: &'static [(&'static str, #types::codec::Release)] = &[#dropped];
        }
    });

    out.items(&code! {
        docs, attributes, ident, declarations, types, presence, allow_deprecated, all, names,
        marked, dropped, named =>
        #docs
        #attributes
        #[non_exhaustive]
        pub enum #ident {
            #declarations
            /// A value of a newer or older release.
            Unrecognized(#types::Unrecognized),
        }

        #presence
        #allow_deprecated
        impl #types::codec::Enum for #ident {
            const VALUES: &'static [Self] = &[#all];
            const NAMES: &'static [&'static str] = &[#names];
            #marked
            #dropped

            #[inline]
            fn unrecognized(name: #types::Unrecognized) -> Self {
                Self::Unrecognized(name)
            }

            #[inline]
            fn name(&self) -> &str {
                match self {
                    #named
                    Self::Unrecognized(name) => name.as_str(),
                }
            }
        }
    });
}
