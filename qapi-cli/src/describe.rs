//! What a server's schema says: `describe`, `commands`, `events --list`, `schema`, `supports`.

use std::cmp::Reverse;
use std::collections::HashSet;

use qapi_rt::capabilities::{Capabilities, Member, Type, TypeKind};
use qapi_rt::types::{Object, Value};

use crate::arguments::{self, Given, Word};
use crate::events::fits;
use crate::explain::{self, did_you_mean};
use crate::failure::{Failure, REFUSED, USAGE};
use crate::known::{Interface, Known};
use crate::output::{Form, Json, Output, Palette, Role, harmless, print};
use crate::session::Session;

/// So deep are objects within objects described.
const DEEPEST: usize = 2;

/// `qmp describe`.
pub(crate) fn describe<T: AsRef<str>>(
    session: &Session,
    name: &str,
    words: impl IntoIterator<Item = T>,
) -> Result<(), Failure> {
    let given = chosen(words)?;
    let known = session.needed_schema()?;
    let text = match described(&known, name, &given, session.output()) {
        Ok(text) => text,
        // What was kept may be out of date.
        Err(failure) => match session.newer_schema()? {
            Some(newer) => described(&newer, name, &given, session.output())?,
            None => return Err(failure),
        },
    };
    print(&text)
}

fn described(
    capabilities: &Capabilities,
    name: &str,
    given: &Object,
    output: Output,
) -> Result<String, Failure> {
    let Some(text) = text(Interface::Qmp, capabilities, name, given, output) else {
        let commands = capabilities.commands().map(|command| command.name());
        let known = commands.chain(capabilities.events().map(|event| event.name()));
        let proposal = did_you_mean(name, known);
        let message = format!("the server has no '{name}'{proposal}");
        return Err(Failure::refused(message));
    };
    match mistake(capabilities, name, given) {
        Some(mistake) => Err(Failure::usage(mistake)),
        None => Ok(text),
    }
}

/// The arguments given so far by their keys, so that they choose branches. Elements of a list are described as one: they are not
/// told apart, and the first counts.
fn chosen<T: AsRef<str>>(words: impl IntoIterator<Item = T>) -> Result<Object, Failure> {
    let (mut chosen, mut seen) = (Object::new(), HashSet::new());
    for word in words {
        let (key, word) = arguments::pair(word.as_ref())?;
        if !seen.insert(key.to_owned()) {
            return Err(Failure::usage(arguments::twice(key)));
        }
        let is_name = |part: &&str| part.parse::<usize>().is_err();
        let names: Vec<_> = key.split('.').filter(is_name).collect();
        let value = match word {
            Word::Text(text) => Value::from(text),
            Word::Json(value) => value,
        };
        choose(&mut chosen, names.join("."), value);
    }
    Ok(chosen)
}

/// Adds a value, and what is in it by keys of their own.
fn choose(chosen: &mut Object, key: String, value: Value) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                choose(chosen, format!("{key}.{name}"), value);
            }
            chosen.entry(key).or_insert(Value::Object(Object::new()));
        }
        Value::Array(elements) => {
            for value in elements {
                choose(chosen, key.clone(), value);
            }
            chosen.entry(key).or_insert(Value::Array(Vec::new()));
        }
        value => {
            chosen.entry(key).or_insert(value);
        }
    }
}

/// What is given that is nowhere in what is described. The description is of arguments and of the reply, so either may have it.
fn mistake(capabilities: &Capabilities, name: &str, given: &Object) -> Option<String> {
    // Its properties are not in the schema.
    if name == "device_add" {
        return None;
    }
    let command = capabilities.command(name);
    let event = capabilities.event(name).filter(|_| command.is_none());
    let types = command.map(|command| [command.arguments(), command.reply()]);
    let data = event.map(|event| event.data());
    let types: Vec<_> = types.into_iter().flatten().chain(data).collect();
    // Where a tag is wrong, the members of its branch cannot be right.
    let all = given
        .iter()
        .filter_map(|(key, value)| nearest(&types, given, key, value));
    all.min_by_key(|it| Reverse(it.depth))
        .map(|it| it.text + &it.proposal)
}

