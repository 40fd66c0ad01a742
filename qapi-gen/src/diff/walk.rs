//! Walks two interfaces side by side, from commands and events of the same name.

use super::{Change, ChangeCode, Direction, Level, Subject};
use crate::interface::{Interface, Place, TypeDef, TypeId, by_name, has};
use crate::names::Name;
use ChangeCode as C;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

/// What two interfaces differ in. Levels are not judged yet.
pub(super) fn changes(old: &Interface, new: &Interface) -> Vec<Change> {
    let mut walk = Walk {
        old,
        new,
        visits: Vec::new(),
        index: HashMap::new(),
        at: 0,
        found: Vec::new(),
    };
    walk.commands();
    walk.events();
    let mut next = 0;
    while next < walk.visits.len() {
        walk.at = next;
        match walk.visits[next].node.clone() {
            Node::Root(_) => {}
            Node::Types(old, new) => walk.types(old, new),
            Node::Objects(old, new) => walk.objects(&old, &new),
        }
        next += 1;
    }
    walk.merged()
}

/// What is compared.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Node {
    /// A command or an event.
    Root(String),
    /// Enums or alternates.
    Types(TypeId, TypeId),
    /// The last of each: the others are the unions, from the outside in, whose branches they are.
    Objects(Vec<TypeId>, Vec<TypeId>),
}

pub(super) struct Visit {
    node: Node,
    direction: Direction,
    /// How it is reached first.
    pub(super) path: String,
    /// What it leads to, and whether over something stable.
    edges: Vec<(usize, bool)>,
}

/// Where a type is referred to.
pub(super) struct Slot {
    pub(super) subject: Subject,
    pub(super) path: String,
    /// Whether it is the elements of a list there.
    pub(super) list: bool,
    pub(super) stable: bool,
    pub(super) old_place: Option<Place>,
    pub(super) new_place: Option<Place>,
}

/// What is known of a change beside its kind and subject.
#[derive(Default)]
pub(super) struct Detail {
    pub(super) old: Option<String>,
    pub(super) new: Option<String>,
    pub(super) condition: Option<String>,
    pub(super) deprecated: bool,
    pub(super) unstable: bool,
    pub(super) old_place: Option<Place>,
    pub(super) new_place: Option<Place>,
}

pub(super) struct Walk<'i> {
    pub(super) old: &'i Interface,
    pub(super) new: &'i Interface,
    pub(super) visits: Vec<Visit>,
    index: HashMap<(Node, Direction), usize>,
    /// The visit that is under way.
    pub(super) at: usize,
    found: Vec<(usize, Change)>,
}

