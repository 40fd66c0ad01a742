//! The name space: every definition gets an id, and is found by name.

use super::defs::{Body, Data, Def, MemberDef, TypeRef};
use super::{Context, Report};
use crate::diagnostic::{Code, DefinitionKind, Diagnostic};
use crate::model::{
    AlternateId, Array, ArrayId, Builtin, CommandId, Definition, EMPTY, EnumId, EventId, ObjectId,
    QTYPE, Type,
};
use crate::names::{FastMap, FastSet, Interner, Symbol};
use crate::syntax::Parsed;

/// What a name stands for.
#[derive(Clone, Copy)]
pub(super) enum Entry {
    Type(Type),
    /// A command or event, which is no type.
    Other(DefinitionKind),
}

/// Where an object type comes from.
#[derive(Clone, Copy)]
pub(super) enum Source {
    /// The empty object.
    Builtin,
    /// The struct or union with this index among the definitions.
    Named(usize),
    /// The inline base or data of the definition with this index.
    Inline(usize),
}

/// What a definition became.
#[derive(Clone, Copy)]
pub(super) struct Ids {
    pub(super) definition: Definition,
    /// The type of its inline base or data.
    pub(super) implicit: Option<ObjectId>,
}

pub(super) struct Tables {
    pub(super) entries: FastMap<Symbol, Entry>,
    /// By index of the definition.
    pub(super) ids: Vec<Ids>,
    /// By object id: the name, and where it comes from.
    pub(super) objects: Vec<(Symbol, Source)>,
    /// Names of types of which there are arrays.
    arrays_of: FastSet<Symbol>,
    pub(super) arrays: Vec<Array>,
    array_ids: FastMap<Type, ArrayId>,
}

impl Tables {
    /// What a name stands for. An array type's name in generated C (`intList`) is a name like any
    /// other, as long as something uses the type; those of built-in types always exist.
    pub(super) fn lookup(&mut self, name: Symbol, names: &Interner) -> Option<Entry> {
        if let Some(entry) = self.entries.get(&name) {
            return Some(*entry);
        }
        let element = names.get(names.str(name).strip_suffix("List")?)?;
        match *self.entries.get(&element)? {
            Entry::Type(ty)
                if matches!(ty, Type::Builtin(_)) || self.arrays_of.contains(&element) =>
            {
                Some(Entry::Type(Type::Array(self.array(ty))))
            }
            _ => None,
        }
    }

    pub(super) fn array(&mut self, element: Type) -> ArrayId {
        *self.array_ids.entry(element).or_insert_with(|| {
            self.arrays.push(Array { element });
            ArrayId(self.arrays.len() as u32 - 1)
        })
    }
}