/// What is wrong with a key that none of the types has, as of that which comes closest.
fn nearest(types: &[Type<'_>], given: &Object, key: &str, value: &Value) -> Option<Astray> {
    let all = types.iter().map(|ty| astray(*ty, given, key, value));
    let all: Option<Vec<_>> = all.collect();
    all?.into_iter()
        .min_by_key(|it| Reverse((it.depth, !it.proposal.is_empty())))
}

/// Where a key, or its value, is none of a type.
struct Astray {
    /// So many names of the key are known; with a wrong value it is more than a key can have.
    depth: usize,
    text: String,
    proposal: String,
}

fn astray(ty: Type<'_>, given: &Object, key: &str, value: &Value) -> Option<Astray> {
    let (mut ty, mut path) = (ty, String::new());
    for (depth, name) in key.split('.').enumerate() {
        let object = explain::object_of(explain::element_of(ty).unwrap_or(ty));
        let types = object.map_or_else(Vec::new, |ty| ty.chosen(&below(given, &path)));
        let members = || types.iter().flat_map(|ty| ty.members());
        let Some(member) = members().find(|member| member.name() == name) else {
            return Some(Astray {
                depth,
                text: format!("'{path}{name}' is not known"),
                proposal: did_you_mean(name, members().map(|member| member.name())),
            });
        };
        ty = member.ty();
        path += &format!("{name}.");
    }
    let ty = explain::element_of(ty).unwrap_or(ty);
    if !matches!(ty.kind(), TypeKind::Enum) {
        return None;
    }
    let (text, proposal) = match value {
        Value::Object(_) | Value::Array(_) => return None,
        Value::String(text) if ty.values().any(|value| value.name() == text) => return None,
        Value::String(text) => (
            format!("'{key}': value '{text}' is not known"),
            explain::instead(text, ty),
        ),
        _ => (
            format!("'{key}' is of the wrong type"),
            format!(": {} is expected", explain::kind(ty)),
        ),
    };
    Some(Astray {
        depth: usize::MAX,
        text,
        proposal,
    })
}

/// What is to be said about a command or event; nothing if there is none.
pub(crate) fn text(
    interface: Interface,
    capabilities: &Capabilities,
    name: &str,
    given: &Object,
    output: Output,
) -> Option<String> {
    let as_json = matches!(output.form, Form::Json | Form::Yaml);
    let kind = match capabilities.command(name) {
        Some(_) => "command",
        None => "event",
    };
    let known = Known::of(interface, kind, name);
    let facts = || {
        let since = known.since.map(str::to_owned);
        let facts = [("since", since), ("manual", known.manual.clone())].into_iter();
        facts.filter_map(|(name, text)| Some((name.to_owned(), Json::Text(text?))))
    };
    let mut writer = Description {
        palette: output.palette,
        given,
        known: &known,
        text: String::new(),
    };
    let features = |features: Vec<&str>| features.join(", ");
    if let Some(command) = capabilities.command(name) {
        if as_json {
            let mut entry = vec![
                ("name".into(), Json::Text(name.into())),
                ("meta-type".into(), Json::Text("command".into())),
                (
                    "arguments".into(),
                    members_json(command.arguments(), given, &known),
                ),
                ("returns".into(), Json::Text(short(command.reply()))),
                (
                    "allow-oob".into(),
                    Json::Plain(command.allows_oob().to_string()),
                ),
                ("features".into(), list(command.features())),
            ];
            entry.extend(facts());
            return Some(output.format(&Json::Object(entry)));
        }
        writer.title(name, "command");
        writer.note("features", &features(command.features().collect()));
        writer.note(
            "out of band",
            if command.allows_oob() { "possible" } else { "" },
        );
        writer.section("Arguments", command.arguments());
        writer.returns(command.reply());
        writer.manual();
        return Some(writer.text);
    }
    let event = capabilities.event(name)?;
    if as_json {
        let mut entry = vec![
            ("name".into(), Json::Text(name.into())),
            ("meta-type".into(), Json::Text("event".into())),
            ("data".into(), members_json(event.data(), given, &known)),
            ("features".into(), list(event.features())),
        ];
        entry.extend(facts());
        return Some(output.format(&Json::Object(entry)));
    }
    writer.title(name, "event");
    writer.note("features", &features(event.features().collect()));
    writer.section("Data", event.data());
    writer.manual();
    Some(writer.text)
}

fn list<'c>(names: impl Iterator<Item = &'c str>) -> Json {
    Json::List(names.map(|name| Json::Text(name.to_owned())).collect())
}

fn members_json(ty: Type<'_>, given: &Object, known: &Known) -> Json {
    let types = ty.chosen(given);
    let members = types.iter().flat_map(|ty| ty.members());
    Json::List(
        members
            .map(|member| {
                let mut entry = vec![
                    ("name".to_owned(), Json::Text(member.name().to_owned())),
                    ("type".to_owned(), Json::Text(short(member.ty()))),
                    (
                        "optional".to_owned(),
                        Json::Plain(member.is_optional().to_string()),
                    ),
                ];
                if let TypeKind::Enum = member.ty().kind() {
                    let values = member.ty().values().map(|value| value.name());
                    entry.push(("values".to_owned(), list(values)));
                }
                if member.features().next().is_some() {
                    entry.push(("features".to_owned(), list(member.features())));
                }
                if let Some(release) = known.member(member.name()) {
                    entry.push(("since".to_owned(), Json::Text(release.to_owned())));
                }
                Json::Object(entry)
            })
            .collect(),
    )
}

