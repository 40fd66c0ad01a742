//! What names mean: types are looked up and rules that span definitions are checked.

use super::clash::{self, Folds, Place};
use super::define::{Entry, Tables, context};
use super::defs::{Body, Data, Def, FeatureDef, Flags, MemberDef, TypeRef};
use super::object::Work;
use super::{Report, docs};
use crate::compact::{CollectVec as _, PushAll as _, sort_names};
use crate::diagnostic::{Code, DefinitionKind, Diagnostic};
use crate::model::{
    Alternative, Branch, Definition, EMPTY, EnumId, Feature, Features, ObjectId, QTYPE, Type,
};
use crate::names::{FastMap, FastSet, Name, Symbol, sym};
use crate::source::Span;
use crate::syntax::Parsed;
use crate::syntax::ast::Str;
use std::rc::Rc;

/// The values of the built-in enum `QType`.
pub(super) const QTYPE_VALUES: [&str; 7] = [
    "none", "qnull", "qnum", "qstring", "qdict", "qlist", "qbool",
];

const MAX_FEATURES: usize = 64;

/// What the definitions became, for assembly; meaningful only if there was no error.
pub(super) struct Resolved {
    pub(super) tables: Tables,
    pub(super) objects: Vec<Work>,
    /// By index of the definition.
    pub(super) alternatives: FastMap<usize, Vec<Alternative>>,
    /// By index of the definition: argument type and result of commands and events.
    pub(super) signatures: FastMap<usize, (Option<ObjectId>, Option<Type>)>,
    pub(super) features: Vec<Name>,
}

pub(super) struct Resolver<'a> {
    pub(super) defs: &'a [Def],
    pub(super) parsed: &'a Parsed,
    pub(super) report: &'a mut Report,
    pub(super) tables: Tables,
    pub(super) objects: Vec<Work>,
    pub(super) folds: Folds,
    pub(super) clashes: FastMap<Place, Place>,
    /// Types that are in branches of unions which were checked, with their bases; and the folded
    /// names of their members. What a union contains is checked before the union.
    pub(super) embedded: FastSet<ObjectId>,
    pub(super) embedded_names: FastSet<u32>,
    /// Members whose type could not be found.
    pub(super) unknown_members: FastSet<Place>,
    enum_defs: Vec<Option<usize>>,
    alternate_defs: Vec<usize>,
    value_sets: FastMap<EnumId, Rc<FastSet<Symbol>>>,
}

pub(super) fn resolve(
    defs: &[Def],
    tables: Tables,
    parsed: &Parsed,
    report: &mut Report,
) -> Resolved {
    let mut enum_defs = vec![None];
    let mut alternate_defs = Vec::new();
    for (index, ids) in tables.ids.iter().enumerate() {
        match ids.definition {
            Definition::Enum(_) => enum_defs.push(Some(index)),
            Definition::Alternate(_) => alternate_defs.push(index),
            _ => {}
        }
    }
    let mut resolver = Resolver {
        defs,
        parsed,
        report,
        objects: tables
            .objects
            .iter()
            .map(|(_, source)| Work::new(*source))
            .collect_vec(),
        tables,
        folds: Folds::new(&parsed.names),
        clashes: FastMap::default(),
        embedded: FastSet::default(),
        embedded_names: FastSet::default(),
        unknown_members: FastSet::default(),
        enum_defs,
        alternate_defs,
        value_sets: FastMap::default(),
    };
    resolver.find_clashes();
    let mut alternatives = FastMap::default();
    let mut signatures = FastMap::default();
    let mut bogus = Vec::new();
    for (index, def) in defs.iter().enumerate() {
        if let Some(implicit) = resolver.tables.ids[index].implicit {
            resolver.visit(implicit);
        }
        match &def.body {
            Body::Enum { values, .. } => {
                resolver.object_features(def);
                resolver.value_clashes(
                    def,
                    &mut values.iter().filter(|v| v.sound).map(|v| (v.name, v.span)),
                );
            }
            Body::Struct { .. } | Body::Union { .. } => {
                if let Definition::Object(id) = resolver.tables.ids[index].definition {
                    resolver.visit(id);
                }
            }
            Body::Alternate { alternatives: list } => {
                alternatives.insert(index, resolver.alternate(def, list));
            }
            Body::Command {
                data,
                returns,
                flags,
            } => {
                resolver.feature_clashes(def, &def.features);
                let data = resolver.data(index, data, flags.boxed);
                let returns = returns.and_then(|r| resolver.returns(def, r));
                signatures.insert(index, (data, returns));
            }
            Body::Event { data, boxed } => {
                resolver.feature_clashes(def, &def.features);
                signatures.insert(index, (resolver.data(index, data, *boxed), None));
            }
        }
        let members_known = match (&def.body, signatures.get(&index)) {
            (
                Body::Command {
                    data: Data::Name(_),
                    ..
                }
                | Body::Event {
                    data: Data::Name(_),
                    ..
                },
                Some((found, _)),
            ) => found.is_some(),
            _ => true,
        };
        bogus.push_all(docs::check(def, members_known, parsed, resolver.report));
    }
    resolver.report.found.extend(bogus);
    let features = resolver.feature_names();
    Resolved {
        tables: resolver.tables,
        objects: resolver.objects,
        alternatives,
        signatures,
        features,
    }
}

