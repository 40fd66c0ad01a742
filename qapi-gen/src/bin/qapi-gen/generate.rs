//! `qapi-gen generate`

use crate::Outcome;
use crate::input::{Failure, Language, Root, files};
use crate::output::{Sink, complain, report, spare};
use qapi_gen::model::Schema;
use qapi_gen::{Builder, Condition, Error, ServiceOptions};
use std::path::PathBuf;

/// Write Rust types for a schema, formatted, to be built on the crate qapi-types.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Write to this file instead of standard output.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Generate only commands like this (* is any text), and what they need.
    #[arg(long = "command", value_name = "GLOB")]
    commands: Vec<String>,
    /// Generate only events like this, and what they need.
    #[arg(long = "event", value_name = "GLOB")]
    events: Vec<String>,
    /// What a condition's symbol is: true, false, cfg (the cfg of that name) or cfg(PREDICATE).
    /// What depends on other symbols is generated.
    #[arg(long = "condition", value_name = "NAME=VALUE", value_parser = setting)]
    conditions: Vec<(String, Setting)>,
    /// Add the service trait, which a server of the crate qapi-rt drives.
    #[arg(long)]
    service: bool,
    /// Also write a list of what is generated, which qapi-gen diff --used-by takes.
    #[arg(long, value_name = "FILE")]
    used_list: Option<PathBuf>,
    /// Leave out the schema's documentation.
    #[arg(long)]
    no_docs: bool,
    /// Write each item on one line instead of laid out for people, which saves a part of the time.
    #[arg(long)]
    no_format: bool,
    #[command(flatten)]
    language: Language,
    /// The schema's root file; - is standard input.
    #[arg(value_name = "SCHEMA")]
    schema: PathBuf,
}

#[derive(Clone)]
enum Setting {
    True,
    False,
    Cfg(String),
}

fn setting(argument: &str) -> Result<(String, Setting), String> {
    let (name, value) = argument.split_once('=').ok_or("expected NAME=VALUE")?;
    let predicate = value
        .strip_prefix("cfg(")
        .and_then(|rest| rest.strip_suffix(')'));
    let setting = match (value, predicate) {
        ("true", _) => Setting::True,
        ("false", _) => Setting::False,
        ("cfg", _) => Setting::Cfg(name.to_owned()),
        (_, Some(predicate)) => Setting::Cfg(predicate.to_owned()),
        _ => {
            return Err(format!(
                "'{value}' is not true, false, cfg or cfg(PREDICATE)"
            ));
        }
    };
    Ok((name.to_owned(), setting))
}

/// The schema, if everything that is wrong with it was right in one release that today's types are for, 6.0 or newer, and
/// that release knew what is right. So the source trees of these need no option.
fn of_older_release(root: &Root, failure: &Failure, language: &Language) -> Option<Schema> {
    let Failure::Errors(errors) = failure else {
        return None;
    };
    let releases = errors.diagnostics.iter().map(|error| error.taken_until);
    let releases: Vec<(u32, u32)> = releases
        .collect::<Option<_>>()
        .filter(|_| errors.omitted == 0)?;
    let (major, minor) = releases
        .into_iter()
        .min()
        .filter(|last| errors.taken_from <= *last)?;
    let schema = language.legacy_reading(root)?;
    eprintln!(
        "warning: {} is read as QEMU {major}.{minor} and older releases wrote it: newer ones reject it, and 'qapi-gen check' \
         shows why. --legacy says that this is meant",
        root.name().display()
    );
    Some(schema)
}

pub(crate) fn run(args: &Args) -> Outcome {
    let root = Root::from(args.schema.as_path());
    let schema = match root.read(&args.language.frontend()) {
        Ok(schema) => schema,
        Err(failure) => match of_older_release(&root, &failure, &args.language) {
            Some(schema) => schema,
            None => return report(&root, &failure, &args.language),
        },
    };
    for output in [&args.output, &args.used_list] {
        if let Err(outcome) = spare(files(&schema), output.as_deref()) {
            return outcome;
        }
    }
    let mut builder = Builder::new(root.name())
        .docs(!args.no_docs)
        .format(!args.no_format);
    if !args.commands.is_empty() {
        builder = builder.commands(&args.commands);
    }
    if !args.events.is_empty() {
        builder = builder.events(&args.events);
    }
    for (name, setting) in &args.conditions {
        let condition = match setting {
            Setting::True => Condition::True,
            Setting::False => Condition::False,
            Setting::Cfg(predicate) => Condition::Cfg(predicate),
        };
        builder = builder.condition(name, condition);
    }
    if args.service {
        builder = builder.service(ServiceOptions::new());
    }
    if let Some(warning) = builder.warning(&schema) {
        eprintln!("warning: {warning}");
    }
    if let Some(path) = &args.used_list {
        let mut sink = Sink::file(path);
        let written = match builder.used_from(&schema) {
            Ok(list) => {
                sink.write(list.as_bytes());
                sink.finish()
            }
            Err(error) => complain(&format!("cannot write {}: {error}", path.display())),
        };
        if written != Outcome::Done {
            return written;
        }
    }
    let mut sink = Sink::to(args.output.as_deref());
    let outcome = match builder.generate_into(&schema, &mut sink) {
        // Why it takes no more, the sink says.
        Ok(()) | Err(Error::Output(_)) => sink.finish(),
        Err(error) => complain(&error.to_string()),
    };
    // The process ends here; taking the schema apart first would only cost time.
    std::mem::forget(schema);
    outcome
}
