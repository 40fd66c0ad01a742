//! `qapi-gen introspect`

use crate::Outcome;
use crate::input::{Language, Root};
use crate::output::{Sink, report};
use qapi_gen::introspect::{Options, describes_itself, schema_info};
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
    /// The release of QEMU that the schema is of, such as 2.11. What servers answered has changed.
    #[arg(long, value_name = "VERSION", value_parser = release)]
    release: Option<(u32, u32)>,
    #[command(flatten)]
    language: Language,
    /// The schema's root file; - is standard input.
    #[arg(value_name = "SCHEMA")]
    schema: PathBuf,
}

fn release(argument: &str) -> Result<(u32, u32), &'static str> {
    let mut numbers = argument.split('.').map(str::parse);
    match (
        numbers.next(),
        numbers.next(),
        numbers.next(),
        numbers.next(),
    ) {
        (Some(Ok(major)), Some(Ok(minor)), None | Some(Ok(_)), None) => Ok((major, minor)),
        _ => Err("expected a release such as 2.11 or 2.11.0"),
    }
}

pub(crate) fn run(args: &Args) -> Outcome {
    let root = Root::from(args.schema.as_path());
    match root.read(&args.language.frontend()) {
        Ok(schema) => {
            if args.language.legacy && args.release.is_none() && !describes_itself(&schema) {
                eprintln!(
                    "warning: {} does not tell of which release it is, so the form of the answer is a guess. \
                     --release VERSION says it",
                    root.name().display()
                );
            }
            let options = Options {
                unmask: args.unmask,
                pretty: args.pretty,
                release: args.release,
                ..Options::default()
            };
            let mut sink = Sink::stdout();
            sink.write(schema_info(&schema, &options).as_bytes());
            sink.finish()
        }
        Err(failure) => report(&root, &failure, &args.language),
    }
}
