//! Conditions as C preprocessor expressions, as written before 6.2.

use crate::model::Condition;

/// Translates an expression of `defined(X)`, `!`, `&&`, `||` and parentheses; anything else is
/// kept as it is.
pub(crate) fn c_condition(text: &str) -> Condition {
    let mut parser = Parser { rest: text };
    match parser.or(0) {
        Some(condition) if parser.rest.trim().is_empty() => condition,
        _ => Condition::Opaque(text.into()),
    }
}

const MAX_DEPTH: usize = 100;

struct Parser<'t> {
    rest: &'t str,
}

impl Parser<'_> {
    fn eat(&mut self, token: &str) -> bool {
        let rest = self.rest.trim_start();
        match rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn or(&mut self, depth: usize) -> Option<Condition> {
        let mut operands = vec![self.and(depth)?];
        while self.eat("||") {
            operands.push(self.and(depth)?);
        }
        Some(single(operands, Condition::Any))
    }

    fn and(&mut self, depth: usize) -> Option<Condition> {
        let mut operands = vec![self.unary(depth)?];
        while self.eat("&&") {
            operands.push(self.unary(depth)?);
        }
        Some(single(operands, Condition::All))
    }

    fn unary(&mut self, depth: usize) -> Option<Condition> {
        if depth > MAX_DEPTH {
            return None;
        }
        if self.eat("!") {
            return Some(Condition::Not(Box::new(self.unary(depth + 1)?)));
        }
        if self.eat("(") {
            let inner = self.or(depth + 1)?;
            return self.eat(")").then_some(inner);
        }
        if !self.eat("defined") {
            return None;
        }
        let parenthesis = self.eat("(");
        let rest = self.rest.trim_start();
        let end = rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
            .unwrap_or(rest.len());
        let (symbol, rest) = rest.split_at(end);
        self.rest = rest;
        let closed = !parenthesis || self.eat(")");
        (closed && !symbol.is_empty()).then(|| Condition::Symbol(symbol.into()))
    }
}

fn single(mut operands: Vec<Condition>, join: fn(Vec<Condition>) -> Condition) -> Condition {
    match operands.len() {
        1 => operands.remove(0),
        _ => join(operands),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_become_trees() {
        let symbol = |s: &str| Condition::Symbol(s.into());
        assert_eq!(c_condition("defined(A)"), symbol("A"));
        assert_eq!(
            c_condition("defined(A) && !defined(B) || (defined C)"),
            Condition::Any(vec![
                Condition::All(vec![symbol("A"), Condition::Not(Box::new(symbol("B")))]),
                symbol("C"),
            ])
        );
        for odd in ["A > 2", "defined(", "defined(A) &&", "", "defined(A) x"] {
            assert_eq!(c_condition(odd), Condition::Opaque(odd.into()));
        }
        let deep = "!".repeat(100_000) + "defined(A)";
        assert!(matches!(c_condition(&deep), Condition::Opaque(_)));
    }
}
