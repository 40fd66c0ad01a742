//! The interface that a schema describes.

use super::*;
use crate::model;
use crate::model::{Definition, Schema, Type};
use crate::source::Span;

impl Interface {
    /// The interface that a schema describes.
    pub fn of(schema: &Schema) -> Interface {
        let mut lowering = Lowering {
            schema,
            types: Vec::new(),
            ids: HashMap::new(),
        };
        let (mut commands, mut events, mut roots) = (Vec::new(), Vec::new(), Vec::new());
        for definition in schema.definitions() {
            match *definition {
                Definition::Command(id) => {
                    roots.push(Root::Command(commands.len()));
                    commands.push(lowering.command(schema.command(id)));
                }
                Definition::Event(id) => {
                    roots.push(Root::Event(events.len()));
                    events.push(lowering.event(schema.event(id)));
                }
                Definition::Enum(_) | Definition::Object(_) | Definition::Alternate(_) => {}
            }
        }
        let mut next = 0;
        while let Some(&ty) = lowering.types.get(next) {
            lowering.references(ty);
            next += 1;
        }
        let types = lowering.types.clone();
        let types = types.into_iter().map(|ty| lowering.type_(ty)).collect();
        Interface {
            commands,
            events,
            roots,
            types,
            introspected: false,
            told_as: None,
        }
    }
}

struct Lowering<'s> {
    schema: &'s Schema,
    types: Vec<Type>,
    ids: HashMap<Type, TypeId>,
}

impl Lowering<'_> {
    fn id(&mut self, ty: Type) -> TypeId {
        let next = TypeId(self.types.len());
        let id = *self.ids.entry(ty).or_insert(next);
        if id == next {
            self.types.push(ty);
        }
        id
    }

    fn data(&mut self, object: Option<model::ObjectId>) -> TypeId {
        self.id(Type::Object(object.unwrap_or(self.schema.empty())))
    }

    fn command(&mut self, command: &model::Command) -> Command {
        let arguments = self.data(command.arguments);
        let empty = Type::Object(self.schema.empty());
        Command {
            name: command.name.clone(),
            doc: described(command.doc.as_ref()),
            arguments,
            returns: self.id(command.returns.unwrap_or(empty)),
            features: features(&command.features),
            condition: condition(command.condition.as_ref()),
            allow_oob: command.allow_oob,
            allow_preconfig: command.allow_preconfig,
            success_response: command.success_response,
            open: !command.gen_,
            place: self.place(command.origin.span),
        }
    }

    fn event(&mut self, event: &model::Event) -> Event {
        Event {
            name: event.name.clone(),
            doc: described(event.doc.as_ref()),
            data: self.data(event.data),
            features: features(&event.features),
            condition: condition(event.condition.as_ref()),
            place: self.place(event.origin.span),
        }
    }

    /// Numbers the types that a type refers to.
    fn references(&mut self, ty: Type) {
        let schema = self.schema;
        match ty {
            Type::Builtin(_) | Type::Enum(_) => {}
            Type::Array(id) => _ = self.id(schema.array(id).element),
            Type::Alternate(id) => {
                for alternative in &schema.alternate(id).alternatives {
                    self.id(alternative.ty);
                }
            }
            Type::Object(id) => {
                let object = schema.object(id);
                for (_, member) in schema.all_members(object) {
                    self.id(member.ty);
                }
                for branch in object.variants.iter().flat_map(|v| &v.branches) {
                    self.id(Type::Object(branch.object));
                }
            }
        }
    }

    fn type_(&mut self, ty: Type) -> TypeDef {
        let schema = self.schema;
        let name = Name::from(schema.type_name(ty).as_str());
        let plain = |shape| TypeDef {
            name: name.clone(),
            doc: String::new(),
            condition: None,
            features: Vec::new(),
            place: None,
            shape,
        };
        match ty {
            Type::Builtin(builtin) => plain(Shape::Builtin(builtin)),
            Type::Array(id) => plain(Shape::Array(self.id(schema.array(id).element))),
            Type::Enum(id) => {
                let enum_ = schema.enum_(id);
                let span = enum_.origin.span;
                let values = enum_.values.iter().map(|value| Value {
                    name: value.name.clone(),
                    features: features(&value.features),
                    condition: condition(value.condition.as_ref()),
                    line: self.line_of(span, &value.name),
                });
                TypeDef {
                    doc: described(enum_.doc.as_ref()),
                    condition: condition(enum_.condition.as_ref()),
                    features: features(&enum_.features),
                    place: self.place(span),
                    ..plain(Shape::Enum(values.collect()))
                }
            }
            Type::Alternate(id) => {
                let alternate = schema.alternate(id);
                let alternatives = alternate.alternatives.iter().map(|a| self.id(a.ty));
                TypeDef {
                    doc: described(alternate.doc.as_ref()),
                    condition: condition(alternate.condition.as_ref()),
                    features: features(&alternate.features),
                    ..plain(Shape::Alternate(alternatives.collect()))
                }
                .at(self.place(alternate.origin.span))
            }
            Type::Object(id) => {
                let object = schema.object(id);
                TypeDef {
                    doc: described(object.doc.as_ref()),
                    condition: condition(object.condition.as_ref()),
                    features: features(&object.features),
                    ..plain(Shape::Object(self.object(object)))
                }
                .at(self.place(object.origin.span))
            }
        }
    }

    fn object(&mut self, object: &model::Object) -> Object {
        let schema = self.schema;
        let members = schema.all_members(object).map(|(owner, member)| Member {
            name: member.name.clone(),
            doc: member
                .doc
                .as_ref()
                .map_or(String::new(), |d| plain(&d.text)),
            ty: self.id(member.ty),
            owner: match owner.kind {
                _ if owner.id == object.id => None,
                // What the union's inline base declares is the union's.
                model::ObjectKind::Base(union) if union == object.id => None,
                model::ObjectKind::Base(union) => Some(schema.object(union).name.clone()),
                _ => Some(owner.name.clone()),
            },
            optional: member.optional,
            features: features(&member.features),
            condition: condition(member.condition.as_ref()),
            // What a base declares stands elsewhere.
            line: match owner.origin.span == object.origin.span {
                true => self.line_of(object.origin.span, &member.name),
                false => None,
            },
        });
        let members = members.collect();
        let branches = object.variants.iter().flat_map(|v| &v.branches);
        let variants = branches.map(|branch| Variant {
            case: branch.value.clone(),
            ty: self.id(Type::Object(branch.object)),
            condition: condition(branch.condition.as_ref()),
        });
        Object {
            members,
            variants: variants.collect(),
            tag: object.variants.as_ref().map(|v| v.tag.clone()),
        }
    }

    fn place(&self, span: Option<Span>) -> Option<Place> {
        let start = self.schema.sources().start(span?);
        Some(Place {
            file: self.schema.sources().file(start.file).name().into(),
            line: start.line,
        })
    }

    /// The line on which an expression names a part.
    fn line_of(&self, span: Option<Span>, name: &str) -> Option<u32> {
        let (sources, span) = (self.schema.sources(), span?);
        let text = sources.text(span);
        let at = text
            .find(&format!("'{name}'"))
            .or_else(|| text.find(&format!("'*{name}'")))?;
        let before = text.get(..at)?.matches('\n').count();
        Some(sources.line(span) + before as u32)
    }
}

