//! The codec of structs.

use super::Output;
use super::paths::OPTION;
use super::record::Record;
use super::text::{Fit, literal};

/// Where the parts of what was read so far are kept.
struct Slots {
    fault: String,
    members: Vec<String>,
    branch: String,
    rest: String,
}

impl Output<'_, '_> {
    /// `impl Members` of a struct.
    pub(crate) fn members(&mut self, record: &Record) {
        // A tuple has no conditional elements.
        let conditional = record
            .members
            .iter()
            .any(|field| field.presence.attribute().is_some());
        let slots = match conditional {
            true => self.partial_struct(record),
            false => Slots {
                fault: "p.0".to_owned(),
                members: (1..=record.members.len())
                    .map(|i| format!("p.{i}"))
                    .collect(),
                branch: format!("p.{}", record.members.len() + 1),
                rest: format!("p.{}", record.members.len() + 1),
            },
        };
        let codec = self.paths.codec.clone();
        self.t.blank();
        self.t.attributes(record.presence.attribute().as_deref());
        self.allow_deprecated(record.has_deprecated());
        self.t
            .open(&["impl ", &codec, "::Members for ", &record.ident, " {"]);
        if record.is_empty() {
            self.no_members();
        } else {
            match conditional {
                true => self.t.line(&["type Partial = ", &record.partial, ";"]),
                false => self.partial_tuple(record),
            }
            self.begin(record, conditional);
            self.member(record, &slots);
            self.finish(record, &slots);
        }
        self.put(record);
        self.t.close("}");
        self.objects
            .push((record.presence.attribute(), record.ident.clone()));
    }

    /// The type of each slot, but for those of the members.
    fn last_slot(&self, record: &Record) -> Option<String> {
        let codec = &self.paths.codec;
        match (&record.union, &record.rest) {
            (Some(union), _) => Some(format!("{codec}::Branch<{}>", union.partial)),
            (None, Some(_)) => Some(self.paths.object.clone()),
            (None, None) => None,
        }
    }

    fn partial_tuple(&mut self, record: &Record) {
        let mut types = vec![format!("{}::Fault", self.paths.codec)];
        types.extend(
            record
                .members
                .iter()
                .map(|f| format!("{OPTION}<{}>", f.stored())),
        );
        types.extend(self.last_slot(record));
        self.t.list("type Partial = (", &types, ");", Fit::Call);
    }

    fn partial_struct(&mut self, record: &Record) -> Slots {
        self.t.blank();
        self.t.line(&["#[doc(hidden)]"]);
        self.t.attributes(record.presence.attribute().as_deref());
        self.t.open(&["pub struct ", &record.partial, " {"]);
        self.t.line(&["fault: ", &self.paths.codec, "::Fault,"]);
        let mut members = Vec::new();
        for (index, field) in record.members.iter().enumerate() {
            self.t.attributes(field.presence.attribute().as_deref());
            let stored = field.stored();
            self.t
                .line(&[&format!("m{index}"), ": ", OPTION, "<", &stored, ">,"]);
            members.push(format!("p.m{index}"));
        }
        if let Some(ty) = self.last_slot(record) {
            self.t.line(&["last: ", &ty, ","]);
        }
        self.t.close("}");
        Slots {
            fault: "p.fault".to_owned(),
            members,
            branch: "p.last".to_owned(),
            rest: "p.last".to_owned(),
        }
    }

    fn no_members(&mut self) {
        let (reader, result) = (&self.paths.reader, &self.paths.result);
        self.t.line(&["type Partial = ();"]);
        self.t.blank();
        self.t.line(&["#[inline]"]);
        self.t.line(&["fn begin() -> Self::Partial {}"]);
        self.t.blank();
        self.t.line(&["#[inline]"]);
        let parameters = [
            "(): &mut Self::Partial".to_owned(),
            "_: &str".to_owned(),
            format!("_: &mut {reader}"),
        ];
        self.t.open_list(
            "fn member(",
            &parameters,
            &format!(") -> {result}<bool> {{"),
        );
        self.t.line(&["Ok(false)"]);
        self.t.close("}");
        self.t.blank();
        self.t.line(&["#[inline]"]);
        let parameters = ["(): Self::Partial".to_owned(), format!("_: &{reader}")];
        self.t.open_list(
            "fn finish(",
            &parameters,
            &format!(") -> {result}<Self> {{"),
        );
        self.t.line(&["Ok(Self {})"]);
        self.t.close("}");
    }

