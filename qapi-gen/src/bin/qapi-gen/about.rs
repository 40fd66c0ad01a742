//! `qapi-gen completions` and `qapi-gen man`: what the definition of the command line yields.

use crate::output::{Sink, complain};
use crate::{Cli, Outcome};
use clap::CommandFactory;
use std::path::PathBuf;

/// Write a completion script for a shell.
#[derive(clap::Args)]
pub(crate) struct CompletionsArgs {
    /// The shell.
    #[arg(value_enum)]
    shell: clap_complete::Shell,
}

pub(crate) fn completions(args: &CompletionsArgs) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "qapi-gen", &mut script);
    write(&script)
}

/// Write manual pages.
#[derive(clap::Args)]
pub(crate) struct ManArgs {
    /// The directory for the pages of the command and its subcommands. Without it, the command's
    /// page goes to standard output.
    #[arg(value_name = "DIR")]
    directory: Option<PathBuf>,
}

pub(crate) fn man(args: &ManArgs) -> Outcome {
    let failed = |error| complain(&format!("cannot write manual page: {error}"));
    match &args.directory {
        Some(directory) => match clap_mangen::generate_to(Cli::command(), directory) {
            Ok(()) => Outcome::Done,
            Err(error) => failed(error),
        },
        None => {
            let mut page = Vec::new();
            match clap_mangen::Man::new(Cli::command()).render(&mut page) {
                Ok(()) => write(&page),
                Err(error) => failed(error),
            }
        }
    }
}

fn write(text: &[u8]) -> Outcome {
    let mut sink = Sink::stdout();
    sink.write(text);
    sink.finish()
}
