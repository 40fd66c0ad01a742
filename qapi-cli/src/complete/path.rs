//! The next component of a path in the schema.

use qapi_rt::capabilities::{Capabilities, Type};

use super::{Candidate, commands};
use crate::describe::leads_to;
use crate::explain::{element_of, kind, object_of};

/// What `word` may become.
pub(super) fn steps(capabilities: &Capabilities, word: &str) -> Vec<Candidate> {
    let Some((before, _)) = word.rsplit_once('/') else {
        let events = capabilities.events();
        let events = events.map(|event| Candidate::new(event.name(), ""));
        let all = commands(capabilities).into_iter().chain(events);
        return all
            .map(|it| Candidate::new(it.value + "/", it.about))
            .collect();
    };
    let below = |name: String, about: String| Candidate::new(format!("{before}/{name}"), about);
    if !before.contains('/') {
        let kinds: &[&str] = match (capabilities.command(before), capabilities.event(before)) {
            (Some(_), _) => &["arg-type/", "ret-type/"],
            (None, Some(_)) => &["arg-type/"],
            (None, None) => &[],
        };
        let kinds = kinds.iter().map(|kind| (*kind).to_owned());
        return kinds.map(|kind| below(kind, String::new())).collect();
    }
    let Some(ty) = leads_to(capabilities, before) else {
        return Vec::new();
    };
    let ty = element_of(ty).unwrap_or(ty);
    let mut found = Vec::new();
    for member in object_of(ty)
        .into_iter()
        .flat_map(|object| object.members())
    {
        let name = member.name();
        // A name that does not start with a letter has a space before it.
        let mark = match name.starts_with(|first: char| first.is_ascii_alphabetic()) {
            true => "",
            false => " ",
        };
        found.push(below(
            format!("{mark}{name}{}", end(member.ty())),
            kind(member.ty()),
        ));
    }
    for (case, ty) in object_of(ty)
        .into_iter()
        .flat_map(|object| object.variants())
    {
        found.push(below(format!("+{case}{}", end(ty)), String::new()));
    }
    found.extend(
        ty.values()
            .map(|value| below(format!("^{}", value.name()), String::new())),
    );
    found
}

/// Whether more may follow.
fn end(ty: Type<'_>) -> &'static str {
    let ty = element_of(ty).unwrap_or(ty);
    let has_members = object_of(ty).is_some_and(|object| {
        object.members().next().is_some() || object.variants().next().is_some()
    });
    if has_members || ty.values().next().is_some() {
        "/"
    } else {
        ""
    }
}
