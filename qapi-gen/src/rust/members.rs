//! The codec of structs.

use super::Output;
use super::paths::OPTION;
use super::record::Record;
use super::text::{Fit, literal, refs};
use crate::compact::{CollectVec as _, PushAll as _, cat, join};
use crate::model::Features;

/// Where the parts of what was read so far are kept.
struct Slots {
    /// Whether they are fields of a struct of their own: a tuple has no conditional elements.
    named: bool,
    fault: String,
    members: Vec<String>,
    /// The variables that members are taken apart into.
    locals: Vec<String>,
    branch: String,
    rest: String,
}

impl Slots {
    fn of(record: &Record) -> Slots {
        let count = record.members.len();
        let named = record
            .members
            .iter()
            .any(|field| field.presence.attribute().is_some());
        let slot = |name: &str, index: usize| match named {
            true => cat(&["p.", name]),
            false => cat(&["p.", &index.to_string()]),
        };
        let locals: Vec<String> = (0..count)
            .map(|i| cat(&["m", &i.to_string()]))
            .collect_vec();
        Slots {
            named,
            fault: slot("fault", 0),
            members: (1..)
                .zip(&locals)
                .map(|(i, name)| slot(name, i))
                .collect_vec(),
            locals,
            branch: slot("branch", count + 1),
            rest: slot("rest", count + 1 + usize::from(record.union.is_some())),
        }
    }
}

/// A member's claim on being there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Demand {
    /// It may be absent.
    None,
    /// Only strict mode demands it.
    Strict,
    /// Every mode demands it.
    Always,
}

fn demand(record: &Record, index: usize) -> Demand {
    let field = &record.members[index];
    let late = match &record.union {
        Some(union) if union.tag == index => union.untagged,
        _ => field.late,
    };
    match (field.member.optional, late) {
        (true, _) => Demand::None,
        (false, true) => Demand::Strict,
        (false, false) => Demand::Always,
    }
}

/// The features that tell against using something, as an expression; `None` if there are none.
pub(crate) fn marks(features: &Features) -> Option<String> {
    let names = features.iter().map(|feature| feature.name.as_str());
    let marks: Vec<String> = names
        .filter(|name| matches!(*name, "deprecated" | "unstable"))
        .map(literal)
        .collect_vec();
    (!marks.is_empty()).then(|| cat(&["&[", &join(&marks, ", "), "]"]))
}

impl Output<'_, '_> {
    /// `impl Members` of a struct.
    pub(crate) fn members(&mut self, record: &Record) {
        let slots = Slots::of(record);
        if slots.named {
            self.partial_struct(record, &slots);
        }
        let codec = self.paths.codec.clone();
        self.t.blank();
        self.t.attributes(record.presence.attribute().as_deref());
        self.allow_deprecated(record.has_deprecated());
        self.allow_nothing_left(record);
        self.t
            .open_impl(&cat(&[&codec, "::Members"]), &record.ident);
        if record.is_empty() {
            self.no_members();
        } else {
            match slots.named {
                true => self.t.line(&["type Partial = ", &record.partial, ";"]),
                false => self.partial_tuple(record),
            }
            self.begin(record, &slots);
            self.member(record, &slots);
            self.finish(record, &slots);
        }
        self.put(record);
        self.t.close("}");
        self.objects
            .push((record.presence.attribute(), record.ident.clone()));
    }

    /// Conditions may take away all members, or all that are mandatory.
    fn allow_nothing_left(&mut self, record: &Record) {
        let goes = |index: usize| record.members[index].presence.attribute().is_some();
        let mut all = 0..record.members.len();
        let mut mandatory = all
            .clone()
            .filter(|&index| demand(record, index) == Demand::Always)
            .peekable();
        let mut lints = Vec::new();
        if mandatory.peek().is_some() && mandatory.all(goes) {
            lints.push("irrefutable_let_patterns");
        }
        if !record.is_empty() && record.union.is_none() && record.rest.is_none() && all.all(goes) {
            lints.push("unused_variables");
        }
        if !lints.is_empty() {
            self.t.line(&["#[allow(", &join(&lints, ", "), ")]"]);
        }
    }

