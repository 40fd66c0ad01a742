//! What is generated, and what everything is called.

use super::condition::Presence;
use super::cycles::Cycles;
use super::error::Error;
use super::glob::Glob;
use super::names::{Scope, camel, type_name};
use super::options::Options;
use super::paths::{STRING, VEC};
use super::received::received;
use crate::compact::{CollectVec as _, cat};
use crate::model::*;

/// Where a definition's Rust item is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Nowhere: not asked for, or its condition does not hold.
    Absent,
    /// In the generated file.
    Here(Presence),
    /// In this module, which has it under the same name; the generated file re-exports it.
    Elsewhere(String),
}

/// The Rust item of a definition.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) ident: String,
    /// The type of what was read of it so far, where that needs a name.
    pub(crate) partial: String,
    pub(crate) place: Place,
}

/// In which module of the generated file code stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Module {
    /// The generated file itself.
    Root,
    /// `commands` or `events`.
    Inner,
}

/// Names and places of everything in the generated file.
pub(crate) struct Plan<'s> {
    pub(crate) schema: &'s Schema,
    pub(crate) options: &'s Options,
    enums: Vec<Item>,
    objects: Vec<Item>,
    alternates: Vec<Item>,
    commands: Vec<Item>,
    events: Vec<Item>,
    /// By object: the enum of a union's branches, and that of what was read of them.
    branches: Vec<(String, String)>,
    /// The enum of all events.
    pub(crate) event_enum: String,
    /// The service trait.
    pub(crate) service_trait: String,
    cycles: Cycles,
    /// By object: whether a client receives it.
    received: Vec<bool>,
}

