//! `qapi-gen diff`

use crate::Outcome;
use crate::input::Language;
use crate::interface::Source;
use crate::output::{Sink, complain};
use qapi_gen::diff::{Doubt, Format, Levels, Names, Uses, diff};
use qapi_gen::render::printable;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Say what changed between two interfaces, and what that breaks.
///
/// Each side is a schema's root file, the folder of a QEMU source tree, a file with what a server answered to
/// query-qmp-schema, or a running server as unix:PATH or tcp:HOST:PORT.
///
/// A change breaks clients if a client made for OLD may fail with a server of NEW. It breaks servers if a server made for
/// OLD may fail a client made for NEW. Each kind of change has a code; `--level-codes` lists them.
///
/// Exit status: 0 if nothing breaks whom --fail-on names, 1 if something does, 2 if a side cannot be read.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// How to report.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Style::Human)]
    format: Style,
    /// Whose breakage makes the command fail.
    #[arg(long, value_name = "WHOM", value_enum)]
    fail_on: Option<Whom>,
    /// A file with how grave kinds of change are: lines CODE [input|output] [client|server]
    /// LEVEL, where LEVEL is ignore, info, warning or breaking.
    #[arg(long, value_name = "FILE")]
    levels: Option<PathBuf>,
    /// Report only what concerns what this file names: commands, events and types, or parts such as
    /// block_resize.size, one a line; or a log or recording of a connection.
    #[arg(long, value_name = "FILE")]
    used_by: Option<PathBuf>,
    /// List the kinds of change, and how grave they are, instead of comparing.
    #[arg(long, exclusive = true)]
    level_codes: bool,
    #[command(flatten)]
    language: Language,
    /// The old interface.
    #[arg(value_name = "OLD", required_unless_present = "level_codes")]
    old: Option<PathBuf>,
    /// The new interface.
    #[arg(value_name = "NEW", required_unless_present = "level_codes")]
    new: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  qapi-gen diff qemu-10.2.0 qemu-11.1.0
  qapi-gen diff --fail-on client main/vmm.json vmm.json
  qapi-gen diff --used-by session.txt qemu-10.2.0/qapi/qapi-schema.json unix:/run/vm/qmp.sock
  qapi-gen diff --format markdown old.json new.json >>CHANGES.md";

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Style {
    /// For a terminal.
    Human,
    /// Lists for a change log.
    Markdown,
    /// One JSON object.
    Json,
    /// Annotations of GitHub Actions.
    Github,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Whom {
    Client,
    Server,
    Any,
}

pub(crate) fn run(args: &Args) -> Outcome {
    match compare(args) {
        Ok(outcome) | Err(outcome) => outcome,
    }
}

fn compare(args: &Args) -> Result<Outcome, Outcome> {
    let (Some(old), Some(new)) = (&args.old, &args.new) else {
        return Ok(codes());
    };
    let levels = match &args.levels {
        None => Levels::default(),
        Some(path) => Levels::parse(&text(path)?)
            .map_err(|error| complain(&format!("{}: {error}", path.display())))?,
    };
    let uses = match &args.used_by {
        None => None,
        Some(path) => Some((path, Uses::parse(&text(path)?))),
    };
    if *old == *new && old.as_os_str() == "-" {
        return Err(complain("standard input can be read only once"));
    }
    let before = Source::read(old, &args.language)?.interface();
    let now = Source::read(new, &args.language)?.interface();
    let mut changes = diff(&before, &now);
    changes.judge(&levels);
    if let Some((path, uses)) = &uses {
        let shown = printable(&path.to_string_lossy());
        warn(&shown, &uses.doubts(&before, &now));
        if !uses.are_known(&before, &now) {
            return Err(complain(&format!(
                "{shown} names no command, event or type of either side: a name a line is expected, or messages of QMP"
            )));
        }
        changes.retain_used(uses);
    }
    let format = match args.format {
        Style::Human => Format::Human,
        Style::Markdown => Format::Markdown,
        Style::Json => Format::Json,
        Style::Github => Format::Github,
    };
    let (old, new) = (old.to_string_lossy(), new.to_string_lossy());
    let used_by = args.used_by.as_ref().map(|path| path.to_string_lossy());
    let names = Names {
        old: &old,
        new: &new,
        uses: used_by.as_deref(),
    };
    let mut sink = Sink::stdout();
    sink.write(changes.render(format, names).as_bytes());
    let failed = match args.fail_on {
        None => false,
        Some(Whom::Client) => changes.breaks_clients(),
        Some(Whom::Server) => changes.breaks_servers(),
        Some(Whom::Any) => changes.breaks_clients() || changes.breaks_servers(),
    };
    let outcome = if failed {
        Outcome::Rejected
    } else {
        Outcome::Done
    };
    Ok(outcome.max(sink.finish()))
}

/// More warnings are only counted: a file may be no list at all.
const WARNINGS: usize = 50;

fn warn(file: &str, doubts: &[Doubt]) {
    let mut to = std::io::stderr();
    for doubt in doubts.iter().take(WARNINGS) {
        let message = printable(&doubt.message);
        _ = writeln!(to, "warning: {file}:{}: {message}", doubt.line);
    }
    if let Some(more @ 1..) = doubts.len().checked_sub(WARNINGS) {
        _ = writeln!(to, "warning: {file}: {more} more lines are doubtful");
    }
}

/// A log may have bytes that are no text, such as a guest agent's 0xFF.
fn text(path: &Path) -> Result<String, Outcome> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Err(error) => Err(complain(&format!(
            "cannot read {}: {error}",
            path.display()
        ))),
    }
}

fn codes() -> Outcome {
    let mut sink = Sink::stdout();
    sink.write(qapi_gen::diff::table().as_bytes());
    sink.finish()
}
