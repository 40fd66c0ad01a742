//! Alternates: whether alternatives can be told apart.

use super::defs::{Def, MemberDef};
use super::resolver::Resolver;
use crate::diagnostic::{Code, Diagnostic};
use crate::model::{Alternative, Builtin, JsonKind, Type};

impl Resolver<'_> {
    pub(super) fn alternate(&mut self, def: &Def, list: &[MemberDef]) -> Vec<Alternative> {
        self.object_features(def);
        self.value_clashes(
            def,
            &mut list.iter().filter(|m| m.sound).map(|m| (m.name, m.span)),
        );
        let mut claimed: Vec<(JsonKind, &MemberDef)> = Vec::new();
        let mut alternatives = Vec::new();
        for member in list {
            let name = self.name(member.name);
            let Some(ty) = self.type_ref(def, member.ty, &|_| format!("alternative '{name}'"))
            else {
                continue;
            };
            let span = self.type_span(member.ty, member.span);
            let claims = self.claims(ty);
            if !member.sound {
                continue;
            }
            if matches!(ty, Type::Array(_)) {
                self.report.found.needs((7, 1));
            }
            if claims.is_empty() {
                let message = format!("alternative '{name}' cannot be of {}", self.describe(ty));
                self.error(def, Diagnostic::new(Code::AlternativeType, span, message));
                continue;
            }
            let rival = claimed.iter().find(|(kind, _)| claims.contains(kind));
            if let Some((kind, rival)) = rival {
                let other = self.name(rival.name);
                let message = format!("alternative '{name}' cannot be told apart from '{other}'");
                let place = self.type_span(rival.ty, rival.span);
                let diagnostic = Diagnostic::new(Code::AlternativesAlike, span, message)
                    .label(place, "the other alternative")
                    .note(format!("both may be written as {}", article(*kind)));
                self.error(def, diagnostic);
            }
            claimed.extend(claims.into_iter().map(|kind| (kind, member)));
            alternatives.push(Alternative {
                name,
                ty,
                condition: member.condition.clone(),
                doc: None,
            });
        }
        alternatives
    }

    /// The kinds of JSON value by which an alternative is told, those of command-line syntax
    /// included, where strings also stand for numbers and switches.
    fn claims(&mut self, ty: Type) -> Vec<JsonKind> {
        let command_line = !self.parsed.options.legacy;
        match ty {
            Type::Builtin(Builtin::Str) if command_line => {
                vec![JsonKind::String, JsonKind::Number, JsonKind::Boolean]
            }
            Type::Builtin(builtin) => match builtin.json_kind() {
                JsonKind::Value => Vec::new(),
                JsonKind::Int => vec![JsonKind::Number],
                kind => vec![kind],
            },
            Type::Enum(id) => {
                let mut claims = vec![JsonKind::String];
                let names = self.enum_value_names(id);
                if command_line && names.iter().any(|n| matches!(&**n, "on" | "off")) {
                    claims.push(JsonKind::Boolean);
                }
                if command_line
                    && names.iter().any(|n| {
                        n.starts_with([
                            '-', '+', '.', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9',
                        ])
                    })
                {
                    claims.push(JsonKind::Number);
                }
                claims
            }
            Type::Object(_) => vec![JsonKind::Object],
            Type::Array(_) => vec![JsonKind::Array],
            Type::Alternate(_) => Vec::new(),
        }
    }
}

fn article(kind: JsonKind) -> String {
    let article = match kind {
        JsonKind::Int | JsonKind::Object | JsonKind::Array => "an ",
        JsonKind::Null => "",
        _ => "a ",
    };
    format!("{article}{}", kind.as_str())
}