    fn begin(&mut self, record: &Record, conditional: bool) {
        let codec = &self.paths.codec;
        let fault = format!("{codec}::Fault::new()");
        let last = match (&record.union, &record.rest) {
            (Some(_), _) => Some(format!("{codec}::Branch::Unknown")),
            (None, Some(_)) => Some(format!("{}::new()", self.paths.object)),
            (None, None) => None,
        };
        self.t.blank();
        self.t.line(&["#[inline]"]);
        self.t.open(&["fn begin() -> Self::Partial {"]);
        if conditional {
            self.t.open(&[&record.partial, " {"]);
            self.t.line(&["fault: ", &fault, ","]);
            for (index, field) in record.members.iter().enumerate() {
                self.t.attributes(field.presence.attribute().as_deref());
                self.t.line(&[&format!("m{index}"), ": None,"]);
            }
            if let Some(last) = last {
                self.t.line(&["last: ", &last, ","]);
            }
            self.t.close("}");
        } else {
            let mut values = vec![fault];
            values.extend(record.members.iter().map(|_| "None".to_owned()));
            values.extend(last);
            self.t.list("(", &values, ")", Fit::Call);
        }
        self.t.close("}");
    }

    fn member(&mut self, record: &Record, slots: &Slots) {
        let (codec, reader) = (self.paths.codec.clone(), self.paths.reader.clone());
        self.t.blank();
        self.t.line(&["#[inline]"]);
        let parameters = [
            "p: &mut Self::Partial".to_owned(),
            "key: &str".to_owned(),
            format!("r: &mut {reader}"),
        ];
        let tail = format!(") -> {}<bool> {{", self.paths.result);
        self.t.open_list("fn member(", &parameters, &tail);
        self.t.open(&["match key {"]);
        for (index, field) in record.members.iter().enumerate() {
            let name = literal(&field.member.name);
            self.t.attributes(field.presence.attribute().as_deref());
            let arguments = [
                format!("&mut {}", slots.members[index]),
                format!("&mut {}", slots.fault),
                index.to_string(),
                name.clone(),
                "r".to_owned(),
            ];
            self.t
                .arm_call(&name, &format!("{codec}::get("), &arguments, ")?");
        }
        match (&record.union, &record.rest) {
            (Some(union), _) => {
                let arguments = [
                    format!("&mut {}", slots.branch),
                    format!("&{}", slots.members[union.tag]),
                    literal(&union.variants.tag),
                    "key".to_owned(),
                    "r".to_owned(),
                ];
                let callee = format!("return {codec}::branch_member::<{}>(", union.branch);
                self.t.arm_call("_", &callee, &arguments, ")");
            }
            (None, Some(_)) => {
                let arguments = [
                    format!("&mut {}", slots.rest),
                    "key".to_owned(),
                    "r".to_owned(),
                ];
                self.t
                    .arm_call("_", &format!("return {codec}::open("), &arguments, ")");
            }
            (None, None) => self.t.line(&["_ => return Ok(false),"]),
        }
        self.t.close("}");
        self.t.line(&["Ok(true)"]);
        self.t.close("}");
    }

