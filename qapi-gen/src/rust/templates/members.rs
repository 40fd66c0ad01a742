//! The codec of structs.

use super::{Part, allow_deprecated, marks};
use crate::rust::condition::Presence;
use crate::rust::names::Ident;
use crate::rust::plan::{Demand, LastWith, Plan, Record, Rest};
use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};

/// What was read of a struct so far: a tuple, or a struct of its own if some elements are conditional, which a tuple's cannot be.
struct Partial<'r> {
    record: &'r Record<'r>,
    is_struct: bool,
    /// The fields of such a struct, and the variables that a partial is taken apart into.
    names: Vec<proc_macro2::Ident>,
    /// Where they are in the partial `p`: the fault, the members, and what is read beside them.
    slots: Vec<TokenStream>,
    /// What is read beside the members: name, type, and what it is at first.
    others: Vec<(Ident, TokenStream, TokenStream)>,
}

impl<'r> Partial<'r> {
    fn new(plan: &Plan, record: &'r Record<'r>) -> Partial<'r> {
        let types = &plan.types;
        let mut others = Vec::new();
        if let Some(union) = &record.union {
            let partial = &union.partial;
            let ty = quote!(#types::codec::Branch<#partial>);
            let unknown = quote!(#types::codec::Branch::Unknown);
            others.push((Ident::written("branch"), ty, unknown));
        }
        if let Some(rest) = &record.rest {
            let ty = rest_type(plan, rest);
            let new = quote!(#ty::new());
            others.push((Ident::written("rest"), ty, new));
        }
        let is_struct = record
            .members
            .iter()
            .any(|field| field.presence.is_conditional());
        let names: Vec<_> = (0..record.members.len())
            .map(|index| format_ident!("m{index}"))
            .collect();
        let slots = match is_struct {
            true => {
                let members = names.iter().map(|name| quote!(p.#name));
                let others = others.iter().map(|(name, ..)| quote!(p.#name));
                std::iter::once(quote!(p.fault))
                    .chain(members)
                    .chain(others)
                    .collect()
            }
            false => {
                let indices = (0..=names.len() + others.len()).map(Literal::usize_unsuffixed);
                indices.map(|index| quote!(p.#index)).collect()
            }
        };
        Partial {
            record,
            is_struct,
            names,
            slots,
            others,
        }
    }

    fn fault(&self) -> &TokenStream {
        &self.slots[0]
    }

    /// The place of a member.
    fn member(&self, index: usize) -> &TokenStream {
        &self.slots[1 + index]
    }

    /// The place of the branch.
    fn branch(&self) -> &TokenStream {
        &self.slots[1 + self.names.len()]
    }

    /// The place of the members that the schema does not list.
    fn rest(&self) -> &TokenStream {
        &self.slots[self.slots.len() - 1]
    }

    fn conditions(&self) -> impl Iterator<Item = &'r Presence> {
        self.record.members.iter().map(|field| &field.presence)
    }

    /// The struct, if it needs one, and the associated type.
    fn declaration(&self, plan: &Plan) -> (Option<Part>, Part) {
        let (types, ident) = (&plan.types, &self.record.partial);
        let (names, when) = (&self.names, self.conditions());
        let stored = self.record.members.iter().map(|field| field.stored());
        let other_names = self.others.iter().map(|(name, ..)| name);
        let other_types = self.others.iter().map(|(_, ty, _)| ty);
        if !self.is_struct {
            let tuple = part! {
                type Partial = (
                    #types::codec::Fault
                    #(, ::core::option::Option<#stored>)*
                    #(, #other_types)*
                );
            };
            return (None, tuple);
        }
        let presence = &self.record.presence;
        let partial = part! {
            #[doc(hidden)]
            #[allow(missing_debug_implementations)]
            #presence
            pub struct #ident {
                fault: #types::codec::Fault,
                #(#when #names: ::core::option::Option<#stored>,)*
                #(#other_names: #other_types,)*
            }
        };
        (Some(partial), part!(type Partial = #ident;))
    }

    /// The partial at first.
    fn begin(&self, plan: &Plan) -> Part {
        let (types, ident, names) = (&plan.types, &self.record.partial, &self.names);
        let other_names = self.others.iter().map(|(name, ..)| name);
        let first = self.others.iter().map(|(.., first)| first);
        if self.is_struct {
            let when = self.conditions();
            part! {
                #ident {
                    fault: #types::codec::Fault::new()
                    #(, #when #names: None)*
                    #(, #other_names: #first)*
                }
            }
        } else {
            let none = names.iter().map(|_| quote!(None));
            part!((#types::codec::Fault::new() #(, #none)* #(, #first)*))
        }
    }

    /// The pattern that a partial has in which nothing is wrong or missing.
    fn whole(&self, plan: &Plan) -> Part {
        let (types, ident) = (&plan.types, &self.record.partial);
        let other_names = self.others.iter().map(|(name, ..)| name);
        let members = self.names.iter().zip(&self.record.members).enumerate();
        let members = members.map(|(index, (name, field))| {
            let when = &field.presence;
            match (self.record.demand(index), self.is_struct) {
                (Demand::Always, true) => part!(#when #name: Some(#name)),
                (Demand::Always, false) => part!(Some(#name)),
                _ => part!(#when #name),
            }
        });
        match self.is_struct {
            true => part! {
                #ident { fault: #types::codec::Fault(None) #(, #members)* #(, #other_names)* }
            },
            false => part!((#types::codec::Fault(None) #(, #members)* #(, #other_names)*)),
        }
    }
}

/// `impl Members` of a struct.
pub(super) fn codec(plan: &Plan, record: &Record) -> TokenStream {
    let (types, ident, presence) = (&plan.types, &record.ident, &record.presence);
    if record.is_empty() {
        return of_nothing(plan, record);
    }
    let partial = Partial::new(plan, record);
    let (declaration, associated) = partial.declaration(plan);
    let allow_deprecated = allow_deprecated(record.has_deprecated());
    let allow_nothing_left = allow_nothing_left(record);
    let begin = partial.begin(plan);
    let member = member(plan, &partial);
    let expect = record
        .members
        .iter()
        .enumerate()
        .filter_map(|(index, field)| {
            let (slot, fault) = (partial.member(index), partial.fault());
            let (when, name) = (&field.presence, field.member.name.as_str());
            let number = Literal::usize_unsuffixed(index);
            let strict = record.demand(index) == Demand::Strict;
            strict.then(
                || part!(#when #types::codec::expect(&#slot, &mut #fault, #number, #name, r);),
            )
        });
    let expect: Vec<Part> = expect.collect();
    let mutable = (!expect.is_empty()).then(|| quote!(mut));
    let finish = finish(plan, &partial);
    let put = put(plan, record);

    quote! {
        #declaration

        #presence
        #allow_deprecated
        #allow_nothing_left
        impl #types::codec::Members for #ident {
            #associated

            #[inline]
            fn begin() -> Self::Partial {
                #begin
            }

            #[inline]
            fn member(
                p: &mut Self::Partial,
                key: &str,
                r: &mut #types::Reader<'_>
            ) -> #types::Result<bool> {
                #member
            }

            #[inline]
            fn finish(#mutable p: Self::Partial, r: &#types::Reader<'_>) -> #types::Result<Self> {
                #(#expect)*
                #finish
            }

            #[inline]
            fn put(&self, w: &mut #types::Writer<'_>) {
                #put
            }
        }
    }
}

/// The same for a struct that has nothing in it.
fn of_nothing(plan: &Plan, record: &Record) -> TokenStream {
    let (types, ident, presence) = (&plan.types, &record.ident, &record.presence);
    quote! {
        #presence
        impl #types::codec::Members for #ident {
            type Partial = ();

            #[inline]
            fn begin() -> Self::Partial {}

            #[inline]
            fn member(
                (): &mut Self::Partial,
                _: &str,
                _: &mut #types::Reader<'_>
            ) -> #types::Result<bool> {
                Ok(false)
            }

            #[inline]
            fn finish((): Self::Partial, _: &#types::Reader<'_>) -> #types::Result<Self> {
                Ok(Self {})
            }

            #[inline]
            fn put(&self, _: &mut #types::Writer<'_>) {}
        }
    }
}

/// Conditions may take away all members, or all that are mandatory.
fn allow_nothing_left(record: &Record) -> Option<TokenStream> {
    let goes = |index: usize| record.members[index].presence.is_conditional();
    let mut all = 0..record.members.len();
    let demanded = |&index: &usize| record.demand(index) == Demand::Always;
    let mut mandatory = all.clone().filter(demanded).peekable();
    let mut lints = Vec::new();
    if mandatory.peek().is_some() && mandatory.all(goes) {
        lints.push(quote!(irrefutable_let_patterns));
    }
    if record.union.is_none() && record.rest.is_none() && all.all(goes) {
        lints.push(quote!(unused_variables));
    }
    (!lints.is_empty()).then(|| quote!(#[allow(#(#lints),*)]))
}

/// Reads a member if it is one.
fn member(plan: &Plan, partial: &Partial) -> Part {
    let (types, record) = (&plan.types, partial.record);
    let rest = record.rest.as_ref().map(|rest| {
        let slot = partial.rest();
        match rest.setter {
            Some(_) => part!(#types::codec::open(&mut #slot, key, r)),
            None => part!(#types::codec::keep(&mut #slot, key, r)),
        }
    });
    let arms = record.members.iter().enumerate().map(|(index, field)| {
        let (slot, fault) = (partial.member(index), partial.fault());
        let (when, name) = (&field.presence, field.member.name.as_str());
        let number = Literal::usize_unsuffixed(index);
        match field.last.map(LastWith::numbers) {
            None => {
                part!(#when #name => #types::codec::get(&mut #slot, &mut #fault, #number, #name, r),)
            }
            Some(last) => part! {
                #when #name => {
                    #types::codec::get_until(#last, &mut #slot, &mut #fault, #number, #name, r)
                }
            },
        }
    });
    let branch = record.union.as_ref().map(|union| {
        let (ty, tag) = (&union.branch, union.variants.tag.as_str());
        let (slot, tag_slot) = (partial.branch(), partial.member(union.tag));
        part!(#types::codec::branch_member::<#ty>(&mut #slot, &#tag_slot, #tag, key, r))
    });
    let other = match (branch, rest) {
        (None, Some(rest)) if record.members.is_empty() => return rest,
        (Some(branch), None) => part!(_ => #branch,),
        (Some(branch), Some(rest)) => part! {
            _ => {
                let taken = #branch?;
                Ok(taken || #rest?)
            }
        },
        (None, Some(rest)) => part!(_ => #rest,),
        (None, None) => part!(_ => Ok(false),),
    };
    part! {
        match key {
            #(#arms)*
            #other
        }
    }
}

/// Takes the partial apart, and makes the struct of it; if something is wrong or something mandatory is missing, says so. One way
/// out, while the partial is whole, costs the compiler far less than several.
fn finish(plan: &Plan, partial: &Partial) -> Part {
    let (types, record) = (&plan.types, partial.record);
    let (whole, fault) = (partial.whole(plan), partial.fault());
    let members = record.members.iter().enumerate();
    let mandatory = members.filter_map(|(index, field)| {
        let slot = partial.member(index);
        let (when, name) = (&field.presence, field.member.name.as_str());
        let number = Literal::usize_unsuffixed(index);
        let demanded = record.demand(index) == Demand::Always;
        demanded.then(|| part!(#when (#slot.is_none(), #number, #name)))
    });
    let mandatory: Vec<Part> = mandatory.collect();
    let (let_members, members) = match mandatory.is_empty() {
        true => (None, part!(&[])),
        false => (
            Some(part!(let members = &[#(#mandatory),*];)),
            part!(members),
        ),
    };

    let mut values = Vec::new();
    for (index, (field, variable)) in record.members.iter().zip(&partial.names).enumerate() {
        let (when, name) = (&field.presence, &field.ident);
        if !record.is_tag(index) {
            values.push(match **name == *variable.to_string() {
                true => part!(#when #name),
                false => part!(#when #name: #variable),
            });
        }
    }
    if let Some(union) = &record.union {
        let (name, tag) = (&union.ident, &partial.names[union.tag]);
        let wire_tag = union.variants.tag.as_str();
        values.push(match union.untagged {
            true => part! {
                #name: #types::codec::branch_finish_untagged(branch, #tag.as_ref(), #wire_tag, r)?
            },
            false => part!(#name: #types::codec::branch_finish(branch, &#tag, r)?),
        });
    }
    if let Some(rest) = &record.rest {
        let name = &rest.ident;
        values.push(part!(#name: rest));
    }
    part! {
        let #whole = p else {
            #let_members
            return Err(#types::codec::incomplete(#fault, #members, r));
        };
        Ok(Self { #(#values),* })
    }
}

/// Writes the members.
fn put(plan: &Plan, record: &Record) -> Part {
    let types = &plan.types;
    let members = record.members.iter().enumerate().map(|(index, field)| {
        let (when, name, value) = (&field.presence, field.member.name.as_str(), &field.ident);
        if record.is_tag(index) {
            return put_tag(plan, record);
        }
        let marks = marks(&field.member.features);
        let put = match (field.is_option(), &marks) {
            (true, None) => quote!(put_opt),
            (false, None) => quote!(put),
            (true, Some(_)) => quote!(put_opt_marked),
            (false, Some(_)) => quote!(put_marked),
        };
        let marks = marks.into_iter();
        part!(#when #types::codec::#put(w, #name, &self.#value #(, #marks)*);)
    });
    let branch = record.union.as_ref().map(|union| {
        let field = &union.ident;
        part!(#types::codec::Branches::put(&self.#field, w);)
    });
    let rest = record.rest.as_ref().map(|rest| {
        let field = &rest.ident;
        let known = record
            .members
            .iter()
            .map(|field| field.member.name.as_str());
        match rest.setter {
            Some(_) => part!(#types::codec::put_rest(w, &self.#field, &[#(#known),*]);),
            None => part!(#types::codec::put_kept(w, &self.#field);),
        }
    });
    part! {
        #(#members)*
        #branch
        #rest
    }
}

fn put_tag(plan: &Plan, record: &Record) -> Part {
    let types = &plan.types;
    let Some(union) = &record.union else {
        return Part::default();
    };
    let (field, name, branch) = (&union.ident, union.variants.tag.as_str(), &union.branch);
    let put = part!(#types::codec::put_tag(w, #name, &self.#field););
    match union.untagged {
        true => part! {
            if !::core::matches!(self.#field, #branch::Untagged(..)) {
                #put
            }
        },
        false => put,
    }
}

/// The type of the field for members that the schema does not list.
pub(super) fn rest_type(plan: &Plan, rest: &Rest) -> TokenStream {
    let types = &plan.types;
    match rest.setter {
        Some(_) => quote!(#types::Object),
        None => quote!(#types::UnrecognizedMembers),
    }
}
