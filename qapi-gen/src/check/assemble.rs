//! From checked definitions to the model.

use super::define::Source;
use super::defs::{Body, Def, FeatureDef};
use super::docs::Texts;
use super::resolve::Resolved;
use super::shape::FreeForm;
use super::values::QTYPE_VALUES;
use crate::model::{
    Alternate, AlternateId, Command, CommandId, Definition, Enum, EnumId, EnumValue, Era, Event,
    EventId, Features, Module, Object, ObjectId, ObjectKind, Origin, QTYPE, Root, Schema, Text,
};
use crate::names::{FastMap, Name};
use crate::source::FileId;
use crate::syntax::Parsed;
use crate::syntax::ast::DocState;

pub(super) fn assemble(
    defs: Vec<Def>,
    free_form: Vec<FreeForm>,
    resolved: Resolved,
    parsed: Parsed,
) -> Schema {
    let mut schema = Schema {
        era: era(&parsed),
        modules: Vec::new(),
        definitions: Vec::new(),
        enums: vec![qtype()],
        objects: Vec::new(),
        alternates: Vec::new(),
        arrays: resolved.tables.arrays.clone(),
        commands: Vec::new(),
        events: Vec::new(),
        features: resolved.features.clone(),
        by_name: FastMap::default(),
        sources: crate::source::SourceMap::default(),
    };
    let modules = modules(&defs, free_form, &resolved, &parsed, &mut schema);
    schema.modules = modules;
    objects(&defs, &resolved, &parsed, &mut schema);
    let mut resolved = resolved;
    for (index, def) in defs.into_iter().enumerate() {
        convert(index, def, &mut resolved, &parsed, &mut schema);
    }
    condition_wrappers(&mut schema);
    schema.by_name = schema
        .definitions
        .iter()
        .copied()
        .chain([
            Definition::Object(crate::model::EMPTY),
            Definition::Enum(QTYPE),
        ])
        .map(|d| (schema.name(d).clone(), d))
        .collect();
    schema.sources = parsed.sources;
    schema
}

/// A wrapper exists where the type that it wraps does.
fn condition_wrappers(schema: &mut Schema) {
    for i in 0..schema.objects.len() {
        if let (ObjectKind::Wrapper, [data]) =
            (schema.objects[i].kind, &schema.objects[i].members[..])
        {
            schema.objects[i].condition = schema.type_condition(data.ty).cloned();
        }
    }
}

fn era(parsed: &Parsed) -> Era {
    if parsed.text_docs {
        Era::TextDocs
    } else if parsed.pragmas.whitelists {
        Era::Whitelists
    } else if parsed.old_expressions {
        Era::Expressions
    } else {
        Era::Current
    }
}

fn qtype() -> Enum {
    let value = |name: &str| EnumValue {
        name: name.into(),
        condition: None,
        features: Features::default(),
        doc: None,
    };
    Enum {
        id: QTYPE,
        name: "QType".into(),
        origin: Origin::default(),
        condition: None,
        features: Features::default(),
        values: QTYPE_VALUES.into_iter().map(value).collect::<Vec<_>>(),
        prefix: Some("QTYPE".into()),
        doc: None,
    }
}

/// Groups the definitions by module, in generation order.
fn modules(
    defs: &[Def],
    free_form: Vec<FreeForm>,
    resolved: &Resolved,
    parsed: &Parsed,
    schema: &mut Schema,
) -> Vec<Module> {
    let mut by_file: Vec<Vec<usize>> = vec![Vec::new(); parsed.modules.len()];
    for (index, def) in defs.iter().enumerate() {
        by_file[def.file.0 as usize].push(index);
    }
    let mut texts: Vec<Vec<(usize, Text)>> = vec![Vec::new(); parsed.modules.len()];
    for (FileId(file), before, doc) in free_form {
        let list = &by_file[file as usize];
        let position = list.partition_point(|index| *index < before);
        for section in doc.sections.into_iter().filter(|_| parsed.options.docs) {
            let text = Text {
                text: section.text,
                span: section.span,
            };
            texts[file as usize].push((position, text));
        }
    }
    let mut modules = Vec::new();
    let files = parsed.modules.iter().zip(by_file).zip(texts);
    for (index, ((name, list), free_form)) in files.enumerate() {
        let start = schema.definitions.len();
        for def in list {
            let ids = resolved.tables.ids[def];
            schema
                .definitions
                .extend(ids.implicit.map(Definition::Object));
            schema.definitions.push(ids.definition);
        }
        modules.push(Module {
            name: Name::from(&**name),
            extends: index >= parsed.own_files,
            includes: Vec::new(),
            definitions: start..schema.definitions.len(),
            free_form,
        });
    }
    for (FileId(file), path) in &parsed.includes {
        modules[*file as usize]
            .includes
            .push(parsed.names.name(*path).clone());
    }
    modules
}

fn origin(def: &Def) -> Origin {
    Origin {
        span: Some(def.span),
        module: Some(def.file.0 as usize),
    }
}

