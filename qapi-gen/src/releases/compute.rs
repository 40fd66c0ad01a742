//! From the comparison with every release to the facts.

use super::compare::compare;
use super::found::Found;
use super::since::{described_since, owner_since};
use super::version::Version;
use super::{Entry, Kind, Part, PartKind, Releases, ReleasesError, all, text};
use crate::model::{Definition, Object, ObjectId, Schema, Type};
use std::collections::BTreeMap;

impl Releases {
    /// Compares releases: pairs of number and schema, oldest first. The facts belong to the last.
    ///
    /// Between the releases given there are others. That a member is younger than its type is
    /// therefore also believed when only the documentation of the last release says so.
    ///
    /// # Errors
    ///
    /// No releases, too many, or not in ascending order.
    pub fn compute(releases: &[(&str, &Schema)]) -> Result<Releases, ReleasesError> {
        let names = releases.iter().map(|(name, _)| *name);
        let names = text::release_names(names).map_err(ReleasesError::without_line)?;
        let mut facts = Releases {
            names,
            definitions: BTreeMap::new(),
        };
        if let Some(&(first, _)) = releases.first()
            && let Some(&(_, current)) = releases.last()
        {
            let schemas: Vec<&Schema> = releases.iter().map(|(_, schema)| *schema).collect();
            let comparison = Comparison {
                current,
                first: Version::parse(first),
                found: schemas.iter().map(|old| compare(current, old)).collect(),
            };
            facts.definitions = comparison.entries();
            facts.add_gone(current, &schemas);
        }
        Ok(facts)
    }

    /// Commands and events that the last release no longer has.
    fn add_gone(&mut self, current: &Schema, schemas: &[&Schema]) {
        for (index, old) in schemas.iter().enumerate() {
            for &definition in old.definitions() {
                let kind = match definition {
                    Definition::Command(_) => Kind::Command,
                    Definition::Event(_) => Kind::Event,
                    _ => continue,
                };
                let name = old.name(definition);
                if current.definition(name).is_none() {
                    let entry = Entry::new(kind, 0);
                    let entry = self.definitions.entry(name.to_string()).or_insert(entry);
                    entry.present |= 1 << index;
                }
            }
        }
    }
}

struct Comparison<'s> {
    current: &'s Schema,
    first: Option<Version>,
    /// For each release, the last included, what of the last it has.
    found: Vec<Found>,
}

