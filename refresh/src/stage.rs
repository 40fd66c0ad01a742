//! A copy of what a refresh changes, so that one that fails changes nothing: the next one would take what is half changed
//! for the release before.

use crate::{modules, statements};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A copy, which ends with this.
pub(crate) struct Stage {
    root: PathBuf,
}

impl Stage {
    /// Copies it from a workspace.
    pub(crate) fn of(workspace: &Path) -> Result<Stage, String> {
        let name = format!("qapi-refresh-{}", std::process::id());
        let stage = Stage {
            root: std::env::temp_dir().join(name),
        };
        stage.remove();
        for file in files().into_iter().chain([SCHEMA.into()]) {
            let from = workspace.join(&file);
            copy(&from, &stage.root.join(&file)).map_err(|error| at(&from, &error))?;
        }
        Ok(stage)
    }

    /// A folder laid out as the workspace.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Puts what has become of it into the workspace.
    pub(crate) fn put_back(self, workspace: &Path) -> Result<(), String> {
        for file in files().into_iter().chain([SCHEMA.into()]) {
            let to = workspace.join(&file);
            copy(&self.root.join(&file), &to).map_err(|error| at(&to, &error))?;
        }
        let schema = workspace.join(SCHEMA);
        remove_others(&schema, &self.root.join(SCHEMA)).map_err(|error| at(&schema, &error))
    }

    fn remove(&self) {
        // There may be none.
        _ = fs::remove_dir_all(&self.root);
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.remove();
    }
}

/// The folder with the data.
const SCHEMA: &str = "schema";

/// What is changed beside the data.
fn files() -> Vec<PathBuf> {
    let generated = modules::FILES.map(|file| Path::new(modules::FOLDER).join(file));
    let stated = statements::files().map(PathBuf::from);
    let mut files: Vec<PathBuf> = generated.into_iter().chain(stated).collect();
    files.push(crate::changes::FILE.into());
    files
}

fn at(path: &Path, error: &io::Error) -> String {
    format!("{}: {error}", path.display())
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    if !from.is_dir() {
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder)?;
        }
        let text = fs::read(from)?;
        // What is as it was is not touched, so that nothing is built anew for it.
        return match fs::read(to) {
            Ok(there) if there == text => Ok(()),
            _ => fs::write(to, text),
        };
    }
    for entry in fs::read_dir(from)? {
        let name = entry?.file_name();
        copy(&from.join(&name), &to.join(&name))?;
    }
    Ok(())
}

/// Removes the schema files that `kept` does not have.
fn remove_others(folder: &Path, kept: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let kept = kept.join(path.file_name().unwrap_or_default());
        if path.is_dir() {
            remove_others(&path, &kept)?;
        } else if path.extension().is_some_and(|e| e == "json") && !kept.exists() {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}
