//! Refuses what the caller's options leave without sense.

use super::{Place, Plan, patterns};
use crate::model::*;
use crate::rust::condition::Presence;
use crate::rust::error::Error;
use crate::rust::glob::Glob;

impl Plan<'_> {
    /// Refuses patterns that cover nothing in the schema.
    pub(super) fn check_patterns(&self) -> Result<(), Error> {
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
        let files: Vec<&str> = files.collect();
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
            ("file", &options.file_cfgs, &files),
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
    pub(super) fn check_required(&self) -> Result<(), Error> {
        for glob in self.options.required() {
            let mut commands = self.schema.commands.iter().zip(&self.commands);
            if !commands.any(|(it, item)| glob.matches(&it.name) && !item.place.is_absent()) {
                return Err(Error::NotGenerated {
                    pattern: glob.as_str().to_owned(),
                });
            }
        }
        Ok(())
    }

    /// Refuses conditions that leave out a type but not everything that uses it.
    pub(super) fn check_presence(&self) -> Result<(), Error> {
        let schema = self.schema;
        let check = |user: &str, ty: Type| {
            let absent = match ty {
                Type::Array(id) => schema.array(id).element,
                _ => ty,
            };
            let absent = match absent {
                Type::Enum(QTYPE) => false,
                Type::Enum(id) => self.enums[id.index()].place.is_absent(),
                Type::Alternate(id) => self.alternates[id.index()].place.is_absent(),
                Type::Object(id) => {
                    let item = &self.objects[id.index()];
                    !item.ident.is_empty() && item.place.is_absent()
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
                    check(&format!("{}.{}", object.name, member.name), member.ty)?;
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
}