impl<'s> Plan<'s> {
    pub(crate) fn new(schema: &'s Schema, options: &'s Options) -> Result<Plan<'s>, Error> {
        let mut plan = Plan {
            schema,
            options,
            enums: Vec::new(),
            objects: Vec::new(),
            alternates: Vec::new(),
            commands: Vec::new(),
            events: Vec::new(),
            branches: Vec::new(),
            event_enum: String::new(),
            service_trait: String::new(),
            cycles: Cycles::of(schema),
            received: received(schema),
        };
        plan.name();
        plan.check_patterns()?;
        plan.place()?;
        plan.check_required()?;
        plan.check_presence()?;
        Ok(plan)
    }

    /// Names everything, chosen or not, so that a choice does not change names.
    fn name(&mut self) {
        let schema = self.schema;
        let named = |ident| Item {
            ident,
            partial: String::new(),
            place: Place::Absent,
        };
        let unnamed = || named(String::new());
        self.enums = vec![unnamed(); schema.enums.len()];
        self.objects = vec![unnamed(); schema.objects.len()];
        self.alternates = vec![unnamed(); schema.alternates.len()];
        self.commands = vec![unnamed(); schema.commands.len()];
        self.events = vec![unnamed(); schema.events.len()];
        self.branches = vec![Default::default(); schema.objects.len()];

        let mut types = Scope::default();
        // A tuple struct is a value too, and must not hide these.
        let values = ["Ok", "Err", "Some", "None"];
        let (mut commands, mut events) = (Scope::with(values), Scope::with(values));
        for &definition in schema.definitions() {
            let name = schema.name(definition);
            match definition {
                Definition::Enum(id) => {
                    self.enums[id.index()] = named(types.claim(type_name(name)))
                }
                Definition::Alternate(id) => {
                    self.alternates[id.index()] = named(types.claim(type_name(name)));
                }
                Definition::Object(id) if !schema.object(id).is_implicit() => {
                    self.objects[id.index()] = named(types.claim(type_name(name)));
                }
                Definition::Command(id) => {
                    self.commands[id.index()] = named(commands.claim(camel(name)));
                }
                Definition::Event(id) => {
                    self.events[id.index()] = named(events.claim(camel(name)));
                }
                Definition::Object(_) => {}
            }
        }
        // Names that the schema does not have give way to those that it has.
        for (index, object) in schema.objects.iter().enumerate() {
            if object.kind == ObjectKind::Wrapper {
                let name = object.name.strip_prefix("q_obj_").unwrap_or(&object.name);
                self.objects[index] = named(types.claim(camel(name)));
            }
            if object.variants.is_some() {
                let name = derived(&self.objects[index].ident, "Branch");
                let partial = types.claim(cat(&[&name, "Partial"]));
                self.branches[index] = (types.claim(name), partial);
            }
        }
        self.event_enum = types.claim("Event".to_owned());
        self.service_trait = types.claim("Service".to_owned());
        for (items, scope) in [
            (&mut self.objects, &mut types),
            (&mut self.commands, &mut commands),
            (&mut self.events, &mut events),
        ] {
            for item in items.iter_mut().filter(|item| !item.ident.is_empty()) {
                item.partial = scope.claim(derived(&item.ident, "Partial"));
            }
        }
    }

    /// Refuses patterns that cover nothing in the schema.
    fn check_patterns(&self) -> Result<(), Error> {
        let (schema, options) = (self.schema, self.options);
        let (mut items, mut commands, mut events) = (Vec::new(), Vec::new(), Vec::new());
        for &definition in schema.definitions() {
            let name = schema.name(definition).as_str();
            match definition {
                Definition::Enum(QTYPE) => continue,
                Definition::Object(id) if self.object_item(id).ident.is_empty() => continue,
                Definition::Command(_) => commands.push(name),
                Definition::Event(_) => events.push(name),
                _ => {}
            }
            items.push(name);
        }
        let files = schema.modules().iter().map(|module| &*module.name);
        let files = files.collect_vec();
        let check = |what, glob: &Glob, names: &[&str]| {
            let covers = |name: &&str| match what {
                "file" => glob.matches_path(name),
                _ => glob.matches(name),
            };
            match names.iter().any(covers) {
                true => Ok(()),
                false => Err(Error::no_match(what, glob.as_str(), names)),
            }
        };
        for (what, globs, names) in [
            ("command", options.required(), &commands),
            ("command", patterns(&options.commands), &commands),
            ("event", patterns(&options.events), &events),
        ] {
            for glob in globs {
                check(what, glob, names)?;
            }
        }
        for (what, list, names) in [
            ("file", &options.extern_paths, &files),
            ("definition", &options.derives, &items),
            ("definition", &options.attributes, &items),
        ] {
            for (glob, _) in list {
                check(what, glob, names)?;
            }
        }
        Ok(())
    }

    /// Refuses a service that requires a command which is not there.
    fn check_required(&self) -> Result<(), Error> {
        for glob in self.options.required() {
            let mut commands = self.schema.commands.iter().zip(&self.commands);
            if !commands.any(|(it, item)| glob.matches(&it.name) && item.place != Place::Absent) {
                return Err(Error::NotGenerated {
                    pattern: glob.as_str().to_owned(),
                });
            }
        }
        Ok(())
    }

    /// Decides what is generated.
    fn place(&mut self) -> Result<(), Error> {
        let schema = self.schema;
        let (all, roots) = self.roots()?;
        for &root in &roots {
            match root {
                Root::Command(id) => {
                    let command = schema.command(id);
                    self.commands[id.index()].place =
                        self.placed(&command.origin, command.condition.as_ref());
                }
                Root::Event(id) => {
                    let event = schema.event(id);
                    self.events[id.index()].place =
                        self.placed(&event.origin, event.condition.as_ref());
                }
            }
        }
        let reachable = schema.reachable(roots);
        for &ty in reachable.types() {
            self.place_type(ty);
        }
        if all {
            for &definition in schema.definitions() {
                match definition {
                    Definition::Enum(id) => self.place_type(Type::Enum(id)),
                    Definition::Object(id) => self.place_type(Type::Object(id)),
                    Definition::Alternate(id) => self.place_type(Type::Alternate(id)),
                    Definition::Command(_) | Definition::Event(_) => {}
                }
            }
        }
        Ok(())
    }

    fn place_type(&mut self, ty: Type) {
        let schema = self.schema;
        match ty {
            Type::Enum(QTYPE) => {}
            Type::Enum(id) => {
                let it = schema.enum_(id);
                self.enums[id.index()].place = self.placed(&it.origin, it.condition.as_ref());
            }
            Type::Alternate(id) => {
                let it = schema.alternate(id);
                self.alternates[id.index()].place = self.placed(&it.origin, it.condition.as_ref());
            }
            Type::Object(id) => {
                let it = schema.object(id);
                if !self.objects[id.index()].ident.is_empty() {
                    self.objects[id.index()].place = self.placed(&it.origin, it.condition.as_ref());
                }
                // The tag's type belongs to a union even if no member that is generated has it.
                if let Some(variants) = &it.variants {
                    self.place_type(Type::Enum(variants.tag_enum));
                }
            }
            Type::Builtin(_) | Type::Array(_) => {}
        }
    }

    fn placed(&self, origin: &Origin, condition: Option<&Condition>) -> Place {
        let file = origin
            .module
            .map(|index| &self.schema.modules()[index].name);
        let elsewhere = file.and_then(|file| {
            let mut paths = self.options.extern_paths.iter();
            paths.find(|(glob, _)| glob.matches_path(file))
        });
        match (elsewhere, self.presence(condition)) {
            (_, Presence::Never) => Place::Absent,
            (Some((_, path)), _) => Place::Elsewhere(path.clone()),
            (None, presence) => Place::Here(presence),
        }
    }

    /// The commands and events to generate, and whether that is everything.
    fn roots(&self) -> Result<(bool, Vec<Root>), Error> {
        let (schema, options) = (self.schema, self.options);
        let all = options.commands.is_none() && options.events.is_none();
        let chosen = |globs: &Option<Vec<Glob>>, name: &str| {
            all || patterns(globs).iter().any(|glob| glob.matches(name))
        };
        let roots = schema
            .definitions()
            .iter()
            .filter_map(|&definition| match definition {
                Definition::Command(id) => {
                    let it = schema.command(id);
                    (chosen(&options.commands, &it.name)
                        && self.presence(it.condition.as_ref()) != Presence::Never)
                        .then_some(Root::Command(id))
                }
                Definition::Event(id) => {
                    let it = schema.event(id);
                    (chosen(&options.events, &it.name)
                        && self.presence(it.condition.as_ref()) != Presence::Never)
                        .then_some(Root::Event(id))
                }
                _ => None,
            });
        Ok((all, roots.collect_vec()))
    }

    /// Refuses conditions that leave out a type but not everything that uses it.
    fn check_presence(&self) -> Result<(), Error> {
        let schema = self.schema;
        let check = |user: &str, ty: Type| {
            let absent = match ty {
                Type::Array(id) => schema.array(id).element,
                _ => ty,
            };
            let absent = match absent {
                Type::Enum(QTYPE) => false,
                Type::Enum(id) => self.enums[id.index()].place == Place::Absent,
                Type::Alternate(id) => self.alternates[id.index()].place == Place::Absent,
                Type::Object(id) => {
                    let item = &self.objects[id.index()];
                    !item.ident.is_empty() && item.place == Place::Absent
                }
                Type::Builtin(_) | Type::Array(_) => false,
            };
            match absent {
                true => Err(Error::Excluded {
                    user: user.to_owned(),
                    ty: schema.type_name(ty),
                }),
                false => Ok(()),
            }
        };
        if self.options.conditions.is_empty() {
            return Ok(());
        }
        for (object, item) in schema.objects.iter().zip(&self.objects) {
            let generated = match object.kind {
                ObjectKind::Arguments(Root::Command(id)) => &self.commands[id.index()],
                ObjectKind::Arguments(Root::Event(id)) => &self.events[id.index()],
                _ => item,
            };
            if !matches!(generated.place, Place::Here(_)) {
                continue;
            }
            for (_, member) in schema.all_members(object) {
                if self.presence(member.condition.as_ref()) != Presence::Never {
                    check(&cat(&[&object.name, ".", &member.name]), member.ty)?;
                }
            }
            for branch in object.variants.iter().flat_map(|v| &v.branches) {
                if self.presence(branch.condition.as_ref()) != Presence::Never {
                    check(&object.name, Type::Object(branch.object))?;
                }
            }
        }
        for (alternate, item) in schema.alternates.iter().zip(&self.alternates) {
            for alternative in &alternate.alternatives {
                if matches!(item.place, Place::Here(_))
                    && self.presence(alternative.condition.as_ref()) != Presence::Never
                {
                    check(&alternate.name, alternative.ty)?;
                }
            }
        }
        for (command, item) in schema.commands.iter().zip(&self.commands) {
            if let (Place::Here(_), Some(returns)) = (&item.place, command.returns) {
                check(&command.name, returns)?;
            }
        }
        Ok(())
    }

    /// When something with this condition is there.
    pub(crate) fn presence(&self, condition: Option<&Condition>) -> Presence {
        Presence::of(condition, &self.options.conditions)
    }

    pub(crate) fn enum_item(&self, id: EnumId) -> &Item {
        &self.enums[id.index()]
    }

    pub(crate) fn object_item(&self, id: ObjectId) -> &Item {
        &self.objects[id.index()]
    }

    pub(crate) fn alternate_item(&self, id: AlternateId) -> &Item {
        &self.alternates[id.index()]
    }

    pub(crate) fn command_item(&self, id: CommandId) -> &Item {
        &self.commands[id.index()]
    }

    pub(crate) fn event_item(&self, id: EventId) -> &Item {
        &self.events[id.index()]
    }

    /// The types that other modules have, branches of unions included.
    pub(crate) fn types_elsewhere(&self) -> Vec<Item> {
        let types = self
            .enums
            .iter()
            .chain(&self.objects)
            .chain(&self.alternates);
        let mut items: Vec<Item> = types.cloned().collect_vec();
        for (item, (branch, _)) in self.objects.iter().zip(&self.branches) {
            if !branch.is_empty() {
                items.push(Item {
                    ident: branch.clone(),
                    partial: String::new(),
                    place: item.place.clone(),
                });
            }
        }
        items.retain(|item| matches!(item.place, Place::Elsewhere(_)));
        items
    }

    /// The enum of a union's branches.
    pub(crate) fn branch_enum(&self, union: ObjectId) -> &str {
        &self.branches[union.index()].0
    }

    /// The enum of what was read of a union's branches.
    pub(crate) fn branch_partial(&self, union: ObjectId) -> &str {
        &self.branches[union.index()].1
    }

    /// Whether a client receives an object, so that it keeps members which the schema lacks.
    pub(crate) fn is_received(&self, object: ObjectId) -> bool {
        self.received[object.index()]
    }

    /// Whether an object may have nothing in it.
    pub(crate) fn is_bare(&self, object: ObjectId) -> bool {
        let it = self.schema.object(object);
        let mut members = self.schema.all_members(it);
        let there = |condition| self.presence(condition) != Presence::Never;
        !self.is_received(object)
            && it.variants.is_none()
            && !members.any(|(_, member)| there(member.condition.as_ref()))
    }

    /// Whether a member of that type has to be boxed in that object.
    pub(crate) fn is_boxed(&self, object: ObjectId, member: Type) -> bool {
        matches!(member, Type::Object(id) if self.cycles.closes(object, id))
    }

    /// A path into the crate of the codec.
    pub(crate) fn types_crate(&self, path: &str) -> String {
        cat(&[&self.options.types_crate, "::", path])
    }

    /// A type of the generated file, as code in that module names it.
    pub(crate) fn local(&self, ident: &str, module: Module) -> String {
        match module {
            Module::Root => ident.to_owned(),
            Module::Inner => cat(&["super::", ident]),
        }
    }

    /// The Rust type for a type of the schema.
    pub(crate) fn ty(&self, ty: Type, module: Module) -> String {
        match ty {
            Type::Builtin(builtin) => match builtin {
                Builtin::Str => STRING.to_owned(),
                Builtin::Number => "f64".to_owned(),
                Builtin::Int | Builtin::Int64 => "i64".to_owned(),
                Builtin::Int8 => "i8".to_owned(),
                Builtin::Int16 => "i16".to_owned(),
                Builtin::Int32 => "i32".to_owned(),
                Builtin::Uint8 => "u8".to_owned(),
                Builtin::Uint16 => "u16".to_owned(),
                Builtin::Uint32 => "u32".to_owned(),
                Builtin::Uint64 | Builtin::Size => "u64".to_owned(),
                Builtin::Bool => "bool".to_owned(),
                Builtin::Null => self.types_crate("Null"),
                Builtin::Any => self.types_crate("Value"),
            },
            Type::Enum(QTYPE) => self.types_crate("QType"),
            Type::Enum(id) => self.local(&self.enum_item(id).ident, module),
            Type::Alternate(id) => self.local(&self.alternate_item(id).ident, module),
            Type::Array(id) => cat(&[
                VEC,
                "<",
                &self.ty(self.schema.array(id).element, module),
                ">",
            ]),
            Type::Object(id) => match self.schema.object(id).kind {
                ObjectKind::Empty => self.types_crate("Empty"),
                ObjectKind::Arguments(Root::Command(id)) => {
                    self.local(&cat(&["commands::", &self.command_item(id).ident]), module)
                }
                ObjectKind::Arguments(Root::Event(id)) => {
                    self.local(&cat(&["events::", &self.event_item(id).ident]), module)
                }
                _ => self.local(&self.object_item(id).ident, module),
            },
        }
    }

    /// The derives and attributes that the caller asked for, for an item by its schema name.
    pub(crate) fn extra_attributes(&self, name: &str) -> (Vec<&'s str>, Vec<&'s str>) {
        let matching = |list: &'s [(super::glob::Glob, String)]| {
            list.iter()
                .filter(|(glob, _)| glob.matches(name))
                .map(|(_, text)| text.as_str())
                .collect_vec()
        };
        (
            matching(&self.options.derives),
            matching(&self.options.attributes),
        )
    }
}

fn patterns(globs: &Option<Vec<Glob>>) -> &[Glob] {
    globs.as_deref().unwrap_or_default()
}

/// A name made from that of an item. The `_` that tells the item from something else is not wanted within a name.
fn derived(ident: &str, suffix: &str) -> String {
    cat(&[ident.trim_end_matches('_'), suffix])
}
