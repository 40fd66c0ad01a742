//! `qapi-gen lsp`

use crate::Outcome;
use crate::output::complain;
use qapi_gen::lsp::{End, Options, serve};
use std::io;
use std::path::PathBuf;

/// Serve an editor that speaks the Language Server Protocol, on standard input and output.
///
/// It checks the whole schema that an open file belongs to as you type, and knows what names mean. A file belongs to the
/// schema of a ROOT that includes it, else to that of the next qapi-schema.json in its folder or those above, else to
/// that of a file beside it that includes it, else it is a root itself.
///
/// Exit status: 0 after shutdown and exit, 1 after exit alone or the end of the input, 2 if input or output fails.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Root file of a schema; may be given several times.
    #[arg(long = "root", value_name = "ROOT")]
    roots: Vec<PathBuf>,
    /// Look here for included files that are not beside the file that includes them.
    #[arg(short = 'I', long = "include-path", value_name = "DIR")]
    include_path: Vec<PathBuf>,
    /// Also read forms of the language that QEMU has dropped since release 1.0.
    #[arg(long)]
    legacy: bool,
    /// Taken for the sake of editors that give it: there is no other way to talk.
    #[arg(long, hide = true)]
    stdio: bool,
}

const EXAMPLES: &str = "\
Examples:
  qapi-gen lsp
  qapi-gen lsp --root schema/vmm.json";

pub(crate) fn run(args: &Args) -> Outcome {
    let mut options = Options::default();
    options.roots.clone_from(&args.roots);
    options.include_path.clone_from(&args.include_path);
    options.legacy = args.legacy;
    let input = io::BufReader::new(io::stdin());
    let mut output = io::BufWriter::new(io::stdout().lock());
    match serve(input, &mut output, options) {
        Ok(End::Orderly) => Outcome::Done,
        Ok(_) => Outcome::Rejected,
        Err(error) => complain(&format!("the connection to the editor fails: {error}")),
    }
}
