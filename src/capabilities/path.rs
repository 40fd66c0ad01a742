//! libvirt's notation of what a schema has.

use std::fmt;

use super::Capabilities;
use super::index::Kind;
use super::view::{JsonType, Type, TypeKind};

/// Why a path makes no sense, whatever the schema.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PathError {
    /// A component is empty, or nothing but its mark.
    Empty {
        /// The component's place, from 0.
        component: usize,
    },
    /// A component that ends a path is followed by another.
    NotLast {
        /// The place of the component that has to be the last, from 0.
        component: usize,
    },
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty { component } => write!(f, "component {component} of the path is empty"),
            Self::NotLast { component } => {
                write!(f, "component {component} of the path has to be the last")
            }
        }
    }
}

impl std::error::Error for PathError {}

#[derive(Clone, Copy)]
enum Component<'p> {
    Member(&'p str),
    Optional(&'p str),
    Variant(&'p str),
    Value(&'p str),
    Json(&'p str),
    Feature(&'p str),
}

fn components(path: &str) -> Result<(&str, Vec<Component<'_>>), PathError> {
    let mut parts = path.split('/');
    let root = parts.next().filter(|root| !root.is_empty());
    let root = root.ok_or(PathError::Empty { component: 0 })?;
    let mut components = Vec::new();
    for (index, part) in parts.enumerate() {
        type Make<'p> = fn(&'p str) -> Component<'p>;
        let (mark, rest) = part.split_at(part.chars().next().map_or(0, char::len_utf8));
        let make: Option<Make<'_>> = match mark {
            "*" => Some(Component::Optional),
            "+" => Some(Component::Variant),
            "^" => Some(Component::Value),
            "!" => Some(Component::Json),
            "$" => Some(Component::Feature),
            // Before a name that starts with no letter.
            " " => Some(Component::Member),
            _ => None,
        };
        let component = match make {
            Some(make) if !rest.is_empty() => make(rest),
            None if !part.is_empty() => Component::Member(part),
            _ => {
                return Err(PathError::Empty {
                    component: index + 1,
                });
            }
        };
        components.push(component);
    }
    for (index, pair) in components.windows(2).enumerate() {
        let last = match pair[0] {
            Component::Json(_) | Component::Feature(_) => true,
            Component::Value(_) => !matches!(pair[1], Component::Feature(_)),
            _ => false,
        };
        if last {
            return Err(PathError::NotLast {
                component: index + 1,
            });
        }
    }
    Ok((root, components))
}

impl Capabilities {
    /// Whether the schema has what a path in libvirt's notation leads to.
    ///
    /// Components are separated by `/`. The first is the name of a command or event, the second `arg-type` or
    /// `ret-type`, and each further one is
    ///
    /// - `name`: a member of the object; `*name`: the same, and it is optional,
    /// - `+case`: the branch of the union for this value of its tag,
    /// - `^value`: a value of the enumeration (last, or before a feature),
    /// - `!type`: the JSON type of the value is `string`, `number`, `int`, `boolean`, `null` or `value` (last),
    /// - `$feature`: a feature of what the path has led to (last); it may follow the first component, too.
    ///
    /// A name that does not start with a letter has a space before it. Lists stand for their elements, and of an
    /// alternate any alternative will do. Where libvirt asks a feature of a member's type only, here the feature may be
    /// the member's as well.
    ///
    /// ```no_run
    /// # fn f(capabilities: &qapi_rt::capabilities::Capabilities) -> Result<(), Box<dyn std::error::Error>> {
    /// capabilities.has("blockdev-add/arg-type/driver/^nvme")?;
    /// capabilities.has("blockdev-add/arg-type/+qcow2/encrypt/+luks/*key-secret")?;
    /// capabilities.has("blockdev-snapshot/$allow-write-only-overlay")?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// When the path is malformed. What the schema does not have is no error.
    pub fn has(&self, path: &str) -> Result<bool, PathError> {
        let (root, components) = components(path)?;
        let Some(root) = self.find(root) else {
            return Ok(false);
        };
        let start = match *self.kind(root) {
            Kind::Command {
                arguments, reply, ..
            } => [arguments, reply],
            Kind::Event(data) => [data, data],
            _ => return Ok(false),
        };
        let features = self.entities[root as usize].features;
        Ok(match components.split_first() {
            None => true,
            Some((Component::Feature(feature), _)) => {
                self.feature_names(features).any(|name| name == *feature)
            }
            Some((Component::Member("arg-type"), rest)) => leads(self, start[0], rest),
            Some((Component::Member("ret-type"), rest)) => {
                matches!(self.kind(root), Kind::Command { .. }) && leads(self, start[1], rest)
            }
            Some(_) => false,
        })
    }
}

fn leads(capabilities: &Capabilities, entity: u32, path: &[Component<'_>]) -> bool {
    let ty = Type::new(capabilities, entity);
    let Some((first, rest)) = path.split_first() else {
        return true;
    };
    if let Component::Feature(feature) = first
        && ty.has_feature(feature)
    {
        return true;
    }
    // An alternative in which the path breaks off does not rule out the next one.
    let found = ty.reach(|ty| leads_from(capabilities, ty, *first, rest).then_some(()));
    found.is_some()
}

fn leads_from(
    capabilities: &Capabilities,
    ty: Type<'_>,
    first: Component<'_>,
    rest: &[Component<'_>],
) -> bool {
    match first {
        Component::Member(name) | Component::Optional(name) => {
            let Some(member) = ty.members().find(|member| member.name() == name) else {
                return false;
            };
            if matches!(first, Component::Optional(_)) && !member.is_optional() {
                return false;
            }
            if let [Component::Feature(feature)] = rest
                && member.has_feature(feature)
            {
                return true;
            }
            leads(capabilities, member.ty().entity, rest)
        }
        Component::Variant(case) => match ty.variants().find(|(name, _)| *name == case) {
            Some((_, branch)) => leads(capabilities, branch.entity, rest),
            None => false,
        },
        Component::Value(name) => {
            let Some(value) = ty.values().find(|value| value.name() == name) else {
                return false;
            };
            match rest.first() {
                Some(Component::Feature(feature)) => value.has_feature(feature),
                _ => true,
            }
        }
        Component::Json(name) => match ty.kind() {
            TypeKind::Builtin(json) => json == JsonType::named(name) && json.as_str() == name,
            _ => false,
        },
        Component::Feature(feature) => ty.has_feature(feature),
    }
}
