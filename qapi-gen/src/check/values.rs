//! Enum values and features: what is one name in generated code, and what is in a set.

use super::defs::{Body, Def, FeatureDef, ValueDef};
use super::resolver::Resolver;
use crate::diagnostic::{Code, Diagnostic};
use crate::model::{Branch, EMPTY, EnumId, Features, QTYPE};
use crate::names::{FastMap, FastSet, Name, Symbol};
use crate::source::Span;
use std::rc::Rc;

/// The values of the built-in enum `QType`.
pub(super) const QTYPE_VALUES: [&str; 7] = [
    "none", "qnull", "qnum", "qstring", "qdict", "qlist", "qbool",
];

impl<'a> Resolver<'a> {
    fn enum_values(&self, id: EnumId) -> &'a [ValueDef] {
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
            .collect::<Vec<_>>()
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
            return open.map(|v| empty(v.into(), None)).collect::<Vec<_>>();
        }
        self.enum_values(id)
            .iter()
            .filter(|v| !listed.contains(&v.name))
            .map(|v| empty(self.name(v.name), v.condition.clone()))
            .collect::<Vec<_>>()
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
            if feature.is_special() && !self.parsed.options.legacy {
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
        FeatureDef::convert(features, &self.parsed.names)
    }
}
