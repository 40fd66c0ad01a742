//! The branches of unions.

use super::Output;
use super::condition::Presence;
use super::docs::deprecation;
use super::paths::{BOX, FROM};
use super::plan::Module;
use super::structs::{DERIVES, boxed};
use super::text::{CALL_WIDTH, Fit, literal};
use crate::compact::cat;
use crate::model::{EnumValue, Object, ObjectId, Type, Variants};

/// A branch, as a variant.
struct Branch<'s> {
    value: &'s EnumValue,
    ident: String,
    /// The Rust type of its data; `None` if it has none.
    data: Option<String>,
    object: ObjectId,
    presence: Presence,
    /// Whether it stands for what older releases send without a tag.
    untagged: bool,
}

impl<'s> Output<'_, 's> {
    fn branches(&self, union: &'s Object, variants: &'s Variants) -> Vec<Branch<'s>> {
        let tag = self.plan.schema.enum_(variants.tag_enum);
        let idents = self.variants(tag);
        let mut branches = Vec::new();
        for variant in idents {
            let branch = variants
                .branches
                .iter()
                .find(|b| b.value == variant.value.name);
            let Some(branch) = branch else { continue };
            let with_data = match branch.object == self.plan.schema.empty() {
                true => Presence::Never,
                false => self.plan.presence(branch.condition.as_ref()),
            };
            let tag = variant.presence;
            let one = |presence: Presence, data| Branch {
                value: variant.value,
                ident: variant.ident.clone(),
                data,
                object: branch.object,
                presence,
                untagged: false,
            };
            let data = || Some(self.plan.ty(Type::Object(branch.object), Module::Root));
            match with_data {
                Presence::Never => branches.push(one(tag, None)),
                Presence::Always => branches.push(one(tag, data())),
                with_data if tag == with_data => branches.push(one(tag, data())),
                // Where the tag has the value and the union not the branch, there are no data.
                with_data => {
                    branches.push(one(tag.clone().and(with_data.clone()), data()));
                    branches.push(one(tag.and(with_data.not()), None));
                }
            }
        }
        if let Some(value) = self.plan.untagged(union)
            && let Some(branch) = branches.iter().find(|branch| branch.value.name == value)
        {
            branches.push(Branch {
                ident: "Untagged".to_owned(),
                data: branch.data.clone(),
                presence: branch.presence.clone(),
                untagged: true,
                ..*branch
            });
        }
        branches
    }

    /// The enum of a union's branches and its codec.
    pub(crate) fn branch_enum(&mut self, id: ObjectId, union: &'s Object, presence: &Presence) {
        let Some(variants) = &union.variants else {
            return;
        };
        let ident = self.plan.branch_enum(id).to_owned();
        let branches = self.branches(union, variants);
        self.t.blank();
        let union_ident = &self.plan.object_item(id).ident;
        self.t.line(&["/// The branches of [`", union_ident, "`]."]);
        self.attributes(&union.name, DERIVES, presence);
        self.t.line(&["#[non_exhaustive]"]);
        self.t.open(&["pub enum ", &ident, " {"]);
        for branch in &branches {
            let value = &branch.value.name;
            self.t.doc(&match branch.untagged {
                true => cat(&[
                    "`",
                    value,
                    "`, from a release that does not send `",
                    &variants.tag,
                    "`",
                ]),
                false => cat(&["`", value, "`"]),
            });
            self.t.attributes(branch.presence.attribute().as_deref());
            self.t
                .attributes(deprecation(&branch.value.features).as_deref());
            match &branch.data {
                Some(ty) => {
                    let head = cat(&[&branch.ident, "("]);
                    self.t.list(&head, &[&boxed(ty)], "),", Fit::Line);
                }
                None => self.t.line(&[&branch.ident, ","]),
            }
        }
        self.t.doc("A branch of a newer or older release.");
        self.t.open(&["Unrecognized {"]);
        self.t.line(&["/// The value of `", &variants.tag, "`."]);
        self.t.line(&["tag: ", &self.paths.unrecognized, ","]);
        self.t.doc("The members of the branch.");
        self.t.line(&["members: ", &self.paths.object, ","]);
        self.t.close("},");
        self.t.close("}");
        self.conversions(&ident, &branches, presence);
        let partial = self.plan.branch_partial(id).to_owned();
        self.partial(&partial, &branches, presence);
        let tag = self.plan.ty(Type::Enum(variants.tag_enum), Module::Root);
        self.branch_codec([&ident, &partial, &tag], &branches, presence);
    }

    fn conversions(&mut self, ident: &str, branches: &[Branch], presence: &Presence) {
        for branch in branches {
            let Some(ty) = branch.data.as_ref().filter(|_| !branch.untagged) else {
                continue;
            };
            let same = branches
                .iter()
                .filter(|b| b.object == branch.object && b.data.is_some() && !b.untagged);
            // Of several branches with one type, the type may be named after one.
            let named_after = |branch: &Branch| {
                let suffix = ty.len().saturating_sub(branch.ident.len());
                ty.get(suffix..)
                    .is_some_and(|end| end.eq_ignore_ascii_case(&branch.ident))
            };
            if same.clone().count() > 1
                && !(named_after(branch) && same.filter(|b| named_after(b)).count() == 1)
            {
                continue;
            }
            self.t.blank();
            self.t.attributes(
                presence
                    .clone()
                    .and(branch.presence.clone())
                    .attribute()
                    .as_deref(),
            );
            self.allow_deprecated(branch.value.features.is_deprecated());
            self.t.open_impl(&cat(&[FROM, "<", ty, ">"]), ident);
            self.t.line(&["#[inline]"]);
            self.t.open(&["fn from(branch: ", ty, ") -> Self {"]);
            self.t
                .line(&["Self::", &branch.ident, "(", BOX, "::new(branch))"]);
            self.t.close("}");
            self.t.close("}");
        }
    }

    fn partial(&mut self, ident: &str, branches: &[Branch], presence: &Presence) {
        let codec = &self.paths.codec;
        self.t.blank();
        self.t.line(&["#[doc(hidden)]"]);
        self.t.attributes(presence.attribute().as_deref());
        self.t.open(&["pub enum ", ident, " {"]);
        for branch in branches {
            self.t.attributes(branch.presence.attribute().as_deref());
            match &branch.data {
                Some(ty) => {
                    let partial: [&str; 1] = [&cat(&[codec, "::BoxedPartial<", ty, ">"])];
                    self.t
                        .list(&cat(&[&branch.ident, "("]), &partial, "),", Fit::Line);
                }
                None => self.t.line(&[&branch.ident, ","]),
            }
        }
        self.t.line(&[
            "Unrecognized(",
            &self.paths.unrecognized,
            ", ",
            &self.paths.object,
            "),",
        ]);
        self.t.close("}");
    }

    fn branch_codec(
        &mut self,
        [ident, partial, tag]: [&str; 3],
        branches: &[Branch],
        presence: &Presence,
    ) {
        let codec = self.paths.codec.clone();
        let (reader, result) = (self.paths.reader.clone(), self.paths.result.clone());
        self.t.blank();
        self.t.attributes(presence.attribute().as_deref());
        self.allow_deprecated(
            branches
                .iter()
                .any(|branch| branch.value.features.is_deprecated()),
        );
        self.t.open_impl(&cat(&[&codec, "::Branches"]), ident);
        self.t.line(&["type Tag = ", tag, ";"]);
        self.t.line(&["type Partial = ", partial, ";"]);

        self.t.blank();
        self.t.line(&["#[inline]"]);
        // Branches may be called `Tag` and `Partial`: the associated types are named in full.
        let parameters: [&str; 1] = [&cat(&["tag: &", tag])];
        let end = cat(&[") -> ", partial, " {"]);
        self.t.open_list("fn begin(", &parameters, &end);
        self.t.open(&["match tag {"]);
        for branch in branches.iter().filter(|branch| !branch.untagged) {
            self.t.attributes(branch.presence.attribute().as_deref());
            let pattern = cat(&[tag, "::", &branch.ident]);
            let begun = cat(&[partial, "::", &branch.ident]);
            match &branch.data {
                Some(ty) => {
                    let value = cat(&[&codec, "::boxed_begin::<", ty, ">()"]);
                    self.t
                        .arm_call(&pattern, &cat(&[&begun, "("]), &[&value], ")");
                }
                None => self.t.arm(&pattern, &begun),
            }
        }
        let arguments: [&str; 2] = ["tag.clone()", &cat(&[&self.paths.object, "::new()"])];
        let pattern = cat(&[tag, "::Unrecognized(tag)"]);
        self.t.arm_call(
            &pattern,
            &cat(&[partial, "::Unrecognized("]),
            &arguments,
            ")",
        );
        self.t.close("}");
        self.t.close("}");

        if let Some(branch) = branches.iter().find(|branch| branch.untagged) {
            let begun = match &branch.data {
                Some(ty) => cat(&["(", &codec, "::boxed_begin::<", ty, ">())"]),
                None => String::new(),
            };
            let value = cat(&[partial, "::", &branch.ident, &begun]);
            self.t.blank();
            self.t.line(&["#[inline]"]);
            let option = super::paths::OPTION;
            self.t
                .open(&["fn untagged() -> ", option, "<", partial, "> {"]);
            match value.split_once("::<") {
                Some((head, end)) if value.len() > CALL_WIDTH => {
                    self.t.open(&["Some(", head, "::<"]);
                    self.t.line(&[end.strip_suffix(">())").unwrap_or(end), ","]);
                    self.t.close(">()))");
                }
                _ => self.t.list("Some(", &[&value], ")", Fit::Call),
            }
            self.t.close("}");
        }

        self.t.blank();
        self.t.line(&["#[inline]"]);
        let parameters: [&str; 3] = [
            &cat(&["p: &mut ", partial]),
            "key: &str",
            &cat(&["r: &mut ", &reader]),
        ];
        self.t.open_list(
            "fn member(",
            &parameters,
            &cat(&[") -> ", &result, "<bool> {"]),
        );
        self.t.open(&["match p {"]);
        for branch in branches {
            self.t.attributes(branch.presence.attribute().as_deref());
            match &branch.data {
                Some(ty) => {
                    let call = cat(&["<", ty, " as ", &codec, "::Members>::member("]);
                    let pattern = cat(&[partial, "::", &branch.ident, "(p)"]);
                    let arguments = ["p", "key", "r"];
                    self.t.arm_call(&pattern, &call, &arguments, ")");
                }
                None => self
                    .t
                    .arm(&cat(&[partial, "::", &branch.ident]), "Ok(false)"),
            }
        }
        let call = cat(&[&codec, "::open(members, key, r)"]);
        self.t
            .arm(&cat(&[partial, "::Unrecognized(_, members)"]), &call);
        self.t.close("}");
        self.t.close("}");

        self.t.blank();
        self.t.line(&["#[inline]"]);
        // A parameter that is not used must say so; conditions may take away what uses it.
        let mut with_data = branches.iter().filter(|b| b.data.is_some()).peekable();
        let r = if with_data.peek().is_some() { "r" } else { "_" };
        if r == "r" && with_data.all(|branch| branch.presence.attribute().is_some()) {
            self.t.line(&["#[allow(unused_variables)]"]);
        }
        let parameters: [&str; 2] = [&cat(&["p: ", partial]), &cat(&[r, ": &", &reader])];
        self.t.open_list(
            "fn finish(",
            &parameters,
            &cat(&[") -> ", &result, "<Self> {"]),
        );
        self.t.open(&["Ok(match p {"]);
        for branch in branches {
            self.t.attributes(branch.presence.attribute().as_deref());
            match branch.data {
                Some(_) => {
                    let pattern = cat(&[partial, "::", &branch.ident, "(p)"]);
                    let variant = cat(&["Self::", &branch.ident, "("]);
                    let finish = cat(&[&codec, "::boxed_finish(p, r)?"]);
                    self.t.arm_call(&pattern, &variant, &[&finish], ")");
                }
                None => {
                    let pattern = cat(&[partial, "::", &branch.ident]);
                    self.t.arm(&pattern, &cat(&["Self::", &branch.ident]));
                }
            }
        }
        let pattern = cat(&[partial, "::Unrecognized(tag, members)"]);
        self.t.arm(&pattern, "Self::Unrecognized { tag, members }");
        self.t.close("})");
        self.t.close("}");

        self.t.blank();
        self.t.line(&["#[inline]"]);
        self.t.open(&["fn tag(&self) -> &str {"]);
        self.t.open(&["match self {"]);
        for branch in branches {
            self.t.attributes(branch.presence.attribute().as_deref());
            self.t
                .arm(&matched(branch, "_"), &literal(&branch.value.name));
        }
        self.t
            .line(&["Self::Unrecognized { tag, .. } => tag.as_str(),"]);
        self.t.close("}");
        self.t.close("}");

        self.t.blank();
        self.t.line(&["#[inline]"]);
        self.t
            .open(&["fn put(&self, w: &mut ", &self.paths.writer, ") {"]);
        self.t.open(&["match self {"]);
        for branch in branches {
            self.t.attributes(branch.presence.attribute().as_deref());
            match &branch.data {
                Some(ty) => {
                    let call = cat(&["<", ty, " as ", &codec, "::Members>::put(branch, w)"]);
                    self.t.arm_do(&matched(branch, "branch"), &call);
                }
                None => self.t.line(&[&matched(branch, ""), " => {}"]),
            }
        }
        let call = cat(&[&codec, "::put_open(w, members)"]);
        self.t.arm_do("Self::Unrecognized { members, .. }", &call);
        self.t.close("}");
        self.t.close("}");
        self.t.close("}");
    }
}

/// A pattern for a branch.
fn matched(branch: &Branch, data: &str) -> String {
    match branch.data {
        Some(_) => cat(&["Self::", &branch.ident, "(", data, ")"]),
        None => cat(&["Self::", &branch.ident]),
    }
}
