//! What is wrong with arguments, in words that help.

use qapi_rt::capabilities::{Capabilities, Finding, Problem, Type, TypeKind};
use qapi_rt::types::{Object, Value};

/// So many names of an enumeration are listed.
const FEW: usize = 12;

/// A finding, with what would be right.
pub(crate) fn finding(
    capabilities: &Capabilities,
    command: &str,
    arguments: &Object,
    finding: &Finding,
) -> String {
    let text = finding.to_string();
    let Some(known) = capabilities.command(command) else {
        return text;
    };
    let place = Place::find(known.arguments(), arguments, &finding.path);
    match (&finding.problem, place) {
        (Problem::UnknownMember, Some(place)) => {
            let members = place.objects.iter().flat_map(|ty| ty.members());
            text + &did_you_mean(&place.name, members.map(|member| member.name()))
        }
        (Problem::UnknownValue(value), Some(Place { ty: Some(ty), .. })) => {
            text + &instead(value, ty)
        }
        (Problem::WrongType | Problem::MissingMember, Some(Place { ty: Some(ty), .. })) => {
            format!("{text}: {} is expected", kind(ty))
        }
        _ => text,
    }
}

/// What kind of value a type is, with the names of an enumeration that has few.
pub(crate) fn kind(ty: Type<'_>) -> String {
    match ty.kind() {
        TypeKind::Enum => {
            let names: Vec<_> = ty.values().map(|value| value.name()).collect();
            if names.len() <= FEW {
                format!("one of {}", names.join(", "))
            } else {
                format!("one of {} names", names.len())
            }
        }
        _ => ty.to_string(),
    }
}

/// The names of an enumeration, also of one among other types.
fn names(ty: Type<'_>) -> Vec<&str> {
    let among = ty.alternatives().flat_map(|ty| ty.values());
    let all = ty.values().chain(among);
    all.map(|value| value.name()).collect()
}

/// The rest of a sentence about a value that a type does not have: the nearest, or all if they are few.
pub(crate) fn instead(value: &str, ty: Type<'_>) -> String {
    let names = names(ty);
    let proposal = did_you_mean(value, names.iter().copied());
    match proposal.is_empty() {
        true => choices(&names),
        false => proposal,
    }
}

fn choices(names: &[&str]) -> String {
    if !names.is_empty() && names.len() <= FEW {
        format!("; it is one of {}", names.join(", "))
    } else {
        String::new()
    }
}

/// The rest of a sentence that proposes the nearest name, if one is near: mistyped, or not typed to its end.
pub(crate) fn did_you_mean<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let near = known
        .map(|known| {
            let is_start = known != name && name.len() > 3 && known.starts_with(name);
            let distance = strsim::osa_distance(name, known);
            let distance = if is_start { 1 } else { distance };
            (distance, known.len().abs_diff(name.len()), known)
        })
        .filter(|(distance, ..)| *distance <= 1.max(name.len() / 3))
        .min();
    match near {
        // Then that is not what is wrong.
        Some((0, ..)) | None => String::new(),
        Some((.., known)) => format!("; did you mean '{known}'?"),
    }
}

/// Where a finding's path leads to.
struct Place<'c> {
    /// The object types whose members may stand there.
    objects: Vec<Type<'c>>,
    /// The last member of the path.
    name: String,
    /// Its type, if it is known.
    ty: Option<Type<'c>>,
}

impl<'c> Place<'c> {
    fn find(arguments: Type<'c>, given: &Object, path: &str) -> Option<Self> {
        let mut place = Self {
            objects: Vec::new(),
            name: String::new(),
            ty: Some(arguments),
        };
        let given = Value::Object(given.clone());
        let mut value = Some(&given);
        for segment in path.split('.').filter(|segment| !segment.is_empty()) {
            let (name, indices) = match segment.find('[') {
                Some(at) => segment.split_at(at),
                None => (segment, ""),
            };
            let object = object_of(place.ty?)?;
            let members = value.and_then(Value::as_object);
            place.objects = object.chosen(members.unwrap_or(&Object::new()));
            let mut known = place.objects.iter().flat_map(|ty| ty.members());
            let member = known.find(|member| member.name() == name);
            place.ty = member.map(|member| member.ty());
            name.clone_into(&mut place.name);
            value = value.and_then(|value| value.get(name));
            for index in indices.split(['[', ']']).filter(|index| !index.is_empty()) {
                place.ty = place.ty.and_then(element_of);
                value = value.and_then(|value| value.get(index.parse::<usize>().ok()?));
            }
        }
        Some(place)
    }
}

/// The type itself, or the alternative of an alternate, that has members.
pub(crate) fn object_of(ty: Type<'_>) -> Option<Type<'_>> {
    match ty.kind() {
        TypeKind::Object => Some(ty),
        TypeKind::Alternate => ty
            .alternatives()
            .find(|ty| matches!(ty.kind(), TypeKind::Object)),
        _ => None,
    }
}

/// The type of a list's elements.
pub(crate) fn element_of(ty: Type<'_>) -> Option<Type<'_>> {
    match ty.kind() {
        TypeKind::Array(element) => Some(element),
        TypeKind::Alternate => ty.alternatives().find_map(|ty| match ty.kind() {
            TypeKind::Array(element) => Some(element),
            _ => None,
        }),
        _ => None,
    }
}