/// The members given below a key with a dot at its end, by the rest of their keys.
fn below(given: &Object, prefix: &str) -> Object {
    given
        .iter()
        .filter_map(|(key, value)| Some((key.strip_prefix(prefix)?.to_owned(), value.clone())))
        .collect()
}

struct Description<'g> {
    palette: Palette,
    given: &'g Object,
    /// Of what is described at the moment.
    known: &'g Known,
    text: String,
}

impl Description<'_> {
    fn title(&mut self, name: &str, what: &str) {
        let name = self.palette.paint(Role::Title, name);
        let since = self
            .known
            .since
            .map(|since| format!(", since QEMU {since}"));
        self.text += &format!("{name}, {what}{}\n", since.unwrap_or_default());
    }

    /// Members of a reply are not those of the arguments.
    fn returns(&mut self, ty: Type<'_>) {
        let nothing = Known::default();
        let mut inner = Description {
            known: &nothing,
            given: self.given,
            palette: self.palette,
            text: std::mem::take(&mut self.text),
        };
        inner.section("Returns", ty);
        self.text = inner.text;
    }

    fn manual(&mut self) {
        if let Some(manual) = &self.known.manual {
            self.text += &format!(
                "\n{}: {manual}\n",
                self.palette.paint(Role::Title, "Manual")
            );
        }
    }

    fn note(&mut self, label: &str, text: &str) {
        if !text.is_empty() {
            self.text += &format!("  {label}: {}\n", harmless(text));
        }
    }

    fn section(&mut self, title: &str, ty: Type<'_>) {
        let title_text = self.palette.paint(Role::Title, title);
        let mut inner = ty;
        let mut of = "";
        while let TypeKind::Array(element) = inner.kind() {
            (inner, of) = (element, "a list, each element ");
        }
        match inner.kind() {
            TypeKind::Object => {
                let is_empty = inner.members().next().is_none() && inner.tag().is_none();
                let colon = match (is_empty, of) {
                    (true, "") => ": nothing",
                    (true, _) => ": a list of empty objects",
                    (false, "") => ":",
                    (false, _) => ", a list of:",
                };
                self.text += &format!("\n{title_text}{colon}\n");
                self.members(inner, "", 1);
            }
            _ => self.text += &format!("\n{title_text}: {of}{}\n", explain::kind(inner)),
        }
    }

    /// The members of an object, and of what is in it.
    fn members(&mut self, ty: Type<'_>, prefix: &str, depth: usize) {
        let given = below(self.given, prefix);
        let types = ty.chosen(&given);
        for ty in &types {
            for member in ty.members() {
                self.member(member, prefix, depth);
            }
        }
        for ty in &types {
            let Some(tag) = ty.tag() else { continue };
            if given.contains_key(tag) {
                continue;
            }
            let cases: Vec<_> = ty
                .variants()
                .filter(|(_, branch)| branch.members().next().is_some() || branch.tag().is_some())
                .map(|(case, _)| case)
                .collect();
            if let Some(first) = cases.first() {
                let indent = "  ".repeat(depth);
                let more = format!(
                    "{indent}and more by {prefix}{tag}, as with {prefix}{tag}={first}; there is more for: {}\n",
                    cases.join(", ")
                );
                self.text += &self.palette.paint(Role::Dim, &more);
            }
        }
    }

    fn member(&mut self, member: Member<'_>, prefix: &str, depth: usize) {
        let indent = "  ".repeat(depth);
        let name = self.palette.paint(Role::Name, member.name());
        let optional = if member.is_optional() { "?" } else { "" };
        let features: Vec<_> = member.features().collect();
        let features = match features.as_slice() {
            [] => String::new(),
            some => self
                .palette
                .paint(Role::Warning, &format!(" ({})", some.join(", "))),
        };
        let ty = member.ty();
        let since = self.known.member(&format!("{prefix}{}", member.name()));
        let since = since.map_or_else(String::new, |since| {
            self.palette.paint(Role::Dim, &format!(", since {since}"))
        });
        let ty_text = long(ty);
        self.text += &format!("{indent}{name}{optional}: {ty_text}{features}{since}\n");
        let inner = explain::element_of(ty).unwrap_or(ty);
        if let Some(object) = explain::object_of(inner) {
            let prefix = format!("{prefix}{}.", member.name());
            let is_given = self.given.keys().any(|key| key.starts_with(&prefix));
            // A union within is described when it is chosen.
            if is_given || depth < DEEPEST && object.tag().is_none() {
                self.members(object, &prefix, depth + 1);
            }
        }
    }
}

