//! The shape of what definitions consist of: members, values, branches, features.

use super::defs::{Body, BranchDef, Data, FeatureDef, MemberDef, TypeRef, ValueDef};
use super::names::{self, Case};
use super::shape::UNTAGGED_UNION;
use super::{Context, Report};
use crate::compact::CollectVec as _;
use crate::diagnostic::{Code, Diagnostic, Release};
use crate::names::{Symbol, sym};
use crate::syntax::Parsed;
use crate::syntax::ast::{Object, Str, Value};

/// Checks one expression.
pub(super) struct Shape<'a> {
    pub(super) parsed: &'a mut Parsed,
    pub(super) report: &'a mut Report,
    pub(super) context: Context,
    /// See [`Def::faulty`](super::defs::Def::faulty).
    pub(super) faulty: bool,
}

impl Shape<'_> {
    pub(super) fn error(&mut self, diagnostic: Diagnostic) {
        self.report.add(&self.context, diagnostic);
    }

    pub(super) fn text(&self, symbol: Symbol) -> &str {
        self.parsed.names.str(symbol)
    }

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
            .collect_vec();
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
                Some(&**object)
            }
            _ => None,
        };
        let name = match object {
            Some(object) => object.get(sym::NAME)?,
            None => item,
        };
        let name = self.name_string(name, "a value of an enum")?;
        let what = format!("value '{}'", self.text(name.symbol));
        let text = self.text(name.symbol).to_owned();
        let sound = self.check_name(&text, name, &what, case, Code::ValueNameCase);
        Some(ValueDef {
            name: name.symbol,
            span: name.span,
            sound,
            condition: object.and_then(|o| self.condition(o, || what.clone())),
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
                    let what = format!("branch '{}'", self.text(key.symbol));
                    let (ty, long) = self.short_or_long(value, &what, &[sym::IF]);
                    BranchDef {
                        value: *key,
                        condition: long.and_then(|o| self.condition(o, || what.clone())),
                        ty: ty.map_or(TypeRef::Broken, |ty| self.branch_type(ty, &what, simple)),
                    }
                })
                .collect_vec(),
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

    fn branch_type(&mut self, ty: &Value, what: &str, simple: bool) -> TypeRef {
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
                let what = format!("alternative '{}'", self.text(key.symbol));
                let text = self.text(key.symbol).to_owned();
                let sound =
                    self.check_name(&text, *key, &what, Case::Lower, Code::AlternativeNameCase);
                let (ty, long) = self.short_or_long(value, &what, &[sym::IF]);
                MemberDef {
                    name: key.symbol,
                    span: key.span,
                    optional: false,
                    sound,
                    condition: long.and_then(|o| self.condition(o, || what.clone())),
                    ty: ty.map_or(TypeRef::Broken, |ty| {
                        self.type_ref(ty, &what, Code::TypeExpected)
                    }),
                    features: Vec::new(),
                }
            })
            .collect_vec();
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
                .collect_vec(),
        )
    }

    fn member(&mut self, key: Str, value: &Value, role: &str, case: Case) -> MemberDef {
        let text = self.text(key.symbol).to_owned();
        let name = text.strip_prefix('*');
        let optional = name.is_some();
        let name = name.unwrap_or(&text);
        let symbol = self.parsed.names.intern(name);
        let what = format!("{role} '{name}'");
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
            condition: long.and_then(|o| self.condition(o, || what.clone())),
            features: long.map_or_else(Vec::new, |o| self.features(o)),
            ty: ty.map_or(TypeRef::Broken, |ty| {
                self.type_ref(ty, &what, Code::TypeExpected)
            }),
        }
    }

    /// A type by itself, or `{ 'type': TYPE, ... }`.
    fn short_or_long<'v>(
        &mut self,
        value: &'v Value,
        what: &str,
        optional: &[Symbol],
    ) -> (Option<&'v Value>, Option<&'v Object>) {
        match value {
            Value::Object(object) => {
                self.keys(object, what, &[sym::TYPE], optional);
                (object.get(sym::TYPE), Some(object))
            }
            other => (Some(other), None),
        }
    }

    fn member_case(&self, owner: Option<Symbol>) -> Case {
        let excepted = &self.parsed.pragmas.member_name_exceptions;
        match owner {
            Some(owner) if excepted.contains(&owner) => Case::Mixed,
            _ => Case::Lower,
        }
    }

    /// Whether a name keeps to the rules. Exceptions may come from a pragma that could not be
    /// read, and then case is no matter.
    fn check_name(&mut self, text: &str, at: Str, what: &str, case: Case, code: Code) -> bool {
        if self.parsed.options.legacy {
            return true;
        }
        let case = if self.parsed.exceptions_known() {
            case
        } else {
            Case::Mixed
        };
        match names::fault(text, at.span, what, case, code) {
            None => true,
            Some(diagnostic) => {
                self.error(diagnostic);
                self.faulty = true;
                false
            }
        }
    }

    fn name_string(&mut self, value: &Value, what: &str) -> Option<Str> {
        match value {
            Value::Str(name) => Some(*name),
            other => {
                let message = format!(
                    "{what} requires a name, which is a string, not {}",
                    other.kind()
                );
                self.error(Diagnostic::new(Code::NameExpected, other.span(), message));
                None
            }
        }
    }

    pub(super) fn type_name(&mut self, value: &Value, what: &str, code: Code) -> Option<Str> {
        match value {
            Value::Str(name) => Some(*name),
            other => {
                let message = format!(
                    "the type of {what} should be a type name, not {}",
                    other.kind()
                );
                self.error(Diagnostic::new(code, other.span(), message));
                None
            }
        }
    }

    pub(super) fn type_ref(&mut self, value: &Value, what: &str, code: Code) -> TypeRef {
        match value {
            Value::Str(name) => TypeRef::Name(*name),
            Value::Array(array) => match array.items.as_slice() {
                [Value::Str(name)] => TypeRef::Array(*name),
                _ => {
                    let message =
                        format!("the array type of {what} must consist of exactly one type name");
                    self.error(Diagnostic::new(Code::ArrayType, array.span, message));
                    TypeRef::Broken
                }
            },
            other => {
                let message = format!(
                    "the type of {what} should be a type name or an array of one, not {}",
                    other.kind()
                );
                self.error(Diagnostic::new(code, other.span(), message));
                TypeRef::Broken
            }
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
            .collect_vec()
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
        let what = format!("feature '{text}'");
        let sound = self.check_name(&text, name, &what, Case::Lower, Code::FeatureNameCase);
        Some(FeatureDef {
            name: name.symbol,
            span: name.span,
            sound,
            condition: object.and_then(|o| self.condition(o, || what.clone())),
        })
    }
}

/// The last release with unions that have no discriminator, and branches of any type.
pub(super) const LAST_SIMPLE_UNIONS: Release = (6, 1);

/// Whether a union is of that kind.
pub(super) fn is_simple_union(union: &Object) -> bool {
    union.get(sym::BASE).is_none() && union.get(sym::DISCRIMINATOR).is_none()
}
