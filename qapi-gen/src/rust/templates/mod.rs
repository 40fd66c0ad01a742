//! What generated code looks like: a module for each construct of the language. Templates read the plan and decide nothing.
//! Definitions are printed an item at a time.

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

use super::code::Path;
use super::condition::Presence;
use super::docs::Source;
use super::names::Ident;
use super::plan::{Item, Module, Place, Plan, RestKind};
use super::template::{Piece, code_of, commas};
use crate::model::{Features, ObjectId, ObjectKind};
use crate::print::{Code, Printer};

/// A struct, and the enum of its branches if it is a union.
pub(crate) fn object(plan: &Plan, id: ObjectId, out: &mut Printer) {
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
    structs::structure(plan, &record, &Source::from(object), note, out);
    if let Some(variants) = &object.variants {
        unions::branch_enum(plan, id, variants, out);
    }
}

/// Everything of another module.
pub(crate) fn glob_import(module: &Path) -> Code {
    code! {
        module =>
        #[allow(unused_imports)]
        pub use #module::*;
    }
}

/// Makes items of other modules available here, from their module of that name if there is one.
pub(crate) fn re_exports<'a>(module: Option<&str>, items: impl Iterator<Item = &'a Item>) -> Code {
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
    let module = module.map(Ident::written);
    let module = module.map(|module| code!(module => ::#module));
    let uses = of_path.into_iter().map(|(path, mut idents)| {
        idents.sort();
        let idents = commas(idents);
        code! {
            path, module, idents =>
            // A private module may use only some.
            #[allow(deprecated, unused_imports)]
            pub use #path #module::{#idents};
        }
    });
    uses.collect()
}

/// What is the same for every type of a kind: traits that a macro of the codec's crate implements.
pub(crate) fn registered<'a>(
    plan: &Plan,
    name: &str,
    items: impl Iterator<Item = &'a Item> + Clone,
) -> Code {
    let types = &plan.types;
    let name = Ident::written(name);
    let here = items.filter(|item| item.is_here());
    let (conditional, plain): (Vec<&Item>, Vec<&Item>) =
        here.partition(|item| item.presence().is_conditional());
    let plain = commas(plain.iter().map(|item| &item.ident));
    let plain = (!plain.is_empty()).then(|| code!(types, name, plain => #types::#name!(#plain);));
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
    let under = under.into_iter().map(|(presence, idents)| {
        let idents = commas(idents);
        code!(presence, types, name, idents => #presence #types::#name!(#idents);)
    });
    let under: Code = under.collect();
    code!(plain, under => #plain #under)
}

/// A derive, or the path of one. Every type has some, which are names: without the memory of a [`Path`].
struct Derive<'d>(&'d str);

impl Piece for Derive<'_> {
    fn put(&self, code: &mut Code) {
        match self.0.contains("::") {
            true => Path::new(self.0).put(code),
            false => code.path(self.0),
        }
    }
}

/// The condition, derives and attributes of an item, by its name in the schema.
fn attributes(plan: &Plan, name: &str, derives: &[&str], presence: &Presence) -> Code {
    let (more, attributes) = plan.extra_attributes(name);
    let mut all = derives.to_vec();
    for derive in more.into_iter().flat_map(|list| list.split(',')) {
        let derive = derive.trim();
        if !all.contains(&derive) {
            all.push(derive);
        }
    }
    let derives = commas(all.into_iter().map(Derive));
    let attributes: Code = attributes.into_iter().map(code_of).collect();
    code! {
        presence, derives, attributes =>
        #presence
        #[derive(#derives)]
        #attributes
    }
}

/// Code may touch what is deprecated for its users.
fn allow_deprecated(deprecated: bool) -> Option<Code> {
    deprecated.then(|| code!(#[allow(deprecated)]))
}

/// The features that tell against using something, as an expression; `None` if there are none.
fn marks(features: &Features) -> Option<Code> {
    let names = features.iter().map(|feature| feature.name.as_str());
    let marks = commas(names.filter(|name| matches!(*name, "deprecated" | "unstable")));
    (!marks.is_empty()).then(|| code!(marks => &[#marks]))
}
