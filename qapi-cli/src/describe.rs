//! What a server's schema says: `describe`, `commands`, `events --list`, `schema`, `supports`.

use qapi_rt::capabilities::{Capabilities, Member, Type, TypeKind};
use qapi_rt::types::Object;

use crate::arguments::{self, Given};
use crate::events::fits;
use crate::explain::{self, did_you_mean};
use crate::failure::{Failure, USAGE};
use crate::known::{Interface, Known};
use crate::output::{Form, Json, Output, Palette, Role, harmless, print};
use crate::session::Session;

/// So deep are objects within objects described.
const DEEPEST: usize = 2;

/// `qmp describe`.
pub(crate) fn describe(session: &Session, name: &str, words: &[String]) -> Result<(), Failure> {
    let capabilities = session.needed_schema()?;
    let given = chosen(words)?;
    let text = text(
        Interface::Qmp,
        &capabilities,
        name,
        &given,
        session.output(),
    );
    match text {
        Some(text) => print(&text),
        None => {
            let commands = capabilities.commands().map(|command| command.name());
            let known = commands.chain(capabilities.events().map(|event| event.name()));
            let proposal = did_you_mean(name, known);
            Err(Failure::refused(format!(
                "the server has no '{name}'{proposal}"
            )))
        }
    }
}

/// The arguments given so far, as far as they choose branches.
fn chosen(words: &[String]) -> Result<Object, Failure> {
    let mut object = Object::new();
    for word in words {
        let Some((key, value)) = word.split_once('=') else {
            return Err(Failure::usage(format!("'{word}' is not key=value")));
        };
        if object.insert(key.to_owned(), value.into()).is_some() {
            return Err(Failure::usage(arguments::twice(key)));
        }
    }
    Ok(object)
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
            Err(Failure::refused(failure.message))
        }
        Err(failure) => Err(failure),
    }
}