impl<'a> Resolver<'a> {
    fn find_clashes(&mut self) {
        let count = self.objects.len();
        let ids = || (0..count).map(|i| ObjectId(i as u32));
        let bases: Vec<_> = ids().map(|id| self.base_link(id)).collect_vec();
        let folded: Vec<_> = ids().map(|id| self.folded_members(id)).collect_vec();
        self.clashes = clash::inherited(&bases, |id| folded[id.index()].clone());
    }

    pub(super) fn error(&mut self, def: &Def, diagnostic: Diagnostic) {
        self.report.add(&context(def, self.parsed), diagnostic);
    }

    pub(super) fn name(&self, symbol: Symbol) -> Name {
        self.parsed.names.name(symbol).clone()
    }

    /// What to call a type in a message.
    pub(super) fn describe(&self, ty: Type) -> String {
        let object = |id: ObjectId| self.parsed.names.str(self.tables.objects[id.index()].0);
        let named = |kind: &str, def: Option<usize>| match def {
            Some(index) => {
                let name = self.parsed.names.str(self.defs[index].name.symbol);
                format!("{kind} type '{name}'")
            }
            None => format!("{kind} type 'QType'"),
        };
        match ty {
            Type::Builtin(builtin) => format!("built-in type '{}'", builtin.name()),
            Type::Enum(id) => named("enum", self.enum_defs[id.index()]),
            Type::Alternate(id) => named("alternate", Some(self.alternate_defs[id.index()])),
            Type::Object(id) if self.is_union(id) => format!("union type '{}'", object(id)),
            Type::Object(id) => format!("object type '{}'", object(id)),
            Type::Array(id) => {
                let element = self.tables.arrays[id.index()].element;
                format!("array type of {}", self.describe(element))
            }
        }
    }

    pub(super) fn type_span(&self, ty: TypeRef, otherwise: Span) -> Span {
        match ty {
            TypeRef::Name(name) | TypeRef::Array(name) => name.span,
            TypeRef::Broken => otherwise,
        }
    }

    pub(super) fn type_ref(
        &mut self,
        def: &Def,
        ty: TypeRef,
        what: &dyn Fn(&Self) -> String,
    ) -> Option<Type> {
        match ty {
            TypeRef::Broken => None,
            TypeRef::Name(name) => self.named_type(def, name, what),
            TypeRef::Array(name) => {
                let element = self.named_type(def, name, what)?;
                if let Type::Array(_) = element {
                    let message = format!("{} is an array of arrays", what(self));
                    let diagnostic = Diagnostic::new(Code::ArrayType, name.span, message)
                        .note("arrays do not nest");
                    self.error(def, diagnostic);
                    return None;
                }
                Some(Type::Array(self.tables.array(element)))
            }
        }
    }

