//! What becomes of the schema's conditions.

use super::options::{Decision, Decisions};
use super::template::{Piece, code_of};
use crate::model;
use crate::print::Code;

/// When something is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    Always,
    Never,
    /// If this predicate of `#[cfg(…)]` holds.
    If(String),
}

impl Presence {
    /// When something is there that has this condition.
    pub(crate) fn of(condition: Option<&model::Condition>, decisions: &Decisions) -> Presence {
        match condition {
            Some(condition) if !decisions.is_empty() => evaluate(condition, decisions, true),
            _ => Presence::Always,
        }
    }

    /// Whether it depends on a predicate.
    pub(crate) fn is_conditional(&self) -> bool {
        matches!(self, Presence::If(_))
    }

    /// When it is not there.
    pub(crate) fn not(self) -> Presence {
        match self {
            Presence::Always => Presence::Never,
            Presence::Never => Presence::Always,
            Presence::If(predicate) => Presence::If(format!("not({predicate})")),
        }
    }

    /// When both are there.
    pub(crate) fn and(self, other: Presence) -> Presence {
        match (self, other) {
            (Presence::Never, _) | (_, Presence::Never) => Presence::Never,
            (Presence::Always, it) | (it, Presence::Always) => it,
            (Presence::If(a), Presence::If(b)) if a == b => Presence::If(a),
            (Presence::If(a), Presence::If(b)) => Presence::If(format!("all({a}, {b})")),
        }
    }
}

/// The attribute to put in front.
impl Piece for Presence {
    fn put(&self, code: &mut Code) {
        if let Presence::If(predicate) = self {
            let predicate = code_of(predicate);
            code.extend(code!(predicate => #[cfg(#predicate)]));
        }
    }
}

/// `undecided` is what a symbol counts as that nobody decided, so that the whole comes out present
/// rather than absent: it turns around below `not`.
fn evaluate(condition: &model::Condition, decisions: &Decisions, undecided: bool) -> Presence {
    let constant = |holds| {
        if holds {
            Presence::Always
        } else {
            Presence::Never
        }
    };
    match condition {
        model::Condition::Symbol(name) => match decisions.get(name.as_str()) {
            None => constant(undecided),
            Some(Decision::True) => Presence::Always,
            Some(Decision::False) => Presence::Never,
            Some(Decision::Cfg(predicate)) => Presence::If(predicate.clone()),
        },
        model::Condition::Opaque(_) => constant(undecided),
        model::Condition::Not(inner) => evaluate(inner, decisions, !undecided).not(),
        model::Condition::All(list) => combine(
            "all",
            Presence::Never,
            Presence::Always,
            list,
            decisions,
            undecided,
        ),
        model::Condition::Any(list) => combine(
            "any",
            Presence::Always,
            Presence::Never,
            list,
            decisions,
            undecided,
        ),
    }
}

fn combine(
    operator: &str,
    absorbing: Presence,
    neutral: Presence,
    list: &[model::Condition],
    decisions: &Decisions,
    undecided: bool,
) -> Presence {
    let mut predicates = Vec::new();
    for condition in list {
        match evaluate(condition, decisions, undecided) {
            it if it == absorbing => return absorbing,
            Presence::If(predicate) => predicates.push(predicate),
            _ => {}
        }
    }
    match predicates.len() {
        0 => neutral,
        1 => Presence::If(predicates.remove(0)),
        _ => Presence::If(format!("{operator}({})", predicates.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn symbol(name: &str) -> model::Condition {
        model::Condition::Symbol(name.into())
    }

    fn of(condition: &model::Condition, decisions: &[(&str, Decision)]) -> Presence {
        let decisions = decisions
            .iter()
            .map(|(name, c)| ((*name).to_owned(), c.clone()))
            .collect();
        Presence::of(Some(condition), &decisions)
    }

    #[test]
    fn what_nobody_decided_is_present() {
        let a_and_not_b = model::Condition::All(vec![
            symbol("A"),
            model::Condition::Not(Box::new(symbol("B"))),
        ]);
        assert_eq!(of(&a_and_not_b, &[]), Presence::Always);
        assert_eq!(of(&a_and_not_b, &[("A", Decision::True)]), Presence::Always);
        assert_eq!(of(&a_and_not_b, &[("B", Decision::True)]), Presence::Never);
        assert_eq!(of(&a_and_not_b, &[("A", Decision::False)]), Presence::Never);
    }

    #[test]
    fn predicates_are_combined() {
        let cfg = |text: &str| Decision::Cfg(text.to_owned());
        let any = model::Condition::Any(vec![symbol("A"), symbol("B")]);
        assert_eq!(
            of(&any, &[("A", cfg("unix")), ("B", cfg("windows"))]),
            Presence::If("any(unix, windows)".to_owned())
        );
        assert_eq!(of(&any, &[("A", cfg("unix"))]), Presence::Always);
        assert_eq!(
            of(&any, &[("A", cfg("unix")), ("B", Decision::False)]),
            Presence::If("unix".to_owned())
        );
        let not = model::Condition::Not(Box::new(symbol("A")));
        assert_eq!(
            of(&not, &[("A", cfg("unix"))]),
            Presence::If("not(unix)".to_owned())
        );
    }
}
