//! `qapi-gen fmt`

use crate::Outcome;
use crate::input::Root;
use crate::output::{MessageFormat, Reporter, Sink, complain};
use qapi_gen::format::{self, format};
use qapi_gen::{DiskLoader, Loader as _};
use std::io::Read;
use std::path::{Path, PathBuf};

/// Format documentation comments as QEMU's schema has them.
///
/// Files are changed in place, those that they include are not. - formats standard input to standard output. What the
/// documentation says is not changed, nor are expressions. A file in which some expressions are faulty is formatted; one that
/// has errors of syntax and no definition that can be read is left alone.
///
/// Exit status: 0; 1 if a file is no schema, or with --check would change; 2 if a file cannot be read or written.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Change nothing, and name the files that would change.
    #[arg(long)]
    check: bool,
    /// Schema files.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  qapi-gen fmt schema/*.json
  qapi-gen fmt --check schema/*.json";

pub(crate) fn run(args: &Args) -> Outcome {
    let mut sink = Sink::stdout();
    let mut reporter = Reporter::new(MessageFormat::Human);
    let mut outcome = Outcome::Done;
    for path in &args.files {
        let one = file(path, args.check, &mut sink, &mut reporter);
        outcome = outcome.max(one.unwrap_or_else(|error| {
            complain(&format!("cannot format {}: {error}", path.display()))
        }));
    }
    outcome.max(reporter.finish()).max(sink.finish())
}

fn file(
    path: &Path,
    check: bool,
    sink: &mut Sink,
    reporter: &mut Reporter,
) -> std::io::Result<Outcome> {
    let stdin = path == Path::new("-");
    let mut text = String::new();
    match stdin {
        true => _ = std::io::stdin().lock().read_to_string(&mut text)?,
        false => {
            let bytes = DiskLoader.load(path)?;
            text = String::from_utf8(bytes).map_err(|error| {
                let line = error.as_bytes()[..error.utf8_error().valid_up_to()]
                    .split(|b| *b == b'\n')
                    .count();
                std::io::Error::other(format!("line {line} is not UTF-8"))
            })?;
        }
    }
    let root = Root::from(path);
    if let Err(errors) = format::check(root.name(), &text) {
        return Ok(reporter.errors(&root, &errors));
    }
    let formatted = format(&text);
    let changes = formatted != text;
    if check {
        if changes {
            sink.write(format!("{}\n", path.display()).as_bytes());
        }
        return Ok(if changes {
            Outcome::Rejected
        } else {
            Outcome::Done
        });
    }
    match stdin {
        true => sink.write(formatted.as_bytes()),
        false if changes => {
            let mut sink = Sink::file(path);
            sink.write(formatted.as_bytes());
            return Ok(sink.finish());
        }
        false => {}
    }
    Ok(Outcome::Done)
}
