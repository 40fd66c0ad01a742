//! The rules of the language at length, with examples.
//!
//! ```
//! use qapi_gen::diagnostic::Code;
//! use qapi_gen::explain::explain;
//! let explanation = explain(Code::UnknownType);
//! assert!(explanation.text.starts_with("The name is defined nowhere"));
//! assert!(!explanation.breaks.is_empty() && !explanation.keeps.is_empty());
//! ```

use crate::diagnostic::Code;

/// Each rule: its code, the section of QEMU's documentation, and the explanation up to an empty line.
const RULES: &str = include_str!("rules.txt");

/// Schemas from the tests of the rules; made by them.
const EXAMPLES: &str = include_str!("examples.txt");

/// QEMU's documentation of the language.
pub const SOURCE: &str = "https://www.qemu.org/docs/master/devel/qapi-code-gen.html";

/// A rule at length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Explanation {
    /// The rule.
    pub code: Code,
    /// The section of QEMU's *How to use the QAPI code generator* ([`SOURCE`]) that has the rule, or to which it belongs.
    pub section: &'static str,
    /// What the rule is good for, and what to do: lines of running text.
    pub text: &'static str,
    /// A schema that breaks the rule. Where it has several files, lines `+++ NAME` start the others. `%{E9}` stands for the
    /// byte E9 where it is no UTF-8. Where a few lines are no example, it is what a shell shows, its commands after `$ `.
    pub breaks: &'static str,
    /// A schema that keeps the rule, and nearly breaks it.
    pub keeps: &'static str,
}

/// Explains a rule.
pub fn explain(code: Code) -> Explanation {
    let mut rules = RULES.split("\n\n").filter_map(|rule| {
        let (head, text) = rule.trim_start().split_once('\n')?;
        let (name, section) = head.split_once(' ')?;
        (name == code.as_str()).then_some((section, text.trim_end()))
    });
    let (section, text) = rules.next().unwrap_or_default();
    Explanation {
        code,
        section,
        text,
        breaks: example(code, "breaks"),
        keeps: example(code, "keeps"),
    }
}

fn example(code: Code, kind: &str) -> &'static str {
    let mut examples = EXAMPLES.split("=== ").filter_map(|example| {
        let (head, text) = example.split_once('\n')?;
        (head.split_once(' ') == Some((code.as_str(), kind))).then_some(text)
    });
    examples.next().unwrap_or_default()
}

/// The anchor of a section in [`SOURCE`].
pub fn anchor(section: &str) -> String {
    section.to_ascii_lowercase().replace(' ', "-")
}

impl Explanation {
    /// The explanation in Markdown.
    pub fn markdown(&self) -> String {
        let mut out = format!(
            "## {}\n\n**{}**\n\n{}\n",
            self.code,
            self.code.rule(),
            self.text
        );
        for (title, example) in [("Breaks it:", self.breaks), ("Keeps it:", self.keeps)] {
            if !example.is_empty() {
                out += &format!("\n{title}\n\n```text\n{example}```\n");
            }
        }
        out + &format!(
            "\nSource: [{}]({SOURCE}#{})\n",
            self.section,
            anchor(self.section)
        )
    }
}
