//! Names of methods of which clippy expects something else than what generated methods do.

use crate::print::Code;
use crate::rust::template::commas;

/// What a method named after a member or a command does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
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
pub(super) fn disallowed_names() -> Code {
    code!(clippy::disallowed_names)
}

/// Whether clippy takes it for the name of a variable that says nothing.
pub(super) fn is_placeholder(name: &str) -> bool {
    matches!(name, "foo" | "baz" | "quux")
}

/// The attribute that keeps clippy from complaining of a method's name.
pub(super) fn allow(name: &str, method: Method) -> Option<Code> {
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
    let mut lints = Vec::new();
    if convention {
        lints.push(code!(clippy::wrong_self_convention));
    }
    if of_trait {
        lints.push(code!(clippy::should_implement_trait));
    }
    if method == Method::Setter && is_placeholder(name) {
        lints.push(disallowed_names());
    }
    if matches!(name, "iter" | "iter_mut") {
        lints.push(code!(clippy::iter_not_returning_iterator));
    }
    let lints = commas(lints);
    (!lints.is_empty()).then(|| code!(lints => #[allow(#lints)]))
}

/// The same for the constructor of a type.
pub(super) fn allow_new(ident: &str) -> Option<Code> {
    (ident == "New").then(|| code!(#[allow(clippy::self_named_constructors)]))
}
