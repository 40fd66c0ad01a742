//! The codec of structs.

use super::{allow_deprecated, marks};
use crate::print::Code;
use crate::rust::names::Ident;
use crate::rust::plan::{Demand, LastWith, Plan, Record, Rest, Ty, Union};
use crate::rust::template::commas;

/// `impl Members` of a struct.
pub(super) fn codec(plan: &Plan, record: &Record, is_default: bool) -> Code {
    let (types, ident, presence) = (&plan.types, &record.ident, &record.presence);
    let allow_deprecated = allow_deprecated(record.has_deprecated());
    let allow_unused = allow_unused(record);
    let mandatory = demanded(plan, record, Demand::Always, "MANDATORY");
    let late = demanded(plan, record, Demand::Strict, "LATE");
    let blank = blank(plan, record, is_default);
    let member = member(plan, record);
    // Parameters that nothing uses say so.
    let (key, seen, r, w) = match record.is_empty() {
        true => (code!(_), code!(_), code!(_), code!(_)),
        false => (code!(key), code!(seen), code!(r), code!(w)),
    };
    let finish = record
        .union
        .as_ref()
        .map(|union| finish(plan, record, union));
    let put = put(plan, record);

    code! {
        presence, allow_deprecated, allow_unused, types, ident, mandatory, late, blank, key, seen,
        r, member, finish, w, put =>
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
fn allow_unused(record: &Record) -> Option<Code> {
    let mut members = record.members.iter();
    let all = members.len() > 0 && members.all(|field| field.presence.is_conditional());
    (all && record.union.is_none()).then(|| code!(#[allow(unused_variables)]))
}

/// The members of which that is demanded, as a constant.
fn demanded(plan: &Plan, record: &Record, demand: Demand, constant: &str) -> Option<Code> {
    let (types, constant) = (&plan.types, Ident::written(constant));
    let members = record.members.iter().enumerate();
    let members = members.filter(|(index, _)| record.demand(*index) == demand);
    let rows = members.map(|(index, field)| {
        let (when, name) = (&field.presence, field.member.name.as_str());
        let place = index;
        code!(when, place, name => #when (#place, #name))
    });
    let rows = commas(rows);
    (!rows.is_empty()).then(|| {
        code! {
            constant, types, rows =>
            const #constant: #types::codec::Demanded = &[#rows];
        }
    })
}

/// A value that is read over.
fn blank(plan: &Plan, record: &Record, is_default: bool) -> Code {
    let types = &plan.types;
    if is_default {
        return code!(Self::new());
    }
    let mut values = Vec::new();
    for field in record.fields() {
        let (when, name) = (&field.presence, &field.ident);
        let value = match (field.is_option(), field.boxed, &field.ty) {
            (true, ..) => code!(None),
            (false, false, Ty::Primitive(name)) => match &**name {
                "bool" => code!(false),
                "f64" => code!(0.0),
                _ => code!(0),
            },
            (false, false, Ty::String) => code!(::std::string::String::new()),
            (false, false, Ty::Vec(_)) => code!(::std::vec::Vec::new()),
            _ => code!(types => #types::codec::Decode::blank()),
        };
        values.push(code!(when, name, value => #when #name: #value));
    }
    if let Some(union) = &record.union {
        let (name, branch) = (&union.ident, &union.branch);
        values.push(code! {
            name, branch, types =>
            #name: #branch::Unrecognized {
                tag: #types::Unrecognized::blank(),
                members: #types::Object::new(),
            }
        });
    }
    if let Some(rest) = &record.rest {
        let (name, ty) = (&rest.ident, rest_type(plan, rest));
        values.push(code!(name, ty => #name: #ty::new()));
    }
    let values = commas(values);
    code!(values => Self { #values })
}

/// Reads a member if it is one.
fn member(plan: &Plan, record: &Record) -> Code {
    let types = &plan.types;
    if record.is_empty() {
        return code!(Ok(()));
    }
    let rest = record.rest.as_ref().map(|rest| {
        let field = &rest.ident;
        match rest.setter {
            Some(_) => code!(types, field => #types::codec::open(&mut self.#field, key, seen, r)),
            None => code!(types, field => #types::codec::keep(&mut self.#field, key, seen, r)),
        }
    });
    let count = record.members.len();
    let arms = record.members.iter().enumerate().map(|(index, field)| {
        let (when, name, value) = (&field.presence, field.member.name.as_str(), &field.ident);
        let place = index;
        let last = field.last.map(LastWith::numbers);
        let if_known = last.map(|last| code!(types, last => if #types::codec::has_until(#last, r)));
        let read = match &record.union {
            Some(union) if union.tag == index => {
                let branch = &union.ident;
                code! {
                    types, branch, place, count =>
                    #types::codec::tag(&mut self.#branch, (#place, #count), seen, r)
                }
            }
            _ if field.is_option() => {
                code! {
                    types, value, place =>
                    #types::codec::get_opt(&mut self.#value, #place, seen, r)
                }
            }
            _ => code! {
                types, value, place =>
                #types::codec::get(&mut self.#value, #place, seen, r)
            },
        };
        code!(when, name, if_known, read => #when #name #if_known => #read,)
    });
    let arms: Code = arms.collect();
    let branch = record.union.as_ref().map(|union| {
        let (field, tag) = (&union.ident, union.variants.tag.as_str());
        code! {
            types, field, tag, count =>
            #types::codec::branch_member(&mut self.#field, (#tag, #count), key, seen, r)
        }
    });
    let other = match (branch, rest) {
        (None, Some(rest)) if record.members.is_empty() => return rest,
        (Some(branch), None) => code!(branch => _ => #branch,),
        (Some(branch), Some(rest)) => code! {
            branch, rest =>
            _ => {
                #branch?;
                #rest
            }
        },
        (None, Some(rest)) => code!(rest => _ => #rest,),
        (None, None) => code!(_ => Ok(()),),
    };
    code! {
        arms, other =>
        match key {
            #arms
            #other
        }
    }
}

/// Ends reading a union.
fn finish(plan: &Plan, record: &Record, union: &Union) -> Code {
    let (types, field) = (&plan.types, &union.ident);
    let count = record.members.len();
    let branch = match union.untagged {
        true => {
            let (place, tag) = (union.tag, &union.variants.tag);
            let tag = tag.as_str();
            code! {
                types, field, place, tag, count =>
                #types::codec::branch_finish_untagged(
                    &mut self.#field,
                    (#place, #tag, #count),
                    seen,
                    r
                );
            }
        }
        false => {
            code! {
                types, field, count =>
                #types::codec::branch_finish(&mut self.#field, #count, seen, r);
            }
        }
    };
    code! {
        types, branch =>
        #[inline]
        fn finish(&mut self, seen: &mut #types::codec::Seen, r: &#types::Reader<'_>) {
            seen.demand::<Self>(r);
            #branch
        }
    }
}

/// Writes the members.
fn put(plan: &Plan, record: &Record) -> Code {
    let types = &plan.types;
    let members = record.members.iter().enumerate().map(|(index, field)| {
        let (when, name, value) = (&field.presence, field.member.name.as_str(), &field.ident);
        if record.is_tag(index) {
            return put_tag(plan, record);
        }
        let marks = marks(&field.member.features);
        let put = match (field.is_option(), &marks) {
            (true, None) => code!(put_opt),
            (false, None) => code!(put),
            (true, Some(_)) => code!(put_opt_marked),
            (false, Some(_)) => code!(put_marked),
        };
        let marks = marks.map(|marks| code!(marks => , #marks));
        code! {
            when, types, put, name, value, marks =>
            #when #types::codec::#put(w, #name, &self.#value #marks);
        }
    });
    let members: Code = members.collect();
    let branch = record.union.as_ref().map(|union| {
        let field = &union.ident;
        code!(types, field => #types::codec::Branches::put(&self.#field, w);)
    });
    let rest = record.rest.as_ref().map(|rest| {
        let field = &rest.ident;
        let known = commas(record.members.iter().map(|field| &field.member.name));
        match rest.setter {
            Some(_) => {
                code!(types, field, known => #types::codec::put_rest(w, &self.#field, &[#known]);)
            }
            None => code!(types, field => #types::codec::put_kept(w, &self.#field);),
        }
    });
    code! {
        members, branch, rest =>
        #members
        #branch
        #rest
    }
}

fn put_tag(plan: &Plan, record: &Record) -> Code {
    let types = &plan.types;
    let Some(union) = &record.union else {
        return Code::default();
    };
    let (field, name, branch) = (&union.ident, union.variants.tag.as_str(), &union.branch);
    let put = code!(types, name, field => #types::codec::put_tag(w, #name, &self.#field););
    match union.untagged {
        true => code! {
            field, branch, put =>
            if !::core::matches!(self.#field, #branch::Untagged(..)) {
                #put
            }
        },
        false => put,
    }
}

/// The type of the field for members that the schema does not list.
pub(super) fn rest_type(plan: &Plan, rest: &Rest) -> Code {
    let types = &plan.types;
    match rest.setter {
        Some(_) => code!(types => #types::Object),
        None => code!(types => #types::UnrecognizedMembers),
    }
}