    /// Looks up a type; says so if there is none, unless that may follow from another fault.
    pub(super) fn named_type(
        &mut self,
        def: &Def,
        name: Str,
        what: &dyn Fn(&Self) -> String,
    ) -> Option<Type> {
        let entry = self.tables.lookup(name.symbol, &self.parsed.names);
        if let Some(Entry::Type(ty)) = entry {
            return Some(ty);
        }
        if entry.is_none()
            && (self.parsed.incomplete || self.parsed.poisoned.contains(&name.symbol))
        {
            return None;
        }
        let written = self.name(name.symbol);
        let message = format!("{} uses unknown type '{written}'", what(self));
        let mut diagnostic = Diagnostic::new(Code::UnknownType, name.span, message);
        match entry {
            Some(Entry::Other(kind)) => {
                diagnostic =
                    diagnostic.note(format!("there is a {kind} of that name, which is no type"));
            }
            _ if matches!(&*written, "visitor" | "**" | "dict") => {
                diagnostic = diagnostic
                    .help("since QEMU 2.5 this type is written 'any'; older schemas are read as legacy input");
            }
            _ if self.report.suggestions > 0 => {
                let names = self.tables.entries.iter().filter_map(|(symbol, entry)| {
                    let name = self.parsed.names.str(*symbol);
                    let plain = matches!(entry, Entry::Type(_)) && !name.starts_with("q_");
                    plain.then_some(name)
                });
                let mut names: Vec<&str> = names.collect_vec();
                sort_names(&mut names);
                diagnostic = self
                    .report
                    .suggest(diagnostic, &written, &mut names.into_iter());
            }
            _ => {}
        }
        self.error(def, diagnostic);
        None
    }

    fn data(&mut self, index: usize, data: &Data, boxed: bool) -> Option<ObjectId> {
        let def = &self.defs[index];
        let (kind_rule, union_rule, condition_rule) = match def.kind {
            DefinitionKind::Command => (
                Code::CommandDataType,
                Code::CommandUnionData,
                Code::CommandConditional,
            ),
            _ => (
                Code::EventDataType,
                Code::EventUnionData,
                Code::EventConditional,
            ),
        };
        let (id, span) = match data {
            Data::None | Data::Broken => return None,
            Data::Inline(_) => (self.tables.ids[index].implicit?, def.name.span),
            Data::Name(name) => {
                let what = format!("'data' of the {}", def.kind);
                match self.named_type(def, *name, &|_| what.clone())? {
                    Type::Object(id) => (id, name.span),
                    other => {
                        let message = format!("{what} cannot be of {}", self.describe(other));
                        let diagnostic = Diagnostic::new(kind_rule, name.span, message).note(
                            "arguments and event data are structs, or unions with 'boxed': true",
                        );
                        self.error(def, diagnostic);
                        return None;
                    }
                }
            }
        };
        if self.is_union(id) && !boxed {
            let message = format!(
                "'data' of the {} may be of {} only with 'boxed': true",
                def.kind,
                self.describe(Type::Object(id))
            );
            self.error(def, Diagnostic::new(union_rule, span, message));
        }
        self.visit(id);
        if !boxed
            && !self.parsed.options.legacy
            && let Some(name) = self.conditional_member(id)
        {
            let message = format!("conditional member '{name}' requires 'boxed': true");
            self.error(def, Diagnostic::new(condition_rule, span, message));
        }
        Some(id)
    }

    fn conditional_member(&self, id: ObjectId) -> Option<Name> {
        let mut next = Some(id);
        while let Some(id) = next {
            let work = &self.objects[id.index()];
            if let Some(member) = work.members.iter().find(|m| m.condition.is_some()) {
                return Some(member.name.clone());
            }
            next = work.base;
        }
        None
    }

