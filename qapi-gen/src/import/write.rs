//! Writes the schema.

use super::matching::Matches;
use super::names::{Named, is_qtype};
use super::uses::is_unusual;
use crate::interface::{Command, Event, Interface, Object, Root, Shape, TypeId};
use crate::layout::Value;
use crate::model::{Builtin, JsonKind};
use crate::names::Name;
use std::collections::BTreeSet;

type Entries = Vec<(String, Value)>;

pub(super) struct Writer<'i> {
    interface: &'i Interface,
    named: &'i Named,
    matches: Option<&'i Matches<'i>>,
    widths: Widths,
    /// Branches that a schema cannot leave out.
    added: Vec<String>,
    exceptions: Exceptions,
}

pub(super) struct Written {
    pub(super) text: String,
    /// What there is to say about it.
    pub(super) notes: Vec<String>,
    /// Where each definition starts, and what it is of.
    sources: Vec<(usize, Source)>,
    /// Names that would end the string that they are in, and the definitions that have them.
    pub(super) quotes: Vec<(usize, String)>,
}

#[derive(Clone, Copy)]
enum Source {
    Root(Root),
    Type(TypeId),
}

impl Written {
    /// What the definition at an offset is of, in the words of the introspection.
    pub(super) fn origin(&self, interface: &Interface, named: &Named, offset: usize) -> String {
        let after = self.sources.partition_point(|(start, _)| *start <= offset);
        let Some((_, source)) = after.checked_sub(1).map(|at| self.sources[at]) else {
            return "all of it".to_owned();
        };
        match source {
            Source::Root(Root::Command(at)) => {
                format!("command '{}'", interface.commands[at].name)
            }
            Source::Root(Root::Event(at)) => format!("event '{}'", interface.events[at].name),
            Source::Type(id) => {
                let ty = interface.ty(id);
                let meta = match ty.shape {
                    Shape::Enum(_) => "enum",
                    Shape::Alternate(_) => "alternate",
                    _ => "object",
                };
                let path = named.uses.path(id);
                let name = named.name(id);
                let called = match ty.name == name {
                    true => String::new(),
                    false => format!(", called '{name}' here"),
                };
                format!("{meta} '{}' ({path}){called}", ty.name)
            }
        }
    }
}

#[derive(Default)]
struct Widths {
    known: usize,
    unknown: usize,
}

#[derive(Default)]
struct Exceptions {
    commands: BTreeSet<String>,
    returns: BTreeSet<String>,
    members: BTreeSet<String>,
}