    /// What is read beside the members: name, type, and what it is at first.
    fn other_slots(&self, record: &Record) -> Vec<(&'static str, String, String)> {
        let codec = &self.paths.codec;
        let branch = record.union.as_ref().map(|union| {
            let ty = cat(&[codec, "::Branch<", &union.partial, ">"]);
            ("branch", ty, cat(&[codec, "::Branch::Unknown"]))
        });
        let rest = record.rest.as_ref().map(|rest| {
            let ty = rest.ty(&self.paths);
            ("rest", ty.to_owned(), cat(&[ty, "::new()"]))
        });
        branch.into_iter().chain(rest).collect_vec()
    }

    fn partial_tuple(&mut self, record: &Record) {
        let mut types = vec![cat(&[&self.paths.codec, "::Fault"])];
        let members = record.members.iter();
        types.push_all(members.map(|field| cat(&[OPTION, "<", &field.stored(), ">"])));
        types.push_all(self.other_slots(record).into_iter().map(|(_, ty, _)| ty));
        self.t
            .list("type Partial = (", &refs(&types), ");", Fit::Call);
    }

    fn partial_struct(&mut self, record: &Record, slots: &Slots) {
        self.t.blank();
        self.t.line(&["#[doc(hidden)]"]);
        self.t.attributes(record.presence.attribute().as_deref());
        self.t.open(&["pub struct ", &record.partial, " {"]);
        self.t.line(&["fault: ", &self.paths.codec, "::Fault,"]);
        for (field, name) in record.members.iter().zip(&slots.locals) {
            self.t.attributes(field.presence.attribute().as_deref());
            let ty = cat(&[OPTION, "<", &field.stored(), ">,"]);
            self.t.assign(&cat(&[name, ":"]), &ty);
        }
        for (name, ty, _) in self.other_slots(record) {
            self.t.assign(&cat(&[name, ":"]), &cat(&[&ty, ","]));
        }
        self.t.close("}");
    }

    fn no_members(&mut self) {
        let (reader, result) = (&self.paths.reader, &self.paths.result);
        self.t.line(&["type Partial = ();"]);
        self.t.blank();
        self.t.line(&["#[inline]"]);
        self.t.line(&["fn begin() -> Self::Partial {}"]);
        self.t.blank();
        self.t.line(&["#[inline]"]);
        let parameters: [&str; 3] = [
            "(): &mut Self::Partial",
            "_: &str",
            &cat(&["_: &mut ", reader]),
        ];
        self.t.open_list(
            "fn member(",
            &parameters,
            &cat(&[") -> ", result, "<bool> {"]),
        );
        self.t.line(&["Ok(false)"]);
        self.t.close("}");
        self.t.blank();
        self.t.line(&["#[inline]"]);
        let parameters: [&str; 2] = ["(): Self::Partial", &cat(&["_: &", reader])];
        self.t.open_list(
            "fn finish(",
            &parameters,
            &cat(&[") -> ", result, "<Self> {"]),
        );
        self.t.line(&["Ok(Self {})"]);
        self.t.close("}");
    }

    fn begin(&mut self, record: &Record, slots: &Slots) {
        let fault = cat(&[&self.paths.codec, "::Fault::new()"]);
        let others = self.other_slots(record);
        self.t.blank();
        self.t.line(&["#[inline]"]);
        self.t.open(&["fn begin() -> Self::Partial {"]);
        if slots.named {
            let mut values = vec![(None, cat(&["fault: ", &fault]))];
            for (field, name) in record.members.iter().zip(&slots.locals) {
                values.push((field.presence.attribute(), cat(&[name, ": None"])));
            }
            values.push_all(
                others
                    .iter()
                    .map(|(name, _, first)| (None, cat(&[name, ": ", first]))),
            );
            self.t.struct_literal(&record.partial, &values, "");
        } else {
            let mut values = vec![fault];
            values.push_all(record.members.iter().map(|_| "None".to_owned()));
            values.push_all(others.into_iter().map(|(.., first)| first));
            self.t.list("(", &refs(&values), ")", Fit::Call);
        }
        self.t.close("}");
    }

