//! Alternates.

use super::Output;
use super::condition::Presence;
use super::docs::Source;
use super::names::{Scope, camel};
use super::paths::{FROM, STRING};
use super::plan::Module;
use super::structs::{DERIVES, boxed};
use super::text::{Fit, literal};
use crate::compact::{CollectVec as _, cat};
use crate::model::{Alternate, Alternative, Builtin, Features, JsonKind, Type};

/// The kinds of JSON value.
const KINDS: [&str; 6] = ["Object", "Array", "String", "Number", "Bool", "Null"];

/// A choice, as a variant.
struct Variant<'s> {
    alternative: &'s Alternative,
    ident: String,
    /// The type of its value, without box; `None` for null.
    ty: Option<String>,
    /// Whether the value is boxed.
    boxed: bool,
    /// The kind of JSON value that selects it.
    kind: &'static str,
    presence: Presence,
}

impl<'s> Output<'_, 's> {
    fn alternatives(&self, alternate: &'s Alternate) -> Vec<Variant<'s>> {
        let mut scope = Scope::with(["Unrecognized"]);
        let variants = alternate.alternatives.iter().map(|alternative| {
            let null = alternative.ty == Type::Builtin(Builtin::Null);
            Variant {
                alternative,
                ident: scope.claim(camel(&alternative.name)),
                ty: (!null).then(|| self.plan.ty(alternative.ty, Module::Root)),
                boxed: matches!(alternative.ty, Type::Object(_)),
                kind: kind(alternative.ty),
                presence: self.plan.presence(alternative.condition.as_ref()),
            }
        });
        variants
            .filter(|variant| variant.presence != Presence::Never)
            .collect_vec()
    }

    /// An alternate and its codec.
    pub(crate) fn alternate(&mut self, alternate: &'s Alternate, ident: &str, presence: &Presence) {
        let source = Source {
            kind: "alternate",
            name: &alternate.name,
            origin: &alternate.origin,
            doc: alternate.doc.as_ref(),
            features: &alternate.features,
            condition: alternate.condition.as_ref(),
        };
        let variants = self.alternatives(alternate);
        self.t.blank();
        self.plan.document(&mut self.t, &source, "", Module::Root);
        self.attributes(&alternate.name, DERIVES, presence);
        self.t.line(&["#[non_exhaustive]"]);
        self.t.open(&["pub enum ", ident, " {"]);
        for variant in &variants {
            let alternative = variant.alternative;
            self.plan.document_part(
                &mut self.t,
                &alternative.name,
                alternative.doc.as_ref(),
                Features::none(),
                alternative.condition.as_ref(),
                Module::Root,
            );
            self.t.attributes(variant.presence.attribute().as_deref());
            let data = match &variant.ty {
                Some(ty) if variant.boxed => boxed(ty),
                Some(ty) => ty.clone(),
                None => {
                    self.t.line(&[&variant.ident, ","]);
                    continue;
                }
            };
            let head = cat(&[&variant.ident, "("]);
            self.t.list(&head, &[&data], "),", Fit::Line);
        }
        self.t.doc("A choice of a newer or older release.");
        self.t.line(&["Unrecognized(", &self.paths.value, "),"]);
        self.t.close("}");
        self.alternate_conversions(ident, &variants, presence);
        self.alternate_codec(alternate, ident, &variants, presence);
        self.others.push((presence.attribute(), ident.to_owned()));
    }

    fn alternate_conversions(&mut self, ident: &str, variants: &[Variant], presence: &Presence) {
        for variant in variants {
            let Some(ty) = &variant.ty else { continue };
            let value = match variant.boxed {
                true => "::std::boxed::Box::new(value)",
                false => "value",
            };
            let when = presence.clone().and(variant.presence.clone()).attribute();
            self.conversion(ident, ty, &variant.ident, value, when.as_deref());
            if ty == STRING {
                self.conversion(
                    ident,
                    "&str",
                    &variant.ident,
                    "value.into()",
                    when.as_deref(),
                );
            }
        }
    }

    fn conversion(
        &mut self,
        ident: &str,
        ty: &str,
        variant: &str,
        value: &str,
        when: Option<&str>,
    ) {
        self.t.blank();
        self.t.attributes(when);
        self.t.open_impl(&cat(&[FROM, "<", ty, ">"]), ident);
        self.t.line(&["#[inline]"]);
        self.t.open(&["fn from(value: ", ty, ") -> Self {"]);
        self.t.line(&["Self::", variant, "(", value, ")"]);
        self.t.close("}");
        self.t.close("}");
    }

    fn alternate_codec(
        &mut self,
        alternate: &Alternate,
        ident: &str,
        variants: &[Variant],
        presence: &Presence,
    ) {
        let codec = self.paths.codec.clone();
        let (reader, result) = (self.paths.reader.clone(), self.paths.result.clone());
        self.t.blank();
        self.t.attributes(presence.attribute().as_deref());
        self.t.open_impl(&cat(&[&codec, "::Decode"]), ident);
        self.t.line(&["#[inline]"]);
        let parameters: [&str; 1] = [&cat(&["r: &mut ", &reader])];
        self.t.open_list(
            "fn decode(",
            &parameters,
            &cat(&[") -> ", &result, "<Self> {"]),
        );
        self.t.open(&["match r.peek()? {"]);
        for variant in variants {
            self.t.attributes(variant.presence.attribute().as_deref());
            let pattern = cat(&[&codec, "::Kind::", variant.kind]);
            if variant.ty.is_some() {
                let decode = cat(&[&codec, "::Decode::decode(r)"]);
                let map = cat(&[".map(Self::", &variant.ident, ")"]);
                self.t.arm(&pattern, &cat(&[&decode, &map]));
            } else {
                let map = cat(&[".map(|()| Self::", &variant.ident, ")"]);
                self.t.arm_chain(&pattern, &["r", ".null()", &map]);
            }
        }
        let name = literal(&alternate.name);
        let end = ", r).map(Self::Unrecognized)";
        let other = cat(&[&codec, "::other_kind(", &name, end]);
        if variants.len() + 1 < KINDS.len() {
            self.t.arm("_", &other);
        } else {
            // What stands for one kind only, or perhaps for none, must not be a wildcard: lints find fault with it.
            for kind in KINDS {
                let variant = variants.iter().find(|variant| variant.kind == kind);
                let taken = variant.map_or(Presence::Never, |variant| variant.presence.clone());
                if taken != Presence::Always {
                    self.t.attributes(taken.not().attribute().as_deref());
                    self.t.arm(&cat(&[&codec, "::Kind::", kind]), &other);
                }
            }
        }
        self.t.close("}");
        self.t.close("}");
        self.t.close("}");

        self.t.blank();
        self.t.attributes(presence.attribute().as_deref());
        self.t.open_impl(&cat(&[&codec, "::Encode"]), ident);
        self.t.line(&["#[inline]"]);
        self.t
            .open(&["fn encode(&self, w: &mut ", &self.paths.writer, ") {"]);
        self.t.open(&["match self {"]);
        for variant in variants {
            self.t.attributes(variant.presence.attribute().as_deref());
            match variant.ty {
                Some(_) => {
                    let pattern = cat(&["Self::", &variant.ident, "(value)"]);
                    self.t
                        .arm_do(&pattern, &cat(&[&codec, "::Encode::encode(value, w)"]));
                }
                None => self.t.arm_do(&cat(&["Self::", &variant.ident]), "w.null()"),
            }
        }
        self.t.arm_do(
            "Self::Unrecognized(value)",
            &cat(&[&codec, "::Encode::encode(value, w)"]),
        );
        self.t.close("}");
        self.t.close("}");
        self.t.close("}");
    }
}

fn kind(ty: Type) -> &'static str {
    match ty {
        Type::Builtin(builtin) => match builtin.json_kind() {
            JsonKind::String => "String",
            JsonKind::Number | JsonKind::Int => "Number",
            JsonKind::Boolean => "Bool",
            JsonKind::Null => "Null",
            JsonKind::Object | JsonKind::Array | JsonKind::Value => "Object",
        },
        Type::Enum(_) => "String",
        Type::Object(_) | Type::Alternate(_) => "Object",
        Type::Array(_) => "Array",
    }
}
