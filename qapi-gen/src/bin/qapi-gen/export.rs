//! `qapi-gen export`

use crate::Outcome;
use crate::input::Language;
use crate::interface::{Source, title};
use crate::output::{Sink, spare};
use qapi_gen::Interface;
use qapi_gen::export::{Format, export};
use std::path::PathBuf;

/// Write a schema in a form for other languages.
///
/// SCHEMA is a schema's root file, the folder of a QEMU source tree, a file with what a server answered to
/// query-qmp-schema, or a running server as unix:PATH or tcp:HOST:PORT. What a server tells has no names for types, which
/// are made as `qapi-gen import` makes them, and does not say which commands take further arguments, such as QEMU's device_add.
///
/// Exit status: 0 if the output is written, 2 if there is none.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// What to write.
    #[arg(long, value_name = "FORMAT", value_enum)]
    format: Form,
    /// Write to this file instead of standard output.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// What the output calls the interface, instead of by the name of its file or folder.
    #[arg(long)]
    title: Option<String>,
    #[command(flatten)]
    language: Language,
    /// The schema; - is standard input.
    #[arg(value_name = "SCHEMA")]
    schema: PathBuf,
}

const EXAMPLES: &str = "\
Examples:
  qapi-gen export --format json-schema vmm.json -o vmm.schema.json
  qapi-gen export --format openrpc qemu-11.1.0 -o qmp.openrpc.json
  qapi-gen export --format typescript unix:/run/vm/qmp.sock -o qmp.ts";

const NOTE: &str = "\
note: introspection does not tell which commands take further arguments, as QEMU's device_add does; to have them, export what
`qapi-gen import --names-from SCHEMA` makes of it";

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Form {
    /// JSON Schema 2020-12: types, requests, replies, events.
    JsonSchema,
    /// OpenRPC 1.3: commands as methods, events as notifications.
    Openrpc,
    /// Declarations for TypeScript.
    Typescript,
}

pub(crate) fn run(args: &Args) -> Outcome {
    match write(args) {
        Ok(outcome) | Err(outcome) => outcome,
    }
}

fn write(args: &Args) -> Result<Outcome, Outcome> {
    let source = Source::read(&args.schema, &args.language)?;
    spare(source.inputs(&args.schema), args.output.as_deref())?;
    if let Source::Introspection(_) = source {
        eprintln!("{NOTE}");
    }
    let interface = Interface::of(&source.schema(&args.schema)?);
    let format = match args.format {
        Form::JsonSchema => Format::JsonSchema,
        Form::Openrpc => Format::OpenRpc,
        Form::Typescript => Format::TypeScript,
    };
    let title = args.title.clone().unwrap_or_else(|| title(&args.schema));
    let text = export(&interface, format, &title);
    let mut sink = Sink::to(args.output.as_deref());
    sink.write(text.as_bytes());
    Ok(sink.finish())
}