    fn member(&mut self, record: &Record, slots: &Slots) {
        let codec = self.paths.codec.clone();
        self.t.blank();
        self.t.line(&["#[inline]"]);
        let parameters: [&str; 3] = [
            "p: &mut Self::Partial",
            "key: &str",
            &cat(&["r: &mut ", &self.paths.reader]),
        ];
        let tail = cat(&[") -> ", &self.paths.result, "<bool> {"]);
        self.t.open_list("fn member(", &parameters, &tail);
        let rest = record.rest.as_ref().map(|rest| match rest.setter {
            Some(_) => cat(&[&codec, "::open(&mut ", &slots.rest, ", key, r)"]),
            None => cat(&[&codec, "::keep(&mut ", &slots.rest, ", key, r)"]),
        });
        if let (true, Some(rest)) = (record.members.is_empty(), &rest) {
            self.t.line(&[rest]);
            self.t.close("}");
            return;
        }
        self.t.open(&["match key {"]);
        for (index, field) in record.members.iter().enumerate() {
            let name = literal(&field.member.name);
            self.t.attributes(field.presence.attribute().as_deref());
            let arguments: [&str; 5] = [
                &cat(&["&mut ", &slots.members[index]]),
                &cat(&["&mut ", &slots.fault]),
                &index.to_string(),
                &name,
                "r",
            ];
            self.t
                .arm_call(&name, &cat(&[&codec, "::get("]), &arguments, ")");
        }
        match (&record.union, rest) {
            (Some(union), rest) => {
                let arguments: [&str; 5] = [
                    &cat(&["&mut ", &slots.branch]),
                    &cat(&["&", &slots.members[union.tag]]),
                    &literal(&union.variants.tag),
                    "key",
                    "r",
                ];
                let callee = cat(&[&codec, "::branch_member::<", &union.branch, ">("]);
                match rest {
                    None => self.t.arm_call("_", &callee, &arguments, ")"),
                    Some(rest) => {
                        self.t.open(&["_ => {"]);
                        let head = cat(&["let taken = ", &callee]);
                        self.t.list(&head, &arguments, ")?;", Fit::Call);
                        self.t.line(&["Ok(taken || ", &rest, "?)"]);
                        self.t.close("}");
                    }
                }
            }
            (None, Some(rest)) => self.t.arm("_", &rest),
            (None, None) => self.t.line(&["_ => Ok(false),"]),
        }
        self.t.close("}");
        self.t.close("}");
    }

    fn finish(&mut self, record: &Record, slots: &Slots) {
        let codec = self.paths.codec.clone();
        let indices = 0..record.members.len();
        let demands: Vec<Demand> = indices.map(|index| demand(record, index)).collect_vec();
        let any = |wanted| demands.contains(&wanted);
        self.t.blank();
        self.t.line(&["#[inline]"]);
        let p = if any(Demand::Strict) { "mut p" } else { "p" };
        let parameters: [&str; 2] = [
            &cat(&[p, ": Self::Partial"]),
            &cat(&["r: &", &self.paths.reader]),
        ];
        let tail = cat(&[") -> ", &self.paths.result, "<Self> {"]);
        self.t.open_list("fn finish(", &parameters, &tail);
        for (index, field) in record.members.iter().enumerate() {
            if demands[index] == Demand::Strict {
                let arguments: [&str; 5] = [
                    &cat(&["&", &slots.members[index]]),
                    &cat(&["&mut ", &slots.fault]),
                    &index.to_string(),
                    &literal(&field.member.name),
                    "r",
                ];
                self.t.attributes(field.presence.attribute().as_deref());
                self.t
                    .list(&cat(&[&codec, "::expect("]), &arguments, ");", Fit::Call);
            }
        }
        self.take_apart(record, slots, &demands);
        self.put_together(record, slots);
        self.t.close("}");
    }

    /// Takes the partial apart; if something is wrong or something mandatory is missing, says so.
    /// One way out, while the partial is whole, costs the compiler far less than several.
    fn take_apart(&mut self, record: &Record, slots: &Slots, demands: &[Demand]) {
        let codec = &self.paths.codec;
        let fault = match slots.named {
            true => cat(&["fault: ", codec, "::Fault(None)"]),
            false => cat(&[codec, "::Fault(None)"]),
        };
        let mut parts = vec![(None, fault)];
        let mut mandatory = Vec::new();
        for (index, field) in record.members.iter().enumerate() {
            let local = &slots.locals[index];
            let part = match (demands[index], slots.named) {
                (Demand::Always, true) => cat(&[local, ": Some(", local, ")"]),
                (Demand::Always, false) => cat(&["Some(", local, ")"]),
                _ => local.clone(),
            };
            parts.push((field.presence.attribute(), part));
            if demands[index] == Demand::Always {
                let (slot, name) = (&slots.members[index], literal(&field.member.name));
                let index = index.to_string();
                let absent = cat(&["(", slot, ".is_none(), ", &index, ", ", &name, ")"]);
                mandatory.push((field.presence.attribute(), absent));
            }
        }
        let others = self.other_slots(record);
        parts.push_all(others.iter().map(|(name, ..)| (None, (*name).to_owned())));
        let (head, end) = match slots.named {
            true => (cat(&["let ", &record.partial, " {"]), "}"),
            false => ("let (".to_owned(), ")"),
        };
        self.t.pattern(&head, &parts, end);
        let members = match mandatory.is_empty() {
            true => "&[]",
            false => {
                self.t.slice("let members = ", &mandatory);
                "members"
            }
        };
        let (codec, fault) = (&self.paths.codec, &slots.fault);
        let arguments = cat(&[fault, ", ", members, ", r"]);
        self.t
            .line(&["return Err(", codec, "::incomplete(", &arguments, "));"]);
        self.t.close("};");
    }

