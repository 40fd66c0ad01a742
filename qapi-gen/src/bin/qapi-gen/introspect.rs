//! `qapi-gen introspect`

use crate::Outcome;
use crate::input::{Language, Root};
use crate::output::{Sink, report};
use qapi_gen::introspect::{Options, schema_info};
use std::path::PathBuf;

/// Write what a server answers to query-qmp-schema, as a JSON array.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Show the names of types instead of numbers.
    #[arg(long)]
    unmask: bool,
    /// Indent the output.
    #[arg(long)]
    pretty: bool,
    #[command(flatten)]
    language: Language,
    /// The schema's root file; - is standard input.
    #[arg(value_name = "SCHEMA")]
    schema: PathBuf,
}

pub(crate) fn run(args: &Args) -> Outcome {
    let root = Root::from(args.schema.as_path());
    match root.read(&args.language.frontend()) {
        Ok(schema) => {
            let options = Options {
                unmask: args.unmask,
                pretty: args.pretty,
                ..Options::default()
            };
            let mut sink = Sink::stdout();
            sink.write(schema_info(&schema, &options).as_bytes());
            sink.finish()
        }
        Err(failure) => report(&root, &failure, &args.language),
    }
}
