//! Enums of the schema.

use super::Output;
use super::condition::Presence;
use super::docs::{Source, deprecation};
use super::members::marks;
use super::names::{Scope, camel};
use super::text::literal;
use crate::compact::{CollectVec as _, cat};
use crate::model::{Enum, EnumValue};

/// A value of an enum, as a variant.
pub(crate) struct Variant<'s> {
    pub(crate) value: &'s EnumValue,
    pub(crate) ident: String,
    pub(crate) presence: Presence,
}

impl<'s> Output<'_, 's> {
    /// The variants of an enum: the values that are there.
    pub(crate) fn variants(&self, enum_: &'s Enum) -> Vec<Variant<'s>> {
        let mut scope = Scope::with(["Unrecognized", "Untagged"]);
        let named = enum_.values.iter().map(|value| Variant {
            value,
            ident: scope.claim(camel(&value.name)),
            presence: self.plan.presence(value.condition.as_ref()),
        });
        named
            .filter(|variant| variant.presence != Presence::Never)
            .collect_vec()
    }

    /// An enum and its codec.
    pub(crate) fn enumeration(&mut self, enum_: &'s Enum, ident: &str, presence: &Presence) {
        let source = Source {
            kind: "enum",
            name: &enum_.name,
            origin: &enum_.origin,
            doc: enum_.doc.as_ref(),
            features: &enum_.features,
            condition: enum_.condition.as_ref(),
        };
        let variants = self.variants(enum_);
        let root = super::plan::Module::Root;
        self.t.blank();
        self.plan.document(&mut self.t, &source, "", root);
        let derives = ["Clone", "Debug", "PartialEq", "Eq", "Hash"];
        self.attributes(&enum_.name, &derives, presence);
        self.t.line(&["#[non_exhaustive]"]);
        self.t.open(&["pub enum ", ident, " {"]);
        for variant in &variants {
            let value = variant.value;
            self.plan.document_part(
                &mut self.t,
                &value.name,
                value.doc.as_ref(),
                &value.features,
                value.condition.as_ref(),
                root,
            );
            self.t.attributes(variant.presence.attribute().as_deref());
            self.t.attributes(deprecation(&value.features).as_deref());
            self.t.line(&[&variant.ident, ","]);
        }
        self.t.doc("A value of a newer or older release.");
        self.t
            .line(&["Unrecognized(", &self.paths.unrecognized, "),"]);
        self.t.close("}");
        self.enum_codec(ident, &variants, presence);
        self.enums.push((presence.attribute(), ident.to_owned()));
    }

    fn enum_codec(&mut self, ident: &str, variants: &[Variant], presence: &Presence) {
        self.t.blank();
        self.t.attributes(presence.attribute().as_deref());
        self.allow_deprecated(
            variants
                .iter()
                .any(|variant| variant.value.features.is_deprecated()),
        );
        self.t
            .open_impl(&cat(&[&self.paths.codec, "::Enum"]), ident);
        let values = variants
            .iter()
            .map(|v| (v.presence.attribute(), cat(&["Self::", &v.ident])));
        self.t
            .slice("const VALUES: &'static [Self] = ", &values.collect_vec());
        let names = variants
            .iter()
            .map(|v| (v.presence.attribute(), literal(&v.value.name)));
        self.t.slice(
            "const NAMES: &'static [&'static str] = ",
            &names.collect_vec(),
        );
        let marked: Vec<_> = variants
            .iter()
            .filter_map(|v| {
                let marks = marks(&v.value.features)?;
                let row = cat(&["(", &literal(&v.value.name), ", ", &marks, ")"]);
                Some((v.presence.attribute(), row))
            })
            .collect_vec();
        if !marked.is_empty() {
            let head = "const MARKED: &'static [(&'static str, &'static [&'static str])] = ";
            self.t.slice(head, &marked);
        }
        self.t.blank();
        self.t.line(&["#[inline]"]);
        let head = "fn unrecognized(name: ";
        self.t
            .open(&[head, &self.paths.unrecognized, ") -> Self {"]);
        self.t.line(&["Self::Unrecognized(name)"]);
        self.t.close("}");
        self.t.blank();
        self.t.line(&["#[inline]"]);
        self.t.open(&["fn name(&self) -> &str {"]);
        self.t.open(&["match self {"]);
        for variant in variants {
            self.t.attributes(variant.presence.attribute().as_deref());
            let pattern = cat(&["Self::", &variant.ident]);
            self.t.arm(&pattern, &literal(&variant.value.name));
        }
        self.t.line(&["Self::Unrecognized(name) => name.as_str(),"]);
        self.t.close("}");
        self.t.close("}");
        self.t.close("}");
    }
}