impl TypeDef {
    fn at(self, place: Option<Place>) -> TypeDef {
        TypeDef { place, ..self }
    }
}

/// What a definition's documentation says it is, and since when there is one.
fn described(doc: Option<&model::Doc>) -> String {
    let Some(doc) = doc else {
        return String::new();
    };
    let text = doc.section(model::SectionKind::Plain);
    let text = text.map_or(String::new(), |text| plain(&text.text));
    match doc.since() {
        Some(since) if text.is_empty() => format!("Since: {since}"),
        Some(since) => format!("{text}\n\nSince: {since}"),
        None => text,
    }
}

/// A text up to the first directive, such as an example.
fn plain(text: &str) -> String {
    let lines = text.lines().take_while(|line| !line.starts_with(".. "));
    let lines: Vec<&str> = lines.collect::<Vec<_>>();
    lines.join("\n").trim().to_owned()
}

fn features(features: &model::Features) -> Vec<Name> {
    features.iter().map(|f| f.name.clone()).collect()
}

fn condition(condition: Option<&model::Condition>) -> Option<Name> {
    condition.map(|c| text(c).as_str().into())
}

fn text(condition: &model::Condition) -> String {
    use crate::model::Condition as C;
    let list = |operands: &[C]| operands.iter().map(text).collect::<Vec<_>>().join(", ");
    match condition {
        C::Symbol(name) | C::Opaque(name) => name.to_string(),
        C::All(operands) => format!("all({})", list(operands)),
        C::Any(operands) => format!("any({})", list(operands)),
        C::Not(operand) => format!("not({})", text(operand)),
    }
}
