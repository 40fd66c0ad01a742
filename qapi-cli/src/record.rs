//! Files that sessions are written down in, in the form of the library's recordings: `qmp record`.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use qapi_rt::testing::Recorder;

use crate::failure::Failure;

pub(crate) fn failed(path: &Path, error: &io::Error) -> Failure {
    Failure::usage(format!("{}: {error}", path.display()))
}

/// A file that is for nobody else to read. One in which there is something is written over only if that is said.
pub(crate) fn private(path: &Path, force: bool) -> Result<File, Failure> {
    let failed = |error| failed(path, &error);
    let mut options = OpenOptions::new();
    let file = options.write(true).create(true).truncate(false).mode(0o600);
    let file = file.open(path).map_err(failed)?;
    let data = file.metadata().map_err(failed)?;
    // What is no file has nothing to lose, and its mode is for others to set.
    if data.is_file() {
        if data.len() > 0 && !force {
            let path = path.display();
            return Err(Failure::usage(format!(
                "{path}: there is such a file; --force writes over it"
            )));
        }
        let owner_only = Permissions::from_mode(0o600);
        file.set_permissions(owner_only).map_err(failed)?;
        file.set_len(0).map_err(failed)?;
    }
    Ok(file)
}

/// Where a session is written down.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) file: PathBuf,
    pub(crate) force: bool,
}

impl Wanted {
    /// Writes everything down, secrets too.
    pub(crate) fn recorder(&self) -> Result<Recorder, Failure> {
        private(&self.file, self.force).map(Recorder::to)
    }

    /// For a connection after the first, since a recording is of one: `FILE.2`, or what is the next that is free.
    pub(crate) fn next(&self) -> Self {
        let mut numbered = (2_u32..).map(|number| {
            let mut name = self.file.clone().into_os_string();
            name.push(format!(".{number}"));
            PathBuf::from(name)
        });
        let is_free = |file: &PathBuf| {
            let data = fs::symlink_metadata(file);
            data.map_or(true, |data| data.is_file() && data.len() == 0)
        };
        Self {
            file: numbered.find(is_free).unwrap_or_default(),
            force: false,
        }
    }
}
