//! `qapi-gen reference`

use crate::Outcome;
use crate::folder::Folder;
use crate::input::Language;
use crate::interface::{Source, title};
use crate::output::{Sink, complain, spare};
use qapi_gen::Releases;
use qapi_gen::reference::Reference;
use std::path::{Path, PathBuf};

/// Write the reference of a schema: a web site, one file of Markdown, or text.
///
/// The site is a folder of pages that work from disk, without a server, and load nothing from elsewhere: open its
/// index.html. A folder that has other files is left as it is; one that this command wrote is replaced.
///
/// SCHEMA is a schema's root file, the folder of a QEMU source tree, a file with what a server answered to
/// query-qmp-schema, or a running server as unix:PATH or tcp:HOST:PORT. What a server tells has no documentation.
///
/// Examples in the documentation that the schema does not allow are reported as warnings.
///
/// Exit status: 0 if the output is written, 1 if it is and --strict found a warning, 2 if there is none.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// What to write.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Form::Html)]
    format: Form,
    /// The folder of the site; for other formats a file instead of standard output.
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// What the reference is called, instead of by the name of its file or folder.
    #[arg(long)]
    title: Option<String>,
    /// A file with facts about releases, as schema/releases/qmp.txt: what is younger than the oldest says since when.
    #[arg(long, value_name = "FILE")]
    releases: Option<PathBuf>,
    /// Also read this file, with what earlier releases had, as schema/releases/qmp-dropped.json.
    #[arg(long, value_name = "FILE")]
    extend: Vec<PathBuf>,
    /// Fail if an example is not what the schema allows.
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    language: Language,
    /// The schema; - is standard input.
    #[arg(value_name = "SCHEMA")]
    schema: PathBuf,
}

const EXAMPLES: &str = "\
Examples:
  qapi-gen reference vmm.json -o site
  qapi-gen reference qemu-11.1.0 -o site --title 'QEMU 11.1' --releases schema/releases/qmp.txt
  qapi-gen reference --format markdown vmm.json -o vmm.md
  qapi-gen reference --format text unix:/run/vm/qmp.sock | less";

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Form {
    /// A folder of web pages.
    Html,
    /// One file of Markdown.
    Markdown,
    /// Text for a terminal.
    Text,
}

pub(crate) fn run(args: &Args) -> Outcome {
    match write(args) {
        Ok(outcome) | Err(outcome) => outcome,
    }
}

fn write(args: &Args) -> Result<Outcome, Outcome> {
    let releases = match &args.releases {
        None => None,
        Some(path) => Some(facts(path)?),
    };
    // Whatever is wrong with the folder is said before the work is done.
    let folder = match (args.format, &args.output) {
        (Form::Html, None) => return Err(complain("a site needs a folder: --output DIR")),
        (Form::Html, Some(path)) => Some(Folder::open(path).map_err(|error| complain(&error))?),
        (Form::Markdown | Form::Text, _) => None,
    };
    let source = Source::read(&args.schema, &args.language.extended_by(&args.extend))?;
    let mut inputs = source.inputs(&args.schema);
    inputs.extend(args.releases.clone());
    spare(inputs, args.output.as_deref())?;
    let told = matches!(source, Source::Introspection(_));
    let schema = source.schema(&args.schema)?;
    let title = args.title.clone().unwrap_or_else(|| title(&args.schema));
    let mut reference = Reference::with_releases(&schema, &title, releases.as_ref());
    if told {
        reference = reference.without_places();
    }
    let written = match folder {
        Some(folder) => {
            let site = reference.site();
            let files: Vec<(&str, &str)> = site
                .iter()
                .map(|file| (file.name.as_str(), file.text.as_str()))
                .collect();
            let replaced = folder.replace(&files);
            replaced.map_or_else(|error| complain(&error), |()| Outcome::Done)
        }
        None => {
            let text = match args.format {
                Form::Text => reference.text(),
                Form::Html | Form::Markdown => reference.markdown(),
            };
            let mut sink = Sink::to(args.output.as_deref());
            sink.write(text.as_bytes());
            sink.finish()
        }
    };
    let warnings = reference.warnings();
    let mut sink = Sink::stderr();
    for warning in &warnings {
        sink.write(format!("{warning}\n").as_bytes());
    }
    let judged = match args.strict && !warnings.is_empty() {
        true => Outcome::Rejected,
        false => Outcome::Done,
    };
    let outcome = written.max(judged).max(sink.finish());
    drop(reference);
    // The process ends here; taking the schema apart first would only cost time.
    std::mem::forget(schema);
    Ok(outcome)
}

fn facts(path: &Path) -> Result<Releases, Outcome> {
    let text = std::fs::read_to_string(path);
    let text =
        text.map_err(|error| complain(&format!("cannot read {}: {error}", path.display())))?;
    Releases::parse(&text).map_err(|error| complain(&format!("{}: {error}", path.display())))
}