impl<'i> Writer<'i> {
    pub(super) fn new(
        interface: &'i Interface,
        named: &'i Named,
        matches: Option<&'i Matches<'i>>,
    ) -> Writer<'i> {
        Writer {
            interface,
            named,
            matches,
            widths: Widths::default(),
            added: Vec::new(),
            exceptions: Exceptions::default(),
        }
    }

    pub(super) fn written(mut self) -> Written {
        let mut parts = Vec::new();
        for root in &self.interface.roots {
            let entries = match root {
                Root::Command(at) => self.command(&self.interface.commands[*at]),
                Root::Event(at) => self.event(&self.interface.events[*at]),
            };
            parts.push((Source::Root(*root), Value::Object(entries)));
        }
        for &id in &self.named.order {
            if !is_qtype(self.interface, id) {
                let entries = self.definition(id);
                parts.push((Source::Type(id), Value::Object(entries)));
            }
        }
        let notes = self.notes();
        let mut text = String::from("# Made by `qapi-gen import` from introspection.\n");
        for note in &notes {
            text += "#\n";
            text += &comment(note);
        }
        text += "\n";
        if let Some(pragma) = self.exceptions.pragma() {
            text += &(pragma.text() + "\n\n");
        }
        let (mut sources, mut quotes) = (Vec::new(), Vec::new());
        for (source, part) in parts {
            quotes.extend(quote(&part).map(|name| (text.len(), name.to_owned())));
            sources.push((text.len(), source));
            text += &(part.text() + "\n\n");
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
        Written {
            text,
            notes,
            sources,
            quotes,
        }
    }

    fn command(&mut self, command: &Command) -> Entries {
        let mut entries = vec![entry("command", &command.name)];
        let theirs = self.matches.and_then(|m| m.command(&command.name));
        let boxed = self.data(&mut entries, command.arguments, theirs.map(|c| c.arguments));
        if Some(command.returns) != self.named.empty {
            let ty = self.reference(command.returns, theirs.map(|c| c.returns));
            entries.push(("returns".to_owned(), ty));
            let returned = match self.interface.shape(command.returns) {
                Shape::Array(element) => *element,
                _ => command.returns,
            };
            if self.interface.object(returned).is_none() {
                self.exceptions.returns.insert(command.name.to_string());
            }
        }
        if command.name.contains('_') {
            self.exceptions.commands.insert(command.name.to_string());
        }
        let told = self.matches.is_some_and(|m| !m.other.introspected);
        let theirs = theirs.filter(|_| told);
        for (flag, given, value) in [
            ("boxed", boxed, true),
            ("gen", theirs.is_some_and(|c| c.open), false),
            (
                "success-response",
                theirs.is_some_and(|c| !c.success_response),
                false,
            ),
            ("allow-oob", command.allow_oob, true),
            (
                "allow-preconfig",
                theirs.is_some_and(|c| c.allow_preconfig),
                true,
            ),
        ] {
            if given {
                entries.push((flag.to_owned(), Value::Bool(value)));
            }
        }
        entries.extend(features(&command.features));
        entries
    }

    fn event(&mut self, event: &Event) -> Entries {
        let mut entries = vec![entry("event", &event.name)];
        let events = self.matches.map_or(&[][..], |m| &m.other.events);
        let theirs = events.iter().find(|e| e.name == event.name);
        if self.data(&mut entries, event.data, theirs.map(|e| e.data)) {
            entries.push(("boxed".to_owned(), Value::Bool(true)));
        }
        entries.extend(features(&event.features));
        entries
    }

    fn definition(&mut self, id: TypeId) -> Entries {
        let ty = self.interface.ty(id);
        let name = self.named.name(id).to_owned();
        let theirs = self.matches.and_then(|m| m.ty(id));
        let mut entries = match &ty.shape {
            Shape::Enum(values) => {
                if values.iter().any(|v| is_unusual(&v.name)) {
                    self.exceptions.members.insert(name.clone());
                }
                let values = values
                    .iter()
                    .map(|v| long_form("name", Value::str(&v.name), features(&v.features)));
                let data = ("data".to_owned(), Value::Array(values.collect()));
                vec![entry("enum", &name), data]
            }
            Shape::Alternate(alternatives) => {
                let data = alternatives.iter().map(|&alternative| {
                    let kind = self.interface.kind(alternative);
                    let their = self
                        .matches
                        .and_then(|m| m.alternative(theirs, self.interface, alternative));
                    (kind.as_str().to_owned(), self.reference(alternative, their))
                });
                let data = Value::Object(data.collect());
                vec![entry("alternate", &name), ("data".to_owned(), data)]
            }
            Shape::Object(object) => match self.named.simple.unions.get(&id) {
                // Widths would change the names of what it implies.
                Some(branches) => {
                    let branch =
                        |(case, ty): &(String, _)| (case.clone(), self.reference(*ty, None));
                    let data = Value::Object(branches.iter().map(branch).collect());
                    vec![entry("union", &name), ("data".to_owned(), data)]
                }
                None => self.object(&name, object, theirs),
            },
            Shape::Builtin(_) | Shape::Array(_) => Vec::new(),
        };
        entries.extend(features(&ty.features));
        entries
    }

    fn object(&mut self, name: &str, object: &Object, theirs: Option<TypeId>) -> Entries {
        if object.members.iter().any(|m| is_unusual(&m.name)) {
            self.exceptions.members.insert(name.to_owned());
        }
        let members = self.members(object, theirs);
        let Some(tag) = &object.tag else {
            return vec![entry("struct", name), ("data".to_owned(), members)];
        };
        let tag_type = object.members.iter().find(|m| m.name == *tag).map(|m| m.ty);
        if let Some(Shape::Enum(values)) = tag_type.map(|id| self.interface.shape(id)) {
            for value in values {
                if object.variants.iter().all(|v| v.case != value.name) {
                    self.added.push(format!("'{}' of {name}", value.name));
                }
            }
        }
        let explicit = object.variants.iter();
        let explicit = explicit.filter(|v| Some(v.ty) != self.named.empty);
        let branches = explicit.map(|v| (v.case.to_string(), Value::str(self.named.name(v.ty))));
        vec![
            entry("union", name),
            ("base".to_owned(), members),
            entry("discriminator", tag),
            ("data".to_owned(), Value::Object(branches.collect())),
        ]
    }

    fn members(&mut self, object: &Object, theirs: Option<TypeId>) -> Value {
        let members = object.members.iter().map(|member| {
            let mark = if member.optional { "*" } else { "" };
            let their = self.matches.and_then(|m| m.member(theirs, &member.name));
            let ty = self.reference(member.ty, their);
            let value = long_form("type", ty, features(&member.features));
            (format!("{mark}{}", member.name), value)
        });
        Value::Object(members.collect())
    }

    /// The `data` of a command or event; whether it has to be boxed.
    fn data(&mut self, entries: &mut Entries, id: TypeId, theirs: Option<TypeId>) -> bool {
        if Some(id) == self.named.empty {
            return false;
        }
        let Some(object) = self.interface.object(id) else {
            return false;
        };
        let inline = self.named.inline.contains(&id);
        let value = match inline {
            true => self.members(object, theirs),
            false => Value::str(self.named.name(id)),
        };
        entries.push(("data".to_owned(), value));
        object.tag.is_some()
    }

    fn reference(&mut self, id: TypeId, theirs: Option<TypeId>) -> Value {
        match self.interface.shape(id) {
            Shape::Array(element) => {
                let their = self.matches.and_then(|m| m.element(theirs));
                Value::Array(vec![self.reference(*element, their)])
            }
            Shape::Builtin(builtin) if builtin.json_kind() == JsonKind::Int => {
                let known = self.matches.and_then(|m| m.integer(theirs));
                let known = known.filter(|b| b.json_kind() == JsonKind::Int);
                match known {
                    Some(_) => self.widths.known += 1,
                    None => self.widths.unknown += 1,
                }
                Value::str(known.unwrap_or(Builtin::Int).name())
            }
            Shape::Builtin(builtin) => Value::str(builtin.name()),
            _ => Value::str(self.named.name(id)),
        }
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        notes.push(match (self.matches, self.widths.known) {
            (None, _) | (_, 0) => format!(
                "Introspection does not tell the widths of integers: {} are `int`.",
                self.widths.unknown
            ),
            (Some(_), known) => format!(
                "Introspection does not tell the widths of integers: those of {known} are taken from the other schema, and {} \
                 are `int`.",
                self.widths.unknown
            ),
        });
        notes.push(
            "It does not tell conditions: what the server was built without is missing, and nothing here depends on how \
             it was built. Nor does it tell bases, so that each type lists all its members; nor documentation."
                .to_owned(),
        );
        notes.push(
            match self.matches.is_some_and(|m| !m.other.introspected) {
                false => "It does not tell the flags gen, success-response, allow-preconfig and coroutine of commands.",
                true => {
                    "It does not tell the flags gen, success-response, allow-preconfig and coroutine of commands: all but the \
                     last are taken from the other schema."
                }
            }
            .to_owned(),
        );
        if self.named.recovered > 0 {
            notes.push(format!(
                "Names of {} types are taken from the other schema, by where they are used.",
                self.named.recovered
            ));
        }
        if !self.named.made.is_empty() {
            let names = &self.named.made;
            let some = match names.len() > LISTED {
                true => format!(", such as {}", names[..3].join(", ")),
                false => format!(": {}", names.join(", ")),
            };
            notes.push(format!(
                "Names of {} types are made from their use{some}.",
                names.len()
            ));
        }
        if let Some((major, minor)) = self.interface.told_as {
            notes.push(format!(
                "It was told in the form of QEMU {major}.{minor}: `qapi-gen introspect --release {major}.{minor}` tells it so."
            ));
        }
        if !self.added.is_empty() {
            notes.push(format!(
                "These values have no branch in the introspection, which a schema cannot say; they have an empty one: {}.",
                self.added.join(", ")
            ));
        }
        notes
    }
}

