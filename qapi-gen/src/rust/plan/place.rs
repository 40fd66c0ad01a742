//! What is generated, and where.

use super::{Place, Plan, patterns};
use crate::model::*;
use crate::rust::code::Path;
use crate::rust::condition::Presence;
use crate::rust::glob::Glob;

impl Plan<'_> {
    /// Decides what is generated.
    pub(super) fn place(&mut self) {
        let schema = self.schema;
        let (all, roots) = self.roots();
        for &root in &roots {
            match root {
                Root::Command(id) => {
                    let command = schema.command(id);
                    self.commands[id.index()].place = self.placed(
                        &command.name,
                        &command.origin,
                        command.condition.as_ref(),
                        None,
                    );
                }
                Root::Event(id) => {
                    let event = schema.event(id);
                    self.events[id.index()].place =
                        self.placed(&event.name, &event.origin, event.condition.as_ref(), None);
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
    }

    fn place_type(&mut self, ty: Type) {
        let schema = self.schema;
        match ty {
            Type::Enum(QTYPE) => {}
            Type::Enum(id) => {
                let it = schema.enum_(id);
                self.enums[id.index()].place =
                    self.placed(&it.name, &it.origin, it.condition.as_ref(), Some(ty));
            }
            Type::Alternate(id) => {
                let it = schema.alternate(id);
                self.alternates[id.index()].place =
                    self.placed(&it.name, &it.origin, it.condition.as_ref(), Some(ty));
            }
            Type::Object(id) => {
                let it = schema.object(id);
                if !self.objects[id.index()].ident.is_empty() {
                    self.objects[id.index()].place =
                        self.placed(&it.name, &it.origin, it.condition.as_ref(), Some(ty));
                }
                // The tag's type belongs to a union even if no member that is generated has it.
                if let Some(variants) = &it.variants {
                    self.place_type(Type::Enum(variants.tag_enum));
                }
            }
            Type::Builtin(_) | Type::Array(_) => {}
        }
    }

    /// Where something goes: a type, or else a command or event.
    fn placed(
        &self,
        name: &str,
        origin: &Origin,
        condition: Option<&Condition>,
        ty: Option<Type>,
    ) -> Place {
        let elsewhere = origin
            .module
            .and_then(|file| self.options.extern_path(self.schema, file))
            .filter(|_| !self.differences.contains(name));
        let presence = self.presence(condition);
        match (elsewhere, presence.and(self.under(origin, ty))) {
            (_, Presence::Never) => Place::Absent,
            (Some(path), _) => Place::Elsewhere(Path::new(path)),
            (None, presence) => Place::Here(presence),
        }
    }

    /// When it is there by the predicates of files.
    fn under(&self, origin: &Origin, ty: Option<Type>) -> Presence {
        match (ty, origin.module) {
            (Some(ty), _) => self.files.presence(ty),
            (None, Some(file)) => match self.options.file_cfg(self.schema, file) {
                Some(predicate) => Presence::If(predicate.to_owned()),
                None => Presence::Always,
            },
            (None, None) => Presence::Always,
        }
    }

    /// The commands and events to generate, and whether that is everything.
    fn roots(&self) -> (bool, Vec<Root>) {
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
        (all, roots.collect())
    }
}
