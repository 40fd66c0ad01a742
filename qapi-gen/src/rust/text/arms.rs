//! The arms of a match.

use super::{CALL_WIDTH, CHAIN_WIDTH, Fit, Text, split, width_of};
use crate::compact::{CollectVec as _, cat, join};

impl Text {
    /// Begins the pattern of an arm if it is too long for a line; what is left of it.
    fn arm_pattern<'a>(&mut self, pattern: &'a str) -> &'a str {
        match pattern.split_once('(') {
            Some((path, parts)) if pattern.len() + " => {".len() > self.room() => {
                let parts = parts.trim_end_matches(')');
                self.open(&[path, "("]);
                parts.split(", ").for_each(|part| self.line(&[part, ","]));
                self.indent -= 1;
                ")"
            }
            _ => pattern,
        }
    }

    /// `PATTERN => BODY,` of a match; the body in a block if the line would be too long.
    pub(crate) fn arm(&mut self, pattern: &str, body: &str) {
        let pattern = self.arm_pattern(pattern);
        if pattern.len() + " => ,".len() + body.len() <= self.room() {
            self.line(&[pattern, " => ", body, ","]);
        } else if let Some((call, map)) = self.broken_chain(body) {
            if pattern.len() + " => ".len() + call.len() < self.room() {
                self.open(&[pattern, " => ", call]);
                self.line(&[map, ","]);
                self.indent -= 1;
            } else {
                self.open(&[pattern, " => {"]);
                self.open(&[call]);
                self.line(&[map]);
                self.indent -= 1;
                self.close("}");
            }
        } else {
            self.open(&[pattern, " => {"]);
            self.line(&[body, statement_end(body)]);
            self.close("}");
        }
    }

    /// `PATTERN => BODY,` where the body is a chain of several calls.
    pub(crate) fn arm_chain(&mut self, pattern: &str, parts: &[&str]) {
        let body = cat(parts);
        let [first, middle @ .., last] = parts else {
            return self.arm(pattern, &body);
        };
        if body.len() <= CHAIN_WIDTH {
            return self.arm(pattern, &body);
        }
        self.open(&[pattern, " => ", first]);
        middle.iter().for_each(|part| self.line(&[part]));
        self.line(&[last, ","]);
        self.indent -= 1;
    }

    /// The last call of a chain and what is before, if the chain does not fit a line of its own.
    fn broken_chain<'a>(&self, body: &'a str) -> Option<(&'a str, &'a str)> {
        let at = body.find(").map(")? + 1;
        (body.len() + 4 > self.room()).then(|| body.split_at(at))
    }

    /// `PATTERN => BODY,` where the body is a call that gives nothing.
    pub(crate) fn arm_do(&mut self, pattern: &str, body: &str) {
        let pattern = self.arm_pattern(pattern);
        if pattern.len() + " => ,".len() + body.len() <= self.room() {
            self.line(&[pattern, " => ", body, ","]);
        } else {
            self.open(&[pattern, " => {"]);
            match body
                .strip_suffix(')')
                .and_then(|body| body.rsplit_once('('))
            {
                Some((callee, items)) => {
                    let items: Vec<&str> =
                        split(items).filter(|item| !item.is_empty()).collect_vec();
                    self.list(&cat(&[callee, "("]), &items, ");", Fit::Call);
                }
                None => self.line(&[body, ";"]),
            }
            self.close("}");
        }
    }

    /// An arm whose body is a call: `CALLEE` ends in the open parenthesis, `TAIL` begins with the
    /// closing one.
    pub(crate) fn arm_call(&mut self, pattern: &str, callee: &str, items: &[&str], tail: &str) {
        let pattern = self.arm_pattern(pattern);
        let width = width_of(items);
        let end = match callee.starts_with("return ") {
            true => ";",
            false => statement_end(tail),
        };
        let body = callee.len() + width + tail.len() + end.len();
        // rustfmt does not count the last bracket behind a call without arguments.
        let uncounted = usize::from(items.last().is_some_and(|item| item.ends_with(">()")));
        if width <= CALL_WIDTH && body + 4 <= self.room() + uncounted {
            self.arm(pattern, &cat(&[callee, &join(items, ", "), tail]));
        } else if callee.starts_with("return ") {
            self.open(&[pattern, " => {"]);
            self.list(callee, items, &cat(&[tail, ";"]), Fit::Call);
            self.close("}");
        } else if let [item] = items
            && let Some((head, argument)) = item.split_once("::<")
            && let Some(argument) = argument.strip_suffix(">()")
            && pattern.len() + " => ".len() + callee.len() + head.len() + "::<(),".len()
                <= self.room()
        {
            self.open(&[pattern, " => ", callee, head, "::<"]);
            self.line(&[argument, ","]);
            self.close(&cat(&[">()", tail, ","]));
        } else if let [item] = items
            && let Some((head, argument)) = item.split_once("::<")
            && let Some(argument) = argument.strip_suffix(">()")
            && body + 4 > self.room() + "()))".len()
            && callee.len() + head.len() + "::<".len() + 4 < self.room()
        {
            self.open(&[pattern, " => {"]);
            self.open(&[callee, head, "::<"]);
            self.line(&[argument, ","]);
            self.close(&cat(&[">()", tail]));
            self.close("}");
        } else if pattern.len() + " => ".len() + callee.len() + 1 > self.room() {
            self.open(&[pattern, " => {"]);
            self.list(callee, items, &cat(&[tail, end]), Fit::Call);
            self.close("}");
        } else {
            self.open(&[pattern, " => ", callee]);
            self.items(items, Fit::Call);
            self.close(&cat(&[tail, ","]));
        }
    }
}

/// What ends an expression as a statement, where its value is not the block's: a jump, or `()`.
fn statement_end(body: &str) -> &'static str {
    match body.starts_with("return ") || body.ends_with('?') {
        true => ";",
        false => "",
    }
}