pub(super) fn define(defs: &[Def], parsed: &mut Parsed, report: &mut Report) -> Tables {
    let mut tables = Tables {
        entries: FastMap::default(),
        ids: Vec::with_capacity(defs.len()),
        objects: vec![(crate::names::sym::Q_EMPTY, Source::Builtin)],
        arrays_of: FastSet::default(),
        arrays: Vec::new(),
        array_ids: FastMap::default(),
    };
    let mut enter = |name: &str, ty| {
        let symbol = parsed.names.intern(name);
        tables.entries.insert(symbol, Entry::Type(ty));
    };
    for builtin in Builtin::ALL {
        enter(builtin.name(), Type::Builtin(builtin));
    }
    enter("q_empty", Type::Object(EMPTY));
    enter("QType", Type::Enum(QTYPE));
    let (mut enums, mut alternates, mut commands, mut events) = (1, 0, 0, 0);
    let next = |count: &mut u32| {
        *count += 1;
        *count - 1
    };
    let mut first: FastMap<Symbol, usize> = FastMap::default();
    for (index, def) in defs.iter().enumerate() {
        let name = def.name.symbol;
        let suffix = match &def.body {
            Body::Union {
                base: Data::Inline(members),
                ..
            } if !members.is_empty() => Some("base"),
            Body::Command {
                data: Data::Inline(members),
                ..
            }
            | Body::Event {
                data: Data::Inline(members),
                ..
            } if !members.is_empty() => Some("arg"),
            _ => None,
        };
        let implicit = suffix.map(|suffix| {
            let implicit = format!("q_obj_{}-{suffix}", parsed.names.str(name));
            let symbol = parsed.names.intern(&implicit);
            tables.objects.push((symbol, Source::Inline(index)));
            let id = ObjectId(tables.objects.len() as u32 - 1);
            let entry = Entry::Type(Type::Object(id));
            tables.entries.entry(symbol).or_insert(entry);
            id
        });
        let (definition, entry) = match def.kind {
            DefinitionKind::Enum => {
                let id = EnumId(next(&mut enums));
                (Definition::Enum(id), Entry::Type(Type::Enum(id)))
            }
            DefinitionKind::Struct | DefinitionKind::Union => {
                tables.objects.push((name, Source::Named(index)));
                let id = ObjectId(tables.objects.len() as u32 - 1);
                (Definition::Object(id), Entry::Type(Type::Object(id)))
            }
            DefinitionKind::Alternate => {
                let id = AlternateId(next(&mut alternates));
                (Definition::Alternate(id), Entry::Type(Type::Alternate(id)))
            }
            DefinitionKind::Command => {
                let id = CommandId(next(&mut commands));
                (Definition::Command(id), Entry::Other(def.kind))
            }
            DefinitionKind::Event => {
                let id = EventId(next(&mut events));
                (Definition::Event(id), Entry::Other(def.kind))
            }
        };
        tables.ids.push(Ids {
            definition,
            implicit,
        });
        each_array(def, &mut |element| {
            tables.arrays_of.insert(element);
        });
        let taken = if let Some(first) = first.get(&name) {
            Some(Some(&defs[*first]))
        } else {
            // A built-in type, or what `q_obj_...` says it is.
            tables.entries.contains_key(&name).then_some(None)
        };
        match taken {
            _ if !def.sound_name => {
                parsed.poisoned.insert(name);
            }
            Some(earlier) => report_redefinition(def, earlier, parsed, report),
            None => {
                first.insert(name, index);
                tables.entries.insert(name, entry);
            }
        }
    }
    tables
}

fn report_redefinition(def: &Def, earlier: Option<&Def>, parsed: &Parsed, report: &mut Report) {
    let name = parsed.names.str(def.name.symbol);
    let diagnostic = match earlier {
        Some(earlier) => Diagnostic::new(
            Code::Redefinition,
            def.name.span,
            format!("'{name}' is defined already"),
        )
        .label(
            earlier.name.span,
            format!("{} '{name}' is defined here first", earlier.kind),
        ),
        None => Diagnostic::new(
            Code::PredefinedName,
            def.name.span,
            format!("'{name}' is a predefined type"),
        ),
    };
    report.add(&context(def, parsed), diagnostic);
}

/// Where errors in a definition are placed.
pub(super) fn context(def: &Def, parsed: &Parsed) -> Context {
    Context {
        span: def.span,
        definition: Some((def.kind, parsed.names.name(def.name.symbol).clone())),
    }
}

/// Visits the element names of the array types that a definition mentions.
fn each_array(def: &Def, visit: &mut dyn FnMut(Symbol)) {
    let mut member = |members: &[MemberDef]| {
        for member in members {
            if let TypeRef::Array(element) = member.ty {
                visit(element.symbol);
            }
        }
    };
    match &def.body {
        Body::Enum { .. } => {}
        Body::Struct { members, .. } => member(members),
        Body::Alternate { alternatives } => member(alternatives),
        Body::Union { base: data, .. } | Body::Event { data, .. } => {
            if let Data::Inline(members) = data {
                member(members);
            }
        }
        Body::Command { data, returns, .. } => {
            if let Data::Inline(members) = data {
                member(members);
            }
            if let Some(TypeRef::Array(element)) = returns {
                visit(element.symbol);
            }
        }
    }
}
