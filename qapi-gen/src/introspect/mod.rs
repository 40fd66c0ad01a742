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

use crate::json::{Layout, Writer};
use crate::model::*;
use crate::names::Name;
use form::Form;
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
    schema_info_of(schema, options, schema.definitions())
}

/// Whether the schema defines `SchemaInfo`, as QEMU's does and its guest agent's does not. That tells
/// how the schema's release answers.
pub fn describes_itself(schema: &Schema) -> bool {
    schema.definition("SchemaInfo").is_some()
}

/// As [`schema_info`], for a server that has only these commands and events.
pub(crate) fn schema_info_of(
    schema: &Schema,
    options: &Options,
    definitions: &[Definition],
) -> String {
    let mut w = Writer::new(match options.pretty {
        true => Layout::Indented,
        false => Layout::Rows,
    });
    Generator {
        schema,
        definitions,
        options,
        form: Form::of(schema, options.release),
        uses: Uses::of(schema, definitions),
    }
    .array(&mut w);
    let mut text = w.finish();
    text.push('\n');
    text
}

struct Generator<'a> {
    schema: &'a Schema,
    /// What is shown, with the types that it reaches.
    definitions: &'a [Definition],
    options: &'a Options<'a>,
    form: Form,
    uses: Uses,
}

impl Generator<'_> {
    fn array(&self, w: &mut Writer) {
        w.array(|w| {
            for definition in self.definitions {
                match *definition {
                    Definition::Command(id) => self.command(w, self.schema.command(id)),
                    Definition::Event(id) => self.event(w, self.schema.event(id)),
                    Definition::Enum(_) | Definition::Object(_) | Definition::Alternate(_) => {}
                }
            }
            for &ty in self.uses.types() {
                if self.holds(self.schema.type_condition(ty)) {
                    self.type_(w, ty);
                }
            }
        });
    }

    // The keys of every object are in alphabetical order.

    fn command(&self, w: &mut Writer, command: &Command) {
        if !self.holds(command.condition.as_ref()) {
            return;
        }
        w.object(|w| {
            if command.allow_oob || self.form.allow_oob_always {
                w.key("allow-oob").bool(command.allow_oob);
            }
            let arguments = command.arguments.unwrap_or(self.schema.empty());
            self.reference(w, "arg-type", Type::Object(arguments));
            self.features(w, &command.features);
            w.key("meta-type").string("command");
            w.key("name").string(&command.name);
            let returns = command.returns.unwrap_or(Type::Object(self.schema.empty()));
            self.reference(w, "ret-type", returns);
        });
    }

    fn event(&self, w: &mut Writer, event: &Event) {
        if !self.holds(event.condition.as_ref()) {
            return;
        }
        w.object(|w| {
            let data = event.data.unwrap_or(self.schema.empty());
            self.reference(w, "arg-type", Type::Object(data));
            self.features(w, &event.features);
            w.key("meta-type").string("event");
            w.key("name").string(&event.name);
        });
    }

    fn type_(&self, w: &mut Writer, ty: Type) {
        w.object(|w| match ty {
            Type::Builtin(builtin) => {
                w.key("json-type").string(builtin.json_kind().as_str());
                self.header(w, "builtin", ty);
            }
            Type::Array(id) => {
                self.reference(w, "element-type", self.schema.array(id).element);
                self.header(w, "array", ty);
            }
            Type::Enum(id) => self.enum_(w, ty, self.schema.enum_(id)),
            Type::Object(id) => self.object(w, ty, self.schema.object(id)),
            Type::Alternate(id) => {
                let alternate = self.schema.alternate(id);
                self.features(w, &alternate.features);
                w.key("members").array(|w| {
                    for alternative in &alternate.alternatives {
                        if self.holds(alternative.condition.as_ref()) {
                            w.object(|w| self.reference(w, "type", alternative.ty));
                        }
                    }
                });
                self.header(w, "alternate", ty);
            }
        });
    }

    fn enum_(&self, w: &mut Writer, ty: Type, enum_: &Enum) {
        let values = || {
            enum_
                .values
                .iter()
                .filter(|v| self.holds(v.condition.as_ref()))
        };
        self.features(w, &enum_.features);
        if self.form.enum_members {
            w.key("members").array(|w| {
                for value in values() {
                    w.object(|w| {
                        self.features(w, &value.features);
                        w.key("name").string(&value.name);
                    });
                }
            });
        }
        self.header(w, "enum", ty);
        w.key("values").strings(values().map(|v| v.name.as_str()));
    }

    fn object(&self, w: &mut Writer, ty: Type, object: &Object) {
        self.features(w, &object.features);
        w.key("members").array(|w| {
            for (_, member) in self.schema.all_members(object) {
                if self.holds(member.condition.as_ref()) {
                    self.member(w, member);
                }
            }
        });
        self.header(w, "object", ty);
        let Some(variants) = &object.variants else {
            return;
        };
        w.key("tag").string(&variants.tag);
        w.key("variants").array(|w| {
            for branch in &variants.branches {
                if self.holds(branch.condition.as_ref()) {
                    w.object(|w| {
                        w.key("case").string(&branch.value);
                        self.reference(w, "type", Type::Object(branch.object));
                    });
                }
            }
        });
    }

    fn member(&self, w: &mut Writer, member: &Member) {
        w.object(|w| {
            if member.optional {
                w.key("default").null();
            }
            self.features(w, &member.features);
            w.key("name").string(&member.name);
            self.reference(w, "type", member.ty);
        });
    }

    fn header(&self, w: &mut Writer, meta_type: &str, ty: Type) {
        w.key("meta-type").string(meta_type);
        self.reference(w, "name", ty);
    }

    fn reference(&self, w: &mut Writer, key: &str, ty: Type) {
        w.key(key).string(&self.name(self.uses.representative(ty)));
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

    fn features(&self, w: &mut Writer, features: &Features) {
        let mut present = features
            .iter()
            .filter(|f| self.holds(f.condition.as_ref()))
            .map(|f| f.name.as_str())
            .peekable();
        if present.peek().is_some() {
            w.key("features").strings(present);
        }
    }

    fn holds(&self, condition: Option<&Condition>) -> bool {
        match (condition, self.options.defined) {
            (Some(condition), Some(defined)) => holds(condition, defined),
            _ => true,
        }
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
