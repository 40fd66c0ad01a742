//! Where the text of schema files comes from.

use crate::names::FastMap;
use std::io;
use std::path::{Component, Path, PathBuf};

/// What all files of a schema may hold together, in bytes.
const MAX_FILES: u64 = u32::MAX as u64;

/// Gives the front end the files that it asks for.
pub trait Loader {
    /// The contents of a file. The front end takes care of invalid UTF-8.
    ///
    /// # Errors
    ///
    /// Why it cannot be read; the reason becomes part of the diagnostic. [`io::ErrorKind::FileTooLarge`] says that it is
    /// longer than all files of a schema may be.
    fn load(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// A path that is the same for every way to write one path, so that a file is included once
    /// and loops end.
    fn identity(&self, path: &Path) -> PathBuf;
}

/// Reads files from disk. As in QEMU's generator, files are told apart by their absolute paths as
/// written: two links to one file are two files.
///
/// Devices and pipes are refused: some never end. Whoever means one reads it, and uses
/// [`Frontend::read_text`](crate::Frontend::read_text).
#[derive(Clone, Copy, Debug, Default)]
pub struct DiskLoader;

impl Loader for DiskLoader {
    fn load(&self, path: &Path) -> io::Result<Vec<u8>> {
        let found = std::fs::metadata(path)?;
        if !found.is_file() && !found.is_dir() {
            return Err(io::Error::other("not a regular file"));
        }
        if found.is_file() && found.len() > MAX_FILES {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        std::fs::read(path)
    }

    fn identity(&self, path: &Path) -> PathBuf {
        std::path::absolute(path).map_or_else(|_| path.to_owned(), |path| normalize(&path))
    }
}

/// Reads files from disk that are within folders, wherever `..` and links lead, and refuses all others: for a schema of somebody
/// who may not see what its reader may. Otherwise it is as [`DiskLoader`].
///
/// Whoever can change links within the folders while files are read can still have others read.
#[derive(Clone, Debug)]
pub struct FolderLoader {
    folders: Vec<PathBuf>,
}

impl FolderLoader {
    /// A loader for what is within these folders. Without any it refuses everything, as it does what would be in one that does
    /// not exist.
    pub fn new<P: Into<PathBuf>>(folders: impl IntoIterator<Item = P>) -> Self {
        FolderLoader {
            folders: folders.into_iter().map(Into::into).collect(),
        }
    }
}

impl Loader for FolderLoader {
    fn load(&self, path: &Path) -> io::Result<Vec<u8>> {
        let path = path.canonicalize()?;
        let holds = |folder: &PathBuf| folder.canonicalize().is_ok_and(|it| path.starts_with(it));
        if !self.folders.iter().any(holds) {
            let why = "outside of the folders that may be read";
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, why));
        }
        DiskLoader.load(&path)
    }

    fn identity(&self, path: &Path) -> PathBuf {
        DiskLoader.identity(path)
    }
}

/// Serves files from memory: for tests, editors, and build scripts with embedded text.
///
/// Paths are compared after resolving `.` and `..`; there is no current directory.
#[derive(Clone, Debug, Default)]
pub struct MemoryLoader {
    files: FastMap<PathBuf, Vec<u8>>,
}

impl MemoryLoader {
    /// A loader for these files: pairs of path and contents.
    pub fn new<P: AsRef<Path>, T: Into<Vec<u8>>>(files: impl IntoIterator<Item = (P, T)>) -> Self {
        MemoryLoader {
            files: files
                .into_iter()
                .map(|(path, text)| (normalize(path.as_ref()), text.into()))
                .collect(),
        }
    }
}

impl Loader for MemoryLoader {
    fn load(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.files
            .get(&normalize(path))
            .cloned()
            .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "no such file"))
    }

    fn identity(&self, path: &Path) -> PathBuf {
        normalize(path)
    }
}

impl<L: Loader + ?Sized> Loader for &L {
    fn load(&self, path: &Path) -> io::Result<Vec<u8>> {
        (**self).load(path)
    }

    fn identity(&self, path: &Path) -> PathBuf {
        (**self).identity(path)
    }
}

/// Resolves `.` and `..` by the path's text alone.
fn normalize(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir
                if matches!(out.components().next_back(), Some(Component::Normal(_))) =>
            {
                out.pop();
            }
            // The parent of the root is the root.
            Component::ParentDir if out.has_root() => {}
            other => out.push(other),
        }
    }
    out
}
