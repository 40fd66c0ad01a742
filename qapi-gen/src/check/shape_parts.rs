//! The shape of what definitions consist of: members, values, branches, features.

use super::defs::{Body, BranchDef, Data, FeatureDef, MemberDef, TypeRef, ValueDef};
use super::keys::{LAST_SIMPLE_UNIONS, UNTAGGED_UNION, is_simple_union};
use super::names::{self, Case};
use super::shaper::{Shape, What};
use crate::diagnostic::{Code, Diagnostic};
use crate::names::{Symbol, sym};
use crate::syntax::ast::{Object, Str, Value};
use std::fmt::Display;

impl Shape<'_> {
    pub(super) fn enum_body(&mut self, object: &Object, name: Symbol) -> Body {
        let items = match object.get(sym::DATA) {
            Some(Value::Array(array)) => array.items.as_slice(),
            Some(other) => {
                let message = format!("'data' of an enum is an array, not {}", other.kind());
                self.error(Diagnostic::new(Code::ValuesNotList, other.span(), message));
                self.faulty = true;
                &[]
            }
            None => &[],
        };
        let prefix = match object.get(sym::PREFIX) {
            None => None,
            Some(Value::Str(prefix)) => Some(prefix.symbol),
            Some(other) => {
                let message = format!("'prefix' is a string, not {}", other.kind());
                self.error(Diagnostic::new(
                    Code::PrefixNotString,
                    other.span(),
                    message,
                ));
                None
            }
        };
        let case = self.member_case(Some(name));
        let values = items
            .iter()
            .filter_map(|item| {
                let value = self.value(item, case);
                self.faulty |= value.is_none();
                value
            })
            .collect::<Vec<_>>();
        Body::Enum { values, prefix }
    }

    fn value(&mut self, item: &Value, case: Case) -> Option<ValueDef> {
        let object = match item {
            Value::Object(object) => {
                self.keys(
                    object,
                    "'data' member",
                    &[sym::NAME],
                    &[sym::IF, sym::FEATURES],
                );
                if object.get(sym::FEATURES).is_some() {
                    self.report.found.needs((6, 2));
                }
                Some(&**object)
            }
            _ => None,
        };
        let name = match object {
            Some(object) => object.get(sym::NAME)?,
            None => item,
        };
        let name = self.name_string(name, "a value of an enum")?;
        let text = self.text(name.symbol).to_owned();
        let what = What("value", &text);
        let sound = self.check_name(&text, name, &what, case, Code::ValueNameCase);
        Some(ValueDef {
            name: name.symbol,
            span: name.span,
            sound,
            condition: object.and_then(|o| self.condition(o, || what.to_string())),
            features: object.map_or_else(Vec::new, |o| self.features(o)),
        })
    }

    pub(super) fn union_body(&mut self, object: &Object, name: Symbol) -> Body {
        let base = match object.get(sym::BASE) {
            None => Data::Broken,
            Some(Value::Str(base)) => Data::Name(*base),
            Some(inline) => match self.members(inline, "'base'", "base member", Some(name)) {
                Some(members) => Data::Inline(members),
                None => Data::Broken,
            },
        };
        let discriminator = object.get(sym::DISCRIMINATOR).and_then(|value| {
            if matches!(value, Value::Object(o) if o.members.is_empty()) {
                // A missing base was reported, and tells the same.
                object.get(sym::BASE)?;
                self.error(
                    Diagnostic::new(
                        Code::NameExpected,
                        value.span(),
                        "'discriminator' requires a string",
                    )
                    .help(UNTAGGED_UNION),
                );
                return None;
            }
            self.name_string(value, "'discriminator'")
        });
        let simple = is_simple_union(object);
        let branches = match object.get(sym::DATA) {
            Some(Value::Object(data)) => data
                .members
                .iter()
                .map(|(key, value)| {
                    let text = self.text(key.symbol).to_owned();
                    let what = What("branch", &text);
                    let (ty, long) = self.short_or_long(value, &what, &[sym::IF]);
                    BranchDef {
                        value: *key,
                        condition: long.and_then(|o| self.condition(o, || what.to_string())),
                        ty: ty.map_or(TypeRef::Broken, |ty| self.branch_type(ty, &what, simple)),
                    }
                })
                .collect::<Vec<_>>(),
            Some(other) => {
                let message = format!("'data' of a union is an object, not {}", other.kind());
                self.error(Diagnostic::new(
                    Code::BranchesNotObject,
                    other.span(),
                    message,
                ));
                self.faulty = true;
                Vec::new()
            }
            None => Vec::new(),
        };
        Body::Union {
            base,
            discriminator,
            branches,
        }
    }

    fn branch_type(&mut self, ty: &Value, what: &dyn Display, simple: bool) -> TypeRef {
        let found = self.report.found.len();
        let name = self.type_name(ty, what, Code::TypeNameExpected);
        if let (Value::Array(array), true) = (ty, simple)
            && let [Value::Str(_)] = array.items[..]
        {
            self.report.found.taken_until(found, LAST_SIMPLE_UNIONS);
        }
        name.map_or(TypeRef::Broken, TypeRef::Name)
    }

    pub(super) fn alternate_body(&mut self, object: &Object) -> Body {
        let data = match object.get(sym::DATA) {
            Some(Value::Object(data)) => data,
            Some(other) => {
                let message = format!("'data' of an alternate is an object, not {}", other.kind());
                self.error(Diagnostic::new(
                    Code::AlternativesNotObject,
                    other.span(),
                    message,
                ));
                return Body::Alternate {
                    alternatives: Vec::new(),
                };
            }
            None => {
                return Body::Alternate {
                    alternatives: Vec::new(),
                };
            }
        };
        if data.members.is_empty() {
            self.error(Diagnostic::new(
                Code::NoAlternatives,
                data.span,
                "an alternate needs at least one alternative",
            ));
        }
        let alternatives = data
            .members
            .iter()
            .map(|(key, value)| {
                let text = self.text(key.symbol).to_owned();
                let what = What("alternative", &text);
                let sound =
                    self.check_name(&text, *key, &what, Case::Lower, Code::AlternativeNameCase);
                let (ty, long) = self.short_or_long(value, &what, &[sym::IF]);
                MemberDef {
                    name: key.symbol,
                    span: key.span,
                    optional: false,
                    sound,
                    condition: long.and_then(|o| self.condition(o, || what.to_string())),
                    ty: ty.map_or(TypeRef::Broken, |ty| {
                        self.type_ref(ty, &what, Code::TypeExpected)
                    }),
                    features: Vec::new(),
                }
            })
            .collect::<Vec<_>>();
        Body::Alternate { alternatives }
    }

    /// Members of an object; `None` if there are none to be had.
    pub(super) fn members(
        &mut self,
        data: &Value,
        source: &str,
        role: &str,
        owner: Option<Symbol>,
    ) -> Option<Vec<MemberDef>> {
        let Value::Object(object) = data else {
            let message = format!("{source} should be an object, not {}", data.kind());
            self.error(Diagnostic::new(
                Code::MembersNotObject,
                data.span(),
                message,
            ));
            self.faulty = true;
            return None;
        };
        let case = self.member_case(owner);
        let members = object.members.iter();
        Some(
            members
                .map(|(key, value)| self.member(*key, value, role, case))
                .collect::<Vec<_>>(),
        )
    }

    fn member(&mut self, key: Str, value: &Value, role: &str, case: Case) -> MemberDef {
        let text = self.text(key.symbol).to_owned();
        let name = text.strip_prefix('*');
        let optional = name.is_some();
        let name = name.unwrap_or(&text);
        let symbol = self.parsed.names.intern(name);
        let what = What(role, name);
        let mut sound = self.check_name(name, key, &what, case, Code::MemberNameCase);
        if !self.parsed.options.legacy && names::is_reserved_member(name) {
            sound = false;
            self.faulty = true;
            self.error(
                Diagnostic::new(
                    Code::ReservedMemberName,
                    key.span,
                    format!("the name of {what} is reserved"),
                )
                .note("generated C has members named 'u' and 'has_...' of its own"),
            );
        }
        let (ty, long) = self.short_or_long(value, &what, &[sym::IF, sym::FEATURES]);
        MemberDef {
            name: symbol,
            span: key.span,
            optional,
            sound,
            condition: long.and_then(|o| self.condition(o, || what.to_string())),
            features: long.map_or_else(Vec::new, |o| self.features(o)),
            ty: ty.map_or(TypeRef::Broken, |ty| {
                self.type_ref(ty, &what, Code::TypeExpected)
            }),
        }
    }

    pub(super) fn features(&mut self, object: &Object) -> Vec<FeatureDef> {
        let items = match object.get(sym::FEATURES) {
            None => return Vec::new(),
            Some(Value::Array(array)) => &array.items,
            Some(other) => {
                let message = format!("'features' is an array, not {}", other.kind());
                self.error(Diagnostic::new(
                    Code::FeaturesNotList,
                    other.span(),
                    message,
                ));
                self.faulty = true;
                return Vec::new();
            }
        };
        items
            .iter()
            .filter_map(|item| {
                let feature = self.feature(item);
                self.faulty |= feature.is_none();
                feature
            })
            .collect::<Vec<_>>()
    }

    fn feature(&mut self, item: &Value) -> Option<FeatureDef> {
        let object = match item {
            Value::Object(object) => {
                self.keys(object, "'features' member", &[sym::NAME], &[sym::IF]);
                Some(&**object)
            }
            _ => None,
        };
        let name = match object {
            Some(object) => object.get(sym::NAME)?,
            None => item,
        };
        let name = self.name_string(name, "a feature")?;
        let text = self.text(name.symbol).to_owned();
        let what = What("feature", &text);
        let sound = self.check_name(&text, name, &what, Case::Lower, Code::FeatureNameCase);
        Some(FeatureDef {
            name: name.symbol,
            span: name.span,
            sound,
            condition: object.and_then(|o| self.condition(o, || what.to_string())),
        })
    }
}
