//! Structs: fields, constructor, setters.

use super::lints::{self, Method, is_placeholder};
use super::{allow_deprecated, attributes, members};
use crate::markdown::code;
use crate::model::{Builtin, Type};
use crate::print::{Code, Printer};
use crate::rust::docs::{Source, deprecation};
use crate::rust::plan::{Field, Plan, Record, Ty};
use crate::rust::template::commas;

/// The derives of a struct or of an enum that holds values.
pub(super) const DERIVES: &[&str] = &["Clone", "Debug", "PartialEq"];
const DERIVES_WITH_DEFAULT: &[&str] = &["Clone", "Debug", "Default", "PartialEq"];

/// How many parameters clippy accepts.
const MAX_PARAMETERS: usize = 7;

/// A struct and its codec. `note` is said last in its documentation.
pub(super) fn structure(
    plan: &Plan,
    record: &Record,
    source: &Source,
    note: &str,
    out: &mut Printer,
) {
    let (types, ident, presence) = (&plan.types, &record.ident, &record.presence);
    let docs = plan.document(source, note, record.module);
    let (deprecation, new_deprecation) = deprecations(source);
    let is_default = !record.is_demanding() && new_deprecation.is_none();
    let derives = match is_default {
        true => DERIVES_WITH_DEFAULT,
        false => DERIVES,
    };
    let attributes = attributes(plan, source.name, derives, presence);
    let allow_deprecated = allow_deprecated(record.has_deprecated());

    let fields = record
        .fields()
        .map(|field| declaration(plan, record, field));
    let fields: Code = fields.collect();
    let branch = record.union.as_ref().map(|union| {
        let (field, branch) = (&union.ident, &union.branch);
        let doc = format!(" What {} selects.", code(&union.variants.tag));
        code! {
            doc, field, branch =>
            #[doc = #doc]
            pub #field: #branch,
        }
    });
    let rest = record.rest.as_ref().map(|rest| {
        let (field, ty) = (&rest.ident, members::rest_type(plan, rest));
        let doc = match rest.setter {
            Some(_) => " Members beyond those of the schema.",
            None => " Members that another release sends.",
        };
        code! {
            doc, field, ty =>
            #[doc = #doc]
            pub #field: #ty,
        }
    });

    let constructor = match is_default {
        true => empty_constructor(record),
        false => constructor(plan, record, new_deprecation.as_ref()),
    };
    let setters = record.fields().filter(|field| field.member.optional);
    let setters: Code = setters.map(|field| setter(field, &code!(self))).collect();
    let adder = record.rest.as_ref().and_then(|rest| {
        let (field, adder) = (&rest.ident, rest.setter.as_ref()?);
        Some(code! {
            adder, types, field =>
            /// Adds a member that the schema does not list.
            #[must_use]
            pub fn #adder(
                mut self,
                name: impl ::core::convert::Into<::std::string::String>,
                value: impl ::core::convert::Into<#types::Value>
            ) -> Self {
                self.#field.insert(name.into(), value.into());
                self
            }
        })
    });
    let tag = record.union.as_ref().map(|union| {
        let (field, getter) = (&union.ident, &union.getter);
        let doc = format!(" {} as on the wire.", code(&union.variants.tag));
        let allow = lints::allow(getter, Method::Getter);
        code! {
            doc, allow, getter, types, field =>
            #[doc = #doc]
            #[must_use]
            #allow
            #[inline]
            pub fn #getter(&self) -> &str {
                #types::codec::Branches::tag(&self.#field)
            }
        }
    });
    out.items(&code! {
        docs, attributes, deprecation, ident, fields, branch, rest, presence, allow_deprecated,
        constructor, setters, adder, tag =>
        #docs
        #attributes
        #deprecation
        #[non_exhaustive]
        pub struct #ident {
            #fields
            #branch
            #rest
        }

        #presence
        #allow_deprecated
        impl #ident {
            #constructor
            #setters
            #adder
            #tag
        }
    });
    out.items(&members::codec(plan, record, is_default));
}

/// The attributes of the type and of its constructor. Who carries a command out names its type, and is not to be warned for
/// that; who sends it calls the constructor.
pub(super) fn deprecations(source: &Source) -> (Option<Code>, Option<Code>) {
    let deprecation = deprecation(source.features);
    match source.kind {
        "command" => (None, deprecation),
        _ => (deprecation, None),
    }
}

