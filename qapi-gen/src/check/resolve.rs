//! What names mean: types are looked up and rules that span definitions are checked.

use super::clash;
use super::define::Tables;
use super::defs::{Body, Data, Def, TypeRef};
use super::resolver::{Resolver, Work};
use super::{Report, docs};
use crate::diagnostic::{Code, DefinitionKind, Diagnostic};
use crate::model::{Alternative, Definition, ObjectId, Type};
use crate::names::{FastMap, FastSet, Name};
use crate::syntax::Parsed;

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

pub(super) fn resolve(
    defs: &[Def],
    tables: Tables,
    parsed: &Parsed,
    report: &mut Report,
) -> Resolved {
    let mut resolver = Resolver::new(defs, tables, parsed, report);
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
        bogus.extend(docs::check(def, members_known, parsed, resolver.report));
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
        let bases: Vec<_> = ids().map(|id| self.base_link(id)).collect::<Vec<_>>();
        let folded: Vec<_> = ids().map(|id| self.folded_members(id)).collect::<Vec<_>>();
        self.clashes = clash::inherited(&bases, |id| folded[id.index()].clone());
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

    /// The distinct feature names in order, with a look at their number.
    fn feature_names(&mut self) -> Vec<Name> {
        let mut seen = FastSet::default();
        let mut names = Vec::new();
        // The special features count even where nothing has them.
        let mut count = 2;
        for def in self.defs {
            for feature in def.all_features() {
                if !seen.insert(feature.name) {
                    continue;
                }
                if !feature.is_special() {
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
