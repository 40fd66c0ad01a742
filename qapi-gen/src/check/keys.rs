//! The keys of expressions: which there must be, which there may be, and flags.

use super::names::{self, Case};
use super::shaper::Shape;
use crate::diagnostic::{Code, DefinitionKind, Diagnostic, Release};
use crate::model::Builtin;
use crate::names::{Symbol, sym};
use crate::source::Span;
use crate::syntax::ast::{Object, Str, Value};
use std::fmt::Display;

/// What to do about `'discriminator': {}`.
pub(super) const UNTAGGED_UNION: &str = "since QEMU 2.4 unions without a tag are written as 'alternate'; older schemas are read as legacy input";

/// The last release with unions that have no discriminator, and branches of any type.
pub(super) const LAST_SIMPLE_UNIONS: Release = (6, 1);

/// Whether a union is of that kind.
pub(super) fn is_simple_union(union: &Object) -> bool {
    union.get(sym::BASE).is_none() && union.get(sym::DISCRIMINATOR).is_none()
}

impl Shape<'_> {
    /// Reports missing and unknown keys.
    pub(super) fn keys(
        &mut self,
        object: &Object,
        what: &str,
        required: &[Symbol],
        optional: &[Symbol],
    ) {
        let quote = |names: &[Symbol], shape: &Shape<'_>| {
            let mut names: Vec<&str> = names
                .iter()
                .map(|n| shape.parsed.names.str(*n))
                .collect::<Vec<_>>();
            names.sort_unstable();
            format!("'{}'", names.join("', '"))
        };
        let missing: Vec<Symbol> = required
            .iter()
            .copied()
            .filter(|key| object.get(*key).is_none())
            .collect::<Vec<_>>();
        if !missing.is_empty() {
            let plural = if missing.len() == 1 { "" } else { "s" };
            let message = format!("{what} misses key{plural} {}", quote(&missing, self));
            let end = Span {
                start: object.span.end - 1,
                ..object.span
            };
            let mut diagnostic = Diagnostic::new(Code::MissingKey, end, message);
            if what == "union" {
                diagnostic = self.explain_union(object, diagnostic);
            }
            self.error(diagnostic);
            self.faulty = true;
            if missing.contains(&sym::TYPE) || missing.contains(&sym::NAME) {
                // What stands here is something else than a type with extras.
                return;
            }
        }
        let unknown: Vec<Str> = object
            .members
            .iter()
            .map(|(key, _)| *key)
            .filter(|key| !required.contains(&key.symbol) && !optional.contains(&key.symbol))
            .collect::<Vec<_>>();
        if let Some(first) = unknown.first() {
            let plural = if unknown.len() == 1 { "" } else { "s" };
            let symbols: Vec<Symbol> = unknown.iter().map(|key| key.symbol).collect::<Vec<_>>();
            let message = format!("{what} has unknown key{plural} {}", quote(&symbols, self));
            let valid = [required, optional].concat();
            let mut diagnostic = Diagnostic::new(Code::UnknownKey, first.span, message)
                .note(format!("valid keys are {}", quote(&valid, self)));
            for key in &unknown[1..] {
                diagnostic = diagnostic.label(key.span, "unknown as well");
            }
            let written = self.parsed.names.name(first.symbol).clone();
            let unused = valid.iter().filter(|key| object.get(**key).is_none());
            let names = &self.parsed.names;
            let diagnostic =
                self.report
                    .suggest(diagnostic, &written, &mut unused.map(|key| names.str(*key)));
            self.error(diagnostic);
        }
    }

    /// Adds what to do about a union that lacks keys.
    fn explain_union(&self, union: &Object, diagnostic: Diagnostic) -> Diagnostic {
        let untagged = matches!(
            union.get(sym::DISCRIMINATOR),
            Some(Value::Object(empty)) if empty.members.is_empty()
        );
        match union.get(sym::BASE) {
            _ if untagged => diagnostic.help(UNTAGGED_UNION),
            Some(base) if union.get(sym::DISCRIMINATOR).is_none() => {
                let member = self.likely_discriminator(base).unwrap_or("MEMBER");
                diagnostic.help(format!(
                    "add 'discriminator': '{member}'; it names the member of the base, of an enum type, that tells the branch"
                ))
            }
            None if is_simple_union(union) && union.get(sym::DATA).is_some() => {
                let was_right = self.was_simple_union(union).then_some(LAST_SIMPLE_UNIONS);
                diagnostic.taken_until(was_right).help(
                    "unions without base and discriminator were dropped in QEMU 6.2; older schemas are read as legacy input",
                )
            }
            _ => diagnostic,
        }
    }

    /// The one member of an inline base that may be of an enum type.
    fn likely_discriminator(&self, base: &Value) -> Option<&str> {
        let Value::Object(base) = base else {
            return None;
        };
        let names = |ty: &Value| match ty {
            Value::Str(ty) => Builtin::ALL
                .iter()
                .all(|builtin| builtin.name() != self.text(ty.symbol)),
            _ => false,
        };
        let mut candidates = base.members.iter().filter_map(|(key, ty)| {
            let ty = match ty {
                Value::Object(long) => long.get(sym::TYPE)?,
                short => short,
            };
            let name = self.text(key.symbol);
            (names(ty) && !name.starts_with('*')).then_some(name)
        });
        candidates.next().filter(|_| candidates.next().is_none())
    }

    /// Whether a union without discriminator is one that the releases took which had such.
    fn was_simple_union(&self, union: &Object) -> bool {
        let Some(Value::Object(data)) = union.get(sym::DATA) else {
            return false;
        };
        let sound = |name: &Str| {
            let text = self.text(name.symbol);
            names::fault(text, name.span, &"", Case::Lower, Code::MemberNameCase).is_none()
        };
        !data.members.is_empty() && data.members.iter().all(|(name, _)| sound(name))
    }

    /// A type by itself, or `{ 'type': TYPE, ... }`.
    pub(super) fn short_or_long<'v>(
        &mut self,
        value: &'v Value,
        what: &dyn Display,
        optional: &[Symbol],
    ) -> (Option<&'v Value>, Option<&'v Object>) {
        match value {
            Value::Object(object) => {
                self.keys(object, &what.to_string(), &[sym::TYPE], optional);
                (object.get(sym::TYPE), Some(object))
            }
            other => (Some(other), None),
        }
    }

    /// Flags may only be given the value that is not their default.
    pub(super) fn flags(&mut self, object: &Object, kind: DefinitionKind) {
        for (flag, only) in [
            (sym::GEN, false),
            (sym::SUCCESS_RESPONSE, false),
            (sym::BOXED, true),
            (sym::ALLOW_OOB, true),
            (sym::ALLOW_PRECONFIG, true),
            (sym::COROUTINE, true),
        ] {
            let applies = match kind {
                DefinitionKind::Command => true,
                DefinitionKind::Event => flag == sym::BOXED,
                _ => false,
            };
            let Some((key, value)) = object.entry(flag).filter(|_| applies) else {
                continue;
            };
            if !matches!(value, Value::Bool(b, _) if *b == only) {
                let name = self.parsed.names.str(key.symbol);
                let mut diagnostic = Diagnostic::new(
                    Code::FlagValue,
                    value.span(),
                    format!("the flag '{name}' may only be {only}"),
                )
                .help(format!(
                    "leave out '{name}' for the default, which is {}",
                    !only
                ));
                if matches!(value, Value::Str(s) if self.parsed.names.str(s.symbol) == "no") {
                    diagnostic = diagnostic
                        .help("since QEMU 2.4 'no' is written false; older schemas are read as legacy input");
                }
                self.error(diagnostic);
            }
        }
        if let (Some((oob, _)), Some((coroutine, _))) =
            (object.entry(sym::ALLOW_OOB), object.entry(sym::COROUTINE))
        {
            let diagnostic = Diagnostic::new(
                Code::OobCoroutine,
                coroutine.span,
                "a command cannot be both 'allow-oob' and 'coroutine'",
            )
            .label(oob.span, "allowed out of band here");
            self.error(diagnostic);
        }
    }
}