    fn returns(&mut self, def: &Def, returns: TypeRef) -> Option<Type> {
        let ty = self.type_ref(def, returns, &|_| "'returns' of the command".to_owned())?;
        let inner = match ty {
            Type::Array(id) => self.tables.arrays[id.index()].element,
            ty => ty,
        };
        let excepted = &self.parsed.pragmas.command_returns_exceptions;
        if !matches!(inner, Type::Object(_))
            && !excepted.contains(&def.name.symbol)
            && self.parsed.exceptions_known()
            && !self.parsed.options.legacy
        {
            let message = format!(
                "'returns' of the command cannot be of {}",
                self.describe(ty)
            );
            let diagnostic = Diagnostic::new(
                Code::ReturnsType,
                self.type_span(returns, def.name.span),
                message,
            )
            .note("commands return objects, so that members can be added later")
            .help("the pragma 'command-returns-exceptions' lists commands that return other types");
            self.error(def, diagnostic);
        }
        Some(ty)
    }

    /// Names of values or alternatives that are one name in generated code.
    pub(super) fn value_clashes(
        &mut self,
        def: &Def,
        items: &mut dyn Iterator<Item = (Symbol, Span)>,
    ) {
        let mut seen: FastMap<u32, (Symbol, Span)> = FastMap::default();
        for (name, span) in items {
            let folded = self.folds.fold(name, &self.parsed.names);
            let Some((earlier, place)) = seen.get(&folded).copied() else {
                seen.insert(folded, (name, span));
                continue;
            };
            let (name, earlier) = (self.name(name), self.name(earlier));
            let message = format!("value '{name}' clashes with value '{earlier}'");
            let diagnostic = Diagnostic::new(Code::ValueClash, span, message)
                .label(place, "the other one is here");
            self.error(def, diagnostic);
        }
    }

    /// Rules for the features of a type.
    pub(super) fn object_features(&mut self, def: &Def) {
        self.feature_clashes(def, &def.features);
        for feature in &def.features {
            if is_special(feature) && !self.parsed.options.legacy {
                let name = self.name(feature.name);
                let message = format!("the feature '{name}' is not for types");
                let diagnostic = Diagnostic::new(Code::SpecialFeatureOnType, feature.span, message)
                    .help("mark the commands, events or members that use the type");
                self.error(def, diagnostic);
            }
        }
    }

    pub(super) fn feature_clashes(&mut self, def: &Def, features: &[FeatureDef]) {
        if features.len() < 2 {
            return;
        }
        let mut seen: FastMap<u32, Span> = FastMap::default();
        for feature in features.iter().filter(|f| f.sound) {
            let folded = self.folds.fold(feature.name, &self.parsed.names);
            if let Some(place) = seen.insert(folded, feature.span) {
                let message = format!("feature '{}' appears twice", self.name(feature.name));
                let diagnostic = Diagnostic::new(Code::DuplicateFeature, feature.span, message)
                    .label(place, "the other one is here");
                self.error(def, diagnostic);
            }
        }
    }

    pub(super) fn features(&self, features: &[FeatureDef]) -> Features {
        convert_features(features, self.parsed)
    }

