//! Commands.

use super::structs::{DERIVES, delegates, deprecations, structure};
use super::{attributes, lints};
use crate::model::{CommandId, Features, ObjectId, Type};
use crate::print::{Code, Printer};
use crate::rust::docs::Source;
use crate::rust::plan::{Item, Module, Plan, RestKind};
use crate::rust::template::commas;

/// A command: a struct of its arguments, and what tells that it is a command.
pub(crate) fn command(plan: &Plan, id: CommandId, out: &mut Printer) {
    let command = plan.schema.command(id);
    let item = plan.command_item(id);
    let source = Source::from(command);
    // Without any argument the handler is registered by hand for other reasons.
    let open = !command.gen_ && command.arguments.is_some();
    match plan.named(command.arguments) {
        Some(arguments) if !open => out.items(&newtype(plan, item, arguments, &source)),
        _ => {
            let (rest, note) = match open {
                true => (
                    RestKind::Open,
                    "Members that the schema does not list are accepted.",
                ),
                false => (RestKind::None, ""),
            };
            let record = plan.record(command.arguments, item, Module::Inner, rest);
            structure(plan, &record, &source, note, out);
        }
    }

    let (types, ident, presence) = (&plan.types, &item.ident, item.presence());
    let name = command.name.as_str();
    let reply = match command.returns {
        Some(ty) => {
            let ty = plan.ty(ty, Module::Inner);
            code!(ty => #ty)
        }
        None => code!(types => #types::Empty),
    };
    let allow_oob = command.allow_oob.then(|| {
        code!(
            const ALLOW_OOB: bool = true;
        )
    });
    let allow_preconfig = command.allow_preconfig.then(|| {
        code!(
            const ALLOW_PRECONFIG: bool = true;
        )
    });
    let success_response = (!command.success_response).then(|| {
        code!(
            const SUCCESS_RESPONSE: bool = false;
        )
    });
    let features = features(&command.features);
    out.items(&code! {
        presence, types, ident, reply, name, allow_oob, allow_preconfig, success_response, features
        =>
        #presence
        impl #types::Command for #ident {
            type Reply = #reply;
            const NAME: &'static str = #name;
            #allow_oob
            #allow_preconfig
            #success_response
            #features
        }
    });
}

/// The features of a command or event as a constant.
pub(super) fn features(features: &Features) -> Option<Code> {
    let names = features.iter().map(|feature| feature.name.as_str());
    let names = commas(names);
    (!names.is_empty())
        .then(|| code!(names => const FEATURES: &'static [&'static str] = &[#names];))
}

/// A struct around the type that the schema names: other commands may name it too.
pub(super) fn newtype(plan: &Plan, item: &Item, id: ObjectId, source: &Source) -> Code {
    let (types, ident, presence) = (&plan.types, &item.ident, item.presence());
    let inner = plan.ty(Type::Object(id), Module::Inner);
    let docs = plan.document(source, "", Module::Inner);
    let attributes = attributes(plan, source.name, DERIVES, presence);
    let (deprecation, new_deprecation) = deprecations(source);
    let allow_new = lints::allow_new(ident);
    // One name for two types: who has to build one to wrap it in the other is confused.
    let same_name = *ident == plan.object_item(id).ident;
    let delegates = same_name.then(|| {
        let record = plan.record(Some(id), item, Module::Inner, RestKind::None);
        delegates(&record, &inner, new_deprecation.as_ref())
    });
    let methods = delegates.flatten().unwrap_or_else(|| {
        code! {
            new_deprecation, allow_new, inner =>
            /// With these members.
            #new_deprecation
            #[must_use]
            #allow_new
            pub fn new(members: impl ::core::convert::Into<#inner>) -> Self {
                Self(members.into())
            }
        }
    });
    // A way around the constructor would be one around its warning.
    let (non_exhaustive, from) = match new_deprecation {
        Some(_) => (Some(code!(#[non_exhaustive])), None),
        None => (
            None,
            Some(code! {
                presence, inner, ident =>
                #presence
                impl ::core::convert::From<#inner> for #ident {
                    #[inline]
                    fn from(members: #inner) -> Self {
                        Self(members)
                    }
                }
            }),
        ),
    };
    code! {
        docs, attributes, deprecation, non_exhaustive, ident, inner, presence, methods, from, types
        =>
        #docs
        #attributes
        #deprecation
        #non_exhaustive
        pub struct #ident(pub #inner);

        #presence
        impl #ident {
            #methods
        }

        #from

        #presence
        impl #types::codec::Members for #ident {
            #[inline]
            fn blank() -> Self {
                Self(#types::codec::Members::blank())
            }

            #[inline]
            fn member(
                &mut self,
                key: &str,
                seen: &mut #types::codec::Seen,
                r: &mut #types::Reader<'_>
            ) -> #types::Result<()> {
                <#inner as #types::codec::Members>::member(&mut self.0, key, seen, r)
            }

            #[inline]
            fn finish(&mut self, seen: &mut #types::codec::Seen, r: &#types::Reader<'_>) {
                <#inner as #types::codec::Members>::finish(&mut self.0, seen, r);
            }

            #[inline]
            fn put(&self, w: &mut #types::Writer<'_>) {
                <#inner as #types::codec::Members>::put(&self.0, w);
            }
        }
    }
}
