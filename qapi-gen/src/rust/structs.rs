//! Declares structs: fields, constructor, setters.

use super::Output;
use super::docs::{Source, deprecation};
use super::lints::{DISALLOWED, Method, allow, allow_new, is_placeholder};
use super::paths::{BOX, INTO, OPTION};
use super::record::{Field, Record, Rest};
use super::text::{literal, refs};
use crate::compact::{CollectVec as _, cat};
use crate::model::{Builtin, Features, Type};

/// The derives of a struct or of an enum that holds values.
pub(crate) const DERIVES: &[&str] = &["Clone", "Debug", "PartialEq"];

/// How many parameters clippy accepts.
const MAX_PARAMETERS: usize = 7;

impl Output<'_, '_> {
    /// The struct itself, without the codec.
    pub(crate) fn declare(&mut self, record: &Record, source: &Source, note: &str) {
        self.plan.document(&mut self.t, source, note, record.module);
        let demanding = record.fields().any(|f| !f.member.optional) || record.union.is_some();
        let mut derives = DERIVES.to_vec();
        if !demanding {
            derives.insert(2, "Default");
        }
        self.attributes(source.name, &derives, &record.presence);
        self.t.attributes(deprecation(source.features).as_deref());
        self.t.line(&["#[non_exhaustive]"]);
        if record.is_empty() {
            self.t.line(&["pub struct ", &record.ident, " {}"]);
        } else {
            self.t.open(&["pub struct ", &record.ident, " {"]);
            for field in record.fields() {
                self.field(field, record);
            }
            if let Some(union) = &record.union {
                let tag = &record.members[union.tag].member.name;
                self.t.line(&["/// What `", tag, "` selects."]);
                let head = cat(&["pub ", &union.ident, ":"]);
                self.t.assign(&head, &cat(&[&union.branch, ","]));
            }
            if let Some(rest) = &record.rest {
                self.t.doc(match rest.setter {
                    Some(_) => "Members beyond those of the schema.",
                    None => "Members that another release sends.",
                });
                self.t
                    .line(&["pub ", &rest.ident, ": ", rest.ty(&self.paths), ","]);
            }
            self.t.close("}");
        }
        self.methods(record, demanding);
    }

    fn field(&mut self, field: &Field, record: &Record) {
        let member = field.member;
        self.plan.document_part(
            &mut self.t,
            &member.name,
            member.doc.as_ref(),
            &member.features,
            member.condition.as_ref(),
            record.module,
        );
        self.t.attributes(field.presence.attribute().as_deref());
        self.t.attributes(deprecation(&member.features).as_deref());
        let stored = field.stored();
        let ty = match field.is_option() {
            true => cat(&[OPTION, "<", &stored, ">,"]),
            false => cat(&[&stored, ","]),
        };
        self.t.assign(&cat(&["pub ", &field.ident, ":"]), &ty);
    }

    fn methods(&mut self, record: &Record, demanding: bool) {
        self.t.blank();
        self.t.attributes(record.presence.attribute().as_deref());
        self.allow_deprecated(record.has_deprecated());
        self.t.open(&["impl ", &record.ident, " {"]);
        match demanding {
            true => self.constructor(record),
            false => {
                self.t.doc("With no member set.");
                self.t.line(&["#[must_use]"]);
                self.t.attributes(allow_new(&record.ident));
                self.t.line(&["#[inline]"]);
                self.t.open(&["pub fn new() -> Self {"]);
                // A setter of that name would hide the trait's function.
                let hidden = record.fields().any(|field| field.setter == "default");
                self.t.line(&[match hidden {
                    true => "<Self as ::core::default::Default>::default()",
                    false => "Self::default()",
                }]);
                self.t.close("}");
            }
        }
        for field in record.fields().filter(|field| field.member.optional) {
            self.setter(field);
        }
        if let Some(rest) = &record.rest {
            self.adder(rest);
        }
        if let Some(union) = &record.union {
            let tag = &record.members[union.tag].member.name;
            self.t.blank();
            self.t.line(&["/// `", tag, "` as on the wire."]);
            self.t.line(&["#[must_use]"]);
            self.t
                .attributes(allow(&union.getter, Method::Getter).as_deref());
            self.t.line(&["#[inline]"]);
            self.t
                .open(&["pub fn ", &union.getter, "(&self) -> &str {"]);
            self.t.line(&[
                &self.paths.codec,
                "::Branches::tag(&self.",
                &union.ident,
                ")",
            ]);
            self.t.close("}");
        }
        self.t.close("}");
    }

