//! Alternates.

use super::attributes;
use super::structs::DERIVES;
use crate::model::{AlternateId, Features};
use crate::print::{Code, Printer};
use crate::rust::condition::Presence;
use crate::rust::docs::Source;
use crate::rust::names::Ident;
use crate::rust::plan::{Alternative, Module, Plan, Ty};

/// The kinds of JSON value.
const KINDS: [&str; 6] = ["Object", "Array", "String", "Number", "Bool", "Null"];

/// An alternate and its codec.
pub(crate) fn alternate(plan: &Plan, id: AlternateId, out: &mut Printer) {
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
            true => code!(ty => (::std::boxed::Box<#ty>)),
            false => code!(ty => (#ty)),
        });
        code!(docs, when, name, data => #docs #when #name #data,)
    });
    let variants: Code = variants.collect();
    let conversions = choices
        .iter()
        .map(|choice| conversions(choice, ident, presence));
    let conversions: Code = conversions.collect();
    let decode = decode(plan, &choices, &alternate.name);
    let encode = choices.iter().map(|choice| {
        let (when, name) = (&choice.presence, &choice.ident);
        match choice.ty {
            Some(_) => code! {
                when, name, types =>
                #when Self::#name(value) => #types::codec::Encode::encode(value, w),
            },
            None => code!(when, name => #when Self::#name => w.null(),),
        }
    });
    let encode: Code = encode.collect();

    out.items(&code! {
        docs, attributes, ident, variants, types, conversions, presence, decode, encode =>
        #docs
        #attributes
        #[non_exhaustive]
        pub enum #ident {
            #variants
            /// A choice of a newer or older release.
            Unrecognized(#types::Value),
        }

        #conversions

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
                    #encode
                    Self::Unrecognized(value) => #types::codec::Encode::encode(value, w),
                }
            }
        }
    });
}

/// The alternate from the value of a choice.
fn conversions(choice: &Alternative, ident: &Ident, presence: &Presence) -> Option<Code> {
    let ty = choice.ty.as_ref()?;
    let name = &choice.ident;
    let when = presence.clone().and(choice.presence.clone());
    let value = match choice.boxed {
        true => code!(::std::boxed::Box::new(value)),
        false => code!(value),
    };
    let from_str = matches!(ty, Ty::String).then(|| {
        code! {
            when, ident, name =>
            #when
            impl ::core::convert::From<&str> for #ident {
                #[inline]
                fn from(value: &str) -> Self {
                    Self::#name(value.into())
                }
            }
        }
    });
    Some(code! {
        when, ty, ident, name, value, from_str =>
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
fn decode(plan: &Plan, choices: &[Alternative], alternate: &str) -> Code {
    let types = &plan.types;
    let taken = choices.iter().map(|choice| {
        let (when, name) = (&choice.presence, &choice.ident);
        let kind = Ident::written(choice.kind);
        let value = match choice.ty {
            Some(_) => code!(types, name => #types::codec::Decode::decode(r).map(Self::#name)),
            None => code!(name => r.null().map(|()| Self::#name)),
        };
        code!(when, types, kind, value => #when #types::codec::Kind::#kind => #value,)
    });
    let taken: Code = taken.collect();
    let other =
        code!(types, alternate => #types::codec::other_kind(#alternate, r).map(Self::Unrecognized));
    let others = if choices.len() + 1 < KINDS.len() {
        code!(other => _ => #other,)
    } else {
        // What stands for one kind only, or perhaps for none, must not be a wildcard: lints find fault with it.
        let left = KINDS.iter().map(|kind| {
            let choice = choices.iter().find(|choice| choice.kind == *kind);
            let taken = choice.map_or(Presence::Never, |choice| choice.presence.clone());
            (taken.not(), Ident::written(kind))
        });
        let left = left.filter(|(when, _)| *when != Presence::Never);
        let arms = left.map(|(when, kind)| {
            code!(when, types, kind, other => #when #types::codec::Kind::#kind => #other,)
        });
        arms.collect()
    };
    code! {
        taken, others =>
        #taken
        #others
    }
}
