//! Interfaces as the command line names them: schemas, introspection, servers.

use crate::Outcome;
use crate::input::{Failure, Language, Root, files};
use crate::live;
use crate::output::{complain, report};
use qapi_gen::Interface;
use qapi_gen::import::import;
use qapi_gen::model::Schema;
use qapi_gen::render::printable;
use std::path::{Path, PathBuf};

/// The root files that a folder may mean: a source tree of QEMU, old ones included.
const ROOTS: [&str; 2] = ["qapi/qapi-schema.json", "qapi-schema.json"];

/// What an argument names.
pub(crate) enum Source {
    Schema(Box<Schema>),
    Introspection(Interface),
}

impl Source {
    /// Reads a schema, introspection in a file, or asks a server. Says what is wrong, if anything is.
    pub(crate) fn read(argument: &Path, language: &Language) -> Result<Source, Outcome> {
        let asked = argument.to_str().and_then(live::introspection);
        if let Some(answer) = asked {
            let text = answer.map_err(|message| complain(&message))?;
            return introspection(argument, &text);
        }
        let root = Root::from(file(argument)?.as_path());
        let text = root
            .text()
            .map_err(|failure| unusable(&root, &failure, language))?;
        // Schemas have no strings in double quotes, so that no schema is introspection.
        match text.trim_ascii_start().first() {
            Some(b'[' | b'{') if text.contains(&b'"') => {
                let text = String::from_utf8_lossy(&text);
                match Interface::from_introspection(&text) {
                    Ok(interface) => Ok(Source::Introspection(interface)),
                    Err(error) => match read(&root, text.as_bytes(), language) {
                        Ok(schema) => Ok(Source::Schema(Box::new(schema))),
                        Err(_) => Err(neither(argument, &error.to_string())),
                    },
                }
            }
            _ => match read(&root, &text, language) {
                Ok(schema) => Ok(Source::Schema(Box::new(schema))),
                Err(failure) => {
                    let text = String::from_utf8_lossy(&text);
                    match Interface::from_introspection(&text) {
                        Ok(interface) => Ok(Source::Introspection(interface)),
                        Err(error) if is_log(&text) => Err(neither(argument, &error.to_string())),
                        Err(_) => Err(unusable(&root, &failure, language)),
                    }
                }
            },
        }
    }

    /// The files that it was read from, which the argument named.
    pub(crate) fn inputs(&self, argument: &Path) -> Vec<PathBuf> {
        match self {
            Source::Schema(schema) => files(schema).collect(),
            Source::Introspection(_) if argument == Path::new("-") => vec!["/dev/stdin".into()],
            Source::Introspection(_) => vec![argument.to_owned()],
        }
    }

    /// A schema, if need be one that is made of introspection, as `import` makes it.
    pub(crate) fn schema(self, argument: &Path) -> Result<Schema, Outcome> {
        let interface = match self {
            Source::Schema(schema) => return Ok(*schema),
            Source::Introspection(interface) => interface,
        };
        let failed =
            |error: &dyn std::fmt::Display| complain(&format!("{}: {error}", argument.display()));
        let imported = import(&interface, None).map_err(|error| failed(&error))?;
        let name = match is_server(argument) {
            true => "server".to_owned(),
            false => title(argument),
        };
        let frontend = qapi_gen::Frontend::new().legacy(true);
        let schema = frontend.read_text(format!("{name}.json"), imported.text);
        schema.map_err(|errors| failed(&errors))
    }

    pub(crate) fn interface(self) -> Interface {
        match self {
            Source::Schema(schema) => Interface::of(&schema),
            Source::Introspection(interface) => interface,
        }
    }
}

/// What to call an interface that has no title: the server, or the file or folder without what is around its name.
pub(crate) fn title(argument: &Path) -> String {
    let typed = argument.to_string_lossy();
    if is_server(argument) {
        return typed.into_owned();
    }
    if typed == "-" {
        return "Schema".to_owned();
    }
    let name = match argument.is_dir() {
        true => std::fs::canonicalize(argument)
            .ok()
            .and_then(|folder| Some(folder.file_name()?.to_owned())),
        false => argument.file_stem().map(ToOwned::to_owned),
    };
    name.map_or_else(
        || typed.to_string(),
        |name| name.to_string_lossy().into_owned(),
    )
}

fn is_server(argument: &Path) -> bool {
    argument
        .to_str()
        .is_some_and(|text| text.starts_with("unix:") || text.starts_with("tcp:"))
}

/// Whether lines have JSON objects with something before them, as no schema has.
fn is_log(text: &str) -> bool {
    text.lines().any(|line| {
        let (before, after) = line.split_once('{').unwrap_or_default();
        let prefix = !before.trim().is_empty() && !before.contains(['#', '\'', '[']);
        prefix && after.trim_start().starts_with('"')
    })
}

/// A root file instead of the folder of a source tree.
fn file(argument: &Path) -> Result<PathBuf, Outcome> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        if std::fs::metadata(argument).is_ok_and(|found| found.file_type().is_socket()) {
            let path = argument.display();
            return Err(complain(&format!(
                "{path} is a socket; unix:{path} asks the server there"
            )));
        }
    }
    if !argument.is_dir() {
        return Ok(argument.to_owned());
    }
    let mut roots = ROOTS.iter().map(|root| argument.join(root));
    roots.find(|root| root.is_file()).ok_or_else(|| {
        complain(&format!(
            "{} is a folder without {}; name the schema's root file",
            argument.display(),
            ROOTS.join(" and ")
        ))
    })
}

/// Reads a schema in the forms of older releases, too, if it is in no other, and says so.
fn read(root: &Root, text: &[u8], language: &Language) -> Result<Schema, Failure> {
    let read = |frontend: qapi_gen::Frontend| frontend.read_text(root.name(), text);
    read(language.frontend()).or_else(|errors| {
        let schema = read(language.reading(true)).map_err(|_| Failure::Errors(errors))?;
        eprintln!(
            "note: {} has errors by today's rules, which 'qapi-gen check' shows, and is read as an older release's. \
             --legacy says that this is meant",
            root.name().display()
        );
        Ok(schema)
    })
}

fn introspection(argument: &Path, text: &str) -> Result<Source, Outcome> {
    match Interface::from_introspection(text) {
        Ok(interface) => Ok(Source::Introspection(interface)),
        Err(error) => Err(neither(argument, &error.to_string())),
    }
}

fn neither(argument: &Path, why: &str) -> Outcome {
    complain(&format!(
        "{} is neither a schema nor what a server answers to query-qmp-schema: {}",
        argument.display(),
        printable(why)
    ))
}

/// Here a schema with errors is as bad as none: status 1 means something else.
fn unusable(root: &Root, failure: &Failure, language: &Language) -> Outcome {
    report(root, failure, language).max(Outcome::Unusable)
}
