//! Events.

use super::Output;
use super::docs::{Source, deprecation};
use super::plan::{Item, Module, Place};
use super::record::RestKind;
use super::structs::DERIVES;
use super::text::{Fit, literal};
use crate::compact::{cat, join};
use crate::model::Event;

impl<'s> Output<'_, 's> {
    /// The enum of all events, and their module.
    pub(crate) fn events(&mut self) {
        let all = self.all_events();
        self.event_enum(&all);
        if all.is_empty() {
            return;
        }
        self.t.blank();
        self.t.doc("The events. Their members are the data.");
        self.t.line(&["#[allow(deprecated)]"]);
        self.t.open(&["pub mod events {"]);
        self.t.start_block();
        self.re_exports("events::", &mut all.iter().map(|(_, item)| item));
        for (event, item) in &all {
            self.event(event, item);
        }
        self.macros();
        self.t.close("}");
    }

    fn event(&mut self, event: &'s Event, item: &Item) {
        let Place::Here(presence) = &item.place else {
            return;
        };
        let source = Source {
            kind: "event",
            name: &event.name,
            origin: &event.origin,
            doc: event.doc.as_ref(),
            features: &event.features,
            condition: event.condition.as_ref(),
        };
        self.t.blank();
        match self.named(event.data) {
            Some(id) => self.newtype(&item.ident, id, &source, presence),
            None => {
                let record = self.plan.record(
                    event.data,
                    item,
                    presence.clone(),
                    Module::Inner,
                    RestKind::Kept,
                );
                self.declare(&record, &source, "");
                self.members(&record);
            }
        }
        self.t.blank();
        self.t.attributes(presence.attribute().as_deref());
        self.t
            .open_impl(&cat(&[&self.paths.root, "::Event"]), &item.ident);
        let name = cat(&[&literal(&event.name), ";"]);
        self.t.assign("const NAME: &'static str =", &name);
        self.feature_const(&event.features);
        self.t.close("}");
    }

    fn event_enum(&mut self, all: &[(&Event, Item)]) {
        let ident = self.plan.event_enum.clone();
        let root = self.paths.root.clone();
        let deprecated = all.iter().any(|(event, _)| event.features.is_deprecated());
        // In the enum, each event has its name; `Unrecognized` is ours.
        let variant = |item: &Item| match item.ident.as_str() {
            "Unrecognized" => "Unrecognized_".to_owned(),
            ident => ident.to_owned(),
        };
        let when = |item: &Item| match &item.place {
            Place::Here(presence) => presence.attribute(),
            _ => None,
        };
        self.t.blank();
        self.t.doc("Any event.");
        self.t.line(&["#[derive(", &join(DERIVES, ", "), ")]"]);
        self.t.line(&["#[non_exhaustive]"]);
        if !all.is_empty() {
            // How large the events are is known only where all their types are.
            self.t.line(&["#[allow(clippy::large_enum_variant)]"]);
        }
        self.allow_deprecated(deprecated);
        self.t.open(&["pub enum ", &ident, " {"]);
        for (event, item) in all {
            self.t.line(&["/// `", &event.name, "`"]);
            self.t.attributes(when(item).as_deref());
            self.t.attributes(deprecation(&event.features).as_deref());
            let data = cat(&["events::", &item.ident]);
            self.t
                .list(&cat(&[&variant(item), "("]), &[&data], "),", Fit::Line);
        }
        self.t.doc("An event of a newer or older release.");
        self.t.open(&["Unrecognized {"]);
        self.t.doc("Its name.");
        self.t.line(&["name: ", &self.paths.unrecognized, ","]);
        self.t.doc("Its data.");
        self.t.line(&["data: ", &self.paths.object, ","]);
        self.t.close("},");
        self.t.close("}");

        self.t.blank();
        self.allow_deprecated(deprecated);
        self.t.open_impl(&cat(&[&root, "::Events"]), &ident);
        self.t.line(&["#[inline]"]);
        let parameters: [&str; 2] = [
            "name: &str",
            &cat(&[
                "data: ::core::option::Option<",
                &root,
                "::message::Raw<'_>>",
            ]),
        ];
        let tail = cat(&[") -> ", &self.paths.result, "<Self> {"]);
        self.t.open_list("fn decode(", &parameters, &tail);
        let (unknown, end) = match all.is_empty() {
            true => ("Ok(Self::Unrecognized {", "})"),
            false => ("_ => Ok(Self::Unrecognized {", "}),"),
        };
        if !all.is_empty() {
            self.t.open(&["match name {"]);
        }
        for (event, item) in all {
            self.t.attributes(when(item).as_deref());
            let variant = variant(item);
            let body = cat(&[
                &root,
                "::message::decode_event(data).map(Self::",
                &variant,
                ")",
            ]);
            self.t.arm(&literal(&event.name), &body);
        }
        self.t.open(&[unknown]);
        let name = &self.paths.unrecognized;
        self.t.line(&["name: ", name, "::new(name),"]);
        self.t
            .line(&["data: ", &root, "::message::decode_object(data)?,"]);
        self.t.close(end);
        if !all.is_empty() {
            self.t.close("}");
        }
        self.t.close("}");

        self.t.blank();
        self.t.line(&["#[inline]"]);
        self.t.open(&["fn name(&self) -> &str {"]);
        self.t.open(&["match self {"]);
        for (event, item) in all {
            self.t.attributes(when(item).as_deref());
            self.t.arm(
                &cat(&["Self::", &variant(item), "(_)"]),
                &literal(&event.name),
            );
        }
        self.t
            .line(&["Self::Unrecognized { name, .. } => name.as_str(),"]);
        self.t.close("}");
        self.t.close("}");

        self.t.blank();
        self.t.line(&["#[inline]"]);
        self.t
            .open(&["fn put(&self, w: &mut ", &self.paths.writer, ") {"]);
        self.t.open(&["match self {"]);
        let codec = self.paths.codec.clone();
        for (_, item) in all {
            self.t.attributes(when(item).as_deref());
            let call = cat(&[&codec, "::Members::put(event, w)"]);
            self.t
                .arm_do(&cat(&["Self::", &variant(item), "(event)"]), &call);
        }
        let call = cat(&[&codec, "::put_open(w, data)"]);
        self.t.arm_do("Self::Unrecognized { data, .. }", &call);
        self.t.close("}");
        self.t.close("}");
        self.t.close("}");
    }
}
