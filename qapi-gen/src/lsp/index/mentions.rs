//! Where names stand, in expressions and in comments.

use super::{Index, Mention, Role, Target};
use crate::diagnostic::DefinitionKind;
use crate::model::Builtin;
use crate::names::{Interner, sym};
use crate::source::{SourceMap, Span};
use crate::syntax::ast::{DocSectionKind, DocState, Expression, Object, Str, Value};

pub(super) struct Mentions<'i> {
    /// Its definitions are complete.
    pub(super) index: &'i Index,
    pub(super) names: &'i Interner,
    pub(super) sources: &'i SourceMap,
    pub(super) found: Vec<Mention>,
}

/// What is between the quotes.
pub(super) fn inner(quoted: Span) -> Span {
    Span {
        start: quoted.start + 1,
        end: quoted.end - 1,
    }
}

impl Mentions<'_> {
    fn add(&mut self, span: Span, target: Target, role: Role, within: Option<usize>) {
        self.found.push(Mention {
            span,
            target,
            role,
            within,
        });
    }

    pub(super) fn expression(&mut self, def: usize, expression: &Expression) {
        let index = self.index;
        let definition = &index.definitions[def];
        let declared = |target: Target| (target, Role::Declaration, Some(def));
        let (target, role, within) = declared(Target::Definition(def));
        self.add(definition.name_span, target, role, within);
        for (at, part) in definition.parts.iter().enumerate() {
            let (target, role, within) = declared(Target::Part(def, at));
            self.add(part.span, target, role, within);
        }
        let object = &expression.object;
        self.conditions(def, object);
        self.features(def, object);
        for key in [sym::BASE, sym::DATA, sym::RETURNS] {
            match object.get(key) {
                Some(Value::Object(members)) => {
                    let branches = definition.kind == DefinitionKind::Union && key == sym::DATA;
                    self.members(def, members, branches);
                }
                Some(Value::Array(values)) if definition.kind == DefinitionKind::Enum => {
                    for value in &values.items {
                        if let Value::Object(long) = value {
                            self.conditions(def, long);
                            self.features(def, long);
                        }
                    }
                }
                Some(ty) => self.ty(def, ty),
                None => {}
            }
        }
        if let Some(Value::Str(tag)) = object.get(sym::DISCRIMINATOR)
            && let Some((owner, part)) = index.part(def, self.names.str(tag.symbol))
        {
            let target = Target::Part(owner, part);
            self.add(inner(tag.span), target, Role::Use, Some(def));
        }
        if let DocState::Present(doc) = &expression.doc {
            if let Some((_, span)) = doc.symbol {
                let target = Target::Definition(def);
                self.add(span, target, Role::Documentation, Some(def));
            }
            for section in &doc.sections {
                let (symbol, is_feature) = match section.kind {
                    DocSectionKind::Member(symbol) => (symbol, false),
                    DocSectionKind::Feature(symbol) => (symbol, true),
                    _ => continue,
                };
                let name = self.names.name(symbol);
                let part = definition.parts.iter().position(|part| part.name == *name);
                let target = match part {
                    _ if is_feature => Target::Feature(def, name.clone()),
                    Some(part) => Target::Part(def, part),
                    None => continue,
                };
                let start = section.span.start + 1;
                let span = Span {
                    start,
                    end: start + name.len() as u32,
                };
                self.add(span, target, Role::Documentation, Some(def));
            }
            self.text(Some(def), doc.span);
        }
    }

    fn members(&mut self, def: usize, members: &Object, branches: bool) {
        let tag = self.index.tag_enum(def).filter(|_| branches);
        for (key, value) in &members.members {
            if let Some(tag) = tag {
                let values = &self.index.definitions[tag].parts;
                let name = self.names.str(key.symbol);
                if let Some(at) = values.iter().position(|value| value.name == name) {
                    let target = Target::Part(tag, at);
                    self.add(inner(key.span), target, Role::Use, Some(def));
                }
            }
            match value {
                Value::Object(long) => {
                    self.conditions(def, long);
                    self.features(def, long);
                    if let Some(ty) = long.get(sym::TYPE) {
                        self.ty(def, ty);
                    }
                }
                short => self.ty(def, short),
            }
        }
    }

    fn ty(&mut self, def: usize, ty: &Value) {
        match ty {
            Value::Str(name) => {
                let text = self.names.str(name.symbol);
                let target = match Builtin::from_name(text) {
                    Some(builtin) => Target::Builtin(builtin),
                    None => match self.index.named(text) {
                        Some(found) => Target::Definition(found),
                        None => return,
                    },
                };
                self.add(inner(name.span), target, Role::Use, Some(def));
            }
            Value::Array(array) => {
                for item in array.items.iter().filter(|i| matches!(i, Value::Str(_))) {
                    self.ty(def, item);
                }
            }
            _ => {}
        }
    }

    fn features(&mut self, def: usize, object: &Object) {
        let Some(Value::Array(features)) = object.get(sym::FEATURES) else {
            return;
        };
        for feature in &features.items {
            let name = match feature {
                Value::Str(name) => *name,
                Value::Object(long) => {
                    self.conditions(def, long);
                    match long.get(sym::NAME) {
                        Some(Value::Str(name)) => *name,
                        _ => continue,
                    }
                }
                _ => continue,
            };
            let target = Target::Feature(def, self.names.name(name.symbol).clone());
            self.add(inner(name.span), target, Role::Declaration, Some(def));
        }
    }

    /// The symbols of an object's condition, which nests as deep as the parser lets it.
    fn conditions(&mut self, def: usize, object: &Object) {
        let mut open: Vec<&Value> = object.get(sym::IF).into_iter().collect::<Vec<_>>();
        while let Some(value) = open.pop() {
            match value {
                Value::Str(Str { symbol, span }) => {
                    let target = Target::Symbol(self.names.name(*symbol).clone());
                    self.add(inner(*span), target, Role::Use, Some(def));
                }
                Value::Array(array) => open.extend(&array.items),
                Value::Object(inner) => open.extend(inner.members.iter().map(|(_, v)| v)),
                Value::Bool(..) => {}
            }
        }
    }

    /// Names in running text: `@name`, and definitions in single backquotes.
    pub(super) fn text(&mut self, def: Option<usize>, comment: Span) {
        let sources = self.sources;
        let text = sources.text(comment);
        let bytes = text.as_bytes();
        let mut at = 0;
        while let Some(found) = bytes[at..].iter().position(|b| matches!(b, b'@' | b'`')) {
            let mark = at + found;
            let start = mark + 1;
            let before = mark.checked_sub(1).map_or(b' ', |before| bytes[before]);
            let mut end = start + bytes[start..].iter().take_while(|b| in_name(**b)).count();
            at = end.max(start);
            if bytes[mark] == b'`' {
                // Two of them are literal text; behind a colon, they are of another role.
                let alone = !matches!(before, b'`' | b':') && bytes.get(end) == Some(&b'`');
                if start == end || bytes.get(start) == Some(&b'`') {
                    let run = bytes[mark..].iter().take_while(|b| **b == b'`').count();
                    let close = text[mark + run..].find(&text[mark..mark + run]);
                    at = close.map_or(mark + run, |close| mark + run + close + run);
                    continue;
                }
                at = end + 1;
                if alone && let Some(found) = self.index.named(&text[start..end]) {
                    self.in_text(comment, start, end, Target::Definition(found), def);
                }
                at = at.min(bytes.len());
                continue;
            }
            // A line that starts with one opens a section, which has its mention.
            let opens = text[..mark].ends_with("\n# ") && bytes.get(end) == Some(&b':');
            if opens || before.is_ascii_alphanumeric() {
                continue;
            }
            while end > start && matches!(bytes[end - 1], b'.' | b'-') {
                end -= 1;
            }
            let name = &text[start..end];
            let part = def.and_then(|def| self.index.part(def, name));
            let target = match (part, self.index.named(name)) {
                (Some((def, part)), _) => Target::Part(def, part),
                (None, Some(found)) => Target::Definition(found),
                _ => continue,
            };
            self.in_text(comment, start, end, target, def);
        }
    }

    fn in_text(
        &mut self,
        comment: Span,
        start: usize,
        end: usize,
        target: Target,
        def: Option<usize>,
    ) {
        let span = Span {
            start: comment.start + start as u32,
            end: comment.start + end as u32,
        };
        self.add(span, target, Role::Documentation, def);
    }

    /// Names in pragmas, whose expressions nobody keeps.
    pub(super) fn pragmas(&mut self) {
        let sources = self.sources;
        for (file, source) in sources.files() {
            let text = source.text();
            let base = sources.start_of(file);
            for (at, _) in text.match_indices("{ 'pragma'") {
                let rest = &text[at..];
                let end = rest.find("\n{").unwrap_or(rest.len());
                let mut from = 0;
                while let Some(open) = rest[from..end].find('\'') {
                    let start = from + open + 1;
                    let Some(length) = rest[start..end].find('\'') else {
                        break;
                    };
                    from = start + length + 1;
                    if let Some(found) = self.index.named(&rest[start..start + length]) {
                        let span = Span {
                            start: base + (at + start) as u32,
                            end: base + (at + start + length) as u32,
                        };
                        self.add(span, Target::Definition(found), Role::Use, None);
                    }
                }
            }
        }
    }
}

fn in_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')
}