impl Exceptions {
    fn pragma(&self) -> Option<Value> {
        let lists = [
            ("command-name-exceptions", &self.commands),
            ("command-returns-exceptions", &self.returns),
            ("member-name-exceptions", &self.members),
        ];
        let entries: Entries = lists
            .into_iter()
            .filter(|(_, names)| !names.is_empty())
            .map(|(key, names)| {
                let names = names.iter().map(|name| Value::str(name)).collect();
                (key.to_owned(), Value::Array(names))
            })
            .collect();
        (!entries.is_empty()).then(|| Value::object([("pragma", Value::Object(entries))]))
    }
}

/// A string with a quote, for which the language has no escape.
fn quote(value: &Value) -> Option<&str> {
    let text = |text: &String| text.contains('\'');
    match value {
        Value::Object(entries) => entries.iter().find_map(|(key, value)| match text(key) {
            true => Some(key.as_str()),
            false => quote(value),
        }),
        Value::Array(items) => items.iter().find_map(quote),
        Value::Str(name) => text(name).then_some(name),
        Value::Bool(_) => None,
    }
}

fn entry(key: &str, text: &str) -> (String, Value) {
    (key.to_owned(), Value::str(text))
}

fn features(features: &[Name]) -> Entries {
    if features.is_empty() {
        return Vec::new();
    }
    let list = features.iter().map(|f| Value::str(f)).collect();
    vec![("features".to_owned(), Value::Array(list))]
}

fn long_form(key: &str, value: Value, more: Entries) -> Value {
    if more.is_empty() {
        return value;
    }
    Value::Object([(key.to_owned(), value)].into_iter().chain(more).collect())
}

/// How many names a note lists.
const LISTED: usize = 20;

/// Columns that a comment takes at most.
const WIDTH: usize = 100;

fn comment(text: &str) -> String {
    let (mut out, mut line) = (String::new(), String::from("#"));
    for word in text.split(' ') {
        if line.len() + 1 + word.len() > WIDTH {
            out += &(std::mem::replace(&mut line, String::from("#")) + "\n");
        }
        line.push(' ');
        line.push_str(word);
    }
    out + &line + "\n"
}
