//! A visitor of values that interprets the schema: what QEMU's server says of arguments ("Parameter 'x' is missing").
//! It knows nothing of generated code, and so can judge it.

use qapi_gen::model::{Builtin, Object, ObjectId, Schema, Type};
use qapi_types::Value;

use crate::generate::{kind, range};

/// The texts that QEMU may give: of several unexpected members it names any.
type Refusal = Vec<String>;

/// Where a value stands.
struct Place {
    path: String,
    /// The member's own name; `null`, as QEMU prints it, in a list.
    name: String,
}

impl Place {
    fn member(&self, name: &str) -> Self {
        let path = match self.path.as_str() {
            "" => name.to_owned(),
            outer => format!("{outer}.{name}"),
        };
        Self {
            path,
            name: name.to_owned(),
        }
    }

    fn element(&self, index: usize) -> Self {
        Self {
            path: format!("{}[{index}]", self.path),
            name: "null".to_owned(),
        }
    }

    fn expected(&self, kind: &str) -> String {
        format!(
            "Invalid parameter type for '{}', expected: {kind}",
            self.path
        )
    }
}

/// Checks arguments against their type; `open` where members that the type does not have are accepted.
///
/// # Errors
/// QEMU's text for the first error in the schema's order, or the texts it has the choice of.
pub fn check(
    schema: &Schema,
    arguments: Option<ObjectId>,
    open: bool,
    value: &Value,
) -> Result<(), Refusal> {
    let root = Place {
        path: String::new(),
        name: "null".to_owned(),
    };
    let id = arguments.unwrap_or(schema.empty());
    let unexpected = members(schema, id, &root, value)?;
    match unexpected.is_empty() || open {
        true => Ok(()),
        false => Err(unexpected),
    }
}

/// Checks the members of an object, and gives the errors for those that it does not have.
fn members(schema: &Schema, id: ObjectId, at: &Place, value: &Value) -> Result<Refusal, Refusal> {
    let Value::Object(given) = value else {
        return refuse(at.expected("object"));
    };
    let mut known = Vec::new();
    known_members(schema, schema.object(id), at, value, &mut known)?;
    let unexpected = given.keys().filter(|key| !known.contains(key));
    Ok(unexpected
        .map(|key| format!("Parameter '{}' is unexpected", at.member(key).path))
        .collect())
}

fn known_members<'v>(
    schema: &Schema,
    object: &Object,
    at: &Place,
    value: &'v Value,
    known: &mut Vec<&'v String>,
) -> Result<(), Refusal> {
    let given = value.as_object().expect("it was one before");
    for (_, member) in schema.all_members(object) {
        let place = at.member(&member.name);
        match given.get_key_value(member.name.as_str()) {
            Some((key, value)) => {
                known.push(key);
                visit(schema, member.ty, &place, value)?;
            }
            None if member.optional => {}
            None => return refuse(format!("Parameter '{}' is missing", place.path)),
        }
    }
    let Some(variants) = &object.variants else {
        return Ok(());
    };
    let branch = variants
        .branches
        .iter()
        .find(|branch| given[variants.tag.as_str()] == *branch.value.as_str());
    let branch = branch.expect("the tag was checked");
    known_members(schema, schema.object(branch.object), at, value, known)
}

fn visit(schema: &Schema, ty: Type, at: &Place, value: &Value) -> Result<(), Refusal> {
    match ty {
        Type::Builtin(builtin) => visit_builtin(builtin, at, value),
        Type::Enum(id) => {
            let name = value.as_str().ok_or_else(|| vec![at.expected("string")])?;
            match schema
                .enum_(id)
                .values
                .iter()
                .any(|known| known.name == *name)
            {
                true => Ok(()),
                false => refuse(format!(
                    "Parameter '{}' does not accept value '{name}'",
                    at.name
                )),
            }
        }
        Type::Object(id) => {
            let unexpected = members(schema, id, at, value)?;
            match unexpected.is_empty() {
                true => Ok(()),
                false => Err(unexpected),
            }
        }
        Type::Array(id) => {
            let elements = value.as_array().ok_or_else(|| vec![at.expected("array")])?;
            let element = schema.array(id).element;
            let mut indexed = elements.iter().enumerate();
            indexed.try_for_each(|(i, value)| visit(schema, element, &at.element(i), value))
        }
        Type::Alternate(id) => {
            let alternate = schema.alternate(id);
            let mut alternatives = alternate.alternatives.iter();
            match alternatives.find(|a| kind(a.ty) == kind_of(value)) {
                Some(alternative) => visit(schema, alternative.ty, at, value),
                None => {
                    let (name, expected) = (&at.name, &alternate.name);
                    refuse(format!(
                        "Invalid parameter type for '{name}', expected: {expected}"
                    ))
                }
            }
        }
    }
}

fn refuse<T>(text: String) -> Result<T, Refusal> {
    Err(vec![text])
}

/// The kind of a JSON value, as [`kind`] names it.
pub(crate) fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn visit_builtin(builtin: Builtin, at: &Place, value: &Value) -> Result<(), Refusal> {
    let kind = |good: bool, expected: &str| match good {
        true => Ok(()),
        false => refuse(at.expected(expected)),
    };
    match builtin {
        Builtin::Any => Ok(()),
        Builtin::Str => kind(value.is_string(), "string"),
        Builtin::Number => kind(value.is_number(), "number"),
        Builtin::Bool => kind(value.is_boolean(), "boolean"),
        Builtin::Null => kind(value.is_null(), "null"),
        Builtin::Int | Builtin::Int64 => kind(value.is_i64(), "integer"),
        // Negative integers wrap.
        Builtin::Uint64 | Builtin::Size => match value.is_u64() || value.is_i64() {
            true => Ok(()),
            false => refuse(format!("Parameter '{}' expects uint64", at.path)),
        },
        Builtin::Int8 | Builtin::Int16 | Builtin::Int32 => {
            kind(value.is_i64(), "integer")?;
            in_range(builtin, at, value)
        }
        Builtin::Uint8 | Builtin::Uint16 | Builtin::Uint32 => {
            // And are out of range then.
            match value.is_u64() || value.is_i64() {
                true => in_range(builtin, at, value),
                false => refuse(format!("Parameter '{}' expects uint64", at.path)),
            }
        }
    }
}

fn in_range(builtin: Builtin, at: &Place, value: &Value) -> Result<(), Refusal> {
    let number = value
        .as_i64()
        .map(i128::from)
        .or(value.as_u64().map(i128::from));
    let (least, most) = range(builtin);
    match number {
        Some(number) if (least..=i128::from(most)).contains(&number) => Ok(()),
        _ => refuse(format!(
            "Parameter '{}' expects {}_t",
            at.name,
            builtin.name()
        )),
    }
}
