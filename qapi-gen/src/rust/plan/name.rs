//! What everything is called.

use super::{Item, Place, Plan};
use crate::model::*;
use crate::rust::names::{Ident, Scope, camel, type_name};

impl Plan<'_> {
    /// Names everything, chosen or not, so that a choice does not change names.
    pub(super) fn name(&mut self) {
        let schema = self.schema;
        let named = |ident| Item {
            ident,
            place: Place::Absent,
        };
        let unnamed = || named(Ident::default());
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
                self.branches[index] = types.claim(name);
            }
        }
        self.event_enum = types.claim("Event".to_owned());
        self.service_trait = types.claim("Service".to_owned());
    }
}

/// A name made from that of an item. The `_` that tells the item from something else is not wanted within a name.
fn derived(ident: &Ident, suffix: &str) -> String {
    format!("{}{suffix}", ident.trim_end_matches('_'))
}