    fn finish(&mut self, record: &Record, slots: &Slots) {
        let codec = self.paths.codec.clone();
        let needed = |index: usize| {
            let field = &record.members[index];
            !field.member.optional || record.is_tag(index)
        };
        let any_needed = (0..record.members.len()).any(needed);
        self.t.blank();
        self.t.line(&["#[inline]"]);
        // A parameter that is not used must say so.
        let r = match any_needed || record.union.is_some() {
            true => "r",
            false => "_",
        };
        let parameters = [
            "p: Self::Partial".to_owned(),
            format!("{r}: &{}", self.paths.reader),
        ];
        let tail = format!(") -> {}<Self> {{", self.paths.result);
        self.t.open_list("fn finish(", &parameters, &tail);
        if any_needed {
            self.t.line(&["let mut fault = ", &slots.fault, ";"]);
        }
        for (index, field) in record.members.iter().enumerate() {
            if !needed(index) {
                continue;
            }
            let late = match &record.union {
                Some(union) if union.tag == index => union.untagged,
                _ => field.late,
            };
            let function = match late {
                true => "expect",
                false => "need",
            };
            let arguments = [
                slots.members[index].clone(),
                "&mut fault".to_owned(),
                index.to_string(),
                literal(&field.member.name),
                "r".to_owned(),
            ];
            self.t.attributes(field.presence.attribute().as_deref());
            let head = format!("let m{index} = {codec}::{function}(");
            self.t.list(&head, &arguments, ")?;", Fit::Call);
        }
        match any_needed {
            true => self.t.line(&["fault.check()?;"]),
            false => self.t.line(&[&slots.fault, ".check()?;"]),
        }
        let mut values = Vec::new();
        for (index, field) in record.members.iter().enumerate() {
            if record.is_tag(index) {
                continue;
            }
            let value = match needed(index) {
                true => format!("{}: m{index}", field.ident),
                false => format!("{}: {}", field.ident, slots.members[index]),
            };
            values.push((field.presence.attribute(), value));
        }
        if let Some(union) = &record.union {
            let (branch, tag) = (&slots.branch, union.tag);
            let value = match union.untagged {
                true => {
                    let name = literal(&union.variants.tag);
                    format!(
                        "{codec}::branch_finish_untagged({branch}, m{tag}.as_ref(), {name}, r)?"
                    )
                }
                false => format!("{codec}::branch_finish({branch}, &m{tag}, r)?"),
            };
            values.push((None, format!("{}: {value}", union.ident)));
        }
        if let Some(rest) = &record.rest {
            values.push((None, format!("{}: {}", rest.ident, slots.rest)));
        }
        self.t.struct_literal("Ok(Self", &values, ")");
        self.t.close("}");
    }

    fn put(&mut self, record: &Record) {
        let codec = self.paths.codec.clone();
        self.t.blank();
        self.t.line(&["#[inline]"]);
        if record.is_empty() {
            self.t
                .line(&["fn put(&self, _: &mut ", &self.paths.writer, ") {}"]);
            return;
        }
        self.t
            .open(&["fn put(&self, w: &mut ", &self.paths.writer, ") {"]);
        for (index, field) in record.members.iter().enumerate() {
            let name = literal(&field.member.name);
            if let (true, Some(union)) = (record.is_tag(index), &record.union) {
                let ident = &union.ident;
                if union.untagged {
                    let pattern = format!("{}::Untagged(..)", union.branch);
                    self.t
                        .open(&["if !::core::matches!(self.", ident, ", ", &pattern, ") {"]);
                }
                self.t.line(&["w.key(", &name, ");"]);
                self.t
                    .line(&["w.string(", &codec, "::Branches::tag(&self.", ident, "));"]);
                if union.untagged {
                    self.t.close("}");
                }
                continue;
            }
            let function = match field.is_option() {
                true => "put_opt",
                false => "put",
            };
            let arguments = ["w".to_owned(), name, format!("&self.{}", field.ident)];
            self.t.attributes(field.presence.attribute().as_deref());
            self.t.list(
                &format!("{codec}::{function}("),
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
            let known = record
                .members
                .iter()
                .map(|field| literal(&field.member.name));
            let known: Vec<String> = known.collect();
            let known = format!("&[{}]", known.join(", "));
            let arguments = ["w".to_owned(), format!("&self.{}", rest.ident), known];
            self.t
                .list(&format!("{codec}::put_rest("), &arguments, ");", Fit::Call);
        }
        self.t.close("}");
    }
}
