//! `qapi-gen explain`

use crate::Outcome;
use crate::output::{Sink, complain};
use qapi_gen::diagnostic::Code;
use qapi_gen::explain::{SOURCE, explain};
use std::fmt::Write as _;

/// Explain an error: the rule at length, with examples.
///
/// Exit status: 0, or 2 if there is no such rule.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The code of the rule, which errors have in brackets, such as T4. Without it, all rules are
    /// listed.
    #[arg(value_name = "CODE")]
    code: Option<String>,
}

const EXAMPLES: &str = "\
Examples:
  qapi-gen explain T4
  qapi-gen explain | grep -i union";

pub(crate) fn run(args: &Args) -> Outcome {
    let mut text = String::new();
    match &args.code {
        None => {
            for code in Code::ALL {
                _ = writeln!(text, "{:4} {}", code.as_str(), code.rule());
            }
        }
        Some(written) => {
            // As it stands in an error's first line, too.
            let name = written.trim_start_matches("error").trim_matches(['[', ']']);
            let mut codes = Code::ALL.iter();
            let Some(code) = codes.find(|c| c.as_str().eq_ignore_ascii_case(name)) else {
                return complain(&format!(
                    "there is no rule '{written}'; qapi-gen explain lists all of them"
                ));
            };
            let explanation = explain(*code);
            _ = writeln!(text, "{code}: {}\n\n{}", code.rule(), explanation.text);
            for (title, example) in [
                ("Breaks it:", explanation.breaks),
                ("Keeps it:", explanation.keeps),
            ] {
                if !example.is_empty() {
                    _ = writeln!(text, "\n{title}\n");
                    for line in example.lines() {
                        _ = writeln!(text, "    {line}");
                    }
                }
            }
            _ = writeln!(
                text,
                "\nSource: {SOURCE}, section \"{}\"",
                explanation.section
            );
        }
    }
    let mut sink = Sink::stdout();
    sink.write(text.as_bytes());
    sink.finish()
}
