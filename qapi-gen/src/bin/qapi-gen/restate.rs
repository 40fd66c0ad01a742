//! `qapi-gen restate`

use crate::Outcome;
use crate::input::{Language, Root};
use crate::output::{complain, report};
use qapi_gen::Releases;
use qapi_gen::model::Schema;
use qapi_gen::restate::{Exceptions, restate};
use std::collections::BTreeMap;
use std::io;
use std::path::{Component, Path, PathBuf};

/// Write the data of the crate qapi-schema from QEMU's source trees.
///
/// The interface of the last release is written as schema files that hold facts only; in what the
/// others differ, as files below releases/.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// A release of QEMU and its source tree, oldest release first.
    #[arg(long = "release", value_name = "VERSION=DIR", required = true, value_parser = release)]
    releases: Vec<(String, PathBuf)>,
    #[command(flatten)]
    language: Language,
    /// The folder to write to.
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
}

fn release(argument: &str) -> Result<(String, PathBuf), &'static str> {
    let (version, tree) = argument.split_once('=').ok_or("VERSION= is missing")?;
    Ok((version.to_owned(), tree.into()))
}

/// The schemas of a source tree: the name for their facts, and the root file.
const SCHEMAS: [(&str, &str); 3] = [
    ("qmp", "qapi/qapi-schema.json"),
    ("qsd", "storage-daemon/qapi/qapi-schema.json"),
    ("qga", "qga/qapi-schema.json"),
];

/// Which of [`SCHEMAS`] share files, and so the exceptions that the files state.
const SHARING: [&[usize]; 2] = [&[0, 1], &[2]];

struct Release<'a> {
    version: &'a str,
    /// In the order of [`SCHEMAS`].
    schemas: Vec<Schema>,
}

/// Texts by path below the output folder.
type Files = BTreeMap<PathBuf, String>;

pub(crate) fn run(args: &Args) -> Outcome {
    let mut releases = Vec::new();
    for (index, (version, tree)) in args.releases.iter().enumerate() {
        let current = index + 1 == args.releases.len();
        match read(version, tree, current, &args.language) {
            Ok(release) => releases.push(release),
            Err(outcome) => return outcome,
        }
    }
    let written = files(&releases).and_then(|files| {
        write(&args.output, &files).map_err(|(path, e)| format!("{}: {e}", path.display()))
    });
    match written {
        Ok(()) => Outcome::Done,
        Err(message) => complain(&message),
    }
}

/// Reads a release's schemas. All but the last may be in forms of the language that were dropped.
fn read<'a>(
    version: &'a str,
    tree: &Path,
    current: bool,
    language: &Language,
) -> Result<Release<'a>, Outcome> {
    let frontend = match current {
        true => language.frontend(),
        false => language.reading(true),
    };
    let mut schemas = Vec::new();
    for (_, path) in SCHEMAS {
        let root = Root::from(tree.join(path).as_path());
        let schema = root.read(&frontend);
        schemas.push(schema.map_err(|failure| report(&root, &failure, language))?);
    }
    Ok(Release { version, schemas })
}

fn files(releases: &[Release]) -> Result<Files, String> {
    let mut files = Files::new();
    let Some(current) = releases.last() else {
        return Ok(files);
    };
    files.insert("VERSION".into(), format!("{}\n", current.version));
    for group in SHARING {
        let exceptions = group
            .iter()
            .map(|&index| Exceptions::of(&current.schemas[index]))
            .fold(Exceptions::default(), Exceptions::merge);
        for &index in group {
            let (schema, root) = (&current.schemas[index], Path::new(SCHEMAS[index].1));
            for file in restate(schema, &exceptions, &schema_header(current.version)) {
                let path = resolve(&root.with_file_name(file.module))?;
                let text = files.entry(path).or_insert_with(|| file.text.clone());
                if *text != file.text {
                    return Err(format!("{}: schemas differ about a file", root.display()));
                }
            }
        }
    }
    for (index, (name, _)) in SCHEMAS.iter().enumerate() {
        let schemas: Vec<(&str, &Schema)> = releases
            .iter()
            .map(|release| (release.version, &release.schemas[index]))
            .collect();
        let facts = Releases::compute(&schemas).map_err(|e| e.to_string())?;
        let text = format!("{}{facts}", facts_header(current.version));
        files.insert(format!("releases/{name}.txt").into(), text);
    }
    Ok(files)
}

fn schema_header(version: &str) -> String {
    format!(
        "The interface of QEMU {version}: names, types, conditions, features, and the\n\
         releases in which they appeared; nothing of QEMU's documentation. Written\n\
         from QEMU's schema by `qapi-gen restate`, not by hand.\n\
         \n\
         SPDX-License-Identifier: MIT OR Apache-2.0"
    )
}

fn facts_header(version: &str) -> String {
    format!(
        "# In what other releases differ from QEMU {version}, for those who talk to all of\n\
         # them. What is not mentioned is in every release. Written by `qapi-gen restate`,\n\
         # not by hand.\n\
         #\n\
         # SPDX-License-Identifier: MIT OR Apache-2.0\n\n"
    )
}

/// Resolves `..`, which must not lead out of the tree.
fn resolve(path: &Path) -> Result<PathBuf, String> {
    let mut out = PathBuf::new();
    for component in path.components() {
        let inside = match component {
            Component::Normal(name) => {
                out.push(name);
                true
            }
            Component::ParentDir => out.pop(),
            _ => false,
        };
        if !inside {
            return Err(format!("{} is outside of the tree", path.display()));
        }
    }
    Ok(out)
}

/// Writes the files, and removes schema files that earlier releases had.
fn write(output: &Path, files: &Files) -> Result<(), (PathBuf, io::Error)> {
    for (name, text) in files {
        let path = output.join(name);
        let folder = path.parent().map_or(Ok(()), std::fs::create_dir_all);
        folder
            .and_then(|()| std::fs::write(&path, text))
            .map_err(|error| (path, error))?;
    }
    for folder in files.keys().filter_map(|name| name.parent()) {
        let folder_path = output.join(folder);
        let at = |error| (folder_path.clone(), error);
        for entry in std::fs::read_dir(&folder_path).map_err(at)? {
            let entry = entry.map_err(at)?;
            let name = folder.join(entry.file_name());
            if name.extension().is_some_and(|e| e == "json") && !files.contains_key(&name) {
                std::fs::remove_file(entry.path()).map_err(|e| (entry.path(), e))?;
            }
        }
    }
    Ok(())
}