/// Fills in the object types, but for their documentation and the members' names of it.
fn objects(defs: &[Def], resolved: &Resolved, parsed: &Parsed, schema: &mut Schema) {
    for (index, (symbol, source)) in resolved.tables.objects.iter().enumerate() {
        let work = &resolved.objects[index];
        let def = match source {
            Source::Builtin => None,
            Source::Named(def) | Source::Inline(def) => Some(*def),
        };
        let kind = match *source {
            Source::Builtin => ObjectKind::Empty,
            Source::Named(def) if matches!(defs[def].body, Body::Union { .. }) => ObjectKind::Union,
            // Only lowered legacy input has named types of that kind.
            Source::Named(_) if parsed.names.str(*symbol).starts_with("q_") => ObjectKind::Wrapper,
            Source::Named(_) => ObjectKind::Struct,
            Source::Inline(def) => match resolved.tables.ids[def].definition {
                Definition::Command(id) => ObjectKind::Arguments(Root::Command(id)),
                Definition::Event(id) => ObjectKind::Arguments(Root::Event(id)),
                Definition::Object(id) => ObjectKind::Base(id),
                Definition::Enum(_) | Definition::Alternate(_) => {
                    unreachable!("enums and alternates have no inline members of their own type")
                }
            },
        };
        let features = match (source, def) {
            (Source::Named(_), Some(def)) => {
                FeatureDef::convert(&defs[def].features, &parsed.names)
            }
            _ => Features::default(),
        };
        schema.objects.push(Object {
            id: ObjectId(index as u32),
            name: parsed.names.name(*symbol).clone(),
            kind,
            origin: def.map_or_else(Origin::default, |def| origin(&defs[def])),
            condition: def.and_then(|def| defs[def].condition.clone()),
            features,
            base: work.base,
            members: work.members.clone(),
            variants: work.variants.clone(),
            doc: None,
        });
    }
}

/// Converts a definition, and attaches its documentation.
fn convert(index: usize, def: Def, resolved: &mut Resolved, parsed: &Parsed, schema: &mut Schema) {
    let origin = origin(&def);
    let name = parsed.names.name(def.name.symbol).clone();
    let member_names: Vec<_> = def.own_members().iter().map(|m| m.name).collect::<Vec<_>>();
    let described = |features: &[FeatureDef], texts: &Texts| {
        let mut converted = FeatureDef::convert(features, &parsed.names);
        for (feature, source) in converted.0.iter_mut().zip(features) {
            feature.doc = texts.feature(source.name);
        }
        converted
    };
    let mut def = def;
    let mut texts = Texts::new(
        std::mem::replace(&mut def.doc, DocState::Absent),
        parsed.options.docs,
    );
    let features = described(&def.features, &texts);
    let ids = resolved.tables.ids[index];
    // The members that a definition spells out are those of its own type or of an implicit one.
    let owner = match (ids.implicit, ids.definition) {
        (Some(implicit), _) => Some(implicit),
        (None, Definition::Object(id)) => Some(id),
        _ => None,
    };
    if let Some(owner) = owner {
        let members = schema.objects[owner.index()].members.iter_mut();
        for (member, source) in members.zip(def.own_members()) {
            member.features = described(&source.features, &texts);
            member.doc = texts.member(source.name);
        }
    }
    match def.body {
        Body::Enum { values, prefix } => {
            let values = values
                .into_iter()
                .map(|value| EnumValue {
                    name: parsed.names.name(value.name).clone(),
                    features: described(&value.features, &texts),
                    condition: value.condition,
                    doc: texts.member(value.name),
                })
                .collect::<Vec<_>>();
            schema.enums.push(Enum {
                id: EnumId(schema.enums.len() as u32),
                name,
                origin,
                condition: def.condition,
                features,
                values,
                prefix: prefix.map(|p| parsed.names.name(p).clone()),
                doc: texts.doc,
            });
        }
        Body::Struct { .. } | Body::Union { .. } => {
            if let Definition::Object(id) = ids.definition {
                let object = &mut schema.objects[id.index()];
                object.features = features;
                object.doc = texts.doc;
            }
        }
        Body::Alternate { .. } => {
            let mut alternatives = resolved.alternatives.remove(&index).unwrap_or_default();
            for (alternative, name) in alternatives.iter_mut().zip(member_names) {
                alternative.doc = texts.member(name);
            }
            schema.alternates.push(Alternate {
                id: AlternateId(schema.alternates.len() as u32),
                name,
                origin,
                condition: def.condition,
                features,
                alternatives,
                doc: texts.doc,
            });
        }
        Body::Command { flags, .. } => {
            let (arguments, returns) = resolved.signatures.remove(&index).unwrap_or_default();
            schema.commands.push(Command {
                id: CommandId(schema.commands.len() as u32),
                name,
                origin,
                condition: def.condition,
                features,
                arguments,
                returns,
                boxed: flags.boxed,
                gen_: !flags.no_gen,
                success_response: !flags.no_success_response,
                allow_oob: flags.allow_oob,
                allow_preconfig: flags.allow_preconfig,
                coroutine: flags.coroutine,
                doc: texts.doc,
            });
        }
        Body::Event { boxed, .. } => {
            let (data, _) = resolved.signatures.remove(&index).unwrap_or_default();
            schema.events.push(Event {
                id: EventId(schema.events.len() as u32),
                name,
                origin,
                condition: def.condition,
                features,
                data,
                boxed,
                doc: texts.doc,
            });
        }
    }
}
