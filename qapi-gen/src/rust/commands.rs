//! Commands.

use super::Output;
use super::condition::Presence;
use super::docs::{Source, deprecation};
use super::lints::allow_new;
use super::paths::{FROM, INTO};
use super::plan::{Item, Module, Place};
use super::record::RestKind;
use super::structs::{DERIVES, feature_names};
use super::text::{Fit, literal};
use crate::compact::{CollectVec as _, cat};
use crate::model::{Command, Features, ObjectId, Type};

impl<'s> Output<'_, 's> {
    /// The module of the commands.
    pub(crate) fn commands(&mut self) {
        let all = self.all_commands();
        if all.is_empty() {
            return;
        }
        self.t.blank();
        self.t.doc("The commands. Their members are the arguments.");
        self.t.line(&["#[allow(deprecated)]"]);
        self.t.open(&["pub mod commands {"]);
        self.t.start_block();
        self.re_exports("commands::", &mut all.iter().map(|(_, item)| item));
        for (command, item) in &all {
            self.command(command, item);
        }
        self.macros();
        self.t.close("}");
    }

    fn command(&mut self, command: &'s Command, item: &Item) {
        let Place::Here(presence) = &item.place else {
            return;
        };
        let source = Source {
            kind: "command",
            name: &command.name,
            origin: &command.origin,
            doc: command.doc.as_ref(),
            features: &command.features,
            condition: command.condition.as_ref(),
        };
        self.t.blank();
        // Without any argument the handler is registered by hand for other reasons.
        let open = !command.gen_ && command.arguments.is_some();
        match self.named(command.arguments) {
            Some(id) if !open => self.newtype(&item.ident, id, &source, presence),
            _ => {
                let record = self.plan.record(
                    command.arguments,
                    item,
                    presence.clone(),
                    Module::Inner,
                    match open {
                        true => RestKind::Open,
                        false => RestKind::None,
                    },
                );
                let note = match open {
                    false => "",
                    true => "Members that the schema does not list are accepted.",
                };
                self.declare(&record, &source, note);
                self.members(&record);
            }
        }
        self.command_impl(command, &item.ident, presence.attribute().as_deref());
    }

    fn command_impl(&mut self, command: &Command, ident: &str, when: Option<&str>) {
        let root = self.paths.root.clone();
        self.t.blank();
        self.t.attributes(when);
        self.t.open_impl(&cat(&[&root, "::Command"]), ident);
        let reply = match command.returns {
            Some(ty) => self.plan.ty(ty, Module::Inner),
            None => cat(&[&root, "::Empty"]),
        };
        self.t.assign("type Reply =", &cat(&[&reply, ";"]));
        let name = cat(&[&literal(&command.name), ";"]);
        self.t.assign("const NAME: &'static str =", &name);
        for (flag, name, value) in [
            (command.allow_oob, "ALLOW_OOB", "true"),
            (command.allow_preconfig, "ALLOW_PRECONFIG", "true"),
            (!command.success_response, "SUCCESS_RESPONSE", "false"),
        ] {
            if flag {
                self.t.line(&["const ", name, ": bool = ", value, ";"]);
            }
        }
        self.feature_const(&command.features);
        self.t.close("}");
    }

    /// The features of a command or event as a constant.
    pub(crate) fn feature_const(&mut self, features: &Features) {
        let names = feature_names(features);
        if !names.is_empty() {
            let names: Vec<_> = names.into_iter().map(|name| (None, name)).collect_vec();
            self.t
                .slice("const FEATURES: &'static [&'static str] = ", &names);
        }
    }

    /// The type that the arguments of a command or the data of an event name.
    pub(crate) fn named(&self, id: Option<ObjectId>) -> Option<ObjectId> {
        id.filter(|&id| !self.plan.schema.object(id).is_implicit())
    }

    /// A struct around the type that the schema names: other commands may name it too.
    pub(crate) fn newtype(
        &mut self,
        ident: &str,
        id: ObjectId,
        source: &Source,
        presence: &Presence,
    ) {
        let inner = self.plan.ty(Type::Object(id), Module::Inner);
        let codec = self.paths.codec.clone();
        let (reader, result) = (self.paths.reader.clone(), self.paths.result.clone());
        let when = presence.attribute();
        let members = cat(&["<", &inner, " as ", &codec, "::Members>"]);
        self.plan.document(&mut self.t, source, "", Module::Inner);
        self.attributes(source.name, DERIVES, presence);
        self.t.attributes(deprecation(source.features).as_deref());
        let head = cat(&["pub struct ", ident, "("]);
        let field = cat(&["pub ", &inner]);
        self.t.list(&head, &[&field], ");", Fit::Line);

        self.t.blank();
        self.t.attributes(when.as_deref());
        self.t.open(&["impl ", ident, " {"]);
        self.t.doc("With these members.");
        self.t.line(&["#[must_use]"]);
        self.t.attributes(allow_new(ident));
        let parameters: [&str; 1] = [&cat(&["members: impl ", INTO, "<", &inner, ">"])];
        self.t.open_list("pub fn new(", &parameters, ") -> Self {");
        self.t.line(&["Self(members.into())"]);
        self.t.close("}");
        self.t.close("}");

        self.t.blank();
        self.t.attributes(when.as_deref());
        self.t.open_impl(&cat(&[FROM, "<", &inner, ">"]), ident);
        self.t.line(&["#[inline]"]);
        self.t.open(&["fn from(members: ", &inner, ") -> Self {"]);
        self.t.line(&["Self(members)"]);
        self.t.close("}");
        self.t.close("}");

        self.t.blank();
        self.t.attributes(when.as_deref());
        self.t.open_impl(&cat(&[&codec, "::Members"]), ident);
        let partial = cat(&[&members, "::Partial;"]);
        self.t.assign("type Partial =", &partial);
        self.t.blank();
        self.t.line(&["#[inline]"]);
        if self.plan.is_bare(id) {
            self.t
                .line(&["#[allow(clippy::semicolon_if_nothing_returned)]"]);
        }
        self.t.open(&["fn begin() -> Self::Partial {"]);
        self.t
            .list(&cat(&[&members, "::begin("]), &[], ")", Fit::Call);
        self.t.close("}");
        self.t.blank();
        self.t.line(&["#[inline]"]);
        let parameters: [&str; 3] = [
            "p: &mut Self::Partial",
            "key: &str",
            &cat(&["r: &mut ", &reader]),
        ];
        self.t.open_list(
            "fn member(",
            &parameters,
            &cat(&[") -> ", &result, "<bool> {"]),
        );
        let head = cat(&[&members, "::member("]);
        self.t.list(&head, &["p", "key", "r"], ")", Fit::Call);
        self.t.close("}");
        self.t.blank();
        self.t.line(&["#[inline]"]);
        let parameters: [&str; 2] = ["p: Self::Partial", &cat(&["r: &", &reader])];
        self.t.open_list(
            "fn finish(",
            &parameters,
            &cat(&[") -> ", &result, "<Self> {"]),
        );
        self.t.line(&[&codec, "::Members::finish(p, r).map(Self)"]);
        self.t.close("}");
        self.t.blank();
        self.t.line(&["#[inline]"]);
        self.t
            .open(&["fn put(&self, w: &mut ", &self.paths.writer, ") {"]);
        let head = cat(&[&members, "::put("]);
        self.t.list(&head, &["&self.0", "w"], ");", Fit::Call);
        self.t.close("}");
        self.t.close("}");
        self.objects.push((when, ident.to_owned()));
    }
}