impl Comparison<'_> {
    /// What is not the same in every release.
    fn entries(&self) -> BTreeMap<String, Entry> {
        let everywhere = all(self.found.len());
        let mut entries = BTreeMap::new();
        for &definition in self.current.definitions() {
            let Some(mut entry) = self.entry(definition) else {
                continue;
            };
            let name = self.current.name(definition);
            self.add_gone(name, &mut entry);
            let present = entry.present;
            entry
                .parts
                .retain(|p| p.present != present || !p.always || !p.was.is_empty());
            let plain = entry.parts.is_empty()
                && entry.returned.is_empty()
                && entry.untagged.is_none()
                && entry.present == everywhere;
            if !plain {
                entries.insert(name.to_string(), entry);
            }
        }
        entries
    }

    fn entry(&self, definition: Definition) -> Option<Entry> {
        let current = self.current;
        match definition {
            Definition::Command(id) => {
                let bits = self.bits(|f| f.commands.contains(&id));
                let mut entry = Entry::new(Kind::Command, bits);
                entry.returned = self.changes(|f| f.returned.get(&id));
                self.add_implicit(&mut entry, current.command(id).arguments);
                Some(entry)
            }
            Definition::Event(id) => {
                let bits = self.bits(|f| f.events.contains(&id));
                let mut entry = Entry::new(Kind::Event, bits);
                self.add_implicit(&mut entry, current.event(id).data);
                Some(entry)
            }
            Definition::Enum(id) => {
                let mut entry = self.type_entry(Kind::Enum, Type::Enum(id));
                for (index, value) in current.enum_(id).values.iter().enumerate() {
                    let bits = self.bits(|f| f.values.contains(&(id, index)));
                    entry.add(PartKind::Value, &value.name, bits);
                }
                Some(entry)
            }
            Definition::Alternate(id) => {
                let mut entry = self.type_entry(Kind::Alternate, Type::Alternate(id));
                for (index, alternative) in current.alternate(id).alternatives.iter().enumerate() {
                    let bits = self.bits(|f| f.alternatives.contains(&(id, index)));
                    let kind = super::compare::json_kind(alternative.ty);
                    entry.add(PartKind::Alternative, kind.as_str(), bits);
                }
                Some(entry)
            }
            Definition::Object(id) => {
                let object = current.object(id);
                (!object.is_implicit()).then(|| self.object(id, object))
            }
        }
    }

    fn object(&self, id: ObjectId, object: &Object) -> Entry {
        let Some(variants) = &object.variants else {
            let mut entry = self.type_entry(Kind::Struct, Type::Object(id));
            self.add_members(&mut entry, id);
            return entry;
        };
        let mut entry = self.type_entry(Kind::Union, Type::Object(id));
        self.add_implicit(&mut entry, object.base);
        for (index, branch) in variants.branches.iter().enumerate() {
            if branch.explicit {
                let bits = self.bits(|f| f.branches.contains(&(id, index)));
                entry.add(PartKind::Branch, &branch.value, bits);
            }
        }
        let untagged = self.bits(|f| f.untagged.contains_key(&id));
        if untagged != 0 {
            let mut meant = self.found.iter().filter_map(|f| f.untagged.get(&id));
            let first = meant.next().cloned().flatten();
            let branch = first.filter(|first| meant.all(|m| m.as_ref() == Some(first)));
            entry.untagged = Some((untagged, branch.map(|name| name.to_string())));
        }
        entry
    }

    fn type_entry(&self, kind: Kind, ty: Type) -> Entry {
        Entry::new(kind, self.bits(|f| f.types.contains(&ty)))
    }

    fn add_implicit(&self, entry: &mut Entry, object: Option<ObjectId>) {
        if let Some(id) = object.filter(|id| self.current.object(*id).is_implicit()) {
            self.add_members(entry, id);
        }
    }

    fn add_members(&self, entry: &mut Entry, id: ObjectId) {
        let object = self.current.object(id);
        let received = self.found.iter().any(|f| f.received.contains(&id));
        let owner = owner_since(self.current, object);
        for (index, member) in object.members.iter().enumerate() {
            let key = (id, index);
            let younger = described_since(member.doc.as_ref()) > owner.max(self.first);
            let unreliable = self.found.iter().any(|f| f.unreliable.contains(&key));
            entry.parts.push(Part {
                kind: PartKind::Member,
                name: member.name.to_string(),
                present: self.bits(|f| f.members.contains(&key)),
                always: !unreliable && (!younger || !received || member.optional),
                was: self.changes(|f| f.retyped.get(&key)),
            });
        }
    }

    fn add_gone(&self, owner: &str, entry: &mut Entry) {
        let mut gone: BTreeMap<(PartKind, &str), u64> = BTreeMap::new();
        for (index, found) in self.found.iter().enumerate() {
            for (_, kind, name) in found.gone.keys().filter(|(o, ..)| o == owner) {
                *gone.entry((*kind, name.as_str())).or_default() |= 1 << index;
            }
        }
        for ((kind, name), bits) in gone {
            entry.add(kind, name, bits);
        }
    }

    fn bits(&self, has: impl Fn(&Found) -> bool) -> u64 {
        let mark = |(index, found)| u64::from(has(found)) << index;
        self.found.iter().enumerate().map(mark).sum()
    }

    /// Other types, each with the releases that have it.
    fn changes<'f>(&'f self, was: impl Fn(&'f Found) -> Option<&'f String>) -> Vec<(String, u64)> {
        let mut changes: Vec<(String, u64)> = Vec::new();
        for (index, found) in self.found.iter().enumerate() {
            let Some(ty) = was(found) else { continue };
            match changes.iter_mut().find(|(known, _)| known == ty) {
                Some((_, bits)) => *bits |= 1 << index,
                None => changes.push((ty.clone(), 1 << index)),
            }
        }
        changes
    }
}

impl Entry {
    fn add(&mut self, kind: PartKind, name: &str, present: u64) {
        self.parts.push(Part {
            kind,
            name: name.to_owned(),
            present,
            always: true,
            was: Vec::new(),
        });
    }
}