    fn adder(&mut self, rest: &Rest) {
        let Some(adder) = &rest.setter else { return };
        self.t.blank();
        self.t.doc("Adds a member that the schema does not list.");
        self.t.line(&["#[must_use]"]);
        let parameters: [&str; 3] = [
            "mut self",
            &cat(&["name: impl ", INTO, "<::std::string::String>"]),
            &cat(&["value: impl ", INTO, "<", &self.paths.value, ">"]),
        ];
        self.signature(&cat(&["pub fn ", adder, "("]), &parameters);
        self.t
            .line(&["self.", &rest.ident, ".insert(name.into(), value.into());"]);
        self.t.line(&["self"]);
        self.t.close("}");
    }

    fn constructor(&mut self, record: &Record) {
        let mut parameters = Vec::new();
        for (index, field) in record.members.iter().enumerate() {
            if let (true, Some(union)) = (record.is_tag(index), &record.union) {
                parameters.push(cat(&[
                    &union.ident,
                    ": impl ",
                    INTO,
                    "<",
                    &union.branch,
                    ">",
                ]));
            } else if !field.member.optional {
                let attribute = field
                    .presence
                    .attribute()
                    .map_or(String::new(), |a| a + " ");
                parameters.push(cat(&[&attribute, &field.ident, ": ", &parameter(field)]));
            }
        }
        self.t.doc("With what is mandatory.");
        self.t.line(&["#[must_use]"]);
        self.t.attributes(allow_new(&record.ident));
        // Conditions may take away all parameters.
        if parameters
            .iter()
            .all(|parameter| parameter.starts_with("#[cfg("))
        {
            self.t.line(&["#[allow(clippy::new_without_default)]"]);
        }
        if record
            .fields()
            .any(|field| !field.member.optional && is_placeholder(&field.ident))
        {
            self.t.line(&["#[allow(", DISALLOWED, ")]"]);
        }
        if parameters.len() > MAX_PARAMETERS {
            self.t.line(&["#[allow(clippy::too_many_arguments)]"]);
        }
        self.signature("pub fn new(", &refs(&parameters));
        let mut values = Vec::new();
        for field in record.fields() {
            let value = match field.member.optional {
                true => cat(&[&field.ident, ": None"]),
                false => match argument(field) {
                    value if value == field.ident => value,
                    value => cat(&[&field.ident, ": ", &value]),
                },
            };
            values.push((field.presence.attribute(), value));
        }
        if let Some(union) = &record.union {
            values.push((None, cat(&[&union.ident, ": ", &union.ident, ".into()"])));
        }
        if let Some(rest) = &record.rest {
            values.push((
                None,
                cat(&[&rest.ident, ": ", rest.ty(&self.paths), "::new()"]),
            ));
        }
        self.t.struct_literal("Self", &values, "");
        self.t.close("}");
    }

    fn setter(&mut self, field: &Field) {
        self.t.blank();
        self.t.line(&["/// Sets `", &field.member.name, "`."]);
        self.t.attributes(field.presence.attribute().as_deref());
        self.t
            .attributes(deprecation(&field.member.features).as_deref());
        self.t.line(&["#[must_use]"]);
        self.t
            .attributes(allow(&field.setter, Method::Setter).as_deref());
        let parameters: [&str; 2] = ["mut self", &cat(&[&field.ident, ": ", &parameter(field)])];
        self.signature(&cat(&["pub fn ", &field.setter, "("]), &parameters);
        let head = cat(&["self.", &field.ident, " ="]);
        self.t.assign(&head, &cat(&[&argument(field), ";"]));
        self.t.line(&["self"]);
        self.t.close("}");
    }

    /// The first line or lines of a function that returns `Self`.
    fn signature(&mut self, head: &str, parameters: &[&str]) {
        // What is not generic would be compiled even if nobody calls it.
        if !parameters
            .iter()
            .any(|parameter| parameter.contains("impl "))
        {
            self.t.line(&["#[inline]"]);
        }
        self.t.open_list(head, parameters, ") -> Self {");
    }
}

/// The type of a parameter that takes the value of a member.
fn parameter(field: &Field) -> String {
    let stored = field.stored();
    match converts(field) {
        true => cat(&["impl ", INTO, "<", &stored, ">"]),
        false => stored,
    }
}

/// The value of a field, from that parameter.
fn argument(field: &Field) -> String {
    let value = match converts(field) {
        true => cat(&[&field.ident, ".into()"]),
        false => field.ident.clone(),
    };
    match field.is_option() {
        true => cat(&["Some(", &value, ")"]),
        false => value,
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

/// The features as a constant of a command or event has them.
pub(crate) fn feature_names(features: &Features) -> Vec<String> {
    features
        .iter()
        .map(|feature| literal(&feature.name))
        .collect_vec()
}

/// A boxed value.
pub(crate) fn boxed(ty: &str) -> String {
    cat(&[BOX, "<", ty, ">"])
}
