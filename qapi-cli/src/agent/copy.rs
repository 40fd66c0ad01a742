//! Files from and to the guest: `qmp agent cp`.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::PathBuf;

use qapi_rt::ErrorKind;
use qapi_rt::agent::{ReadFile, WriteFile};
use qapi_rt::blocking::Agent;

use super::{Stop, with_agent_until};
use crate::failure::Failure;
use crate::settings::Settings;

/// What marks a path in the guest.
const GUEST: &str = "guest:";
/// Between the parts of such a path, which may be one of Windows.
const GUEST_SEPARATORS: [char; 2] = ['/', '\\'];

/// What is read or written until that is to end.
struct Until<T>(T, Stop);

impl<R: Read> Read for Until<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.1.check()?;
        self.0.read(buffer)
    }
}

impl<W: Write> Write for Until<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.1.check()?;
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// What a file is called in the directory that it is copied to.
fn base<'p>(path: &'p str, separators: &[char]) -> Result<&'p str, Failure> {
    match path.rsplit(separators).next() {
        Some(name) if !matches!(name, "" | "-" | "." | "..") => Ok(name),
        _ => Err(Failure::usage(format!(
            "'{path}' has no name to be copied under"
        ))),
    }
}

/// A copy on this side, made when there is something to be written to it: what is there stays if the guest's cannot be read.
struct CopyHere {
    to: PathBuf,
    file: Option<File>,
}

impl CopyHere {
    fn file(&mut self) -> io::Result<&mut File> {
        match &mut self.file {
            Some(file) => Ok(file),
            none => Ok(none.insert(File::create(&self.to)?)),
        }
    }
}

impl Write for CopyHere {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file()?.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Copies what is called `place` on this side.
fn copy_by(
    settings: &Settings,
    name: &str,
    place: &str,
    copy: impl FnOnce(&mut Agent, Stop) -> Result<io::Result<()>, qapi_rt::Error> + Send + 'static,
) -> Result<(), Failure> {
    let stop = Stop::default();
    let stops = stop.clone();
    let copied = with_agent_until(settings, name, settings.timeout, Some(stop), |agent| {
        copy(agent, stops).or_else(|error| match error.kind() {
            ErrorKind::Local(local) => Ok(Err(io::Error::new(local.kind(), local.to_string()))),
            _ => Err(error),
        })
    });
    copied?.map_err(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => Failure::unread(),
        _ => Failure::unwritten(place, &error),
    })
}

pub(super) fn copy(settings: &Settings, from: &str, to: &str) -> Result<(), Failure> {
    match (from.strip_prefix(GUEST), to.strip_prefix(GUEST)) {
        (Some(path), None) => {
            let mut to = PathBuf::from(to);
            if to.is_dir() {
                to.push(base(path, &GUEST_SEPARATORS)?);
            }
            // Before any of it is read.
            let folder = match to.as_os_str().as_encoded_bytes() {
                [.., b'/'] => Some(&*to),
                _ => to.parent().filter(|folder| !folder.as_os_str().is_empty()),
            };
            if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
                let folder = folder.display();
                return Err(Failure::usage(format!(
                    "{folder}: there is no such directory"
                )));
            }
            let file = ReadFile::new(path);
            let (name, place) = ("guest-file-read", to.display().to_string());
            copy_by(settings, name, &place, move |agent, stop| {
                if to.as_os_str() == "-" {
                    let copied = agent.read_file_to(file, Until(io::stdout(), stop));
                    return copied.map(|_| Ok(()));
                }
                let mut copy = CopyHere { to, file: None };
                agent.read_file_to(file, Until(&mut copy, stop))?;
                // One that is empty is made, too.
                Ok(copy.file().map(drop))
            })
        }
        (None, Some(path)) => {
            let file = match path.ends_with(GUEST_SEPARATORS) {
                true => WriteFile::new(format!("{path}{}", base(from, &['/'])?)),
                false => WriteFile::new(path),
            };
            let name = "guest-file-write";
            if from == "-" {
                return copy_by(settings, name, "standard input", |agent, stop| {
                    let copied = agent.write_file_from(file, Until(io::stdin(), stop));
                    copied.map(|_| Ok(()))
                });
            }
            let opened = File::open(from).and_then(|opened| match opened.metadata()?.is_dir() {
                true => Err(io::ErrorKind::IsADirectory.into()),
                false => Ok(opened),
            });
            let opened = opened.map_err(|error| Failure::usage(format!("{from}: {error}")))?;
            copy_by(settings, name, from, |agent, stop| {
                let copied = agent.write_file_from(file, Until(opened, stop));
                copied.map(|_| Ok(()))
            })
        }
        _ => Err(Failure::usage(
            "one of both paths is in the guest: guest:PATH",
        )),
    }
}
