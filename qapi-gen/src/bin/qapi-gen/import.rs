//! `qapi-gen import`

use crate::Outcome;
use crate::input::Language;
use crate::interface::Source;
use crate::output::{Sink, complain, spare};
use qapi_gen::Interface;
use qapi_gen::import::import;
use std::path::PathBuf;

/// Make a schema from what a server tells of its own.
///
/// SOURCE is a file with what a server answered to query-qmp-schema, by itself or in a log of the connection, or a running
/// server as unix:PATH or tcp:HOST:PORT. The schema that is written introspects to what it was made from.
///
/// What introspection does not tell is said on standard error, and in the schema's first lines.
///
/// Exit status: 0 if the schema is written, 2 if there is none.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Write to this file instead of standard output.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Take names, widths of integers and flags of commands from this schema, as far as it has
    /// the same: a root file, the folder of a QEMU source tree, or introspection with names.
    #[arg(long, value_name = "SCHEMA")]
    names_from: Option<PathBuf>,
    #[command(flatten)]
    language: Language,
    /// The introspection; - is standard input.
    #[arg(value_name = "SOURCE")]
    source: PathBuf,
}

const EXAMPLES: &str = "\
Examples:
  qapi-gen import unix:/run/vm/qmp.sock -o vm.json
  qapi-gen import answer.json --names-from qemu-10.2.0 -o vm.json
  qapi-gen generate vm.json";

pub(crate) fn run(args: &Args) -> Outcome {
    match write(args) {
        Ok(outcome) | Err(outcome) => outcome,
    }
}

fn write(args: &Args) -> Result<Outcome, Outcome> {
    let source = Source::read(&args.source, &args.language)?;
    let mut inputs = source.inputs(&args.source);
    let interface = match source {
        Source::Introspection(interface) => interface,
        Source::Schema(schema)
            if schema
                .sources()
                .files()
                .all(|(_, f)| f.text().trim().is_empty()) =>
        {
            return Err(complain(&format!("{} is empty", args.source.display())));
        }
        Source::Schema(_) => {
            return Err(complain(&format!(
                "{} is a schema already; qapi-gen introspect makes introspection of it",
                args.source.display()
            )));
        }
    };
    let names: Option<Interface> = match &args.names_from {
        Some(path) => {
            let source = Source::read(path, &args.language)?;
            inputs.extend(source.inputs(path));
            Some(source.interface())
        }
        None => None,
    };
    spare(inputs, args.output.as_deref())?;
    let imported = import(&interface, names.as_ref())
        .map_err(|error| complain(&format!("{}: {error}", args.source.display())))?;
    for note in &imported.notes {
        eprintln!("note: {note}");
    }
    let mut sink = Sink::to(args.output.as_deref());
    sink.write(imported.text.as_bytes());
    Ok(sink.finish())
}
