//! What modules that exist already have in the same shape.

use crate::model::*;
use crate::names::Name;
use crate::rust::options::Options;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt::Write as _;

/// What of a schema is to be generated although a module elsewhere covers its file.
#[derive(Default)]
pub(crate) struct Differences<'s> {
    /// By module: definitions that it has in another shape.
    pub(crate) changed: BTreeSet<(&'s str, &'s str)>,
    /// All of it: these, what the module does not have, and what uses something of that.
    generated: HashSet<&'s str>,
}

/// What a Rust item is made from: in words, so that items of two schemas can be compared, and the types that it names.
#[derive(Default)]
struct Shape<'s> {
    text: String,
    uses: Vec<&'s Name>,
}

impl<'s> Differences<'s> {
    /// Compares what `options` take from elsewhere with the schemas of those modules.
    pub(crate) fn of(schema: &'s Schema, options: &'s Options) -> Differences<'s> {
        let mut differences = Differences::default();
        if options.extern_schemas.is_empty() {
            return differences;
        }
        let here = shapes(schema);
        let mut taken: HashSet<&str> = HashSet::new();
        for (module, there) in &options.extern_schemas {
            let there = shapes(there);
            for (name, (origin, shape)) in &here {
                let path = origin.and_then(|file| options.extern_path(schema, file));
                if path != Some(module.as_str()) {
                    continue;
                }
                match there.get(name) {
                    Some((_, other)) if shape.text == other.text => {
                        taken.insert(name);
                    }
                    other => {
                        if other.is_some() && !name.starts_with("q_obj_") {
                            differences.changed.insert((module.as_str(), name));
                        }
                        differences.generated.insert(name);
                    }
                }
            }
        }
        // A type elsewhere names the types there.
        loop {
            let has_other = |name: &&str| {
                let uses = here[name].1.uses.iter();
                uses.map(|name| name.as_str())
                    .any(|name| !taken.contains(name))
            };
            let users: Vec<&str> = taken.iter().copied().filter(has_other).collect();
            if users.is_empty() {
                return differences;
            }
            for user in users {
                taken.remove(user);
                differences.generated.insert(user);
            }
        }
    }

    /// Whether the definition or implicit type of that name is to be generated here.
    pub(crate) fn contains(&self, name: &str) -> bool {
        self.generated.contains(name)
    }
}

/// The shapes of all that items are made from, each with its file.
fn shapes(schema: &Schema) -> HashMap<&str, (Option<usize>, Shape<'_>)> {
    let mut shapes = HashMap::new();
    for enum_ in &schema.enums {
        let mut shape = Shape::new("enum", enum_.condition.as_ref(), &enum_.features);
        for value in &enum_.values {
            shape.part(&value.name, value.condition.as_ref(), &value.features);
        }
        shapes.insert(enum_.name.as_str(), (enum_.origin.module, shape));
    }
    for object in &schema.objects {
        let mut shape = Shape::new("object", object.condition.as_ref(), &object.features);
        shape.members(schema, object);
        shapes.insert(object.name.as_str(), (object.origin.module, shape));
    }
    for alternate in &schema.alternates {
        let mut shape = Shape::new(
            "alternate",
            alternate.condition.as_ref(),
            &alternate.features,
        );
        for alternative in &alternate.alternatives {
            let condition = alternative.condition.as_ref();
            shape.part(&alternative.name, condition, Features::none());
            shape.uses(schema, alternative.ty);
        }
        shapes.insert(alternate.name.as_str(), (alternate.origin.module, shape));
    }
    for command in &schema.commands {
        let mut shape = Shape::new("command", command.condition.as_ref(), &command.features);
        let flags = [
            command.gen_,
            command.success_response,
            command.allow_oob,
            command.allow_preconfig,
        ];
        _ = write!(shape.text, "{flags:?}");
        shape.data(schema, command.arguments);
        if let Some(returns) = command.returns {
            shape.text += "returns ";
            shape.uses(schema, returns);
        }
        shapes.insert(command.name.as_str(), (command.origin.module, shape));
    }
    for event in &schema.events {
        let mut shape = Shape::new("event", event.condition.as_ref(), &event.features);
        shape.data(schema, event.data);
        shapes.insert(event.name.as_str(), (event.origin.module, shape));
    }
    shapes
}

impl<'s> Shape<'s> {
    fn new(kind: &str, condition: Option<&Condition>, features: &Features) -> Shape<'s> {
        let mut shape = Shape::default();
        shape.part(kind, condition, features);
        shape
    }

    fn part(&mut self, name: &str, condition: Option<&Condition>, features: &Features) {
        let features: Vec<&Name> = features.iter().map(|feature| &feature.name).collect();
        _ = write!(self.text, "{name} {condition:?} {features:?};");
    }

    /// What arguments or data are made from: a type's name where they have one.
    fn data(&mut self, schema: &'s Schema, data: Option<ObjectId>) {
        match data.map(|id| (id, schema.object(id))) {
            Some((id, object)) if !object.is_implicit() => self.uses(schema, Type::Object(id)),
            Some((_, object)) => self.members(schema, object),
            None => {}
        }
    }

    /// The members of bases are fields as well.
    fn members(&mut self, schema: &'s Schema, object: &'s Object) {
        for (_, member) in schema.all_members(object) {
            self.part(&member.name, member.condition.as_ref(), &member.features);
            _ = write!(self.text, "{} ", member.optional);
            self.uses(schema, member.ty);
        }
        if let Some(variants) = &object.variants {
            _ = write!(self.text, "by {}:", variants.tag);
            self.uses(schema, Type::Enum(variants.tag_enum));
            for branch in &variants.branches {
                self.part(&branch.value, branch.condition.as_ref(), Features::none());
                self.uses(schema, Type::Object(branch.object));
            }
        }
    }

    fn uses(&mut self, schema: &'s Schema, ty: Type) {
        _ = write!(self.text, "{};", schema.type_name(ty));
        match ty {
            Type::Builtin(_) | Type::Enum(QTYPE) => {}
            Type::Array(id) => self.uses(schema, schema.array(id).element),
            Type::Enum(id) => self.uses.push(&schema.enum_(id).name),
            Type::Alternate(id) => self.uses.push(&schema.alternate(id).name),
            Type::Object(id) if schema.object(id).kind == ObjectKind::Empty => {}
            Type::Object(id) => self.uses.push(&schema.object(id).name),
        }
    }
}
