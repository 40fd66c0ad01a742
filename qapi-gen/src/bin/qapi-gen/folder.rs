//! Folders that are written as a whole.

use crate::file::{NewFile, inherit, is_mount};
use std::collections::HashSet;
use std::fs;
use std::io::{self, Write as _};
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
    /// The files of the earlier run.
    known: Vec<String>,
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
                    known: Vec::new(),
                });
            }
            Err(error) => return Err(failed(error)),
        };
        if !path.is_dir() {
            return Err(format!("cannot write {shown}: it is no folder"));
        }
        let manifest = fs::read_to_string(path.join(MANIFEST)).unwrap_or_default();
        let known: HashSet<&str> = match manifest.lines().next() == Some(HEAD) {
            // Whoever wrote the list, it names nothing outside of the folder.
            true => manifest
                .lines()
                .skip(1)
                .filter(|name| Path::new(name).file_name() == Some(name.as_ref()))
                .chain([MANIFEST])
                .collect(),
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
            None => Ok(Folder {
                known: known.iter().map(|name| (*name).to_owned()).collect(),
                path,
                exists: true,
            }),
            Some(name) => Err(format!(
                "{shown} has '{}', which this command did not write; name a new or an empty folder",
                qapi_gen::render::printable(name)
            )),
        }
    }

    /// Writes the files beside the folder, and puts them in its place when all are there.
    pub(crate) fn replace(self, files: &[(&str, &str)]) -> Result<(), String> {
        let [new, old] = ["new", "old"].map(|what| {
            let name = self.path.file_name().unwrap_or_default().to_string_lossy();
            self.path
                .with_file_name(format!(".{name}.{what}-{}", std::process::id()))
        });
        let whole = self.fill(&new, files).and_then(|()| {
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
        let result = match whole {
            Err(error) if self.exists && (self.is_current() || is_fixed(&error)) => {
                self.refill(files)
            }
            result => result,
        };
        result.map_err(|error| format!("cannot write {}: {error}", self.path.display()))
    }

    /// Who is in the folder would be left in one that is gone.
    fn is_current(&self) -> bool {
        std::env::current_dir().is_ok_and(|current| current == self.path)
    }

    fn fill(&self, folder: &Path, files: &[(&str, &str)]) -> io::Result<()> {
        if self.is_current() {
            return Err(io::ErrorKind::ResourceBusy.into());
        }
        fs::create_dir(folder)?;
        for (name, text) in files {
            fs::write(folder.join(name), text)?;
        }
        fs::write(folder.join(MANIFEST), manifest(files))?;
        match fs::metadata(&self.path) {
            Ok(old) => inherit(folder, &old),
            Err(_) => Ok(()),
        }
    }

    /// Replaces file by file, in a folder that has to stay. What was written so far is listed before it is there.
    fn refill(&self, files: &[(&str, &str)]) -> io::Result<()> {
        let put = |name: &str, text: &str| {
            let mut file = NewFile::new(&self.path.join(name));
            file.write_all(text.as_bytes())?;
            file.commit()
        };
        let stale = self.known.iter().map(|name| (name.as_str(), ""));
        let both: Vec<(&str, &str)> = files.iter().copied().chain(stale).collect();
        put(MANIFEST, &manifest(&both))?;
        for (name, text) in files {
            put(name, text)?;
        }
        for name in &self.known {
            if name != MANIFEST && files.iter().all(|(file, _)| file != name) {
                _ = fs::remove_file(self.path.join(name));
            }
        }
        put(MANIFEST, &manifest(files))
    }
}

/// Whether a folder cannot be replaced, but perhaps its files.
fn is_fixed(error: &io::Error) -> bool {
    is_mount(error)
        || matches!(
            error.kind(),
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem
        )
}

fn manifest(files: &[(&str, &str)]) -> String {
    let lines = files.iter().map(|(name, _)| format!("{name}\n"));
    format!("{HEAD}\n{}", lines.collect::<String>())
}
