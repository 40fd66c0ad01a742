//! Definitions, from parsed expressions.

use super::mentions::{Mentions, inner};
use super::{Def, Index, Part};
use crate::diagnostic::DefinitionKind;
use crate::names::{FastMap, Interner, Name, Symbol, sym};
use crate::syntax::Parsed;
use crate::syntax::ast::{DocSectionKind, DocState, Expression, Item, Object, Str, Value};
use std::path::PathBuf;

pub(super) const KINDS: [(Symbol, DefinitionKind); 6] = [
    (sym::ENUM, DefinitionKind::Enum),
    (sym::STRUCT, DefinitionKind::Struct),
    (sym::UNION, DefinitionKind::Union),
    (sym::ALTERNATE, DefinitionKind::Alternate),
    (sym::COMMAND, DefinitionKind::Command),
    (sym::EVENT, DefinitionKind::Event),
];

pub(super) fn build(parsed: Parsed, paths: Vec<PathBuf>) -> Index {
    let names = &parsed.names;
    let mut definitions = Vec::new();
    let mut by_name = FastMap::default();
    let mut expressions = Vec::new();
    for item in &parsed.items {
        if let Item::Definition(expression) = item
            && let Some(def) = define(expression, names)
        {
            by_name.entry(def.name.clone()).or_insert(definitions.len());
            definitions.push(def);
            expressions.push(expression);
        }
    }
    let mut index = Index {
        sources: Default::default(),
        paths,
        definitions,
        by_name,
        mentions: Vec::new(),
    };
    let mut mentions = Mentions {
        index: &index,
        names,
        sources: &parsed.sources,
        found: Vec::new(),
    };
    for (def, expression) in expressions.into_iter().enumerate() {
        mentions.expression(def, expression);
    }
    for item in &parsed.items {
        if let Item::FreeForm(_, doc) = item {
            mentions.text(None, doc.span);
        }
    }
    mentions.pragmas();
    let mut found = mentions.found;
    found.sort_by_key(|mention| mention.span);
    index.mentions = found;
    index.sources = parsed.sources;
    index
}

/// A definition, as far as its expression is one.
fn define(expression: &Expression, names: &Interner) -> Option<Def> {
    let object = &expression.object;
    let (kind, name) = object.members.iter().find_map(|(key, value)| {
        let (_, kind) = KINDS.iter().find(|(symbol, _)| *symbol == key.symbol)?;
        match value {
            Value::Str(name) => Some((*kind, *name)),
            _ => None,
        }
    })?;
    let named = |key: Symbol| match object.get(key) {
        Some(Value::Str(name)) => Some(names.name(name.symbol).clone()),
        _ => None,
    };
    let mut def = Def {
        kind,
        name: names.name(name.symbol).clone(),
        name_span: inner(name.span),
        span: object.span,
        parts: Vec::new(),
        features: features(object, names),
        members_of: match kind {
            DefinitionKind::Command | DefinitionKind::Event => named(sym::DATA),
            _ => named(sym::BASE),
        },
        discriminator: named(sym::DISCRIMINATOR),
        sections: Vec::new(),
        feature_texts: Vec::new(),
    };
    let listed = match kind {
        DefinitionKind::Union => object.get(sym::BASE),
        _ => object.get(sym::DATA),
    };
    match listed {
        Some(Value::Array(values)) if kind == DefinitionKind::Enum => {
            let values = values.items.iter();
            def.parts = values
                .filter_map(|value| part_of_list(value, names))
                .collect::<Vec<_>>();
        }
        Some(Value::Object(members)) if kind != DefinitionKind::Enum => {
            let members = members.members.iter();
            def.parts = members
                .map(|(key, value)| member(*key, value, names))
                .collect::<Vec<_>>();
        }
        _ => {}
    }
    if let DocState::Present(doc) = &expression.doc {
        for section in &doc.sections {
            let text = section.text.clone();
            match section.kind {
                DocSectionKind::Member(symbol) => {
                    let name = names.name(symbol);
                    if let Some(part) = def.parts.iter_mut().find(|part| part.name == *name) {
                        part.text = text;
                        part.documented = true;
                    }
                }
                DocSectionKind::Feature(symbol) => {
                    def.feature_texts.push((names.name(symbol).clone(), text));
                }
                kind => def.sections.push((kind, text)),
            }
        }
    }
    Some(def)
}

fn part_of_list(value: &Value, names: &Interner) -> Option<Part> {
    let (name, features) = match value {
        Value::Str(name) => (*name, Vec::new()),
        Value::Object(long) => match long.get(sym::NAME) {
            Some(Value::Str(name)) => (*name, features(long, names)),
            _ => return None,
        },
        _ => return None,
    };
    Some(Part {
        name: names.name(name.symbol).clone(),
        span: inner(name.span),
        ty: None,
        optional: false,
        features,
        text: String::new(),
        documented: false,
    })
}

fn member(key: Str, value: &Value, names: &Interner) -> Part {
    let written = names.str(key.symbol);
    let name = written.strip_prefix('*').unwrap_or(written);
    let mut span = inner(key.span);
    let optional = name.len() < written.len();
    span.start += u32::from(optional);
    let (ty, features) = match value {
        Value::Object(long) => (long.get(sym::TYPE), features(long, names)),
        short => (Some(short), Vec::new()),
    };
    let ty = match ty {
        Some(Value::Str(ty)) => Some((ty.symbol, false)),
        Some(Value::Array(array)) => match array.items.first() {
            Some(Value::Str(ty)) => Some((ty.symbol, true)),
            _ => None,
        },
        _ => None,
    };
    Part {
        name: name.into(),
        span,
        ty: ty.map(|(symbol, array)| (names.name(symbol).clone(), array)),
        optional,
        features,
        text: String::new(),
        documented: false,
    }
}

fn features(object: &Object, names: &Interner) -> Vec<Name> {
    let Some(Value::Array(features)) = object.get(sym::FEATURES) else {
        return Vec::new();
    };
    let features = features.items.iter();
    features
        .filter_map(|feature| part_of_list(feature, names))
        .map(|part| part.name)
        .collect::<Vec<_>>()
}
