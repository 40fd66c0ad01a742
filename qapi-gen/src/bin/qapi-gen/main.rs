//! The command `qapi-gen`: checks QAPI schemas, and shows what they mean.

mod about;
mod check;
mod diff;
mod explain;
mod export;
mod file;
mod fmt;
mod folder;
mod generate;
mod import;
mod input;
mod interface;
mod introspect;
mod live;
mod lsp;
mod output;
mod reference;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Read, check and explain QAPI schemas.
///
/// Exit status: 0 if every schema is accepted, 1 if one has errors, 2 if the command line is wrong
/// or a schema's root file cannot be read.
#[derive(Parser)]
#[command(name = "qapi-gen", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Check(check::Args),
    Introspect(introspect::Args),
    Generate(generate::Args),
    Diff(diff::Args),
    Import(import::Args),
    Export(export::Args),
    Reference(reference::Args),
    Explain(explain::Args),
    Fmt(fmt::Args),
    Lsp(lsp::Args),
    Completions(about::CompletionsArgs),
    Man(about::ManArgs),
}

/// How a run ends. The worst counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    /// The schemas are accepted, the output is written.
    Done,
    /// A schema has errors.
    Rejected,
    /// The command line is wrong, or a file cannot be read or written.
    Unusable,
}

fn main() -> ExitCode {
    // Wrong usage ends here, with status 2.
    let outcome = match Cli::parse().command {
        Command::Check(args) => check::run(&args),
        Command::Introspect(args) => introspect::run(&args),
        Command::Generate(args) => generate::run(&args),
        Command::Diff(args) => diff::run(&args),
        Command::Import(args) => import::run(&args),
        Command::Export(args) => export::run(&args),
        Command::Reference(args) => reference::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Fmt(args) => fmt::run(&args),
        Command::Lsp(args) => lsp::run(&args),
        Command::Completions(args) => about::completions(&args),
        Command::Man(args) => about::man(&args),
    };
    ExitCode::from(match outcome {
        Outcome::Done => 0,
        Outcome::Rejected => 1,
        Outcome::Unusable => 2,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_defined() {
        Cli::command().debug_assert();
    }
}