/// A type in a word or two, with all names of an enumeration.
fn long(ty: Type<'_>) -> String {
    match ty.kind() {
        TypeKind::Enum => {
            let names: Vec<_> = ty.values().map(|value| value.name()).collect();
            format!("one of {}", names.join(", "))
        }
        TypeKind::Array(element) => format!("a list, each element {}", long(element)),
        _ => ty.to_string(),
    }
}

fn short(ty: Type<'_>) -> String {
    match ty.kind() {
        TypeKind::Enum => "enum".to_owned(),
        _ => ty.to_string(),
    }
}

/// `qmp commands` and `qmp events --list`.
pub(crate) fn names<'c>(
    output: Output,
    names: impl Iterator<Item = (&'c str, Vec<&'c str>)>,
    pattern: Option<&str>,
) -> Result<(), Failure> {
    let names = names.filter(|(name, _)| pattern.is_none_or(|pattern| fits(pattern, name)));
    match output.form {
        Form::Json | Form::Yaml => {
            let names = names.map(|(name, features)| {
                let features = list(features.into_iter());
                Json::Object(vec![
                    ("name".to_owned(), Json::Text(name.to_owned())),
                    ("features".to_owned(), features),
                ])
            });
            output.value(&Json::List(names.collect()))
        }
        Form::Pretty | Form::Table => {
            let lines = names.map(|(name, features)| {
                let features = match features.as_slice() {
                    [] => String::new(),
                    some => output
                        .palette
                        .paint(Role::Dim, &format!(" ({})", some.join(", "))),
                };
                format!("{name}{features}\n")
            });
            print(&lines.collect::<String>())
        }
    }
}

/// `qmp schema`.
pub(crate) fn path(session: &Session, path: &str) -> Result<(), Failure> {
    let capabilities = session.needed_schema()?;
    // As completion leaves it where more may follow.
    let path = path.strip_suffix('/').unwrap_or(path);
    let found = capabilities.has(path);
    if !found.map_err(|error| Failure::usage(format!("{path}: {error}")))? {
        return Err(Failure::refused(format!("the server does not have {path}")));
    }
    let output = session.output();
    let Some(ty) = leads_to(&capabilities, path) else {
        // Such as a value or a feature: that it is there is all there is to say.
        return output.value(&Json::Plain("true".into()));
    };
    if output.form == Form::Pretty {
        let mut writer = Description {
            palette: output.palette,
            given: &Object::new(),
            known: &Known::default(),
            text: String::new(),
        };
        writer.section(path, ty);
        return print(writer.text.trim_start());
    }
    let mut entry = vec![("type".to_owned(), Json::Text(short(ty)))];
    if let Some(object) = explain::object_of(explain::element_of(ty).unwrap_or(ty)) {
        entry.push((
            "members".into(),
            members_json(object, &Object::new(), &Known::default()),
        ));
        if let Some(tag) = object.tag() {
            entry.push(("tag".into(), Json::Text(tag.into())));
            entry.push((
                "variants".into(),
                list(object.variants().map(|(case, _)| case)),
            ));
        }
    }
    if ty.values().next().is_some() {
        entry.push(("values".into(), list(ty.values().map(|value| value.name()))));
    }
    output.value(&Json::Object(entry))
}

/// The type at the end of a path that is there.
pub(crate) fn leads_to<'c>(capabilities: &'c Capabilities, path: &str) -> Option<Type<'c>> {
    let mut parts = path.split('/');
    let root = parts.next()?;
    let part = parts.next();
    let mut ty = match (capabilities.command(root), capabilities.event(root), part) {
        (Some(command), _, None | Some("arg-type")) => command.arguments(),
        (Some(command), _, Some("ret-type")) => command.reply(),
        (None, Some(event), None | Some("arg-type")) => event.data(),
        _ => return None,
    };
    for part in parts {
        ty = match part.as_bytes().first()? {
            b'+' => ty.variant(&part[1..])?,
            b'*' => ty.member(&part[1..])?.ty(),
            b'^' | b'!' | b'$' => return None,
            b' ' => ty.member(&part[1..])?.ty(),
            _ => ty.member(part)?.ty(),
        };
    }
    Some(ty)
}

/// `qmp supports`.
pub(crate) fn supports(session: &Session, command: &str, given: &Given) -> Result<(), Failure> {
    match arguments::supported(session, command, given) {
        Ok(()) => session.output().value(&Json::Plain("true".into())),
        Err(failure) if failure.code == USAGE => {
            session.output().value(&Json::Plain("false".into()))?;
            Err(Failure {
                code: REFUSED,
                ..failure
            })
        }
        Err(failure) => Err(failure),
    }
}
