//! Introspection: what a server with this schema answers to `query-qmp-schema`.
//!
//! The reply is an array of `SchemaInfo` objects, which describe commands, events and the types
//! that they reach: commands and events first, in the order of [`Schema::definitions`], then types
//! in the order of first use. Structs and unions are flattened: an object lists the members of its
//! bases and its own. All integer types are one type, `int`.
//!
//! ```
//! use qapi_gen::{Frontend, MemoryLoader, introspect};
//! let text = "{ 'command': 'ping', 'data': { 'n': 'uint8' } }";
//! let schema = Frontend::new()
//!     .loader(MemoryLoader::new([("main.json", text)]))
//!     .read("main.json")
//!     .unwrap();
//! let json = introspect::schema_info(&schema, &introspect::Options::default());
//! assert_eq!(
//!     json,
//!     r#"[
//! {"arg-type": "0", "meta-type": "command", "name": "ping", "ret-type": "1"},
//! {"members": [{"name": "n", "type": "int"}], "meta-type": "object", "name": "0"},
//! {"members": [], "meta-type": "object", "name": "1"},
//! {"json-type": "int", "meta-type": "builtin", "name": "int"}
//! ]
//! "#
//! );
//! ```

mod form;
mod uses;

use crate::json;
use crate::model::*;
use crate::names::Name;
use form::Form;
use serde_json::Value;
use uses::Uses;

/// How to introspect.
#[derive(Clone, Copy, Default)]
pub struct Options<'a> {
    /// Give types their names in the schema. A server hides them behind numbers, so that clients
    /// do not come to depend on them.
    pub unmask: bool,
    /// Indent the JSON text. Otherwise each `SchemaInfo` stands on a line of its own.
    pub pretty: bool,
    /// Which symbols of conditions are defined. What is conditional on something that does not
    /// hold is left out, as by a server built that way. `None`: every condition holds.
    ///
    /// For schemas of old releases it may be asked about C expressions ([`Condition::Opaque`]).
    pub defined: Option<&'a dyn Fn(&str) -> bool>,
    /// The release of QEMU as which to answer, by major and minor number: `(2, 11)`. `None`: the
    /// one that the schema seems to be of.
    pub release: Option<(u32, u32)>,
}

/// The `SchemaInfo` array of a schema as JSON text, which ends with LF.
///
/// A schema in the language of an old release is described as that release would have done it.
/// Which one it is, [`Options::release`] says, else the schema's own definition of `SchemaInfo`.
/// Otherwise it is a guess, after the forms that the schema uses and the releases that its
/// documentation mentions; see [`describes_itself`].
pub fn schema_info(schema: &Schema, options: &Options) -> String {
    let holds = |condition: &Condition| {
        options
            .defined
            .is_none_or(|defined| holds(condition, defined))
    };
    schema_info_of(schema, options, schema.definitions(), &holds)
}

/// Whether the schema defines `SchemaInfo`, as QEMU's does and its guest agent's does not. That tells
/// how the schema's release answers.
pub fn describes_itself(schema: &Schema) -> bool {
    schema.definition("SchemaInfo").is_some()
}

/// As [`schema_info`], for a server that has only these commands and events, and what these conditions leave of them.
pub(crate) fn schema_info_of(
    schema: &Schema,
    options: &Options,
    definitions: &[Definition],
    holds: &dyn Fn(&Condition) -> bool,
) -> String {
    let generator = Generator {
        schema,
        definitions,
        options,
        holds,
        form: Form::of(schema, options.release),
        uses: Uses::of(schema, definitions),
    };
    let info = generator.array();
    let mut text = match options.pretty {
        true => json::indented(&info),
        false => json::rows(&info),
    };
    text.push('\n');
    text
}

/// An entry of an object, if it is there.
type Entry = Option<(&'static str, Value)>;

/// The entries are in alphabetical order.
fn object<const N: usize>(entries: [Entry; N]) -> Value {
    let entries = entries.into_iter().flatten();
    entries
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
}

struct Generator<'a> {
    schema: &'a Schema,
    /// What is shown, with the types that it reaches.
    definitions: &'a [Definition],
    options: &'a Options<'a>,
    holds: &'a dyn Fn(&Condition) -> bool,
    form: Form,
    uses: Uses,
}