impl Walk<'_> {
    fn commands(&mut self) {
        let (old, new) = (self.old, self.new);
        let before = by_name(&old.commands, |c| &c.name);
        let now = by_name(&new.commands, |c| &c.name);
        for command in &new.commands {
            let subject = Subject::Command(command.name.to_string(), None);
            let unstable = has(&command.features, "unstable");
            let Some(was) = before.get(command.name.as_str()) else {
                self.root(&command.name, Direction::Input);
                let detail = Detail {
                    unstable,
                    new_place: command.place.clone(),
                    ..Detail::default()
                };
                self.change(C::CommandAdded, subject, detail);
                continue;
            };
            let stable = !has(&was.features, "unstable");
            let places = (was.place.clone(), command.place.clone());
            self.root(&command.name, Direction::Input);
            self.features(&subject, &was.features, &command.features, &places);
            self.condition(
                &subject,
                was.condition.as_ref(),
                command.condition.as_ref(),
                &places,
            );
            let mut flag = |code: C, back: C, before: bool, now: bool| {
                if before != now {
                    let code = if now { code } else { back };
                    self.change(code, subject.clone(), Detail::at(&places, !stable));
                }
            };
            flag(
                C::OobAllowed,
                C::OobForbidden,
                was.allow_oob,
                command.allow_oob,
            );
            if !old.introspected && !new.introspected {
                flag(
                    C::PreconfigAllowed,
                    C::PreconfigForbidden,
                    was.allow_preconfig,
                    command.allow_preconfig,
                );
                let (before, now) = (was.success_response, command.success_response);
                flag(C::ResponseChanged, C::ResponseChanged, before, now);
                flag(C::OpenBegun, C::OpenEnded, was.open, command.open);
            }
            let slot = |what: &str, subject: Subject| Slot {
                subject,
                path: format!("{}: {what}", command.name),
                list: false,
                stable,
                old_place: places.0.clone(),
                new_place: places.1.clone(),
            };
            let arguments = slot("arguments", subject.clone());
            self.slot(was.arguments, command.arguments, &arguments);
            self.root(&command.name, Direction::Output);
            let reply = slot("reply", Subject::Reply(command.name.to_string()));
            self.slot(was.returns, command.returns, &reply);
        }
        for was in &old.commands {
            if !now.contains_key(was.name.as_str()) {
                self.root(&was.name, Direction::Input);
                let subject = Subject::Command(was.name.to_string(), None);
                let detail = Detail::gone(&was.features, was.condition.as_ref(), was.place.clone());
                self.change(C::CommandRemoved, subject, detail);
            }
        }
    }

    fn events(&mut self) {
        let (old, new) = (self.old, self.new);
        let before = by_name(&old.events, |e| &e.name);
        let now = by_name(&new.events, |e| &e.name);
        for event in &new.events {
            let subject = Subject::Event(event.name.to_string(), None);
            self.root(&event.name, Direction::Output);
            let Some(was) = before.get(event.name.as_str()) else {
                let detail = Detail {
                    unstable: has(&event.features, "unstable"),
                    new_place: event.place.clone(),
                    ..Detail::default()
                };
                self.change(C::EventAdded, subject, detail);
                continue;
            };
            let places = (was.place.clone(), event.place.clone());
            self.features(&subject, &was.features, &event.features, &places);
            self.condition(
                &subject,
                was.condition.as_ref(),
                event.condition.as_ref(),
                &places,
            );
            let slot = Slot {
                subject,
                path: format!("{}: data", event.name),
                list: false,
                stable: !has(&was.features, "unstable"),
                old_place: places.0,
                new_place: places.1,
            };
            self.slot(was.data, event.data, &slot);
        }
        for was in &old.events {
            if !now.contains_key(was.name.as_str()) {
                self.root(&was.name, Direction::Output);
                let subject = Subject::Event(was.name.to_string(), None);
                let detail = Detail::gone(&was.features, was.condition.as_ref(), was.place.clone());
                self.change(C::EventRemoved, subject, detail);
            }
        }
    }

    /// Starts a visit of a command or event.
    fn root(&mut self, name: &Name, direction: Direction) {
        self.at = self.visits.len();
        self.visits.push(Visit {
            node: Node::Root(name.to_string()),
            direction,
            path: name.to_string(),
            edges: Vec::new(),
        });
    }

    pub(super) fn direction(&self) -> Direction {
        self.visits[self.at].direction
    }

    /// Has a pair compared that the current one leads to.
    pub(super) fn push(&mut self, node: Node, path: &str, stable: bool) {
        let direction = self.direction();
        let next = self.visits.len();
        let key = (node.clone(), direction);
        let index = *self.index.entry(key).or_insert(next);
        if index == next {
            self.visits.push(Visit {
                node,
                direction,
                path: path.to_owned(),
                edges: Vec::new(),
            });
        }
        self.visits[self.at].edges.push((index, stable));
    }

    pub(super) fn change(&mut self, code: C, subject: Subject, detail: Detail) {
        let change = Change {
            code,
            subject,
            directions: BTreeSet::from([self.direction()]),
            client: Level::Ignore,
            server: Level::Ignore,
            old: detail.old,
            new: detail.new,
            condition: detail.condition,
            was_deprecated: detail.deprecated,
            unstable: detail.unstable,
            used_by: BTreeSet::new(),
            old_place: detail.old_place,
            new_place: detail.new_place,
        };
        self.found.push((self.at, change));
    }

    pub(super) fn features(
        &mut self,
        subject: &Subject,
        old: &[Name],
        new: &[Name],
        places: &(Option<Place>, Option<Place>),
    ) {
        let codes = |name: &str| match name {
            "deprecated" => (C::DeprecationBegun, C::DeprecationEnded),
            "unstable" => (C::UnstableBegun, C::UnstableEnded),
            _ => (C::FeatureAdded, C::FeatureRemoved),
        };
        let named = |code: C, feature: &Name| {
            let other = matches!(code, C::FeatureAdded | C::FeatureRemoved);
            other.then(|| feature.to_string())
        };
        for feature in new.iter().filter(|f| !has(old, f)) {
            let code = codes(feature).0;
            let detail = Detail {
                new: named(code, feature),
                ..Detail::at(places, false)
            };
            self.change(code, subject.clone(), detail);
        }
        for feature in old.iter().filter(|f| !has(new, f)) {
            let code = codes(feature).1;
            let detail = Detail {
                old: named(code, feature),
                ..Detail::at(places, false)
            };
            self.change(code, subject.clone(), detail);
        }
    }

    pub(super) fn condition(
        &mut self,
        subject: &Subject,
        old: Option<&Name>,
        new: Option<&Name>,
        places: &(Option<Place>, Option<Place>),
    ) {
        if self.old.introspected || self.new.introspected || old == new {
            return;
        }
        let code = match (old, new) {
            (None, _) => C::ConditionAdded,
            (_, None) => C::ConditionRemoved,
            _ => C::ConditionChanged,
        };
        let detail = Detail {
            old: old.map(Name::to_string),
            new: new.map(Name::to_string),
            ..Detail::at(places, false)
        };
        self.change(code, subject.clone(), detail);
    }

    /// Compares the conditions of types with names; others have those of what they are part of.
    pub(super) fn type_condition(
        &mut self,
        subject: &Subject,
        old: &TypeDef,
        new: &TypeDef,
        places: &(Option<Place>, Option<Place>),
    ) {
        if !old.is_nameless() && !new.is_nameless() {
            let (old, new) = (old.condition.as_ref(), new.condition.as_ref());
            self.condition(subject, old, new, places);
        }
    }

    /// What a pair of types is called in the current visit.
    pub(super) fn owner(&self, old: TypeId, new: TypeId) -> Subject {
        let named = [self.new.ty(new), self.old.ty(old)];
        let path = &self.visits[self.at].path;
        if let Some(ty) = named.into_iter().find(|ty| !ty.is_nameless()) {
            return Subject::Type(ty.name.to_string(), None);
        }
        match path.split_once(": ") {
            Some((name, "arguments")) => Subject::Command(name.to_owned(), None),
            Some((name, "data")) => Subject::Event(name.to_owned(), None),
            Some((name, "reply")) => Subject::Reply(name.to_owned()),
            _ => Subject::Use(path.clone(), None),
        }
    }

    /// The changes, each once, with who they concern.
    fn merged(self) -> Vec<Change> {
        let (mut roots, mut stable) = (
            vec![BTreeSet::new(); self.visits.len()],
            vec![false; self.visits.len()],
        );
        for (start, visit) in self.visits.iter().enumerate() {
            let Node::Root(name) = &visit.node else {
                continue;
            };
            let mut seen = BTreeMap::from([(start, true)]);
            let mut queue = VecDeque::from([(start, true)]);
            while let Some((at, firm)) = queue.pop_front() {
                roots[at].insert(name.clone());
                stable[at] |= firm;
                for &(next, edge) in &self.visits[at].edges {
                    let firm = firm && edge;
                    // Again, if it was reached over something unstable before.
                    if seen.get(&next).is_none_or(|before| firm && !before) {
                        seen.insert(next, firm);
                        queue.push_back((next, firm));
                    }
                }
            }
        }
        let mut merged: BTreeMap<_, Change> = BTreeMap::new();
        for (at, mut change) in self.found {
            change.unstable |= !stable[at];
            change.used_by.clone_from(&roots[at]);
            let key = (
                change.subject.clone(),
                change.code,
                change.old.clone(),
                change.new.clone(),
            );
            match merged.entry(key) {
                std::collections::btree_map::Entry::Vacant(slot) => _ = slot.insert(change),
                std::collections::btree_map::Entry::Occupied(mut slot) => {
                    let first = slot.get_mut();
                    first.directions.extend(change.directions);
                    first.used_by.extend(change.used_by);
                    first.unstable &= change.unstable;
                }
            }
        }
        merged.into_values().collect()
    }
}

impl Detail {
    pub(super) fn at(places: &(Option<Place>, Option<Place>), unstable: bool) -> Detail {
        Detail {
            unstable,
            old_place: places.0.clone(),
            new_place: places.1.clone(),
            ..Detail::default()
        }
    }

    /// For what is gone.
    pub(super) fn gone(
        features: &[Name],
        condition: Option<&Name>,
        old_place: Option<Place>,
    ) -> Detail {
        Detail {
            condition: condition.map(Name::to_string),
            deprecated: has(features, "deprecated"),
            unstable: has(features, "unstable"),
            old_place,
            ..Detail::default()
        }
    }
}