    fn enum_values(&self, id: EnumId) -> &'a [super::defs::ValueDef] {
        match self.enum_defs[id.index()].map(|index| &self.defs[index].body) {
            Some(Body::Enum { values, .. }) => values,
            _ => &[],
        }
    }

    pub(super) fn enum_value_names(&self, id: EnumId) -> Vec<Name> {
        if id == QTYPE {
            return QTYPE_VALUES.map(Name::from).to_vec();
        }
        self.enum_values(id)
            .iter()
            .map(|v| self.name(v.name))
            .collect_vec()
    }

    pub(super) fn enum_is_faulty(&self, id: EnumId) -> bool {
        self.enum_defs[id.index()].is_some_and(|index| self.defs[index].faulty)
    }

    pub(super) fn values_of(&mut self, id: EnumId) -> Rc<FastSet<Symbol>> {
        if let Some(set) = self.value_sets.get(&id) {
            return Rc::clone(set);
        }
        let set: FastSet<Symbol> = if id == QTYPE {
            QTYPE_VALUES
                .iter()
                .filter_map(|v| self.parsed.names.get(v))
                .collect()
        } else {
            self.enum_values(id).iter().map(|v| v.name).collect()
        };
        let set = Rc::new(set);
        self.value_sets.insert(id, Rc::clone(&set));
        set
    }

    /// The branches of values that a union does not list.
    pub(super) fn uncovered(&self, id: EnumId, listed: &FastSet<Symbol>) -> Vec<Branch> {
        let empty = |value: Name, condition| Branch {
            value,
            object: EMPTY,
            condition,
            explicit: false,
        };
        if id == QTYPE {
            let is_listed = |v: &str| {
                self.parsed
                    .names
                    .get(v)
                    .is_some_and(|s| listed.contains(&s))
            };
            let open = QTYPE_VALUES.into_iter().filter(|v| !is_listed(v));
            return open.map(|v| empty(v.into(), None)).collect_vec();
        }
        self.enum_values(id)
            .iter()
            .filter(|v| !listed.contains(&v.name))
            .map(|v| empty(self.name(v.name), v.condition.clone()))
            .collect_vec()
    }

    /// The distinct feature names in order, with a look at their number.
    fn feature_names(&mut self) -> Vec<Name> {
        let mut seen = FastSet::default();
        let mut names = Vec::new();
        // The special features count even where nothing has them.
        let mut count = 2;
        for def in self.defs {
            for feature in all_features(def) {
                if !seen.insert(feature.name) {
                    continue;
                }
                if !is_special(feature) {
                    count += 1;
                    if count == MAX_FEATURES + 1 && !self.parsed.options.legacy {
                        let message =
                            format!("the schema has more than {MAX_FEATURES} distinct features");
                        let diagnostic =
                            Diagnostic::new(Code::TooManyFeatures, feature.span, message)
                                .note("'deprecated' and 'unstable' count too");
                        self.error(def, diagnostic);
                    }
                }
                names.push(self.name(feature.name));
            }
        }
        names
    }
}

fn is_special(feature: &FeatureDef) -> bool {
    matches!(feature.name, sym::DEPRECATED | sym::UNSTABLE)
}

pub(super) fn convert_features(features: &[FeatureDef], parsed: &Parsed) -> Features {
    let convert = |feature: &FeatureDef| Feature {
        name: parsed.names.name(feature.name).clone(),
        condition: feature.condition.clone(),
        doc: None,
    };
    Features(features.iter().map(convert).collect_vec())
}

/// The features of a definition, and of its members or values.
pub(super) fn all_features(def: &Def) -> Vec<&FeatureDef> {
    let mut all: Vec<&FeatureDef> = def.features.iter().collect_vec();
    for member in own_members(def) {
        all.push_all(&member.features);
    }
    if let Body::Enum { values, .. } = &def.body {
        for value in values {
            all.push_all(&value.features);
        }
    }
    all
}

/// The members that a definition spells out: its own, or those of its inline base or data.
pub(super) fn own_members(def: &Def) -> &[MemberDef] {
    match &def.body {
        Body::Struct { members, .. }
        | Body::Alternate {
            alternatives: members,
        }
        | Body::Union {
            base: Data::Inline(members),
            ..
        }
        | Body::Command {
            data: Data::Inline(members),
            ..
        }
        | Body::Event {
            data: Data::Inline(members),
            ..
        } => members,
        _ => &[],
    }
}

/// Flags of a command, for assembly.
pub(super) fn flags(body: &Body) -> Flags {
    match body {
        Body::Command { flags, .. } => *flags,
        _ => Flags::default(),
    }
}