impl Generator<'_> {
    fn array(&self) -> Value {
        let definitions = self.definitions.iter();
        let definitions = definitions.filter_map(|definition| match *definition {
            Definition::Command(id) => self.command(self.schema.command(id)),
            Definition::Event(id) => self.event(self.schema.event(id)),
            Definition::Enum(_) | Definition::Object(_) | Definition::Alternate(_) => None,
        });
        let types = self.uses.types().iter();
        let types = types.filter(|&&ty| self.holds(self.schema.type_condition(ty)));
        definitions.chain(types.map(|&ty| self.type_(ty))).collect()
    }

    fn command(&self, command: &Command) -> Option<Value> {
        let shows_oob = command.allow_oob || self.form.allow_oob_always;
        let empty = self.schema.empty();
        let arguments = command.arguments.unwrap_or(empty);
        let returns = command.returns.unwrap_or(Type::Object(empty));
        self.holds(command.condition.as_ref()).then(|| {
            object([
                shows_oob.then(|| ("allow-oob", command.allow_oob.into())),
                self.reference("arg-type", Type::Object(arguments)),
                self.features(&command.features),
                Some(("meta-type", "command".into())),
                Some(("name", command.name.as_str().into())),
                self.reference("ret-type", returns),
            ])
        })
    }

    fn event(&self, event: &Event) -> Option<Value> {
        let data = event.data.unwrap_or(self.schema.empty());
        self.holds(event.condition.as_ref()).then(|| {
            object([
                self.reference("arg-type", Type::Object(data)),
                self.features(&event.features),
                Some(("meta-type", "event".into())),
                Some(("name", event.name.as_str().into())),
            ])
        })
    }

    fn type_(&self, ty: Type) -> Value {
        let meta = |meta_type: &str| Some(("meta-type", meta_type.into()));
        let name = self.reference("name", ty);
        match ty {
            Type::Builtin(builtin) => {
                let kind = builtin.json_kind().as_str();
                object([Some(("json-type", kind.into())), meta("builtin"), name])
            }
            Type::Array(id) => {
                let element = self.reference("element-type", self.schema.array(id).element);
                object([element, meta("array"), name])
            }
            Type::Enum(id) => {
                let enum_ = self.schema.enum_(id);
                let values = enum_.values.iter();
                let values = values.filter(|value| self.holds(value.condition.as_ref()));
                let names = values.clone().map(|value| value.name.as_str());
                let members = values.map(|value| {
                    let name = Some(("name", value.name.as_str().into()));
                    object([self.features(&value.features), name])
                });
                let shows_members = self.form.enum_members;
                object([
                    self.features(&enum_.features),
                    shows_members.then(|| ("members", members.collect())),
                    meta("enum"),
                    name,
                    Some(("values", names.collect())),
                ])
            }
            Type::Object(id) => {
                let object_type = self.schema.object(id);
                let members = self
                    .schema
                    .all_members(object_type)
                    .map(|(_, member)| member);
                let members = members.filter(|member| self.holds(member.condition.as_ref()));
                let variants = object_type.variants.as_ref();
                object([
                    self.features(&object_type.features),
                    Some((
                        "members",
                        members.map(|member| self.member(member)).collect(),
                    )),
                    meta("object"),
                    name,
                    variants.map(|variants| ("tag", variants.tag.as_str().into())),
                    variants.map(|variants| ("variants", self.branches(variants))),
                ])
            }
            Type::Alternate(id) => {
                let alternate = self.schema.alternate(id);
                let members = alternate.alternatives.iter();
                let members = members.filter(|it| self.holds(it.condition.as_ref()));
                let members = members.map(|it| object([self.reference("type", it.ty)]));
                object([
                    self.features(&alternate.features),
                    Some(("members", members.collect())),
                    meta("alternate"),
                    name,
                ])
            }
        }
    }

    fn branches(&self, variants: &Variants) -> Value {
        let branches = variants.branches.iter();
        let branches = branches.filter(|branch| self.holds(branch.condition.as_ref()));
        let branches = branches.map(|branch| {
            let ty = self.reference("type", Type::Object(branch.object));
            object([Some(("case", branch.value.as_str().into())), ty])
        });
        branches.collect()
    }

    fn member(&self, member: &Member) -> Value {
        object([
            member.optional.then_some(("default", Value::Null)),
            self.features(&member.features),
            Some(("name", member.name.as_str().into())),
            self.reference("type", member.ty),
        ])
    }

    fn reference(&self, key: &'static str, ty: Type) -> Entry {
        Some((key, self.name(self.uses.representative(ty)).into()))
    }

    fn name(&self, ty: Type) -> String {
        let number = |name: &Name| match self.uses.number(ty) {
            Some(number) if !self.options.unmask => number.to_string(),
            _ => self.form.type_name(name),
        };
        match ty {
            Type::Builtin(builtin) => builtin.name().to_owned(),
            // The language has no arrays of arrays.
            Type::Array(id) => {
                let element = self.schema.array(id).element;
                format!("[{}]", self.name(self.uses.representative(element)))
            }
            Type::Enum(id) => number(&self.schema.enum_(id).name),
            Type::Object(id) => number(&self.schema.object(id).name),
            Type::Alternate(id) => number(&self.schema.alternate(id).name),
        }
    }

    fn features(&self, features: &Features) -> Entry {
        let present = features
            .iter()
            .filter(|it| self.holds(it.condition.as_ref()));
        let mut names = present.map(|feature| feature.name.as_str()).peekable();
        names.peek()?;
        Some(("features", names.collect()))
    }

    fn holds(&self, condition: Option<&Condition>) -> bool {
        condition.is_none_or(self.holds)
    }
}

fn holds(condition: &Condition, defined: &dyn Fn(&str) -> bool) -> bool {
    match condition {
        Condition::Symbol(name) | Condition::Opaque(name) => defined(name),
        Condition::All(operands) => operands.iter().all(|c| holds(c, defined)),
        Condition::Any(operands) => operands.iter().any(|c| holds(c, defined)),
        Condition::Not(operand) => !holds(operand, defined),
    }
}