fn declaration(plan: &Plan, record: &Record, field: &Field) -> Code {
    let (member, name, presence) = (field.member, &field.ident, &field.presence);
    let (doc, condition) = (member.doc.as_ref(), member.condition.as_ref());
    let features = &member.features;
    let docs = plan.document_part(&member.name, doc, features, condition, record.module);
    let deprecation = deprecation(features);
    let stored = field.stored();
    let ty = match field.is_option() {
        true => code!(stored => ::core::option::Option<#stored>),
        false => code!(stored => #stored),
    };
    code! {
        docs, presence, deprecation, name, ty =>
        #docs
        #presence
        #deprecation
        pub #name: #ty,
    }
}

fn empty_constructor(record: &Record) -> Code {
    let allow_new = lints::allow_new(&record.ident);
    // A setter of that name would hide the trait's function.
    let hidden = record.fields().any(|field| &*field.setter == "default");
    let default = match hidden {
        true => code!(<Self as ::core::default::Default>::default()),
        false => code!(Self::default()),
    };
    code! {
        allow_new, default =>
        /// With no member set.
        #[must_use]
        #allow_new
        #[inline]
        pub fn new() -> Self {
            #default
        }
    }
}

/// What a constructor takes.
struct Parameters {
    declarations: Code,
    names: Code,
    /// The attributes that allow what lints find fault with.
    lints: Code,
    generic: bool,
}

impl Parameters {
    fn new(record: &Record) -> Parameters {
        let (mut declarations, mut names) = (Vec::new(), Vec::new());
        let (mut generic, mut conditional, mut placeholder) = (false, true, false);
        for (index, field) in record.members.iter().enumerate() {
            if let (true, Some(union)) = (record.is_tag(index), &record.union) {
                let (name, branch) = (&union.ident, &union.branch);
                declarations
                    .push(code!(name, branch => #name: impl ::core::convert::Into<#branch>));
                names.push(name.clone());
                (generic, conditional) = (true, false);
            } else if !field.member.optional {
                let (name, ty, presence) = (&field.ident, parameter(field), &field.presence);
                declarations.push(code!(presence, name, ty => #presence #name: #ty));
                names.push(name.clone());
                generic |= converts(field);
                conditional &= presence.is_conditional();
                placeholder |= is_placeholder(name);
            }
        }
        let mut lints = Vec::new();
        // Conditions may take away all parameters.
        if conditional {
            lints.push(code!(clippy::new_without_default));
        }
        if placeholder {
            lints.push(lints::disallowed_names());
        }
        if declarations.len() > MAX_PARAMETERS {
            lints.push(code!(clippy::too_many_arguments));
        }
        let lints = lints.iter().map(|lint| code!(lint => #[allow(#lint)]));
        Parameters {
            declarations: commas(declarations),
            names: commas(names),
            lints: lints.collect(),
            generic,
        }
    }
}

/// Constructor and setters of a struct around `inner`, which `record` is, as if it had the members itself; `None` if a call
/// cannot say on what its arguments depend.
pub(super) fn delegates(record: &Record, inner: &Ty, deprecation: Option<&Code>) -> Option<Code> {
    if record.fields().any(|field| field.presence.is_conditional()) {
        return None;
    }
    let Parameters {
        declarations,
        names,
        lints,
        generic,
    } = Parameters::new(record);
    let allow_new = lints::allow_new(&record.ident);
    let inline = inline(generic);
    let setters = record.fields().filter(|field| field.member.optional);
    let setters: Code = setters.map(|field| setter(field, &code!(self.0))).collect();
    Some(code! {
        deprecation, allow_new, lints, inline, declarations, inner, names, setters =>
        /// With what is mandatory.
        #deprecation
        #[must_use]
        #allow_new
        #lints
        #inline
        pub fn new(#declarations) -> Self {
            Self(#inner::new(#names))
        }

        #setters
    })
}

fn constructor(plan: &Plan, record: &Record, deprecation: Option<&Code>) -> Code {
    let Parameters {
        declarations,
        lints,
        generic,
        ..
    } = Parameters::new(record);
    let allow_new = lints::allow_new(&record.ident);
    let inline = inline(generic);

    let mut values = Vec::new();
    for field in record.fields() {
        let (name, presence) = (&field.ident, &field.presence);
        values.push(
            match (field.member.optional, converts(field) || field.is_option()) {
                (true, _) => code!(presence, name => #presence #name: None),
                (false, false) => code!(presence, name => #presence #name),
                (false, true) => {
                    let argument = argument(field);
                    code!(presence, name, argument => #presence #name: #argument)
                }
            },
        );
    }
    if let Some(union) = &record.union {
        let name = &union.ident;
        values.push(code!(name => #name: #name.into()));
    }
    if let Some(rest) = &record.rest {
        let (name, ty) = (&rest.ident, members::rest_type(plan, rest));
        values.push(code!(name, ty => #name: #ty::new()));
    }
    let values = commas(values);
    code! {
        deprecation, allow_new, lints, inline, declarations, values =>
        /// With what is mandatory.
        #deprecation
        #[must_use]
        #allow_new
        #lints
        #inline
        pub fn new(#declarations) -> Self {
            Self { #values }
        }
    }
}

/// `members` is what has the field.
fn setter(field: &Field, members: &Code) -> Code {
    let (name, setter, presence) = (&field.ident, &field.setter, &field.presence);
    let doc = format!(" Sets {}.", code(&field.member.name));
    let deprecation = deprecation(&field.member.features);
    let allow = lints::allow(setter, Method::Setter);
    let inline = inline(converts(field));
    let (ty, value) = (parameter(field), argument(field));
    code! {
        doc, presence, deprecation, allow, inline, setter, name, ty, members, value =>
        #[doc = #doc]
        #presence
        #deprecation
        #[must_use]
        #allow
        #inline
        pub fn #setter(mut self, #name: #ty) -> Self {
            #members.#name = #value;
            self
        }
    }
}

/// What is not generic would be compiled even if nobody calls it.
fn inline(generic: bool) -> Option<Code> {
    (!generic).then(|| code!(#[inline]))
}

/// The type of a parameter that takes the value of a member.
fn parameter(field: &Field) -> Code {
    let stored = field.stored();
    match converts(field) {
        true => code!(stored => impl ::core::convert::Into<#stored>),
        false => code!(stored => #stored),
    }
}

/// The value of a field, from that parameter.
fn argument(field: &Field) -> Code {
    let name = &field.ident;
    match (converts(field), field.is_option()) {
        (true, true) => code!(name => Some(#name.into())),
        (true, false) => code!(name => #name.into()),
        (false, true) => code!(name => Some(#name)),
        (false, false) => code!(name => #name),
    }
}

/// Whether callers have values at hand that convert to the type: `&str`, arrays, what an
/// alternate holds, what is to be boxed.
fn converts(field: &Field) -> bool {
    match field.member.ty {
        Type::Builtin(Builtin::Str | Builtin::Any) | Type::Array(_) | Type::Alternate(_) => true,
        Type::Builtin(_) | Type::Enum(_) | Type::Object(_) => field.boxed,
    }
}
