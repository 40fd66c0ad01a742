//! What generated code looks like: a module for each construct of the language. Templates read the plan and decide nothing.

/// As `quote!`, for what becomes part of another template.
macro_rules! part {
    ($($tokens:tt)*) => {
        $crate::rust::templates::Part::from(::quote::quote!($($tokens)*))
    };
}

mod alternates;
mod commands;
mod enums;
mod events;
#[cfg(feature = "service")]
mod introspection;
mod lints;
mod members;
#[cfg(feature = "service")]
mod service;
mod structs;
mod tables;
mod unions;

pub(crate) use alternates::alternate;
pub(crate) use commands::command;
pub(crate) use enums::enumeration;
pub(crate) use events::{event, event_enum};
#[cfg(feature = "service")]
pub(crate) use introspection::introspection;
#[cfg(feature = "service")]
pub(crate) use service::service;
pub(crate) use tables::tables;

use super::code::{Path, tokens_of};
use super::condition::Presence;
use super::docs::Source;
use super::names::Ident;
use super::plan::{Item, Module, Place, Plan, RestKind};
use crate::model::{Features, ObjectId, ObjectKind};
use proc_macro2::{Delimiter, Group, TokenStream};
use quote::{ToTokens, TokenStreamExt, quote};
use std::cell::Cell;

/// Tokens that are put into one place: they are moved there as a whole, while of a `TokenStream` each token is copied.
#[derive(Default)]
struct Part(Cell<TokenStream>);

impl From<TokenStream> for Part {
    fn from(tokens: TokenStream) -> Part {
        Part(Cell::new(tokens))
    }
}

impl ToTokens for Part {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let part = self.0.take();
        if !part.is_empty() {
            tokens.append(Group::new(Delimiter::None, part));
        }
    }
}

/// A struct, and the enum of its branches if it is a union.
pub(crate) fn object(plan: &Plan, id: ObjectId) -> TokenStream {
    let object = plan.schema.object(id);
    let note = match object.kind {
        ObjectKind::Wrapper => "What a branch of a union without discriminator holds.",
        _ => "",
    };
    let rest = match plan.is_received(id) {
        true => RestKind::Kept,
        false => RestKind::None,
    };
    let record = plan.record(Some(id), plan.object_item(id), Module::Root, rest);
    let mut items = structs::structure(plan, &record, &Source::from(object), note);
    items.extend(unions::branch_enum(plan, id));
    items
}

/// Everything of another module.
pub(crate) fn glob_import(module: &Path) -> TokenStream {
    quote! {
        #[allow(unused_imports)]
        pub use #module::*;
    }
}

/// Makes items of other modules available here, from their module of that name if there is one.
pub(crate) fn re_exports<'a>(
    module: Option<&str>,
    items: impl Iterator<Item = &'a Item>,
) -> TokenStream {
    let mut of_path: Vec<(&Path, Vec<&Ident>)> = Vec::new();
    for item in items {
        let Place::Elsewhere(path) = &item.place else {
            continue;
        };
        match of_path.iter_mut().find(|(other, _)| *other == path) {
            Some((_, idents)) => idents.push(&item.ident),
            None => of_path.push((path, vec![&item.ident])),
        }
    }
    of_path.sort();
    let module: Vec<Ident> = module.map(Ident::written).into_iter().collect();
    let uses = of_path.into_iter().map(|(path, mut idents)| {
        idents.sort();
        quote! {
            // A private module may use only some.
            #[allow(deprecated, unused_imports)]
            pub use #path::#(#module::)*{#(#idents),*};
        }
    });
    uses.collect()
}

/// What is the same for every type of a kind: traits that a macro of the codec's crate implements.
pub(crate) fn registered<'a>(
    plan: &Plan,
    name: &str,
    items: impl Iterator<Item = &'a Item> + Clone,
) -> TokenStream {
    let types = &plan.types;
    let name = Ident::written(name);
    let here = items.filter(|item| item.is_here());
    let (conditional, plain): (Vec<&Item>, Vec<&Item>) =
        here.partition(|item| item.presence().is_conditional());
    let plain: Vec<&Ident> = plain.iter().map(|item| &item.ident).collect();
    let plain = (!plain.is_empty()).then(|| quote!(#types::#name!(#(#plain),*);));
    let mut under: Vec<(&Presence, Vec<&Ident>)> = Vec::new();
    for item in conditional {
        match under
            .iter_mut()
            .find(|(presence, _)| *presence == item.presence())
        {
            Some((_, idents)) => idents.push(&item.ident),
            None => under.push((item.presence(), vec![&item.ident])),
        }
    }
    let under = under
        .into_iter()
        .map(|(presence, idents)| quote!(#presence #types::#name!(#(#idents),*);));
    quote! {
        #plain
        #(#under)*
    }
}

/// The condition, derives and attributes of an item, by its name in the schema.
fn attributes(plan: &Plan, name: &str, derives: &[&str], presence: &Presence) -> Part {
    let (more, attributes) = plan.extra_attributes(name);
    let mut all = derives.to_vec();
    for derive in more.into_iter().flat_map(|list| list.split(',')) {
        let derive = derive.trim();
        if !all.contains(&derive) {
            all.push(derive);
        }
    }
    let derives = all.into_iter().map(Path::new);
    let attributes = attributes.into_iter().map(tokens_of);
    part! {
        #presence
        #[derive(#(#derives),*)]
        #(#attributes)*
    }
}

/// Code may touch what is deprecated for its users.
fn allow_deprecated(deprecated: bool) -> Option<TokenStream> {
    deprecated.then(|| quote!(#[allow(deprecated)]))
}

/// The features that tell against using something, as an expression; `None` if there are none.
fn marks(features: &Features) -> Option<TokenStream> {
    let names = features.iter().map(|feature| feature.name.as_str());
    let marks: Vec<&str> = names
        .filter(|name| matches!(*name, "deprecated" | "unstable"))
        .collect();
    (!marks.is_empty()).then(|| quote!(&[#(#marks),*]))
}
