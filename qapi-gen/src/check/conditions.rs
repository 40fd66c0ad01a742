//! The shape of conditions.

use super::shaper::Shape;
use crate::diagnostic::{Code, Diagnostic};
use crate::model::Condition;
use crate::names::sym;
use crate::syntax::ast::{Object, Str, Value};

/// One level of a condition.
enum Level<'v> {
    Symbol(Condition),
    Not(&'v Value),
    All(&'v [Value]),
    Any(&'v [Value]),
}

impl Shape<'_> {
    /// The value of the key `if`.
    pub(super) fn condition(
        &mut self,
        object: &Object,
        what: impl Fn() -> String,
    ) -> Option<Condition> {
        let value = object.get(sym::IF)?;
        // Up to 6.1 a condition was C, or a list of that.
        let c = |value: &Value| matches!(value, Value::Str(text) if !self.text(text.symbol).trim().is_empty());
        let was_right = match value {
            Value::Array(list) => !list.items.is_empty() && list.items.iter().all(c),
            value => c(value),
        };
        let found = self.report.found.len();
        let condition = self.condition_value(value, &what);
        if was_right {
            self.report.found.taken_until(found, (6, 1));
        }
        condition
    }

    // One level at a time, so that the frames of deeply nested conditions stay small.
    fn condition_value(&mut self, value: &Value, what: &dyn Fn() -> String) -> Option<Condition> {
        match self.condition_level(value, what)? {
            Level::Symbol(condition) => Some(condition),
            Level::Not(operand) => {
                let operand = self.condition_value(operand, what)?;
                Some(Condition::Not(Box::new(operand)))
            }
            Level::All(operands) => Some(Condition::All(self.operands(operands, what)?)),
            Level::Any(operands) => Some(Condition::Any(self.operands(operands, what)?)),
        }
    }

    /// All operands; `None` if one of them is faulty, but after a look at every one.
    fn operands(
        &mut self,
        operands: &[Value],
        what: &dyn Fn() -> String,
    ) -> Option<Vec<Condition>> {
        let mut conditions = Vec::with_capacity(operands.len());
        for operand in operands {
            conditions.extend(self.condition_value(operand, what));
        }
        (conditions.len() == operands.len()).then_some(conditions)
    }

    #[inline(never)]
    fn condition_level<'v>(
        &mut self,
        value: &'v Value,
        what: &dyn Fn() -> String,
    ) -> Option<Level<'v>> {
        let object = match value {
            Value::Str(symbol) => return self.condition_symbol(*symbol, what).map(Level::Symbol),
            Value::Object(object) => object,
            Value::Array(array) if self.parsed.options.legacy && !array.items.is_empty() => {
                self.parsed.old_expressions = true;
                return Some(Level::All(&array.items));
            }
            other => {
                let message = format!(
                    "the condition of {} must be a string or an object, not {}",
                    what(),
                    other.kind()
                );
                let mut diagnostic = Diagnostic::new(Code::ConditionType, other.span(), message);
                if matches!(other, Value::Array(_)) {
                    diagnostic = diagnostic.help(
                        "since QEMU 6.2 a list is written { 'all': [ ... ] }; older schemas are read as legacy input",
                    );
                }
                self.error(diagnostic);
                return None;
            }
        };
        let operators = [sym::ALL, sym::ANY, sym::NOT];
        let mut keys = object.members.iter().map(|(key, _)| key);
        if let Some(key) = keys.find(|key| !operators.contains(&key.symbol)) {
            let written = self.parsed.names.name(key.symbol).clone();
            let message = format!(
                "the condition of {} has the unknown key '{written}'",
                what()
            );
            let diagnostic = Diagnostic::new(Code::ConditionUnknownKey, key.span, message)
                .note("valid keys are 'all', 'any', 'not'");
            let diagnostic =
                self.report
                    .suggest(diagnostic, &written, &mut ["all", "any", "not"].into_iter());
            self.error(diagnostic);
            return None;
        }
        let [(operator, operand)] = object.members.as_slice() else {
            let message = format!(
                "the condition of {} must have exactly one of 'all', 'any', 'not'",
                what()
            );
            self.error(Diagnostic::new(Code::ConditionKeys, object.span, message));
            return None;
        };
        self.report.found.needs((6, 2));
        if operator.symbol == sym::NOT {
            return Some(Level::Not(operand));
        }
        let operator_name = self.text(operator.symbol).to_owned();
        let Value::Array(array) = operand else {
            let message = format!(
                "'{operator_name}' in the condition of {} takes an array",
                what()
            );
            self.error(Diagnostic::new(
                Code::ConditionNotList,
                operand.span(),
                message,
            ));
            return None;
        };
        if array.items.is_empty() {
            let message = format!(
                "'{operator_name}' in the condition of {} has no operands",
                what()
            );
            self.error(Diagnostic::new(
                Code::ConditionEmptyList,
                array.span,
                message,
            ));
            return None;
        }
        Some(if operator.symbol == sym::ALL {
            Level::All(&array.items)
        } else {
            Level::Any(&array.items)
        })
    }

    fn condition_symbol(&mut self, symbol: Str, what: &dyn Fn() -> String) -> Option<Condition> {
        let text = self.text(symbol.symbol);
        let mut letters = text.bytes();
        if letters.next().is_some_and(|b| b.is_ascii_uppercase())
            && letters.all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
        {
            return Some(Condition::Symbol(
                self.parsed.names.name(symbol.symbol).clone(),
            ));
        }
        #[cfg(feature = "legacy")]
        if self.parsed.options.legacy && !text.trim().is_empty() {
            let condition = crate::legacy::c_condition(text);
            self.parsed.old_expressions = true;
            return Some(condition);
        }
        let message = format!(
            "the condition '{text}' of {} is not an identifier in upper case",
            what()
        );
        let mut diagnostic = Diagnostic::new(Code::ConditionIdentifier, symbol.span, message);
        if text.contains("defined") {
            diagnostic = diagnostic.help(
                "since QEMU 6.2 conditions are written with 'all', 'any', 'not'; older schemas are read as legacy input",
            );
        }
        self.error(diagnostic);
        None
    }
}