    fn put_together(&mut self, record: &Record, slots: &Slots) {
        let codec = &self.paths.codec;
        let mut values = Vec::new();
        for (index, field) in record.members.iter().enumerate() {
            if !record.is_tag(index) {
                let local = &slots.locals[index];
                let value = match field.ident == *local {
                    true => local.clone(),
                    false => cat(&[&field.ident, ": ", local]),
                };
                values.push((field.presence.attribute(), value));
            }
        }
        if let Some(union) = &record.union {
            let tag = &slots.locals[union.tag];
            let value = match union.untagged {
                true => {
                    let name = literal(&union.variants.tag);
                    let call = "::branch_finish_untagged(branch, ";
                    cat(&[codec, call, tag, ".as_ref(), ", &name, ", r)?"])
                }
                false => cat(&[codec, "::branch_finish(branch, &", tag, ", r)?"]),
            };
            values.push((None, cat(&[&union.ident, ": ", &value])));
        }
        if let Some(rest) = &record.rest {
            values.push((None, cat(&[&rest.ident, ": rest"])));
        }
        self.t.struct_literal("Ok(Self", &values, ")");
    }

    fn put(&mut self, record: &Record) {
        let codec = self.paths.codec.clone();
        self.t.blank();
        self.t.line(&["#[inline]"]);
        if record.is_empty() {
            let writer = &self.paths.writer;
            self.t.line(&["fn put(&self, _: &mut ", writer, ") {}"]);
            return;
        }
        self.t
            .open(&["fn put(&self, w: &mut ", &self.paths.writer, ") {"]);
        for (index, field) in record.members.iter().enumerate() {
            if record.is_tag(index) {
                self.put_tag(record);
                continue;
            }
            let marks = marks(&field.member.features);
            let function = match (field.is_option(), &marks) {
                (true, None) => "put_opt",
                (false, None) => "put",
                (true, Some(_)) => "put_opt_marked",
                (false, Some(_)) => "put_marked",
            };
            let (name, value) = (literal(&field.member.name), cat(&["&self.", &field.ident]));
            let mut arguments = vec!["w", &name, &value];
            arguments.push_all(marks.as_deref());
            self.t.attributes(field.presence.attribute().as_deref());
            self.t.list(
                &cat(&[&codec, "::", function, "("]),
                &arguments,
                ");",
                Fit::Call,
            );
        }
        if let Some(union) = &record.union {
            self.t
                .line(&[&codec, "::Branches::put(&self.", &union.ident, ", w);"]);
        }
        if let Some(rest) = &record.rest {
            let value = cat(&["&self.", &rest.ident]);
            if rest.setter.is_some() {
                let names = record
                    .members
                    .iter()
                    .map(|field| literal(&field.member.name));
                let known = cat(&["&[", &join(&names.collect_vec(), ", "), "]"]);
                let arguments: [&str; 3] = ["w", &value, &known];
                self.t
                    .list(&cat(&[&codec, "::put_rest("]), &arguments, ");", Fit::Call);
            } else {
                self.t.line(&[&codec, "::put_kept(w, ", &value, ");"]);
            }
        }
        self.t.close("}");
    }

    fn put_tag(&mut self, record: &Record) {
        let Some(union) = &record.union else { return };
        let (codec, ident) = (&self.paths.codec, &union.ident);
        if union.untagged {
            let pattern = cat(&[&union.branch, "::Untagged(..)"]);
            self.t
                .open(&["if !::core::matches!(self.", ident, ", ", &pattern, ") {"]);
        }
        let name = literal(&union.variants.tag);
        let value = cat(&["&self.", ident]);
        let head = cat(&[codec, "::put_tag("]);
        self.t.list(&head, &["w", &name, &value], ");", Fit::Call);
        if union.untagged {
            self.t.close("}");
        }
    }
}
