//! The codec of structs.

use super::{Part, allow_deprecated, marks};
use crate::rust::names::Ident;
use crate::rust::plan::{Demand, LastWith, Plan, Record, Rest, Ty, Union};
use proc_macro2::{Literal, TokenStream};
use quote::quote;

/// `impl Members` of a struct.
pub(super) fn codec(plan: &Plan, record: &Record, is_default: bool) -> TokenStream {
    let (types, ident, presence) = (&plan.types, &record.ident, &record.presence);
    let allow_deprecated = allow_deprecated(record.has_deprecated());
    let allow_unused = allow_unused(record);
    let mandatory = demanded(plan, record, Demand::Always, "MANDATORY");
    let late = demanded(plan, record, Demand::Strict, "LATE");
    let blank = blank(plan, record, is_default);
    let member = member(plan, record);
    // Parameters that nothing uses say so.
    let (key, seen, r, w) = match record.is_empty() {
        true => (quote!(_), quote!(_), quote!(_), quote!(_)),
        false => (quote!(key), quote!(seen), quote!(r), quote!(w)),
    };
    let finish = record
        .union
        .as_ref()
        .map(|union| finish(plan, record, union));
    let put = put(plan, record);

    quote! {
        #presence
        #allow_deprecated
        #allow_unused
        impl #types::codec::Members for #ident {
            #mandatory
            #late

            #[inline]
            fn blank() -> Self {
                #blank
            }

            #[inline]
            fn member(
                &mut self,
                #key: &str,
                #seen: &mut #types::codec::Seen,
                #r: &mut #types::Reader<'_>
            ) -> #types::Result<()> {
                #member
            }

            #finish

            #[inline]
            fn put(&self, #w: &mut #types::Writer<'_>) {
                #put
            }
        }
    }
}

/// Conditions may take away all members.
fn allow_unused(record: &Record) -> Option<TokenStream> {
    let mut members = record.members.iter();
    let all = members.len() > 0 && members.all(|field| field.presence.is_conditional());
    (all && record.union.is_none()).then(|| quote!(#[allow(unused_variables)]))
}

/// The members of which that is demanded, as a constant.
fn demanded(plan: &Plan, record: &Record, demand: Demand, constant: &str) -> Option<Part> {
    let (types, constant) = (&plan.types, Ident::written(constant));
    let members = record.members.iter().enumerate();
    let members = members.filter(|(index, _)| record.demand(*index) == demand);
    let rows = members.map(|(index, field)| {
        let (when, name) = (&field.presence, field.member.name.as_str());
        let place = Literal::usize_unsuffixed(index);
        part!(#when (#place, #name))
    });
    let rows: Vec<Part> = rows.collect();
    (!rows.is_empty()).then(|| {
        part! {
            const #constant: #types::codec::Demanded = &[#(#rows),*];
        }
    })
}

/// A value that is read over.
fn blank(plan: &Plan, record: &Record, is_default: bool) -> Part {
    let types = &plan.types;
    if is_default {
        return part!(Self::new());
    }
    let mut values = Vec::new();
    for field in record.fields() {
        let (when, name) = (&field.presence, &field.ident);
        let value = match (field.is_option(), field.boxed, &field.ty) {
            (true, ..) => quote!(None),
            (false, false, Ty::Primitive(name)) => match &**name {
                "bool" => quote!(false),
                "f64" => quote!(0.0),
                _ => quote!(0),
            },
            (false, false, Ty::String) => quote!(::std::string::String::new()),
            (false, false, Ty::Vec(_)) => quote!(::std::vec::Vec::new()),
            _ => quote!(#types::codec::Decode::blank()),
        };
        values.push(part!(#when #name: #value));
    }
    if let Some(union) = &record.union {
        let (name, branch) = (&union.ident, &union.branch);
        values.push(part! {
            #name: #branch::Unrecognized {
                tag: #types::Unrecognized::blank(),
                members: #types::Object::new(),
            }
        });
    }
    if let Some(rest) = &record.rest {
        let (name, ty) = (&rest.ident, rest_type(plan, rest));
        values.push(part!(#name: #ty::new()));
    }
    part!(Self { #(#values),* })
}

/// Reads a member if it is one.
fn member(plan: &Plan, record: &Record) -> Part {
    let types = &plan.types;
    if record.is_empty() {
        return part!(Ok(()));
    }
    let rest = record.rest.as_ref().map(|rest| {
        let field = &rest.ident;
        match rest.setter {
            Some(_) => part!(#types::codec::open(&mut self.#field, key, seen, r)),
            None => part!(#types::codec::keep(&mut self.#field, key, seen, r)),
        }
    });
    let count = Literal::usize_unsuffixed(record.members.len());
    let arms = record.members.iter().enumerate().map(|(index, field)| {
        let (when, name, value) = (&field.presence, field.member.name.as_str(), &field.ident);
        let place = Literal::usize_unsuffixed(index);
        let last = field.last.map(LastWith::numbers);
        let if_known = last.map(|last| part!(if #types::codec::has_until(#last, r)));
        let read = match &record.union {
            Some(union) if union.tag == index => {
                let branch = &union.ident;
                part!(#types::codec::tag(&mut self.#branch, (#place, #count), seen, r))
            }
            _ if field.is_option() => {
                part!(#types::codec::get_opt(&mut self.#value, #place, seen, r))
            }
            _ => part!(#types::codec::get(&mut self.#value, #place, seen, r)),
        };
        part!(#when #name #if_known => #read,)
    });
    let branch = record.union.as_ref().map(|union| {
        let (field, tag) = (&union.ident, union.variants.tag.as_str());
        part!(#types::codec::branch_member(&mut self.#field, (#tag, #count), key, seen, r))
    });
    let other = match (branch, rest) {
        (None, Some(rest)) if record.members.is_empty() => return rest,
        (Some(branch), None) => part!(_ => #branch,),
        (Some(branch), Some(rest)) => part! {
            _ => {
                #branch?;
                #rest
            }
        },
        (None, Some(rest)) => part!(_ => #rest,),
        (None, None) => part!(_ => Ok(()),),
    };
    part! {
        match key {
            #(#arms)*
            #other
        }
    }
}

/// Ends reading a union.
fn finish(plan: &Plan, record: &Record, union: &Union) -> Part {
    let (types, field) = (&plan.types, &union.ident);
    let count = Literal::usize_unsuffixed(record.members.len());
    let branch = match union.untagged {
        true => {
            let (place, tag) = (Literal::usize_unsuffixed(union.tag), &union.variants.tag);
            let tag = tag.as_str();
            part! {
                #types::codec::branch_finish_untagged(
                    &mut self.#field,
                    (#place, #tag, #count),
                    seen,
                    r
                );
            }
        }
        false => part!(#types::codec::branch_finish(&mut self.#field, #count, seen, r);),
    };
    part! {
        #[inline]
        fn finish(&mut self, seen: &mut #types::codec::Seen, r: &#types::Reader<'_>) {
            seen.demand::<Self>(r);
            #branch
        }
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
