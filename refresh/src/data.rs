//! The data in `schema/`.

use crate::load;
use crate::releases::{Release, SCHEMAS};
use qapi_gen::Releases;
use qapi_gen::model::Schema;
use qapi_gen::restate::{Exceptions, Words, dropped, restate};
use std::collections::BTreeMap;
use std::io;
use std::path::{Component, Path, PathBuf};

/// Which of [`SCHEMAS`] share files, and so the exceptions that the files state.
const SHARING: [&[usize]; 2] = [&[0, 1], &[2]];

/// Texts by path below the output folder.
type Files = BTreeMap<PathBuf, String>;

/// Writes the data: the last release as schema files that hold facts only, and in what the others differ.
pub(crate) fn write(output: &Path, releases: &[Release]) -> Result<(), String> {
    let words = output.join("words.txt");
    let words = Words::parse(&load(&words)?).map_err(|e| format!("{}: {e}", words.display()))?;
    let files = files(releases, &words)?;
    put(output, &files).map_err(|(path, error)| format!("{}: {error}", path.display()))
}

fn files(releases: &[Release], words: &Words) -> Result<Files, String> {
    let mut files = Files::new();
    let Some(current) = releases.last() else {
        return Ok(files);
    };
    files.insert("VERSION".into(), format!("{}\n", current.version));
    let mut facts = Vec::new();
    for (index, (name, _)) in SCHEMAS.iter().enumerate() {
        let schemas: Vec<(&str, &Schema)> = releases
            .iter()
            .map(|release| (release.version.as_str(), &release.schemas[index]))
            .collect();
        let found = Releases::compute(&schemas).map_err(|e| e.to_string())?;
        let text = format!("{}{found}", facts_header(&current.version));
        files.insert(format!("releases/{name}.txt").into(), text);
        facts.push(found);
        let text = dropped(&schemas, words, &dropped_header(&current.version))?;
        files.insert(format!("releases/{name}-dropped.json").into(), text);
    }
    for group in SHARING {
        let exceptions = group
            .iter()
            .map(|&index| Exceptions::of(&current.schemas[index], words))
            .fold(Exceptions::default(), Exceptions::merge);
        // The first has what the others have, and knows more of it.
        let facts = &facts[group[0]];
        for &index in group {
            let (schema, root) = (&current.schemas[index], Path::new(SCHEMAS[index].1));
            let header = schema_header(&current.version);
            for file in restate(schema, facts, &exceptions, words, &header) {
                let path = resolve(&root.with_file_name(file.module))?;
                let text = files.entry(path).or_insert_with(|| file.text.clone());
                if *text != file.text {
                    return Err(format!("{}: schemas differ about a file", root.display()));
                }
            }
        }
    }
    Ok(files)
}

fn schema_header(version: &str) -> String {
    format!(
        "The interface of QEMU {version}: names, types, conditions, features, and the\n\
         releases in which they appeared; nothing of QEMU's documentation. Written\n\
         from QEMU's schema by qapi-refresh, not by hand.\n\
         \n\
         SPDX-License-Identifier: MIT OR Apache-2.0"
    )
}

fn facts_header(version: &str) -> String {
    format!(
        "# In what other releases differ from QEMU {version}, for those who talk to all of\n\
         # them. What is not mentioned is in every release. Written by qapi-refresh, not\n\
         # by hand.\n\
         #\n\
         # SPDX-License-Identifier: MIT OR Apache-2.0\n\n"
    )
}

fn dropped_header(version: &str) -> String {
    format!(
        "What releases before QEMU {version} understand in requests and it dropped, for\n\
         those who talk to all of them. It extends the schema. Written by\n\
         qapi-refresh, not by hand.\n\
         \n\
         SPDX-License-Identifier: MIT OR Apache-2.0"
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
fn put(output: &Path, files: &Files) -> Result<(), (PathBuf, io::Error)> {
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
