//! What may come next: in the shell, and in bash, zsh and fish.

mod line;
mod live;
mod path;

use qapi_rt::capabilities::{Capabilities, Command, JsonType, Type, TypeKind};
use qapi_rt::types::{Object, Value};

use crate::explain::{element_of, object_of};

pub(crate) use line::{for_shell, script};
pub(crate) use live::Live;

/// Something that may stand in place of a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub(crate) value: String,
    /// A few words about it.
    pub(crate) about: String,
}

impl Candidate {
    pub(crate) fn new(value: impl Into<String>, about: impl Into<String>) -> Self {
        let (value, about) = (value.into(), about.into());
        Self { value, about }
    }

    /// Whether the word goes on after it.
    pub(crate) fn is_open(&self) -> bool {
        self.value.ends_with(['=', '.', '/'])
    }
}

/// The server's commands.
pub(crate) fn commands(capabilities: &Capabilities) -> Vec<Candidate> {
    let all = capabilities.commands();
    all.map(|command| Candidate::new(command.name(), signature(command)))
        .collect()
}

/// What a command takes, in a line.
pub(crate) fn signature(command: Command<'_>) -> String {
    let ty = command.arguments();
    let mut members: Vec<_> = ty.members().collect();
    members.sort_by_key(|member| member.is_optional());
    let names: Vec<_> = members
        .iter()
        .map(|member| match member.is_optional() {
            true => format!("[{}]", member.name()),
            false => member.name().to_owned(),
        })
        .collect();
    let features: Vec<_> = command.features().collect();
    let features = match features.as_slice() {
        [] => String::new(),
        some => format!("({}) ", some.join(", ")),
    };
    let more = if ty.tag().is_some() { " …" } else { "" };
    format!("{features}{}{more}", names.join(" "))
}

/// What may stand in place of `word` behind a command and other arguments.
pub(crate) fn arguments(
    capabilities: &Capabilities,
    live: &dyn Live,
    command: &str,
    others: &[&str],
    word: &str,
) -> Vec<Candidate> {
    let Some(known) = capabilities.command(command) else {
        return Vec::new();
    };
    let mut given = Object::new();
    for other in others {
        if let Some((key, value)) = other.split_once('=') {
            given.insert(key.trim_end_matches(':').to_owned(), value.into());
        }
    }
    match word.split_once('=') {
        Some((key, start)) => {
            let values = values(live, known, &given, key.trim_end_matches(':'), start);
            let fitting = values
                .into_iter()
                .filter(|value| value.value.starts_with(start));
            fitting
                .map(|value| Candidate::new(format!("{key}={}", value.value), value.about))
                .collect()
        }
        None => keys(live, known, &given, word),
    }
}

/// The object that the dotted keys before the last one lead to, and those keys with their dot.
fn object_at<'c>(
    command: Command<'c>,
    given: &Object,
    key: &str,
) -> Option<(Vec<Type<'c>>, usize)> {
    let mut start = 0;
    let mut types = chosen(command.arguments(), given, "");
    for (dot, _) in key.match_indices('.') {
        let part = &key[start..dot];
        let prefix = &key[..=dot];
        let ty = if part.starts_with(|first: char| first.is_ascii_digit()) {
            *types.first()?
        } else {
            let mut members = types.iter().flat_map(|ty| ty.members());
            members.find(|member| member.name() == part)?.ty()
        };
        start = dot + 1;
        types = match element_of(ty) {
            // What comes next is an index, and then what the elements have.
            Some(element) => vec![element],
            None => chosen(object_of(ty)?, given, prefix),
        };
    }
    // An element of a list stands for itself until its index was read.
    Some((types, start))
}

fn chosen<'c>(ty: Type<'c>, given: &Object, prefix: &str) -> Vec<Type<'c>> {
    let below = given
        .iter()
        .filter_map(|(key, value)| Some((key.strip_prefix(prefix)?.to_owned(), value.clone())));
    ty.chosen(&below.collect())
}

fn keys(live: &dyn Live, command: Command<'_>, given: &Object, word: &str) -> Vec<Candidate> {
    let Some((types, start)) = object_at(command, given, word) else {
        return Vec::new();
    };
    let (before, partial) = word.split_at(start);
    let mut found: Vec<(bool, Candidate)> = Vec::new();
    for member in types.iter().flat_map(|ty| ty.members()) {
        let name = member.name();
        let key = format!("{before}{name}");
        let is_given = given.contains_key(&key);
        if !name.starts_with(partial) || is_given {
            continue;
        }
        let ty = member.ty();
        let about = match (member.is_optional(), member.is_deprecated()) {
            (false, _) => format!("{}, required", crate::explain::kind(ty)),
            (true, true) => format!("{}, deprecated", crate::explain::kind(ty)),
            (true, false) => crate::explain::kind(ty),
        };
        let takes_text = !matches!(ty.kind(), TypeKind::Object | TypeKind::Array(_));
        if takes_text {
            let candidate = Candidate::new(format!("{key}="), about.clone());
            found.push((member.is_optional(), candidate));
        }
        if object_of(ty).is_some() {
            let candidate = Candidate::new(format!("{key}."), about);
            found.push((member.is_optional(), candidate));
        } else if element_of(ty).is_some() {
            let candidate = Candidate::new(format!("{key}.0"), about);
            found.push((member.is_optional(), candidate));
        }
    }
    // What has to be there comes first.
    found.sort_by_key(|(optional, _)| *optional);
    let mut found: Vec<_> = found.into_iter().map(|(_, candidate)| candidate).collect();
    if command.name() == "device_add"
        && let Some(driver) = given.get("driver").and_then(Value::as_str)
    {
        let properties = live.properties(driver);
        let fitting = properties
            .into_iter()
            .filter(|it| it.value.starts_with(word));
        found.extend(fitting.map(|it| Candidate::new(format!("{}=", it.value), it.about)));
    }
    found
}

fn values(
    live: &dyn Live,
    command: Command<'_>,
    given: &Object,
    key: &str,
    start: &str,
) -> Vec<Candidate> {
    let objects = live.values(command.name(), given, key, start);
    if !objects.is_empty() {
        return objects;
    }
    let Some((types, at)) = object_at(command, given, key) else {
        return Vec::new();
    };
    if key[at..].starts_with(|first: char| first.is_ascii_digit()) {
        return types.first().map_or_else(Vec::new, |ty| of_type(*ty));
    }
    let mut members = types.iter().flat_map(|ty| ty.members());
    match members.find(|member| member.name() == &key[at..]) {
        Some(member) => of_type(member.ty()),
        None => Vec::new(),
    }
}

fn of_type(ty: Type<'_>) -> Vec<Candidate> {
    match ty.kind() {
        TypeKind::Enum => {
            let values = ty.values();
            let about = |deprecated| if deprecated { "deprecated" } else { "" };
            values
                .map(|value| Candidate::new(value.name(), about(value.is_deprecated())))
                .collect()
        }
        TypeKind::Builtin(JsonType::Boolean) => {
            ["on", "off"].map(|value| Candidate::new(value, "")).into()
        }
        TypeKind::Alternate => ty.alternatives().flat_map(of_type).collect(),
        _ => Vec::new(),
    }
}
