//! Files that are written as a whole.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A file that keeps what it has until all that is new is written, and for good if that fails.
///
/// What is no regular file, such as a pipe, is written as it comes, and so is what a descriptor has open. A link stays, and
/// the file that it leads to is written. `-` is standard output.
pub(crate) struct NewFile {
    path: PathBuf,
    /// Opened when there is something to write.
    stream: Option<Stream>,
}

enum Stream {
    Through(Box<dyn Write>),
    // The file is closed before it is removed, as some systems demand.
    Beside {
        file: File,
        temporary: Temporary,
        target: PathBuf,
    },
}

impl NewFile {
    pub(crate) fn new(path: &Path) -> NewFile {
        NewFile {
            path: path.to_owned(),
            stream: None,
        }
    }

    /// Puts what was written in its place.
    pub(crate) fn commit(mut self) -> io::Result<()> {
        let stream = self.stream.take();
        match stream.map_or_else(|| Stream::open(&self.path), Ok)? {
            Stream::Through(mut stream) => stream.flush(),
            Stream::Beside {
                file,
                temporary,
                target,
            } => {
                // After a crash of the system there is the old text or the new one.
                stored(&file)?;
                drop(file);
                match fs::rename(&temporary.0, &target) {
                    // Mounted by itself, as containers have files.
                    Err(error) if is_mount(&error) => {
                        let mut new = File::open(&temporary.0)?;
                        let mut file = File::create(&target)?;
                        io::copy(&mut new, &mut file)?;
                        stored(&file)
                    }
                    renamed => renamed,
                }
            }
        }
    }
}

impl Write for NewFile {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        let stream = match &mut self.stream {
            Some(stream) => stream,
            none => none.insert(Stream::open(&self.path)?),
        };
        match stream {
            Stream::Through(stream) => stream.write(text),
            Stream::Beside { file, .. } => file.write(text),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Stream {
    fn open(path: &Path) -> io::Result<Stream> {
        if path == Path::new("-") {
            return Ok(Stream::Through(Box::new(io::stdout())));
        }
        // A file behind one of these streams belongs to whoever redirected it, and may have other text already.
        if same_file(path, Path::new("/dev/stdout")) {
            return Ok(Stream::Through(Box::new(io::stdout())));
        }
        if same_file(path, Path::new("/dev/stderr")) {
            return Ok(Stream::Through(Box::new(io::stderr())));
        }
        let through = |file| Stream::Through(Box::new(file));
        let old = match fs::metadata(path) {
            Ok(old) => {
                // Who may not write a file may not replace it.
                let file = OpenOptions::new().write(true).open(path)?;
                if !old.is_file() || is_descriptor(path) {
                    return Ok(through(file));
                }
                Some(old)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let target = target(path)?;
        let temporary = beside(&target);
        // Left by a process that was killed and had this number.
        _ = fs::remove_file(&temporary);
        match OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&temporary)
        {
            Ok(file) => {
                let temporary = Temporary(temporary);
                if let Some(old) = old {
                    inherit(&temporary.0, &old)?;
                }
                Ok(Stream::Beside {
                    file,
                    temporary,
                    target,
                })
            }
            // The folder takes no other file, but perhaps this one.
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::PermissionDenied
                        | io::ErrorKind::ReadOnlyFilesystem
                        | io::ErrorKind::InvalidFilename
                ) =>
            {
                File::create(&target).map(through)
            }
            Err(error) => Err(error),
        }
    }
}

/// A file that is removed, unless it has got another name by then.
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        _ = fs::remove_file(&self.0);
    }
}

fn beside(target: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(target.file_name().unwrap_or_default());
    name.push(format!(".new-{}", std::process::id()));
    target.with_file_name(name)
}

/// The file that a path leads to, which need not be there yet.
fn target(path: &Path) -> io::Result<PathBuf> {
    /// As many as Linux follows.
    const MAX_LINKS: usize = 40;

    let mut target = path.to_owned();
    for _ in 0..MAX_LINKS {
        match fs::read_link(&target) {
            Ok(to) => target = target.parent().unwrap_or(Path::new("")).join(to),
            Err(_) => return Ok(target),
        }
    }
    Err(io::Error::other("too many symbolic links"))
}

/// Whether what is at the path cannot be renamed because it is mounted there.
pub(crate) fn is_mount(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ResourceBusy | io::ErrorKind::CrossesDevices
    )
}

/// Has a file stored, where the system knows how.
fn stored(file: &File) -> io::Result<()> {
    match file.sync_all() {
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported
            ) =>
        {
            Ok(())
        }
        stored => stored,
    }
}

/// Whether it is the file of an open descriptor, as `/dev/fd/3`, for whoever opened it to replace.
fn is_descriptor(path: &Path) -> bool {
    let folder = path
        .parent()
        .and_then(|folder| fs::canonicalize(folder).ok());
    folder.is_some_and(|folder| folder.starts_with("/proc"))
}

/// Whose the old file is, and who may do what with it.
pub(crate) fn inherit(new: &Path, old: &Metadata) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, chown};
        // Only a privileged user can give a file away, and only such a one writes others' files often.
        _ = chown(new, Some(old.uid()), Some(old.gid()));
    }
    fs::set_permissions(new, old.permissions())
}

/// Whether both paths lead to one file that is there.
pub(crate) fn same_file(one: &Path, other: &Path) -> bool {
    #[cfg(unix)]
    let identity = |path| {
        use std::os::unix::fs::MetadataExt;
        fs::metadata(path).map(|file| (file.dev(), file.ino()))
    };
    #[cfg(not(unix))]
    let identity = |path| fs::canonicalize(path);
    matches!((identity(one), identity(other)), (Ok(one), Ok(other)) if one == other)
}
