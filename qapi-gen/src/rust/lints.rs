//! Names of methods of which clippy expects something else than what generated methods do.

use crate::compact::{CollectVec as _, cat, join};

/// What a method named after a member or a command does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    /// Takes the struct and a value, and gives the struct.
    Setter,
    /// Borrows the struct.
    Getter,
    /// Borrows a service, and gives a future.
    #[cfg(feature = "service")]
    Command,
}

/// Operators, as methods that take a value each.
const OPERATORS: [&str; 10] = [
    "add", "bitand", "bitor", "bitxor", "div", "mul", "rem", "shl", "shr", "sub",
];
/// Methods of std's traits that borrow.
const BORROWING: [&str; 4] = ["as_ref", "borrow", "clone", "deref"];

/// The lint about names of variables that say nothing.
pub(crate) const DISALLOWED: &str = "clippy::disallowed_names";

/// Whether clippy takes it for the name of a variable that says nothing.
pub(crate) fn is_placeholder(name: &str) -> bool {
    matches!(name, "foo" | "baz" | "quux")
}

/// The attribute that keeps clippy from complaining of a method's name.
pub(crate) fn allow(name: &str, method: Method) -> Option<String> {
    let begins = |prefixes: &[&str]| prefixes.iter().any(|prefix| name.starts_with(prefix));
    let mutable = name.starts_with("to_") && name.ends_with("_mut");
    let convention = match method {
        Method::Setter => begins(&["as_", "from_", "is_", "to_"]),
        _ => begins(&["from_", "into_"]) || mutable || name == "new",
    };
    let of_trait = match method {
        Method::Setter => OPERATORS.contains(&name),
        Method::Getter => BORROWING.contains(&name),
        #[cfg(feature = "service")]
        Method::Command => false,
    };
    let lints = [
        (convention, "clippy::wrong_self_convention"),
        (of_trait, "clippy::should_implement_trait"),
        (method == Method::Setter && is_placeholder(name), DISALLOWED),
        (
            matches!(name, "iter" | "iter_mut"),
            "clippy::iter_not_returning_iterator",
        ),
    ];
    let lints: Vec<&str> = lints.into_iter().filter(|l| l.0).map(|l| l.1).collect_vec();
    (!lints.is_empty()).then(|| cat(&["#[allow(", &join(&lints, ", "), ")]"]))
}

/// The same for the constructor of a type.
pub(crate) fn allow_new(ident: &str) -> Option<&'static str> {
    (ident == "New").then_some("#[allow(clippy::self_named_constructors)]")
}
