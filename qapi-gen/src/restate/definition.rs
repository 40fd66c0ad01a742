//! From the model's definitions to expressions.

use crate::layout::Value;
use crate::model::{
    Alternate, Branch, Command, Condition, Definition, Enum, EnumValue, Event, Features, Member,
    Object, ObjectId, ObjectKind, Schema, Type,
};

/// The expression that makes a definition; `None` for an implicit type, which is part of another.
pub(super) fn expression(schema: &Schema, definition: Definition) -> Option<Value> {
    let (kind, extra, condition, features) = match definition {
        Definition::Enum(id) => {
            let e = schema.enum_(id);
            ("enum", enumeration(e), &e.condition, &e.features)
        }
        Definition::Object(id) => {
            let o = schema.object(id);
            if o.is_implicit() {
                return None;
            }
            let kind = if o.variants.is_some() {
                "union"
            } else {
                "struct"
            };
            (kind, object(schema, o), &o.condition, &o.features)
        }
        Definition::Alternate(id) => {
            let a = schema.alternate(id);
            ("alternate", alternate(schema, a), &a.condition, &a.features)
        }
        Definition::Command(id) => {
            let c = schema.command(id);
            ("command", command(schema, c), &c.condition, &c.features)
        }
        Definition::Event(id) => {
            let e = schema.event(id);
            ("event", event(schema, e), &e.condition, &e.features)
        }
    };
    let mut entries = vec![(kind.to_owned(), Value::str(schema.name(definition)))];
    entries.extend(extra);
    entries.extend(qualifiers(condition.as_ref(), features));
    Some(Value::Object(entries))
}

pub(super) type Entries = Vec<(String, Value)>;

fn entry(key: &str, value: Value) -> (String, Value) {
    (key.to_owned(), value)
}

fn enumeration(e: &Enum) -> Entries {
    let values = e.values.iter().map(value);
    let prefix = e.prefix.iter().map(|p| entry("prefix", Value::str(p)));
    prefix
        .chain([entry("data", Value::Array(values.collect()))])
        .collect()
}

pub(super) fn value(value: &EnumValue) -> Value {
    let more = qualifiers(value.condition.as_ref(), &value.features);
    long_form("name", Value::str(&value.name), more)
}

fn object(schema: &Schema, o: &Object) -> Entries {
    let base = o.base.map(|id| entry("base", base(schema, id)));
    let Some(variants) = &o.variants else {
        let data = entry("data", members(schema, &o.members));
        return base.into_iter().chain([data]).collect();
    };
    let branches = variants.branches.iter().filter(|b| b.explicit);
    let branches = branches.map(|b| branch(schema, b));
    let own = [
        entry("discriminator", Value::str(&variants.tag)),
        entry("data", Value::Object(branches.collect())),
    ];
    base.into_iter().chain(own).collect()
}

pub(super) fn branch(schema: &Schema, branch: &Branch) -> (String, Value) {
    let ty = Value::str(&schema.object(branch.object).name);
    let more = qualifiers(branch.condition.as_ref(), Features::none());
    entry(&branch.value, long_form("type", ty, more))
}

fn base(schema: &Schema, id: ObjectId) -> Value {
    let base = schema.object(id);
    match base.kind {
        ObjectKind::Base(_) => members(schema, &base.members),
        _ => Value::str(&base.name),
    }
}

fn alternate(schema: &Schema, a: &Alternate) -> Entries {
    let alternatives = a.alternatives.iter().map(|alternative| {
        let more = qualifiers(alternative.condition.as_ref(), Features::none());
        let ty = type_reference(schema, alternative.ty);
        entry(&alternative.name, long_form("type", ty, more))
    });
    vec![entry("data", Value::Object(alternatives.collect()))]
}

fn command(schema: &Schema, c: &Command) -> Entries {
    let returns = c
        .returns
        .map(|ty| entry("returns", type_reference(schema, ty)));
    let flags = [
        ("boxed", c.boxed, true),
        ("gen", !c.gen_, false),
        ("success-response", !c.success_response, false),
        ("allow-oob", c.allow_oob, true),
        ("allow-preconfig", c.allow_preconfig, true),
        ("coroutine", c.coroutine, true),
    ];
    data(schema, c.arguments)
        .into_iter()
        .chain(returns)
        .chain(
            flags
                .iter()
                .filter(|(_, given, _)| *given)
                .map(|(key, _, value)| entry(key, Value::Bool(*value))),
        )
        .collect()
}

fn event(schema: &Schema, e: &Event) -> Entries {
    let boxed = e.boxed.then(|| entry("boxed", Value::Bool(true)));
    data(schema, e.data).into_iter().chain(boxed).collect()
}

/// The `data` of a command or event.
fn data(schema: &Schema, id: Option<ObjectId>) -> Option<(String, Value)> {
    let object = schema.object(id?);
    let value = match object.kind {
        ObjectKind::Arguments(_) => members(schema, &object.members),
        _ => Value::str(&object.name),
    };
    Some(entry("data", value))
}

fn members(schema: &Schema, members: &[Member]) -> Value {
    let members = members.iter().map(|m| member(schema, m, m.optional));
    Value::Object(members.collect())
}

pub(super) fn member(schema: &Schema, member: &Member, optional: bool) -> (String, Value) {
    let mark = if optional { "*" } else { "" };
    let more = qualifiers(member.condition.as_ref(), &member.features);
    let ty = type_reference(schema, member.ty);
    entry(
        &format!("{mark}{}", member.name),
        long_form("type", ty, more),
    )
}

fn type_reference(schema: &Schema, ty: Type) -> Value {
    match ty {
        Type::Array(id) => {
            let element = schema.type_name(schema.array(id).element);
            Value::Array(vec![Value::Str(element)])
        }
        _ => Value::Str(schema.type_name(ty)),
    }
}

/// A value by itself if nothing qualifies it, else the object that holds both.
fn long_form(key: &str, value: Value, more: Entries) -> Value {
    if more.is_empty() {
        return value;
    }
    Value::Object([entry(key, value)].into_iter().chain(more).collect())
}

fn qualifiers(of: Option<&Condition>, features: &Features) -> Entries {
    let features = (!features.is_empty()).then(|| {
        let list = features.iter().map(|f| {
            let more = qualifiers(f.condition.as_ref(), Features::none());
            long_form("name", Value::str(&f.name), more)
        });
        entry("features", Value::Array(list.collect()))
    });
    let of = of.map(|c| entry("if", condition(c)));
    features.into_iter().chain(of).collect()
}

fn condition(c: &Condition) -> Value {
    let list = |operands: &[Condition]| Value::Array(operands.iter().map(condition).collect());
    match c {
        Condition::Symbol(name) | Condition::Opaque(name) => Value::str(name),
        Condition::All(operands) => Value::object([("all", list(operands))]),
        Condition::Any(operands) => Value::object([("any", list(operands))]),
        Condition::Not(operand) => Value::object([("not", condition(operand))]),
    }
}
