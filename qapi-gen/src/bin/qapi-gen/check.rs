//! `qapi-gen check`

use crate::Outcome;
use crate::input::{Language, Root};
use crate::output::{MessageFormat, Reporter, complain};
use std::path::PathBuf;

/// Check schemas, and report every error.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How to report errors.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = MessageFormat::Human)]
    message_format: MessageFormat,
    #[command(flatten)]
    language: Language,
    /// The schemas' root files; - is standard input.
    #[arg(value_name = "SCHEMA", required = true)]
    schemas: Vec<PathBuf>,
}

pub(crate) fn run(args: &Args) -> Outcome {
    let roots: Vec<Root> = args.schemas.iter().map(|p| p.as_path().into()).collect();
    if roots.iter().filter(|&r| *r == Root::Stdin).count() > 1 {
        return complain("standard input can be read only once");
    }
    let frontend = args.language.frontend().style(true).docs(false);
    let mut reporter = Reporter::new(args.message_format);
    let mut outcome = Outcome::Done;
    for root in &roots {
        match root.read(&frontend) {
            // Freeing a schema takes a tenth of the whole run, and the process ends soon.
            Ok(schema) => std::mem::forget(schema),
            Err(failure) => outcome = outcome.max(reporter.failure(root, &failure, &args.language)),
        }
    }
    outcome.max(reporter.finish())
}
