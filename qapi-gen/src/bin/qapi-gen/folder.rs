//! Folders that are written as a whole.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Lists the files that were written, so that a later run knows them for its own.
const MANIFEST: &str = ".qapi-gen";
const HEAD: &str =
    "Written by qapi-gen reference. These files are replaced, and others are not expected here:";

/// A folder that holds nothing, or only what an earlier run wrote.
pub(crate) struct Folder {
    path: PathBuf,
    /// Whether there is something to replace.
    exists: bool,
}

impl Folder {
    /// Looks at what is there. Says what is in the way, if anything is.
    pub(crate) fn open(path: &Path) -> Result<Folder, String> {
        let shown = path.display();
        let failed = |error: io::Error| format!("cannot write {shown}: {error}");
        // A link stays, and so does what is beside the folder that it leads to.
        let path = match fs::canonicalize(path) {
            Ok(path) => path,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let missing = |parent: &Path| !parent.as_os_str().is_empty() && !parent.is_dir();
                if let Some(parent) = path.parent().filter(|parent| missing(parent)) {
                    return Err(format!(
                        "cannot write {shown}: there is no folder {}",
                        parent.display()
                    ));
                }
                return Ok(Folder {
                    path: path.to_owned(),
                    exists: false,
                });
            }
            Err(error) => return Err(failed(error)),
        };
        if !path.is_dir() {
            return Err(format!("cannot write {shown}: it is no folder"));
        }
        if std::env::current_dir().is_ok_and(|current| current == path) {
            return Err(format!(
                "cannot replace {shown}, which is the current folder; name it from outside"
            ));
        }
        let manifest = fs::read_to_string(path.join(MANIFEST)).unwrap_or_default();
        let known: HashSet<&str> = match manifest.lines().next() == Some(HEAD) {
            true => manifest.lines().skip(1).chain([MANIFEST]).collect(),
            false => HashSet::new(),
        };
        let mut strangers = Vec::new();
        for entry in fs::read_dir(&path).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if !known.contains(name.as_str()) || entry.file_type().map_err(failed)?.is_dir() {
                strangers.push(name);
            }
        }
        strangers.sort();
        match strangers.first() {
            None => Ok(Folder { path, exists: true }),
            Some(name) => Err(format!(
                "{shown} has '{}', which this command did not write; name a new or an empty folder",
                qapi_gen::render::printable(name)
            )),
        }
    }

    /// Writes the files beside the folder, and puts them in its place when all are there.
    pub(crate) fn replace<'f>(
        self,
        files: impl Iterator<Item = (&'f str, &'f str)>,
    ) -> Result<(), String> {
        let [new, old] = ["new", "old"].map(|what| {
            let name = self.path.file_name().unwrap_or_default().to_string_lossy();
            self.path
                .with_file_name(format!(".{name}.{what}-{}", std::process::id()))
        });
        let result = fill(&new, files).and_then(|()| {
            if !self.exists {
                return fs::rename(&new, &self.path);
            }
            fs::rename(&self.path, &old)?;
            fs::rename(&new, &self.path).inspect_err(|_| {
                // What was there before is better than nothing.
                _ = fs::rename(&old, &self.path);
            })
        });
        // What is in the way now is ours, and what cannot be removed does no harm.
        _ = fs::remove_dir_all(&new);
        _ = fs::remove_dir_all(&old);
        result.map_err(|error| format!("cannot write {}: {error}", self.path.display()))
    }
}

fn fill<'f>(folder: &Path, files: impl Iterator<Item = (&'f str, &'f str)>) -> io::Result<()> {
    fs::create_dir(folder)?;
    let mut manifest = format!("{HEAD}\n");
    for (name, text) in files {
        fs::write(folder.join(name), text)?;
        manifest.push_str(name);
        manifest.push('\n');
    }
    fs::write(folder.join(MANIFEST), manifest)
}
